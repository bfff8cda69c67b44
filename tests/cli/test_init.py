#!/usr/bin/env python3
"""test_init.py: drverify init on real servers: what it drafts goes straight into a capture

Environment as for test_cli.py. DRV_GENERATE and DRV_MONGO_COMMAND name fixtures/generate and
fixtures/mongo_command.
"""
import hmac
import json
import os
import re
import subprocess
import time
import unittest

from test_cli import CANARY, MONGODB, NOWHERE, POSTGRESQL, Case, environment

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
ROLE = "init_reader"
DATABASE = "init_odd"
SCALE = 100


def place_of(database, role="drverify_reader"):
    return f"{POSTGRESQL} dbname={database} user={role}"


def psql(text, database=DATABASE):
    done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set",
                           "ON_ERROR_STOP=1", "--file", "-", f"{POSTGRESQL} dbname={database}"],
                          input=text, encoding="utf-8", check=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


def mongo(commands, database):
    subprocess.run([os.environ["DRV_MONGO_COMMAND"], MONGODB, database], input=json.dumps(commands),
                   encoding="utf-8", check=True)


def load_platform(database, shape):
    words = dict(re.findall(r"(host|port|user)=(\S+)", POSTGRESQL))
    subprocess.run([os.path.join(ROOT, "fixtures", "pet-platform", "load.sh"), os.environ["DRV_GENERATE"],
                    database, shape, "--scale", str(SCALE)], check=True,
                   env=environment(PGHOST=words["host"], PGPORT=words["port"], PGUSER=words["user"]))


class Drafts(Case):
    def draft(self, *arguments, status=0):
        self.run_program("init", "--output", self.path("checks.json"), "--overwrite", *arguments,
                         status=status)
        self.draft_text = self.get("checks.json")
        self.document = json.loads(self.draft_text)
        return self.document

    def checks(self, check, target):
        name = target if isinstance(target, list) or "." in target else None
        return [one for one in self.document["checks"] if one["check"] == check
                and (one.get("table") == name if name else one.get("collection") == target)]

    def check(self, check, target):
        found = self.checks(check, target)
        self.assertEqual(len(found), 1, f"{check} {target}\n{self.draft_text}")
        return found[0]

    def targets(self, check):
        return [one.get("table", one.get("collection")) for one in self.document["checks"]
                if one["check"] == check]

    def todos(self):
        return {one["check"]: one["todo"] for one in self.document["checks"] if "todo" in one}

    def goes_on(self, *places, doctor=0):
        """The draft as it stands is foreseen, captured and verified."""
        self.run_program("doctor", "--capture", "--baseline", self.path("checks.json"), *places,
                         status=doctor)
        self.run_program("capture", "--baseline", self.path("checks.json"), "--write",
                         "json=" + self.path("kept.json"), *places, status=doctor)
        self.run_program("--baseline", self.path("kept.json"), *places, "--restored-to", "baseline",
                         status=doctor)
        return json.loads(self.get("kept.json"))

    def is_refused(self, *places, says):
        for command in (["doctor"], ["doctor", "--capture"], ["capture"], ["verify"]):
            self.assert_refused(*command, "--baseline", self.path("checks.json"), *places, says=says)


