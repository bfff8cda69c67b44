/* ciphertext.c: whether a stored value can be what an encryption wrote */
#include "checks/ciphertext.h"

#include <string.h>

#include "base/digest.h"

/* An initialisation vector of 12 bytes and a tag of 16: less cannot be authenticated encryption. */
#define LEAST_BYTES 28

const char *const drvp_ciphertext_formats[] = { "aes-256-gcm-envelope", "base64", "hex", "bytes",
						NULL };

/* ------------------------------------------------------------------ aes-256-gcm-envelope */

static bool is_lower_hex(const struct drvp_json *value)
{
	for (size_t i = 0; i < value->len; i++)
		if (!strchr("0123456789abcdef", value->text[i]) || !value->text[i])
			return false;
	return value->len % 2 == 0;
}

static bool is_hex_16(const struct drvp_json *value)
{
	return value->len == 32 && is_lower_hex(value);
}

/* The data key under the master key: iv 16, tag 16, ciphertext 32. */
static bool is_wrapped_key(const struct drvp_json *value)
{
	uint8_t bytes[64];

	return drvp_base64_decode(value->text, value->len, bytes, sizeof bytes) == sizeof bytes;
}

static bool is_known_version(const struct drvp_json *value)
{
	return drvp_json_is(value, "v1");
}

static int examine_envelope_object(const struct drvp_json *object)
{
	static const struct {
		const char *name;
		bool (*good)(const struct drvp_json *value);
	} members[] = {
		{ "encrypted", is_lower_hex },	    { "iv", is_hex_16 },
		{ "authTag", is_hex_16 },	    { "encryptedDek", is_wrapped_key },
		{ "version", is_known_version },
	};
	size_t count = sizeof members / sizeof *members;

	if (!object || object->type != DRVP_JSON_OBJECT)
		return DRVP_CIPHERTEXT_NOT;
	if (object->count != count)
		return DRVP_CIPHERTEXT_MALFORMED;
	for (size_t i = 0; i < count; i++) {
		const struct drvp_json *value = drvp_json_member(object, members[i].name);

		if (!value || value->type != DRVP_JSON_STRING || !members[i].good(value))
			return DRVP_CIPHERTEXT_MALFORMED;
	}
	return DRVP_CIPHERTEXT_GOOD;
}

static int examine_envelope(const struct drvp_value *value, struct drvp_arena *scratch)
{
	static const struct drvp_json_limits limits = { (size_t)1 << 30, 8, 0 };
	struct drvp_json *root = NULL;
	int status;

	if (value->kind == DRVP_DOCUMENT)
		return examine_envelope_object(value->json);
	if (value->kind != DRVP_TEXT)
		return DRVP_CIPHERTEXT_NOT;
	drvp_arena_reset(scratch);
	status = drvp_json_parse(&root, scratch, value->bytes, value->len, &limits, NULL);
	if (status == DRV_E_NOMEM)
		return status;
	return status ? DRVP_CIPHERTEXT_NOT : examine_envelope_object(root);
}

/* ------------------------------------------------------------------ encoded and raw bytes */

static bool is_printable(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 && !strchr("\t\n\r", bytes[i]))
			return false;
	return drvp_utf8_valid(bytes, len);
}

static int examine_bytes(const struct drvp_value *value, struct drvp_arena *scratch)
{
	(void)scratch;
	if (value->kind != DRVP_BYTES || is_printable(value->bytes, value->len))
		return DRVP_CIPHERTEXT_NOT;
	return value->len < LEAST_BYTES ? DRVP_CIPHERTEXT_MALFORMED : DRVP_CIPHERTEXT_GOOD;
}

/* A text that decodes is still not ciphertext if it decodes to readable text. */
static int examine_text(const struct drvp_value *value, struct drvp_arena *scratch,
			long (*decode)(const char *, size_t, uint8_t *, size_t))
{
	uint8_t *bytes;
	long len;

	if (value->kind != DRVP_TEXT)
		return DRVP_CIPHERTEXT_NOT;
	drvp_arena_reset(scratch);
	bytes = drvp_arena_alloc(scratch, value->len + 1);
	if (!bytes)
		return DRV_E_NOMEM;
	len = decode(value->bytes, value->len, bytes, value->len + 1);
	if (len < 0 || is_printable((const char *)bytes, (size_t)len))
		return DRVP_CIPHERTEXT_NOT;
	return len < LEAST_BYTES ? DRVP_CIPHERTEXT_MALFORMED : DRVP_CIPHERTEXT_GOOD;
}

static int examine_base64(const struct drvp_value *value, struct drvp_arena *scratch)
{
	return examine_text(value, scratch, drvp_base64_decode);
}

static int examine_hex(const struct drvp_value *value, struct drvp_arena *scratch)
{
	return examine_text(value, scratch, drvp_hex_decode);
}

int drvp_ciphertext_examine(int format, const struct drvp_value *value, struct drvp_arena *scratch)
{
	static int (*const examine[])(const struct drvp_value *, struct drvp_arena *) = {
		examine_envelope, examine_base64, examine_hex, examine_bytes,
	};

	return examine[format](value, scratch);
}
