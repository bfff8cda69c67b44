/* fuzz_json.c: whatever the JSON parser accepts must survive being written and read again */
#include "document/json.h"
#include "fuzz.h"
#include "json_equal.h"

static const struct drvp_json_limits strict = { (size_t)1 << 20, 64, 0 };
static const struct drvp_json_limits lenient = { (size_t)1 << 20, 64, DRVP_JSON_DUPLICATES };
/* What is written is longer: indentation, and escapes for what stood there as it was. */
static const struct drvp_json_limits roomy = { (size_t)1 << 28, 64, DRVP_JSON_DUPLICATES };

static void check_text(const char *text, size_t len)
{
	check(text[len] == '\0' && drvp_utf8_valid(text, len));
}

static void check_tree(const struct drvp_json *value, bool member)
{
	size_t count = 0;

	check(value->line > 0 && value->column > 0 && !!value->key == member);
	if (member)
		check_text(value->key, value->key_len);
	check(!!value->text ==
	      (value->type == DRVP_JSON_STRING || value->type == DRVP_JSON_NUMBER));
	if (value->text)
		check_text(value->text, value->len);
	for (const struct drvp_json *child = value->first; child; child = child->next, count++)
		check_tree(child, value->type == DRVP_JSON_OBJECT);
	check(count == value->count);
}

static void check_round_trip(struct drvp_arena *arena, const struct drvp_json *tree)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };
	struct drvp_json *again;

	drvp_json_put_value(&writer, NULL, tree);
	check(!text.failed);
	check(drvp_json_parse(&again, arena, text.data, text.len, &roomy, NULL) == 0);
	check(json_equal(tree, again));
	drvp_strbuf_free(&text);
}

/* Any bytes may be written as a string; what comes back is them, or valid UTF-8 in their place. */
static void check_writer(struct drvp_arena *arena, const char *bytes, size_t len)
{
	struct drvp_strbuf text = DRVP_STRBUF_INIT;
	struct drvp_json_writer writer = { .out = &text };
	struct drvp_json *back;

	drvp_json_put_string(&writer, NULL, bytes, len);
	check(drvp_json_parse(&back, arena, text.data, text.len, &roomy, NULL) == 0);
	if (drvp_utf8_valid(bytes, len))
		check(back->len == len && !memcmp(back->text, bytes, len));
	drvp_strbuf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drvp_arena arena = { 0 };
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_json *root, *same;
	const char *bytes = size ? (const char *)data : "";
	int status = drvp_json_parse(&root, &arena, bytes, size, &lenient, &err);

	check(status == (root ? 0 : DRV_E_DOCUMENT));
	if (root) {
		check_tree(root, false);
		check_round_trip(&arena, root);
	} else {
		fuzz_check_error(&err, status);
	}
	if (drvp_json_parse(&same, &arena, bytes, size, &strict, &err) == 0)
		check(root && json_equal(root, same));
	check_writer(&arena, bytes, size);
	drvp_arena_free(&arena);
	return 0;
}
