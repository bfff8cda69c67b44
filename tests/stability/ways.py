"""ways.py: what a restore or an operator does to data without changing it"""
import pathlib
import shutil
import subprocess
import tempfile
import time

import shapes
from cluster import Cluster, Failed, Unavailable, call, server_folder

# ---------------------------------------------------------------- logical: pg_dump


def prepare_target(target, database):
    """An empty database whose next OIDs are not those of the dumped one."""
    target.create(database)
    target.psql(database, "".join(f"CREATE TYPE public.unused{number} AS ENUM ('x');"
                                  f"DROP TYPE public.unused{number};" for number in range(50)))


def pg_dump(source, database, *options):
    """
    By the source's own programs. Those of a later major may know less of what a minor version of
    the source keeps than they need to for a restore: 15.20's column versions, for one.
    """
    return call([source.client / "pg_dump", "--no-sync", *options, "--dbname",
                 source.conninfo(database)])


def plain(source, target, database, restored, *options):
    script = pg_dump(source, database, *options)
    prepare_target(target, restored)
    call([source.client / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file",
          "-", "--dbname", target.conninfo(restored)], script)


def inserts(source, target, database, restored):
    plain(source, target, database, restored, "--column-inserts", "--rows-per-insert=7")


def archived(source, target, database, restored, form, *options):
    with tempfile.TemporaryDirectory(prefix="drv-dump.") as folder:
        path = pathlib.Path(folder) / "dump"
        pg_dump(source, database, f"--format={form}", "--file", path, *options)
        prepare_target(target, restored)
        call([target.client / "pg_restore", "--exit-on-error", *options, "--dbname",
              target.conninfo(restored), path])


def custom(source, target, database, restored):
    archived(source, target, database, restored, "custom")


def parallel(source, target, database, restored):
    archived(source, target, database, restored, "directory", "--jobs=2")


# pg_dump writes -0 without quotes, which is the integer 0: such a restore changes these tables.
WITH_NEGATIVE_ZERO = ("single", "computed")
# name: (how, tables that come back changed)
LOGICAL = {"plain": (plain, ()), "inserts": (inserts, WITH_NEGATIVE_ZERO), "custom": (custom, ()),
           "directory -j2": (parallel, ())}

# ---------------------------------------------------------------- physical: base backup and WAL


class PointInTime:
    """
    A cluster that archives, backed up while it is empty: all the data comes back by replay, up to
    the restore point "captured".
    """

    def __init__(self, folder, major, environment):
        self.folder = folder
        self.environment = environment
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="drv-pitr.", dir="/tmp"))
        self.home.chmod(0o755)
        self.archive = server_folder(self.home, "archive")
        self.source = Cluster(folder, major, environment=environment, settings=[
            "archive_mode=on", f"archive_command=cp %p {self.archive}/%f"])
        self.restored = None
        try:
            self.back_up()
        except BaseException:
            self.close()
            raise

    def back_up(self):
        self.backup = server_folder(self.home, "backup")
        self.source.run(self.source.client / "pg_basebackup", "--no-sync", "--checkpoint=fast",
                        "--wal-method=stream", "--pgdata", self.backup, "--dbname",
                        self.source.conninfo("postgres"))

    def end(self):
        """Everything is written and archived up to the restore point, and some more."""
        self.source.psql("postgres", "SELECT pg_create_restore_point('captured');")

    def restore(self):
        """A running server at the restore point."""
        self.source.psql("postgres", "SELECT pg_switch_wal();")
        self.source.stop()
        call(["touch", self.backup / "recovery.signal"])
        self.restored = Cluster(
            self.folder, self.source.major, environment=self.environment, data=self.backup,
            settings=[f"restore_command=cp {self.archive}/%f %p",
                      "recovery_target_name=captured", "recovery_target_action=promote"])
        self.wait_for_promotion()
        return self.restored

    def wait_for_promotion(self):
        deadline = time.monotonic() + 60
        while self.restored.psql("postgres", "SELECT pg_is_in_recovery()").strip() == "t":
            if time.monotonic() > deadline:
                raise Failed("the restored server is still in recovery after 60 s")
            time.sleep(0.05)

    def close(self):
        for cluster in (self.source, self.restored):
            if cluster:
                cluster.close()
        shutil.rmtree(self.home, ignore_errors=True)


