/* lent.c: connections that the caller of the library owns, taken and given back */
#include "store/store.h"

bool drvp_address_is_set(const struct drvp_address *address)
{
	return address->uri || address->supply.first || address->supply.open;
}

bool drvp_address_is_single(const struct drvp_address *address)
{
	return !address->uri && !address->supply.open;
}

/* What the caller's function returns and says is only as good as that function. */
static int open_failed(int status, const struct drv_error *why, struct drv_error *err)
{
	if (status >= 0 || status < DRV_E_UNTRUSTED)
		status = DRV_E_CONNECT;
	return drvp_fail(err, status, "the program opened no connection: %.800s",
			 why->message[0] ? why->message : "it gave no reason");
}

int drvp_lent_take(struct drvp_lent *out, const struct drvp_supply *supply, bool first,
		   struct drv_error *err)
{
	struct drv_error why = DRV_ERROR_INIT;
	void *connection = NULL;
	int status;

	*out = (struct drvp_lent){ 0 };
	if (first && supply->first) {
		out->connection = supply->first;
		return 0;
	}
	if (!supply->open)
		return drvp_fail(err, DRV_E_UNSUPPORTED, "there is no other connection than the one "
				 "that was given");
	status = supply->open(&connection, supply->user, &why);
	if (status || !connection)
		return open_failed(status, &why, err);
	*out = (struct drvp_lent){ connection, supply->close, supply->user };
	return 0;
}

void drvp_lent_give_back(struct drvp_lent *lent)
{
	if (lent->connection && lent->close)
		lent->close(lent->connection, lent->user);
	*lent = (struct drvp_lent){ 0 };
}
