/* recipe_help.c: the public functions that help to find the recipe of an audit chain */
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "chain/hasher.h"
#include "propose/propose.h"
#include "chain/try.h"
#include "run/run.h"

#define DEFAULT_ROWS 3
#define DEFAULT_BUDGET (60 * DRVP_SECOND)

/* ------------------------------------------------------------------ one relation of a source */

struct opened {
	struct drvp_session *session;
	struct drvp_relation *relations;
	struct drvp_address address;    /* outlives the session */
};

static int check_relation(const struct drvp_relation *relation, struct drv_error *err)
{
	const char *remedy = relation->remedy ? relation->remedy : "";

	switch (relation->state) {
	case DRVP_RELATION_READY:
		return 0;
	case DRVP_RELATION_MISSING:
		return drvp_fail(err, DRV_E_MISSING, "there is no \"%.120s\"", relation->name);
	case DRVP_RELATION_BUSY:
		return drvp_fail(err, DRV_E_BUSY, "\"%.120s\" is locked", relation->name);
	default:
		return drvp_fail(err, DRV_E_DENIED, "\"%.120s\" may not be read%s%s", relation->name,
				 remedy[0] ? ": " : "", remedy);
	}
}

static int open_source(struct opened *o, struct drv_run *run, const struct drvp_source *source,
		       const struct drvp_target *targets, size_t count, struct drv_error *err)
{
	const struct drvp_store *store = drvp_store_find(source->store);
	int status;

	if (!store)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "this build has no support for %s",
				 source->store);
	o->address = drvp_run_address(run, source);
	if (!drvp_address_is_set(&o->address))
		return drvp_fail(err, DRV_E_USAGE, "it is not said where source \"%.60s\" is",
				 source->name);
	status = store->open(&o->session, &o->address, err);
	if (!status)
		status = store->freeze(o->session, targets, count, &o->relations, err);
	for (size_t i = 0; i < count && !status; i++)
		status = check_relation(&o->relations[i], err);
	return status;
}

static void close_source(struct opened *o)
{
	if (o->session)
		o->session->store->close(&o->session);
}

/* A callback ends with a status but without words. */
static int with_words(int status, struct drv_error *err)
{
	if (status && err && !err->message[0])
		return drvp_fail(err, status, status == DRV_E_NOMEM ? "out of memory" :
								      "reading failed");
	return status;
}

/* ------------------------------------------------------------------ trying */

static int find_item(const struct drv_baseline *baseline, const char *id,
		     const struct drvp_item **out, struct drv_error *err)
{
	const struct drvp_item *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < baseline->item_count; i++) {
		const struct drvp_item *item = &baseline->items[i];

		if (item->check != &drvp_check_audit_chain ||
		    (id && !drvp_glob_selects(id, item->id)))
			continue;
		found = item;
		count++;
	}
	*out = found;
	if (count == 1)
		return 0;
	if (count && !id)
		return drvp_fail(err, DRV_E_USAGE, "%s has %zu audit_chain checks; name one of them, "
				 "such as %.200s", baseline->file, count, found->id);
	if (count)
		return drvp_fail(err, DRV_E_USAGE, "\"%.120s\" selects %zu audit_chain checks of %s",
				 id, count, baseline->file);
	return drvp_fail(err, DRV_E_USAGE, "%s has no audit_chain check%s%.120s%s", baseline->file,
			 id ? " \"" : "", id ? id : "", id ? "\"" : "");
}

struct column_search {
	const struct drvp_relation *relation, *joined;  /* joined: or NULL */
	const char *missing;
};

static void look_for_column(const char *column, void *user)
{
	struct column_search *search = user;

	if (!search->missing && search->relation->column_count &&
	    !drvp_relation_has(search->relation, column) &&
	    !(search->joined && drvp_relation_has(search->joined, column)))
		search->missing = column;
}

static int try_item(struct drv_run *run, const struct drvp_item *item, struct opened *o,
		    struct drvp_try *what, struct drv_error *err)
{
	const struct drvp_relation *joined = item->check->joined(item) ? o->relations + 1 : NULL;
	struct drvp_settings settings = run->settings;
	struct drvp_measure m = { .session = o->session, .item = item, .relation = o->relations,
				  .joined = joined, .settings = &settings };
	struct column_search search = { o->relations, joined, NULL };
	int status;

	settings.show_keys = true;
	if (o->relations->kind != DRVP_COLLECTION)
		item->check->columns(item, &settings, look_for_column, &search);
	if (search.missing)
		return drvp_fail(err, DRV_E_MISSING, "%.200s has no column \"%.80s\"",
				 item->target_name, search.missing);
	status = drvp_chain_try(&m, what, err);
	if (!status && what->stopped)
		return drvp_fail(err, DRV_E_IO, "the caller asked to stop");
	if (!status && !what->given)
		return drvp_fail(err, DRV_E_MISSING, "there is no row %llu in %.200s",
				 (unsigned long long)what->first, item->target_name);
	return with_words(status, err);
}

