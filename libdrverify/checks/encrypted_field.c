/* encrypted_field.c: a sensitive field came back encrypted, and as ciphertext that can be */
#include <stddef.h>

#include "checks/check.h"
#include "checks/ciphertext.h"
#include "report/report.h"

struct encrypted_field {
	const char *ciphertext;
	const char *plaintext;
	struct drvp_number plaintext_policy;
	struct drvp_number format;
	bool nullable;
};

enum { PLAINTEXT_ALLOWED, PLAINTEXT_ABSENT };
static const char *const policy_choices[] = { "allowed", "absent", NULL };

/* Counters. */
enum { NULL_CIPHERTEXT, PLAINTEXT_PRESENT, NOT_CIPHERTEXT, MALFORMED, EXAMINED };

static const struct drvp_field fields[] = {
	{ .name = "ciphertext", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  .offset = offsetof(struct encrypted_field, ciphertext),
	  .help = "The column or path that holds the encrypted value." },
	{ .name = "plaintext", .kind = DRVP_FIELD_COLUMN,
	  .offset = offsetof(struct encrypted_field, plaintext),
	  .help = "The column or path that held the same value before it was encrypted." },
	{ .name = "plaintext_policy", .kind = DRVP_FIELD_CHOICE, .choices = policy_choices,
	  .offset = offsetof(struct encrypted_field, plaintext_policy),
	  .help = "absent: plaintext must be NULL everywhere; allowed (default): only where there is "
		  "ciphertext too." },
	{ .name = "format", .kind = DRVP_FIELD_CHOICE, .choices = drvp_ciphertext_formats,
	  .offset = offsetof(struct encrypted_field, format),
	  .help = "What the ciphertext looks like; each value is examined." },
	{ .name = "nullable", .kind = DRVP_FIELD_BOOL,
	  .offset = offsetof(struct encrypted_field, nullable),
	  .help = "true: ciphertext may be NULL although nothing shows that there is no plaintext." },
	{ 0 }
};

static const struct drv_explanation codes[] = {
	{ "encrypted_field.null_ciphertext", DRV_FAIL,
	  "Rows have no ciphertext where there should be one.",
	  "The restore point lies before the encrypting migration ran, or the column was not restored.",
	  "Run the encrypting migration on the named rows, or restore the column from a later backup." },
	{ "encrypted_field.plaintext_present", DRV_FAIL,
	  "Sensitive values are stored in plain text.",
	  "A backup from before the migration, or a migration that ran half, brought them back.",
	  "Encrypt and clear them before anybody gets access; treat copies of this backup as sensitive." },
	{ "encrypted_field.not_ciphertext", DRV_FAIL,
	  "Values in the encrypted field are not ciphertext at all.",
	  "Plain text was written into the encrypted column, or the values were converted on import.",
	  "Look at the named rows on the server; compare with another backup." },
	{ "encrypted_field.bad_envelope", DRV_FAIL,
	  "Encrypted values are damaged: a member is missing, has the wrong length, or is of an "
	  "unknown version. They cannot be decrypted.",
	  "Truncated columns, an export that altered the encoding, or a newer application's format.",
	  "Restore the named rows from another backup; they are lost without it." },
	{ "encrypted_field.vacuous", DRV_WARN,
	  "The check, or a part of it, could not have failed: there was nothing to examine.",
	  "The table or column is empty, or the named plaintext column does not exist (any more).",
	  "Make sure that it should be empty (row_count); take a dropped or misspelt \"plaintext\" out "
	  "of the document." },
	{ NULL, 0, NULL, NULL, NULL }
};

static int validate(struct drvp_reader *reader, const struct drvp_item *item)
{
	const struct encrypted_field *config = item->config;

	if (!config->plaintext && !config->format.set)
		return drvp_document_fail(reader, item->node, "encrypted_field needs \"format\", "
					  "\"plaintext\", or both, to have something to examine");
	if (!config->plaintext && config->plaintext_policy.set)
		return drvp_document_fail(reader, drvp_json_member(item->node, "plaintext_policy"),
					  "\"plaintext_policy\" needs \"plaintext\"");
	return 0;
}

/* The plaintext column may be gone, which is how it should be. */
static void columns(const struct drvp_item *item, const struct drvp_settings *settings,
		    void (*visit)(const char *column, void *user), void *user)
{
	(void)settings;
	visit(((const struct encrypted_field *)item->config)->ciphertext, user);
}

static bool has_plaintext(const struct encrypted_field *config,
			  const struct drvp_relation *relation)
{
	return config->plaintext && (relation->kind == DRVP_COLLECTION ||
				     drvp_relation_has(relation, config->plaintext));
}

struct scan_state {
	const struct drvp_measure *m;
	const struct encrypted_field *config;
	bool plaintext;
	struct drvp_arena scratch;
};

static int count_row(struct scan_state *state, unsigned counter, const struct drvp_row *row)
{
	int64_t order = (int64_t)(state->m->range_index << 40 | row->ordinal);

	return drvp_tally_count_row(state->m->tally, counter, row, order,
				    state->m->settings->show_keys);
}

