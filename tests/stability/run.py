#!/usr/bin/env python3
"""run.py: holds content digests against restores of every supported PostgreSQL

A digest must be the same after whatever keeps the data (ways.py), from each major version into the
same and every newer one, and another after whatever changes a row (differences.py). What a way
did is first compared as text, so that a case which fails is drverify's fault and not the way's.
"""
import collections
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import cases
import cluster
import differences
import shapes
import values
import ways
from cases import Failed
from cluster import Cluster, Unavailable

# Who digests; what one of them tells apart, the other does too.
METHODS = ("stream", "server")
# Long enough for the slowest server; a hang is a failure.
PATIENCE = 120


class Verifier:
    """The command under test."""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = scratch
        self.key = scratch / "key"
        self.key.write_bytes(b"of no value outside of this test")
        self.numbers = iter(range(10 ** 9))
        self.lock = threading.Lock()

    def path(self, what):
        with self.lock:
            return self.scratch / f"{what}-{next(self.numbers)}.json"

    def document(self, tables):
        path = self.path("document")
        path.write_text(json.dumps({
            "format": "drverify/1", "name": "stability",
            "sources": {"main": {"store": "postgresql"}},
            "checks": [{"check": "content", "source": "main", "table": table, "method": method}
                       for table in tables for method in METHODS],
        }, ensure_ascii=False), "utf-8")
        return path

    def run(self, verb, document, conninfo, options=(), environment=None):
        """(exit status, report, output). With a key, tables are told apart by more parts."""
        report = self.path(verb)
        done = subprocess.run(
            [self.program, verb, "--baseline", document, "--source", f"main={conninfo}", "--write",
             f"json={report}", "--key", f"content={self.key}", *options],
            text=True, capture_output=True, check=False, timeout=PATIENCE,
            env={**cluster.ENVIRONMENT, **(environment or {})})
        output = (done.stdout + done.stderr)[-2000:]
        if not report.exists():
            raise Failed(f"{verb} wrote no report (exit {done.returncode})\n{output}")
        return done.returncode, report, output

    def capture(self, conninfo, tables):
        """The baseline's path."""
        status, report, output = self.run("capture", self.document(tables), conninfo)
        if status != 0:
            raise Failed(f"capture fails (exit {status})\n{output}")
        return report

    def expect(self, baseline, conninfo, expected, gone=(), environment=None):
        """Verifies; expected is { table's last name: code }, and every other table passes."""
        if gone:
            baseline = self.without(baseline, gone)
        status, report, output = self.run("verify", baseline, conninfo,
                                          ["--restored-to", "baseline"], environment)
        wrong, seen = [], set()
        for check in json.loads(report.read_text("utf-8"))["checks"]:
            name = check["table"][-1] if isinstance(check["table"], list) \
                else check["table"].split(".", 1)[1]
            seen.add(name)
            codes = [finding["code"] for finding in check["result"]["findings"]]
            verdict = "fail" if name in expected else "pass"
            if check["result"]["verdict"] != verdict or \
                    not differences.is_found(codes, expected.get(name)):
                wrong.append(f"{name}: {check['result']['verdict']} {codes}, not {verdict}")
        wrong += [f"{name} was not checked" for name in expected if name not in seen]
        if status != (2 if expected else 0):
            wrong.append(f"exit status {status}")
        if wrong:
            raise Failed("; ".join(wrong[:20]) + "\n" + output)

    def without(self, baseline, gone):
        """The baseline without the checks of some tables."""
        document = json.loads(baseline.read_text("utf-8"))
        document["checks"] = [check for check in document["checks"]
                              if not any(name in check["table"] or
                                         check["table"] == f"stable.{name}" for name in gone)]
        path = self.path("without")
        path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        return path


