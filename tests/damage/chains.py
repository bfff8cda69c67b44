#!/usr/bin/env python3
"""chains.py: damaged audit chains: each folder of fixtures/damage-chains is one and its damage

A folder holds chain.json and what makes the entries: entries.sql for PostgreSQL; for MongoDB
entries.py, which prints lists of commands by name, "entries" among them. For each case the runner
makes the entries, captures them, proves that they pass, damages them, verifies again, and compares
exit status, finding codes and the named rows exactly. Members of chain.json:

  about    one sentence
  check    the audit_chain check
  keys     the secrets that it asks for, by name
  cases    what is done to the entries, a list

A case's members, in the order in which they are used; what changes data is SQL, or for MongoDB a
list of commands or the name of one:

  about    one sentence
  before   a change that the application makes before the capture
  check    members of the check that are different in this case
  asked    members of the check that are the answers to queries: { member: SQL that gives JSON }
  stated   true: nothing is captured
  nights   changes after each of which a verification passes, whose report is the next baseline
  grown    a change that the application makes after the capture
  flags    options for every "drverify verify"
  moment   what is said with --restored-to; "baseline" after a capture if absent, null: nothing
  intact   findings while nothing is damaged, and then the exit status is 1: { code: rows }
  reads    rows that the verification of intact data reads
  damage   the change that is to be found
  keys     the secrets that are given instead
  exit     the exit status expected on damaged data
  findings codes expected on damaged data, no others: { code: rows counted by its findings }
  named    rows that are named, no others: { code: [what their keys hold] }
  says     what stands in the messages of the findings, a list
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import run
import cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHAINS = ROOT / "fixtures" / "damage-chains"
ROLES = run.PLATFORM / "roles.sql"
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
KNOWN = {"about", "before", "check", "asked", "stated", "nights", "grown", "flags", "moment",
         "intact", "reads", "damage", "keys", "exit", "findings", "named", "says"}


class Stores(run.Stores):
    """The servers; each worker has a database of its own, which each case fills anew."""

    def __init__(self, options):
        super().__init__(options)
        self.worker = threading.local()
        self.databases = []
        self.dumps = {}

    def database(self):
        if not hasattr(self.worker, "database"):
            self.worker.database = f"{self.prefix}_chains_{threading.get_ident()}"
            self.psql("postgres", f'CREATE DATABASE "{self.worker.database}" TEMPLATE template0'
                      " ENCODING UTF8 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
            self.databases.append(self.worker.database)
            self.psql(self.worker.database, ROLES.read_text("utf-8"))
        return self.worker.database

    def fill(self, folder):
        """Making entries takes longer than restoring them, so they are made once."""
        with self.locks[folder.name]:
            if folder.name not in self.dumps:
                self.psql(self.database(), EMPTY + (folder / "entries.sql").read_text("utf-8"))
                self.dumps[folder.name] = run.run(["pg_dump", "--no-owner", "--dbname",
                                                   self.conninfo(self.database())])
        self.psql(self.database(), EMPTY + self.dumps[folder.name])

    def answer(self, question):
        return json.loads(run.run(["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname",
                                   self.conninfo(self.database()), "--command", question]))

    def close(self):
        for database in self.databases:
            self.drop_postgresql(database)


class Case:
    """One damage to one chain."""

    def __init__(self, folder, chain, number, stores, scratch):
        self.folder = folder
        self.spec = chain["cases"][number]
        self.name = f"{folder.name} {number + 1}"
        unknown = set(self.spec) - KNOWN
        if unknown:
            raise run.Failed(f"{self.name} has unknown members: {', '.join(sorted(unknown))}")
        self.chain = chain
        self.stores = stores
        self.scratch = scratch / f"{folder.name}-{number}"
        self.database = f"{stores.prefix}_{folder.name}_{number}".replace("-", "_")
        self.mongodb = "collection" in chain["check"]
        self.commands = {}

    # ------------------------------------------------------------ data

    def prepare(self):
        self.scratch.mkdir(parents=True)
        if not self.mongodb:
            self.stores.fill(self.folder)
            self.database = self.stores.database()
            return
        made = run.run([sys.executable, str(self.folder / "entries.py")])
        self.commands = json.loads(made)
        self.stores.commands(self.database, self.commands["entries"])

    def change(self, which):
        if which in self.spec:
            self.apply(self.spec[which])

    def apply(self, change):
        if not self.mongodb:
            self.stores.psql(self.database, change)
            return
        commands = self.commands[change] if isinstance(change, str) else change
        self.stores.commands(self.database, commands)

    def clean(self):
        if self.mongodb:
            self.stores.drop_mongodb(self.database)

    # ------------------------------------------------------------ drverify

    def document(self):
        check = self.chain["check"] | self.spec.get("check", {}) | {"source": "main"}
        for member, question in self.spec.get("asked", {}).items():
            check[member] = self.stores.answer(question)
        store = "mongodb" if self.mongodb else "postgresql"
        document = self.scratch / "document.json"
        document.write_text(json.dumps({
            "format": "drverify/1", "name": self.name, "sources": {"main": {"store": store}},
            "checks": [check]}), "utf-8")
        return document

    def address(self):
        if self.mongodb:
            return self.stores.mongodb_uri(self.database)
        return self.stores.conninfo(self.database, "drverify_reader")

    def keys(self, damaged):
        keys = self.chain.get("keys", {})
        if damaged:
            keys = self.spec.get("keys", keys)
        for name, secret in keys.items():
            file = self.scratch / f"{name}.key"
            file.write_text(secret, "utf-8")
            file.chmod(0o600)
            yield from ("--key", f"{name}={file}")

    def drverify(self, verb, document, damaged, *flags):
        """Exit status, report and output."""
        report = self.scratch / f"{verb}{'-damaged' if damaged else ''}.json"
        command = [self.stores.options.drverify, verb, "--baseline", str(document), "--show-keys",
                   "--write", f"json={report}", "--source", f"main={self.address()}", *flags]
        done = subprocess.run(command + list(self.keys(damaged)), text=True, capture_output=True,
                              check=False, timeout=120)
        output = done.stdout + done.stderr
        if not report.exists():
            raise run.Failed(f"no report was written (exit {done.returncode})\n{output}")
        return done.returncode, json.loads(report.read_text("utf-8")), output

    def verify(self, document, damaged):
        flags = list(self.spec.get("flags", []))
        moment = self.spec.get("moment", None if "stated" in self.spec else "baseline")
        if moment:
            flags += ["--restored-to", moment]
        return self.drverify("verify", document, damaged, *flags)

    # ------------------------------------------------------------ judging

    def baseline(self):
        document = self.document()
        if "stated" in self.spec:
            return document
        status, _, output = self.drverify("capture", document, False)
        if status != (1 if "intact" in self.spec else 0):
            raise run.Failed(f"capture of intact data fails (exit {status})\n{output}")
        return self.scratch / "capture.json"

    def live_on(self, document):
        """Nights pass; gives the last report."""
        for night in range(len(self.spec.get("nights", []))):
            self.apply(self.spec["nights"][night])
            status, report, output = self.verify(document, False)
            if status != 0:
                raise run.Failed(f"night {night + 1} does not pass (exit {status})\n{output}")
            document = self.scratch / f"night-{night}.json"
            document.write_text(json.dumps(report, ensure_ascii=False), "utf-8")
        return document

    def prove_intact(self, document):
        status, report, output = self.verify(document, False)
        warnings = self.spec.get("intact", {})
        if status != (1 if warnings else 0) or counts_of(report) != warnings:
            raise run.Failed(f"intact data does not pass (exit {status})\n{output}")
        rows = report["checks"][0]["result"]["rows"]
        if rows != self.spec.get("reads", rows):
            raise run.Failed(f"{rows} rows were read, not {self.spec['reads']}\n{output}")

    def judge(self, status, report, output):
        wrong = []
        if status != self.spec["exit"]:
            wrong.append(f"exit status {status}, not {self.spec['exit']}")
        found = counts_of(report)
        if found != self.spec["findings"]:
            wrong.append(f"{found}, not {self.spec['findings']}")
        findings = report["checks"][0]["result"]["findings"]
        for code, keys in self.spec.get("named", {}).items():
            wrong += compare_names(code, keys, findings)
        messages = "\n".join(finding["message"] for finding in findings)
        wrong += [f"no message says \"{said}\"" for said in self.spec.get("says", [])
                  if said not in messages]
        if wrong:
            raise run.Failed("; ".join(wrong) + f"\n{output}")

    def try_out(self):
        """Raises run.Failed when something is not as the case says."""
        try:
            self.prepare()
            self.change("before")
            document = self.live_on(self.baseline())
            self.change("grown")
            self.prove_intact(document)
            self.change("damage")
            self.judge(*self.verify(document, True))
        finally:
            self.clean()


def counts_of(report):
    found = run.findings_of(report)
    return {code: sum(count for _, count in found[code]) for code in found}


def compare_names(code, wanted, findings):
    """Each wanted text stands in one key, and no other rows are named."""
    rows = [row["key"] for finding in findings if finding["code"] == code
            for row in finding.get("rows", [])]
    matched = [row for row in rows if any(text in row for text in wanted)]
    if len(rows) == len(wanted) == len(matched):
        return []
    return [f"{code} names {rows}, not {wanted}"]


def try_case(case, stores):
    """("passed" | "failed" | "skipped", line)"""
    if case.mongodb and not stores.mongodb:
        return "skipped", f"skip {case.name}: no MongoDB server"
    return cases.attempt(case.name, case.spec["about"], case.try_out)


def read_cases(options, stores, scratch):
    """--case names a folder, or a case of it: "partitions 3"."""
    found = []
    for path in sorted(CHAINS.glob("*/chain.json")):
        chain = json.loads(path.read_text("utf-8"))
        found += [Case(path.parent, chain, number, stores, scratch)
                  for number in range(len(chain["cases"]))]
    return [case for case in found if not options.case or case.name in options.case or
            case.folder.name in options.case]


def main():
    options = cases.parser("Tries the chains of fixtures/damage-chains").parse_args()
    cases.need_postgresql()
    stores = Stores(options)
    # Roles belong to the whole server: the workers' databases find them made.
    stores.psql("postgres", ROLES.read_text("utf-8"))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="drv-chains."))
    try:
        return cases.try_all("chains", read_cases(options, stores, scratch),
                             lambda one: try_case(one, stores), options)
    finally:
        shutil.rmtree(scratch)
        stores.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, run.Failed) as end:
        sys.exit(f"ended early: {end or 'interrupted'}")
