/* custom_session.c: what a check of the embedding program asks of its source, and says of it */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "checks/custom.h"

#define LONGEST 2000                 /* bytes of a message or summary */
#define MOST_FINDINGS 100

/* A call that fails keeps the check from passing, whatever the callback makes of it. */
static int note_failure(struct drv_session *session, int status, const struct drv_error *why,
			struct drv_error *error)
{
	if (!status)
		return 0;
	if (!session->failed.status) {
		session->failed = *why;
		session->failed.status = status;
	}
	if (error)
		drvp_fail(error, status, "%s", drvp_error_text(why));
	if (error)
		memcpy(error->sqlstate, why->sqlstate, sizeof error->sqlstate);
	return status;
}

/* ------------------------------------------------------------------ questions */

static int begin(struct drv_session *session, bool can, const char *store, struct drv_error *err)
{
	if (session->asking)
		return drvp_fail(err, DRV_E_USAGE, "rows of another question are on their way; ask when "
				 "they have all come");
	if (!can)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this can be asked of %s only", store);
	session->asking = true;
	return 0;
}

/* By address: a compiler may look at a number before the question that fills it is asked. */
static int end(struct drv_session *session, int status, const uint64_t *rows)
{
	session->asking = false;
	session->m->tally->rows += *rows;
	session->told->answers += !status;
	return status;
}

int drv_session_query(struct drv_session *session, const char *sql, const char *const *values,
		      size_t value_count, drv_row_fn fn, void *user, struct drv_error *error)
{
	const struct drvp_store *store = session->m->session->store;
	struct drvp_query query = { sql, values, value_count, fn, user };
	struct drv_error why = DRV_ERROR_INIT;
	uint64_t rows = 0;
	int status = begin(session, store->query, "PostgreSQL", &why);

	if (!status)
		status = end(session, store->query(session->m->session, &query, &rows, &why),
			     &rows);
	return note_failure(session, status, &why, error);
}

static int read_filter(struct drv_session *session, const char *text,
		       struct drvp_selection *selection, struct drv_error *err)
{
	static const struct drvp_json_limits limits = { (size_t)1 << 20, 64, 0 };
	struct drvp_json *filter;
	int status;

	*selection = (struct drvp_selection){ .run_code = true };
	if (!text)
		return 0;
	status = drvp_json_parse(&filter, &session->arena, text, strlen(text), &limits, err);
	if (status == DRV_E_DOCUMENT || (!status && filter->type != DRVP_JSON_OBJECT))
		return drvp_fail(err, DRV_E_USAGE, "the filter is no JSON object");
	selection->filter = filter;
	return status;
}

/* A collection that does not exist would read as an empty one. */
static int find_collection(struct drv_session *session, const char *name, const char *filter,
			   struct drvp_relation **relation, struct drvp_selection *selection,
			   struct drv_error *err)
{
	const struct drvp_target target = { NULL, name };
	struct drvp_session *s = session->m->session;
	int status = read_filter(session, filter, selection, err);

	if (!status)
		status = s->store->look(s, &target, relation, err);
	if (status || (*relation)->state == DRVP_RELATION_READY)
		return status;
	if ((*relation)->state == DRVP_RELATION_MISSING)
		return drvp_fail(err, DRV_E_MISSING, "there is no collection \"%.200s\"", name);
	return drvp_fail(err, DRV_E_DENIED, "collection \"%.200s\" may not be read; %s", name,
			 (*relation)->remedy ? (*relation)->remedy : "grant it");
}

struct documents {
	drv_row_fn fn;
	void *user;
	struct drvp_strbuf text;
};

static int feed_document(const struct drvp_row *row, void *user)
{
	struct documents *documents = user;
	const char *text;

	drvp_strbuf_clear(&documents->text);
	drvp_value_print(&documents->text, &row->values[0]);
	if (documents->text.failed)
		return DRV_E_NOMEM;
	text = drvp_strbuf_text(&documents->text);
	return documents->fn(1, &text, documents->user) ? 1 : 0;
}

static int read_documents(struct drv_session *session, const char *collection, const char *filter,
			  struct documents *documents, uint64_t *rows, struct drv_error *err)
{
	static const struct drvp_wanted whole[] = { { "", DRVP_FORM_VALUE } };
	struct drvp_session *s = session->m->session;
	struct drvp_scan scan = { .columns = whole, .column_count = 1 };
	struct drvp_relation *relation = NULL;
	int status = find_collection(session, collection, filter, &relation, &scan.selection, err);

	scan.relation = relation;
	return status ? status : s->store->scan(s, &scan, feed_document, documents, rows, err);
}

