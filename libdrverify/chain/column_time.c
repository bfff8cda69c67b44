/* column_time.c: the time in a column, the way the application wrote it into its hash */
#include <inttypes.h>

#include "chain/preimage.h"

#define DAY (86400 * DRVP_SECOND)

/* 292,277 years from now: with a zone, a time behind it is no number of microseconds any more. */
#define FARTHEST (INT64_MAX - 2 * DAY)

bool drvp_is_time(const struct drvp_value *value)
{
	return value->kind == DRVP_INSTANT || value->kind == DRVP_LOCAL_TIME ||
	       value->kind == DRVP_DATE;
}

/* The instant that a wall clock of the application's zone showed; false: it never showed it. */
static bool resolve(struct drvp_preimage *p, const struct drvp_step *step, int64_t local,
		    int64_t *instant)
{
	int64_t instants[2];
	unsigned bit = p->folds;
	size_t count;

	if (!step->zone) {
		*instant = local;
		return true;
	}
	count = drvp_zone_instants(step->zone, local, instants);
	if (count == 2 && bit < DRVP_FOLDS_MAX) {
		p->folds++;
		*instant = instants[p->fold >> bit & 1];
		return true;
	}
	*instant = instants[0];
	return count > 0;
}

static void put_date(struct drvp_strbuf *out, int64_t day)
{
	struct drvp_civil civil;

	drvp_civil_from_day(&civil, day);
	drvp_strbuf_printf(out, "%04" PRId64 "-%02u-%02u", civil.year, civil.month, civil.day);
}

void drvp_put_big_endian(struct drvp_strbuf *out, uint64_t number, int64_t form)
{
	static const size_t sizes[] = { [DRVP_BYTES_I16BE] = 2, [DRVP_BYTES_I32BE] = 4,
					[DRVP_BYTES_I64BE] = 8 };
	char bytes[8];

	for (size_t i = sizes[form]; i-- > 0; number >>= 8)
		bytes[i] = (char)number;
	drvp_strbuf_add(out, bytes, sizes[form]);
}

static void put_time_bytes(struct drvp_preimage *p, const struct drvp_time_format *format,
			   int64_t instant, int64_t form)
{
	int64_t number;

	if (drvp_time_number(&number, format, instant))
		drvp_put_big_endian(&p->out, (uint64_t)number, form);
	else
		p->impossible = true;
}

/* What an integer column means that holds a time; false when 64 bits do not hold that. */
static bool from_epoch(struct drvp_preimage *p, const struct drvp_step *step, int64_t stored,
		       int64_t *instant)
{
	static const int64_t units[] = { [DRVP_UNIT_S] = DRVP_SECOND, [DRVP_UNIT_MS] = 1000,
					 [DRVP_UNIT_US] = 1 };
	const int64_t unit = step->expr->u.column.stored_as.value;

	if (unit != DRVP_UNIT_NS)
		return !__builtin_mul_overflow(stored, units[unit], instant);
	*instant = stored / 1000 - (stored % 1000 < 0);
	p->lossy = p->lossy || stored % 1000;
	return true;
}

void drvp_put_time(struct drvp_preimage *p, const struct drvp_step *step,
		   const struct drvp_value *value)
{
	struct drvp_time_format format = step->time;
	int64_t number;
	int64_t instant = value->integer;

	if (instant == DRVP_TIME_INFINITY || instant == DRVP_TIME_MINUS_INFINITY) {
		p->lossy = true;
		drvp_strbuf_str(&p->out, instant > 0 ? "infinity" : "-infinity");
		return;
	}
	if (value->kind == DRVP_INTEGER && !from_epoch(p, step, instant, &instant)) {
		p->impossible = true;
		return;
	}
	if (value->kind == DRVP_DATE && !step->expr->u.column.time.set) {
		put_date(&p->out, instant);
		return;
	}
	if ((value->kind == DRVP_DATE && __builtin_mul_overflow(instant, DAY, &instant)) ||
	    (value->kind == DRVP_LOCAL_TIME && !resolve(p, step, instant, &instant)) ||
	    instant > FARTHEST || instant < -FARTHEST) {
		p->impossible = true;
		return;
	}
	if (drvp_time_finer_than_stored(&step->time))
		p->lossy = true;
	if (step->local)
		format.offset = drvp_zone_offset(step->local, instant);
	if (step->expr->u.column.bytes.set)
		put_time_bytes(p, &format, instant, step->expr->u.column.bytes.value);
	else if (format.notation != DRVP_TIME_DOTNET_TICKS ||
		 drvp_time_number(&number, &format, instant))
		drvp_time_print(&p->out, &format, instant);
	else
		p->impossible = true;
}
