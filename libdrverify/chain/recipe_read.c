/* recipe_read.c: readers of the values that the members of a recipe have */
#include "chain/recipe_read.h"

#include <stdlib.h>
#include <string.h>

#include "chain/expr_value.h"
#include "document/item.h"

#define FIELD(type, member_name) .offset = offsetof(struct type, member_name)
#define CUSTOM(reader, definition) \
	.kind = DRVP_FIELD_CUSTOM, .read = reader, .schema = definition

/* ------------------------------------------------------------------ genesis */

static const struct drvp_field text_form[] = {
	{ .name = "text", CUSTOM(drvp_text_read, "text"), .flags = DRVP_REQUIRED },
	{ 0 }
};

static const struct drvp_field hex_form[] = {
	{ .name = "hex", CUSTOM(drvp_hex_read, "hex"), .flags = DRVP_REQUIRED },
	{ 0 }
};

int drvp_genesis_stored_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_genesis_stored *stored = out;

	stored->set = value->type != DRVP_JSON_NULL;
	if (!stored->set)
		return 0;
	if (value->type == DRVP_JSON_OBJECT)
		return drvp_fields_read_one(reader, value, hex_form, &stored->value);
	return drvp_text_read(reader, value, &stored->value);
}

int drvp_genesis_hashed_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_genesis_text *hashed = out;

	if (value->type == DRVP_JSON_OBJECT && drvp_json_member(value, "hex")) {
		hashed->kind = DRVP_GENESIS_BYTES;
		return drvp_fields_read_one(reader, value, hex_form, &hashed->value);
	}
	hashed->kind = drvp_json_is(value, "absent") ? DRVP_GENESIS_ABSENT :
		       drvp_json_is(value, "as stored") ? DRVP_GENESIS_AS_STORED :
							  DRVP_GENESIS_TEXT;
	if (value->type == DRVP_JSON_OBJECT)
		return drvp_fields_read_one(reader, value, text_form, &hashed->value);
	return drvp_text_read(reader, value, &hashed->value);
}

/* ------------------------------------------------------------------ digests */

static const char *const algorithms[] = { "sha256", "sha384", "sha512", NULL };

struct written_hmac {
	struct drvp_number hmac;
	const char *key;
};

const struct drvp_field drvp_hmac_fields[] = {
	{ .name = "hmac", .kind = DRVP_FIELD_CHOICE, .flags = DRVP_REQUIRED, .choices = algorithms,
	  FIELD(written_hmac, hmac), .help = "The hash under the HMAC." },
	{ .name = "key", .kind = DRVP_FIELD_TEXT, .flags = DRVP_REQUIRED, FIELD(written_hmac, key),
	  .help = "The name under which the key is given; the key itself never stands here." },
	{ 0 }
};

static int read_digest(struct drvp_reader *reader, const struct drvp_json *value,
		       struct drvp_digest_spec *spec)
{
	struct written_hmac written = { 0 };
	int status;

	for (int i = 0; algorithms[i]; i++)
		if (drvp_json_is(value, algorithms[i])) {
			spec->algorithm = i;
			return 0;
		}
	if (value->type != DRVP_JSON_OBJECT)
		return drvp_document_fail(reader, value, "expected \"sha256\", \"sha384\", "
					  "\"sha512\" or { \"hmac\": one of them, \"key\": NAME }");
	status = drvp_fields_read_one(reader, value, drvp_hmac_fields, &written);
	spec->algorithm = (int)written.hmac.value;
	spec->key = written.key;
	return status;
}

static int read_cases(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_digest_choice *choice = out;
	struct drvp_digest_case *cases;

	if (value->type != DRVP_JSON_OBJECT || !value->count)
		return drvp_document_fail(reader, value, "expected { value: digest, … }, found %s",
					  drvp_json_type_name(value->type));
	cases = drvp_arena_array(reader->arena, value->count, sizeof *cases);
	if (!cases)
		return drvp_fail_nomem(reader->err);
	choice->cases = cases;
	for (const struct drvp_json *m = value->first; m; m = m->next) {
		int status = read_digest(reader, m, &cases[choice->case_count].digest);

		if (status)
			return status;
		cases[choice->case_count++].value = m->key;
	}
	return 0;
}

const struct drvp_field drvp_digest_by_fields[] = {
	{ .name = "by", .kind = DRVP_FIELD_COLUMN, .flags = DRVP_REQUIRED,
	  FIELD(drvp_digest_choice, column), .help = "The column that names an entry's digest." },
	{ .name = "cases", CUSTOM(read_cases, "digest_cases"), .flags = DRVP_REQUIRED,
	  .help = "The digest for each of its values." },
	{ 0 }
};

int drvp_digest_choice_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_digest_choice *choice = out;
	struct drvp_digest_case *only;

	if (value->type == DRVP_JSON_OBJECT && drvp_json_member(value, "by"))
		return drvp_fields_read_one(reader, value, drvp_digest_by_fields, choice);
	only = drvp_arena_alloc(reader->arena, sizeof *only);
	if (!only)
		return drvp_fail_nomem(reader->err);
	*choice = (struct drvp_digest_choice){ NULL, only, 1 };
	return read_digest(reader, value, &only->digest);
}

