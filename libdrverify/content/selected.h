/* selected.h: whether a document is still about the rows and columns that were captured */
#ifndef DRVP_SELECTED_H
#define DRVP_SELECTED_H

#include "checks/check.h"

/* Writes the member "selected": what of the check's members leaves rows and columns out. */
void drvp_content_put_selected(const struct drvp_item *item, struct drvp_json_writer *writer);

/*
 * The member of the document that is not what it was at the capture, or NULL: nothing is recorded,
 * or all is as it was. The order of columns and conditions makes no difference.
 */
const char *drvp_content_changed_member(const struct drvp_item *item,
					const struct drvp_settings *settings);

#endif