class WithoutServers(Drafts):
    def test_help(self):
        self.run_program("init", "--help", status=0)
        for part in ("--source NAME=URI", "--output FILE", "todo", "note", "drverify doctor --capture"):
            self.assertIn(part, self.out)
        for line in self.out.splitlines():
            self.assertLessEqual(len(line), 100)

    def test_usage(self):
        self.assert_refused("init", says="--source NAME=URI")
        self.assert_refused("init", "--source", "nonsense", says="NAME=URI")
        self.assert_refused("init", "--source", 'a"b=service=x', says="NAME=URI")
        self.assert_refused("init", "--source", "a\nb=service=x", says="NAME=URI")
        self.assert_refused("init", "--source", "main=", says="names no place")
        self.assert_refused("init", "--source", "main=service=x", "--source", "main=service=y",
                            says="given twice")
        self.assert_refused("init", "--baseline", "x", "--source", "main=service=x", says="--baseline")

    def test_nothing_is_overwritten(self):
        taken = self.put("taken.json", "mine")
        self.assert_refused("init", "--source", "main=" + NOWHERE, "--output", taken, says="--overwrite")
        self.assertEqual(self.get("taken.json"), "mine")

    def test_unreachable(self):
        self.need_postgresql()
        self.assert_refused("init", "--source", f"main={NOWHERE} password={CANARY}", "--output",
                            self.path("new.json"), "-q", says='source "main"')
        self.assertNotIn(CANARY, self.err)
        self.assertEqual(sorted(os.listdir(self.folder)), ["report.json"])


