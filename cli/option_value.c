/* option_value.c: the values of options: numbers, durations, rates, texts and lists of them */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "option_row.h"

static bool duration_read(uint32_t *ms, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	uint64_t sum = 0;

	do {
		uint64_t number = 0;
		size_t digits = strspn(text, "0123456789"), letters, i;

		letters = strspn(text + digits, "mshd");
		for (i = 0; i < digits && digits < 10; i++)
			number = number * 10 + (uint64_t)(text[i] - '0');
		text += digits;
		for (i = 0; i < sizeof units / sizeof *units; i++)
			if (strlen(units[i].unit) == letters && !strncmp(text, units[i].unit, letters))
				break;
		if (!digits || digits >= 10 || i == sizeof units / sizeof *units)
			return false;
		sum += number * units[i].ms;
		text += letters;
	} while (*text && sum <= UINT32_MAX);
	*ms = (uint32_t)sum;
	return !*text && sum > 0 && sum <= UINT32_MAX;
}

static bool number_read(uint32_t *out, const char *text, uint32_t most)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	*out = (uint32_t)number;
	return text[0] >= '0' && text[0] <= '9' && !*end && number >= 1 && number <= most;
}

static bool rate_read(struct rate *rate, const char *text)
{
	static const struct {
		const char *unit;
		uint64_t bytes;      /* 0: it counts rows */
	} units[] = { { "rows", 0 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 } };
	size_t digits = strspn(text, "0123456789");
	uint64_t number = 0;

	for (size_t i = 0; i < digits && digits < 10; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + digits, units[i].unit))
			continue;
		rate->bytes = number * units[i].bytes;
		rate->rows = units[i].bytes ? 0 : number;
		return number > 0;
	}
	return false;
}

static int list_add(struct texts *list, const char *value, size_t most)
{
	if (!list->items)
		list->items = calloc(most, sizeof *list->items);
	if (!list->items) {
		complain("out of memory");
		return -1;
	}
	list->items[list->count++] = value;
	return 0;
}

static int given_twice(const struct option_row *row)
{
	complain("--%s is given twice; give it once", row->name);
	return -1;
}

static int not_one(const struct option_row *row, const char *value, const char *kind)
{
	char shown[REPEAT_MAX];

	complain("--%s: \"%s\" is not %s", row->name, repeatable(shown, value), kind);
	return -1;
}

static int number_set(const struct option_row *row, uint32_t *at, const char *value)
{
	if (*at)
		return given_twice(row);
	switch (row->kind) {
	case JOBS:
		return number_read(at, value, 64) ? 0 : not_one(row, value, "a number from 1 to 64");
	case PRIORITY:
		return number_read(at, value, 9) ? 0 : not_one(row, value, "a number from 1 to 9");
	case COUNT:
		return number_read(at, value, UINT32_MAX) ? 0 : not_one(row, value,
									"a number from 1 on");
	default:
		return duration_read(at, value) ? 0 :
			not_one(row, value, "a duration from 1ms to 49d, such as 90s, 15m or 1h30m");
	}
}

static int rate_set(const struct option_row *row, struct rate *rate, const char *value)
{
	if (rate->rows || rate->bytes)
		return given_twice(row);
	return rate_read(rate, value) ? 0 :
		not_one(row, value, "a number of rows, kB, MB or GB, such as 50000rows or 20MB");
}

int option_value_set(struct options *options, const struct option_row *row, const char *value,
		     size_t most)
{
	void *at = (char *)options + row->offset;

	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case LIST:
		return list_add(at, value, most);
	case JOBS:
	case PRIORITY:
	case COUNT:
	case DURATION:
		return number_set(row, at, value);
	case RATE:
		return rate_set(row, at, value);
	case TEXT:
		break;
	}
	if (*(const char **)at)
		return given_twice(row);
	*(const char **)at = value;
	return 0;
}
