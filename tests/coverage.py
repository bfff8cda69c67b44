#!/usr/bin/env python3
"""coverage.py: how many lines of each folder of the library the tests went through

usage: tests/coverage.py BUILD, whose tests were run; -Db_coverage=true made it count.
"""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LEAST = 0.90


def main():
    build = pathlib.Path(sys.argv[1])
    done = subprocess.run(
        ["gcovr", "--root", ROOT, "--object-directory", build, "--filter", f"{ROOT}/libdrverify/",
         "--gcov-ignore-parse-errors", "--json-summary", "-"], stdout=subprocess.PIPE, check=True)
    report = json.loads(done.stdout)
    folders = collections.defaultdict(lambda: [0, 0])
    for file in report["files"]:
        folder = folders[pathlib.Path(file["filename"]).parent.name]
        folder[0] += file["line_covered"]
        folder[1] += file["line_total"]
        if file["line_covered"] < LEAST * file["line_total"]:
            print(f"{file['line_covered'] / file['line_total']:6.1%}  {file['filename']}")
    for name, (covered, total) in sorted(folders.items()):
        print(f"{covered / total:6.1%}  {name}/  {covered:,} of {total:,} lines")
    print(f"{report['line_percent'] / 100:6.1%}  {report['line_covered']:,} of {report['line_total']:,}"
          " lines of the library")
    return 0 if report["line_covered"] >= LEAST * report["line_total"] else 1


if __name__ == "__main__":
    sys.exit(main())
