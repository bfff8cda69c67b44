/* world.c: two scripted sources with all that checks look at, so that whole runs need no server */
#include "world.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_store.h"

#define ROWS 24
#define KEY "a key of the operator"

const char world_key[] = KEY;

#define CHAIN "\"check\": \"audit_chain\", \"source\": \"main\", \"table\": \"public.log\", "
#define PREIMAGE "\"preimage\": { \"join\": [{ \"previous\": \"text\" }, { \"column\": \"id\" }, " \
	"{ \"column\": \"action\" }], \"with\": \"|\" }"
#define CONTENT "\"check\": \"content\", \"source\": \"main\", \"table\": \"public.notes\""

const char world_document[] =
"{ \"format\": \"drverify/1\", \"name\": \"a scripted world\",\n"
"  \"objectives\": { \"rto\": \"4h\", \"rpo\": \"1h\" },\n"
"  \"sources\": { \"main\": { \"store\": \"postgresql\", \"restored_by\": \"physical\" },\n"
"    \"search\": { \"store\": \"mongodb\", \"database\": \"d\" } },\n"
"  \"checks\": [\n"
"  { \"check\": \"connection\", \"source\": \"main\", \"priority\": 1 },\n"
"  { \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.notes\", \"name\": \"open ones\",\n"
"    \"where\": { \"column\": \"day\", \"is\": \"not null\" }, \"expect\": { \"tolerance\": \"2%\" } },\n"
"  { \"check\": \"encrypted_field\", \"source\": \"main\", \"table\": \"public.notes\",\n"
"    \"ciphertext\": \"secret\", \"plaintext\": \"plain\", \"format\": \"hex\" },\n"
"  { \"check\": \"freshness\", \"source\": \"main\", \"table\": \"public.notes\", \"column\": \"at\",\n"
"    \"max_loss\": \"1h\" },\n"
"  { " CHAIN "\"name\": \"linked\", \"hash\": \"hash\", \"previous\": \"previous\", "
	"\"order_by\": [\"id\"], \"genesis\": { \"stored\": null, \"hashed\": \"\" }, " PREIMAGE " },\n"
"  { " CHAIN "\"name\": \"derived\", \"hash\": \"hash\", \"order_by\": [\"id\"], "
	"\"genesis\": { \"hashed\": \"\" }, " PREIMAGE " },\n"
"  { " CHAIN "\"name\": \"rows\", \"hash\": \"seal\", \"mode\": \"rows\",\n"
"    \"digest\": { \"hmac\": \"sha256\", \"key\": \"content\" },\n"
"    \"preimage\": { \"json\": \"jcs\", \"object\": [[\"action\", { \"column\": \"action\" }], "
	"[\"at\", { \"column\": \"at\", \"time\": \"iso8601\", \"digits\": 3 }], "
	"[\"id\", { \"column\": \"id\" }]] } },\n"
"  { " CONTENT ", \"name\": \"rows\", \"detail\": \"rows\" },\n"
"  { " CONTENT ", \"name\": \"days\", \"bucket_by\": \"day\", \"exclude\": [\"plain\"] },\n"
"  { " CONTENT ", \"name\": \"server\", \"method\": \"server\" },\n"
"  { \"check\": \"assert\", \"source\": \"main\", \"name\": \"none\", \"sql\": \"SELECT 1\" },\n"
"  { \"check\": \"collection_count\", \"source\": \"search\", \"collection\": \"texts\",\n"
"    \"filter\": { \"gone\": false } },\n"
"  { \"check\": \"content\", \"source\": \"search\", \"collection\": \"texts\" },\n"
"  { \"check\": \"assert\", \"source\": \"search\", \"collection\": \"texts\",\n"
"    \"filter\": { \"gone\": true }, \"rows\": 24 } ] }\n";

enum { NOTES, LOG, TEXTS, TABLES };
enum { N_ID, N_SECRET, N_PLAIN, N_AT, N_DAY };
enum { L_ID, L_ACTION, L_AT, L_PREVIOUS, L_HASH, L_SEAL };
enum { T_ID, T_TEXT };

/* 2026-01-02T03:04:05Z */
#define INSTANT INT64_C(1767323045000000)

static const char *const names[TABLES] = { "notes", "log", "texts" };

static struct {
	struct fake_table intact[TABLES], damaged[TABLES];
	struct fake_table *tables;   /* of the two, which there is */
	char secrets[ROWS][65], actions[ROWS][16], hashes[ROWS][65], seals[ROWS][65];
} world;

/* ------------------------------------------------------------------ tables */

static void put_hex(char hex[65], const unsigned char digest[32])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void hash(char hex[65], const char *text, const char *key)
{
	unsigned char digest[32];
	unsigned int len;

	if (key ? !HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text,
			strlen(text), digest, &len) :
		  !EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL))
		abort();
	put_hex(hex, digest);
}