int drv_chain_try(struct drv_run *run, const struct drv_chain_try_options *given,
		  drv_chain_entry_fn fn, void *user, struct drv_error *error)
{
	struct drv_chain_try_options options = DRV_CHAIN_TRY_OPTIONS_INIT;
	const struct drvp_item *item;
	struct opened o = { 0 };
	struct drvp_target targets[2] = { { 0 } };
	struct drvp_try what = { .fn = fn, .user = user };
	const char *key;
	int status = drvp_options_read(&options, sizeof options, given, "the options", error);

	what.first = options.first ? options.first : 1;
	what.count = options.count ? options.count : DEFAULT_ROWS;
	if (!status)
		status = find_item(run->baseline, options.check, &item, error);
	if (status)
		return status;
	key = drvp_hasher_missing_key(item->config, &run->settings);
	if (key)
		return drvp_fail(error, DRV_E_USAGE, "the key \"%.60s\" is needed, and was not given",
				 key);
	targets[0] = item->target;
	if (item->check->joined(item))
		targets[1] = *item->check->joined(item);
	status = open_source(&o, run, item->source, targets, targets[1].name ? 2 : 1, error);
	if (!status)
		status = try_item(run, item, &o, &what, error);
	close_source(&o);
	return status;
}

/* ------------------------------------------------------------------ proposing */

/* What is handed out, and what it points at. */
struct proposal {
	struct drv_chain_proposal public;       /* first */
	struct drvp_strbuf check;
};

static int find_source(const struct drv_run *run, const char *name,
		       const struct drvp_source **out, struct drv_error *err)
{
	const struct drv_baseline *baseline = run->baseline;

	*out = name ? drvp_baseline_source(baseline, name) :
	       baseline->source_count == 1 ? baseline->sources : NULL;
	if (*out)
		return 0;
	return drvp_fail(err, DRV_E_USAGE, name ? "there is no source \"%.60s\"" :
			 "there are several sources; name one%s", name ? name : "");
}

static int propose(struct drv_run *run, const struct drvp_source *source, struct opened *o,
		   const struct drv_chain_propose_options *options, struct drvp_proposed *out,
		   struct drv_error *err)
{
	const struct drvp_propose ask = {
		.session = o->session,
		.relation = o->relations,
		.source = source->name,
		.hash = options->hash,
		.previous = options->previous,
		.order_by = options->order_by,
		.column_zone = options->column_zone,
		.secrets = run->settings.secrets,
		.secret_count = run->settings.secret_count,
		.budget = options->budget_ms ? options->budget_ms * INT64_C(1000) : DEFAULT_BUDGET,
		.cancelled = &run->cancelled,
	};
	int status = with_words(drvp_chain_propose(&ask, out, err), err);

	if (!status && atomic_load(&run->cancelled))
		return drvp_fail(err, DRV_E_CANCELLED, "the search was stopped");
	return status;
}

int drv_chain_propose(struct drv_run *run, const struct drv_chain_propose_options *given,
		      struct drv_chain_proposal **out, struct drv_error *error)
{
	struct drv_chain_propose_options options = DRV_CHAIN_PROPOSE_OPTIONS_INIT;
	const struct drvp_source *source;
	struct proposal *proposal;
	struct drvp_proposed found = { 0 };
	struct opened o = { 0 };
	int status = drvp_options_read(&options, sizeof options, given, "the options", error);

	*out = NULL;
	if (!status && !options.table)
		status = drvp_fail(error, DRV_E_USAGE, "no table is named");
	if (!status)
		status = find_source(run, options.source, &source, error);
	if (status)
		return status;
	proposal = calloc(1, sizeof *proposal);
	if (!proposal)
		return drvp_fail_nomem(error);
	status = open_source(&o, run, source,
			     &(const struct drvp_target){ options.schema, options.table }, 1, error);
	if (!status)
		status = propose(run, source, &o, &options, &found, error);
	close_source(&o);
	proposal->check = found.check;
	proposal->public = (struct drv_chain_proposal){
		drvp_strbuf_text(&proposal->check), found.tried, found.rows, found.agreeing,
		found.complete
	};
	*out = &proposal->public;
	if (status)
		drv_chain_proposal_free(out);
	return status;
}

void drv_chain_proposal_free(struct drv_chain_proposal **proposal)
{
	struct proposal *p = (struct proposal *)(void *)*proposal;

	*proposal = NULL;
	if (!p)
		return;
	drvp_strbuf_free(&p->check);
	free(p);
}