# ---------------------------------------------------------------- in the same database

# Ordinary tables with the columns that can be written.
EACH_TABLE = """
DO $do$
DECLARE one record;
BEGIN
	PERFORM setseed(0.5);
	FOR one IN
		SELECT c.oid::regclass AS name,
			string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
				FILTER (WHERE a.attgenerated = '') AS list,
			min(quote_ident(a.attname)) FILTER (WHERE a.attgenerated = '') AS first
		FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
			AND NOT a.attisdropped
		WHERE c.relkind = 'r'
			AND c.relnamespace IN ('stable'::regnamespace, '"한글 스키마"'::regnamespace)
		GROUP BY c.oid
	LOOP
		CONTINUE WHEN one.list IS NULL;
		%s
	END LOOP;
END $do$;
"""
REORDER = EACH_TABLE % """
	EXECUTE format('CREATE TEMP TABLE shuffled AS SELECT %2$s FROM ONLY %1$s ORDER BY random();'
		'DELETE FROM ONLY %1$s; INSERT INTO %1$s (%2$s) SELECT %2$s FROM shuffled;'
		'DROP TABLE shuffled', one.name, one.list);
"""
UPDATE_NOTHING = EACH_TABLE % """
	EXECUTE format('UPDATE ONLY %1$s SET %2$s = %2$s', one.name, one.first);
"""
NO_INDEX = """
ALTER TABLE stable.keyed DROP CONSTRAINT keyed_pkey;
CREATE INDEX ON stable.parts (k);
ALTER TABLE stable.twins SET UNLOGGED;
ANALYZE;
"""
STORAGE = """
ALTER TABLE stable.toasted ALTER outside SET STORAGE MAIN, ALTER packed SET STORAGE EXTERNAL,
	ALTER bytes SET STORAGE EXTENDED, ALTER doc SET STORAGE EXTERNAL;
UPDATE stable.toasted SET outside = outside || '', packed = packed || '', bytes = bytes || '',
	doc = doc || '{}', list = list || '{}';
VACUUM FULL stable.toasted;
"""
LZ4 = """
SET default_toast_compression = lz4;
ALTER TABLE stable.toasted ALTER packed SET COMPRESSION lz4, ALTER doc SET COMPRESSION lz4;
UPDATE stable.toasted SET packed = packed || '', doc = doc || '{}', list = list || '{}';
"""
REPARTITION = """
ALTER TABLE stable.parts DETACH PARTITION stable.parts_b;
ALTER TABLE stable.parts DETACH PARTITION stable.parts_rest;
CREATE TABLE stable.parts_d PARTITION OF stable.parts FOR VALUES IN ('d', NULL)
	PARTITION BY HASH (k);
CREATE TABLE stable.parts_d0 PARTITION OF stable.parts_d FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE stable.parts_d1 PARTITION OF stable.parts_d FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE stable.parts_new PARTITION OF stable.parts DEFAULT;
INSERT INTO stable.parts SELECT k, region, at, amount, note, mood FROM stable.parts_b;
INSERT INTO stable.parts SELECT k, region, at, amount, note, mood FROM stable.parts_rest;
DROP TABLE stable.parts_b, stable.parts_rest;
"""
NO_PARTITIONS = """
CREATE TABLE stable.whole AS SELECT * FROM stable.parts;
DROP TABLE stable.parts;
ALTER TABLE stable.whole RENAME TO parts;
"""
COLUMN_ORDER = """
CREATE TABLE stable.turned (h text, g json, f double precision, e jsonb, d numeric, c timestamptz,
	b text, a integer, PRIMARY KEY (b, a));
INSERT INTO stable.turned SELECT h, g, f, e, d, c, b, a FROM stable.keyed;
DROP TABLE stable.keyed;
ALTER TABLE stable.turned RENAME TO keyed;
"""
MOVE_ROWS = """
WITH moved AS (DELETE FROM ONLY stable.parent WHERE a % 2 = 0 RETURNING a, b)
	INSERT INTO stable.child_more (a, b) SELECT a, b FROM moved;
"""
REWRITE = "VACUUM FULL;"
CLUSTERED = """
CLUSTER stable.keyed USING keyed_pkey;
CLUSTER stable.toasted USING toasted_pkey;
CREATE INDEX twins_a ON stable.twins (a);
CLUSTER stable.twins USING twins_a;
"""
SETTINGS = {
    "TimeZone": "Asia/Seoul", "DateStyle": "German", "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15", "bytea_output": "escape", "xmlbinary": "hex",
    "xmloption": "document", "client_encoding": "EUC_KR", "search_path": "public, stable",
    "quote_all_identifiers": "on", "array_nulls": "off", "transform_null_equals": "on",
    "standard_conforming_strings": "off", "default_text_search_config": "pg_catalog.simple",
    "default_transaction_isolation": "serializable", "jit_above_cost": "0",
    "min_parallel_table_scan_size": "0", "parallel_setup_cost": "0", "parallel_tuple_cost": "0",
}
LOCALE = {"lc_monetary": "de_DE.UTF-8", "lc_numeric": "de_DE.UTF-8", "lc_time": "de_DE.UTF-8"}
# The environment of drverify itself, which libpq turns into settings too.
CLIENT_SETTINGS = {"PGTZ": "America/St_Johns", "PGDATESTYLE": "SQL, DMY", "PGCLIENTENCODING": "UHC",
                   "PGOPTIONS": "-c IntervalStyle=iso_8601 -c bytea_output=escape"
                                " -c extra_float_digits=0 -c search_path=stable"}