static void make_notes(struct fake_table *table)
{
	fake_table_init(table, 5);
	fake_column(table, "id", DRVP_INTEGER);
	fake_column(table, "secret", DRVP_TEXT);
	fake_column(table, "plain", DRVP_TEXT);
	fake_column(table, "at", DRVP_INSTANT);
	fake_column(table, "day", DRVP_DATE);
	for (int i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(table);
		char text[16];

		snprintf(text, sizeof text, "%d", i);
		hash(world.secrets[i], text, NULL);
		row[N_ID] = fake_integer(i + 1);
		row[N_SECRET] = fake_text(world.secrets[i]);
		row[N_AT] = fake_time(DRVP_INSTANT, INSTANT + i * DRVP_SECOND);
		row[N_DAY] = fake_time(DRVP_DATE, 20000 + i / 7);
	}
}

static void make_log(struct fake_table *table)
{
	fake_table_init(table, 5);
	fake_column(table, "id", DRVP_INTEGER);
	fake_column(table, "action", DRVP_TEXT);
	fake_column(table, "at", DRVP_INSTANT);
	fake_column(table, "previous", DRVP_TEXT);
	fake_column(table, "hash", DRVP_TEXT);
	fake_column(table, "seal", DRVP_TEXT);
	for (int i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(table);
		char text[200];

		snprintf(world.actions[i], sizeof world.actions[i], "action %d", i);
		snprintf(text, sizeof text, "%s|%d|%s", i ? world.hashes[i - 1] : "", i + 1,
			 world.actions[i]);
		hash(world.hashes[i], text, NULL);
		snprintf(text, sizeof text, "{\"action\":\"%s\",\"at\":\"2026-01-02T03:%02d:05.000Z\","
			 "\"id\":%d}", world.actions[i], i, i + 1);
		hash(world.seals[i], text, world_key);
		row[L_ID] = fake_integer(i + 1);
		row[L_ACTION] = fake_text(world.actions[i]);
		row[L_AT] = fake_time(DRVP_INSTANT, INSTANT + (i - 4) * 60 * DRVP_SECOND);
		if (i)
			row[L_PREVIOUS] = fake_text(world.hashes[i - 1]);
		row[L_HASH] = fake_text(world.hashes[i]);
		row[L_SEAL] = fake_text(world.seals[i]);
	}
}

static void make_texts(struct fake_table *table)
{
	fake_table_init(table, 0);
	fake_column(table, "_id", DRVP_INTEGER);
	fake_column(table, "text", DRVP_TEXT);
	for (int i = 0; i < ROWS; i++) {
		struct drvp_value *row = fake_row(table);

		row[T_ID] = fake_integer(i);
		row[T_TEXT] = fake_text(world.secrets[i]);
	}
}

static void make_tables(struct fake_table *tables)
{
	make_notes(&tables[NOTES]);
	make_log(&tables[LOG]);
	make_texts(&tables[TEXTS]);
}

static void hurt(struct fake_table *tables)
{
	struct drvp_value *edited = tables[NOTES].rows[5];

	edited[N_PLAIN] = fake_text("plain");
	edited[N_SECRET] = (struct drvp_value){ .kind = DRVP_NULL };
	fake_remove(&tables[NOTES], 18);
	fake_insert(&tables[NOTES], 9, tables[NOTES].rows[15]);
	fake_remove(&tables[NOTES], ROWS - 1);
	fake_remove(&tables[LOG], 10);
	tables[LOG].rows[17][L_ACTION] = fake_text("another action");
	fake_remove(&tables[TEXTS], 3);
}

void world_make(void)
{
	make_tables(world.intact);
	make_tables(world.damaged);
	hurt(world.damaged);
	world_damage(false);
}

void world_damage(bool damaged)
{
	world.tables = damaged ? world.damaged : world.intact;
}

void world_free(void)
{
	for (size_t i = 0; i < TABLES; i++) {
		fake_table_free(&world.intact[i]);
		fake_table_free(&world.damaged[i]);
	}
}

/* ------------------------------------------------------------------ sessions */

struct world_session {
	struct fake_session fake;               /* first */
	struct drvp_relation *relations;
};

static struct world_session *of(struct drvp_session *session)
{
	return (struct world_session *)(void *)session;
}

static const struct drvp_store world_store;

static int open_session(struct drvp_session **out, const struct drvp_address *address,
			struct drv_error *err)
{
	struct world_session *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	(void)err;
	s->fake.session.store = &world_store;
	drvp_flow_init(&s->fake.session.flow, &address->limits);
	*out = &s->fake.session;
	return 0;
}

static int attach(struct drvp_session **out, struct drvp_session *pinned, struct drv_error *err)
{
	struct drvp_address address = { 0 };

	(void)pinned;
	return open_session(out, &address, err);
}

static struct fake_table *table_named(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		if (!strcmp(names[i], name))
			return &world.tables[i];
	return NULL;
}

static int freeze(struct drvp_session *session, const struct drvp_target *targets, size_t count,
		  struct drvp_relation **out, struct drv_error *err)
{
	struct drvp_relation *relations = calloc(count + 1, sizeof *relations);

