#!/usr/bin/env python3
"""test_demo.py: the verdict that README.md shows is what the demo prints

usage: test_demo.py LOG
LOG is what fixtures/demo.sh printed. Times, versions, addresses and places of rows differ from run to
run; a line "…" stands for lines that are left out.
"""
import os
import re
import sys
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SHOWN_FROM = "$ drverify verify "


def source(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def settled(line):
    """What two runs have in common."""
    line = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "INSTANT", line)
    line = re.sub(r"\b\d+d\d+h|\b\d+h\d+m|\b\d+m\d+s|\b[\d.]+s\b|\b\d+ ms\b", "TIME", line)
    line = re.sub(r"(PostgreSQL|MongoDB) [\d.]+( at)? [^;\s]+", r"\1 VERSION\2 ADDRESS", line)
    return re.sub(r"ctid \(\d+,\d+\)", "ctid", line).rstrip()


def block():
    """README's own, from the command on."""
    for text in re.findall(r"(?ms)^```\n(.*?)^```$", source(os.path.join(ROOT, "README.md"))):
        if text.startswith(SHOWN_FROM):
            return text.splitlines()
    raise AssertionError("README.md shows no verdict")


class Demo(unittest.TestCase):
    def test_readme_shows_it(self):
        printed = [settled(line) for line in source(LOG).splitlines()]
        shown = [settled(line) for line in block()]
        self.assertGreater(len(shown), 15)
        # The damaged copy comes last.
        at = max(i for i, line in enumerate(printed) if line.startswith(SHOWN_FROM))
        left_out = False
        for line in shown:
            if line == "…":
                left_out = True
                continue
            found = next((i for i in range(at, len(printed)) if printed[i] == line), None)
            self.assertIsNotNone(found, f"the demo does not print, or not here: {line}")
            self.assertTrue(left_out or found == at, f"README leaves out what stands before: {line}")
            at, left_out = found + 1, False
        self.assertEqual(shown[-1], [line for line in printed if line.startswith("next  ")][-1])


if __name__ == "__main__":
    LOG = sys.argv[1]
    unittest.main(argv=sys.argv[:1] + ["-v"])
