"""servers.py: a PostgreSQL cluster that asks for passwords and speaks TLS, and certificates for it

Further a TLS end in front of a server that has none. DRVERIFY names the built program.
"""
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lineage"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import cluster

PROGRAM = os.path.abspath(os.environ["DRVERIFY"])
MONGODB = os.environ.get("DRV_TEST_MONGODB")
PATIENCE = 240


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def environment(**extra):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PG", "DRVERIFY", "MONGODB"))}
    return {**kept, **extra}


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, check=False)
    if done.returncode:
        raise cluster.Failed(done.stderr.decode())


class Certificates:
    """An authority in a folder, and what it or another one signed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority("ca")
        self.authority("other-ca")

    def path(self, name):
        return self.folder / name

    def request(self, name, *words):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(f"{name}.key"), "-subj", f"/CN={name}", *words)
        self.path(f"{name}.key").chmod(0o600)

    def authority(self, name):
        self.request(name, "-x509", "-days", "2", "-out", self.path(f"{name}.crt"))

    def server(self, name, host="localhost", by="ca", days=2):
        names = f"subjectAltName=DNS:{host}"
        if not by:
            self.request(name, "-x509", "-days", days, "-addext", names,
                         "-out", self.path(f"{name}.crt"))
            return
        self.request(name, "-new", "-addext", names, "-out", self.path(f"{name}.csr"))
        openssl("x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path(f"{by}.crt"),
                "-CAkey", self.path(f"{by}.key"), "-CAcreateserial", "-copy_extensions", "copy",
                "-days", days, "-out", self.path(f"{name}.crt"))


def make_all(certificates):
    """The certificates that a server may show, by what is wrong with them."""
    certificates.server("right")
    certificates.server("wrong-host", host="other.example")
    certificates.server("other-authority", by="other-ca")
    certificates.server("expired", days=-1)
    certificates.server("self-signed", by=None)


class Guarded(cluster.Cluster):
    """Over TCP it asks for passwords; over its socket the superuser needs none."""

    @classmethod
    def create(cls, folder):
        made = super().create(folder)
        made.port = free_port()
        made.set({"archive_mode": "off", "max_wal_senders": "4", "wal_level": "logical",
                  "max_replication_slots": "4"})
        (made.data / "pg_hba.conf").write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
        return made

    def start(self):
        self.set({"listen_addresses": "127.0.0.1", "port": self.port,
                  "unix_socket_directories": self.folder})
        cluster.run(cluster.as_server([cluster.BIN / "pg_ctl", "--pgdata", self.data, "--wait",
                                       "--silent", "--log", self.folder / "server.log", "start"]),
                    cwd="/")
        return self

    def conninfo(self, database, role="postgres"):
        return f"host={self.folder} port={self.port} dbname={database} user={role}"

    def over_tcp(self, role, password, database="postgres", host="127.0.0.1", **more):
        words = "".join(f" {name}={value}" for name, value in more.items())
        secret = f" password={password}" if password else ""
        return f"host={host} port={self.port} dbname={database} user={role}{secret}{words}"

    def show(self, certificate):
        """Shows another certificate from now on; None: speaks no TLS."""
        files = {}
        if certificate:
            for kind in ("crt", "key"):
                files[kind] = self.folder / f"{certificate.name}.{kind}"
                shutil.copy(certificate.with_suffix("." + kind), files[kind])
            cluster.give_away(self.folder)
            self.set({"ssl_cert_file": files["crt"], "ssl_key_file": files["key"]})
        self.set({"ssl": "on" if certificate else "off"})
        self.ask("SELECT pg_reload_conf()")
        wanted = f"'{files['crt']}'" if certificate else "current_setting('ssl_cert_file')"
        self.wait_for(f"SELECT current_setting('ssl') = '{'on' if certificate else 'off'}'"
                      f" AND current_setting('ssl_cert_file') = {wanted}", "the certificate")


class TlsEnd:
    """Listens on a free port, ends TLS there and passes bytes on to a server without it."""

    def __init__(self, certificate, server):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.with_suffix(".crt"),
                                     certificate.with_suffix(".key"))
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client = self.context.wrap_socket(client, server_side=True)
            server = socket.create_connection(self.server)
        except OSError:
            client.close()
            return
        back = threading.Thread(target=self.pump, args=(server, client))
        back.start()
        self.pump(client, server)
        back.join()
        client.close()
        server.close()

    def pump(self, source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Case(unittest.TestCase):
    """A folder, and the program run in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def put(self, name, content, mode=0o600):
        path = self.folder / name
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def run_program(self, *words, status, env=None):
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, check=False,
                              cwd=self.folder, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              env=environment(**(env or {})))
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        if status is not None:
            self.assertEqual(done.returncode, status, f"{words}\n{self.out}\n{self.err}")
        return done.returncode

    def results(self, name="report.json"):
        report = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return [check["result"] for check in report["checks"]]


def codes(result):
    return [finding["code"] for finding in result["findings"]]


def make_cluster(test):
    """Started, and removed when the class of tests is done."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="drv-", dir="/tmp"))
    test.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    made = Guarded.create(folder / "main")
    test.addClassCleanup(made.stop)
    return made.start()
