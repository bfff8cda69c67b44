/* write.c: the formats of reports, one line each */
#include <string.h>

#include "report/report.h"

static const struct {
	const char *name;
	int (*write)(const struct drv_report *, unsigned, struct drvp_strbuf *);
} formats[] = {
	{ "text", drvp_report_text },
	{ "json", drvp_report_json },
	{ "junit", drvp_report_junit },
	{ "prometheus", drvp_report_prometheus },
	{ "markdown", drvp_report_markdown },
	{ "html", drvp_report_html },
	{ "nagios", drvp_report_nagios },
};

#define FORMATS (sizeof formats / sizeof *formats)

const char *drv_report_format(size_t index)
{
	return index < FORMATS ? formats[index].name : NULL;
}

static int unknown_format(const char *format, struct drv_error *error)
{
	struct drvp_strbuf names = DRVP_STRBUF_INIT;

	for (size_t i = 0; i < FORMATS; i++)
		drvp_strbuf_printf(&names, "%s%s", i ? ", " : "", formats[i].name);
	drvp_fail(error, DRV_E_USAGE, "there is no report format \"%.40s\": %s", format,
		  drvp_strbuf_text(&names));
	drvp_strbuf_free(&names);
	return DRV_E_USAGE;
}

int drv_report_write(const struct drv_report *report, const char *format, unsigned flags,
		     drv_write_fn fn, void *user, struct drv_error *error)
{
	if (report->rehearsal)
		return drvp_fail(error, DRV_E_USAGE, "nothing was verified, so there is no report to "
				 "write; its results can be looked at");
	for (size_t i = 0; i < FORMATS; i++) {
		struct drvp_strbuf out = DRVP_STRBUF_INIT;
		int status;

		if (strcmp(format, formats[i].name))
			continue;
		status = formats[i].write(report, flags, &out);
		if (status || out.failed)
			status = drvp_fail_nomem(error);
		else if (fn(drvp_strbuf_text(&out), out.len, user))
			status = drvp_fail(error, DRV_E_IO, "writing the %s report failed", format);
		drvp_strbuf_free(&out);
		return status;
	}
	return unknown_format(format, error);
}
