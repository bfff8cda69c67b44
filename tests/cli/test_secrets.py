#!/usr/bin/env python3
"""test_secrets.py: how drverify is given a password, and that nobody else gets to see it

DRVERIFY names the built program.
"""
import os
import pathlib
import signal
import socket
import subprocess
import unittest

from test_cli import CANARY, NOWHERE, PROGRAM, Case, environment


class CommandLine(Case):
    """The process list shows what /proc/PID/cmdline holds, to everybody."""

    def shown_of(self, place):
        """While the program waits for a server that says nothing, which place() names."""
        self.need_postgresql()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            process = subprocess.Popen(
                [PROGRAM, "--baseline", self.baseline, "--source",
                 "main=" + place(*listener.getsockname())],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=environment())
            with process, listener.accept()[0]:
                words = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)
        self.assertNotIn(CANARY, out.decode())
        return words.decode().split("\0")[:-1]

    def test_a_password_is_hidden(self):
        for place in (f"postgresql://u:{CANARY}@{{}}:{{}}/d?sslmode=disable",
                      f"host={{}} port={{}} user=u password = '{CANARY}'",
                      f"postgresql://{{}}:{{}}/d?user=u&password={CANARY}"):
            words = self.shown_of(place.format)
            self.assertEqual(words[:4], [PROGRAM, "--baseline", self.baseline, "--source"])
            self.assertRegex(words[4], r"\Amain=\*+\Z")

    def test_a_place_without_one_stays(self):
        words = self.shown_of("host={} port={} user=u".format)
        self.assertRegex(words[4], r"\Amain=host=127.0.0.1 port=[0-9]+ user=u\Z")


class PlaceFile(Case):
    def place(self, text, mode=0o600, name="place"):
        path = self.put(name, text)
        os.chmod(path, mode)
        return path

    def test_a_place_from_a_file(self):
        self.need_postgresql()
        for end in ("", "\n", "\r\n"):
            path = self.place(f"host=/nonexistent-{len(end)} password={CANARY}{end}")
            for words, env in ((["--source", f"main=@{path}"], {}),
                               ([], {"DRVERIFY_SOURCE_MAIN": f"@{path}"})):
                self.verify(*words, status=3, env=environment(**env))
                self.assertIn(f"/nonexistent-{len(end)}", self.out)
                self.assertEqual(self.err, "")
                self.assertNotIn(CANARY, self.out)

    def test_to_propose_from_a_file(self):
        self.need_postgresql()
        path = self.place(f"{NOWHERE} password={CANARY}\n")
        self.assert_refused("chain-propose", "--table", "a.b", "--source", "@" + path,
                            says="/nonexistent")
        self.assertNotIn(CANARY, self.err)

    def test_a_file_that_others_may_read(self):
        path = self.place(NOWHERE, 0o640)
        self.verify("--source", f"main=@{path}", status=3)
        self.assertIn("others may read the file", self.err)
        self.verify("--source", f"main=@{path}", "-q", status=3)
        self.assertEqual(self.err, "")

    def test_a_file_that_holds_no_place(self):
        for text in ("", "\n", f"{CANARY}\nsecond line", f"{CANARY}\0{CANARY}"):
            path = self.place(text)
            self.assert_refused("--baseline", self.baseline, "--source", f"main=@{path}",
                                says="holds no place")
            self.assertNotIn(CANARY, self.err)
        self.assert_refused("--baseline", self.baseline, "--source", f"main=@{CANARY}",
                            says='cannot read the file with the place of source "main"')
        self.assertNotIn(CANARY, self.err)


if __name__ == "__main__":
    unittest.main()
