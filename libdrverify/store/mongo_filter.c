/* mongo_filter.c: query documents from all that a check selects by */
#include "document/filter.h"
#include "store/mongo.h"

/* A part that was left out would select other rows. */
static int check_fits(bool fits, int status, struct drv_error *err)
{
	return fits || status ? status : drvp_fail(err, DRV_E_USAGE, "the query grows too large");
}

/*
 * A time is text in JSON, but a date and text never compare with each other in MongoDB; so text
 * that reads as a time stands for both.
 */
static int append_comparison(bson_t *out, const struct drvp_condition *condition,
			     struct drv_error *err)
{
	bool at_least = condition->op == DRVP_AT_LEAST;
	const struct drvp_json *value = condition->value;
	const char *operator = at_least ? "$gte" : "$eq";
	bson_t list = BSON_INITIALIZER, text = BSON_INITIALIZER, time = BSON_INITIALIZER;
	bson_t inner = BSON_INITIALIZER;
	bool fits = true;
	int64_t instant;
	int status;

	status = drvp_mongo_append(&inner, operator, -1, value, err);
	if (status)
		goto out;
	if (value->type != DRVP_JSON_STRING ||
	    !drvp_instant_parse(&instant, value->text, value->len)) {
		fits = BSON_APPEND_DOCUMENT(out, condition->column, &inner);
		goto out;
	}
	fits = BSON_APPEND_DOCUMENT(&text, condition->column, &inner);
	bson_reinit(&inner);
	/* Dates count whole milliseconds: the next one is the first that is at least. */
	fits &= BSON_APPEND_DATE_TIME(&inner, operator, instant / 1000 + (instant % 1000 > 0)) &&
		BSON_APPEND_DOCUMENT(&time, condition->column, &inner) &&
		BSON_APPEND_DOCUMENT(&list, "0", &text);
	if (at_least || instant % 1000 == 0)
		fits &= BSON_APPEND_DOCUMENT(&list, "1", &time);
	fits &= BSON_APPEND_ARRAY(out, "$or", &list);
out:
	status = check_fits(fits, status, err);
	bson_destroy(&list);
	bson_destroy(&text);
	bson_destroy(&time);
	bson_destroy(&inner);
	return status;
}

static int append_condition(bson_t *out, const struct drvp_condition *condition,
			    struct drv_error *err)
{
	bson_t inner;
	bool fits;

	switch (condition->op) {
	case DRVP_IS_NULL:
		return check_fits(BSON_APPEND_NULL(out, condition->column), 0, err);
	case DRVP_NOT_NULL:
		fits = BSON_APPEND_DOCUMENT_BEGIN(out, condition->column, &inner);
		fits &= BSON_APPEND_NULL(&inner, "$ne");
		fits &= bson_append_document_end(out, &inner);
		return check_fits(fits, 0, err);
	case DRVP_EQUALS:
	case DRVP_AT_LEAST:
		return append_comparison(out, condition, err);
	default:
		return drvp_fail(err, DRV_E_INTERNAL, "condition on %s: unknown operator %d",
				 condition->column, condition->op);
	}
}

int drvp_mongo_selection(bson_t *out, const struct drvp_selection *selection,
			 struct drv_error *err)
{
	bson_t list = BSON_INITIALIZER, one;
	uint32_t count = 0;
	bool fits = true;
	int status = 0;

	bson_init(out);
	if (!selection->run_code && drvp_filter_has_code(selection->filter))
		status = drvp_fail(err, DRV_E_NOT_ALLOWED, "the filter runs code on the server, which a "
				   "trusted key has to sign (--trust), or the operator to allow "
				   "(--allow-sql)");
	for (size_t i = 0; i <= selection->where_count && !status; i++) {
		bool last = i == selection->where_count;
		char buffer[16];
		const char *key;

		if (last && !selection->filter)
			break;
		if (last) {
			status = drvp_mongo_filter(&one, selection->filter, err);
		} else {
			bson_init(&one);
			status = append_condition(&one, &selection->where[i], err);
		}
		bson_uint32_to_string(count++, &key, buffer, sizeof buffer);
		fits &= BSON_APPEND_DOCUMENT(&list, key, &one);
		bson_destroy(&one);
	}
	if (count > 0)
		fits &= BSON_APPEND_ARRAY(out, "$and", &list);
	status = check_fits(fits, status, err);
	bson_destroy(&list);
	return status;
}
