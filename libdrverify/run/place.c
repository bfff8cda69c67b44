/* place.c: where the sources of a run are, as the caller says it */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "run/run.h"

int drvp_no_such_source(const struct drv_baseline *baseline, const char *name,
			  struct drv_error *err)
{
	const char *near = NULL;
	const char **names = calloc(baseline->source_count + 1, sizeof *names);

	for (size_t i = 0; names && i < baseline->source_count; i++)
		names[i] = baseline->sources[i].name;
	if (names)
		near = drvp_suggest(name, strlen(name), names, baseline->source_count);
	free(names);
	return drvp_fail(err, DRV_E_USAGE, "%s has no source \"%.60s\"%s%.60s%s", baseline->file, name,
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* The place of a source, and the store that reads it. kind: what it has to be; NULL: any. */
static int find(const struct drv_run *run, const char *name, const char *kind,
		struct drvp_run_source **place, const struct drvp_store **store,
		struct drv_error *err)
{
	const struct drvp_source *source = drvp_baseline_source(run->baseline, name);

	*place = NULL;
	*store = NULL;
	if (!source)
		return drvp_no_such_source(run->baseline, name, err);
	if (kind && strcmp(source->store, kind) != 0)
		return drvp_fail(err, DRV_E_USAGE, "source \"%.60s\" is %s, but this connection is to "
				 "%s", name, source->store, kind);
	*place = &run->sources[source - run->baseline->sources];
	*store = drvp_store_find(source->store);
	return *store ? 0 : drvp_fail(err, DRV_E_UNSUPPORTED, "source \"%.60s\" is %s, for which this "
				      "build has no support", name, source->store);
}

void drvp_run_source_clear(struct drvp_run_source *place)
{
	if (place->uri)
		drvp_cleanse(place->uri, strlen(place->uri));
	free(place->uri);
	*place = (struct drvp_run_source){ 0 };
}

int drv_run_source_uri(struct drv_run *run, const char *source, const char *uri,
		       struct drv_error *error)
{
	const struct drvp_store *store;
	struct drvp_run_source *place;
	char *copy;
	int status = find(run, source, NULL, &place, &store, error);

	if (status)
		return status;
	copy = strdup(uri);
	if (!copy)
		return drvp_fail_nomem(error);
	drvp_run_source_clear(place);
	place->uri = copy;
	return 0;
}

/* Two sources have a thread each, and a connection can serve only one of them. */
static int refuse_twice(const struct drv_run *run, const struct drvp_run_source *place,
			const void *connection, struct drv_error *err)
{
	for (size_t i = 0; i < run->baseline->source_count; i++)
		if (&run->sources[i] != place && run->sources[i].supply.first == connection)
			return drvp_fail(err, DRV_E_USAGE, "source \"%.60s\" has this connection already",
					 run->baseline->sources[i].name);
	return 0;
}

static int lend(struct drv_run *run, const char *source, const char *kind, void *connection,
		struct drv_error *err)
{
	const struct drvp_store *store;
	struct drvp_run_source *place;
	struct drvp_supply supply;
	int status = find(run, source, kind, &place, &store, err);

	if (!status)
		status = refuse_twice(run, place, connection, err);
	if (!status && store->accept)
		status = store->accept(connection, err);
	if (status)
		return status;
	supply = place->supply;
	supply.first = connection;
	drvp_run_source_clear(place);
	place->supply = supply;
	return 0;
}

int drv_run_source_pgconn(struct drv_run *run, const char *source, struct pg_conn *connection,
			  struct drv_error *error)
{
	return lend(run, source, "postgresql", connection, error);
}

int drv_run_source_mongo_client(struct drv_run *run, const char *source,
				struct _mongoc_client_t *client, struct drv_error *error)
{
	return lend(run, source, "mongodb", client, error);
}

static void supply_more(struct drvp_run_source *place, drv_connection_open_fn open,
			drv_connection_close_fn close, void *user)
{
	void *first = place->supply.first;

	drvp_run_source_clear(place);
	place->supply = (struct drvp_supply){ first, open, close, user };
}

int drv_run_source_mongo_pool(struct drv_run *run, const char *source,
			      struct _mongoc_client_pool_t *pool, struct drv_error *error)
{
	const struct drvp_store *store;
	struct drvp_run_source *place;
	int status = find(run, source, "mongodb", &place, &store, error);

	if (!status)
		supply_more(place, store->pool_take, store->pool_put, pool);
	return status;
}

int drv_run_source_factory(struct drv_run *run, const char *source, drv_connection_open_fn open,
			   drv_connection_close_fn close, void *user, struct drv_error *error)
{
	const struct drvp_store *store;
	struct drvp_run_source *place;
	int status = find(run, source, NULL, &place, &store, error);

	if (!status)
		supply_more(place, open, close, user);
	return status;
}

struct drvp_address drvp_run_address(const struct drv_run *run, const struct drvp_source *source)
{
	const struct drvp_run_source *place = &run->sources[source - run->baseline->sources];

	return (struct drvp_address){ place->uri, source->database, run->limits, place->supply,
				      run->keep_driver };
}
