/* mongo_lent.c: a client that the caller lends, on which nothing is set */
#include "store/mongo.h"

/*
 * In a pool the driver's sessions are shared by all clients, and a cursor is read on under the
 * session that opened it. A server without sessions needs none.
 */
void drvp_mongo_open_session(struct drvp_mongo *mongo)
{
	mongoc_session_opt_t *options = mongoc_session_opts_new();

	mongoc_session_opts_set_causal_consistency(options, false);
	mongo->own_session = mongoc_client_start_session(mongo->client, options, NULL);
	mongoc_session_opts_destroy(options);
}

int drvp_mongo_borrow(struct drvp_mongo *mongo, bool first, struct drv_error *err)
{
	int status = drvp_lent_take(&mongo->lent, &mongo->address->supply, first, err);

	if (status)
		return status;
	mongo->client = mongo->lent.connection;
	return drvp_mongo_take_database(mongo, mongoc_client_get_uri(mongo->client), err);
}

void drvp_mongo_give_back(struct drvp_mongo *mongo)
{
	if (mongo->own_session)
		mongoc_client_session_destroy(mongo->own_session);
	drvp_lent_give_back(&mongo->lent);
	mongo->client = NULL;
}

int drvp_mongo_pool_take(void **client, void *pool, struct drv_error *err)
{
	*client = mongoc_client_pool_try_pop(pool);
	return *client ? 0 : drvp_fail(err, DRV_E_BUSY, "the pool has no client left");
}

void drvp_mongo_pool_put(void *client, void *pool)
{
	mongoc_client_pool_push(pool, client);
}