/* ------------------------------------------------------------------ versions */

static int read_own_digest(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_version *version = out;

	version->own_digest = true;
	return drvp_digest_choice_read(reader, value, &version->digest);
}

static const char *const version_modes[] = { "links", NULL };

struct written_version {
	struct drvp_version version;
	struct drvp_number mode;
};

const struct drvp_field drvp_version_fields[] = {
	{ .name = "when", CUSTOM(drvp_conditions_read, "where"),
	  FIELD(written_version, version.when),
	  .help = "Which entries it is about; without it, those that match nothing else." },
	{ .name = "preimage", CUSTOM(drvp_expr_read, "expression"),
	  FIELD(written_version, version.preimage),
	  .help = "The bytes that were hashed, where they differ." },
	{ .name = "digest", CUSTOM(read_own_digest, "digest"),
	  .help = "The digest, where it differs." },
	{ .name = "mode", .kind = DRVP_FIELD_CHOICE, .choices = version_modes,
	  FIELD(written_version, mode), .help = "links: what was hashed is not stored." },
	{ 0 }
};

static int read_version(struct drvp_reader *reader, const struct drvp_json *value,
			struct drvp_version *version)
{
	struct written_version written = { 0 };
	int status = drvp_fields_read_one(reader, value, drvp_version_fields, &written);

	*version = written.version;
	version->unchecked = written.mode.set;
	if (status)
		return status;
	if (version->unchecked && (version->preimage || version->own_digest || !version->when.count))
		return drvp_document_fail(reader, value, "a version with \"mode\": \"links\" has "
					  "\"when\", and neither \"preimage\" nor \"digest\"");
	if (!version->unchecked && !version->preimage && !version->own_digest)
		return drvp_document_fail(reader, value, "a version needs \"preimage\", \"digest\" "
					  "or \"mode\"");
	return 0;
}

int drvp_versions_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_recipe *recipe = out;
	struct drvp_version *versions;

	if (value->type != DRVP_JSON_ARRAY || !value->count)
		return drvp_document_fail(reader, value, "expected a list of { \"when\", "
					  "\"preimage\", \"digest\" }");
	versions = drvp_arena_array(reader->arena, value->count, sizeof *versions);
	if (!versions)
		return drvp_fail_nomem(reader->err);
	recipe->versions = versions;
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		int status = read_version(reader, one, &versions[recipe->version_count++]);

		if (status)
			return status;
	}
	return 0;
}

/* ------------------------------------------------------------------ hashes */

int drvp_hashes_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_hashes *hashes = out;
	struct drvp_bytes *list;

	if (value->type != DRVP_JSON_ARRAY)
		return drvp_document_fail(reader, value, "expected a list of hashes, found %s",
					  drvp_json_type_name(value->type));
	list = drvp_arena_array(reader->arena, value->count, sizeof *list);
	if (!list)
		return drvp_fail_nomem(reader->err);
	hashes->list = list;
	for (const struct drvp_json *one = value->first; one; one = one->next) {
		int status = drvp_hex_read(reader, one, &list[hashes->count++]);

		if (status)
			return status;
	}
	return 0;
}

/* ------------------------------------------------------------------ the table of bodies */

static int read_on(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_body *body = out;
	const char **columns, **body_columns;
	size_t n = 0;

	if (value->type != DRVP_JSON_OBJECT || !value->count)
		return drvp_document_fail(reader, value, "expected { column of the entries: column "
					  "of the bodies }");
	columns = drvp_arena_array(reader->arena, value->count, sizeof *columns);
	body_columns = drvp_arena_array(reader->arena, value->count, sizeof *body_columns);
	if (!columns || !body_columns)
		return drvp_fail_nomem(reader->err);
	for (const struct drvp_json *m = value->first; m; m = m->next, n++) {
		int status = drvp_document_text(reader, m, "a column", &body_columns[n]);

		if (status)
			return status;
		columns[n] = m->key;
	}
	body->columns = columns;
	body->body_columns = body_columns;
	body->column_count = n;
	return 0;
}

const struct drvp_field drvp_body_fields[] = {
	{ .name = "table", CUSTOM(drvp_table_read, "table"), .flags = DRVP_REQUIRED,
	  FIELD(drvp_body, table), .help = "The table with the bodies." },
	{ .name = "on", CUSTOM(read_on, "join_on"), .flags = DRVP_REQUIRED,
	  .help = "Which column of an entry equals which of its body." },
	{ 0 }
};

int drvp_body_read(struct drvp_reader *reader, const struct drvp_json *value, void *out)
{
	struct drvp_body *body = drvp_arena_alloc(reader->arena, sizeof *body);

	if (!body)
		return drvp_fail_nomem(reader->err);
	*(const struct drvp_body **)out = body;
	return drvp_fields_read_one(reader, value, drvp_body_fields, body);
}
