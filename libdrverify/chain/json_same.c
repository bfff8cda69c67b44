/* json_same.c: whether two JSON values mean the same */
#include "chain/json_same.h"

#include <stdlib.h>
#include <string.h>

#include "chain/number_text.h"

/* A decimal number as it is written: its digits from the first that is not zero to the last. */
struct decimal {
	bool negative;
	const char *text, *end;      /* from its first digit that counts, with a point between */
	size_t digits;               /* 0: zero */
	long long point;             /* 0.d1d2… × 10^point */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct decimal read_decimal(const struct drvp_json *number)
{
	const char *at = number->text, *end = at + number->len;
	struct decimal d = { .negative = *at == '-' };
	bool fraction = false;
	size_t zeros = 0;

	for (at += d.negative; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.') {
			fraction = true;
			continue;
		}
		if (*at == '0' && !d.digits) {
			d.point -= fraction;
			continue;
		}
		if (!d.digits)
			d.text = at;
		d.point += !fraction;
		zeros = *at == '0' ? zeros + 1 : 0;
		d.digits++;
		d.end = at + 1;
	}
	d.digits -= zeros;
	if (at < end)
		d.point += strtoll(at + 1, NULL, 10);
	return d;
}

static bool same_decimal(const struct drvp_json *a, const struct drvp_json *b)
{
	struct decimal x = read_decimal(a), y = read_decimal(b);

	if (x.digits != y.digits)
		return false;
	if (!x.digits)
		return true;
	if (x.negative != y.negative || x.point != y.point)
		return false;
	for (size_t i = 0; i < x.digits; i++, x.text++, y.text++) {
		x.text += *x.text == '.';
		y.text += *y.text == '.';
		if (*x.text != *y.text)
			return false;
	}
	return true;
}

static double as_double(const struct drvp_json *number)
{
	struct drvp_strbuf scratch = DRVP_STRBUF_INIT;
	double value = drvp_number_read(&scratch, number->text, number->len);

	drvp_strbuf_free(&scratch);
	return value;
}

static bool same_number(const struct drvp_json *a, const struct drvp_json *b, bool doubles)
{
	if (doubles || a->origin == DRVP_ORIGIN_DOUBLE || b->origin == DRVP_ORIGIN_DOUBLE)
		return as_double(a) == as_double(b);
	return same_decimal(a, b);
}

static const struct drvp_json *last_named(const struct drvp_json *object,
					  const struct drvp_json *member)
{
	const struct drvp_json *found = NULL;

	for (const struct drvp_json *m = object->first; m; m = m->next)
		if (m->key_len == member->key_len && !memcmp(m->key, member->key, m->key_len))
			found = m;
	return found;
}

/* Whether each member of a is the same in b. */
static bool within(const struct drvp_json *a, const struct drvp_json *b, bool doubles)
{
	for (const struct drvp_json *m = a->first; m; m = m->next) {
		const struct drvp_json *other = last_named(b, m);

		if (!other || !drvp_json_same(last_named(a, m), other, doubles))
			return false;
	}
	return true;
}

static bool same_object(const struct drvp_json *a, const struct drvp_json *b, bool doubles)
{
	if (!within(a, b, doubles))
		return false;
	for (const struct drvp_json *m = b->first; m; m = m->next)
		if (!last_named(a, m))
			return false;
	return true;
}

static bool same_array(const struct drvp_json *a, const struct drvp_json *b, bool doubles)
{
	a = a->first;
	b = b->first;
	for (; a && b; a = a->next, b = b->next)
		if (!drvp_json_same(a, b, doubles))
			return false;
	return a == b;
}

bool drvp_json_same(const struct drvp_json *a, const struct drvp_json *b, bool doubles)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case DRVP_JSON_BOOL:
		return a->truth == b->truth;
	case DRVP_JSON_NUMBER:
		return same_number(a, b, doubles);
	case DRVP_JSON_STRING:
		return a->len == b->len && !memcmp(a->text, b->text, a->len);
	case DRVP_JSON_ARRAY:
		return same_array(a, b, doubles);
	case DRVP_JSON_OBJECT:
		return same_object(a, b, doubles);
	default:
		return true;
	}
}
