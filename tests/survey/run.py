#!/usr/bin/env python3
"""run.py: the audit chains of surveyed applications: each folder of fixtures/chain-survey is one

A folder holds recipe.json, entries that the application's own language hashed (rows.jsonl for
PostgreSQL with schema.sql, documents.jsonl for MongoDB) and case.json. For each folder the runner
loads the entries, last first, and proves that the recipe verifies all of them; then it edits a
value of an entry in the middle, deletes that entry, and cuts off the last one after a capture, each
on intact data, and compares exit status, finding codes and the named row. It also edits each column
in turn, which must be found unless the report on the intact entries says that the hash does not
cover that column. Members of case.json:

  about         one sentence
  application   whose chain it is, as it was at commit; language it is written in
  key           the columns that tell an entry
  edit          which column of the entry in the middle gets which value
  middle        which entry that is, counted from 0; half way when absent
  rows          entries that each check reads, by its name; all of them when absent
  damage        findings when not the usual ones: { edited | deleted | cut: { code: count } }
  named         the entry named when not the usual one: { edited | deleted: middle | next | null }
  uncovered     members that the hash does not cover; of columns the report itself says it
  unverifiable  what stands in the message that tells why the contents cannot be verified, which is
                all that is found while nothing is damaged; then only a deletion is tried

expect.json, where there is one, holds what the application keeps elsewhere of its chain: for a
check's name what its "expect" must be.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import cases
from cases import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "chain-survey"
ROLES = ROOT / "fixtures" / "pet-platform" / "roles.sql"
KNOWN = {"about", "application", "commit", "language", "key", "edit", "middle", "rows", "damage",
         "named", "uncovered", "unverifiable"}
USUAL = {"edited": {"chain.hash_mismatch": 1}, "deleted": {"chain.link_broken": 1},
         "cut": {"chain.head_missing": 1}}
NAMED = {"edited": "middle", "deleted": "next"}
UNCOVERED = "not covered by the hash: "
# How a value of a type becomes another one, which no format cuts or rounds away.
CHANGES = {"boolean": "NOT coalesce({0}, false)", "uuid": "md5(coalesce({0}::text, ''))::uuid",
           "json": """'{{"edited": 1}}'""", "jsonb": """'{{"edited": 1}}'""",
           "bytea": "coalesce({0}, '') || '\\x00'", "ARRAY": "array_append({0}, 'edited')",
           "character": "'edited'", "text": "coalesce({0}, '') || '~'",
           "character varying": "left(coalesce({0}, ''), 2) || '~'"}
NUMBER = "-1 - coalesce({0}, 0)"
TIME = "coalesce({0}, now()) + interval '1 second'"


def run(command, text=None):
    """Runs a command that must succeed, and gives its output."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False,
                          timeout=120)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): "
                     f"{(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def psql(conninfo, text):
    run(["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", "-", "--dbname",
         conninfo], text)