@unittest.skipUnless(POSTGRESQL and MONGODB, "needs DRV_TEST_POSTGRESQL and DRV_TEST_MONGODB")
class Platform(Drafts):
    """The platform's data in both stores."""

    @classmethod
    def setUpClass(cls):
        for shape in ("plan", "real"):
            psql(f"DROP DATABASE IF EXISTS init_{shape} WITH (FORCE)", "postgres")
            load_platform(f"init_{shape}", shape)
            cls.addClassCleanup(psql, f"DROP DATABASE init_{shape} WITH (FORCE)", "postgres")
        cls.search = f"init_{os.getpid()}"
        subprocess.run([os.environ["DRV_GENERATE"], "--output", "mongodb", "--uri", MONGODB, "--database",
                        cls.search, "--scale", str(SCALE)], check=True)
        cls.addClassCleanup(mongo, [{"dropDatabase": 1}], cls.search)

    def places(self, shape):
        return ["--source", "main=" + place_of(f"init_{shape}"),
                "--source", f"search={MONGODB}{self.search}"]

    def no_value_is_told(self):
        """The draft holds no value of a column of text, times or numbers of its own."""
        for table in ("users", "pets", "health_notes", "audit_logs"):
            columns = psql("SELECT string_agg(quote_ident(attname) || '::text', ',') FROM pg_attribute"
                           f" WHERE attrelid = '{table}'::regclass AND attnum > 0"
                           " AND atttypid NOT IN ('bool'::regtype, 'int'::regtype, 'bigint'::regtype)",
                           self.database)
            values = psql(f"SELECT DISTINCT unnest(ARRAY[{columns}]) FROM {table}", self.database)
            for value in values.splitlines():
                if len(value) > 15:
                    self.assertNotIn(value, self.draft_text)
        # Names and words of the platform's people are Korean, and those of its tables are not.
        self.assertNotRegex(self.draft_text, "[가-힣]")

    def test_as_planned(self):
        self.database = "init_plan"
        self.draft(*self.places("plan"))
        self.assertEqual(self.todos(), {})
        self.assertEqual(self.targets("row_count"), [
            "public.audit_logs", "public.health_notes", "public.insurance_claims", "public.pets",
            "public.users"])
        self.assertEqual(self.targets("collection_count"),
                         ["audit_events", "daycares", "hospitals", "reviews"])
        self.assertEqual([(one["ciphertext"], one["format"], one.get("plaintext"),
                           one.get("plaintext_policy"), one.get("nullable"))
                          for one in self.document["checks"] if one["check"] == "encrypted_field"], [
            ("diagnosis_encrypted", "aes-256-gcm-envelope", "diagnosis", None, None),
            ("treatment_encrypted", "base64", "treatment", "absent", None),
            ("prescription_encrypted", "bytes", None, None, True),
            ("details_encrypted", "aes-256-gcm-envelope", None, None, None),
            ("phone_encrypted", "hex", None, None, None),
            ("managerContactEncrypted", "aes-256-gcm-envelope", "managerContact", "absent", None),
            ("authorContactEncrypted", "aes-256-gcm-envelope", "authorContact", "absent", None)])
        self.assertIn("diagnosis in plain text beside",
                      self.checks("encrypted_field", "public.health_notes")[0]["note"])
        for target in ("public.audit_logs", "audit_events"):
            chain = self.check("audit_chain", target)
            self.assertIn("preimage", chain)
            self.assertEqual(chain["priority"], 1)
        self.assertEqual(self.check("freshness", "public.health_notes")["column"], "created_at")
        self.assertEqual(self.check("freshness", "audit_events")["column"], "at")
        self.assertEqual(self.check("content", "public.users")["key"], ["id"])
        self.assertEqual(self.checks("content", "public.audit_logs"), [])
        self.no_value_is_told()
        kept = self.goes_on(*self.places("plan"))
        for one in kept["checks"]:
            if one["check"] == "row_count":
                rows = int(psql(f"SELECT count(*) FROM {one['table']}", "init_plan"))
                self.assertEqual(one["expect"]["rows"], rows)
        # The same once more, byte by byte.
        text = self.draft_text
        self.draft(*self.places("plan"))
        self.assertEqual(self.draft_text, text)

    def test_as_deployed(self):
        self.database = "init_real"
        places = self.places("real")
        # Times are a wall clock of an unknown zone, and the hashes are over those times.
        self.draft(*places, "--timeout", "1s")
        waiting = [one["todo"] for one in self.document["checks"] if "todo" in one]
        zones = [todo for todo in waiting if "column_zone" in todo and "--column-zone" in todo]
        chains = [todo for todo in waiting if "chain-propose" in todo]
        self.assertEqual((len(zones), len(chains), len(waiting)),
                         (len([one for one in self.document["checks"] if one["check"] == "freshness"
                               and one["source"] == "main"]), 1, len(zones) + 1))
        self.assertGreater(len(zones), 3)
        self.assertEqual(self.check("audit_chain", "public.audit_logs")["mode"], "links")
        self.is_refused(*places, says=f"and {len(waiting) - 1} more: still to do")
        self.draft(*places, "--column-zone", "Asia/Seoul")
        self.assertEqual(self.todos(), {})
        chain = self.check("audit_chain", "public.audit_logs")
        self.assertEqual(dict(chain["preimage"]["object"])["timestamp"]["column_zone"], "Asia/Seoul")
        self.assertEqual(self.check("freshness", "public.audit_logs")["column_zone"], "Asia/Seoul")
        self.assertEqual(self.checks("encrypted_field", "public.hospital_payments")[0]["plaintext"], "cardNumber")
        self.assertEqual(self.checks("encrypted_field", "public.insurance_claims")[0]["ciphertext"],
                         "encryptedClaimDetails")
        self.no_value_is_told()
        self.goes_on(*places)

    def test_a_todo_does_not_keep_from_trying_a_recipe(self):
        self.draft("--source", "main=" + place_of("init_plan"))
        self.check("audit_chain", "public.audit_logs")["todo"] = "look at some entries"
        self.put("checks.json", self.document)
        self.run_program("chain-try", "--baseline", self.path("checks.json"), "--source",
                         "main=" + place_of("init_plan"), status=0)

    def test_a_place_in_a_file(self):
        place = self.put("place", place_of("init_plan") + f" application_name={CANARY}\n")
        os.chmod(place, 0o600)
        self.draft("--source", "main=@" + place, "-q")
        self.assertEqual((self.out, self.err), ("", ""))
        self.assertNotIn(CANARY, self.draft_text)
        self.put("place", f"{MONGODB}{self.search}")
        self.draft("--source", "search=@" + place, "-q")
        self.assertEqual(self.document["sources"]["search"]["store"], "mongodb")

    def test_a_draft_is_shown(self):
        self.run_program("init", "--source", "main=" + place_of("init_real"), "--timeout", "100ms", status=0)
        self.assertIn("drverify doctor --capture", self.err)
        path = self.put("shown.json", self.out)
        self.run_program("show", path, status=0)
        self.assertIn("    todo  createdAt has no time zone", self.out)
        self.assertIn("    note  The priority is a guess", self.out)


