/* fields.c: whether what is named like ciphertext holds any, by some values of it */
#include <string.h>

#include "checks/ciphertext.h"
#include "draft/draft.h"

/* Rows from each place that is looked at: where the table begins, its middle and its end. */
#define ROWS_A_PLACE 64
#define BLOCKS_A_PLACE 8
#define BYTES_MOST ((uint64_t)16 << 20)
#define FORMATS 4

/* From this size on a range of blocks has to be one for the server, too. */
#define LARGE_BLOCKS 2048

struct sampling {
	struct drvp_draft_table *table;
	const struct drvp_wanted *wanted;
	size_t wanted_count;
	struct drvp_arena scratch;
	uint64_t bytes;
};

static const struct drvp_column *find_column(const struct drvp_draft_table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (!strcmp(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

/* ------------------------------------------------------------------ which they are */

static int add_field(struct drvp_draft *draft, struct drvp_draft_table *table, const char *name,
		     struct drv_error *err)
{
	const char *plain = drvp_name_of_plaintext(&draft->arena, name);
	bool collection = table->relation->kind == DRVP_COLLECTION;

	if (!plain)
		return drvp_fail_nomem(err);
	/* A document may get the readable member back at any time; a column is there or not. */
	if (!plain[0] || (!collection && !find_column(table, plain)))
		plain = NULL;
	table->fields[table->field_count++] = (struct drvp_draft_field){
		.name = name, .plaintext = plain
	};
	return 0;
}

static int find_fields(struct drvp_draft *draft, struct drvp_draft_table *table,
		       struct drv_error *err)
{
	int status = 0;

	table->fields = drvp_arena_array(&draft->arena, table->column_count + 1,
					 sizeof *table->fields);
	if (!table->fields)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < table->column_count && !status; i++)
		if (drvp_names_ciphertext(table->columns[i].name, table->columns[i].kind))
			status = add_field(draft, table, table->columns[i].name, err);
	return status;
}

/* ------------------------------------------------------------------ rows */

static int examine(struct sampling *s, struct drvp_draft_field *field,
		   const struct drvp_value *value)
{
	field->values++;
	s->bytes += value->len;
	for (int format = 0; format < FORMATS; format++) {
		int state = drvp_ciphertext_examine(format, value, &s->scratch);

		if (state < 0)
			return state;
		field->good[format] += state == DRVP_CIPHERTEXT_GOOD;
	}
	return 0;
}

static int on_row(const struct drvp_row *row, void *user)
{
	struct sampling *s = user;
	size_t at = 0;
	int status = 0;

	s->table->sampled += s->table->relation->kind != DRVP_COLLECTION;
	s->bytes += row->stable_len;
	for (size_t i = 0; i < s->table->field_count && !status; i++) {
		struct drvp_draft_field *field = &s->table->fields[i];
		const struct drvp_value *value = &row->values[at++];
		bool readable = field->plaintext && row->values[at++].kind != DRVP_NULL;

		field->readable += readable;
		field->unprotected += readable && value->kind == DRVP_NULL;
		if (value->kind == DRVP_NULL)
			field->nulls++;
		else
			status = examine(s, field, value);
	}
	return status ? status : s->bytes > BYTES_MOST;
}

static int sample(struct drvp_draft *draft, struct sampling *s, const struct drvp_range *range,
		  struct drv_error *err)
{
	const struct drvp_scan scan = { .relation = s->table->relation, .range = range,
					.columns = s->wanted, .column_count = s->wanted_count,
					.limit = ROWS_A_PLACE };
	uint64_t fed;
	int status = draft->session->store->scan(draft->session, &scan, on_row, s, &fed, err);

	return status == DRV_E_NOMEM ? drvp_fail_nomem(err) : status;
}

/* Where the server can read a range of blocks without reading all that stands before it. */
static bool takes_ranges(struct drvp_draft *draft, const struct drvp_relation *relation)
{
	struct drvp_range ranges[2];
	size_t count = 0;

	if (relation->kind != DRVP_TABLE || !relation->has_ctid ||
	    relation->blocks <= 2 * BLOCKS_A_PLACE)
		return false;
	if (relation->blocks < LARGE_BLOCKS)
		return true;
	return !draft->session->store->cut(draft->session, relation, ranges, 2, &count, NULL) &&
	       count == 2;
}

static int sample_places(struct drvp_draft *draft, struct sampling *s, struct drv_error *err)
{
	const struct drvp_relation *relation = s->table->relation;
	uint32_t blocks = (uint32_t)relation->blocks;
	const struct drvp_range ranges[] = {
		{ blocks / 2, blocks / 2 + BLOCKS_A_PLACE },
		{ blocks - BLOCKS_A_PLACE, UINT32_MAX },
	};
	int status = sample(draft, s, NULL, err);

	for (size_t i = 0; i < 2 && !status && takes_ranges(draft, relation); i++)
		status = sample(draft, s, &ranges[i], err);
	return status;
}

int drvp_draft_fields(struct drvp_draft *draft, struct drvp_draft_table *table,
		      struct drv_error *err)
{
	struct sampling s = { .table = table };
	struct drvp_wanted *wanted;
	int status = find_fields(draft, table, err);

	if (status || !table->field_count)
		return status;
	wanted = drvp_arena_array(&draft->arena, 2 * table->field_count, sizeof *wanted);
	if (!wanted)
		return drvp_fail_nomem(err);
	for (size_t i = 0; i < table->field_count; i++) {
		const struct drvp_draft_field *field = &table->fields[i];

		wanted[s.wanted_count++] = (struct drvp_wanted){ field->name, DRVP_FORM_VALUE };
		if (field->plaintext)
			wanted[s.wanted_count++] = (struct drvp_wanted){ field->plaintext,
									 DRVP_FORM_PRESENCE };
	}
	s.wanted = wanted;
	status = sample_places(draft, &s, err);
	drvp_arena_free(&s.scratch);
	return status;
}
