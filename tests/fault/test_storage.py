#!/usr/bin/env python3
"""test_storage.py: what may be wrong with a PostgreSQL server and its files, and what is said of it

DRVERIFY names the built program. Servers are made here, in a folder under /tmp, so that their sockets
have short paths; but where DRV_TEST_POSTGRESQL names none, everything is skipped.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lineage"))
import cluster as clusters
import scene

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
BLOCK = 8192
DATABASE = "drverify_storage"

# Of each table: what is done to its files, and the findings of its count and of its content, in a
# cluster without checksums and in one with them.
TABLES = {
    "intact": ("nothing", ([], []), ([], [])),
    "garbage": ("the header of its second page is overwritten",
                (["relation.corrupted"], ["relation.corrupted"]),
                (["relation.corrupted"], ["relation.corrupted"])),
    "flipped": ("one letter of a value is another",
                ([], ["content.changed"]), (["relation.corrupted"], ["relation.corrupted"])),
    "zeroed": ("its second page is full of zeroes, which looks like one that was never used",
               (["row_count.below"], ["content.missing"]),
               (["row_count.below"], ["content.missing"])),
    "cut": ("its file ends after the first page",
            (["row_count.below"], ["content.missing"]),
            (["row_count.below"], ["content.missing"])),
    "gone": ("its file is not there",
             (["relation.corrupted"], ["relation.corrupted"]),
             (["relation.corrupted"], ["relation.corrupted"])),
    "toasted": ("long values lack their pieces",
                ([], ["relation.corrupted"]), ([], ["relation.corrupted"])),
    "indexed": ("its index is full of zeroes, which shows although it is not read",
                (["relation.corrupted"], ["relation.corrupted"]),
                (["relation.corrupted"], ["relation.corrupted"])),
    # The rows are there, which is what the verdict is about.
    "behind": ("its index knows fewer rows than it has", ([], []), ([], [])),
}

SCHEMA = "".join(f"""
CREATE TABLE public.{name} AS SELECT g AS id, repeat('letter ', 10) AS text
  FROM generate_series(1, 500) g;""" for name in TABLES) + """
