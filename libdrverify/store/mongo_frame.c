/* mongo_frame.c: lets only sound replies through to the driver */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/mongo.h"

/*
 * The driver trusts a reply's inner lengths: a wrong one makes it read beyond its buffer or abort
 * the process. So each message is gathered here and looked at before the driver sees it: the
 * lengths of the message, of its documents, and of what is in its batches.
 */

#define STREAM_TYPE 101              /* none of the driver's own */
#define MESSAGE_MAX 48000000         /* what servers announce as the longest message */
#define KEPT_MAX ((size_t)1 << 20)   /* a larger buffer is not kept for the next message */
#define OP_REPLY 1
#define OP_MSG 2013
#define CHECKSUM_PRESENT 1

/* Reply, cursor, batch. The documents in it are checked by their reader, who can name them. */
#define LEVELS 3

struct frame {
	mongoc_stream_t base;        /* first: the driver knows only this */
	mongoc_stream_t *inner;
	struct drvp_mongo_line *line;
	uint8_t *bytes;
	size_t capacity;
	size_t have;                 /* bytes of the present message that have come */
	size_t need;                 /* its length; 4 while that is not known */
	size_t given;                /* bytes of it that the driver has taken */
	bool whole;
};

static uint32_t read_uint(const uint8_t *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof number);
	return BSON_UINT32_FROM_LE(number);
}

static bool is_sound(const uint8_t *data, size_t len, unsigned levels)
{
	bson_t document;
	bson_iter_t at;
	uint32_t end = 4;            /* where the next element has to begin */

	if (!bson_init_static(&document, data, len) || !bson_iter_init(&at, &document))
		return false;
	if (levels == 0)
		return true;
	while (bson_iter_next(&at)) {
		const uint8_t *inner = NULL;
		uint32_t inner_len = 0;

		end = at.next_off;
		if (BSON_ITER_HOLDS_DOCUMENT(&at))
			bson_iter_document(&at, &inner_len, &inner);
		else if (BSON_ITER_HOLDS_ARRAY(&at))
			bson_iter_array(&at, &inner_len, &inner);
		else
			continue;
		if (!inner || !is_sound(inner, inner_len, levels - 1))
			return false;
	}
	return !at.err_off && end == len - 1;
}

/* OP_MSG: flags, then one section of kind 0, which is all that a server sends. */
static bool is_sound_msg(const uint8_t *bytes, size_t len)
{
	size_t end = len;

	if (len < 26 || bytes[20] != 0)
		return false;
	if (read_uint(bytes + 16) & CHECKSUM_PRESENT)
		end -= 4;
	return end > 21 && is_sound(bytes + 21, end - 21, LEVELS);
}

/* OP_REPLY, which answers the very first question: flags, cursor, position, number of documents. */
static bool is_sound_reply(const uint8_t *bytes, size_t len)
{
	return len > 36 && read_uint(bytes + 32) == 1 && is_sound(bytes + 36, len - 36, LEVELS);
}

static ssize_t refuse(struct frame *frame)
{
	frame->line->status = DRV_E_INTERNAL;
	frame->line->reason = "the server's answer is broken: its lengths contradict each other";
	errno = EPROTO;
	return -1;
}

static bool grow(struct frame *frame, size_t need)
{
	uint8_t *grown;

	if (need <= frame->capacity)
		return true;
	grown = realloc(frame->bytes, need);
	if (!grown) {
		frame->line->status = DRV_E_NOMEM;
		frame->line->reason = "out of memory";
		errno = ENOMEM;
		return false;
	}
	frame->bytes = grown;
	frame->capacity = need;
	return true;
}

/* Reads until need bytes have come: 1; or what the inner stream said: 0 at the end, -1. */
static ssize_t gather(struct frame *frame, int32_t timeout_ms)
{
	while (frame->have < frame->need) {
		size_t missing = frame->need - frame->have;
		ssize_t got = mongoc_stream_read(frame->inner, frame->bytes + frame->have, missing,
						 timeout_ms ? missing : 0, timeout_ms);

		if (got <= 0)
			return got;
		frame->have += (size_t)got;
	}
	return 1;
}

