"""scene.py: a database, a collection, documents about them, and what runs of drverify come to"""
import hashlib
import json
import os
import re
import subprocess
import tempfile

POSTGRESQL = os.environ.get("DRV_TEST_POSTGRESQL")
MONGODB = os.environ.get("DRV_TEST_MONGODB")

ROLE = "drverify_scene_reader"

# What a sanitizer ends with, so that its word is not taken for a verdict.
SANITIZER = 99
SANITIZERS = {
    "ASAN_OPTIONS": f"detect_leaks=1:strict_string_checks=1:exitcode={SANITIZER}:"
                    "verify_asan_link_order=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:exitcode={SANITIZER}",
    "LSAN_OPTIONS": f"exitcode={SANITIZER}",
}

SCHEMA = """
CREATE TABLE public.notes AS SELECT g AS id, encode(sha256(g::text::bytea), 'hex') AS secret,
  NULL::text AS plain, timestamptz '2026-01-02 03:04:05Z' + g * interval '1 s' AS at,
  date '2026-01-01' + g / 10 AS day FROM generate_series(1, 40) g;
ALTER TABLE public.notes ADD PRIMARY KEY (id);
CREATE TABLE public.log (id int PRIMARY KEY, action text NOT NULL, previous text, hash text NOT NULL);
DO $$ DECLARE p text := ''; h text; BEGIN FOR i IN 1..30 LOOP
  h := encode(sha256(convert_to(p || '|a' || i, 'UTF8')), 'hex');
  INSERT INTO public.log VALUES (i, 'a' || i, nullif(p, ''), h); p := h; END LOOP; END $$;
ANALYZE;
"""

# With a backup of what it loses.
DAMAGE = """
UPDATE public.notes SET plain = 'x', secret = NULL WHERE id = 7;
DELETE FROM public.notes WHERE id > 38;
DELETE FROM public.log WHERE id = 10;
UPDATE public.log SET action = 'edited' WHERE id = 20;
"""

ON_POSTGRESQL = [
    {"check": "connection", "priority": 1},
    {"check": "row_count", "table": "public.notes", "where": {"column": "day", "is": "not null"}},
    {"check": "encrypted_field", "table": "public.notes", "ciphertext": "secret",
     "plaintext": "plain", "format": "hex"},
    {"check": "freshness", "table": "public.notes", "column": "at", "max_loss": "1h"},
    {"check": "audit_chain", "table": "public.log", "hash": "hash", "previous": "previous",
     "order_by": ["id"], "genesis": {"stored": None, "hashed": ""},
     "preimage": {"join": [{"previous": "text"}, {"column": "action"}], "with": "|"}},
    {"check": "content", "table": "public.notes", "detail": "rows", "name": "rows"},
    {"check": "content", "table": "public.notes", "method": "server", "name": "server"},
    {"check": "assert", "sql": "SELECT 1 FROM public.log WHERE action IS NULL"},
]

ON_MONGODB = [
    {"check": "connection", "priority": 1},
    {"check": "collection_count", "collection": "texts", "filter": {"gone": False}},
    {"check": "encrypted_field", "collection": "texts", "ciphertext": "secret", "format": "hex"},
    {"check": "freshness", "collection": "texts", "column": "at", "max_loss": "1h"},
    {"check": "content", "collection": "texts"},
    {"check": "assert", "collection": "texts", "filter": {"gone": True}},
]

DOCUMENTS = [{"_id": i, "secret": hashlib.sha256(b"%d" % i).hexdigest(), "gone": False,
              "at": {"$date": "2026-01-02T03:04:%02dZ" % i}} for i in range(30)]


def at(database, **extra):
    words = [word for word in POSTGRESQL.split() if not word.startswith("dbname=")]
    words += [f"dbname={database}"] + [f"{name}={value}" for name, value in extra.items()]
    return " ".join(words)


def reader(database, **extra):
    """As a role that may read everything, and nothing else."""
    words = [word for word in at(database, **extra).split() if not word.startswith("user=")]
    return " ".join(words + [f"user={ROLE}"])