int drv_session_documents(struct drv_session *session, const char *collection, const char *filter,
			  drv_row_fn fn, void *user, struct drv_error *error)
{
	struct documents documents = { fn, user, DRVP_STRBUF_INIT };
	struct drv_error why = DRV_ERROR_INIT;
	uint64_t rows = 0;
	int status = begin(session, session->m->session->store->look, "MongoDB", &why);

	if (!status)
		status = end(session, read_documents(session, collection, filter, &documents, &rows,
						     &why), &rows);
	drvp_strbuf_free(&documents.text);
	return note_failure(session, status, &why, error);
}

static int count_documents(struct drv_session *session, const char *collection, const char *filter,
			   uint64_t *count, struct drv_error *err)
{
	struct drvp_session *s = session->m->session;
	struct drvp_selection selection;
	struct drvp_relation *relation;
	int status = find_collection(session, collection, filter, &relation, &selection, err);

	return status ? status : s->store->count(s, relation, &selection, count, err);
}

int drv_session_count(struct drv_session *session, const char *collection, const char *filter,
		      uint64_t *count, struct drv_error *error)
{
	struct drv_error why = DRV_ERROR_INIT;
	int status = begin(session, session->m->session->store->look, "MongoDB", &why);

	*count = 0;
	if (!status)
		status = end(session, count_documents(session, collection, filter, count, &why),
			     count);
	return note_failure(session, status, &why, error);
}

/* ------------------------------------------------------------------ findings */

static const char *known_code(const struct drv_session *session, const char *code)
{
	for (const struct drv_explanation *at = session->m->item->check->codes; at->code; at++)
		if (!strcmp(at->code, code))
			return at->code;
	return NULL;
}

/* One line of text, as every report has to show it. */
static int copy_line(char **out, const char *text, struct drv_error *err)
{
	size_t len = strlen(text);

	if (len > LONGEST || !drvp_utf8_valid(text, len) || strpbrk(text, "\r\n"))
		return drvp_fail(err, DRV_E_USAGE, "what a check says has to be one line of UTF-8, of at "
				 "most %d bytes", LONGEST);
	*out = strdup(text);
	return *out ? 0 : drvp_fail_nomem(err);
}

static int add_finding(struct drv_session *session, const char *code, uint64_t count,
		       const char *message, struct drv_error *err)
{
	struct drvp_custom_finding *finding;
	int status;

	if (session->told->findings == MOST_FINDINGS)
		return drvp_fail(err, DRV_E_USAGE, "%s has more than %d findings; report what is alike "
				 "as one, with a count", session->m->item->check->name, MOST_FINDINGS);
	code = known_code(session, code);
	if (!code)
		return drvp_fail(err, DRV_E_USAGE, "%s reports a code that it was not registered with",
				 session->m->item->check->name);
	finding = calloc(1, sizeof *finding);
	if (!finding)
		return drvp_fail_nomem(err);
	status = copy_line(&finding->message, message, err);
	if (status) {
		free(finding);
		return status;
	}
	finding->code = code;
	finding->count = count;
	if (session->told->last)
		session->told->last->next = finding;
	else
		session->told->first = finding;
	session->told->last = finding;
	session->told->findings++;
	return 0;
}

int drv_session_report(struct drv_session *session, const char *code, uint64_t count,
		       const char *message, struct drv_error *error)
{
	struct drv_error why = DRV_ERROR_INIT;

	return note_failure(session, add_finding(session, code, count, message, &why), &why, error);
}

static int add_row(struct drv_session *session, const char *place, const char *key,
		   struct drv_error *err)
{
	struct drvp_custom_finding *finding = session->told->last;
	struct drvp_spot spot = { 0 };
	int status;

	if (!finding)
		return drvp_fail(err, DRV_E_USAGE, "there is no finding yet that a row could belong to");
	if (finding->row_count == DRVP_SPOTS)
		return 0;
	status = copy_line(&spot.place, place, err);
	if (!status)
		status = copy_line(&spot.key, session->m->settings->show_keys ? key : "", err);
	if (status) {
		free(spot.place);
		return status;
	}
	finding->rows[finding->row_count++] = spot;
	return 0;
}

int drv_session_report_row(struct drv_session *session, const char *place, const char *key,
			   struct drv_error *error)
{
	struct drv_error why = DRV_ERROR_INIT;

	return note_failure(session, add_row(session, place, key, &why), &why, error);
}

int drv_session_summarise(struct drv_session *session, const char *summary, struct drv_error *error)
{
	struct drv_error why = DRV_ERROR_INIT;
	char *copy = NULL;
	int status = copy_line(&copy, summary, &why);

	if (!status) {
		free(session->told->summary);
		session->told->summary = copy;
	}
	return note_failure(session, status, &why, error);
}