def changed(value):
    """Another value of the same type, as extended JSON has it."""
    if isinstance(value, dict) and "$date" in value:
        return {"$date": "2001-02-03T04:05:06.007Z"}
    if isinstance(value, dict) and "$oid" in value:
        return {"$oid": "0123456789abcdef01234567"}
    if isinstance(value, dict) and "$numberInt" in value:
        return {"$numberInt": str(int(value["$numberInt"]) + 1)}
    if isinstance(value, dict) and "$numberDouble" in value:
        return {"$numberDouble": "-2.5"}
    return {"edited": "yes"} if isinstance(value, dict) else "edited"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Postgresql:
    """One database of the test server, with the entries of one case."""

    def __init__(self, name, folder, check, _):
        self.server = os.environ["DRV_TEST_POSTGRESQL"]
        self.name = name
        self.folder = folder
        self.table = quoted(check["table"].split(".", 1)[1])

    def psql(self, database, text):
        psql(f"{self.server} dbname={database}", text)

    def create(self):
        self.psql("postgres", f'CREATE DATABASE "{self.name}" TEMPLATE template0 ENCODING UTF8'
                  " LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
        self.psql(self.name, ROLES.read_text("utf-8"))
        self.psql(self.name, (self.folder / "schema.sql").read_text("utf-8"))

    # The text of the rows goes to the server as it is, so that a column of type json keeps it.
    def fill(self, lines):
        self.psql(self.name, f"TRUNCATE {self.table}; INSERT INTO {self.table} SELECT * FROM "
                  f"json_populate_recordset(NULL::{self.table}, $rows$[" + ",\n".join(lines) +
                  "]$rows$);")

    def where(self, entry, key):
        wanted = json.dumps({name: entry[name] for name in key})
        return (f"({', '.join(map(quoted, key))}) = (SELECT {', '.join(map(quoted, key))} FROM "
                f"json_populate_record(NULL::{self.table}, $key${wanted}$key$))")

    def edit(self, entry, key, column, value):
        wanted = json.dumps({column: value})
        self.psql(self.name, f"UPDATE {self.table} SET {quoted(column)} = (SELECT "
                  f"{quoted(column)} FROM json_populate_record(NULL::{self.table}, "
                  f"$value${wanted}$value$)) WHERE {self.where(entry, key)}")

    def delete(self, entry, key):
        self.psql(self.name, f"DELETE FROM {self.table} WHERE {self.where(entry, key)}")

    def columns(self, _):
        """[(name, type)]"""
        answer = run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname",
                      f"{self.server} dbname={self.name}", "--command",
                      "SELECT json_agg(json_build_array(column_name, data_type)) FROM "
                      f"information_schema.columns WHERE quote_ident(table_name) = "
                      f"quote_ident('{self.table.strip(chr(34))}')"])
        return json.loads(answer)

    def edited_copies(self, entry, key, columns):
        """
        For each column a table where only that column of this entry was edited. Gives what each
        check is to read instead.
        """
        text = ""
        for number, (column, kind) in enumerate(columns):
            change = CHANGES.get(kind, TIME if kind.startswith("timestamp") else NUMBER)
            text += (f"CREATE TABLE edited_{number} (LIKE {self.table} INCLUDING ALL); INSERT INTO "
                     f"edited_{number} SELECT * FROM {self.table}; UPDATE edited_{number} SET "
                     f"{quoted(column)} = {change.format(quoted(column))} "
                     f"WHERE {self.where(entry, key)};")
        self.psql(self.name, text)
        return [{"table": f"public.edited_{number}"} for number in range(len(columns))]

    def address(self):
        return f"{self.server} dbname={self.name} user=drverify_reader"

    def drop(self):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{self.name}"')


class Mongodb:
    """One database of the server that speaks the MongoDB protocol."""

    def __init__(self, name, _, check, options):
        self.command = options.mongo_command
        self.name = name
        self.collection = check["collection"]

    def address(self):
        address, _, options = os.environ["DRV_TEST_MONGODB"].partition("?")
        return f"{address.rstrip('/')}/{self.name}" + (f"?{options}" if options else "")

    def commands(self, commands):
        run([self.command, self.address(), self.name], commands)

    def create(self):
        self.drop()

    # The text of the documents goes there as it is: members keep their order and their types.
    def fill(self, lines):
        self.lines = lines
        self.commands(json.dumps([{"delete": self.collection, "deletes": [{"q": {}, "limit": 0}]}]))
        self.commands(f'[{{"insert": {json.dumps(self.collection)}, "documents": [' +
                      ",\n".join(lines) + "]}]")

    def columns(self, entry):
        return [(name, None) for name in entry]

    def edited_copies(self, entry, key, columns):
        inserts = []
        for number, (column, _) in enumerate(columns):
            documents = [json.loads(line) for line in self.lines]
            for one in documents:
                if all(one[name] == entry[name] for name in key):
                    one[column] = changed(one[column])
            inserts.append({"insert": f"edited_{number}", "documents": documents})
        self.commands(json.dumps(inserts))
        return [{"collection": one["insert"]} for one in inserts]

    def edit(self, entry, key, column, value):
        self.commands(json.dumps([{"update": self.collection, "updates": [
            {"q": {name: entry[name] for name in key}, "u": {"$set": {column: value}}}]}]))

    def delete(self, entry, key):
        self.commands(json.dumps([{"delete": self.collection, "deletes": [
            {"q": {name: entry[name] for name in key}, "limit": 1}]}]))

    def drop(self):
        self.commands('[{"dropDatabase": 1}]')


