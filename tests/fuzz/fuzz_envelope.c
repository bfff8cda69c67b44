/* fuzz_envelope.c: what passes for ciphertext is no readable text, whichever way it comes */
#include "base/digest.h"
#include "checks/ciphertext.h"
#include "fuzz.h"

static int examine(int format, const struct drvp_value *value)
{
	struct drvp_arena scratch = { 0 };
	int state = drvp_ciphertext_examine(format, value, &scratch);

	check(state >= DRVP_CIPHERTEXT_GOOD && state <= DRVP_CIPHERTEXT_MALFORMED);
	drvp_arena_free(&scratch);
	return state;
}

/* A text that is JSON is judged as a column of JSON with the same contents would be. */
static void check_as_document(int format, const struct drvp_value *text, int state)
{
	static const struct drvp_json_limits limits = { (size_t)1 << 20, 8, 0 };
	struct drvp_arena arena = { 0 };
	struct drvp_json *root;

	if (!drvp_json_parse(&root, &arena, text->bytes, text->len, &limits, NULL)) {
		struct drvp_value document = { .kind = DRVP_DOCUMENT, .json = root };

		if (format == 0)
			check(examine(format, &document) == state);
		else
			check(examine(format, &document) == DRVP_CIPHERTEXT_NOT);
	}
	drvp_arena_free(&arena);
}

static bool is_readable(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < ' ' && !strchr("\t\n\r", bytes[i]))
			return false;
	return drvp_utf8_valid(bytes, len);
}

/* Encrypted bytes have an initialisation vector and a tag, and look like nothing. */
static void check_good(int format, const struct drvp_value *value)
{
	uint8_t *bytes = malloc(value->len + 1);
	long len = (long)value->len;

	check(bytes != NULL);
	if (format == 1)
		len = drvp_base64_decode(value->bytes, value->len, bytes, value->len + 1);
	else if (format == 2)
		len = drvp_hex_decode(value->bytes, value->len, bytes, value->len + 1);
	else
		memcpy(bytes, value->bytes, value->len);
	check(len >= 28 && !is_readable((const char *)bytes, (size_t)len));
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	int format = fuzz_byte(&in) % 4;
	size_t len = in.left;
	char *bytes = fuzz_bytes(&in, len);
	struct drvp_value value = { .kind = format == 3 ? DRVP_BYTES : DRVP_TEXT, .bytes = bytes,
				    .len = len };
	int state = examine(format, &value);

	check(drvp_ciphertext_formats[format] && !drvp_ciphertext_formats[4]);
	if (format != 3)
		check_as_document(format, &value, state);
	if (format != 0 && state == DRVP_CIPHERTEXT_GOOD)
		check_good(format, &value);
	value.kind = format == 3 ? DRVP_TEXT : DRVP_BYTES;
	check(examine(format, &value) == DRVP_CIPHERTEXT_NOT);
	free(bytes);
	return 0;
}