def settings_script(database, chosen):
    """The settings, some of the database and some of the role."""
    lines = []
    for number, (name, value) in enumerate(chosen.items()):
        value = value if name == "search_path" else f"'{value}'"
        lines.append(f'ALTER DATABASE "{database}" SET {name} = {value};')
        if number % 2:
            lines.append(f'ALTER ROLE postgres IN DATABASE "{database}" SET {name} = {value};')
    return "\n".join(lines)


def make_locale(folder):
    """The environment in which a server finds a locale with other money and numbers, or {}."""
    made = (pathlib.Path(folder) / "locale").resolve()
    if not (made / "de_DE.UTF-8").exists():
        made.mkdir(exist_ok=True, parents=True)
        try:
            subprocess.run(["localedef", "--no-archive", "--inputfile", "de_DE", "--charmap",
                            "UTF-8", made / "de_DE.UTF-8"], capture_output=True, check=True,
                           timeout=120)
        except (OSError, subprocess.SubprocessError):
            return {}
    return {"LOCPATH": str(made)}


def lz4(cluster, database):
    """Whether this server can is known only by trying: it is an option of its build."""
    if cluster.major < 14:
        raise Unavailable("PostgreSQL 13 has only one way to compress values")
    try:
        cluster.psql(database, LZ4)
    except Failed as failure:
        if "not support" in str(failure) or "invalid value" in str(failure):
            raise Unavailable("this server was built without lz4") from failure
        raise


def by_script(text):
    return lambda cluster, database: cluster.psql(database, text)


def other_settings(cluster, database):
    chosen = {**SETTINGS, **(LOCALE if cluster.environment.get("LOCPATH") else {})}
    cluster.psql("postgres", settings_script(database, chosen))


# name: (what is done, the tables that it does away with or changes)
IN_PLACE = {
    "nothing": (lambda cluster, database: None, ()),
    "VACUUM FULL": (by_script(REWRITE), ()),
    "CLUSTER": (by_script(CLUSTERED), ()),
    "another order of rows": (by_script(REORDER), ()),
    "UPDATE to the same": (by_script(UPDATE_NOTHING), ()),
    "no index": (by_script(NO_INDEX), ()),
    "storage": (by_script(STORAGE), ()),
    "lz4": (lz4, ()),
    "partition layout": (by_script(REPARTITION), ("parts_b",)),
    "no partitions": (by_script(NO_PARTITIONS), ("parts_b", "parts_c")),
    "another order of columns": (by_script(COLUMN_ORDER), ()),
    "rows of another child": (by_script(MOVE_ROWS), ()),
    "settings": (other_settings, ()),
}


def tables_without(gone):
    return [table for table in shapes.TABLES if table[-1] not in gone]
