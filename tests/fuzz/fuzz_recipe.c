/*
 * fuzz_recipe.c: whatever a recipe and the rows of its table are, the chain is judged without harm,
 * and twice alike
 */

#include "chain_run.h"
#include "fuzz.h"

#define ROWS_MOST 6

/*
 * The input is the members of an audit_chain check up to a NUL, a byte for the number of rows, and
 * the rows. Without rows it is the recipe alone that is tried.
 */
static const char *const names[] = { "id", "h", "p", "a", "b", "c", "at", "doc" };
#define COLUMNS (sizeof names / sizeof *names)

static struct drvp_arena arena;

static struct drvp_json *parse(const char *text, size_t len)
{
	static const struct drvp_json_limits limits = { 1 << 16, 64, DRVP_JSON_DUPLICATES };
	struct drvp_json *root;

	return drvp_json_parse(&root, &arena, text, len, &limits, NULL) ? NULL : root;
}

/* Of the kind that the input asks for, as long as a store could give such a value. */
static struct drvp_value take_value(struct fuzz_input *in)
{
	struct drvp_value value = { .kind = fuzz_byte(in) % DRVP_PRESENT };
	size_t len = 0;

	switch (value.kind) {
	case DRVP_BOOL:
		value.integer = fuzz_byte(in) & 1;
		break;
	case DRVP_INTEGER:
	case DRVP_INSTANT:
	case DRVP_LOCAL_TIME:
		value.integer = (int64_t)fuzz_number(in);
		break;
	case DRVP_DATE:
		value.integer = (int32_t)fuzz_number(in);
		break;
	case DRVP_FLOAT: {
		uint64_t bits = fuzz_number(in);

		memcpy(&value.number, &bits, sizeof bits);
		break;
	}
	case DRVP_NULL:
		return value;
	case DRVP_UUID:
		len = 16;
		break;
	case DRVP_OBJECT_ID:
		len = 12;
		break;
	default:
		len = fuzz_byte(in);
		break;
	}
	if (!len && value.kind != DRVP_TEXT && value.kind != DRVP_BYTES &&
	    value.kind != DRVP_DECIMAL && value.kind != DRVP_DOCUMENT)
		return value;
	value.len = len;
	value.bytes = drvp_arena_alloc(&arena, len + 1);
	check(value.bytes != NULL);
	for (size_t i = 0; i < len; i++)
		((char *)(uintptr_t)value.bytes)[i] = (char)fuzz_byte(in);
	if (value.kind == DRVP_TEXT && !drvp_utf8_valid(value.bytes, len))
		value.kind = DRVP_BYTES;
	if (value.kind == DRVP_DECIMAL && (!len || strspn(value.bytes, "0123456789") != len))
		value.kind = DRVP_BYTES;
	if (value.kind == DRVP_DOCUMENT) {
		value.json = parse(value.bytes, len);
		value.order_lost = len & 1;
		if (value.order_lost) {
			value.bytes = NULL;
			value.len = 0;
		}
		if (!value.json)
			return (struct drvp_value){ .kind = DRVP_NULL };
	}
	return value;
}

static void take_rows(struct fake_table *table, struct fuzz_input *in)
{
	size_t count = fuzz_byte(in) % (ROWS_MOST + 1);

	fake_table_init(table, 2);
	for (size_t i = 0; i < COLUMNS; i++)
		fake_column(table, names[i], DRVP_TEXT);
	for (size_t i = 0; i < count; i++) {
		struct drvp_value *row = fake_row(table);

		row[0] = fake_integer((int64_t)i);
		for (size_t j = 1; j < COLUMNS; j++)
			row[j] = take_value(in);
	}
}

static void check_verdict(const struct chain_run *run)
{
	const struct drv_result *result = &run->verdict.result;

	check(result->summary && fuzz_is_plain(result->summary, strlen(result->summary), ""));
	check(result->verdict >= DRV_PASS && result->verdict <= DRV_INCONCLUSIVE);
	check(!run->status || result->finding_count || result->verdict == DRV_PASS);
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct drv_finding *finding = &run->verdict.findings[i].finding;

		check(drv_finding_explain(finding->code) != NULL && finding->message[0]);
	}
}

/* The order in which ranges are merged makes no difference to what is found. */
static void judge(const struct drv_baseline *baseline, struct fake_table *table)
{
	static const struct drvp_secret secret = { "k", (const uint8_t *)"key", 3 };
	static const struct drvp_zone_change changes[] = { { INT64_MIN, 9 * 3600 * DRVP_SECOND } };
	static const struct drvp_zone zone = { "z", (struct drvp_zone_change *)(uintptr_t)changes, 1 };
	struct fake_session session;
	struct chain_run whole, parts;

	fake_session_init(&session, table);
	fake_session_join(&session, table);
	session.zone = &zone;
	chain_run_init(&whole, baseline, &session);
	whole.settings.secrets = &secret;
	whole.settings.secret_count = 1;
	parts = whole;
	parts.ranges[0] = (struct drvp_range){ 0, 1 };
	parts.ranges[1] = (struct drvp_range){ 1, UINT32_MAX };
	parts.range_count = 2;
	chain_run(&whole);
	check_verdict(&whole);
	if (!whole.item->check->in_order || !whole.item->check->in_order(whole.item)) {
		chain_run(&parts);
		check_verdict(&parts);
		check(whole.verdict.result.verdict == parts.verdict.result.verdict);
		check(!whole.status == !parts.status);
	}
	chain_run_done(&whole);
	chain_run_done(&parts);
}

static void visit(const char *column, void *user)
{
	(void)user;
	check(column && *column);
}

/* Joined rows are of another table, which there is none of here. */
static bool can_be_run(const struct drvp_recipe *recipe)
{
	return !recipe->body && !recipe->where.count && !recipe->filter &&
	       !recipe->expect.checkpoints.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *members = fuzz_text(&in);
	struct drv_error err;
	struct drv_baseline *baseline = NULL;
	struct fake_table table;

	if (chain_refusal(members, &err)[0]) {
		fuzz_check_error(&err, DRV_E_DOCUMENT);
		free(members);
		return 0;
	}
	baseline = strstr(members, "\"filter\"") ? NULL : chain_document(members);
	/* Members may have ended the check and begun others. */
	if (baseline && !strcmp(baseline->items[0].check->name, "audit_chain")) {
		const struct drvp_recipe *recipe = baseline->items[0].config;

		drvp_recipe_columns(recipe, visit, NULL);
		take_rows(&table, &in);
		if (table.row_count && can_be_run(recipe))
			judge(baseline, &table);
		fake_table_free(&table);
	}
	drv_baseline_free(&baseline);
	drvp_arena_free(&arena);
	arena = (struct drvp_arena){ 0 };
	free(members);
	return 0;
}
