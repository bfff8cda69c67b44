/* error.h: filling the caller's struct drv_error */
#ifndef DRVP_ERROR_H
#define DRVP_ERROR_H

#include <stdarg.h>

#include "drverify.h"

#define DRVP_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/*
 * Sets status and message, and returns status, so that a failing function ends with
 * "return drvp_fail(err, DRV_E_X, ...)". err may be NULL. A message that does not fit is cut at a
 * character boundary, and what would steer a terminal becomes "?": it may quote a document or a
 * server.
 */
int drvp_fail(struct drv_error *err, int status, const char *format, ...) DRVP_PRINTF(3, 4);

int drvp_fail_v(struct drv_error *err, int status, const char *format, va_list args)
	DRVP_PRINTF(3, 0) __attribute__((nonnull(3)));

/* The same for "out of memory", which needs no words. */
int drvp_fail_nomem(struct drv_error *err);

#if defined(__clang_analyzer__) && !defined(DRVP_ERROR_C)
/* It looks at one file at a time, and cannot know that a failure is never 0. */
static inline int drvp_failed(int status)
{
	if (!status)
		__builtin_unreachable();
	return status;
}
#define drvp_fail(...) drvp_failed(drvp_fail(__VA_ARGS__))
#define drvp_fail_nomem(err) drvp_failed(drvp_fail_nomem(err))
#endif

/* A message in err, or a word for its status when it has none. */
const char *drvp_error_text(const struct drv_error *err);

#endif
