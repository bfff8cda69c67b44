/* server.h: content that the server hashes by itself, for huge tables and slow links */
#ifndef DRVP_CONTENT_SERVER_H
#define DRVP_CONTENT_SERVER_H

#include "checks/check.h"
#include "content/content.h"

/* What a document may not ask for together with "method": "server", or record of it. */
int drvp_content_validate_server(struct drvp_reader *reader, const struct drvp_content *content,
				 const struct drvp_json *node, bool documents);

/* Whether what was recorded was made by the method that the document asks for. */
bool drvp_content_method_fits(const struct drvp_content *content,
			      const struct drvp_settings *settings);

/* Measures the whole table in one question. */
int drvp_content_measure_server(const struct drvp_measure *m, struct drv_error *err);

#endif
