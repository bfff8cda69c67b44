/* html_page.c: the frame and the style of the page: readable on a phone, at night, and on paper */
#include "report/html.h"

#include "report/escape.h"

/* Nothing may be loaded and nothing may run, whatever a name in the report tries. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

static const char style[] =
	":root{color-scheme:light dark;--ground:#f6f7f9;--paper:#fff;--ink:#1b1f24;--soft:#59636e;"
	"--line:#d9dee4;--pass:#1a6b3a;--warn:#855400;--fail:#b3261e;--inconclusive:#5c3bb5;"
	"--skipped:#59636e;--band:#cfe7d7;--bar:#7d8a99}\n"
	"@media(prefers-color-scheme:dark){:root{--ground:#0f1216;--paper:#171b21;--ink:#e6e9ed;"
	"--soft:#9aa5b1;--line:#2d343d;--pass:#63c788;--warn:#e2b04a;--fail:#ff8a80;"
	"--inconclusive:#bba6f7;--skipped:#9aa5b1;--band:#234a32;--bar:#7f8c9b}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,"
	"\"Noto Sans\",\"Noto Sans KR\",\"Malgun Gothic\",\"Apple SD Gothic Neo\",sans-serif}\n"
	"main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
	"h1{font-size:1.6rem;line-height:1.25;margin:.15rem 0 .75rem}\n"
	"h2{font-size:1.15rem;margin:0 0 .75rem}\nh3{font-size:1rem;margin:0 0 .25rem}\n"
	"p{margin:.25rem 0}\nul{margin:.25rem 0;padding-left:1.25rem}\n"
	"h1,h3,td,dd,p,li,code{overflow-wrap:anywhere}\n"
	"header,section{background:var(--paper);border:1px solid var(--line);border-radius:10px;"
	"padding:1.1rem 1.25rem;margin:0 0 1rem}\n"
	"header{border-left:8px solid var(--tone)}\n"
	".kicker,.soft,footer{color:var(--soft);font-size:.875rem}\n"
	".headline{color:var(--tone);font-size:1.3rem;font-weight:700}\n"
	".pass{--tone:var(--pass)}.warn{--tone:var(--warn)}.fail{--tone:var(--fail)}"
	".inconclusive{--tone:var(--inconclusive)}.skipped{--tone:var(--skipped)}"
	".plain{--tone:var(--ink)}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));gap:.6rem;"
	"margin:1rem 0 0}\n"
	".tiles div{border:1px solid var(--line);border-radius:8px;padding:.5rem .75rem}\n"
	"dt{color:var(--soft);font-size:.8125rem}\ndd{margin:0}\n"
	".tiles dd{font-size:1.15rem;font-weight:600;color:var(--tone)}\n"
	".tiles dd small{display:block;font-size:.8125rem;font-weight:400;color:var(--soft)}\n"
	"table{width:100%;border-collapse:collapse;font-size:.9375rem}\n"
	"th{text-align:left;color:var(--soft);font-weight:600;font-size:.8125rem;"
	"border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0;white-space:nowrap}\n"
	"td{vertical-align:top;border-bottom:1px solid var(--line);padding:.45rem .6rem .45rem 0}\n"
	"tr:last-child td{border-bottom:0}\n"
	".facts td:first-child{color:var(--soft);width:11rem}\n"
	".word{white-space:nowrap}.where{min-width:10.5rem}\n"
	".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".badge{display:inline-block;min-width:6.6em;text-align:center;font-size:.8125rem;"
	"font-weight:700;color:var(--tone);border:1.5px solid var(--tone);border-radius:5px;"
	"padding:0 .45em;white-space:nowrap}\n"
	"code{font:.875em ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
	".chart{width:34%;min-width:8rem;padding-left:1rem}\n.chart svg{display:block;width:100%;height:1.1rem;"
	"margin-top:.2rem}\n"
	".track{fill:var(--line);opacity:.55}.band{fill:var(--band)}.bar{fill:var(--tone,var(--bar))}"
	".mark{fill:var(--ink)}\n"
	".tone{color:var(--tone);font-weight:600}\n"
	".finding{border-left:4px solid var(--tone);padding:.1rem 0 .1rem .9rem;margin:0 0 1.1rem}\n"
	".finding:last-child{margin-bottom:0}\n"
	"footer{padding:0 .25rem}\n"
	"@media(max-width:46rem){main{padding:.75rem .6rem 2rem}header,section{padding:.9rem .9rem}"
	"thead{display:none}tbody,tr,td{display:block;width:auto!important}"
	"tr{border-bottom:1px solid var(--line);padding:.5rem 0}tr:last-child{border-bottom:0}"
	"td{border:0;padding:.1rem 0}"
	"td[data-label]:not([data-label=\"\"]){display:grid;grid-template-columns:6.5rem 1fr;gap:.5rem}"
	"td[data-label]::before{content:attr(data-label);color:var(--soft);font-size:.8125rem}"
	"td[data-label=\"\"]::before{content:none}"
	".number{text-align:left;white-space:normal}.chart{padding-left:0}"
	"td:empty{display:none!important}}\n"
	"@media print{:root{--ground:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;"
	"--pass:#14532d;--warn:#6b4300;--fail:#9b1c14;--inconclusive:#46289a;--skipped:#444;"
	"--band:#cfe7d7;--bar:#7d8a99}"
	"body{font-size:10pt}main{max-width:none;padding:0}"
	"header,section{border-radius:0;padding:.6rem .8rem}"
	"tr,.finding,header{break-inside:avoid}h2,h3{break-after:avoid}"
	"svg,.badge,header{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";

void drvp_html_open(struct drvp_strbuf *out, const char *title)
{
	drvp_strbuf_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			"<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	drvp_escape_xml(out, title);
	drvp_strbuf_str(out, "</title>\n<style>\n");
	drvp_strbuf_str(out, style);
	drvp_strbuf_str(out, "</style>\n</head>\n<body>\n<main>\n");
}

void drvp_html_close(struct drvp_strbuf *out)
{
	drvp_strbuf_str(out, "</main>\n</body>\n</html>\n");
}
