#!/usr/bin/env python3
"""test_pages.py: pages that have to name something name all of it, and links lead somewhere"""
import glob
import json
import os
import re
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PAGES = [path for pattern in ("*.md", "docs/*.md")
         for path in glob.glob(os.path.join(ROOT, pattern))]


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def without_code(text):
    return re.sub(r"(?ms)^```.*?^```$", "", text)


def anchors(text):
    """The names by which headings can be linked to."""
    titles = re.findall(r"(?m)^#+ (.*)$", without_code(text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


class Pages(unittest.TestCase):
    def test_each_check_says_what_a_pass_means(self):
        schema = json.loads(source("docs/drverify.schema.json"))
        checks = schema["properties"]["checks"]["items"]["properties"]["check"]["anyOf"][0]["enum"]
        page = source("docs/WHAT-A-PASS-MEANS.md")
        sections = re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", page)
        self.assertEqual([name for name, _ in sections], checks)
        for name, text in sections:
            self.assertRegex(text, r"(?m)^Proves", name)
            self.assertRegex(text, r"(?m)^Cannot", name)
        changes = source("CHANGELOG.md")
        for check in checks:
            self.assertIn(f"`{check}`", changes)

    def test_changes_are_of_the_present_version(self):
        version = re.search(r"(?m)^\s+version: '([^']+)'", source("meson.build")).group(1)
        self.assertEqual(re.search(r"(?m)^## (\S+)", source("CHANGELOG.md")).group(1), version)

    def test_links(self):
        count = 0
        for page in PAGES:
            for link in re.findall(r"\]\(([^)\s]+)\)", without_code(source(page))):
                if "://" in link:
                    continue
                path, _, anchor = link.partition("#")
                target = os.path.join(os.path.dirname(page), path) if path else page
                self.assertTrue(os.path.exists(target), f"{page}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(source(target)), f"{page}: {link}")
                count += 1
        self.assertGreater(count, 30)


if __name__ == "__main__":
    unittest.main()
