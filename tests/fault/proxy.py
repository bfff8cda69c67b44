"""proxy.py: stands between a client and a server, and falls silent when it is told to"""
import socket
import threading


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
            if isinstance(self.server, str):
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
            else:
                server = socket.create_connection(self.server)
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
