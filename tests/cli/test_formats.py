#!/usr/bin/env python3
"""test_formats.py: every format of a report is what its readers take, whatever names it holds

DRVERIFY names the built program. Each format is read by a parser that other people wrote. DRV_JUNIT_XSD
names the schema junit-10.xsd of Jenkins; promtool is used where there is one.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import html5lib
    import markdown_it
    from lxml import etree
    from prometheus_client import parser as prometheus
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from report_sample import HOSTILE, hostile, result, sample, shown

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
XSD = os.environ.get("DRV_JUNIT_XSD")
PROMTOOL = shutil.which("promtool")
# The driver for MongoDB keeps counters in shared memory, and complains where there is little of it.
ENVIRONMENT = {**os.environ, "MONGOC_DISABLE_SHM": "1"}
LABELS = {"document": "pet-to-you production", "command": "verify"}


class Formats(unittest.TestCase):
    def show(self, report, form):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(report, file, ensure_ascii=False)
            done = subprocess.run([PROGRAM, "show", "--format", form, path], env=ENVIRONMENT,
                                  capture_output=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""), done.stderr)
            return done.stdout.decode("utf-8")

    def everywhere(self, form):
        for text in HOSTILE:
            with self.subTest(text):
                yield text, self.show(hostile(text), form)


class Text(Formats):
    def test_nothing_steers(self):
        for text, page in self.everywhere("text"):
            self.assertEqual(page.replace("\n", ""), shown(page.replace("\n", "")))
            self.assertIn(shown(text), page)
            self.assertIn("DAMAGE FOUND: 1 failed", page)

    def test_most_important_first(self):
        lines = [line for line in self.show(sample(), "text").split("\n")
                 if re.match(r"P\d", line)]
        self.assertEqual([line[:7] for line in lines],
                         ["P1 ok  ", "P4 FAIL", "P5 ????", "P5 WARN", "P5 ok  ", "P5 skip"])

    def test_what_to_do_is_said_once(self):
        page = self.show(sample(), "text")
        self.assertEqual(page.count("next: Set it back"), 1)
        self.assertIn("next: Compare the newest rows", page)


class Json(Formats):
    def test_same_values(self):
        for text in HOSTILE:
            report = hostile(text)
            self.assertEqual(json.loads(self.show(report, "json")), report)


class Junit(Formats):
    def suites(self, report):
        page = self.show(report, "junit").encode()
        # Names may be of any size; lxml would refuse some.
        tree = etree.fromstring(page, etree.XMLParser(huge_tree=True, resolve_entities=False))
        if XSD:
            schema = etree.XMLSchema(etree.parse(XSD))
            self.assertTrue(schema.validate(tree), schema.error_log)
        return tree

    @unittest.skipUnless(XSD, "DRV_JUNIT_XSD is not set")
    def test_schema(self):
        self.assertEqual(self.suites(sample()).tag, "testsuites")

    def test_numbers(self):
        main, search = self.suites(sample())
        for suite, tests, failures, errors, skipped in ((main, 3, 1, 0, 0), (search, 3, 0, 0, 2)):
            self.assertEqual([suite.get(name) for name in
                              ("tests", "failures", "errors", "skipped")],
                             [str(n) for n in (tests, failures, errors, skipped)])
            self.assertEqual(len(suite.findall("testcase")), tests)
            for kind, count in (("failure", failures), ("error", errors), ("skipped", skipped)):
                self.assertEqual(len(suite.findall("testcase/" + kind)), count)
        failure = main.find("testcase/failure")
        self.assertEqual(failure.get("type"), "row_count.below")
        self.assertIn("ctid (12,4), key id=7", failure.text)
        self.assertIn("setting full_page_writes is off", main.find("system-out").text)
        self.assertEqual(main.get("timestamp"), "2025-12-30T14:29:58")
        self.assertEqual(main.get("time"), "0.750")

    def test_undecided_is_an_error(self):
        report = sample()
        report["checks"][4]["required"] = True
        self.assertEqual(self.suites(report)[1].get("errors"), "1")

    def test_a_run_that_decided_nothing_is_not_green(self):
        report = sample()
        report["checks"] = report["checks"][4:]
        report["report"].update(verdict="inconclusive", exit_status=3)
        errors = self.suites(report).findall("testsuite/testcase/error")
        self.assertEqual([error.get("message") for error in errors], ["no check was decided"])

    def test_hostile_names(self):
        for text in HOSTILE:
            with self.subTest(text):
                main = self.suites(hostile(text))[0]
                self.assertEqual(main.get("name"), "drverify." + shown(text))
                case = main.find("testcase[failure]")
                self.assertEqual(case.get("name"), shown(f"row_count:{text}:public.{text}"))
                self.assertEqual(case.find("failure").get("message"), shown(text))
                self.assertIn(shown(text), case.find("failure").text)


class Prometheus(Formats):
    def samples(self, report):
        page = self.show(report, "prometheus")
        if PROMTOOL:
            lint = subprocess.run([PROMTOOL, "check", "metrics"], input=page, text=True,
                                  capture_output=True, timeout=60, check=False)
            self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ""))
        found = {}
        for family in prometheus.text_string_to_metric_families(page):
            self.assertTrue(family.documentation, family.name)
            self.assertEqual(family.type, "gauge")
            for one in family.samples:
                key = (one.name, tuple(sorted(one.labels.items())))
                self.assertNotIn(key, found, "one sample twice")
                found[key] = one.value
        return found

    def value(self, found, name, **labels):
        values = [value for (one, given), value in found.items()
                  if one == "drverify_" + name and dict(given).items() >= labels.items()]
        self.assertEqual(len(values), 1, (name, labels, values))
        return values[0]

    def test_values(self):
        found = self.samples(sample())
        users = {"id": "row_count:main:public.users", "check": "row_count", "source": "main",
                 "target": "public.users", "priority": "4", "required": "true", **LABELS}
        for name, value in (("check_verdict", 2), ("check_rows", 48911),
                            ("check_expected_rows", 50002), ("check_least_rows", 50002),
                            ("check_most_rows", 50002), ("check_duration_seconds", 0.25)):
            self.assertEqual(self.value(found, name, **users), value)
        below = {"code": "row_count.below", "effect": "fail", **users}
        self.assertEqual(self.value(found, "check_findings", **below), 1)
        self.assertEqual(self.value(found, "check_finding_rows", **below), 1091)
        self.assertEqual(self.value(found, "check_findings", code="connection.setting"), 2)
        self.assertEqual(self.value(found, "check_data_loss_seconds", check="freshness"), 470)
        self.assertEqual(self.value(found, "check_data_loss_limit_seconds"), 3600)
        self.assertEqual(self.value(found, "check_verdict", target="reviews", required="false"), 3)
        for name, value in (("exit_status", 2), ("run_duration_seconds", 724.25),
                            ("run_finished_timestamp_seconds", 1767105722),
                            ("baseline_captured_timestamp_seconds", 1767072598),
                            ("rto_seconds", 4 * 3600), ("rpo_seconds", 3600),
                            ("recovery_seconds", 3 * 3600 + 12 * 60 + 2)):
            self.assertEqual(self.value(found, name, **LABELS), value)
        for verdict, count in (("pass", 2), ("warn", 1), ("fail", 1), ("inconclusive", 1),
                               ("skipped", 1)):
            self.assertEqual(self.value(found, "checks", verdict=verdict), count)
        self.assertEqual(self.value(found, "source_reached", source="main"), 1)
        self.assertEqual(self.value(found, "source_reached", source="search"), 0)

    def test_what_is_not_known_has_no_sample(self):
        found = self.samples(sample())
        names = {name for name, _ in found}
        self.assertNotIn("drverify_last_success_timestamp_seconds", names)
        read = {dict(labels)["target"] for name, labels in found if name == "drverify_check_rows"}
        self.assertNotIn("reviews", read)
        self.assertNotIn("daycares", read)

    def test_success(self):
        report = sample()
        report["checks"][0]["result"] = result("pass", "")
        report["report"].update(verdict="warn", exit_status=1)
        found = self.samples(report)
        self.assertEqual(self.value(found, "last_success_timestamp_seconds", **LABELS), 1767105722)

    def test_hostile_names(self):
        for text in HOSTILE:
            with self.subTest(text):
                found = self.samples(hostile(text))
                self.assertEqual(self.value(
                    found, "check_verdict", document=shown(text), source=shown(text),
                    target=shown("public." + text), check="row_count",
                    id=shown(f"row_count:{text}:public.{text}")), 2)


class Markdown(Formats):
    def tokens(self, report):
        reader = markdown_it.MarkdownIt("commonmark").enable("table").enable("strikethrough")
        page = reader.parse(self.show(report, "markdown"))
        return page + [child for token in page for child in token.children or []]

    def cells(self, report):
        rows = []
        tokens = self.tokens(report)
        for token, inside in zip(tokens, tokens[1:]):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("td_open", "th_open"):
                rows[-1].append("".join(
                    child.content for child in inside.children or []
                    if child.type in ("text", "code_inline")))
        return rows

    def test_drill_record(self):
        rows = self.cells(sample())
        self.assertIn(["Full recovery (RTO)", "4h00m",
                       "3h12m, from the incident to the end of this run", "not recovered yet"], rows)
        self.assertIn(["Data loss (RPO)", "1h00m", "7m50s, in public.health_notes", "yes"], rows)
        self.assertIn(["baseline.json", "0123456789abcdef" * 4], rows)
        headings = [inside.content for token, inside in
                    zip(self.tokens(sample()), self.tokens(sample())[1:])
                    if token.type == "heading_open"]
        self.assertEqual(headings, ["Recovery drill: pet-to-you production", "Scenario", "Metrics",
                                    "Checks", "Issues found", "Actions", "Evidence"])

    def test_recovery_that_took_too_long(self):
        report = sample()
        report["report"]["incident_at"] = "2025-12-30T10:00:00Z"
        rows = {row[0]: row for row in self.cells(report)}
        self.assertEqual(rows["Full recovery (RTO)"][3], "no")

    def test_hostile_names(self):
        for text in HOSTILE:
            with self.subTest(text):
                report = hostile(text)
                allowed = {"text", "inline", "code_inline", "softbreak", "strong_open",
                           "strong_close"}
                for token in self.tokens(report):
                    kind = token.type.rsplit("_", 1)[0]
                    self.assertTrue(token.type in allowed or kind in (
                        "heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td",
                        "bullet_list", "ordered_list", "list_item"), token)
                rows = self.cells(report)
                # One width from each head down to the next.
                self.assertEqual({len(row) for row in rows}, {2, 3, 4, 6})
                row = next(row for row in rows if row[2:3] == ["row_count"])
                self.assertEqual([cell.strip() for cell in row], [
                    "4", "fail", "row_count", shown(text).strip(), shown("public." + text).strip(),
                    shown(text).strip()])


class Html(Formats):
    def tree(self, report):
        reader = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        return reader.parse(self.show(report, "html"))

    def test_stands_alone(self):
        for text in ["plain", *HOSTILE]:
            with self.subTest(text):
                for element in self.tree(hostile(text)).iter():
                    self.assertIn(element.tag, {
                        "html", "head", "meta", "title", "style", "body", "main", "header", "p",
                        "h1", "h2", "h3", "section", "article", "dl", "div", "dt", "dd", "small",
                        "table", "thead", "tbody", "tr", "th", "td", "span", "strong", "code", "br",
                        "ul", "li", "footer", "svg", "rect",
                        "{http://www.w3.org/2000/svg}svg", "{http://www.w3.org/2000/svg}rect"})
                    for name in element.attrib:
                        self.assertIn(name, {
                            "lang", "charset", "http-equiv", "content", "name", "class",
                            "data-label", "viewBox", "preserveAspectRatio", "role", "aria-label",
                            "x", "y", "width", "height"})

    def test_nothing_is_loaded(self):
        page = self.show(sample(), "html")
        self.assertNotIn("url(", page)
        self.assertNotIn("@import", page)
        self.assertIn("default-src 'none'", page)

    def test_hostile_names(self):
        for text in HOSTILE:
            with self.subTest(text):
                tree = self.tree(hostile(text))
                self.assertEqual(tree.find(".//h1").text, shown(text))
                self.assertEqual(tree.find(".//title").text, shown(text))
                strong = {element.text for element in tree.iter("strong")}
                self.assertIn(shown("public." + text), strong)

    def test_chart(self):
        bars = [element for element in self.tree(sample()).iter() if element.tag.endswith("svg")]
        self.assertEqual([bar.get("aria-label") for bar in bars],
                         ["48,911 of 50,002", "4,910 of 5,000"])
        for bar, share in zip(bars, (48911 / 50002, 4910 / 5000)):
            width = next(rect.get("width") for rect in bar if rect.get("class") == "bar")
            self.assertAlmostEqual(float(width), 100 * share, places=1)

    def test_bars_stay_inside(self):
        for rows, expected in ((0, 0), (5, 0), (10**18, 1), (0, 2**63 - 1)):
            report = sample()
            report["checks"][0]["result"].update(rows=rows, expected=expected, least=expected,
                                                 most=expected)
            for element in self.tree(report).iter():
                if element.tag.endswith("rect"):
                    self.assertLessEqual(float(element.get("x")) + float(element.get("width")), 125)


class Evidence(Formats):
    def test_values_that_stand_for_data(self):
        report = sample()
        report["checks"][0]["result"]["evidence"] = [
            {"what": "content", "recorded": "ab" * 32, "found": "cd" * 32}, {"what": "head", "recorded": "ef" * 32}]
        markdown = self.show(report, "markdown")
        self.assertIn(f"| content of row_count:main:public.users | {'ab' * 32} | {'cd' * 32} |\n", markdown)
        self.assertIn(f"| head of row_count:main:public.users | {'ef' * 32} | none |\n", markdown)
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(self.show(report, "html"))
        rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in tree.iter("tr")]
        self.assertIn(["content of row_count:main:public.users", "ab" * 32, "cd" * 32], rows)
        self.assertIn(["head of row_count:main:public.users", "ef" * 32, "none"], rows)

    def test_none_is_no_table(self):
        for form in ("markdown", "html"):
            self.assertNotIn("Stands for", self.show(sample(), form))

    def test_digest_of_the_report(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(sample(), file)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            for form in ("markdown", "html"):
                done = subprocess.run([PROGRAM, "show", "--format", form, path], text=True,
                                      env=ENVIRONMENT, capture_output=True, timeout=60, check=True)
                self.assertIn(digest, done.stdout)


if __name__ == "__main__":
    unittest.main()
