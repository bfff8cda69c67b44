#!/usr/bin/env python3
"""test_sql.py: what SQL from a document can and cannot do, once --allow-sql lets it run

Each statement is tried on a real server, as roles with few and with many rights, and afterwards
the server is looked at: data, sequences, large objects, slots, files, other sessions.
"""
import subprocess
import unittest

from servers import MONGODB, Case, codes, make_cluster

PASSWORD = "sql-password"
SCHEMA = """
CREATE EXTENSION dblink;
CREATE TABLE public.data (i int);
INSERT INTO public.data VALUES (1), (2), (3);
CREATE SEQUENCE public.numbers;
SELECT lo_create(4711);
CREATE FUNCTION public.writes() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN DELETE FROM public.data; RETURN 1; END $$;
CREATE FUNCTION public.runs(text) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN EXECUTE $1; RETURN 1; END $$;
CREATE PROCEDURE public.commits(INOUT n int) LANGUAGE plpgsql AS
  $$ BEGIN COMMIT; DELETE FROM public.data; END $$;
CREATE FUNCTION public.ends(int) RETURNS bool LANGUAGE sql SECURITY DEFINER AS
  $$ SELECT pg_terminate_backend($1) $$;
CREATE ROLE reader LOGIN PASSWORD 'sql-password';
CREATE ROLE writer LOGIN PASSWORD 'sql-password';
CREATE ROLE signaller LOGIN PASSWORD 'sql-password' IN ROLE pg_signal_backend;
CREATE ROLE program LOGIN PASSWORD 'sql-password' IN ROLE pg_execute_server_program;
CREATE ROLE files LOGIN PASSWORD 'sql-password' IN ROLE pg_write_server_files;
CREATE ROLE replicator LOGIN PASSWORD 'sql-password' REPLICATION;
CREATE ROLE climber LOGIN PASSWORD 'sql-password' NOINHERIT IN ROLE postgres;
GRANT pg_read_all_data TO reader, writer, signaller, program, files, replicator, climber;
GRANT pg_write_all_data TO writer;
GRANT ALL ON SEQUENCE public.numbers TO reader, writer;
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO reader;
"""

# What the server holds, on one line; only the sessions that a test opened count.
STATE = """
SELECT (SELECT string_agg(i::text, ',' ORDER BY i) FROM public.data),
  (SELECT last_value || '/' || is_called FROM public.numbers),
  (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_replication_slots),
  (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_authid),
  (SELECT count(*) FROM pg_db_role_setting), (SELECT count(*) FROM pg_ls_dir('.')),
  (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bystander'),
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
"""

PARSED = "check.not_possible"        # refused by its form, or by READ ONLY
DENIED = "source.denied"
NO_PASSWORD = "check.internal"       # an extension's own error code