class Site:
    """A server of one major version, with the intact database and its baseline."""

    def __init__(self, bench, major):
        self.bench = bench
        self.major = major
        self.cluster = Cluster(bench.options.versions, major, environment=bench.locale)
        self.numbers = iter(range(10 ** 9))
        self.lock = threading.Lock()
        shapes.make(self.cluster, "intact", bench.options.seed)
        self.baseline = bench.verifier.capture(self.cluster.conninfo("intact"), shapes.TABLES)
        self.known = dict(values.columns(major, shapes.extensions(self.cluster)))

    @functools.cached_property
    def lines(self):
        return shapes.fingerprints(self.cluster, "intact", shapes.TABLES)

    def scratch(self, what, template="template0"):
        """The name of a new database; CREATE DATABASE wants its template for itself."""
        with self.lock:
            name = f"{what}_{next(self.numbers)}"
            self.cluster.create(name, template)
        return name

    def prove_same(self, other, database, changed=(), gone=()):
        """A way that changes data by itself would prove nothing."""
        tables = ways.tables_without(gone)
        after = shapes.fingerprints(other, database, tables)
        for table in tables:
            same = after[tuple(table)] == self.lines[tuple(table)]
            if same == (table[-1] in changed):
                raise Failed(f"{shapes.full_name(table)} is {'the same' if same else 'changed'}"
                             " as text")


class Bench:
    """What all cases share: the servers, started when first asked for."""

    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.verifier = Verifier(options.drverify, scratch)
        self.locale = ways.make_locale(options.versions)
        self.sites = {}
        self.locks = collections.defaultdict(threading.Lock)

    def site(self, major):
        with self.locks[major]:
            if major not in self.sites:
                try:
                    self.sites[major] = Site(self, major)
                except (Unavailable, Failed) as why:
                    self.sites[major] = why
        if isinstance(self.sites[major], Exception):
            raise self.sites[major]
        return self.sites[major]

    def close(self):
        for site in self.sites.values():
            if isinstance(site, Site):
                site.cluster.close()


# ---------------------------------------------------------------- cases


def every_type(bench, major):
    """The generator has values of every type that a column can have."""
    site = bench.site(major)
    there = site.cluster.psql("intact", """
        SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
            AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' ORDER BY oid""").split("\n")
    bare = {name.split("(")[0] for name in site.known}
    missing = [name for name in there if name and name not in bare | values.WITHOUT_INPUT]
    if missing:
        raise Failed(f"no values of {', '.join(missing)}")


def in_place(bench, major, name):
    way, gone = ways.IN_PLACE[name]
    site = bench.site(major)
    database = site.scratch("way", "intact")
    way(site.cluster, database)
    site.prove_same(site.cluster, database, gone=gone)
    bench.verifier.expect(site.baseline, site.cluster.conninfo(database), {}, gone,
                          ways.CLIENT_SETTINGS if name == "settings" else None)
    site.cluster.drop(database)


def logical(bench, major, target_major, name):
    way, changed = ways.LOGICAL[name]
    site, target = bench.site(major), bench.site(target_major)
    database = f"restored_{major}_{name.split()[0]}"
    way(site.cluster, target.cluster, "intact", database)
    site.prove_same(target.cluster, database, changed)
    bench.verifier.expect(site.baseline, target.cluster.conninfo(database),
                          {table: differences.CHANGED for table in changed})
    target.cluster.drop(database)


def point_in_time(bench, major):
    copy = ways.PointInTime(bench.options.versions, major, bench.locale)
    try:
        shapes.make(copy.source, "intact", bench.options.seed)
        baseline = bench.verifier.capture(copy.source.conninfo("intact"), shapes.TABLES)
        copy.end()
        copy.source.psql("intact", "DELETE FROM stable.keyed; UPDATE stable.twins SET b = 'later'")
        bench.verifier.expect(baseline, copy.restore().conninfo("intact"), {})
    finally:
        copy.close()


def damaged(bench, major, name):
    statements, expected = differences.DAMAGE[name]
    site = bench.site(major)
    database = site.scratch("damage", "intact")
    site.cluster.psql(database, statements)
    site.prove_same(site.cluster, database, expected)
    bench.verifier.expect(site.baseline, site.cluster.conninfo(database), expected)
    site.cluster.drop(database)


