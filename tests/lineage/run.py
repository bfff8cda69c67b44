#!/usr/bin/env python3
"""run.py: one baseline, captured between writes, against every way in which its data can come back

A cluster archives its WAL. It is backed up, written to, captured, and written to again. The backup
is then restored to before, at and after the capture, paused and promoted; a dump is loaded into
another cluster and another database; the server crashes; a copy of its disk goes on by itself. For
each of them the relation to the baseline, the finding codes and the exit status are compared.
"""
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cluster import BIN, ROOT, Cluster, run
import cases
from cases import Failed

PLATFORM = ROOT / "fixtures" / "pet-platform"
READER = "drverify_reader"
# May see which files are beside the WAL, but not read them.
MONITOR = "drverify_monitor"

# A row in each table, as the application writes them, the chain of the audit log included.
WRITE = """
INSERT INTO users (id, email, name, created_at)
	SELECT gen_random_uuid(), gen_random_uuid() || '@example.com', 'name', now();
INSERT INTO health_notes (id, pet_id, created_at)
	SELECT gen_random_uuid(), id, now() FROM pets LIMIT 1;
WITH last AS (SELECT * FROM audit_logs ORDER BY id DESC LIMIT 1), made AS (
	SELECT nextval('audit_logs_id_seq') AS id, user_id, 'login' AS action, 'session' AS resource,
		hash AS previous_hash, date_trunc('milliseconds', now()) AS created_at FROM last)
INSERT INTO audit_logs (id, user_id, action, resource, previous_hash, created_at, hash)
	SELECT id, user_id, action, resource, previous_hash, created_at,
		encode(sha256(convert_to(concat_ws('|', previous_hash, id, user_id, action, resource, '',
			to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
			'UTF8')), 'hex') FROM made;
"""

USERS, PETS, NOTES, AUDIT = ("row_count:main:public.users", "row_count:main:public.pets",
                             "row_count:main:public.health_notes",
                             "audit_chain:main:public.audit_logs")
FRESH = "freshness:main:public.health_notes"
CONNECTION = "connection:main"


PLACES, REVIEWS = "collection_count:search:places", "collection_count:search:reviews"


def with_mongodb(given):
    """The same with a second store, one of whose collections only grows."""
    given["sources"]["search"] = {"store": "mongodb"}
    given["checks"] += [
        {"check": "collection_count", "source": "search", "collection": "places"},
        {"check": "collection_count", "source": "search", "collection": "reviews",
         "append_only": True}]
    return given


def document():
    """Counts of each kind: exact, with a tolerance, and only ever growing."""
    platform = json.loads((PLATFORM / "plan.json").read_text("utf-8"))
    chain = next(check for check in platform["checks"] if check["check"] == "audit_chain")
    return {
        "format": "drverify/1", "name": "lineage", "objectives": {"rpo": "1h", "rto": "4h"},
        "sources": {"main": {"store": "postgresql"}},
        "checks": [
            {"check": "connection", "source": "main"},
            {"check": "row_count", "source": "main", "table": "public.users"},
            {"check": "row_count", "source": "main", "table": "public.pets",
             "expect": {"tolerance": "2%"}},
            {"check": "row_count", "source": "main", "table": "public.health_notes",
             "append_only": True},
            {"check": "freshness", "source": "main", "table": "public.health_notes",
             "column": "created_at"},
            chain,
        ]}