@unittest.skipUnless(POSTGRESQL, "needs DRV_TEST_POSTGRESQL")
class Odd(Drafts):
    place = ["--source", "main=" + place_of(DATABASE, ROLE)]

    def setUp(self):
        super().setUp()
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
        psql(f"DROP ROLE IF EXISTS {ROLE}", "postgres")
        psql(f"CREATE ROLE {ROLE} LOGIN", "postgres")
        self.addCleanup(psql, f"DROP ROLE {ROLE}", "postgres")
        psql(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'", "postgres")
        self.addCleanup(psql, f"DROP DATABASE {DATABASE} WITH (FORCE)", "postgres")
        psql(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {ROLE};"
             f"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {ROLE}")

    def test_nothing_there(self):
        self.draft(*self.place)
        self.assertEqual([one["check"] for one in self.document["checks"]], ["connection"])
        self.goes_on(*self.place)

    def test_names(self):
        psql('''
            CREATE SCHEMA "한국 \\ ""q""";
            CREATE TABLE "한국 \\ ""q"""."환자
기록; DROP" ("진단_encrypted" text, "열 ""쇠""" int PRIMARY KEY);
            INSERT INTO "한국 \\ ""q"""."환자
기록; DROP" SELECT replace(encode(sha256(n::text::bytea) || sha256('a'), 'base64'), E'\\n', ''), n FROM generate_series(1, 9) n;
            CREATE TABLE "na.me" (a int, b int, PRIMARY KEY (b, a));
            CREATE TABLE no_columns ();
            INSERT INTO no_columns DEFAULT VALUES;
            CREATE TABLE empty_table (id int PRIMARY KEY, ssn_encrypted text, created_at timestamptz);
            CREATE TABLE parted (at timestamptz, id int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
            CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
            INSERT INTO parted SELECT '2025-12-30 05:00Z'::timestamptz - n * '1 day'::interval, n FROM generate_series(0, 99) n;
            CREATE TABLE mother (id int); CREATE TABLE child (more int) INHERITS (mother);
            INSERT INTO child VALUES (1, 2);
        ''')
        self.draft(*self.place)
        self.assertEqual(self.todos(), {})
        odd = '한국 \\ "q".환자\n기록; DROP'
        self.assertEqual(self.targets("row_count"), [
            "public.empty_table", "public.mother", ["public", "na.me"], "public.no_columns",
            "public.parted", odd])
        self.assertEqual(self.check("encrypted_field", odd)["ciphertext"], "진단_encrypted")
        self.assertEqual(self.check("content", odd)["key"], ['열 "쇠"'])
        self.assertEqual(self.check("content", ["public", "na.me"])["key"], ["b", "a"])
        self.assertIn("no primary key", self.check("row_count", "public.no_columns")["note"])
        self.assertIn("ssn_encrypted is named as if it were encrypted, but there were no rows",
                      self.check("row_count", "public.empty_table")["note"])
        self.assertEqual(self.checks("encrypted_field", "public.empty_table"), [])
        self.assertEqual(self.check("freshness", "public.parted")["column"], "at")
        kept = self.goes_on(*self.place)
        self.assertEqual([one["expect"]["rows"] for one in kept["checks"] if one["check"] == "row_count"
                          and one["table"] in ("public.parted", "public.mother", "public.no_columns")], [1, 1, 100])

    def test_what_is_not_checked_is_said(self):
        psql('''
            CREATE TABLE t (id int PRIMARY KEY);
            CREATE VIEW "a view" AS SELECT * FROM t;
            CREATE MATERIALIZED VIEW kept AS SELECT * FROM t;
            CREATE UNLOGGED TABLE cache (id int);
            CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER away FOREIGN DATA WRAPPER nothing;
            CREATE FOREIGN TABLE far (id int) SERVER away;
        ''')
        psql("".join(f"CREATE VIEW many_{n} AS SELECT 1 AS x;" for n in range(30)))
        self.draft(*self.place)
        self.assertEqual(self.targets("row_count"), ["public.t"])
        note = self.document["sources"]["main"]["note"]
        for part in ("views: public.a view, public.many_0", " and 11 more", "materialized views: public.kept",
                     "foreign tables: public.far", "unlogged tables, which come back empty: public.cache"):
            self.assertIn(part, note)
        self.goes_on(*self.place)

    def test_what_may_not_be_read(self):
        psql(f'''
            CREATE TABLE open (id int); CREATE TABLE closed (id int, ssn_encrypted text);
            CREATE TABLE part (id int, ssn_encrypted text); CREATE TABLE hidden (id int);
            REVOKE SELECT ON closed, part FROM {ROLE}; GRANT SELECT (id) ON part TO {ROLE};
            INSERT INTO part VALUES (1, 'x');
            ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
        ''')
        self.draft(*self.place)
        self.assertNotIn("todo", self.check("row_count", "public.open"))
        self.assertIn(f'may not read it: GRANT SELECT ON "public"."closed" TO "{ROLE}"',
                      self.check("row_count", "public.closed")["todo"])
        self.assertIn(f'ALTER ROLE "{ROLE}" BYPASSRLS', self.check("row_count", "public.hidden")["todo"])
        self.assertIn("permission denied", self.check("row_count", "public.part")["todo"])
        self.assertEqual(self.targets("encrypted_field"), [])
        self.is_refused(*self.place, says="todo of row_count:main:public.closed and 2 more")

    def test_plain_text_is_said(self):
        psql(f'''
            CREATE TABLE people (id int PRIMARY KEY, ssn_encrypted text, ssn text, note_encrypted jsonb,
                                 "pinEnc" bytea, key_encrypted text, is_encrypted boolean, encrypted_at date);
            INSERT INTO people SELECT n, 'plain {CANARY} ' || n, NULL, '{{"plain": "{CANARY}"}}', 'plain',
                                      repeat('ab', 40) || n, true, now() FROM generate_series(1, 50) n;
            CREATE TABLE halfway (id int PRIMARY KEY, mail text, mail_encrypted text);
            INSERT INTO halfway SELECT n, CASE WHEN n % 2 = 0 THEN '{CANARY}' END,
                CASE WHEN n % 2 = 1 THEN encode(sha256(n::text::bytea), 'hex') END FROM generate_series(1, 60) n;
        ''')
        self.draft(*self.place)
        fields = {one["ciphertext"]: one for one in self.document["checks"] if one["check"] == "encrypted_field"}
        self.assertEqual(list(fields), ["mail_encrypted", "ssn_encrypted", "note_encrypted", "pinEnc", "key_encrypted"])
        for name in ("ssn_encrypted", "note_encrypted", "pinEnc"):
            self.assertIn("50 of 50 sampled values are no ciphertext", fields[name]["todo"])
        self.assertIn("30 of 60 sampled rows have mail in plain text and no ciphertext", fields["mail_encrypted"]["todo"])
        self.assertNotIn(CANARY, self.draft_text)
        self.is_refused(*self.place, says="todo of encrypted_field:main:public.halfway:mail_encrypted")
        # Who only takes the todos out does not make it pass.
        for one in self.document["checks"]:
            one.pop("todo", None)
        self.put("checks.json", self.document)
        self.run_program("capture", "--baseline", self.path("checks.json"), *self.place, status=2)
        for code in ("encrypted_field.not_ciphertext", "encrypted_field.null_ciphertext"):
            self.assertIn(code, self.err)

    def test_links_that_nobody_can_explain(self):
        psql('''
            CREATE TABLE log (id bigint PRIMARY KEY, what text, prev_hash text, hash text);
            INSERT INTO log SELECT n, 'x', encode(sha256(('secret' || n - 1)::bytea), 'hex'),
                encode(sha256(('secret' || n)::bytea), 'hex') FROM generate_series(1, 30) n;
            CREATE TABLE unstarted (id bigint PRIMARY KEY, previous_hash bytea, hash bytea);
            CREATE TABLE accounts (id int PRIMARY KEY, password_hash text, file_hash text);
        ''')
        self.draft(*self.place, "--timeout", "1s")
        for table in ("public.log", "public.unstarted"):
            self.assertEqual(self.check("audit_chain", table)["mode"], "links")
        self.assertIn("was not proved", self.check("audit_chain", "public.log")["todo"])
        self.assertIn("the table is empty", self.check("audit_chain", "public.unstarted")["todo"])
        self.assertEqual(self.checks("audit_chain", "public.accounts"), [])
        self.is_refused(*self.place, says="todo of audit_chain:main:public.log and 1 more")

    def test_a_key_explains_links(self):
        previous, rows = "", []
        for n in range(1, 40):
            mac = hmac.new(CANARY.encode(), f"{previous}|{n}|step {n}".encode(), "sha256").hexdigest()
            rows.append(f"({n}, 'step {n}', " + (f"'{previous}'" if previous else "NULL") + f", '{mac}')")
            previous = mac
        psql("CREATE TABLE log (id bigint PRIMARY KEY, what text, prev_hmac text, row_hmac text);"
             "INSERT INTO log VALUES " + ",".join(rows))
        key = self.put("hmac.key", CANARY + "\n")
        os.chmod(key, 0o600)
        self.draft(*self.place, "--key", f"audit={key}")
        self.assertEqual(self.check("audit_chain", "public.log")["digest"]["key"], "audit")
        self.assertNotIn(CANARY, self.draft_text)
        self.goes_on(*self.place, "--key", f"audit={key}")
        psql("DELETE FROM log WHERE id > 2")
        self.draft(*self.place, "--key", f"audit={key}")
        self.assertIn("too few entries", self.check("audit_chain", "public.log")["todo"])

    def test_resting_tables_are_not_called_stale(self):
        psql('''
            CREATE TABLE orders (id int PRIMARY KEY, created_at timestamptz);
            INSERT INTO orders SELECT n, now() - n * '1 minute'::interval FROM generate_series(1, 100) n;
            CREATE TABLE countries (id int PRIMARY KEY, created_at timestamptz);
            INSERT INTO countries VALUES (1, now() - '3 years'::interval);
            CREATE TABLE plans (id int PRIMARY KEY, created_at timestamptz);
            INSERT INTO plans VALUES (1, now() + '3 years'::interval);
            CREATE TABLE forever (id int PRIMARY KEY, created_at timestamptz);
            INSERT INTO forever VALUES (1, 'infinity');
        ''')
        self.draft(*self.place)
        self.assertEqual(self.targets("freshness"), ["public.orders"])
        self.assertIn("well behind", self.check("row_count", "public.countries")["note"])
        self.goes_on(*self.place)

    def test_five_hundred_tables(self):
        psql("".join(f"CREATE TABLE t{n:03} (id int PRIMARY KEY, a_encrypted text, created_at timestamptz);"
                     f"INSERT INTO t{n:03} VALUES (1, encode(sha256('{n}'), 'hex'), now());" for n in range(500)))
        # In the time that any command is given here.
        self.draft(*self.place)
        self.assertEqual(len(self.targets("row_count")), 500)
        self.assertEqual(len(self.targets("encrypted_field")), 500)

    def test_large_tables_are_not_read_through(self):
        psql('''
            CREATE TABLE large (id int PRIMARY KEY, pad text, a_encrypted text, created_at timestamptz);
            ALTER TABLE large ALTER pad SET STORAGE PLAIN;
            INSERT INTO large SELECT n, repeat('x', 7000), encode(sha256('1'), 'hex'),
                '2025-12-30 05:00Z'::timestamptz - (3000 - n) * '1 second'::interval FROM generate_series(1, 3000) n;
            UPDATE large SET a_encrypted = 'plain' WHERE id = 1500;
            UPDATE pg_class SET reltuples = 3000000, relpages = 3000 WHERE relname = 'large';
        ''')
        before = psql("SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname = 'large'")
        self.draft(*self.place)
        deadline = time.monotonic() + 20
        while True:
            after = psql("SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname = 'large'")
            if after != before or time.monotonic() > deadline:
                break
        self.assertLess(int(after) - int(before), 500)
        self.assertEqual(self.check("freshness", "public.large")["column"], "created_at")
        self.assertEqual(self.checks("content", "public.large"), [])
        self.assertIn('"method": "server"', self.check("row_count", "public.large")["note"])

    def test_it_only_reads_and_leaves_nothing(self):
        psql("CREATE TABLE t (id int PRIMARY KEY, a_encrypted text, prev_hash text, hash text);"
             "INSERT INTO t VALUES (1, 'x', NULL, repeat('a', 64))")
        place = ["--source", "main=" + place_of(DATABASE, ROLE) + " options='-c default_transaction_read_only=on'"]
        self.draft(*place, "--timeout", "1s")
        self.assertEqual(psql(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}' AND state LIKE 'idle in%'"),
                         "0")


@unittest.skipUnless(MONGODB, "needs DRV_TEST_MONGODB")
class OddCollections(Drafts):
    def setUp(self):
        super().setUp()
        self.database = f"init_odd_{os.getpid()}"
        self.place = ["--source", f"search={MONGODB}{self.database}"]
        self.addCleanup(mongo, [{"dropDatabase": 1}], self.database)

    def test_documents(self):
        envelope = {"encrypted": "ab" * 20, "iv": "0" * 32, "authTag": "1" * 32,
                    "encryptedDek": "QUFB" * 21 + "QQ==", "version": "v1"}
        mongo([
            {"insert": "환자 기록", "documents": [
                {"_id": n, "이름": "김" + CANARY, "contact": {"phoneEncrypted": envelope, CANARY + "_encrypted" + str(n): "x"}}
                for n in range(20)]},
            {"insert": "plain", "documents": [{"_id": n, "ssnEncrypted": CANARY} for n in range(20)]},
            {"insert": "mixed", "documents": [
                {"_id": 1, "a": 1, "xEncrypted": 1, "createdAt": "2025"},
                {"_id": 2, "a": {"b": 1}, "xEncrypted": envelope, "createdAt": {"$date": "2025-12-30T05:30:00Z"}},
                {"_id": 3, "a": [1], "xEncrypted": envelope, "createdAt": {"$date": "2025-12-30T05:30:00Z"}}]},
            {"create": "nothing"},
        ], self.database)
        self.draft(*self.place)
        self.assertEqual(self.targets("collection_count"), ["mixed", "nothing", "plain", '환자 기록'])
        field = self.check("encrypted_field", '환자 기록')
        self.assertEqual((field["ciphertext"], field["plaintext"], field["format"]),
                         ("contact.phoneEncrypted", "contact.phone", "aes-256-gcm-envelope"))
        self.assertIn("1 of 3 sampled values are no", self.check("encrypted_field", "mixed")["todo"])
        self.assertIn("20 of 20 sampled values are no ciphertext", self.check("encrypted_field", "plain")["todo"])
        self.assertNotIn(CANARY, self.draft_text)
        self.is_refused(*self.place, says="todo of encrypted_field:search:mixed:xEncrypted and 1 more")


if __name__ == "__main__":
    unittest.main()
