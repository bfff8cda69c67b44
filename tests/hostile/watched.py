"""watched.py: runs a program, and says how it ended, in which time, and with how much memory"""
import os
import subprocess
import sys
import tempfile
import time

# A quiet run of the program; ASan, which keeps what is freed, takes several times as much.
MEMORY_MB = 1500 if os.environ.get("DRV_SANITIZED") else 200


class Watched:
    """out and err are text; status, seconds, and memory_mb are numbers."""

    def __init__(self, command, within=60, **extra):
        started = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       **extra)
            # communicate() would not tell what it used.
            waited = 0
            while not waited and time.monotonic() - started < within:
                waited, status, used = os.wait4(process.pid, os.WNOHANG)
                time.sleep(0 if waited else 0.01)
            if not waited:
                process.kill()
                _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.hung = not waited
            out.seek(0)
            err.seek(0)
            self.raw = out.read() + err.read()
            err.seek(0)
            self.err = err.read().decode("utf-8", "replace")
        self.seconds = time.monotonic() - started
        self.status = process.returncode
        self.memory_mb = used.ru_maxrss / 1024

    def steers(self):
        """The first thing in the output that a terminal would obey, or None."""
        try:
            text = self.raw.decode("utf-8")
        except UnicodeDecodeError as wrong:
            return f"no UTF-8: {wrong}"
        for char in text:
            point = ord(char)
            if ((point < 0x20 and char != "\n") or 0x7F <= point <= 0x9F or point == 0x61C or
                    0x200E <= point <= 0x200F or 0x2028 <= point <= 0x202E or
                    0x2066 <= point <= 0x2069 or point == 0xFEFF):
                return repr(char)
        return None


def say(*words):
    print(*words, file=sys.stderr, flush=True)
