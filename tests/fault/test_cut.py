#!/usr/bin/env python3
"""test_cut.py: a connection that is cut between any two messages, or inside one, proves nothing

DRVERIFY names the built program, MONGO_COMMAND the program that fills a collection,
DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB the servers; what has no server is skipped. With DRV_EVERY=1
it is cut at up to three hundred messages in each way, else at a few.
"""
import concurrent.futures
import os
import re
import sys
import unittest

import proxy
import scene

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
EVERY = bool(os.environ.get("DRV_EVERY"))
DATABASE = "drverify_cut"

# The finding of a check on which the connection was lost. The others are blocked by it, or likewise.
CODES = {"source.unreachable", "source.lost", "check.blocked"}

# Whether what the client sends is cut, which share of the message still arrives, how it ends, and
# whether a new connection can be had.
WAYS = [(False, 0.0, False, True), (False, 0.5, True, True), (True, 0.0, True, True),
        (True, 0.5, False, True), (False, 0.0, True, False)]


def chosen(messages):
    most = 300 if EVERY else 7
    if messages <= most:
        return range(messages)
    # The beginning is where the most different ones are.
    half = most // 2
    return [*range(half), *sorted({half + i * (messages - half - 1) // half for i in range(half + 1)})]


class Cutting(unittest.TestCase):
    def through(self, stage, cutter, name):
        try:
            return stage.run(name, place=self.place(cutter.port), options=["--timeout", "5s"],
                             within=40)
        finally:
            cutter.close()

    def try_all(self, stage, server, **protocol):
        cutter = proxy.Cutter(server, **protocol)
        intact = self.through(stage, cutter, "intact")
        self.assertEqual(intact.status, 0, intact.text)
        cases = [(*way, after) for way in WAYS for after in chosen(cutter.counts[way[0]])]

        def attempt(case):
            sends, within, reset, for_good, after = case
            cutter = proxy.Cutter(server, sends=sends, within=within, reset=reset,
                                  for_good=for_good, after=after, **protocol)
            outcome = self.through(stage, cutter, "-".join(str(part) for part in case))
            wrong = scene.complaint(outcome, intact)
            codes = {code for codes in outcome.codes() for code in codes}
            if not wrong and outcome.status and not outcome.report:
                wrong = "no report"
            if not wrong and not codes <= CODES:
                wrong = f"codes {codes}"
            return (f"{'client' if sends else 'server'} message {after + 1}, {within:.0%} of it, "
                    f"reset {reset}, for good {for_good}: {wrong}\n{outcome.text}") if wrong else ""

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [one for one in pool.map(attempt, cases) if one]
        self.assertFalse(wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong))
        # One byte at a time is slow, and nothing else.
        cutter = proxy.Cutter(server, piece=1, **protocol)
        outcome = self.through(stage, cutter, "bytes")
        self.assertEqual((outcome.status, outcome.results()), (0, intact.results()), outcome.text)

    def stage(self, written, place, options=()):
        stage = scene.Stage(PROGRAM, written, place, ["--allow-sql", "--jobs", "1", *options])
        self.addCleanup(stage.close)
        stage.capture()
        stage.options += ["--restored-to", "baseline"]
        return stage


@unittest.skipUnless(scene.POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class Postgresql(Cutting):
    def place(self, port):
        words = dict(word.split("=", 1) for word in scene.reader(DATABASE).split())
        words.update(host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
        return " ".join(f"{name}={value}" for name, value in words.items())

    def test_postgresql(self):
        scene.make_postgresql(DATABASE)
        self.addCleanup(scene.psql, f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        stage = self.stage(scene.document("postgresql", scene.ON_POSTGRESQL),
                           scene.reader(DATABASE))
        words = dict(word.split("=", 1) for word in scene.POSTGRESQL.split())
        self.try_all(stage, f"{words['host']}/.s.PGSQL.{words.get('port', '5432')}",
                     find_end=proxy.postgresql_end, headless=True)


@unittest.skipUnless(scene.MONGODB, "DRV_TEST_MONGODB is not set")
class Mongodb(Cutting):
    def place(self, port):
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def test_mongodb(self):
        scene.make_mongodb(DATABASE)
        self.addCleanup(scene.mongo, DATABASE, {"dropDatabase": 1})
        stage = self.stage(scene.document("mongodb", scene.ON_MONGODB, DATABASE), scene.MONGODB)
        host, port = re.search(r"@?([^/@:]+):(\d+)/", scene.MONGODB.split("//", 1)[1]).groups()
        self.try_all(stage, (host, int(port)), find_end=proxy.mongodb_end)


if __name__ == "__main__":
    if not scene.POSTGRESQL and not scene.MONGODB:
        print("skipped: neither DRV_TEST_POSTGRESQL nor DRV_TEST_MONGODB is set", file=sys.stderr)
        sys.exit(77)
    unittest.main()