	if (!relations)
		abort();
	(void)err;
	for (size_t i = 0; i < count; i++) {
		struct fake_table *table = table_named(targets[i].name);
		struct fake_session one;

		relations[i].state = DRVP_RELATION_MISSING;
		if (table) {
			fake_session_init(&one, table);
			relations[i] = one.relation;
		}
		relations[i].name = targets[i].name;
		relations[i].schema = targets[i].schema;
	}
	*out = of(session)->relations = relations;
	return 0;
}

static int identify(struct drvp_session *session, struct drvp_identity *out, struct drv_error *err)
{
	(void)session;
	(void)err;
	*out = (struct drvp_identity){
		.server = "Scripted 1", .address = "nowhere/d", .consistency = "one snapshot",
		.tls = true, .system_identifier = 7, .timeline = 1, .lsn = 0x3000060,
		.next_transaction = 700, .database_oid = 5, .server_started = INSTANT,
		.server_now = INSTANT + 3600 * DRVP_SECOND,
		.warnings = { "setting fsync is off" }, .warning_count = 1,
	};
	return 0;
}

/* The store of single tables, set to the table that a question is about. */
static struct drvp_session *on_table(struct drvp_session *session,
				     const struct drvp_relation *relation)
{
	of(session)->fake.table = table_named(relation->name);
	return session;
}

static int scan(struct drvp_session *session, const struct drvp_scan *question, drvp_row_fn fn,
		void *user, uint64_t *rows, struct drv_error *err)
{
	*rows = 0;
	return session->rehearsal ? 0 : fake_store.scan(on_table(session, question->relation),
							question, fn, user, rows, err);
}

static int count(struct drvp_session *session, const struct drvp_relation *relation,
		 const struct drvp_selection *selection, uint64_t *rows, struct drv_error *err)
{
	return fake_store.count(on_table(session, relation), relation, selection, rows, err);
}

static int estimate(struct drvp_session *session, const struct drvp_relation *relation,
		    uint64_t *rows, struct drv_error *err)
{
	(void)session;
	(void)err;
	*rows = table_named(relation->name)->row_count;
	return 0;
}

static int newest(struct drvp_session *session, const struct drvp_relation *relation,
		  const struct drvp_selection *selection, const char *column, const char *zone,
		  int64_t *instant, bool *found, uint64_t *rows, struct drv_error *err)
{
	const struct fake_table *table = table_named(relation->name);

	(void)session;
	(void)selection;
	(void)column;
	(void)zone;
	(void)err;
	*rows = table->row_count;
	*found = true;
	*instant = INT64_MIN;
	for (size_t i = 0; i < table->row_count; i++)
		if (table->rows[i][N_AT].integer > *instant)
			*instant = table->rows[i][N_AT].integer;
	return 0;
}

static int digest(struct drvp_session *session, const struct drvp_digest_question *question,
		  struct drvp_server_digest *out, struct drv_error *err)
{
	const struct fake_table *table = table_named(question->relation->name);

	(void)session;
	(void)err;
	*out = (struct drvp_server_digest){ .rows = table->row_count, .probe = 1 };
	for (size_t i = 0; i < table->row_count; i++)
		out->sum.words[0] += (uint64_t)table->rows[i][N_AT].integer;
	return 0;
}

static int ask(struct drvp_session *session, const char *sql, uint64_t most, uint64_t *rows,
	       struct drv_error *err)
{
	(void)session;
	(void)sql;
	(void)most;
	(void)err;
	*rows = 0;
	return 0;
}

static int advise(struct drvp_session *session, const struct drvp_identity *identity,
		  const struct drvp_prospect *prospect, drvp_advice_fn fn, void *user,
		  struct drv_error *err)
{
	(void)session;
	(void)identity;
	(void)prospect;
	(void)err;
	fn("source.pooler", "a pooler stands between", "", user);
	return 0;
}

static int finish(struct drvp_session *session, struct drvp_identity *identity,
		  struct drv_error *err)
{
	(void)session;
	(void)identity;
	(void)err;
	return 0;
}

static void close_session(struct drvp_session **session)
{
	if (*session)
		free(of(*session)->relations);
	free(*session);
	*session = NULL;
}

static int cut(struct drvp_session *session, const struct drvp_relation *relation,
	       struct drvp_range *ranges, size_t most, size_t *ranges_made, struct drv_error *err)
{
	return fake_store.cut(session, relation, ranges, most, ranges_made, err);
}

static const struct drvp_store world_store = {
	.name = "scripted", .open = open_session, .freeze = freeze, .identify = identify,
	.attach = attach, .cut = cut, .count = count, .estimate = estimate, .newest = newest,
	.scan = scan, .digest = digest, .ask = ask, .advise = advise, .finish = finish,
	.close = close_session,
};

/* ------------------------------------------------------------------ in place of */

const struct drvp_store *__wrap_drvp_store_find(const char *name);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*main)(void *), void *user);
int __wrap_pthread_join(pthread_t thread, void **result);

const struct drvp_store *__wrap_drvp_store_find(const char *name)
{
	return *name ? &world_store : NULL;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*main)(void *), void *user)
{
	(void)attributes;
	*thread = pthread_self();
	main(user);
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	(void)thread;
	(void)result;
	return 0;
}
