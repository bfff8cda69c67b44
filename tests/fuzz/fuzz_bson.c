/* fuzz_bson.c: a stored document is called damaged, or all of it can be read as JSON */
#include "fuzz.h"
#include "json_equal.h"
#include "store/mongo.h"

/* Read at most once, and printed so that it can be read again. */
static void check_tree(const struct drvp_json *tree, struct drvp_arena *arena)
{
	static const struct drvp_json_limits limits = { (size_t)1 << 24, 1000, DRVP_JSON_DUPLICATES };
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };
	struct drvp_json *again;

	drvp_json_put_value(&writer, NULL, tree);
	check(!text.failed);
	check(!drvp_json_parse(&again, arena, text.data, text.len, &limits, NULL));
	check(json_equal(tree, again));
	drvp_strbuf_free(&text);
}

static void check_value(const bson_t *document, const char *path, int form,
			struct drvp_arena *arena)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_value value;
	int status = drvp_mongo_value(&value, document, path, form, arena, 7, &err);

	if (status) {
		check(status == DRV_E_UNSUPPORTED);
		fuzz_check_error(&err, status);
		return;
	}
	if (form == DRVP_FORM_PRESENCE)
		check(value.kind == DRVP_NULL || value.kind == DRVP_PRESENT);
	if (value.kind == DRVP_DOCUMENT)
		check_tree(value.json, arena);
	if (form == DRVP_FORM_STABLE && value.kind != DRVP_NULL)
		check((const uint8_t *)value.bytes >= bson_get_data(document) &&
		      (const uint8_t *)value.bytes + value.len <=
			      bson_get_data(document) + document->len);
	drvp_value_print(&text, &value);
	check(!text.failed);
	drvp_strbuf_free(&text);
}

/* The input: a path up to a NUL, and the bytes of a document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "", "a", "a.b", "a.0", "_id", "a.b.c" };
	struct fuzz_input in = { data, size };
	char *path = fuzz_text(&in), *bytes;
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_arena arena = { 0 };
	size_t len = in.left;
	bson_t document;

	bytes = fuzz_bytes(&in, len);
	/* As the driver hands documents out: only the outermost length was looked at. */
	if (bson_init_static(&document, (const uint8_t *)bytes, len)) {
		int status = drvp_mongo_check(&document, 7, &err);

		if (status) {
			check(status == DRV_E_DAMAGED);
			fuzz_check_error(&err, status);
		}
		for (int form = DRVP_FORM_VALUE; !status && form <= DRVP_FORM_STABLE; form++) {
			check_value(&document, path, form, &arena);
			for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
				check_value(&document, paths[i], form, &arena);
		}
	}
	drvp_arena_free(&arena);
	free(bytes);
	free(path);
	return 0;
}
