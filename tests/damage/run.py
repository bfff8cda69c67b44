#!/usr/bin/env python3
"""run.py: the damage table: each folder of fixtures/damage is damaged data and its verdict

A case's folder holds case.json and what damages the data: mutate.sql for PostgreSQL, mutate.json (a
list of commands) for MongoDB. For each case the runner copies intact data, proves that the document
passes there without findings, damages the copy, verifies again, and compares exit status and
finding codes exactly. Members of case.json:

  about             one sentence
  shape             which data: plan, real, odd or content
  document          from the case's folder, fixtures/damage or fixtures/pet-platform
  damaged_document  instead of document, once the data is damaged (baseline "stated" only)
  baseline          captured: by "drverify capture" from the intact copy; stated: the document
  capture_flags     more options, for "drverify capture"
  keys              keys of digests by name, given at the capture and to every verify
  damaged_keys      instead of keys, once the data is damaged
  recoded           the data is stored in this encoding until it is damaged, then restored from a
                    dump into a database of UTF8
  reloaded          true: MongoDB's data is dumped and loaded into another database, in another order,
                    before it is damaged
  edited            members that somebody changes in every check of the baseline, null to take one out
  sidecars          what befalls the files beside the document: removed, altered, or exchanged
  flags             more options, for every "drverify verify" on this case
  damaged_flags     more options, only for the run on damaged data
  without           options that the runner gives by itself, left out on damaged data
  role              who reads the damaged data, instead of drverify_reader
  unreachable       sources that do not answer on damaged data
  needs             stores without which the case is skipped; mutate.json says "mongodb" by itself
  exit              the exit status expected on damaged data
  findings          codes expected on damaged data, no others: { code: rows counted by its findings,
                    or the list of its tables and collections, or "any" }
  says              texts that the report on damaged data has to show
  rows              { code: SQL } where its findings have to name just the places that SQL gives, for
                    the damaged data

Every value of the shape "content" holds the word "canary": no output may, unless --show-keys asks.
"""
import collections
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
from cases import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "damage"
PLATFORM = ROOT / "fixtures" / "pet-platform"
SCALE = "50"
# FerretDB reads some thousand documents a second.
MONGODB_SCALE = "200"
INCIDENT = "2025-12-30T14:30:00+09:00"
KNOWN = {"about", "shape", "document", "damaged_document", "baseline", "flags", "damaged_flags",
         "capture_flags", "keys", "damaged_keys", "recoded", "sidecars", "without", "role", "unreachable",
         "needs", "exit", "findings", "says", "rows",
         "edited", "reloaded"}
CANARY = b"canary"
# Nothing listens there; refused at once.
NOWHERE = {"main": "host=127.0.0.1 port=1 dbname=nothing",
           "search": "mongodb://127.0.0.1:1/nothing"}