static int examine(struct scan_state *state, const struct drvp_row *row)
{
	int result;

	state->m->tally->counters[EXAMINED].count++;
	if (!state->config->format.set)
		return 0;
	result = drvp_ciphertext_examine((int)state->config->format.value, &row->values[0],
					 &state->scratch);
	if (result == DRVP_CIPHERTEXT_NOT)
		return count_row(state, NOT_CIPHERTEXT, row);
	if (result == DRVP_CIPHERTEXT_MALFORMED)
		return count_row(state, MALFORMED, row);
	return result < 0 ? result : 0;
}

static int on_row(const struct drvp_row *row, void *user)
{
	struct scan_state *state = user;
	const struct encrypted_field *config = state->config;
	bool ciphertext = row->values[0].kind != DRVP_NULL;
	bool plaintext = state->plaintext && row->values[1].kind != DRVP_NULL;
	int status = 0;

	if (!ciphertext && (plaintext || (!config->nullable && !state->plaintext)))
		status = count_row(state, NULL_CIPHERTEXT, row);
	if (!status && plaintext && config->plaintext_policy.value == PLAINTEXT_ABSENT)
		status = count_row(state, PLAINTEXT_PRESENT, row);
	if (!status && ciphertext)
		status = examine(state, row);
	return status;
}

static int measure(const struct drvp_measure *m, struct drv_error *err)
{
	const struct encrypted_field *config = m->item->config;
	struct scan_state state = { .m = m, .config = config,
				    .plaintext = has_plaintext(config, m->relation) };
	struct drvp_wanted wanted[] = {
		{ config->ciphertext, config->format.set ? DRVP_FORM_VALUE : DRVP_FORM_PRESENCE },
		{ config->plaintext, DRVP_FORM_PRESENCE },
	};
	struct drvp_scan scan = { .relation = m->relation, .range = m->range, .columns = wanted,
				  .column_count = state.plaintext ? 2 : 1,
				  .keys = m->settings->show_keys };
	int status = m->session->store->scan(m->session, &scan, on_row, &state, &m->tally->rows, err);

	drvp_arena_free(&state.scratch);
	return status;
}

static void find_damage(const struct drvp_tally *tally, const struct encrypted_field *config,
			struct drvp_verdict *out)
{
	static const struct {
		unsigned counter;
		const char *code, *message;
	} rows[] = {
		{ NULL_CIPHERTEXT, "encrypted_field.null_ciphertext", "have no ciphertext" },
		{ PLAINTEXT_PRESENT, "encrypted_field.plaintext_present", "hold plain text" },
		{ NOT_CIPHERTEXT, "encrypted_field.not_ciphertext", "hold something that is no ciphertext" },
		{ MALFORMED, "encrypted_field.bad_envelope", "hold damaged ciphertext" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct drvp_counter *counter = &tally->counters[rows[i].counter];

		if (counter->count)
			drvp_find(out, rows[i].code, 0, counter, "%s of %s rows %s (%s)",
				  drvp_grouped(out, counter->count), drvp_grouped(out, tally->rows),
				  rows[i].message, config->ciphertext);
	}
}

static void judge(const struct drvp_item *item, const struct drvp_tally *tally,
		  const struct drvp_circumstances *c, struct drvp_verdict *out)
{
	const struct encrypted_field *config = item->config;
	bool plaintext = has_plaintext(config, c->relation);
	uint64_t examined = tally->counters[EXAMINED].count;

	find_damage(tally, config, out);
	if (!tally->rows)
		drvp_find(out, "encrypted_field.vacuous", 0, NULL, "there are no rows to examine");
	else if (config->plaintext && !plaintext)
		drvp_find(out, "encrypted_field.vacuous", 0, NULL,
			  "there is no column %s%s", config->plaintext,
			  config->format.set ? "; only the format was examined" : "");
	else if (!examined && !out->result.finding_count)
		drvp_find(out, "encrypted_field.vacuous", 0, NULL,
			  "%s is NULL in all %s rows", config->ciphertext,
			  drvp_grouped(out, tally->rows));
	if (out->result.finding_count)
		drvp_summarise(out, "%s", out->findings[0].finding.message);
	else
		drvp_summarise(out, "%s: %s of %s rows encrypted%s", config->ciphertext,
			       drvp_grouped(out, examined), drvp_grouped(out, tally->rows),
			       config->format.set ? ", each value examined" : "");
}

const struct drvp_check drvp_check_encrypted_field = {
	.name = "encrypted_field",
	.help = "Looks at each value of a sensitive field: encrypted, well-formed, and no plain text "
		"beside it.",
	.stores = DRVP_ON_BOTH,
	.shape = DRVP_RANGES,
	.cost = 2,
	.subject = "ciphertext",
	.config_size = sizeof(struct encrypted_field),
	.fields = fields,
	.codes = codes,
	.validate = validate,
	.columns = columns,
	.measure = measure,
	.judge = judge,
};
