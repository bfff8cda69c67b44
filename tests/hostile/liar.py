"""liar.py: stands between a client and a PostgreSQL server, and changes what the server says"""
import socket
import struct
import threading


def message(kind, body, length=None):
    """length: what to announce in place of the truth."""
    return kind.encode() + struct.pack(">I", len(body) + 4 if length is None else length) + body


def cut_row(body):
    """The fields of a DataRow; None for NULL."""
    count, at, fields = struct.unpack_from(">h", body)[0], 2, []
    for _ in range(count):
        size = struct.unpack_from(">i", body, at)[0]
        at += 4
        fields.append(None if size < 0 else body[at:at + size])
        at += max(size, 0)
    return fields


def row(*fields):
    return message("D", struct.pack(">h", len(fields)) + b"".join(
        struct.pack(">i", -1) if one is None else struct.pack(">i", len(one)) + one
        for one in fields))


def columns(*names):
    return message("T", struct.pack(">h", len(names)) + b"".join(
        name + b"\0" + struct.pack(">IhIhih", 0, 0, 25, -1, -1, 0) for name in names))


def error(text, code=b"XX000", severity=b"ERROR", kind="E"):
    return message(kind, b"S" + severity + b"\0V" + severity + b"\0C" + code + b"\0M" + text +
                   b"\0\0")


class Connection:
    def __init__(self):
        self.sql = b""               # the last that the client sent
        self.told = 0                # messages of the answer to it so far
        self.twisted = 0             # how often twist has said something else


class Liar:
    """
    twist(connection, kind, body) returns what to send in place of a message: bytes, an iterator of
    bytes that may never end, or None for the truth.
    """

    def __init__(self, server, twist):
        self.server, self.twist = server, twist
        self.sockets = []
        self.asked = []              # every statement that came from a client
        self.lies = 0
        self.closed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            # Messages are small, and each is waited for.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if isinstance(self.server, str):
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
            else:
                server = socket.create_connection(self.server)
            self.sockets += [client, server]
            connection = Connection()
            for work in (self.questions, self.answers):
                threading.Thread(target=self.guarded, args=(work, client, server, connection),
                                 daemon=True).start()

    @staticmethod
    def guarded(work, client, server, connection):
        try:
            work(client, server, connection)
        except OSError:
            pass
        finally:
            for one in (client, server):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def questions(self, client, server, connection):
        stream = client.makefile("rb")
        # The first message has no kind. A request to cancel is one, too.
        head = stream.read(4)
        first = head + (stream.read(struct.unpack(">I", head)[0] - 4) if len(head) == 4 else b"")
        server.sendall(first)
        while (kind := stream.read(1)):
            head = stream.read(4)
            if len(head) < 4:
                return
            body = stream.read(struct.unpack(">I", head)[0] - 4)
            if kind in (b"Q", b"P"):
                connection.sql = body
                self.asked.append(body)
                connection.told = 0
            server.sendall(kind + head + body)

    def answers(self, client, server, connection):
        stream = server.makefile("rb")
        while (kind := stream.read(1)):
            head = stream.read(4)
            if len(head) < 4:
                return
            body = stream.read(struct.unpack(">I", head)[0] - 4)
            instead = self.twist(connection, kind.decode("latin-1"), body)
            connection.told += 1
            if instead is None:
                client.sendall(kind + head + body)
                continue
            self.lies += 1
            connection.twisted += 1
            for piece in [instead] if isinstance(instead, bytes) else instead:
                client.sendall(piece)

    def close(self):
        self.closed = True
        self.listener.close()
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
