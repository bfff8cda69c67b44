/* test_escape.c: foreign text cannot leave the place it was put into, in any format */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/escape.h"

static void expect(void (*escape)(struct drvp_strbuf *, const char *), const char *text,
		   const char *wanted)
{
	struct drvp_strbuf out = DRVP_STRBUF_INIT;

	escape(&out, text);
	assert_false(out.failed);
	assert_string_equal(drvp_strbuf_text(&out), wanted);
	drvp_strbuf_free(&out);
}

static void test_all_show_what_steers(void **state)
{
	(void)state;
	expect(drvp_escape_xml, "a\n\x1b[\xff\xef\xbf\xbe", "a\\x0a\\x1b[\\xff\\xef\\xbf\\xbe");
	expect(drvp_escape_label, "a\n", "a\\\\x0a");
	expect(drvp_escape_markdown, "a\n", "a\\\\x0a");
	expect(drvp_escape_nagios, "a\n", "a\\x0a");
	expect(drvp_escape_perfdata, "진료\n", "진료\\x0a");
}

static void test_xml(void **state)
{
	(void)state;
	expect(drvp_escape_xml, "<a b='c' d=\"e\">&amp;]]>",
	       "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;]]&gt;");
}

static void test_label(void **state)
{
	(void)state;
	expect(drvp_escape_label, "a\"b\\c{d},e", "a\\\"b\\\\c{d},e");
}

static void test_markdown(void **state)
{
	(void)state;
	expect(drvp_escape_markdown, "row_count _a_ a|b `c` *d* [e](f) <g> &h; ~i~ #j $k$ !l",
	       "row_count \\_a\\_ a\\|b \\`c\\` \\*d\\* \\[e\\](f) \\<g\\> \\&h; \\~i\\~ \\#j "
	       "\\$k\\$ \\!l");
	expect(drvp_escape_markdown, "http://x a:b", "http\\://x a:b");
}

static void test_nagios(void **state)
{
	(void)state;
	expect(drvp_escape_nagios, "a|b=1;2", "a\\x7cb=1;2");
	expect(drvp_escape_perfdata, "it's a=b|c", "it''s a_b_c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_show_what_steers),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_nagios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
