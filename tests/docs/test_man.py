#!/usr/bin/env python3
"""test_man.py: the manual pages name what there is, all of it and nothing else

usage: test_man.py FOLDER TABLES
FOLDER has the pages, TABLES is what drverify help tables prints.
"""
import json
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "completion"))
from tables import Tables  # noqa: E402


def source(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def shown(page):
    """The page as a reader sees it, on a terminal that is wide enough to fold nothing."""
    done = subprocess.run(["man", "--warnings", "--local-file", os.path.join(FOLDER, page)],
                          check=True, capture_output=True, text=True,
                          env={**os.environ, "MANWIDTH": "2000", "LC_ALL": "C.UTF-8"})
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout


def section(text, title):
    return re.search(rf"(?ms)^{title}$(.*?)(?=^\S|\Z)", text).group(1)


def squeezed(text):
    return " ".join(text.split())


class Manual(unittest.TestCase):
    def test_options(self):
        text = section(shown("drverify.1"), "OPTIONS")
        rows = re.findall(r"(?m)^ {7}(?:-(\w), )?--([a-z-]+)(?: (\S+))?$", text)
        self.assertEqual(rows, [(option.letter, option.name, option.argument)
                                for option in TABLES.options])
        for option in TABLES.options:
            self.assertIn(squeezed(" ".join(option.help))[1:], squeezed(text))
            self.assertIn("Commands: " + ", ".join(option.commands) + ".", text)

    def test_commands(self):
        text = section(shown("drverify.1"), "COMMANDS")
        self.assertEqual(re.findall(r"(?m)^ {3}drverify (\S+)$", text),
                         [command.name for command in TABLES.commands])
        for command in TABLES.commands:
            for line in command.text:
                self.assertIn(squeezed(line), squeezed(text), command.name)

    def test_functions(self):
        exported = re.findall(r"(?m)^\s+(drv_\w+);", source("libdrverify", "libdrverify.map"))
        text = section(shown("libdrverify.3"), "DECLARATIONS")
        declared = re.findall(r"(?m)^ {11}(?! )[\w *]*?\b(drv_\w+)\(", text)
        self.assertEqual(sorted(declared), sorted(exported))
        self.assertEqual(set(re.findall(r"\b(drv_\w+)\(", text)), set(exported))

    def test_members(self):
        text = shown("drverify-document.5")
        schema = json.loads(source("docs", "drverify.schema.json"))
        checks = schema["properties"]["checks"]["items"]["properties"]["check"]["anyOf"][0]["enum"]
        named = set(re.findall(r"(?m)^ {7}([a-z_.]+)$", text))
        wanted = {"table", "tolerance", "duration", "time", "where", "filter"}

        def gather(node, before=""):
            for name, member in node.get("properties", {}).items():
                wanted.add(before + name)
                gather(member, before + name + ".")

        gather(schema)
        for definition in schema["$defs"].values():
            for node in [definition] + definition.get("anyOf", []):
                gather(node)
        self.assertEqual(named, wanted)
        self.assertEqual(re.findall(r"(?m)^ {3}(\w+)$", section(text, "CHECKS")), checks)


if __name__ == "__main__":
    FOLDER, TABLES = sys.argv[1], Tables(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + ["-v"])
