/* sum256.c: addition modulo 2^256 */
#include "base/sum256.h"

#include <endian.h>
#include <string.h>

void drvp_sum256_merge(struct drvp_sum256 *into, const struct drvp_sum256 *other)
{
	bool carry = false;

	for (size_t i = 0; i < 4; i++) {
		bool over = __builtin_add_overflow(into->words[i], other->words[i],
						   &into->words[i]);

		carry = __builtin_add_overflow(into->words[i], (uint64_t)carry, &into->words[i]) ||
			over;
	}
}

void drvp_sum256_add(struct drvp_sum256 *sum, const uint8_t digest[DRVP_SUM256_SIZE])
{
	struct drvp_sum256 number;

	for (size_t i = 0; i < 4; i++) {
		memcpy(&number.words[3 - i], digest + 8 * i, 8);
		number.words[3 - i] = be64toh(number.words[3 - i]);
	}
	drvp_sum256_merge(sum, &number);
}

/* Ten times itself and a digit more, in halves of words, so that nothing is lost. */
static void shift_in(struct drvp_sum256 *sum, unsigned digit)
{
	uint64_t carry = digit;

	for (size_t i = 0; i < 4; i++) {
		uint64_t low = (sum->words[i] & UINT32_MAX) * 10 + carry;
		uint64_t high = (sum->words[i] >> 32) * 10 + (low >> 32);

		sum->words[i] = (high << 32) | (low & UINT32_MAX);
		carry = high >> 32;
	}
}

static void negate(struct drvp_sum256 *sum)
{
	static const struct drvp_sum256 one = { { 1, 0, 0, 0 } };

	for (size_t i = 0; i < 4; i++)
		sum->words[i] = ~sum->words[i];
	drvp_sum256_merge(sum, &one);
}

bool drvp_sum256_read(struct drvp_sum256 *out, const char *text)
{
	bool minus = *text == '-';

	memset(out, 0, sizeof *out);
	text += minus;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		shift_in(out, (unsigned)(*text - '0'));
	}
	if (minus)
		negate(out);
	return true;
}

bool drvp_sum256_equal(const struct drvp_sum256 *a, const struct drvp_sum256 *b)
{
	return !memcmp(a->words, b->words, sizeof a->words);
}

void drvp_sum256_bytes(const struct drvp_sum256 *sum, uint8_t out[DRVP_SUM256_SIZE])
{
	for (size_t i = 0; i < 4; i++) {
		uint64_t word = htobe64(sum->words[3 - i]);

		memcpy(out + 8 * i, &word, sizeof word);
	}
}
