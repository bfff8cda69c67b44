/* fuzz_frame.c: of what a MongoDB server sends, only whole messages with sound lengths get through */
#include <errno.h>

#include "fuzz.h"
#include "store/mongo.h"

/* A stream that gives the input in pieces of a few bytes. */
struct wire {
	mongoc_stream_t base;
	struct fuzz_input in;
	size_t piece;
};

static ssize_t wire_readv(mongoc_stream_t *stream, mongoc_iovec_t *iov, size_t count, size_t enough,
			  int32_t timeout_ms)
{
	struct wire *wire = (struct wire *)stream;
	size_t len = wire->piece < iov->iov_len ? wire->piece : iov->iov_len;

	(void)count;
	(void)enough;
	(void)timeout_ms;
	if (len > wire->in.left)
		len = wire->in.left;
	for (size_t i = 0; i < len; i++)
		((char *)iov->iov_base)[i] = (char)fuzz_byte(&wire->in);
	return (ssize_t)len;
}

static void wire_destroy(mongoc_stream_t *stream)
{
	(void)stream;
}

/* The driver's own view of a message: its reply, and what is in its batch, can be walked. */
static void check_document(const uint8_t *data, size_t len, unsigned levels)
{
	bson_iter_t at;
	bson_t document;

	check(bson_init_static(&document, data, len) && bson_iter_init(&at, &document));
	/* What stands in a batch is looked at by who reads it. */
	while (levels && bson_iter_next(&at)) {
		const uint8_t *inner = NULL;
		uint32_t inner_len = 0;

		if (BSON_ITER_HOLDS_DOCUMENT(&at))
			bson_iter_document(&at, &inner_len, &inner);
		else if (BSON_ITER_HOLDS_ARRAY(&at))
			bson_iter_array(&at, &inner_len, &inner);
		else
			continue;
		check(inner != NULL);
		check_document(inner, inner_len, levels - 1);
	}
	check(!levels || !at.err_off);
}

static uint32_t read_uint(const char *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof number);
	return BSON_UINT32_FROM_LE(number);
}

static bool take_message(mongoc_stream_t *frame)
{
	char head[16], *rest;
	size_t len, at, end;

	if (mongoc_stream_read(frame, head, sizeof head, sizeof head, 1) != sizeof head)
		return false;
	len = read_uint(head);
	check(len > sizeof head && len <= 48000000);
	rest = malloc(len - sizeof head);
	check(rest && mongoc_stream_read(frame, rest, len - sizeof head, len - sizeof head, 1) ==
			      (ssize_t)(len - sizeof head));
	at = read_uint(head + 12) == 1 ? 20 : 5;
	end = len - sizeof head;
	if (at == 5 && read_uint(rest) & 1)
		end -= 4;
	check_document((const uint8_t *)rest + at, end - at, 3);
	free(rest);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire wire = { .in = { data, size } };
	struct drvp_mongo_line line = { 0 };
	mongoc_stream_t *frame;

	wire.piece = 1 + fuzz_byte(&wire.in) % 64;
	wire.base.readv = wire_readv;
	wire.base.destroy = wire_destroy;
	frame = drvp_mongo_frame(&wire.base, &line);
	check(frame != NULL);
	while (take_message(frame))
		;
	check(line.status == 0 || (line.status == DRV_E_INTERNAL && line.reason));
	mongoc_stream_destroy(frame);
	return 0;
}
