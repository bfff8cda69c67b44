/* condition.c: reads "where" and "filter": which rows a check is about */
#include "document/condition.h"

#include <stddef.h>

struct written_condition {
	const char *column;
	struct drvp_number is;
	const struct drvp_json *equals;
};

static const char *const is_choices[] = { "null", "not null", NULL };

const struct drvp_field drvp_condition_fields[] = {
	{ .name = "column", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct written_condition, column),
	  .help = "The column, or the dotted path in a document." },
	{ .name = "is", .kind = DRVP_FIELD_CHOICE, .choices = is_choices,
	  .offset = offsetof(struct written_condition, is),
	  .help = "Keeps rows whose column is NULL, or is not." },
	{ .name = "equals", .kind = DRVP_FIELD_ANY,
	  .offset = offsetof(struct written_condition, equals),
	  .help = "Keeps rows whose column equals this string, number or boolean." },
	{ 0 }
};

static int read_condition(struct drvp_reader *reader, const struct drvp_json *value,
			  struct drvp_condition *out)
{
	struct written_condition written = { 0 };
	int status = drvp_fields_read_one(reader, value, drvp_condition_fields, &written);

	if (status)
		return status;
	if (written.is.set == (written.equals != NULL))
		return drvp_document_fail(reader, value,
					  "a condition needs either \"is\" or \"equals\"");
	out->column = written.column;
	if (written.is.set) {
		out->op = written.is.value ? DRVP_NOT_NULL : DRVP_IS_NULL;
		return 0;
	}
	if (written.equals->type != DRVP_JSON_STRING && written.equals->type != DRVP_JSON_NUMBER &&
	    written.equals->type != DRVP_JSON_BOOL)
		return drvp_document_fail(reader, written.equals,
					  "expected a string, a number or a boolean, found %s",
					  drvp_json_type_name(written.equals->type));
	out->op = DRVP_EQUALS;
	out->value = written.equals;
	return 0;
}

int drvp_conditions_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_conditions *conditions = out;
	bool is_list = value->type == DRVP_JSON_ARRAY;
	struct drvp_condition *list =
		drvp_arena_array(reader->arena, is_list ? value->count : 1, sizeof *list);
	size_t n = 0;

	if (!list)
		return drvp_fail_nomem(reader->err);
	if (is_list && !value->count)
		return drvp_document_fail(reader, value, "expected at least one condition");
	for (const struct drvp_json *one = is_list ? value->first : value; one;
	     one = is_list ? one->next : NULL) {
		int status = read_condition(reader, one, &list[n++]);

		if (status)
			return status;
	}
	conditions->list = list;
	conditions->count = n;
	return 0;
}

int drvp_filter_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	if (value->type != DRVP_JSON_OBJECT)
		return drvp_document_fail(reader, value, "expected a query document, found %s",
					  drvp_json_type_name(value->type));
	*(const struct drvp_json **)out = value;
	return 0;
}