/* Makes sure that a whole sound message is here; results as of gather(). */
static ssize_t next_message(struct frame *frame, int32_t timeout_ms)
{
	ssize_t status;
	uint32_t opcode;

	if (!grow(frame, 16))
		return -1;
	status = gather(frame, timeout_ms);
	if (status > 0 && frame->need == 4) {
		frame->need = read_uint(frame->bytes);
		if (frame->need < 16 || frame->need > MESSAGE_MAX)
			return refuse(frame);
		if (!grow(frame, frame->need))
			return -1;
		status = gather(frame, timeout_ms);
	}
	if (status <= 0)
		return status;
	opcode = read_uint(frame->bytes + 12);
	if (!(opcode == OP_MSG && is_sound_msg(frame->bytes, frame->have)) &&
	    !(opcode == OP_REPLY && is_sound_reply(frame->bytes, frame->have)))
		return refuse(frame);
	frame->whole = true;
	return 1;
}

static void start_over(struct frame *frame)
{
	frame->have = frame->given = 0;
	frame->need = 4;
	frame->whole = false;
	if (frame->capacity <= KEPT_MAX)
		return;
	free(frame->bytes);
	frame->bytes = NULL;
	frame->capacity = 0;
}

static ssize_t frame_readv(mongoc_stream_t *stream, mongoc_iovec_t *iov, size_t count,
			   size_t enough, int32_t timeout_ms)
{
	struct frame *frame = (struct frame *)stream;
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		size_t done = 0;

		while (done < iov[i].iov_len) {
			size_t piece = iov[i].iov_len - done;
			ssize_t status = frame->whole ? 1 : next_message(frame, timeout_ms);

			if (status <= 0)
				return total > 0 && total >= enough ? (ssize_t)total : status;
			if (piece > frame->have - frame->given)
				piece = frame->have - frame->given;
			memcpy((char *)iov[i].iov_base + done, frame->bytes + frame->given, piece);
			frame->given += piece;
			done += piece;
			total += piece;
			if (frame->given == frame->have)
				start_over(frame);
			/* Never waits for a message that may not come. */
			if (!frame->whole && total >= enough)
				return (ssize_t)total;
		}
	}
	return (ssize_t)total;
}

static ssize_t frame_writev(mongoc_stream_t *stream, mongoc_iovec_t *iov, size_t count,
			    int32_t timeout_ms)
{
	return mongoc_stream_writev(((struct frame *)stream)->inner, iov, count, timeout_ms);
}

static void frame_destroy(mongoc_stream_t *stream)
{
	struct frame *frame = (struct frame *)stream;

	mongoc_stream_destroy(frame->inner);
	free(frame->bytes);
	free(frame);
}

static int frame_close(mongoc_stream_t *stream)
{
	return mongoc_stream_close(((struct frame *)stream)->inner);
}

static int frame_flush(mongoc_stream_t *stream)
{
	return mongoc_stream_flush(((struct frame *)stream)->inner);
}

static int frame_setsockopt(mongoc_stream_t *stream, int level, int name, void *value,
			    mongoc_socklen_t len)
{
	return mongoc_stream_setsockopt(((struct frame *)stream)->inner, level, name, value, len);
}

/* The driver polls the innermost stream, which it finds through this. */
static mongoc_stream_t *frame_get_base_stream(mongoc_stream_t *stream)
{
	return ((struct frame *)stream)->inner;
}

static bool frame_check_closed(mongoc_stream_t *stream)
{
	return mongoc_stream_check_closed(((struct frame *)stream)->inner);
}

static bool frame_timed_out(mongoc_stream_t *stream)
{
	return mongoc_stream_timed_out(((struct frame *)stream)->inner);
}

static bool frame_should_retry(mongoc_stream_t *stream)
{
	return mongoc_stream_should_retry(((struct frame *)stream)->inner);
}

mongoc_stream_t *drvp_mongo_frame(mongoc_stream_t *inner, struct drvp_mongo_line *line)
{
	struct frame *frame = calloc(1, sizeof *frame);

	if (!frame) {
		mongoc_stream_destroy(inner);
		line->status = DRV_E_NOMEM;
		line->reason = "out of memory";
		return NULL;
	}
	frame->inner = inner;
	frame->line = line;
	frame->need = 4;
	frame->base.type = STREAM_TYPE;
	frame->base.destroy = frame_destroy;
	frame->base.failed = frame_destroy;
	frame->base.close = frame_close;
	frame->base.flush = frame_flush;
	frame->base.readv = frame_readv;
	frame->base.writev = frame_writev;
	frame->base.setsockopt = frame_setsockopt;
	frame->base.get_base_stream = frame_get_base_stream;
	frame->base.check_closed = frame_check_closed;
	frame->base.timed_out = frame_timed_out;
	frame->base.should_retry = frame_should_retry;
	return &frame->base;
}
