"""cluster.py: PostgreSQL clusters that archive their WAL, are copied, restored and promoted"""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cases import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60


def run(command, text=None, **options):
    """Runs a command that must succeed, and gives its output."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False,
                          timeout=120, **options)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): "
                     f"{(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def find_programs():
    """The folder of the server's programs, as the other tests find it."""
    script = f'. "{ROOT}/fixtures/servers/install.sh"; drv_postgresql_bin'
    return pathlib.Path(run(["bash", "-c", script]).strip())


BIN = find_programs()


def as_server(command):
    """The server refuses to run as root, so root borrows the user that Debian's package made."""
    if os.getuid() == 0:
        return ["runuser", "-u", "postgres", "--", *map(str, command)]
    return list(map(str, command))


def give_away(path):
    """To the user that the server runs as."""
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        for folder, folders, files in os.walk(path):
            for one in [folder, *(os.path.join(folder, name) for name in folders + files)]:
                os.chown(one, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


class Cluster:
    """One data folder and, while it runs, its server, which listens on a socket in the folder."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.archive = folder.parent / "archive"

    @classmethod
    def create(cls, folder):
        cluster = cls(folder)
        for path in (folder, cluster.archive):
            path.mkdir(mode=0o700, exist_ok=True)
            give_away(path)
        run(as_server([BIN / "initdb", "--pgdata", cluster.data, "--username", "postgres", "--auth",
                       "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]), cwd="/")
        # Commits that do not wait for the disk are behind what is written of the WAL.
        cluster.set({"archive_mode": "on", "archive_command": f"cp %p {cluster.archive}/%f",
                     "synchronous_commit": "off", "shared_buffers": "16MB",
                     "autovacuum_naptime": "1d"})
        return cluster

    def set(self, settings):
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def start(self):
        self.set({"listen_addresses": "", "port": "5432", "unix_socket_directories": self.folder})
        run(as_server([BIN / "pg_ctl", "--pgdata", self.data, "--wait", "--silent", "--log",
                       self.folder / "server.log", "start"]), cwd="/")
        return self

    def stop(self, mode="immediate"):
        if (self.data / "postmaster.pid").exists():
            run(as_server([BIN / "pg_ctl", "--pgdata", self.data, "--wait", "--silent", "--mode",
                           mode, "stop"]), cwd="/")

    def conninfo(self, database, role="postgres"):
        return f"host={self.folder} port=5432 dbname={database} user={role}"

    def ask(self, sql, database="postgres"):
        return run(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set",
                    "ON_ERROR_STOP=1", "--file", "-", "--dbname", self.conninfo(database)],
                   sql).strip()

    def wait_for(self, sql, what):
        """Until a question is answered with "t"."""
        end = time.monotonic() + PATIENCE
        while self.ask(sql) != "t":
            if time.monotonic() > end:
                raise Failed(f"waited in vain for {what}")
            time.sleep(0.05)

    def archive_all(self):
        """Everything written until now is in the archive afterwards."""
        name = self.ask("SELECT pg_walfile_name(pg_switch_wal())")
        self.wait_for(f"SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver", "the archive")

    def copy_archive(self, folder):
        shutil.copytree(self.archive, folder)
        give_away(folder)
        return folder

    def copy(self, folder):
        """As a snapshot of the disk would be: whatever is there, to be recovered from a crash."""
        shutil.copytree(self.data, folder / "data")
        (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        return self.adopt(folder)

    def back_up(self, folder):
        folder.mkdir(mode=0o700)
        give_away(folder)
        run(as_server([BIN / "pg_basebackup", "--host", self.folder, "--username", "postgres",
                       "--checkpoint", "fast", "--no-sync", "--pgdata", folder]), cwd="/")

    @classmethod
    def adopt(cls, folder):
        folder.chmod(0o700)
        (folder / "data").chmod(0o700)
        give_away(folder)
        return cls(folder)

    @classmethod
    def restore(cls, backup, folder, target, promote, archive=None):
        """
        A backup, replayed up to a target, and then paused or promoted. It archives what it writes
        only where it has an archive of its own.
        """
        folder.mkdir()
        shutil.copytree(backup, folder / "data")
        (folder / "data" / "recovery.signal").touch()
        cluster = cls.adopt(folder)
        cluster.archive = archive or cluster.archive
        cluster.set({"restore_command": f"cp {cluster.archive}/%f %p",
                     "archive_command": f"cp %p {cluster.archive}/%f",
                     "archive_mode": "on" if archive else "off", "recovery_target_action": "promote" if promote else "pause", **target})
        cluster.start()
        if promote:
            cluster.wait_for("SELECT NOT pg_is_in_recovery()", "the promotion")
        else:
            cluster.wait_for("SELECT pg_is_wal_replay_paused()", "the end of the replay")
        return cluster