# Statement, and the finding of its check; None: it runs, and leaves nothing behind.
STATEMENTS = [
    # It is no single question that gives rows.
    ("SET TRANSACTION READ WRITE", PARSED),
    ("COMMIT", PARSED),
    ("COMMIT AND CHAIN", PARSED),
    ("ROLLBACK TO SAVEPOINT drverify", PARSED),
    ("SELECT 1; DELETE FROM public.data", PARSED),
    ("COMMIT; DELETE FROM public.data; SELECT 1", PARSED),
    ("COPY public.data TO PROGRAM 'cat > /tmp/drverify-written'", PARSED),
    ("COPY public.data TO '/tmp/drverify-written'", PARSED),
    ("COPY public.data TO STDOUT", PARSED),
    ("COPY public.data FROM '/etc/passwd'", PARSED),
    ("DO $$ BEGIN DELETE FROM public.data; END $$", PARSED),
    ("CREATE TEMP TABLE t (i int)", PARSED),
    ("SELECT * INTO public.copied FROM public.data", PARSED),
    ("CREATE TABLE public.copied AS TABLE public.data", PARSED),
    ("NOTIFY channel", PARSED),
    ("LISTEN channel", PARSED),
    ("PREPARE p AS SELECT 1", PARSED),
    ("DECLARE c CURSOR FOR SELECT 1", PARSED),
    ("LOCK TABLE public.data IN ACCESS SHARE MODE", PARSED),
    ("CHECKPOINT", PARSED),
    ("VACUUM public.data", PARSED),
    ("SET ROLE postgres", PARSED),
    ("RESET ALL", PARSED),
    ("DISCARD ALL", PARSED),
    # READ ONLY holds it back.
    ("DELETE FROM public.data RETURNING i", PARSED),
    ("INSERT INTO public.data VALUES (4) RETURNING i", PARSED),
    ("UPDATE public.data SET i = 9 RETURNING i", PARSED),
    ("WITH gone AS (DELETE FROM public.data RETURNING i) SELECT * FROM gone", PARSED),
    ("EXPLAIN ANALYZE DELETE FROM public.data", PARSED),
    ("SELECT public.writes()", PARSED),
    ("SELECT public.runs('SET TRANSACTION READ WRITE')", PARSED),
    ("SELECT public.runs('CREATE TABLE public.copied (i int)')", PARSED),
    ("SELECT public.runs('CREATE TEMP TABLE t (i int)')", PARSED),
    ("SELECT set_config('transaction_read_only', 'off', true)", PARSED),
    ("SELECT set_config('transaction_read_only', 'off', false)", PARSED),
    ("SELECT query_to_xml('DELETE FROM public.data', true, true, '')", PARSED),
    ("SELECT nextval('public.numbers')", PARSED),
    ("SELECT setval('public.numbers', 99)", PARSED),
    ("SELECT i FROM public.data FOR UPDATE", PARSED),
    ("CALL public.commits(1)", PARSED),
    # The role lacks the right, or it may not be had inside of a transaction.
    ("SELECT lo_import('/etc/passwd')", DENIED),
    ("SELECT lo_unlink(4711)", DENIED),
    ("SELECT lo_export(4711, '/tmp/drverify-written')", DENIED),
    ("SELECT pg_ls_dir('.')", DENIED),
    ("SELECT pg_switch_wal()", DENIED),
    ("SELECT pg_create_restore_point('x')", DENIED),
    ("SELECT pg_reload_conf()", DENIED),
    ("SELECT pg_rotate_logfile()", DENIED),
    ("SELECT pg_stat_reset()", DENIED),
    ("SELECT pg_create_physical_replication_slot('x', true)", DENIED),
    ("SELECT pg_create_logical_replication_slot('x', 'test_decoding')", DENIED),
    ("SELECT set_config('role', 'postgres', true)", DENIED),
    ("SELECT set_config('session_authorization', 'postgres', true)", DENIED),
    ("SELECT public.runs('COPY public.data TO PROGRAM ''cat > /tmp/drverify-written''')", DENIED),
    ("SELECT public.runs('COPY public.data TO ''/tmp/drverify-written''')", DENIED),
    ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bystander'",
     DENIED),
    ("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'bystander'",
     DENIED),
    ("SELECT public.dblink_exec('dbname=postgres', 'DELETE FROM public.data')", NO_PASSWORD),
    # It runs, and is taken back: by the savepoint, by the end of the transaction.
    ("SELECT set_config('statement_timeout', '1', false)", None),
    ("SELECT public.runs('NOTIFY channel')", None),
    ("SELECT public.runs('LISTEN channel')", None),
    ("SELECT pg_notify('channel', 'x')", None),
    ("SELECT pg_advisory_lock(1)", None),
    ("SELECT pg_advisory_xact_lock(2)", None),
    ("SELECT lo_create(0)", None),
    ("SELECT pg_logical_emit_message(true, 'x', 'y')", None),
    # Reading a file is no write; a missing one is no damage of the database.
    ("SELECT pg_read_file('PG_VERSION')", None),
    ("SELECT pg_read_file('nothing')", PARSED),
]

REFUSED = {
    "postgres": "superuser", "climber": "superuser", "replicator": "REPLICATION",
    "signaller": "pg_signal_backend", "program": "pg_execute_server_program",
    "files": "pg_write_server_files",
}


def document(statements):
    return {"format": "drverify/1", "sources": {"main": {"store": "postgresql"}},
            "checks": [{"check": "assert", "source": "main", "sql": sql, "rows": 1,
                        "name": f"statement {n}"} for n, sql in enumerate(statements)]}