class Scene:
    """All clusters, made when they are first asked for."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.lock = threading.RLock()
        self.clusters = {}
        self.mongodb = ""
        if os.environ.get("DRV_TEST_MONGODB") and options.mongo_command:
            address, _, rest = os.environ["DRV_TEST_MONGODB"].partition("?")
            self.store = folder.name.replace(".", "_")
            self.mongodb = f"{address.rstrip('/')}/{self.store}" + (f"?{rest}" if rest else "")

    def write(self, cluster, database="platform"):
        cluster.ask(WRITE, database)

    def load(self, cluster):
        cluster.ask("CREATE DATABASE platform")
        cluster.ask((PLATFORM / "roles.sql").read_text("utf-8"))
        cluster.ask(f"CREATE ROLE {MONITOR} LOGIN BYPASSRLS IN ROLE pg_read_all_data, pg_monitor")
        made = run([self.options.generate, "--output", "postgresql", "--shape", "plan", "--scale",
                    "500", "--audit-rows", "200"])
        for text in ((PLATFORM / "schema-plan.sql").read_text("utf-8"), made,
                     (PLATFORM / "keys-plan.sql").read_text("utf-8")):
            cluster.ask(text, "platform")

    def drverify(self, *words):
        done = subprocess.run([self.options.drverify, *map(str, words)], text=True, check=False,
                              capture_output=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def capture(self, cluster, to, given):
        specification = self.folder / "document.json"
        specification.write_text(json.dumps(given), "utf-8")
        status, output = self.drverify("capture", "--baseline", specification, "--write",
                                       f"json={to}", *self.sources(given, cluster))
        if status:
            raise Failed(f"the capture ended with {status}\n{output}")
        return json.loads(to.read_text("utf-8"))

    def sources(self, given, cluster, database="platform", role=READER):
        yield from ("--source", f"main={cluster.conninfo(database, role)}")
        if "search" in given["sources"]:
            yield from ("--source", f"search={self.mongodb}")

    def write_mongodb(self):
        """One document more in each collection."""
        run([self.options.mongo_command, self.mongodb, self.store], json.dumps(
            [{"insert": name, "documents": [{"name": "new"}]} for name in ("places", "reviews")]))

    def prepare(self):
        """The history, whose middle is the capture."""
        primary = self.clusters["primary"] = Cluster.create(self.folder / "primary").start()
        self.load(primary)
        primary.back_up(self.folder / "backup")
        for _ in range(5):
            self.write(primary)
        self.set_back(primary)
        self.write(primary)
        primary.ask("SELECT pg_create_restore_point('before')")
        self.time_before = primary.ask("SELECT clock_timestamp()")
        self.write(primary)
        self.captured = self.capture(primary, self.folder / "captured.json", document())
        if self.mongodb:
            self.write_mongodb()
            self.capture(primary, self.folder / "captured-both.json", with_mongodb(document()))
            self.write_mongodb()
        primary.ask("SELECT pg_create_restore_point('at')")
        self.dump(primary)
        self.busy(primary)
        self.write(primary)
        self.time_after = primary.ask("SELECT clock_timestamp()")
        primary.ask("SELECT pg_create_restore_point('after')")
        self.write(primary)
        primary.archive_all()
        self.load_dump(primary, "reloaded")

    def set_back(self, primary):
        """Copies of the disk that go on by themselves, from before the capture on."""
        primary.stop()
        for name in ("short copy", "long copy"):
            folder = self.folder / name.replace(" ", "-")
            folder.mkdir()
            self.clusters[name] = primary.copy(folder)
        primary.start()
        for name in ("short copy", "long copy"):
            # Not into the archive of the server that it is a copy of.
            self.clusters[name].set({"archive_mode": "off"})
            self.clusters[name].start()
        self.go_on(self.clusters["long copy"])

    def go_on(self, cluster):
        """Writes more WAL than the captured server has, and no row."""
        cluster.ask("SELECT count(*) FROM (SELECT pg_logical_emit_message(false, 'more',"
                    " repeat('x', 1000000)) FROM generate_series(1, 40)) s")

    def dump(self, primary):
        self.dumped = self.folder / "platform.dump"
        run([str(BIN / "pg_dump"), "--format", "custom", "--file", str(self.dumped),
             primary.conninfo("platform")])

    def busy(self, primary):
        """A capture while a transaction is under way, which ends right behind it."""
        session = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--dbname",
             primary.conninfo("platform")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write("BEGIN;" + WRITE + "SELECT 'written';\n")
        session.stdin.flush()
        if session.stdout.readline().strip() != "written":
            raise Failed("the busy session did not write")
        self.write_apart(primary)
        self.busy_captured = self.capture(primary, self.folder / "captured-busy.json",
                                          document())
        session.communicate("COMMIT;\n", timeout=60)
        primary.ask("SELECT pg_create_restore_point('busy')")

    def write_apart(self, primary):
        """A later transaction that ends before: what the snapshot shows has a hole."""
        primary.ask("UPDATE users SET name = 'other' WHERE id = (SELECT id FROM users"
                    " ORDER BY created_at LIMIT 1)", "platform")

    def cluster(self, name):
        with self.lock:
            if name not in self.clusters:
                self.clusters[name] = self.make(name)
            return self.clusters[name]

    def make(self, name):
        point, end = name.rsplit(" ", 1)
        folder = self.folder / name.replace(" ", "-")
        if name == "primary crashed":
            self.clusters["primary"].stop()
            return self.clusters["primary"].start()
        if name == "another cluster":
            cluster = Cluster.create(folder).start()
            cluster.ask((PLATFORM / "roles.sql").read_text("utf-8"))
            self.load_dump(cluster, "platform")
            return cluster
        if name == "branch paused":
            return self.follow_branch(folder)
        target = {
            "position": {"recovery_target_lsn": self.captured["sources"]["main"]["identity"]["lsn"],
                         "recovery_target_inclusive": "off"},
            "time before": {"recovery_target_time": self.time_before},
            "time after": {"recovery_target_time": self.time_after},
            "the end": {},
        }.get(point, {"recovery_target_name": point})
        cluster = Cluster.restore(self.folder / "backup", folder, target, end == "promoted")
        if end == "promoted":
            self.go_on(cluster)
        return cluster

    def follow_branch(self, folder):
        """
        A restore that follows another one, which left the captured timeline before the capture and
        went on beyond it.
        """
        archive = self.clusters["primary"].copy_archive(self.folder / "archive-of-branch")
        branch = self.clusters["branch"] = Cluster.restore(
            self.folder / "backup", self.folder / "branch", {"recovery_target_name": "before"}, True,
            archive)
        self.go_on(branch)
        branch.ask("SELECT pg_create_restore_point('branch')")
        branch.archive_all()
        return Cluster.restore(self.folder / "backup", folder, {"recovery_target_name": "branch"},
                               False, archive)

    def load_dump(self, cluster, database):
        cluster.ask(f"CREATE DATABASE {database}")
        run([str(BIN / "pg_restore"), "--no-owner", "--dbname", cluster.conninfo(database),
             str(self.dumped)])

    def close(self):
        if self.mongodb:
            run([self.options.mongo_command, self.mongodb, self.store],
                json.dumps([{"dropDatabase": 1}]))
        for cluster in self.clusters.values():
            cluster.stop()


# What each check says of a moment that is known to be before the captured one, and of one that is
# not known: recorded values cannot be expected. A pet is never bought here.
def doubted(code):
    return {code: [USERS, PETS, NOTES, AUDIT]}


def whole_chain(code):
    """As doubted(), where the chain reaches its recorded head all the same."""
    return {code: [USERS, PETS, NOTES]}


IN_RECOVERY = {"connection.in_recovery": [CONNECTION]}
OLDER = doubted("lineage.older")
SAME = {}
NEWER = {"lineage.newer": [USERS]}

Way = collections.namedtuple("Way", "cluster says exit findings flags role database baseline",
                             defaults=([], None, "platform", "captured"))


def both(cluster, findings, points):
    """main is at the captured moment and in recovery; findings are about the other store."""
    return Way(cluster, "no transaction|as stated", 3, {**IN_RECOVERY, **findings},
               [word for point in points for word in ("--restored-to", point)],
               baseline="captured-both")


def no_reference(findings):
    return {**findings, "freshness.no_reference": [FRESH]}


def ways(scene):
    """name → Way"""
    moment = scene.captured["sources"]["main"]["identity"]["moment"]
    lsn = scene.captured["sources"]["main"]["identity"]["lsn"]
    stated = ["--restored-to", moment]
    return {
        # --- paused: the server itself tells
        "paused before": Way("before paused", "is before the baseline's", 3,
                             no_reference({**OLDER, **IN_RECOVERY})),
        "paused at": Way("at paused", "no transaction since the baseline", 1, IN_RECOVERY),
        "paused at, by position": Way("position paused", "no transaction since", 1, IN_RECOVERY),
        "paused after": Way("after paused", "is not before the baseline's", 3,
                            no_reference({**NEWER, **IN_RECOVERY})),
        "paused before, by time": Way("time before paused", "is before the baseline's", 3,
                                      no_reference({**OLDER, **IN_RECOVERY})),
        "paused after, by time": Way("time after paused", "restored to .* after the baseline", 3,
                                     {**NEWER, **IN_RECOVERY}, ["--restored-to", scene.time_after]),
        "paused on a branch": Way("branch paused", "it left timeline 1 at .*, before", 3,
                                  no_reference({**OLDER, **IN_RECOVERY}), role="postgres"),
        "paused on a branch, half read": Way(
            "branch paused", "may not read where", 3,
            no_reference({**doubted("lineage.unknown"), **IN_RECOVERY})),
        "paused on a branch, unread": Way(
            "branch paused", "may not see which timeline", 3,
            no_reference({**doubted("lineage.unknown"), **IN_RECOVERY}), role=READER),
        "paused after, unread": Way(
            "after paused", "may not see which timeline", 3,
            no_reference({**whole_chain("lineage.unknown"), **IN_RECOVERY}), role=READER),
        "paused at, unread but stated": Way("at paused", "no transaction between the two", 1,
                                            IN_RECOVERY, stated, role=READER),
        # --- paused, and something else is said
        "said to be later than it is": Way(
            "before paused", "after the baseline; but same server; WAL position", 3,
            {**OLDER, **IN_RECOVERY, "freshness.stale": []}, ["--restored-to", scene.time_after]),
        "said to be live": Way("before paused", "live, as stated; but", 3,
                               no_reference({**OLDER, **IN_RECOVERY}), ["--restored-to", "now"]),
        "said to be earlier than it is": Way(
            "after paused", "before the baseline; but same server", 3,
            {**whole_chain("lineage.unknown"), **IN_RECOVERY,
             "freshness.after_restore_point": [FRESH]},
            ["--restored-to", scene.time_before]),
        "nothing was written between": Way("at paused", "no transaction between the two", 1,
                                           IN_RECOVERY, ["--restored-to", scene.time_after]),
        # --- promoted, as somebody who may not read the history
        "promoted before, unread": Way("before promoted", "may not read where", 3,
                                       no_reference(doubted("lineage.unknown"))),
        "promoted at, stated": Way("at promoted", "no transaction between the two", 0, SAME, stated),
        "promoted at, position stated": Way("at promoted", "no transaction between", 0, SAME,
                                            ["--restored-to", f"main={lsn}"]),
        "promoted before, position stated": Way(
            "before promoted", "restored to 0/1000000, before", 3, no_reference(OLDER),
            ["--restored-to", "0/1000000"]),
        "promoted after, stated": Way("after promoted", "after the baseline", 3, NEWER,
                                      ["--restored-to", scene.time_after]),
        "promoted before, stated": Way("before promoted", "before the baseline", 3, OLDER,
                                       ["--restored-to", scene.time_before]),
        # --- promoted, as somebody who may
        "promoted before": Way("before promoted", "promoted: it left timeline 1 at .*, before", 3,
                               no_reference(OLDER), role="postgres"),
        "promoted at": Way("at promoted", "not before .*; no transaction since", 0, SAME,
                           role="postgres"),
        "promoted after": Way("after promoted", "promoted: it left timeline 1 at .*, not before", 3,
                              no_reference(NEWER), role="postgres"),
        "replayed to the end": Way("the end promoted", "not before", 3, no_reference(NEWER),
                                   role="postgres"),
        "promoted before, said to be the captured moment": Way(
            "before promoted", "but promoted: it left timeline 1 at .*, before", 3, OLDER,
            ["--restored-to", "baseline"], role="postgres"),
        # --- damage at the captured moment is damage, not another moment
        "promoted at, and damaged": Way(
            "busy promoted", "as stated", 2, {"row_count.above": [USERS, NOTES],
                                              "chain.head_changed": [AUDIT]},
            ["--restored-to", "baseline"]),
        # --- a transaction was under way: no moment is the very same
        "busy": Way("busy paused", "is not before the baseline's", 3,
                    no_reference({**NEWER, **IN_RECOVERY}), baseline="captured-busy"),
        "busy, and its moment stated": Way(
            "busy promoted", "restored to the baseline's moment", 3, NEWER,
            ["--restored-to", scene.busy_captured["sources"]["main"]["identity"]["moment"]],
            baseline="captured-busy"),
        # --- dumps
        "dump in another cluster": Way("another cluster", "another server than the baseline's", 3,
                                       no_reference(whole_chain("lineage.unknown"))),
        "dump in another cluster, stated": Way("another cluster", "as stated", 0, SAME,
                                               ["--restored-to", "baseline"]),
        "dump in another database": Way("primary", "another database than the baseline's", 3,
                                        no_reference(whole_chain("lineage.unknown")),
                                        database="reloaded"),
        "dump in another database, stated": Way("primary", "as stated", 0, SAME,
                                                ["--restored-to", "main=baseline"],
                                                database="reloaded"),
        # --- copies of the disk that went on by themselves since before the capture
        "copy, not as far": Way("short copy", "is before the baseline's", 3, no_reference(OLDER)),
        "copy, further": Way("long copy", "may be a copy that was set back", 3,
                             no_reference(doubted("lineage.unknown"))),
        # --- two stores, which need not have come back to one moment
        "two stores, one moment": both("at paused", {"lineage.newer": [PLACES]},
                                       [scene.time_after]),
        "two stores, two moments": both("at paused", {"lineage.newer": [PLACES]},
                                        ["main=baseline", "search=now"]),
        "two stores, one of them earlier": both(
            "at paused", {"lineage.older": [PLACES, REVIEWS]},
            ["main=baseline", f"search={scene.time_before}"]),
        "two stores, an LSN places one": both(
            "at paused", {"lineage.unknown": [PLACES, REVIEWS]}, [lsn]),
        # --- the captured server itself; afterwards it has crashed
        "live": Way("primary", "the captured server, running ever since", 3, NEWER),
        "live, as stated": Way("primary", "live, as stated", 3, NEWER, ["--restored-to", "now"]),
        "crashed": Way("primary crashed", "may be a copy that was set back", 3,
                       no_reference(whole_chain("lineage.unknown"))),
        "crashed, said to be live": Way("primary crashed", "live, as stated", 3, NEWER,
                                        ["--restored-to", "now"]),
    }


def findings_of(report):
    """code → ids of checks"""
    found = collections.defaultdict(list)
    for check in report["checks"]:
        for finding in check["result"]["findings"]:
            target = check.get("table", check.get("collection"))
            name = ":".join([check["check"], check["source"]] + ([target] if target else []))
            found[finding["code"]].append(name)
    return dict(found)


def try_way(scene, name, way):
    cluster = scene.cluster(way.cluster)
    report = scene.folder / (re.sub(r"\W+", "-", name) + ".json")
    baseline = scene.folder / f"{way.baseline}.json"
    role = way.role or (MONITOR if way.cluster.endswith("paused") else READER)
    status, output = scene.drverify(
        "--baseline", baseline, "--write", f"json={report}", "-v", *way.flags,
        *scene.sources(json.loads(baseline.read_text("utf-8")), cluster, way.database, role))
    if not report.exists():
        raise Failed(f"no report (exit {status})\n{output}")
    written = json.loads(report.read_text("utf-8"))
    told = written["report"]["sources"]["main"]["lineage"]
    found = findings_of(written)
    wrong = []
    if status != way.exit:
        wrong.append(f"exit status {status}, not {way.exit}")
    if not re.search(way.says, told) or told not in output:
        wrong.append(f'the lineage is "{told}"')
    expected = {code: ids for code, ids in way.findings.items() if ids}
    if found != expected:
        wrong.append(f"found {found}, not {expected}")
    if wrong:
        raise Failed("; ".join(wrong) + f"\n{output}")


def attempt(scene, name, way):
    if way.baseline == "captured-both" and not scene.mongodb:
        return "skipped", f"skip {name}: no MongoDB server"
    return cases.attempt(name, way.says, lambda: try_way(scene, name, way))


def read_options():
    parser = cases.parser("Restores a cluster in many ways")
    parser.add_argument("--generate", required=True, help="the built data generator")
    return parser.parse_args()


def main():
    options = read_options()
    options.workers = 1         # in their order: the crash comes last
    # A short name, for its sockets; others may pass through it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="drv-lineage.", dir="/tmp"))
    folder.chmod(0o755)
    scene = Scene(options, folder)
    try:
        scene.prepare()
        table = ways(scene)
        chosen = [name for name in table if not options.case or name in options.case]
        return cases.try_all("lineage", chosen, lambda name: attempt(scene, name, table[name]),
                             options)
    finally:
        scene.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, Failed) as end:
        sys.exit(f"ended early: {end or 'interrupted'}")
