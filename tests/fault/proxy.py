"""proxy.py: stands between a client and a server, and falls silent or cuts when it is told to"""
import socket
import struct
import threading


def connect(server):
    if not isinstance(server, str):
        return socket.create_connection(server)
    made = socket.socket(socket.AF_UNIX)
    made.connect(server)
    return made


class Proxy:
    """
    Listens on a free port of 127.0.0.1 and passes bytes on. Once hush(sent, received) is true for
    what the client has sent and how many bytes it has got, the connection and all others stay open,
    but nothing passes any more.
    """

    def __init__(self, server, hush):
        self.server = server         # a path, or (host, port)
        self.hush = hush
        self.silent = threading.Event()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = connect(self.server)
            self.sockets += [client, server]
            state = {"sent": b"", "received": 0}
            for source, target, sends in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, target, state, sends),
                                 daemon=True).start()

    def pump(self, source, target, state, sends):
        while True:
            try:
                piece = source.recv(4096)
            except OSError:
                return
            if sends:
                state["sent"] += piece
            else:
                state["received"] += len(piece)
            if self.hush(state["sent"], state["received"]):
                self.silent.set()
            if self.silent.is_set():
                return
            try:
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(piece)
            except OSError:
                return

    def close(self):
        self.listener.close()
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)          # a thread may still be reading from it
            except OSError:
                pass
            one.close()


def postgresql_end(data, at, first):
    """Where the message that begins at a place ends, or None while that is not known."""
    head = 0 if first else 1
    if len(data) < at + head + 4:
        return None
    return at + head + int.from_bytes(data[at + head:at + head + 4], "big")


def mongodb_end(data, at, _):
    return at + int.from_bytes(data[at:at + 4], "little") if len(data) >= at + 4 else None


class Stream:
    """One direction of a connection, which counts the messages that have gone through it."""

    def __init__(self, find_end, headless):
        self.find_end = find_end
        self.headless = headless     # the first message has no letter before its length
        self.held = b""
        self.messages = 0

    def take(self, piece):
        """Splits what came into whole messages and a rest."""
        self.held += piece
        whole = []
        while True:
            end = self.find_end(self.held, 0, self.headless and not self.messages)
            if end is None or end > len(self.held):
                return whole
            whole.append(self.held[:end])
            self.held = self.held[end:]
            self.messages += 1


class Cutter:
    """
    Passes messages on, whole, and counts them in both directions over all connections. When the
    client is about to get message number `after` + 1 (with `sends`: has just sent it), it gets the
    share `within` of it, and the connection is cut: with `reset` as by a crash, else as by a program
    that ends. With `for_good` there is no other connection afterwards. `piece`: how many bytes at
    most go together. `other`: the server behind all connections but the first.
    """

    def __init__(self, server, find_end, headless=False, sends=False, after=None, within=0.0,
                 reset=False, for_good=True, piece=None, other=None):
        self.other, self.connections = other, 0
        self.server, self.find_end, self.headless = server, find_end, headless
        self.sends, self.after, self.within = sends, after, within
        self.reset, self.for_good, self.piece = reset, for_good, piece
        self.counts = {True: 0, False: 0}
        self.sockets = []
        self.cut = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.cut.is_set() and self.for_good:
                client.close()
                continue
            self.connections += 1
            server = connect(self.other if self.other and self.connections > 1 else self.server)
            pair = (client, server)
            self.sockets += pair
            for one in pair:
                if one.family != socket.AF_UNIX:
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, sends in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, target, sends, pair),
                                 daemon=True).start()

    def is_due(self, sends):
        """Counts a message; whether it is the one at which to cut."""
        with self.lock:
            self.counts[sends] += 1
            if self.cut.is_set() or self.after is None or sends != self.sends:
                return False
            if self.counts[sends] <= self.after:
                return False
            self.cut.set()
            return True

    def pump(self, source, target, sends, pair):
        stream = Stream(self.find_end, sends and self.headless)
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                for message in stream.take(piece):
                    if self.is_due(sends):
                        target.sendall(message[:int(len(message) * self.within)])
                        self.end(pair)
                        return
                    self.send(target, message)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def send(self, target, message):
        for at in range(0, len(message), self.piece or len(message)):
            target.sendall(message[at:at + (self.piece or len(message))])

    def end(self, pair):
        for one in pair:
            reset = self.reset and one.family != socket.AF_UNIX
            if reset:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                # The other thread that reads from it has to let go of it, too.
                one.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def close(self):
        self.listener.close()
        for one in self.sockets:
            one.close()