def psql(sql, database):
    done = subprocess.run(["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d",
                           at(database), "-c", sql], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def mongo(database, *commands):
    subprocess.run([os.environ["MONGO_COMMAND"], MONGODB, database], check=True,
                   input=json.dumps(commands), text=True)


def make_postgresql(database, sql=SCHEMA):
    psql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", "postgres")
    psql(f"CREATE DATABASE {database}", "postgres")
    psql(f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; GRANT pg_read_all_data TO {ROLE}; "
         "EXCEPTION WHEN duplicate_object THEN NULL; END $$", database)
    psql(sql, database)


def make_mongodb(database):
    mongo(database, {"dropDatabase": 1})
    mongo(database, {"insert": "texts", "documents": DOCUMENTS})


def document(store, checks, database=None):
    source = {"store": store}
    if database:
        source["database"] = database
    return {"format": "drverify/1", "sources": {"main": source},
            "checks": [{"source": "main", **check} for check in checks]}


class Outcome:
    """What a run came to."""

    def __init__(self, status, text, report):
        self.status = status
        self.text = text
        self.report = report         # None: none was written, or it cannot be read

    def results(self):
        """All that is said of each check, but how long it took, and the port of a proxy."""
        checks = json.loads(re.sub(r"127\.0\.0\.1:\d+", "PROXY", json.dumps(
            self.report["checks"]))) if self.report else []
        return [{key: value for key, value in check.get("result", {}).items() if key != "seconds"}
                for check in checks]

    def codes(self):
        return [[finding["code"] for finding in result.get("findings", [])]
                for result in self.results()]


class Stage:
    """Runs one program with one document and one source, in a folder of its own."""

    def __init__(self, program, written, place, options=()):
        self.program = program
        self.place = place
        self.options = list(options)
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.write("document.json", written)

    def write(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return path

    def capture(self, options=()):
        """From now on the document is what was captured."""
        baseline = os.path.join(self.folder.name, "baseline.json")
        subprocess.run([self.program, "capture", "--baseline", self.path, "--source",
                        f"main={self.place}", "--write", f"json={baseline}", *self.options, *options],
                       check=True, stdout=subprocess.DEVNULL)
        self.path = baseline

    def command(self, name, options=(), place=None):
        return [self.program, "--baseline", self.path, "--source", f"main={place or self.place}",
                "--write", f"json={self.report_path(name)}", *self.options, *options]

    def report_path(self, name):
        return os.path.join(self.folder.name, f"report-{name}.json")

    def start(self, name, options=(), env=None, place=None, **extra):
        if os.path.exists(self.report_path(name)):
            os.remove(self.report_path(name))
        return subprocess.Popen(self.command(name, options, place), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**os.environ, **SANITIZERS, **(env or {})}, **extra)

    def finish(self, name, process, within=60):
        """A run that takes longer is killed, and comes to status None."""
        try:
            out, _ = process.communicate(timeout=within)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            status = None
        try:
            with open(self.report_path(name), encoding="utf-8") as file:
                report = json.load(file)
        except (OSError, ValueError):
            report = None
        return Outcome(status, out.decode(errors="replace"), report)

    def run(self, name="it", options=(), env=None, within=60, place=None):
        return self.finish(name, self.start(name, options, env, place), within)

    def close(self):
        self.folder.cleanup()


def said_of_data(results):
    return [{key: result[key] for key in ("verdict", "rows", "findings") if key in result}
            for result in results]


def complaint(outcome, intact, fewer_words=False):
    """What is wrong about a run in which something failed, next to one in which nothing did; or ""."""
    if outcome.status is None:
        return "it did not end"
    if outcome.status == SANITIZER or outcome.status < 0:
        return f"it ended with {outcome.status}"
    if outcome.results() == intact.results() or (
            fewer_words and said_of_data(outcome.results()) == said_of_data(intact.results())):
        # Where only the telling failed, it says so.
        told = outcome.status == intact.status or (outcome.status == 3 and outcome.text.strip())
        return "" if told else f"exit status {outcome.status}"
    if outcome.status != 3 and not (outcome.status == 2 and intact.status == 2):
        return f"exit status {outcome.status}"
    if not outcome.report:
        return "" if outcome.text.strip() else "not a word, and no report"
    for result, before in zip(outcome.results(), intact.results()):
        if result != before and not any(finding["effect"] == "inconclusive"
                                        for finding in result["findings"]):
            return f"another result: {result}"
    return ""
