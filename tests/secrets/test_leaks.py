#!/usr/bin/env python3
"""test_leaks.py: no password, key, row value or row key comes out anywhere, whatever goes wrong

One table of situations. In each the program runs with everything it could give away, as verbose as
it can be, with a report in every format; then everything it printed and every file it wrote is
searched for each canary, as it is and as it would look encoded.
"""
import base64
import signal
import socket
import subprocess
import unittest
import urllib.parse

from servers import MONGODB, PROGRAM, Case, environment, make_cluster

PASSWORD = "pw-c4n4ry-q7x"
HMAC_KEY = b"hmac-c4n4ry-0123456789-0123456789-abcdef"
VALUE = "value-c4n4ry"
KEY = "key-c4n4ry"
FORMATS = ("text", "json", "junit", "prometheus", "markdown", "html", "nagios")
SCHEMA = f"""
CREATE TABLE public.people (id text PRIMARY KEY, note text, cipher text, seen timestamptz);
INSERT INTO public.people SELECT '{KEY}-' || n, '{VALUE} ' || n, encode(sha256(n::text::bytea),
  'base64'), '2025-12-30 00:00+00' FROM generate_series(1, 2000) n;
CREATE TABLE public.log (id int PRIMARY KEY, note text, previous text, hash text);
INSERT INTO public.log SELECT n, '{VALUE} ' || n, repeat('a', 64), repeat('b', 64)
  FROM generate_series(1, 50) n;
CREATE VIEW public.slow AS SELECT p.* FROM public.people p, LATERAL (SELECT pg_sleep(0.01)
  WHERE p.id IS NOT NULL) s;
CREATE VIEW public.breaks AS SELECT id, (note || id)::int::text AS cipher FROM public.people;
CREATE VIEW public.names AS SELECT id, current_setting(note) AS cipher FROM public.people;
CREATE FUNCTION public.says() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '{VALUE}' USING ERRCODE = '42P01', DETAIL = '{KEY}'; END $$;
CREATE TABLE public.closed (id int);
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
GRANT SELECT ON public.people, public.log, public.slow, public.breaks, public.names TO reader;
"""

CHECKS = [
    {"check": "connection"},
    {"check": "row_count", "table": "public.people", "expect": {"rows": 2000}},
    {"check": "content", "table": "public.people", "detail": "rows"},
    {"check": "encrypted_field", "table": "public.people", "ciphertext": "cipher", "plaintext": "note",
     "plaintext_policy": "absent", "format": "hex"},
    {"check": "freshness", "table": "public.people", "column": "seen", "max_loss": "1h"},
    {"check": "audit_chain", "table": "public.log", "hash": "hash", "previous": "previous",
     "order_by": ["id"], "preimage": {"join": [{"previous": "text"}, {"column": "note"}], "with": "|"}, "digest": {"hmac": "sha256", "key": "content"}},
]
# Checks that make the server complain with a value in its words.
LOUD = [
    {"check": "encrypted_field", "table": "public.breaks", "ciphertext": "cipher", "format": "hex"},
    {"check": "row_count", "table": "public.people", "where": [{"column": "seen", "equals": "no time"}],
     "expect": {"rows": 1}},
    {"check": "assert", "sql": "SELECT note::int FROM public.people"},
    {"check": "assert", "sql": "SELECT public.says()"},
    {"check": "assert", "sql": "SELECT note::xml FROM public.people"},
    {"check": "assert", "sql": "SELECT note::json FROM public.people"},
    {"check": "assert", "sql": "SELECT note::date FROM public.people"},
    {"check": "assert", "sql": "SELECT to_date(note, 'YYYY') FROM public.people"},
    {"check": "assert", "sql": "SELECT note::regclass FROM public.people"},
    {"check": "assert", "sql": "SELECT current_setting(note) FROM public.people"},
    {"check": "assert", "sql": "SELECT set_config(note, '1', true) FROM public.people"},
    {"check": "assert", "sql": "SELECT set_config('TimeZone', note, true) FROM public.people"},
    {"check": "assert", "sql": "SELECT set_config('work_mem', note, true) FROM public.people"},
    {"check": "assert", "sql": "SELECT note ~ ('(' || note) FROM public.people"},
    {"check": "assert", "sql": "SELECT convert_from(note::bytea || '\\xff'::bytea, 'UTF8') FROM public.people"},
    {"check": "assert", "sql": "SELECT jsonb_path_query(to_jsonb(note), note::jsonpath) FROM public.people"},
    {"check": "assert", "sql": "SELECT now() AT TIME ZONE note FROM public.people"},
    {"check": "assert", "sql": "SELECT query_to_xml(note, true, true, '') FROM public.people"},
    {"check": "assert", "sql": "SELECT currval(note) FROM public.people"},
    {"check": "assert", "sql": "SELECT has_table_privilege(note, 'SELECT') FROM public.people"},
    {"check": "assert", "sql": "SELECT replace(note, ' ', '')::regclass FROM public.people"},
    {"check": "encrypted_field", "table": "public.names", "ciphertext": "cipher", "format": "hex"},
    {"check": "assert", "sql": "SELECT note::regrole FROM public.people"},
    {"check": "row_count", "table": "public.closed"},
    {"check": "row_count", "table": "public.nothing"},
]


