#!/usr/bin/env python3
"""test_signatures.py: keygen, sign, --trust: who may say what the data was

openssl is the second opinion: what one signs, the other must accept. Servers are named as for
test_cli.py.
"""
import json
import os
import pty
import re
import shutil
import socket
import stat
import subprocess
import termios
import threading
import unittest

from test_cli import NOWHERE, POSTGRESQL, PROGRAM, Case, counting, document, environment, psql

SOURCES = {"main": {"store": "postgresql"}}


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=False, timeout=60)


class Signed(Case):
    """A pair of keys and a signed document; no run may show what is in the private key."""

    def setUp(self):
        super().setUp()
        self.secrets = []
        self.key = self.make_key("ops-2025")
        self.trust = ["--trust", self.key + ".pub"]
        self.baseline = self.put("report.json", document(sources=SOURCES))
        self.sign(self.baseline)

    def run_program(self, *arguments, status, env=None, **options):
        super().run_program(*arguments, status=status, env=env, **options)
        for secret in self.secrets:
            self.assertNotIn(secret, self.out + self.err)

    def make_key(self, name):
        self.run_program("keygen", self.path(name), status=0)
        self.secrets.append(self.get(name).splitlines()[1][-24:])
        return self.path(name)

    def sign(self, path, key=None):
        self.run_program("sign", "--key", key or self.key, path, status=0)
        return path + ".sig"

    def change(self, path, old, new):
        with open(path, "rb") as file:
            content = file.read()
        self.assertIn(old, content)
        with open(path, "wb") as file:
            file.write(content.replace(old, new))

    def accepted(self, *arguments, baseline=None, trust=True, **options):
        """Nothing is verified, because nothing is there; but the document was taken."""
        self.run_program("--baseline", baseline or self.baseline,
                         *(arguments or self.trust if trust else []), "--source",
                         "main=" + NOWHERE, status=3, **options)
        self.assertIn("UNDECIDED", self.out)

    def refused(self, *arguments, says, **options):
        """One line that names the cause, and no server was asked."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            place = f"main=host=127.0.0.1 port={listener.getsockname()[1]}"
            self.assert_refused("--baseline", self.baseline, *(arguments or self.trust), "--source",
                                place, says=says, **options)
            self.assertRaises(BlockingIOError, listener.accept)


class Keys(Signed):
    def test_a_pair(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["ops-2025", "ops-2025.pub", "report.json", "report.json.sig"])
        self.assertEqual(openssl("pkey", "-in", self.key, "-pubout").stdout.decode(),
                         self.get("ops-2025.pub"))

    def test_its_fingerprint(self):
        self.run_program("keygen", self.path("other"), status=0)
        shown = re.search(r"(?m)^sha256   of the public key: ([0-9a-f]{64})$", self.out)[1]
        der = openssl("pkey", "-pubin", "-in", self.path("other.pub"), "-outform", "DER").stdout
        self.assertIn(shown, subprocess.run(["sha256sum"], input=der, capture_output=True,
                                            check=True, timeout=60).stdout.decode())
        signature = self.sign(self.baseline, self.path("other"))
        self.assertEqual(os.stat(signature).st_size, 64)
        self.accepted("--trust", self.path("other.pub"), "--write", "json=" + self.path("out.json"))
        self.assertEqual(json.loads(self.get("out.json"))["report"]["baseline_signed_by"],
                         {"key": "other", "sha256": shown})

    def test_private_whatever_the_umask(self):
        for mask, public in ((0o000, 0o644), (0o077, 0o600)):
            name = f"key-{mask}"
            self.run_program("keygen", self.path(name), status=0, umask=mask)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name + ".pub")).st_mode), public)

    def test_never_overwritten(self):
        before = self.get("ops-2025")
        self.assert_refused("keygen", self.key, says="exists, and a key is never overwritten")
        os.unlink(self.key + ".pub")
        self.assert_refused("keygen", self.key, says="exists, and a key is never overwritten")
        self.assertEqual(self.get("ops-2025"), before)
        self.assertFalse(os.path.exists(self.key + ".pub"))
        # Nor half a pair beside a public key that is there, nor through a link.
        self.put("half.pub", "old")
        self.assert_refused("keygen", self.path("half"), says='half.pub" exists')
        self.assertFalse(os.path.exists(self.path("half")))
        os.symlink(self.path("elsewhere"), self.path("link"))
        self.assert_refused("keygen", self.path("link"), says="exists")
        self.assertFalse(os.path.exists(self.path("elsewhere")))

    def test_where_no_key_goes(self):
        self.assert_refused("keygen", says="drverify keygen FILE")
        self.assert_refused("keygen", "-", says="never to standard output")
        self.assert_refused("keygen", self.path("a.pub"), says="name the file of the private key")
        self.assert_refused("keygen", self.path("none/a"), says="No such file or directory")
        self.assert_refused("keygen", "a", "b", says="unexpected")
        self.assert_refused("keygen", "--key", "a", "b", says='--key means nothing to "keygen"')

    def test_help(self):
        self.run_program("help", "keygen", status=0)
        for part in ("readable by you alone", "passphrase", "drverify keygen ops-2025"):
            self.assertIn(part, self.out)
        self.run_program("help", "sign", status=0)
        for part in ("--key KEY", "openssl pkeyutl -verify", "Read it first"):
            self.assertIn(part, self.out)
        self.run_program("help", "capture", status=0)
        self.assertIn("--sign KEY", self.out)
        self.run_program("help", "verify", status=0)
        self.assertIn("--trust KEY.pub", self.out)
        self.assertNotIn("--sign ", self.out)
        self.assert_refused("keygne", "x", says='did you mean "keygen"?')
        self.assert_refused("sing", "x", says='did you mean "sign"?')


class Signing(Signed):
    def test_openssl_accepts_it(self):
        checked = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", self.key + ".pub",
                          "-in", self.baseline, "-sigfile", self.baseline + ".sig")
        self.assertEqual(checked.returncode, 0, checked)

    def test_what_openssl_signs_is_accepted(self):
        key, signature = self.path("theirs"), self.baseline + ".sig"
        openssl("genpkey", "-algorithm", "ed25519", "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out", self.path("theirs.pem"))
        made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", self.baseline, "-out",
                       signature)
        self.assertEqual(made.returncode, 0, made)
        self.accepted("--trust", self.path("theirs.pem"))
        self.assertRegex(self.out, r"\Abaseline  .*, signed by theirs\n")
        with open(signature, "rb") as file:
            theirs = file.read()
        # Ed25519 is deterministic, so ours is theirs.
        os.chmod(key, 0o600)
        self.sign(self.baseline, key)
        with open(signature, "rb") as file:
            self.assertEqual(file.read(), theirs)

    def test_a_signature_is_renewed(self):
        self.change(self.baseline, b"test", b"next")
        self.refused(says="did not sign these bytes")
        self.sign(self.baseline)
        self.accepted()
        self.assertEqual([name for name in os.listdir(self.folder) if ".sig." in name], [])

    def test_only_documents_are_signed(self):
        other = self.put("other.json", '{\n  "format": "drverify/1",\n  "nmae": 1\n}\n')
        self.assert_refused("sign", "--key", self.key, other, says="other.json:3:")
        self.assert_refused("sign", "--key", self.key, self.key, says="ops-2025:1:2: ")
        self.assertFalse(os.path.exists(other + ".sig"))

    def test_what_is_missing(self):
        self.assert_refused("sign", self.baseline, says="no key: give --key KEY")
        self.assert_refused("sign", "--key", self.key, says="drverify sign --key KEY FILE")
        self.assert_refused("sign", "--key", self.key, "-", says="no file")
        self.assert_refused("sign", "--key", self.key, self.path("none"),
                            says="No such file or directory")
        self.assert_refused("sign", "--key", self.folder, self.baseline, says="Is a directory")
        self.assert_refused("sign", "--key", self.key, self.baseline, "--jobs", "2",
                            says='--jobs means nothing to "sign"')

    def test_a_signature_that_cannot_be_written(self):
        os.unlink(self.baseline + ".sig")
        os.mkdir(self.baseline + ".sig")
        self.assert_refused("sign", "--key", self.key, self.baseline, says="Is a directory")

    def test_a_key_that_others_may_read(self):
        for mode in (0o640, 0o604, 0o620, 0o666, 0o601):
            os.chmod(self.key, mode)
            self.assert_refused("sign", "--key", self.key, self.baseline, says="chmod 600 it")
            self.assert_refused("capture", "--baseline", self.baseline, "--sign", self.key,
                                "--write", "json=" + self.path("out.json"), says="chmod 600 it")
        os.chmod(self.key, 0o400)
        self.sign(self.baseline)

    def test_what_is_no_signing_key(self):
        for algorithm, name, more in (
                ("rsa", "rsaEncryption", ["-pkeyopt", "rsa_keygen_bits:1024"]),
                ("ec", "id-ecPublicKey", ["-pkeyopt", "ec_paramgen_curve:P-256"]),
                ("x25519", "X25519", []), ("ed448", "ED448", [])):
            key = self.path(algorithm)
            openssl("genpkey", "-algorithm", algorithm, "-out", key, *more)
            os.chmod(key, 0o600)
            self.secrets.append(self.get(algorithm).splitlines()[1])
            self.assert_refused("sign", "--key", key, self.baseline, says=f"is of type {name}")
        self.assert_refused("sign", "--key", self.key + ".pub", self.baseline,
                            says="is a public key")
        body = self.get("ops-2025").splitlines()[1]
        for text in ("", body, "-----BEGIN PRIVATE KEY-----\n", f"-----BEGIN PRIVATE KEY-----\n{body}",
                     "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                     f"-----BEGIN PRIVATE KEY-----\n{body[4:]}\n-----END PRIVATE KEY-----\n",
                     f"-----BEGIN PRIVATE KEY-----\n{body[:-1]}*\n-----END PRIVATE KEY-----\n",
                     f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n"):
            key = self.put("broken", text)
            os.chmod(key, 0o600)
            self.assert_refused("sign", "--key", key, self.baseline, says="holds no private key")

    def test_a_key_in_place_of_its_file_is_not_repeated(self):
        for text in (self.get("ops-2025"), self.get("ops-2025").splitlines()[1]):
            self.assert_refused("sign", "--key=" + text, self.baseline, says="--key names")
            self.assert_refused("sign", "--key", text, self.baseline, says="--key ")
            self.assert_refused("capture", "--baseline", self.baseline, "--sign=" + text, "--write",
                                "json=" + self.path("out.json"), says="--sign names")

    def test_a_passphrase_needs_a_terminal(self):
        key = self.protect("correct horse")
        self.assert_refused("sign", "--key", key, self.baseline, says="is protected",
                            start_new_session=True)
        # A document on standard input is not taken for one.
        with open(self.put("words", "correct horse\n"), "rb") as words:
            self.assert_refused("sign", "--key", key, self.baseline, says="is protected",
                                start_new_session=True, stdin=words)

    def protect(self, passphrase):
        key = self.path("protected")
        done = openssl("pkcs8", "-topk8", "-scrypt", "-in", self.key, "-out", key, "-passout",
                       "pass:" + passphrase)
        self.assertEqual(done.returncode, 0, done)
        os.chmod(key, 0o600)
        return key

    def sign_on_a_terminal(self, key, passphrase):
        """Exit status, and what the terminal showed."""
        pid, terminal = pty.fork()
        if not pid:
            os.execve(PROGRAM, [PROGRAM, "sign", "--key", key, self.baseline], environment())
        shown = b""
        while b"Passphrase" not in shown:
            shown += os.read(terminal, 4096)
        # OpenSSL asks first, and then stops showing what is typed.
        while termios.tcgetattr(terminal)[3] & termios.ECHO:
            os.sched_yield()
        os.write(terminal, passphrase.encode() + b"\n")
        while True:
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_a_passphrase_on_a_terminal(self):
        key = self.protect("correct horse")
        os.unlink(self.baseline + ".sig")
        status, shown = self.sign_on_a_terminal(key, "battery staple")
        self.assertEqual(status, 3, shown)
        self.assertIn("is protected", shown)
        self.assertNotIn("battery", shown)
        self.assertFalse(os.path.exists(self.baseline + ".sig"))
        status, shown = self.sign_on_a_terminal(key, "correct horse")
        self.assertEqual(status, 0, shown)
        self.assertNotIn("horse", shown)
        self.accepted()


class Trust(Signed):
    def test_accepted(self):
        self.accepted()
        self.assertRegex(self.out, r"\Abaseline  test, as it was written: .*, signed by ops-2025\n")
        self.accepted(trust=False)
        self.assertNotIn("signed", self.out)

    def test_one_of_several_keys(self):
        other = self.make_key("ops-2026")
        self.accepted("--trust", other + ".pub", *self.trust)
        self.assertIn("signed by ops-2025", self.out)
        self.sign(self.baseline, other)
        self.accepted("--trust", other + ".pub", *self.trust)
        self.assertIn("signed by ops-2026", self.out)
        self.sign(self.baseline, self.make_key("stranger"))
        self.refused("--trust", other + ".pub", *self.trust, says="none of the 2 trusted keys")

    def test_unsigned(self):
        os.unlink(self.baseline + ".sig")
        self.refused(says=f'there is no "{self.baseline}.sig"')
        self.assertIn("drverify sign", self.err)
        for command in ("capture", "chain-try"):
            self.assert_refused(command, "--baseline", self.baseline, *self.trust,
                                says="is not signed")

    def test_changed(self):
        original = self.get("report.json")
        swapped = dict(reversed(json.loads(original).items()))
        for text, says in (
                (original.replace("test", "tset"), "did not sign these bytes"),
                (original[:-1], "did not sign these bytes"), ("", "did not sign these bytes"),
                (json.dumps(swapped), "did not sign these bytes"),
                (json.dumps(json.loads(original), indent=1), "did not sign these bytes"),
                (original + "\n", "ends of lines, the end of the file"),
                ("\ufeff" + original, "byte order mark"),
                # It is not parsed, so what is wrong with it is not said.
                (original + "}", "did not sign these bytes"),
                ("oops", "did not sign these bytes")):
            self.put("report.json", text)
            self.refused(says=says)
            self.assertIn(self.baseline + ".sig", self.err)
        self.put("report.json", original)
        self.accepted()

    def test_ends_of_lines(self):
        self.put("report.json", json.dumps(document(sources=SOURCES), indent=1) + "\n")
        self.sign(self.baseline)
        self.change(self.baseline, b"\n", b"\r\n")
        self.refused(says="ends of lines")

    def test_the_signature_of_another_document(self):
        other = self.put("other.json", document(name="other", sources=SOURCES))
        shutil.copy(self.sign(other), self.baseline + ".sig")
        self.refused(says="did not sign these bytes")

    def test_signatures_that_are_none(self):
        with open(self.baseline + ".sig", "rb") as file:
            right = file.read()
        for wrong, says in ((b"", "is not signed"), (right[:-1], "has 63 bytes"),
                            (right + b"\n", "has 65 bytes"), (right.hex().encode(), "has 128 bytes"),
                            (bytes(64), "did not sign"), (right[::-1], "did not sign"),
                            (bytes(100000), "File too large")):
            with open(self.baseline + ".sig", "wb") as file:
                file.write(wrong)
            self.refused(says=says)
        os.unlink(self.baseline + ".sig")
        os.mkdir(self.baseline + ".sig")
        self.refused(says="Is a directory")

    def test_keys_that_are_none(self):
        private = self.path("rsa")
        openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024", "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", private + ".pub")
        certificate = self.path("certificate")
        openssl("req", "-x509", "-key", self.key, "-subj", "/CN=x", "-out", certificate)
        both = self.put("both.pub", self.get("ops-2025.pub") + self.get("ops-2025"))
        for path, says in ((private + ".pub", "is of type RSA"), (self.key, "is a private key"),
                           (certificate, "is a CERTIFICATE"), (both, "more than one key"),
                           (self.baseline, "no public key in PEM form"),
                           ("/dev/null", "no public key in PEM form"),
                           (self.path("none"), "No such file or directory"),
                           (self.folder, "Is a directory")):
            self.refused("--trust", path, says=says)
            self.assertIn(path, self.err)
            # One that is right does not make up for it.
            self.refused(*self.trust, "--trust", path, says=says)

    def test_a_key_that_anybody_may_exchange(self):
        os.chmod(self.key + ".pub", 0o666)
        self.refused(says="anybody may exchange the trusted key")
        os.chmod(self.key + ".pub", 0o664)
        self.accepted()

    def test_standard_input(self):
        signature = ["--signature", self.baseline + ".sig"]
        with open(self.baseline, "rb") as file:
            self.accepted(*self.trust, *signature, baseline="-", stdin=file)
        self.assertIn("signed by ops-2025", self.out)
        for words, says in ((self.trust, "needs --signature FILE"),
                            (signature, "give --trust KEY.pub"),
                            ([*self.trust, "--signature", self.path("none")], "is not signed")):
            with open(self.baseline, "rb") as file:
                self.assert_refused("--baseline", "-", *words, stdin=file, says=says)
        self.assert_refused("--baseline", "-", *self.trust, *signature,
                            says="standard input: the trusted key")
        self.refused(*self.trust, *signature, says="is for a document on standard input")

    def test_bytes_are_read_once(self):
        """What a pipe has given is gone: there is no second reading to differ from the first."""
        pipe = self.path("pipe.json")
        with open(self.baseline, "rb") as file:
            content = file.read()
        shutil.copy(self.baseline + ".sig", pipe + ".sig")
        os.mkfifo(pipe)

        def feed():
            with open(pipe, "wb") as file:
                file.write(content)

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.accepted(baseline=pipe)
        feeder.join()
        self.assertIn("signed by ops-2025", self.out)

    def test_a_link_has_a_signature_of_its_own_name(self):
        os.symlink("report.json", self.path("latest.json"))
        self.baseline = self.path("latest.json")
        self.refused(says='there is no "' + self.baseline + '.sig"')
        os.symlink("report.json.sig", self.path("latest.json.sig"))
        self.accepted()

    def test_a_signed_document_is_not_written_over(self):
        for path in (self.baseline, self.path("./report.json")):
            self.refused(*self.trust, "--write", "json=" + path, says="is the signed document")
        self.accepted()
        self.assert_refused("verify", *self.trust, "--write", "json=" + self.path("out.json"),
                            says="no document")

    def test_a_failed_report_stays_none(self):
        self.put("report.json", document(sources=SOURCES, report={"verdict": "fail"}))
        self.sign(self.baseline)
        self.refused(says="it is no baseline")


class Folder(Signed):
    """Of several documents each has a signature of its own, or nothing is verified."""

    def setUp(self):
        super().setUp()
        self.nights = {}
        os.mkdir(self.path("nights"))
        for day in (28, 29, 30):
            self.nights[day] = self.put(f"nights/night-{day}.json", document(
                sources=SOURCES, captured_at=f"2025-12-{day}T01:00:00Z"))
            self.sign(self.nights[day])
        self.baseline = self.path("nights")

    def test_all_are_signed(self):
        self.accepted()
        self.assertIn(self.nights[30] + ": the newest of 3 baselines", self.out)
        self.assertIn("signed by ops-2025", self.out)
        # A signature is no document, and none of them is said to be skipped.
        self.assertNotIn("skipped", self.err)
        self.accepted(*self.trust, "--restored-to", "2025-12-29T12:00Z")
        self.assertIn(self.nights[29] + ": the newest of 3 baselines", self.out)

    def test_one_is_unsigned(self):
        for day in self.nights:
            os.rename(self.nights[day] + ".sig", self.path("away"))
            self.refused(says=f'"{self.nights[day]}" is not signed')
            os.rename(self.path("away"), self.nights[day] + ".sig")
        self.accepted()

    def test_the_newest_is_altered(self):
        """An older one in its place would be what the attacker wants."""
        self.change(self.nights[30], b"test", b"next")
        self.refused(says=f"{self.nights[30]}.sig")
        # Not even where it would not have been chosen.
        self.refused(*self.trust, "--restored-to", "2025-12-29T12:00Z", says="did not sign")

    def test_the_newest_is_no_document_any_more(self):
        self.put("nights/night-30.json", "no document")
        self.refused(says=f"{self.nights[30]}.sig")

    def test_a_signature_of_another(self):
        os.replace(self.nights[28] + ".sig", self.nights[30] + ".sig")
        self.refused(says="is not signed")
        shutil.copy(self.nights[30] + ".sig", self.nights[28] + ".sig")
        self.refused(says=f"{self.nights[30]}.sig")

    def test_files_by_name(self):
        self.accepted("--baseline", self.nights[28], *self.trust, baseline=self.nights[29])
        self.assertIn(self.nights[29] + ": the newest of 2 baselines", self.out)
        os.unlink(self.nights[28] + ".sig")
        self.baseline = self.nights[29]
        self.refused("--baseline", self.nights[28], *self.trust,
                     says=f'"{self.nights[28]}" is not signed')

    def test_signature_is_for_standard_input(self):
        for more in ([], ["--baseline", "-"]):
            self.refused(*self.trust, "--signature", self.nights[30] + ".sig", *more,
                         says="--signature is for a document on standard input")


class SigningCaptures(Signed):
    def test_it_needs_a_file(self):
        for words in ([], ["--write", "text=" + self.path("x")], ["--write", "json=-"]):
            self.assert_refused("capture", "--baseline", self.baseline, "--sign", self.key, *words,
                                says="PATH.sig")

    def test_no_report_takes_the_place_of_the_signature(self):
        out = self.path("out.json")
        self.put("out.json.sig", "old")
        for words in (["json=" + out, "text=" + out + ".sig"],
                      ["text=" + out + ".sig", "json=" + out],
                      ["json=" + out, "text=" + self.path("./out.json.sig")]):
            self.assert_refused("capture", "--baseline", self.baseline, "--sign", self.key,
                                *(word for path in words for word in ("--write", path)),
                                says="is where the signature of")
        self.assertEqual(self.get("out.json.sig"), "old")

    def test_whoever_verifies_signs_nothing(self):
        self.refused("--sign", self.key, says='--sign means nothing to "verify"')

    def test_what_did_not_pass_is_not_signed(self):
        for path in (self.path("out.json"), self.baseline):
            self.run_program("capture", "--baseline", self.baseline, "--sign", self.key, "--source",
                             "main=" + NOWHERE, "--write", "json=" + path, status=3)
            self.assertIn("is not signed, because this run did not pass", self.err)
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if "ops" not in name),
                         ["out.json", "report.json", "report.json.failed", "report.json.sig"])
        self.accepted()

    def test_the_key_is_nowhere_else_in_memory(self):
        """While a capture runs: neither the text of the file nor a second copy of the key."""
        key = openssl("pkey", "-in", self.key, "-outform", "DER").stdout[-32:]
        text = self.get("ops-2025").splitlines()[1].encode()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.settimeout(30)
            process = subprocess.Popen(
                [PROGRAM, "capture", "--baseline", self.baseline, "--sign", self.key, "--write",
                 "json=" + self.path("out.json"), "--source",
                 f"main=host=127.0.0.1 port={listener.getsockname()[1]} sslmode=disable user=u"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                self.skipTest("built without PostgreSQL")
            with connection:
                found = self.search_memory(process.pid, [key, key[8:24], text[24:48]])
        self.assertEqual(found, [1, 1, 0])

    def search_memory(self, pid, needles):
        found = [0] * len(needles)
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            regions = [line.split() for line in maps]
        try:
            memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
        except PermissionError:
            self.skipTest("the memory of a child may not be read here")
        with memory:
            for region in regions:
                start, end = (int(number, 16) for number in region[0].split("-"))
                # A sanitizer's shadow is larger than any machine.
                if not region[1].startswith("rw") or end - start > 1 << 30:
                    continue
                try:
                    memory.seek(start)
                    content = memory.read(end - start)
                except OSError:
                    continue
                for i, needle in enumerate(needles):
                    found[i] += content.count(needle)
        return found


@unittest.skipUnless(POSTGRESQL, "DRV_TEST_POSTGRESQL is not set")
class WithPostgresql(Signed):
    def setUp(self):
        super().setUp()
        self.place = ["--source", "main=" + POSTGRESQL]
        self.checks = self.put("checks.json", document([counting("pg_catalog.pg_am")],
                                                       sources=SOURCES))

    def capture(self, *arguments, path="captured.json", status=0):
        self.run_program("capture", "--baseline", self.checks, *self.place, "--sign", self.key,
                         "--write", "json=" + self.path(path), *arguments, status=status)
        self.baseline = self.path(path)

    def test_a_signed_capture_is_accepted(self):
        self.capture()
        self.assertIn(f"json  {self.baseline}\n", self.out)
        self.assertIn(f"signature  {self.baseline}.sig\n", self.out)
        self.verify(*self.trust, *self.place, "--restored-to", "baseline", status=0)
        self.assertRegex(self.out, r"\Abaseline  test, captured .* ago\), signed by ops-2025\n")
        checked = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", self.key + ".pub",
                          "-in", self.baseline, "-sigfile", self.baseline + ".sig")
        self.assertEqual(checked.returncode, 0, checked)
        # Night after night, over the old pair.
        self.capture()
        self.verify(*self.trust, *self.place, "--restored-to", "baseline", "-q", status=0)
        self.assertEqual(self.out + self.err, "")

    def test_a_captured_number_cannot_be_bent(self):
        self.capture()
        rows = json.loads(self.get("captured.json"))["checks"][0]["expect"]["rows"]
        self.change(self.baseline, b'"rows": %d' % rows, b'"rows": %d' % (rows - 1))
        self.refused(says="did not sign these bytes")

    def test_what_verify_writes_is_not_signed(self):
        self.capture()
        self.verify(*self.trust, *self.place, "--restored-to", "baseline", "--write",
                    "json=" + self.path("report.json"), status=0)
        self.baseline = self.path("report.json")
        self.refused(says="did not sign these bytes")
        self.assertEqual(json.loads(self.get("report.json"))["report"]["baseline_signed_by"]["key"],
                         "ops-2025")

    def test_a_signature_that_cannot_be_written(self):
        os.mkdir(self.path("captured.json.sig"))
        self.capture(status=3)
        self.assertIn("the signature could not be written to", self.err)
        self.assertIn("CAPTURED", self.out)
        self.assertIn("captured_at", self.get("captured.json"))

    def test_a_link_keeps_its_pair(self):
        os.mkdir(self.path("real"))
        os.symlink("real/one.json", self.path("latest.json"))
        os.symlink("real/one.json.sig", self.path("latest.json.sig"))
        for name in ("one.json", "one.json.sig"):
            self.put("real/" + name, "old")
        self.capture(path="latest.json")
        for name in ("latest.json", "real/one.json"):
            self.baseline = self.path(name)
            self.verify(*self.trust, *self.place, "--restored-to", "baseline", status=0)

    def test_code_of_a_signed_document_runs(self):
        role = f"drv_signed_{os.getpid()}"
        psql(f"CREATE ROLE {role} LOGIN")
        self.addCleanup(psql, f"DROP ROLE {role}")
        self.place = ["--source", f"main={POSTGRESQL} user={role}"]
        self.baseline = self.put("sql.json", document(
            [{"check": "assert", "source": "main", "sql": "SELECT 1 WHERE false"}],
            sources=SOURCES))
        self.verify(*self.place, status=3)
        self.assertIn("check.not_allowed", self.out)
        self.assertIn("--trust", self.out)
        self.sign(self.baseline)
        # A signature that nobody asked for proves nothing.
        self.verify(*self.place, status=3)
        self.assertIn("check.not_allowed", self.out)
        self.verify(*self.place, *self.trust, status=0)
        self.verify(*self.place, "--allow-sql", status=0)


if __name__ == "__main__":
    unittest.main()