class Case:
    """One folder."""

    def __init__(self, folder, options, scratch):
        self.folder = folder
        self.options = options
        self.scratch = scratch / folder.name
        self.spec = json.loads((folder / "case.json").read_text("utf-8"))
        unknown = set(self.spec) - KNOWN
        if unknown:
            raise Failed(f"case.json has unknown members: {', '.join(sorted(unknown))}")
        self.document = self.read_document()
        self.kind = self.document["sources"]["main"]["store"]
        name = f"drv{os.getpid()}_{folder.name}".replace("-", "_")[:60]
        store = Mongodb if self.kind == "mongodb" else Postgresql
        self.store = store(name, folder, self.document["checks"][0], options)
        rows = folder / ("documents.jsonl" if self.kind == "mongodb" else "rows.jsonl")
        self.lines = [line for line in rows.read_text("utf-8").split("\n") if line]
        self.entries = [json.loads(line) for line in self.lines]
        self.middle = self.spec.get("middle", len(self.entries) // 2)

    def read_document(self):
        document = json.loads((self.folder / "recipe.json").read_text("utf-8"))
        if "database" in document["sources"]["main"]:
            del document["sources"]["main"]["database"]
        kept = self.folder / "expect.json"
        expected = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
        for check in document["checks"]:
            if check["name"] in expected:
                check["expect"] = expected[check["name"]]
        return document

    def keys(self):
        """The options that give the keys which the recipe asks for by name."""
        names = set(re.findall(r'"key": "([a-z]+)"', json.dumps(self.document)))
        options = []
        for name in sorted(names):
            copy = self.scratch / f"{name}.key"
            shutil.copyfile(CASES / "keys" / name, copy)
            copy.chmod(0o600)
            options += ["--key", f"{name}={copy}"]
        return options

    def drverify(self, verb, document, *flags):
        """Exit status, report and output."""
        report = self.scratch / f"{verb}.json"
        command = [self.options.drverify, verb, "--baseline", str(document), "--show-keys",
                   "--write", f"json={report}", "--source", f"main={self.store.address()}"]
        done = subprocess.run(command + self.keys() + list(flags), text=True, capture_output=True,
                              check=False, timeout=60)
        if not report.exists():
            raise Failed(f"no report was written (exit {done.returncode})\n"
                         f"{done.stdout}{done.stderr}")
        written = json.loads(report.read_text("utf-8"))
        report.unlink()
        return done.returncode, written, done.stdout + done.stderr

    def partition(self, entry):
        columns = self.document["checks"][-1].get("partition_by", [])
        for column in columns:
            value = entry
            for part in [column] if column in entry else column.split("."):
                value = value[part]
            yield value

    def next_of(self, at):
        """The entry after this one in the same chain."""
        own = list(self.partition(self.entries[at]))
        return next(entry for entry in self.entries[at + 1:] if list(self.partition(entry)) == own)

    def prove_intact(self, document, *flags):
        status, report, output = self.drverify("verify", document, *flags)
        if status != 0 or findings_of(report):
            raise Failed(f"intact entries do not pass (exit {status})\n{output}")
        for check in report["checks"]:
            rows = self.spec.get("rows", {}).get(check["name"], len(self.entries))
            if check["result"]["rows"] != rows:
                raise Failed(f"{check['name']}: {check['result']['rows']} rows, not {rows}\n"
                             f"{output}")
        return report

    def prove_unverifiable(self, document):
        status, report, output = self.drverify("verify", document)
        found = findings_of(report)
        if status != 3 or counts_of(found) != {"chain.unverifiable": len(self.entries)}:
            raise Failed(f"not unverifiable (exit {status})\n{output}")
        reason = self.spec["unverifiable"]
        if not any(reason in one["message"] for one in found["chain.unverifiable"]):
            raise Failed(f"no message says \"{reason}\"\n{output}")

    def try_deletion(self, document):
        self.store.delete(self.entries[self.middle], self.spec["key"])
        self.judge("deleted", *self.drverify("verify", document))

    def guides(self):
        """Columns that say where an entry belongs and how it was hashed, not what was hashed."""
        guides = set()
        for check in self.document["checks"]:
            names = [check.get("hash"), check.get("previous")] + check.get("partition_by", [])
            names += check["order_by"] if "previous" not in check else []
            guiding = r'"(?:by|when|where)": (\[.*?\]|{.*?}|".*?")'
            for condition in re.findall(guiding, json.dumps(check)):
                names += re.findall(r'"column": "(.*?)"', condition) + [condition.strip('"')]
            guides |= {name.split(".")[0] for name in names if name}
        return guides

    def try_columns(self, intact):
        """Each column is edited in a copy of the table, and one run looks at all copies."""
        left_out = self.guides() | set(self.spec["key"])
        entry = self.entries[self.middle]
        columns = [column for column in self.store.columns(entry) if column[0] not in left_out]
        copies = self.store.edited_copies(entry, self.spec["key"], columns)
        checks = [check | copy | {"name": f"{at} {column}"}
                  for copy, (column, _) in zip(copies, columns)
                  for at, check in enumerate(self.document["checks"])]
        document = self.scratch / "columns.json"
        document.write_text(json.dumps(self.document | {"checks": checks}), "utf-8")
        _, report, output = self.drverify("verify", document)
        found = collections.defaultdict(set)
        for check in report["checks"]:
            found[check["name"].split(" ", 1)[1]].add(check["result"]["verdict"])
        for column, verdicts in found.items():
            self.judge_column(column, verdicts - {"pass"}, intact, output)

    def judge_column(self, column, verdicts, intact, output):
        """A check that covers the column may read other entries than the edited one."""
        uncovered = [check["result"]["summary"].partition(UNCOVERED)[2].split(", ") +
                     self.spec.get("uncovered", []) for check in intact["checks"]]
        covered = not all(column in one for one in uncovered)
        # One version may cover what another does not, and the report names what one of them misses.
        versions = any("versions" in check for check in self.document["checks"])
        if verdicts != ({"fail"} if covered else set()) and not (
                versions and not covered and verdicts == {"fail"}):
            raise Failed(f"{column}, which is {'' if covered else 'not '}covered, was edited: "
                         f"{verdicts or 'pass'}\n{output}")

    def judge(self, what, status, report, output):
        expected = self.spec.get("damage", {}).get(what, USUAL[what])
        if "unverifiable" in self.spec:
            expected = expected | {"chain.unverifiable": len(self.entries) - 1}
        found = findings_of(report)
        if counts_of(found) != expected or status != 2:
            raise Failed(f"{what}: {counts_of(found)} with exit {status}, not {expected}\n{output}")
        if what in NAMED:
            self.judge_name(what, found, output)

    def judge_name(self, what, found, output):
        which = self.spec.get("named", {}).get(what, NAMED[what])
        if which is None:
            return
        entry = self.entries[self.middle] if which == "middle" else self.next_of(self.middle)
        values = [entry[name] for name in self.spec["key"]]
        values = [str(value["$oid"] if isinstance(value, dict) else value) for value in values]
        rows = [row["key"] for code in found for one in found[code] for row in one.get("rows", [])]
        if not any(all(value in key for value in values) for key in rows):
            raise Failed(f"{what}: {values} is not named, but {rows}\n{output}")

    def capture(self, document):
        """The document with what the intact entries were."""
        status, report, output = self.drverify("capture", document)
        if status != 0:
            raise Failed(f"capture of intact entries fails (exit {status})\n{output}")
        captured = self.scratch / "captured.json"
        captured.write_text(json.dumps(report, ensure_ascii=False), "utf-8")
        return captured

    def try_damage(self, document):
        key, edit = self.spec["key"], self.spec["edit"]
        self.store.edit(self.entries[self.middle], key, edit["column"], edit["value"])
        self.judge("edited", *self.drverify("verify", document))
        self.store.fill(self.lines[::-1])
        self.try_deletion(document)
        self.store.fill(self.lines[::-1])
        captured = self.capture(document)
        self.prove_intact(captured, "--restored-to", "baseline")
        self.store.delete(self.entries[-1], key)
        self.judge("cut", *self.drverify("verify", captured, "--restored-to", "baseline"))

    def try_out(self):
        """Raises Failed when something is not as the case says."""
        self.scratch.mkdir(parents=True)
        document = self.scratch / "document.json"
        document.write_text(json.dumps(self.document, ensure_ascii=False), "utf-8")
        try:
            self.store.create()
            self.store.fill(self.lines[::-1])
            if "unverifiable" in self.spec:
                self.prove_unverifiable(document)
                self.try_deletion(document)
                return
            self.try_columns(self.prove_intact(document))
            self.try_damage(document)
        finally:
            self.store.drop()


def findings_of(report):
    """code → findings"""
    found = collections.defaultdict(list)
    for check in report["checks"]:
        for finding in check["result"]["findings"]:
            found[finding["code"]].append(finding)
    return dict(found)


def counts_of(found):
    return {code: sum(one["count"] for one in found[code]) for code in found}


def try_folder(folder, options, scratch):
    """("passed" | "failed" | "skipped", line)"""
    case = Case(folder, options, scratch)
    if case.kind == "mongodb" and not os.environ.get("DRV_TEST_MONGODB"):
        return "skipped", f"skip {folder.name}: no MongoDB server"
    return cases.attempt(folder.name, case.spec["about"], case.try_out)


def main():
    options = cases.parser("Tries the cases of fixtures/chain-survey").parse_args()
    cases.need_postgresql()
    folders = sorted(path.parent for path in CASES.glob("*/case.json"))
    if options.case:
        folders = [folder for folder in folders if folder.name in options.case]
    # Roles belong to the whole server: the cases' databases find them made.
    psql(os.environ["DRV_TEST_POSTGRESQL"], ROLES.read_text("utf-8"))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="drv-survey."))
    try:
        return cases.try_all("survey", folders,
                             lambda one: try_folder(one, options, scratch), options)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, Failed) as end:
        sys.exit(f"ended early: {end or 'interrupted'}")