def run(command, text=None, environment=None):
    """Runs a command that must succeed, and gives its output."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False,
                          env=environment, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): "
                     f"{(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


class Stores:
    """The servers, and intact data of each shape to copy from."""

    def __init__(self, options):
        self.options = options
        self.postgresql = os.environ.get("DRV_TEST_POSTGRESQL", "")
        self.mongodb = os.environ.get("DRV_TEST_MONGODB", "")
        self.locks = collections.defaultdict(threading.Lock)
        self.templates = {}
        self.prefix = f"drv{os.getpid()}"

    def conninfo(self, database, role=None):
        return f"{self.postgresql} dbname={database}" + (f" user={role}" if role else "")

    def psql(self, database, text):
        return self.psql_file(database, "-", text)

    def psql_file(self, database, path, text=None):
        return run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", path,
                    "--dbname", self.conninfo(database) + " client_encoding=UTF8"], text)

    def mongodb_uri(self, database):
        address, _, options = self.mongodb.partition("?")
        return f"{address.rstrip('/')}/{database}" + (f"?{options}" if options else "")

    def template(self, shape):
        """The name of an intact database of this shape, loaded when it is first asked for."""
        with self.locks["postgresql", shape]:
            if shape not in self.templates:
                self.templates[shape] = f"{self.prefix}_{shape}"
                self.load(shape, self.templates[shape])
        return self.templates[shape]

    def create(self, database, encoding, locale):
        self.psql("postgres", f'CREATE DATABASE "{database}" TEMPLATE template0 ENCODING {encoding}'
                  f" LC_COLLATE '{locale}' LC_CTYPE '{locale}'")
        self.psql(database, (PLATFORM / "roles.sql").read_text("utf-8"))

    def create_recoded(self, shape, database, encoding):
        self.create(database, encoding, "C")
        self.psql(database, (CASES / f"{shape}.sql").read_text("utf-8"))

    def restore_as_utf8(self, database, path):
        """From a dump that pg_dump writes in the encoding of the database."""
        run(["pg_dump", "--file", str(path), "--dbname", self.conninfo(database)])
        self.drop_postgresql(database)
        self.create(database, "UTF8", "C.UTF-8")
        self.psql_file(database, str(path))

    def load(self, shape, database):
        self.create(database, "UTF8", "C.UTF-8")
        if shape in ("odd", "content"):
            self.psql(database, (CASES / f"{shape}.sql").read_text("utf-8"))
            return
        self.psql(database, (PLATFORM / f"schema-{shape}.sql").read_text("utf-8"))
        self.psql(database, run([self.options.generate, "--output", "postgresql", "--shape", shape,
                                 "--scale", SCALE]))
        self.psql(database, (PLATFORM / f"keys-{shape}.sql").read_text("utf-8") + "ANALYZE;")

    def copy_postgresql(self, shape, database):
        template = self.template(shape)
        # CREATE DATABASE wants its template for itself.
        with self.locks["postgresql", shape]:
            self.psql("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def drop_postgresql(self, database):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{database}"')

    def commands(self, database, commands):
        run([self.options.mongo_command, self.mongodb_uri(database), database],
            json.dumps(commands, ensure_ascii=False))

    def load_mongodb(self, shape, database):
        if shape == "content":
            self.commands(database, content_documents())
            return
        run([self.options.generate, "--output", "mongodb", "--uri", self.mongodb_uri(database),
             "--database", database, "--scale", MONGODB_SCALE])

    def reload_mongodb(self, database, other):
        run([pathlib.Path(self.options.mongo_command).with_name("mongo_reload"), self.mongodb,
             database, other])

    def intact_mongodb(self):
        """One intact database for all cases that do not damage MongoDB."""
        with self.locks["mongodb"]:
            if "mongodb" not in self.templates:
                self.templates["mongodb"] = f"{self.prefix}_mongodb"
                self.load_mongodb("", self.templates["mongodb"])
        return self.templates["mongodb"]

    def drop_mongodb(self, database):
        self.commands(database, [{"dropDatabase": 1}])

    def close(self):
        for key, database in self.templates.items():
            if key == "mongodb":
                self.drop_mongodb(database)
            else:
                self.drop_postgresql(database)


class Case:
    """One folder."""

    def __init__(self, folder, stores, scratch):
        self.name = folder.name
        self.folder = folder
        self.stores = stores
        self.scratch = scratch / folder.name
        self.spec = json.loads((folder / "case.json").read_text("utf-8"))
        unknown = set(self.spec) - KNOWN
        if unknown:
            raise Failed(f"case.json has unknown members: {', '.join(sorted(unknown))}")
        self.commands = self.read_commands()
        self.database = f"{stores.prefix}_{self.name}".replace("-", "_")[:63]
        self.mongodb = self.database
        self.uris = {}

    def read_commands(self):
        path = self.folder / "mutate.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else []

    def needs_mongodb(self):
        return bool(self.commands) or "mongodb" in self.spec.get("needs", [])

    def document(self, name):
        for folder in (self.folder, CASES):
            if (folder / name).exists():
                return folder / name
        return self.fitted(PLATFORM / name)

    def fitted(self, path):
        """
        A document of the platform for the data at hand: it states amounts at full size, which the
        capture fills in, and has checks for MongoDB, which may not be there.
        """
        document = json.loads(path.read_text("utf-8"))
        for unused in set(document["sources"]) - set(self.uris):
            del document["sources"][unused]
        document["checks"] = [check for check in document["checks"]
                              if check["source"] in document["sources"]]
        for check in document["checks"]:
            for amount in ("rows", "documents"):
                check.get("expect", {}).pop(amount, None)
        copy = self.scratch / path.name
        copy.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        return copy

    def sources(self, document):
        return json.loads(document.read_text("utf-8"))["sources"]

    def options(self, verb, document, damaged, captured):
        """The options of one run of drverify, and where each source is."""
        spec = self.spec
        own = spec.get("flags" if verb == "verify" else "capture_flags", [])
        own = own + (spec.get("damaged_flags", []) if damaged else [])
        without = spec.get("without", []) if damaged else []
        given = [["--incident-at", INCIDENT], ["--allow-sql"]]
        if captured:
            given.append(["--restored-to", "baseline"])
        options = list(own) + self.keys(damaged)
        for words in given:
            if words[0] not in own and words[0] not in without:
                options += words
        for source in self.sources(document):
            options += ["--source", f"{source}={self.address(source, damaged)}"]
        return options

    def keys(self, damaged):
        keys = self.spec.get("keys", {})
        options = []
        for name, text in (self.spec.get("damaged_keys", keys) if damaged else keys).items():
            path = self.scratch / f"key-{name}{'-damaged' if damaged else ''}"
            path.write_text(text, "utf-8")
            path.chmod(0o600)
            options += ["--key", f"{name}={path}"]
        return options

    def address(self, source, damaged):
        if damaged and source in self.spec.get("unreachable", []):
            return NOWHERE[source]
        if source == "main":
            role = self.spec.get("role", "drverify_reader") if damaged else "drverify_reader"
            return self.stores.conninfo(self.database, role)
        return self.uris[source]

    def drverify(self, verb, document, damaged, captured):
        """Exit status, report (or None) and output."""
        report = self.scratch / f"{verb}{'-damaged' if damaged else ''}.json"
        command = [self.stores.options.drverify, verb, "--baseline", str(document), "--write",
                   f"json={report}"] + self.options(verb, document, damaged, captured)
        done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=120)
        written = json.loads(report.read_text("utf-8")) if report.exists() else None
        output = done.stdout + done.stderr
        if self.spec["shape"] == "content":
            self.prove_discreet(command, output.encode())
        return done.returncode, written, output

    def prove_discreet(self, command, output):
        """No value is in any output; in files beside the document only where keys are kept."""
        told = {path.name: path.read_bytes() for path in self.scratch.glob("*.json")}
        files = [path.read_bytes() for path in self.sidecars()]
        if "--show-keys" not in command:
            for name, content in {"the output": output, **told}.items():
                if CANARY in content:
                    raise Failed(f"a value stands in {name}")
        if any(CANARY in content for content in files) != \
                ("--keep-keys" in self.spec.get("capture_flags", [])):
            raise Failed("keys stand in the files beside the document, or should")

    def sidecars(self):
        return sorted(self.scratch.glob("*.rows"))

    def spoil_sidecars(self, how):
        files = self.sidecars()
        if not files:
            raise Failed("the capture left no files beside the document")
        if how == "exchanged":
            contents = [path.read_bytes() for path in files]
            for path, content in zip(files, contents[1:] + contents[:1]):
                path.write_bytes(content)
            return
        for path in files:
            content = path.read_bytes()
            path.unlink()
            if how == "altered":
                middle = len(content) // 2
                path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) +
                                 content[middle + 1:])

    def prove_intact(self, document, captured):
        status, report, output = self.drverify("verify", document, False, captured)
        if status != 0 or findings_of(report):
            raise Failed(f"intact data does not pass (exit {status})\n{output}")
        if captured:
            for check in report["checks"]:
                if check["result"]["verdict"] != "skipped":
                    prove_evidence(check)

    def baseline(self):
        """The document to verify with, and whether it was captured."""
        document = self.document(self.spec["document"])
        if self.spec["baseline"] == "stated":
            return document, False
        status, _, output = self.drverify("capture", document, False, False)
        if status != 0:
            raise Failed(f"capture of intact data fails (exit {status})\n{output}")
        return self.scratch / "capture.json", True

    def reload(self):
        """From here on the other database is the one that is looked at."""
        self.mongodb = f"{self.database}_again"
        self.stores.reload_mongodb(self.database, self.mongodb)
        self.uris["search"] = self.stores.mongodb_uri(self.mongodb)

    def damage(self):
        if "recoded" in self.spec:
            self.stores.restore_as_utf8(self.database, self.scratch / "dump.sql")
        if self.spec.get("reloaded"):
            self.reload()
        mutation = self.folder / "mutate.sql"
        if mutation.exists():
            self.stores.psql(self.database, mutation.read_text("utf-8"))
        if self.commands:
            self.stores.commands(self.mongodb, self.commands)
        if "sidecars" in self.spec:
            self.spoil_sidecars(self.spec["sidecars"])

    def wrong_places(self, report):
        """What the findings of each code name, against what the data say."""
        for code, sql in self.spec.get("rows", {}).items():
            expected = sorted(self.stores.psql(self.database, "SET search_path = '';\n\\t on\n"
                                               f"\\pset format unaligned\n{sql};").split("\n")[:-1])
            named = sorted(row.get("place", "") for check in report["checks"]
                           for finding in check["result"]["findings"] if finding["code"] == code
                           for row in finding.get("rows", []))
            if not expected or named != expected:
                yield f"{code} names {named}, not {expected}"

    def judge(self, status, report, output):
        wrong = []
        if status != self.spec["exit"]:
            wrong.append(f"exit status {status}, not {self.spec['exit']}")
        if report is None:
            raise Failed(f"no report was written (exit {status})\n{output}")
        found = findings_of(report)
        for code in sorted(found.keys() | self.spec["findings"].keys()):
            wrong += compare(code, self.spec["findings"].get(code), found.get(code, []))
        if report["report"]["exit_status"] != status:
            wrong.append(f"the report says exit {report['report']['exit_status']}")
        shown = json.dumps(report, ensure_ascii=False)
        wrong += self.wrong_places(report)
        wrong += [f"nothing says {text}" for text in self.spec.get("says", []) if text not in shown]
        if wrong:
            raise Failed("; ".join(wrong) + f"\n{output}")

    def edit(self, document):
        edited = json.loads(document.read_text("utf-8"))
        for check in edited["checks"]:
            check.update(self.spec["edited"])
            for member in [name for name, value in check.items() if value is None]:
                del check[member]
        document.write_text(json.dumps(edited, ensure_ascii=False), "utf-8")

    def prepare(self):
        self.scratch.mkdir(parents=True)
        if "recoded" in self.spec:
            self.stores.create_recoded(self.spec["shape"], self.database, self.spec["recoded"])
        else:
            self.stores.copy_postgresql(self.spec["shape"], self.database)
        self.uris["main"] = self.stores.conninfo(self.database)
        if not self.stores.mongodb:
            return
        if self.commands:
            self.stores.load_mongodb(self.spec["shape"], self.database)
            self.uris["search"] = self.stores.mongodb_uri(self.database)
        else:
            self.uris["search"] = self.stores.mongodb_uri(self.stores.intact_mongodb())

    def clean(self):
        self.stores.drop_postgresql(self.database)
        if self.commands and self.stores.mongodb:
            for database in {self.database, self.mongodb}:
                self.stores.drop_mongodb(database)

    def try_out(self):
        """Raises Failed when something is not as the case says."""
        try:
            self.prepare()
            document, captured = self.baseline()
            self.prove_intact(document, captured)
            self.damage()
            if "damaged_document" in self.spec:
                document = self.document(self.spec["damaged_document"])
            if "edited" in self.spec:
                self.edit(document)
            self.judge(*self.drverify("verify", document, True, captured))
        finally:
            self.clean()


def content_documents():
    """Documents in which everything that a digest of the stored bytes tells apart can change."""
    documents = [{"_id": {"$oid": f"{0x65800000 + n * 21600:08x}{n:016x}"},
                  "remark": f"canary {n}", "kept": n % 2 == 0, "count": {"$numberInt": str(n)},
                  "seen": {"$numberInt": "0"}, "share": {"$numberDouble": str(n / 8)}, "deep": {"a": [1, {"b": f"canary {n}"}], "c": None},
                  "made": {"$date": {"$numberLong": str(1735689600000 + n * 21600000)}}}
                 for n in range(300)]
    return [{"insert": "notes", "documents": documents},
            {"insert": "named", "documents": [{"_id": f"canary {n}", "remark": "canary"}
                                              for n in range(100)]}]


def prove_evidence(check):
    """What stands for data is named: what was recorded of it, and the same found again."""
    expect = check.get("expect", {})
    wanted = [(what, value) for what, value in (
        ("content", expect.get("digest")), ("head", expect.get("head", {}).get("hash"))) if value]
    found = [(one["what"], one["recorded"]) for one in check["result"].get("evidence", [])
             if one["recorded"] == one["found"]]
    if wanted != found:
        raise Failed(f"of {check['check']} the evidence is {found}, not {wanted}")


def findings_of(report):
    """code → [(target, count)]"""
    found = collections.defaultdict(list)
    for check in report["checks"]:
        target = check.get("table", check.get("collection", ""))
        target = target if isinstance(target, str) else ".".join(target)
        for finding in check["result"]["findings"]:
            found[finding["code"]].append((target, finding["count"]))
    return dict(found)


def compare(code, expected, found):
    if expected is None:
        return [f"unexpected {code} ({', '.join(target for target, _ in found)})"]
    if not found:
        return [f"{code} was not found"]
    if isinstance(expected, int) and sum(count for _, count in found) != expected:
        return [f"{code} counts {sum(count for _, count in found)}, not {expected}"]
    if isinstance(expected, list) and sorted(expected) != sorted(target for target, _ in found):
        return [f"{code} at {sorted(target for target, _ in found)}, not {sorted(expected)}"]
    return []


def try_folder(folder, stores, scratch):
    """("passed" | "failed" | "skipped", line)"""
    case = Case(folder, stores, scratch)
    if case.needs_mongodb() and not stores.mongodb:
        return "skipped", f"skip {case.name}: no MongoDB server"
    return cases.attempt(case.name, case.spec["about"], case.try_out)


def read_options():
    parser = cases.parser("Tries the cases of fixtures/damage")
    parser.add_argument("--generate", required=True, help="the built data generator")
    return parser.parse_args()


def main():
    options = read_options()
    cases.need_postgresql()
    for program in (options.drverify, options.generate):
        if not os.access(program, os.X_OK):
            sys.exit(f"{program} is no program; build it first")
    folders = sorted(path.parent for path in CASES.glob("*/case.json"))
    if options.case:
        folders = [folder for folder in folders if folder.name in options.case]
    stores = Stores(options)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="drv-damage."))
    try:
        return cases.try_all("damage", folders,
                             lambda one: try_folder(one, stores, scratch), options)
    finally:
        shutil.rmtree(scratch)
        stores.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, Failed) as end:
        sys.exit(f"ended early: {end or 'interrupted'}")
