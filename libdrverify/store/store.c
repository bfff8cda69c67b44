/* store.c: the stores of this build, by name, and what they have in common */
#include "store/store.h"

#include <string.h>

static const struct drvp_store *const stores[] = {
#ifdef DRVP_HAVE_POSTGRESQL
	&drvp_store_postgresql,
#endif
#ifdef DRVP_HAVE_MONGODB
	&drvp_store_mongodb,
#endif
	NULL
};

const struct drvp_store *drvp_store_find(const char *name)
{
	for (size_t i = 0; stores[i]; i++)
		if (!strcmp(stores[i]->name, name))
			return stores[i];
	return NULL;
}

const struct drvp_column *drvp_relation_column(const struct drvp_relation *relation,
					       const char *name)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (!strcmp(relation->columns[i].name, name))
			return &relation->columns[i];
	return NULL;
}

struct drvp_place drvp_relation_place(const struct drvp_relation *relation, const char *name)
{
	struct drvp_place place = { drvp_relation_column(relation, name), NULL };
	size_t longest = 0;

	if (place.column)
		return place;
	for (size_t i = 0; i < relation->column_count; i++) {
		const struct drvp_column *column = &relation->columns[i];
		size_t len = strlen(column->name);

		if (column->has_members && len > longest && !strncmp(column->name, name, len) &&
		    name[len] == '.') {
			longest = len;
			place = (struct drvp_place){ column, name + len + 1 };
		}
	}
	return place;
}

bool drvp_relation_has(const struct drvp_relation *relation, const char *name)
{
	return drvp_relation_place(relation, name).column;
}
