/* named_rows.c: rows worth naming, as many as a report should hold */
#include "content/named_rows.h"

#include <stdlib.h>
#include <string.h>

int drvp_named_rows_add(struct drvp_named_rows *rows, const char *place, const char *key,
			size_t key_len)
{
	struct drvp_spot spot = { (int64_t)rows->count, strdup(place), strndup(key, key_len) };
	struct drvp_spot *grown = rows->list;

	if (!(rows->count & (rows->count - 1)))
		grown = realloc(grown, (rows->count ? 2 * rows->count : 1) * sizeof *grown);
	if (grown)
		rows->list = grown;
	if (!grown || !spot.place || !spot.key) {
		free(spot.place);
		free(spot.key);
		return DRV_E_NOMEM;
	}
	rows->list[rows->count++] = spot;
	return 0;
}

void drvp_named_rows_free(struct drvp_named_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->list[i].place);
		free(rows->list[i].key);
	}
	free(rows->list);
	memset(rows, 0, sizeof *rows);
}
