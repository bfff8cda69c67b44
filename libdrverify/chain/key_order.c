/* key_order.c: the orders in which languages sort the names of members */
#include <string.h>

#include "chain/json_text.h"

const char *const drvp_json_sort_names[] = {
	[DRVP_SORT_NONE] = "none", [DRVP_SORT_INTEGERS_FIRST] = "integers first",
	[DRVP_SORT_UTF16] = "UTF-16", [DRVP_SORT_CODE_POINTS] = "code points",
	[DRVP_SORT_JSONB] = "jsonb", [DRVP_SORT_REBUILT] = "integers first, UTF-16",
	[DRVP_SORT_PHP] = "ksort", [DRVP_SORT_OUTSIDE_ARRAYS] = "UTF-16, not in arrays", NULL
};

/* UTF-8 bytes sort as code points do, UTF-16 units put those beyond U+FFFF before U+E000. */
static int compare_bytes(const struct drvp_json_key *a, const struct drvp_json_key *b, bool utf16)
{
	size_t len = a->len < b->len ? a->len : b->len;

	for (size_t i = 0; i < len; i++) {
		unsigned char x = (unsigned char)a->name[i], y = (unsigned char)b->name[i];

		if (x == y)
			continue;
		if (utf16 && x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
			return x >= 0xF0 ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return a->len < b->len ? -1 : a->len > b->len;
}

bool drvp_json_integer_key(const struct drvp_json_key *key, uint32_t *index)
{
	uint64_t number = 0;

	if (!key->len || key->len > 10 || (key->name[0] == '0' && key->len > 1))
		return false;
	for (size_t i = 0; i < key->len; i++) {
		if (key->name[i] < '0' || key->name[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(key->name[i] - '0');
	}
	*index = (uint32_t)number;
	return number < UINT32_MAX;
}

static int compare_rebuilt(const struct drvp_json_key *a, const struct drvp_json_key *b)
{
	uint32_t x, y;
	bool a_is = drvp_json_integer_key(a, &x), b_is = drvp_json_integer_key(b, &y);

	if (a_is && b_is)
		return x < y ? -1 : x > y;
	if (a_is != b_is)
		return a_is ? -1 : 1;
	return compare_bytes(a, b, true);
}

/* ------------------------------------------------------------------ PHP */

/* Names that PHP turns into integers: -9223372036854775808 to 9223372036854775807, as it prints
 * them. */
static bool php_integer(const struct drvp_json_key *key, int64_t *number)
{
	size_t sign = key->len && key->name[0] == '-', digits = key->len - sign;
	int64_t value = 0;

	if (!digits || digits > 19 || (key->name[sign] == '0' && (digits > 1 || sign)))
		return false;
	for (size_t i = sign; i < key->len; i++) {
		int digit = key->name[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return false;
	}
	if (!sign && value == INT64_MIN)
		return false;
	*number = sign ? value : -value;
	return true;
}

/* The end of a decimal number, such as -1.5e3 or .5; NULL when there is none. */
static const char *end_of_number(const char *at)
{
	static const char digits[] = "0123456789";
	size_t whole, fraction = 0, exponent;

	at += *at == '-' || *at == '+';
	whole = strspn(at, digits);
	at += whole;
	if (*at == '.') {
		fraction = strspn(at + 1, digits);
		at += fraction + 1;
	}
	if (!whole && !fraction)
		return NULL;
	if (*at == 'e' || *at == 'E') {
		size_t sign = at[1] == '-' || at[1] == '+';

		exponent = strspn(at + 1 + sign, digits);
		at += exponent ? 1 + sign + exponent : 0;
	}
	return at;
}

/* A numeric string: white space, a decimal number, white space. */
static bool php_number(const struct drvp_json_key *key, double *number)
{
	static const char spaces[] = " \t\n\r\v\f";
	struct drvp_strbuf scratch = DRVP_STRBUF_INIT;
	const char *text = key->name + strspn(key->name, spaces), *end = end_of_number(text);

	if (!end || end + strspn(end, spaces) != key->name + key->len)
		return false;
	text += *text == '+';
	*number = drvp_number_read(&scratch, text, (size_t)(end - text));
	drvp_strbuf_free(&scratch);
	return true;
}

/* The comparison that ksort() makes by default, of which strings that are numbers are a part. */
static int compare_php(const struct drvp_json_key *a, const struct drvp_json_key *b)
{
	int64_t m, n;
	double x, y;

	if (php_integer(a, &m) && php_integer(b, &n))
		return m < n ? -1 : m > n;
	if (php_number(a, &x) && php_number(b, &y))
		return x < y ? -1 : x > y;
	return compare_bytes(a, b, false);
}

/* ------------------------------------------------------------------ any of them */

int drvp_json_compare_keys(int sort, const struct drvp_json_key *a, const struct drvp_json_key *b)
{
	switch (sort) {
	case DRVP_SORT_UTF16:
	case DRVP_SORT_OUTSIDE_ARRAYS:
		return compare_bytes(a, b, true);
	case DRVP_SORT_CODE_POINTS:
		return compare_bytes(a, b, false);
	case DRVP_SORT_JSONB:
		if (a->len != b->len)
			return a->len < b->len ? -1 : 1;
		return compare_bytes(a, b, false);
	case DRVP_SORT_REBUILT:
		return compare_rebuilt(a, b);
	case DRVP_SORT_PHP:
		return compare_php(a, b);
	default:
		return 0;
	}
}
