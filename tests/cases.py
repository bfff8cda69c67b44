"""cases.py: tries many cases, some at a time, and says what came of each: what runners share"""
import argparse
import collections
import concurrent.futures
import os
import subprocess
import sys
import time


class Failed(Exception):
    """A case did not come out as it must; the message says how."""


def parser(description):
    """The options that every runner has."""
    made = argparse.ArgumentParser(description=description + " on real servers, which"
                                   " DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB name.")
    made.add_argument("--drverify", required=True, help="the command under test")
    made.add_argument("--mongo-command", default="", help="the built mongo_command")
    made.add_argument("--case", action="append", help="only this case; repeatable")
    made.add_argument("--workers", type=int, default=2, help="cases at a time")
    made.add_argument("--quiet", action="store_true", help="print only what is not ok")
    return made


def need_postgresql():
    if not os.environ.get("DRV_TEST_POSTGRESQL"):
        sys.exit("DRV_TEST_POSTGRESQL must name a PostgreSQL superuser's connection")


def attempt(name, about, try_out):
    """("passed" | "failed", line)"""
    start = time.monotonic()
    try:
        try_out()
    except Failed as failure:
        return "failed", f"FAIL {name}: {failure}"
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as failure:
        return "failed", f"FAIL {name}: {type(failure).__name__}: {failure}"
    return "passed", f"ok   {name} ({time.monotonic() - start:.1f} s): {about}"


def try_all(what, cases, try_one, options):
    """Tries all; try_one gives ("passed" | "failed" | "skipped", line). The exit status."""
    if not cases:
        sys.exit("there is no such case")
    counts = collections.Counter()
    pool = concurrent.futures.ThreadPoolExecutor(options.workers)
    try:
        for outcome, line in pool.map(try_one, cases):
            counts[outcome] += 1
            if outcome != "passed" or not options.quiet:
                print(line, flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    print(f"{what}: {counts['passed']} passed, {counts['failed']} failed, "
          f"{counts['skipped']} skipped")
    return 1 if counts["failed"] else 0
