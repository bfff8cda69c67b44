#!/usr/bin/env python3
"""propose.py: for how many of the surveyed chains does chain-propose find the recipe by itself?

Loads the entries of each folder of fixtures/chain-survey, gives drverify chain-propose nothing but
the table and the keys, and tells what it found: a recipe that gives the hash of all rows it looked
at, of some, or none. It is a measure and no test: nothing depends on the number.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
import time

from run import CASES, Case, Failed


def propose(case, options):
    """("all" | "some" | "none" | "error", seconds, last line)"""
    check = case.document["checks"][0]
    command = [options.drverify, "chain-propose", "--source", case.store.address(), "--table",
               check.get("table") or check["collection"], "--timeout", f"{options.timeout}s"]
    start = time.monotonic()
    done = subprocess.run(command + case.keys(), text=True, capture_output=True, check=False)
    seconds = time.monotonic() - start
    said = " ".join(done.stderr.split())
    if options.show:
        print(done.stdout)
    if done.returncode == 3:
        return "error", seconds, said
    if done.returncode == 0:
        return "all", seconds, said
    return ("some" if done.stdout.strip() else "none"), seconds, said


def try_folder(folder, options, scratch):
    case = Case(folder, options, scratch)
    case.scratch.mkdir(parents=True)
    try:
        case.store.create()
        case.store.fill(case.lines)
        return propose(case, options)
    finally:
        case.store.drop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drverify", required=True, help="the command to measure")
    parser.add_argument("--mongo-command", default="", help="the built mongo_command")
    parser.add_argument("--case", action="append", help="only this case; repeatable")
    parser.add_argument("--timeout", type=int, default=20, help="seconds for one search")
    parser.add_argument("--show", action="store_true", help="print the recipes that were found")
    options = parser.parse_args()
    counts = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="drv-propose.") as scratch:
        for folder in sorted(path.parent for path in CASES.glob("*/case.json")):
            if options.case and folder.name not in options.case:
                continue
            try:
                found, seconds, said = try_folder(folder, options, pathlib.Path(scratch))
            except Failed as failure:
                found, seconds, said = "error", 0, str(failure)
            counts[found] += 1
            print(f"{found:5} {folder.name:26} {seconds:5.1f} s  {said[:110]}", flush=True)
    print(", ".join(f"{found}: {counts[found]}" for found in ("all", "some", "none", "error")))


if __name__ == "__main__":
    sys.exit(main())