ALTER TABLE public.toasted ALTER text SET STORAGE EXTERNAL;
UPDATE public.toasted SET text = repeat('letter ', 1000) WHERE id % 100 = 0;
CREATE INDEX indexed_id ON public.indexed (id);
CREATE INDEX behind_id ON public.behind (id);
"""


def overwrite(path, at, content):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(content)


def flip(path):
    content = path.read_bytes()
    overwrite(path, content.index(b"letter", BLOCK), b"lettre")


def cut(path, size):
    with open(path, "r+b") as file:
        file.truncate(size)


class Storage(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="drv-st.", dir="/tmp"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def create(self, name):
        one = clusters.Cluster.create(self.folder / name)
        self.addCleanup(one.stop)
        return one

    def fill(self, one, sql):
        one.ask(f"CREATE DATABASE {DATABASE}")
        one.ask(f"CREATE ROLE {scene.ROLE} LOGIN; GRANT pg_read_all_data TO {scene.ROLE}")
        one.ask(sql, DATABASE)

    def stage(self, one, checks, options=(), role=scene.ROLE):
        stage = scene.Stage(PROGRAM, scene.document("postgresql", checks),
                            one.conninfo(DATABASE, role), options)
        self.addCleanup(stage.close)
        return stage

    def check(self, outcome, status, codes):
        self.assertEqual((outcome.status, outcome.codes()), (status, codes), outcome.text)

    def add_rows(self, one):
        """Returns what was in an index before."""
        one.ask("CHECKPOINT")
        path = one.data / one.ask("SELECT pg_relation_filepath('public.behind_id')", DATABASE)
        early = path.read_bytes()
        one.ask("INSERT INTO public.behind SELECT g, 'later' FROM generate_series(501, 600) g",
                DATABASE)
        return early

    def damage_files(self, checksums):
        one = self.create("sums" if checksums else "plain")
        if checksums:
            clusters.run(clusters.as_server([clusters.BIN / "pg_checksums", "--enable", "--pgdata",
                                             one.data]), cwd="/")
        one.start()
        self.fill(one, SCHEMA)
        early = self.add_rows(one)
        stage = self.stage(one, [{"check": check, "table": f"public.{name}"} for name in TABLES
                                 for check in ("row_count", "content")])
        stage.capture()
        stage.options += ["--restored-to", "baseline"]
        self.check(stage.run(), 0, [[]] * 2 * len(TABLES))
        place = {name: one.data / one.ask(f"SELECT pg_relation_filepath('public.{name}')", DATABASE)
                 for name in TABLES}
        toast = one.data / one.ask("SELECT pg_relation_filepath(reltoastrelid) FROM pg_class "
                                   "WHERE relname = 'toasted'", DATABASE)
        index, behind = (one.data / one.ask(f"SELECT pg_relation_filepath('public.{name}')", DATABASE)
                         for name in ("indexed_id", "behind_id"))
        one.stop("fast")
        overwrite(place["garbage"], BLOCK, b"\xFF" * 24)
        flip(place["flipped"])
        overwrite(place["zeroed"], BLOCK, bytes(BLOCK))
        cut(place["cut"], BLOCK)
        place["gone"].unlink()
        cut(toast, BLOCK)
        overwrite(index, 0, bytes(index.stat().st_size))
        behind.write_bytes(early)
        one.start()
        self.assertEqual("0", one.ask("SET enable_seqscan = off; "
                                      "SELECT count(*) FROM public.behind WHERE id = 600", DATABASE))
        self.check(stage.run(), 2, [codes for name in TABLES
                                    for codes in TABLES[name][2 if checksums else 1]])

    def test_files_without_checksums(self):
        self.damage_files(False)

    def test_files_with_checksums(self):
        self.damage_files(True)

    def test_rights(self):
        """One of ten tables may not be read, of another only some rows."""
        one = self.create("rights").start()
        names = [f"t{i}" for i in range(10)]
        self.fill(one, "CREATE ROLE clerk LOGIN;" + "".join(
            f"CREATE TABLE public.{name} AS SELECT 1 AS id;"
            f"GRANT SELECT ON public.{name} TO clerk;" for name in names) +
            "REVOKE SELECT ON public.t4 FROM clerk; ALTER TABLE public.t7 ENABLE ROW LEVEL SECURITY")
        checks = [{"check": "row_count", "table": f"public.{name}", "expect": {"rows": 1}}
                  for name in names]
        stage = self.stage(one, checks, role="clerk")
        self.check(stage.run(), 3, [["relation.denied"] if name == "t4" else
                                    ["relation.rows_hidden"] if name == "t7" else []
                                    for name in names])

    def test_pooler(self):
        """In transaction mode, what an application does afterwards is as it was before."""
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if not program:
            self.skipTest("no pgbouncer on this machine")
        one = self.create("pooled").start()
        self.fill(one, scene.SCHEMA + "CREATE ROLE app LOGIN; GRANT ALL ON public.notes TO app;"
                  "GRANT pg_read_all_data TO app")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        users = self.folder / "users.txt"
        users.write_text('"app" ""\n')
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n{DATABASE} = host={one.folder} dbname={DATABASE} pool_size=1\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\n"
            f"auth_file = {users}\npool_mode = transaction\nunix_socket_dir =\nlogfile = /dev/null\n")
        user = ["-u", "postgres"] if os.geteuid() == 0 else []
        pooler = subprocess.Popen([program, *user, settings], stderr=subprocess.PIPE, text=True)
        self.addCleanup(pooler.stderr.close)
        self.addCleanup(pooler.wait)
        self.addCleanup(pooler.terminate)
        for line in pooler.stderr:
            if "process up" in line:
                break
        through = f"host=127.0.0.1 port={port} dbname={DATABASE} user=app"
        state = ("SELECT pg_backend_pid(), string_agg(name || '=' || setting, ' ' ORDER BY name) "
                 "FROM pg_settings WHERE context IN ('user', 'superuser') AND name <> 'application_name'")

        def ask(sql):
            return clusters.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d",
                                 through, "-c", sql]).strip()

        before = ask(state)
        stage = scene.Stage(PROGRAM, scene.document("postgresql", [
            {"check": "row_count", "table": "public.notes", "expect": {"rows": 40}},
            {"check": "content", "table": "public.notes"}]), through, ["--jobs", "1"])
        self.addCleanup(stage.close)
        stage.capture()
        stage.options += ["--restored-to", "baseline"]
        self.check(stage.run(), 0, [[], []])
        # The only connection of the pool is still the same one, and may write.
        self.assertEqual(ask(state), before)
        self.assertEqual(ask("UPDATE public.notes SET plain = 'y' WHERE id = 1 RETURNING id"), "1")
        self.assertEqual(ask("SELECT count(*) FROM pg_locks WHERE relation = "
                             "'public.log'::regclass"), "0")
        # A run that is killed in the middle leaves nothing behind either.
        one.ask("CREATE VIEW public.slow AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS s "
                "FROM generate_series(1, 2000) g, LATERAL (SELECT pg_sleep(0.01 + 0 * g)) x", DATABASE)
        stage = scene.Stage(PROGRAM, scene.document("postgresql", [
            {"check": "encrypted_field", "table": "public.slow", "ciphertext": "s",
             "format": "hex"}]), through, ["--jobs", "1"])
        self.addCleanup(stage.close)
        process = stage.start("killed")
        one.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')",
                     "the scan")
        process.kill()
        process.communicate()
        one.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')",
                     "the end of the scan")
        self.assertEqual(ask(state).split("|")[1], before.split("|")[1])
        self.assertEqual(ask("UPDATE public.notes SET plain = 'z' WHERE id = 1 RETURNING id"), "1")

    def test_standby_conflict(self):
        """Replay takes away what a standby is reading; within a savepoint that ends the connection."""
        primary = self.create("primary")
        primary.set({"wal_level": "replica", "archive_mode": "off"})
        primary.start()
        self.fill(primary, """
            CREATE TABLE public.t AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS s
              FROM generate_series(1, 3000) g;
            CREATE VIEW public.slow AS SELECT id, s FROM public.t,
              LATERAL (SELECT pg_sleep(0.005 + 0 * id)) x""")
        folder = self.folder / "standby"
        folder.mkdir(mode=0o700)
        clusters.give_away(folder)
        primary.back_up(folder / "data")
        standby = clusters.Cluster(folder)
        self.addCleanup(standby.stop)
        standby.set({"primary_conninfo": f"host={primary.folder} port=5432 user=postgres",
                     "max_standby_streaming_delay": "0", "hot_standby": "on"})
        (standby.data / "standby.signal").touch()
        clusters.give_away(folder)
        standby.start()
        stage = self.stage(standby, [{"check": "encrypted_field", "table": "public.slow",
                                      "ciphertext": "s", "format": "hex"}], ["--jobs", "1"])
        process = stage.start("it")
        standby.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')",
                         "the scan")
        primary.ask("DELETE FROM public.t", DATABASE)
        primary.ask("VACUUM public.t", DATABASE)
        self.check(stage.finish("it", process), 3, [["source.lost"]])


if __name__ == "__main__":
    if not scene.POSTGRESQL:
        print("skipped: DRV_TEST_POSTGRESQL is not set", file=sys.stderr)
        sys.exit(77)
    unittest.main()