class Sql(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = make_cluster(cls)
        cls.server.ask(SCHEMA)
        cls.server.ask(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")
        cls.bystander = subprocess.Popen(
            ["psql", "--no-psqlrc", "--quiet", "--dbname",
             cls.server.conninfo("postgres") + " application_name=bystander"],
            stdin=subprocess.PIPE)
        cls.addClassCleanup(cls.bystander.communicate)
        cls.server.wait_for("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE"
                            " application_name = 'bystander')", "a session")

    def ask(self, role, statements, status=None, options=("--allow-sql",)):
        path = self.put("checks.json", document(statements))
        self.run_program("--baseline", path, "--source",
                         "main=" + self.server.over_tcp(role, PASSWORD), *options, "-q", "--jobs",
                         "1", "--write", "json=report.json", status=status)
        return self.results()

    def test_nothing_is_written(self):
        before = self.server.ask(STATE)
        results = self.ask("reader", [sql for sql, _ in STATEMENTS], status=3)
        self.assertEqual(self.server.ask(STATE), before)
        for (sql, expected), result in zip(STATEMENTS, results, strict=True):
            with self.subTest(sql):
                found = [code for code in codes(result) if code != "assert.rows"]
                self.assertEqual(found, [expected] if expected else [], result)

    def test_who_may_write_cannot_either(self):
        before = self.server.ask(STATE)
        writes = [sql for sql, code in STATEMENTS if "data" in sql and code == PARSED]
        self.assertGreater(len(writes), 15)
        for sql, result in zip(writes, self.ask("writer", writes, status=3), strict=True):
            with self.subTest(sql):
                self.assertEqual(codes(result), [PARSED], result)
        self.assertEqual(self.server.ask(STATE), before)

    def test_roles_whose_rights_no_transaction_holds_back(self):
        before = self.server.ask(STATE)
        harm = ["SELECT 1",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'bystander'",
                "SELECT set_config('role', 'postgres', true), pg_terminate_backend(pid)"
                " FROM pg_stat_activity WHERE application_name = 'bystander'",
                "SELECT pg_create_physical_replication_slot('x', true)",
                "SELECT public.runs('COPY public.data TO PROGRAM ''touch harmed''')",
                "SELECT public.runs('COPY public.data TO ''harmed''')"]
        for role, word in REFUSED.items():
            for result in self.ask(role, harm, status=3):
                with self.subTest(role):
                    self.assertEqual(codes(result), [DENIED], result)
                    self.assertIn(word, result["findings"][0]["message"])
            self.run_program("doctor", "--baseline", self.folder / "checks.json", "--source",
                             "main=" + self.server.over_tcp(role, PASSWORD), "--allow-sql",
                             status=3)
            self.assertIn(word, self.out)
        self.assertEqual(self.server.ask(STATE), before)

    def test_not_without_leave(self):
        for result in self.ask("reader", ["SELECT 1", "SELECT public.writes()"], status=3,
                               options=()):
            self.assertEqual(codes(result), ["check.not_allowed"])

    def test_no_lock_stays(self):
        """A pooler would hand it on with the connection."""
        self.ask("reader", ["SELECT pg_advisory_lock(1)", "SELECT 1 WHERE NOT EXISTS (SELECT"
                            " FROM pg_locks WHERE locktype = 'advisory')"], status=0)

    def test_what_it_cannot_hold_back(self):
        """Documented: a function of the database may reach out of the transaction."""
        self.addCleanup(self.server.ask, "INSERT INTO public.data VALUES (2)")
        place = self.server.over_tcp("writer", PASSWORD)
        results = self.ask("reader", [f"SELECT public.dblink_exec('{place}',"
                                      " 'DELETE FROM public.data WHERE i = 2')"], status=0)
        self.assertEqual(codes(results[0]), [])
        self.assertEqual(self.server.ask("SELECT count(*) FROM public.data"), "2")


@unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
class Filters(Case):
    def test_nothing_is_written(self):
        filters = [{"$out": "drverify_written"}, {"$merge": {"into": "drverify_written"}},
                   {"i": {"$out": "drverify_written"}},
                   {"$expr": {"$function": {"body": "db.x.drop()", "args": [], "lang": "js"}}},
                   {"$where": "db.drverify_written.insertOne({})"}]
        checks = [{"check": "assert", "source": "main", "collection": "none", "filter": one}
                  for one in filters]
        checks.append({"check": "collection_count", "source": "main", "collection": "drverify_written"})
        path = self.put("checks.json", {
            "format": "drverify/1", "checks": checks,
            "sources": {"main": {"store": "mongodb", "database": "drverify_sql"}}})
        self.run_program("--baseline", path, "--source", "main=" + MONGODB, "--allow-sql", "--write",
                         "json=report.json", status=None)
        *results, last = self.results()
        for one, result in zip(filters, results, strict=True):
            with self.subTest(one):
                self.assertIn(result["verdict"], ("inconclusive", "fail"), result)
        self.assertEqual(codes(last), ["collection.missing"])


if __name__ == "__main__":
    unittest.main()
