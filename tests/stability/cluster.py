"""cluster.py: throw-away PostgreSQL clusters of several major versions, with their clients"""
import functools
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cases import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLDEST, NEWEST = 13, 18
# What a client sets must not come from whoever runs the tests.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"}


class Unavailable(Exception):
    """This version is not to be had here; the message says why."""


def call(command, text=None, environment=None, accept=(0,)):
    """Runs a command on bytes, and gives its output; any other exit status is a failure."""
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True,
                          check=False, env={**ENVIRONMENT, **(environment or {})}, timeout=600)
    if done.returncode not in accept:
        message = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Failed(f"{pathlib.Path(command[0]).name} ({done.returncode}): {message[-800:]}")
    return done.stdout


@functools.cache
def programs(folder, major):
    """(the server's programs, the clients' programs) of a major version."""
    done = subprocess.run([ROOT / "fixtures" / "servers" / "versions.sh", folder, str(major)],
                          text=True, capture_output=True, check=False, timeout=900)
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip().splitlines()[-1])
    return tuple(pathlib.Path(line) for line in done.stdout.splitlines())


def as_server_user():
    """The server refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


def server_folder(parent, name):
    """A folder that the server's user owns."""
    made = pathlib.Path(parent) / name
    made.mkdir(mode=0o700)
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(made, user.pw_uid, user.pw_gid)
    return made


class Cluster:
    """One running server. Its socket lies in a folder of its own: a socket's path must be short."""

    def __init__(self, folder, major, settings=(), environment=None, data=None):
        """Starts on data, else on a new cluster; settings are "name=value"."""
        self.major = major
        self.server, self.client = programs(str(folder), major)
        self.environment = environment or {}
        self.home = tempfile.mkdtemp(prefix="drv-pg.", dir="/tmp")
        os.chmod(self.home, 0o755)
        self.socket = server_folder(self.home, "socket")
        self.port = 5432
        self.data = data
        try:
            if data is None:
                self.initialise()
            self.start(settings)
        except BaseException:
            shutil.rmtree(self.home)
            raise

    def initialise(self):
        self.data = server_folder(self.home, "data")
        self.run(self.server / "initdb", "--pgdata", self.data, "--username", "postgres", "--auth",
                 "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8")

    def run(self, *command):
        return call(as_server_user() + [str(word) for word in command],
                    environment=self.environment)

    def start(self, settings=()):
        options = ["listen_addresses=", f"port={self.port}", "fsync=off", "max_wal_size=4GB",
                   f"unix_socket_directories={self.socket}", "max_locks_per_transaction=256",
                   *settings]
        self.run(self.server / "pg_ctl", "--pgdata", self.data, "--wait", "--silent", "--log",
                 self.socket / "log", "--options",
                 " ".join(f"-c '{option}'" for option in options), "start")

    def stop(self, mode="fast"):
        self.run(self.server / "pg_ctl", "--pgdata", self.data, "--wait", "--silent", "--mode",
                 mode, "stop")

    def close(self):
        try:
            if (self.data / "postmaster.pid").exists():
                self.stop("immediate")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def conninfo(self, database, user="postgres"):
        return f"host={self.socket} port={self.port} user={user} dbname={database}"

    def psql_bytes(self, database, text, environment=None, stop=True):
        """Runs a script; its output. Without stop it goes on after an error."""
        return call([self.client / "psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
                     "--set", f"ON_ERROR_STOP={int(stop)}", "--file", "-", "--dbname",
                     self.conninfo(database)], text.encode(), environment)

    def psql(self, database, text):
        return self.psql_bytes(database, text).decode()

    def create(self, database, template="template0"):
        self.psql("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def drop(self, database):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{database}"')