def disguises(canary):
    """A canary as it is, and as a careless writer would have encoded it."""
    raw = canary if isinstance(canary, bytes) else canary.encode()
    yield raw
    yield raw.hex().encode()
    yield urllib.parse.quote(raw, safe="").encode()
    for shift in range(3):
        # What stays of the base64 of a text that holds it, wherever it begins.
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[4 if shift else 0:-4]


def document(checks, sources=None):
    return {"format": "drverify/1", "name": "leaks", "sources": sources or {"main": {"store": "postgresql"}},
            "checks": [{"source": "main", **check} for check in checks]}


class Leaks(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = make_cluster(cls)
        cls.server.ask(SCHEMA)

    def setUp(self):
        super().setUp()
        self.given = self.folder / "given"           # what the test itself wrote
        self.given.mkdir()
        (self.folder / "home").mkdir()
        self.key = self.give("content.key", HMAC_KEY)
        self.canaries = [PASSWORD, HMAC_KEY, VALUE, KEY]

    def give(self, name, content, mode=0o600):
        return self.put(f"given/{name}", content, mode)

    def place(self, **more):
        return self.server.over_tcp("reader", PASSWORD, **more)

    def words(self, checks, *more, command=()):
        path = self.give("checks.json", document(checks))
        return [*command, "--baseline", path, "--key", f"content={self.key}", *more]

    def reports(self):
        return [word for name in FORMATS for word in ("--write", f"{name}=out.{name}")]

    def search(self, what):
        seen = {"standard output": self.out.encode(), "standard error": self.err.encode()}
        for path in self.folder.rglob("*"):
            if path.is_file() and self.given not in path.parents:
                seen[str(path)] = path.read_bytes()
        self.assertTrue(self.out or self.err or len(seen) > 2, what)
        for canary in self.canaries:
            for disguise in disguises(canary):
                for where, content in seen.items():
                    self.assertNotIn(disguise, content, f"{what}: {where}")

    def attempt(self, what, status, *words, env=None):
        with self.subTest(what):
            self.run_program(*words, status=status, env={
                "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder), **(env or {})})
            self.search(what)

    def ways(self, host):
        """Each way to give a password: words, environment."""
        port = self.server.port
        passfile = self.give("pgpass", f"*:*:*:*:{PASSWORD}\n")
        full, plain = self.place(host=host), self.server.over_tcp("reader", None, host=host)
        uri = f"postgresql://reader:{PASSWORD}@{host}:{port}/postgres"
        service = self.give("services", f"[there]\nhost={host}\nport={port}\nuser=reader\n"
                            f"dbname=postgres\npassword={PASSWORD}\n")
        yield "on the command line", ["--source", "main=" + full], {}
        yield "in a URI", ["--source", "main=" + uri], {}
        yield "as a parameter", ["--source", f"main=postgresql://reader@{host}:{port}/postgres"
                                 f"?password={PASSWORD}"], {}
        yield "in a variable", [], {"DRVERIFY_SOURCE_MAIN": uri}
        yield "in a file", ["--source", f"main=@{self.give('place', full)}"], {}
        yield "in PGPASSWORD", ["--source", "main=" + plain], {"PGPASSWORD": PASSWORD}
        yield "in PGPASSFILE", ["--source", "main=" + plain], {"PGPASSFILE": str(passfile)}
        yield "in passfile=", ["--source", f"main={plain} passfile={passfile}"], {}
        yield "in a service", ["--source", "main=service=there"], {"PGSERVICEFILE": str(service)}

    def test_every_way_to_give_a_password(self):
        for host, status in (("127.0.0.1", 0), ("127.0.0.2", 3)):
            for what, words, env in self.ways(host):
                self.attempt(f"{what}, {host}", status, *self.words(CHECKS[:2], "-v", *words),
                             env=env)

    def test_each_command(self):
        source = ["--source", "main=" + self.place()]
        self.attempt("damage", 2, *self.words(CHECKS, "-v", *source, *self.reports()))
        self.attempt("quiet", 2, *self.words(CHECKS, "-q", *source))
        for name in FORMATS[1:]:
            self.attempt(name, 2, *self.words(CHECKS, "--format", name, *source))
        self.attempt("doctor", None, *self.words(CHECKS + LOUD, "--allow-sql", *source,
                                                 command=["doctor"]))
        self.attempt("chain-propose", 2, "chain-propose", "--table", "public.log", "--key",
                     f"content={self.key}", *source[:1], self.place())
        signer = self.folder / "given" / "signer"
        subprocess.run([PROGRAM, "keygen", signer], check=True, capture_output=True)
        self.canaries.append(signer.read_text().splitlines()[1])
        sound = [check for check in CHECKS if check["check"] in ("connection", "row_count", "content")]
        self.attempt("capture", 0, *self.words(sound, *source, "--write", "json=kept.json", "--sign",
                                               signer, command=["capture"]))
        self.assertEqual(len(list(self.folder.glob("*.rows"))), 1, list(self.folder.iterdir()))
        # As it is in the baseline, and with rows that differ.
        kept = ["--baseline", "kept.json", "--key", f"content={self.key}", "--trust",
                f"{signer}.pub", "--restored-to", "baseline", *source]
        self.attempt("same", 0, *kept, "-v", *self.reports())
        self.addCleanup(self.server.ask, f"UPDATE public.people SET note = '{VALUE} 7' "
                        f"WHERE id = '{KEY}-7'")
        self.server.ask(f"UPDATE public.people SET note = '{VALUE} changed' WHERE id = '{KEY}-7'")
        self.attempt("changed", 2, *kept, "-v", *self.reports())
        self.attempt("show", 0, "show", "out.json")
        self.attempt("diff", 1, "diff", "kept.json", "out.json")
        # Asked for, it is said; otherwise these tests would look for nothing.
        self.run_program(*kept, "--show-keys", status=2, env={"TMPDIR": str(self.folder)})
        self.assertIn(KEY, self.out)

    def test_what_a_server_says(self):
        source = ["--source", "main=" + self.place()]
        # One by one, since each of them may end the session.
        for check in LOUD:
            self.attempt(check.get("sql", check.get("table")), None, *self.words(
                [check], "-v", "--allow-sql", *source, *self.reports()))

    def test_a_source_that_fails(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            silent = mute.getsockname()[1]
            port = self.server.port
            places = {
                "wrong user": self.place().replace("user=reader", "user=nobody"),
                "wrong password": self.place().replace(PASSWORD, PASSWORD + "-x"),
                "refused": self.place(host="127.0.0.2"),
                "unknown host": self.place(host="nowhere.invalid"),
                "silent": self.place().replace(f"port={port}", f"port={silent}"),
                "no such database": self.place(database="nothing"),
                "no TLS": self.place(sslmode="require"),
                "unknown parameter": self.place(pasword=PASSWORD),
                "bad value": self.place(sslmode=PASSWORD),
                "unescaped at": f"postgresql://reader:{PASSWORD}@x@127.0.0.1:{port}/postgres",
                "unescaped slash": f"postgresql://reader:a/{PASSWORD}@127.0.0.1:{port}/postgres",
                "bad port": f"postgresql://reader@127.0.0.1:{PASSWORD}/postgres",
            }
            for what, place in places.items():
                self.attempt(what, 3, *self.words(CHECKS, "-v", "--timeout", "1s", "--source",
                                                  "main=" + place, *self.reports()))

    def test_an_end_in_mid_scan(self):
        slow = [{"check": "content", "table": "public.slow", "key": ["id"]}]
        ask = ("SELECT {}(pid) FROM pg_stat_activity WHERE usename = 'reader' AND"
               " wait_event = 'PgSleep'")
        for what, end in (
                ("terminated", lambda process: self.server.ask(ask.format("pg_terminate_backend"))),
                ("cancelled", lambda process: self.server.ask(ask.format("pg_cancel_backend"))),
                ("interrupted", lambda process: process.send_signal(signal.SIGINT))):
            with self.subTest(what):
                process = subprocess.Popen(
                    [PROGRAM, *map(str, self.words(slow, "-v", "--source", "main=" + self.place(),
                                                   *self.reports()))],
                    cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, env=environment())
                self.server.wait_for(f"SELECT EXISTS ({ask.format('max')} GROUP BY pid)", "a scan")
                end(process)
                out, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 3, err.decode())
                self.out, self.err = out.decode(), err.decode()
                self.search(what)

    def test_keys_that_are_no_good(self):
        source = ["--source", "main=" + self.place()]
        wrong = self.give("wrong", HMAC_KEY * 2)
        private = self.give("private", "-----BEGIN PRIVATE KEY-----\n" + PASSWORD + "\n"
                            "-----END PRIVATE KEY-----\n")
        signer = self.given / "signer"
        subprocess.run([PROGRAM, "keygen", signer], check=True, capture_output=True)
        secret = signer.read_text().splitlines()[1]
        self.canaries.append(secret)
        torn = self.give("torn", signer.read_text()[:-40])
        self.give("open.key", HMAC_KEY, 0o644)
        self.give("open.signer", signer.read_text(), 0o644)
        self.give("empty", b"")
        for what, status, more in (
                ("open key file", 2, ["--key", f"content={self.given}/open.key"]),
                ("wrong key", 2, ["--key", f"content={wrong}"]),
                ("empty key", None, ["--key", f"content={self.given}/empty"]),
                ("no key file", 3, ["--key", f"content={self.given}/none"]),
                ("a folder", 3, ["--key", f"content={self.given}"]),
                ("the key itself", 3, ["--key", f"content={HMAC_KEY.decode()}"]),
                ("trust a private key", 3, ["--trust", signer]),
                ("trust a key", 3, ["--trust", self.key])):
            self.attempt(what, status, *self.words(CHECKS, "-v", *source, *more, *self.reports()))
        for what, key in (("no private key", private), ("open private key", "given/open.signer"),
                          ("torn", torn), ("an HMAC key", self.key), ("no file", secret)):
            self.attempt("sign with " + what, 3, *self.words(
                CHECKS, *source, "--write", "json=kept.json", "--sign", key, command=["capture"]))
            self.attempt("sign by hand with " + what, 3, "sign", "--key", key, "given/checks.json")

    def test_reports_that_cannot_be_written(self):
        source = ["--source", "main=" + self.place()]
        self.attempt("full", 2, *self.words(CHECKS, *source, "--write", "json=/dev/full"))
        self.attempt("no folder", None, *self.words(CHECKS, *source, "--write", "json=none/x.json"))

    @unittest.skipUnless(MONGODB, "DRV_TEST_MONGODB is not set")
    def test_mongodb(self):
        at = urllib.parse.urlsplit(MONGODB).netloc
        sources = {"main": {"store": "mongodb", "database": "leaks"}}
        path = self.give("mongodb.json", document(
            [{"check": "connection"}, {"check": "collection_count", "collection": "none"},
             {"check": "assert", "collection": "none", "filter": {"$nope": 1}}], sources))
        with socket.create_server(("127.0.0.1", 0)) as mute:
            silent = mute.getsockname()[1]
            for what, place in (
                    ("a password", f"mongodb://reader:{PASSWORD}@{at}/"),
                    ("plain", f"mongodb://reader:{PASSWORD}@{at}/?authMechanism=PLAIN"
                              "&authSource=$external"),
                    ("refused", f"mongodb://reader:{PASSWORD}@127.0.0.2:1/"),
                    ("unknown host", f"mongodb://reader:{PASSWORD}@nowhere.invalid/"),
                    ("silent", f"mongodb://reader:{PASSWORD}@127.0.0.1:{silent}/"),
                    ("unescaped", f"mongodb://reader:{PASSWORD}@x@{at}/"),
                    ("slash", f"mongodb://reader:a/{PASSWORD}@{at}/"),
                    ("bad option", f"mongodb://reader:{PASSWORD}@{at}/?{PASSWORD}={PASSWORD}"),
                    ("bad value", f"mongodb://{at}/?authMechanism={PASSWORD}"),
                    ("no DNS", f"mongodb+srv://reader:{PASSWORD}@nowhere.invalid/"),
                    ("key file", f"mongodb://reader@{at}/?tls=true&tlsCertificateKeyFile=/none"
                                 f"&tlsCertificateKeyFilePassword={PASSWORD}")):
                self.attempt(what, None, "--baseline", path, "-v", "--timeout", "1s", "--source",
                             "main=" + place, *self.reports())
            for what, words, env in (("in a file", ["--source", f"main=@{self.give('place', place)}"], {}),
                                     ("in a variable", [], {"MONGODB_URI": place})):
                self.attempt(what, 3, "--baseline", path, "-v", *words, env=env)


if __name__ == "__main__":
    unittest.main()