def near_values(bench, major):
    site = bench.site(major)
    database = site.scratch("pairs", "intact")
    which = differences.pairs(site.known)
    differences.make_pairs(site.cluster, database, which)
    tables = [table for table, *_ in which]
    conninfo = site.cluster.conninfo(database)
    baseline = bench.verifier.capture(conninfo, tables)
    bench.verifier.expect(baseline, conninfo, {})
    differences.change_pairs(site.cluster, database, which)
    bench.verifier.expect(baseline, conninfo,
                          {table[-1]: differences.CHANGED for table in tables})
    site.cluster.drop(database)


def single_bits(bench, major, seed):
    site = bench.site(major)
    database = site.scratch(f"bits_{major}", "intact")
    kinds = sum(shapes.kinds_of(major, shapes.extensions(site.cluster))[:2], [])
    tables = differences.make_columns(site.cluster, database, kinds, seed)
    conninfo = site.cluster.conninfo(database)
    baseline = bench.verifier.capture(conninfo, tables)
    # The server's own client writes and reads the files.
    folder = bench.scratch / database
    folder.mkdir()
    left = differences.flip_bits(site.cluster, database, tables, folder, seed)
    if left:
        names = [kinds[tables.index(list(table))][0] for table in left]
        raise Failed(f"no bit of {', '.join(names)} could be changed (seed {seed})")
    bench.verifier.expect(baseline, conninfo,
                          {table[-1]: differences.CHANGED for table in tables})
    site.cluster.drop(database)


def all_cases(options):
    """[(name, function of a bench)]"""
    found = []

    def add(name, function, *arguments):
        found.append((name, lambda bench: function(bench, *arguments)))

    for major in options.majors:
        add(f"{major}: every type", every_type, major)
        for name in ways.IN_PLACE:
            add(f"{major}: same after {name}", in_place, major, name)
        add(f"{major}: same after a base backup and WAL", point_in_time, major)
        for name in differences.DAMAGE:
            add(f"{major}: other after {name}", damaged, major, name)
        add(f"{major}: near values differ", near_values, major)
        for number in range(options.bits):
            add(f"{major}: one bit, {number}", single_bits, major, options.seed + number)
    for major, target in options.restores:
        for name in ways.LOGICAL:
            add(f"{major} to {target}: {name}", logical, major, target, name)
    return found


def try_one(case, bench):
    name, function = case
    try:
        return cases.attempt(name, "as it must be", lambda: function(bench))
    except Unavailable as why:
        return "skipped", f"skip {name}: {why}"


def read_options():
    parser = cases.parser("Tries whether content digests survive restores, and nothing else does,")
    parser.add_argument("--versions", type=pathlib.Path, required=True,
                        help="where the programs of other versions are, or are to be fetched to")
    parser.add_argument("--every", action="store_true", help="all major versions and all pairs")
    parser.add_argument("--seed", type=int, default=1, help="of the values and the bits")
    options = parser.parse_args()
    everything = range(cluster.OLDEST, cluster.NEWEST + 1)
    options.majors = list(everything) if options.every else [15]
    options.restores = [(one, other) for one in everything for other in everything
                        if one <= other] if options.every else [(15, 15), (13, 18)]
    options.bits = 5 if options.every else 1
    return options


def main():
    options = read_options()
    if not os.access(options.drverify, os.X_OK):
        sys.exit(f"{options.drverify} is no program; build it first")
    found = [case for case in all_cases(options) if not options.case or case[0] in options.case]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="drv-stability."))
    # The server's user need not enter it: the client writes there.
    bench = Bench(options, scratch)
    try:
        return cases.try_all("stability", found, lambda case: try_one(case, bench), options)
    finally:
        bench.close()
        shutil.rmtree(scratch)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, Failed) as end:
        sys.exit(f"ended early: {end or 'interrupted'}")
