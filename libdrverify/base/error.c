/* error.c: filling the caller's struct drv_error */
#define DRVP_ERROR_C
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/steer.h"

/* A message cut in the middle of a UTF-8 sequence would not be text any more. */
static void cut_at_character(char *text, size_t size)
{
	size_t end = strlen(text);

	if (end + 1 < size)
		return;
	while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)text[end - 1] >= 0xC0)
		end--;
	text[end] = '\0';
}

int drvp_fail_v(struct drv_error *err, int status, const char *format, va_list args)
{
	if (!err)
		return status;
	err->status = status;
	err->native_code = 0;
	err->sqlstate[0] = '\0';
	vsnprintf(err->message, sizeof err->message, format, args);
	cut_at_character(err->message, sizeof err->message);
	drvp_disarm(err->message);
	return status;
}

int drvp_fail(struct drv_error *err, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	drvp_fail_v(err, status, format, args);
	va_end(args);
	return status;
}

int drvp_fail_nomem(struct drv_error *err)
{
	return drvp_fail(err, DRV_E_NOMEM, "out of memory");
}

const char *drvp_error_text(const struct drv_error *err)
{
	return err->message[0] ? err->message : "no reason was given";
}
