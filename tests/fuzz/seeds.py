#!/usr/bin/env python3
"""seeds.py: makes the inputs that the fuzzers start from, one folder a target

usage: seeds.py FOLDER

What fuzzing adds lies beside them in the corpus under a name of its own; these names say what an
input is.
"""
import json
import os
import struct
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from report_sample import hostile, sample  # noqa: E402


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def document(*checks, **members):
    return compact({"format": "drverify/1", "sources": {
        "m": {"store": "postgresql"}, "d": {"store": "mongodb", "database": "x"}},
        "checks": list(checks), **members})


# ---------------------------------------------------------------- texts

def documents():
    table = {"source": "m", "table": "s.t"}
    identity = {"system_identifier": "7", "timeline": 1, "lsn": "0/3000060",
                "server_started": "2025-12-30T05:30:00Z"}
    yield "minimal", document()
    yield "counts", document(
        {"check": "row_count", **table, "expect": {"rows": 5, "tolerance": "2%", "min": 1}},
        {"check": "row_count", **table, "where": {"column": "a", "is": "null"}, "priority": 1},
        {"check": "collection_count", "source": "d", "collection": "c", "filter":
         {"a": {"$gte": {"$date": "2025-12-30T05:30:00Z"}}}, "required": False})
    yield "fields", document(
        {"check": "encrypted_field", **table, "ciphertext": "a", "plaintext": "b",
         "format": "hex", "nullable": True},
        {"check": "freshness", "source": "m", "table": ["s", "t.u"], "column": "at",
         "column_zone": "Asia/Seoul", "max_loss": "1h30m"},
        {"check": "connection", "source": "m", "tls": True})
    yield "content", document(
        {"check": "content", **table, "exclude": ["x"], "key": ["id"], "bucket_by": "at",
         "buckets": 16, "detail": "rows", "hmac_key": "k", "append_only": True})
    yield "assert", document({"check": "assert", **{"source": "m"}, "name": "n", "sql": "SELECT 1"})
    yield "chain", document(
        {"check": "audit_chain", **table, "hash": "h", "previous": "p",
         "preimage": [{"previous": "text"}, {"column": "a"}]})
    yield "captured", document(
        captured_at="2025-12-30T05:30:00Z", objectives={"rto": "4h", "rpo": "500ms"},
        sources={"m": {"store": "postgresql", "restored_by": "physical", "identity": identity}})
    yield "repeated", b'{"format":"drverify/1","format":"drverify/1"}'
    yield "unknown", document({"check": "row_cuont", **table})
    yield "steering", compact({"format": "drverify/1", "sources": {"a\x1b[31m\u202eb": {
        "store": "postgresql"}}, "checks": [{"check": "x\n\x9by", "source": "a"}]})


def jsons():
    for name, text in {
            "numbers": '[1.10,-0,1e400,9223372036854775808,0.1e-5]',
            "strings": r'["\u00e9\ud83d\ude00\n\"\\/","é😀"]', "empty": '[{},[],""]',
            "words": '{"a":true,"b":false,"c":null}', "twice": '{"a":1,"a":2}',
            "deep": "[" * 70, "lone": r'["\ud800"]', "open": '{"a":[1,{"b":'}.items():
        yield name, text.encode()


def recipes():
    base = '"hash":"h","previous":"p",'
    rows = bytes([3]) + bytes(
        [5, 3]) + b"abc" + bytes([0] * 3) + bytes([2] + [0] * 7 + [9]) + bytes([5, 2]) + b"xy" + \
        bytes([9, 0, 5, 0x9b, 0, 0, 0, 0, 0]) + bytes([12, 7]) + b'{"a":1}' + bytes(40)
    for name, preimage in {
            "text": '[{"previous":"text"},"x",{"column":"a"}]',
            "object": '{"json":"javascript","object":{"p":{"previous":"text"},"a":{"column":"a"}}}',
            "all": '{"json":"jcs","all_except":["id"],"keys":"sorted","null":"omit"}',
            "join": '{"join":[{"previous":"text"},{"column":"b","null":"-"}],"with":"|"}',
            "time": '[{"previous":"bytes"},{"column":"at","time":"iso8601","digits":3,"zone":"Z"}]',
            "digest": '[{"previous":"text"},{"digest":{"column":"doc"},"algorithm":"sha512"}]',
            "length": '[{"previous":"text"},{"length_prefixed":{"column":"c"},"length":"u32be"}]',
            "stored": '[{"previous":"text"},{"stored":"doc","claims":{"a":{"column":"a"}}}]',
            "present": '[{"previous":"text"},{"present":"a","then":"y","else":"n"}]',
            "python": '{"json":"python","object":[["p",{"previous":"text"}]],"drop_keys":["z"]}',
            "number": '[{"previous":"text"},{"column":"b","decimal":"strip zeros"}]'}.items():
        yield name, (base + '"preimage":' + preimage).encode() + b"\0" + rows
    link = base + '"preimage":{"previous":"text"},'
    for name, more in {
            "hmac": '"digest":{"hmac":"sha256","key":"k"}', "order": '"order_by":["at","id"]',
            "cases": '"digest":{"by":"a","cases":{"1":"sha512","2":{"hmac":"sha384","key":"k"}}}',
            "partitions": '"partition_by":["a","b"],"expect":{"heads":[]}',
            "pruned": '"front":"pruned","encoding":"base64"',
            "genesis": '"genesis":{"stored":"","hashed":"none"}',
            "versions": '"versions":[{"when":{"column":"a","equals":2},"preimage":'
                        '[{"previous":"bytes"}]},{"digest":"sha512"}]'}.items():
        yield name, (link + more).encode() + b"\0" + rows
    yield "links", (base + '"mode":"links","order_by":["id"]').encode() + b"\0" + rows
    yield "unlinked", b'"hash":"h","preimage":{"previous":"text"},"order_by":["id"]\0' + rows
    yield "rows", b'"hash":"h","mode":"rows","preimage":{"column":"doc"}\0' + rows


def reports():
    small = sample()
    small["checks"] = small["checks"][:2]
    yield "sample", compact(small)
    rest = sample()
    rest["checks"] = rest["checks"][2:5]
    rest["report"].update(verdict="warn", exit_status=1)
    yield "rest", compact(rest)
    steering = "<b>\x1b\u202e`|\n\""
    odd = hostile(steering)
    odd["checks"] = odd["checks"][:1]
    yield "hostile", compact(odd)
    for entry in odd["checks"][0]["result"]["findings"]:
        entry["code"] = steering
    yield "code", compact(odd)


# ---------------------------------------------------------------- bytes

def fields(*values):
    return struct.pack(">h", len(values)) + b"".join(
        struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
        for value in values)


COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
CTID = struct.pack(">IH", 12, 3)
TEXT, DECIMAL, BOOL, INT4, FLOAT8, UUID, STAMP, JSON, JSONB = 0, 1, 2, 5, 9, 11, 13, 15, 16


def copies():
    def stream(forms, ctid, *rows, stable=0, alias=b""):
        head = bytes([len(forms), stable, *forms, ctid]) + alias
        bodies = [COPY_HEAD, *rows, b"\xff\xff"]
        return head + b"".join(struct.pack(">H", len(body)) + body for body in bodies)
    yield "texts", stream([TEXT, DECIMAL], 1, fields(CTID, b"abc", b"1.50"), fields(CTID, None, b"NaN"))
    yield "fixed", stream([BOOL, INT4, FLOAT8, STAMP], 0,
                          fields(b"\1", b"\0\0\0\7", b"\x7f\xf8" + bytes(6), bytes(8)))
    yield "json", stream([JSON, JSONB, JSON | 0x80], 0, fields(b'{"a": 1.0}', b"\1[]", b'"x"'))
    yield "stable", stream([1, 2, TEXT], 0, fields(b"\x7f\xc0\0\1", b"ab", b"c"), stable=2,
                           alias=bytes([INT4]))
    yield "cut", stream([TEXT], 0, fields(b"abcdef")[:8])
    yield "lies", stream([TEXT], 0, struct.pack(">hi", 1, 0x7fffffff) + b"abc")
    yield "negative", stream([TEXT], 0, struct.pack(">hi", 1, -2) + b"abc")
    yield "counts", stream([TEXT], 0, fields(b"a", b"b"))


def element(kind, name, value):
    return bytes([kind]) + name.encode() + b"\0" + value


def bson(*elements):
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def text(value):
    return struct.pack("<i", len(value) + 1) + value + b"\0"


def bsons():
    types = bson(
        element(1, "f", struct.pack("<d", 0.1)), element(2, "t", text(b"x")),
        element(5, "b", struct.pack("<iB", 16, 4) + bytes(16)), element(7, "_id", bytes(12)),
        element(8, "o", b"\1"), element(9, "at", struct.pack("<q", 1767072600000)),
        element(10, "n", b""), element(11, "r", b"^a\0i\0"), element(16, "i", bytes(4)),
        element(17, "ts", bytes(8)), element(18, "l", struct.pack("<q", 2**53 + 1)),
        element(19, "d", bytes(14) + b"\x40\x30"), element(255, "min", b""))
    nested = bson(element(3, "a", bson(element(4, "b", bson(element(2, "0", text(b"y")))))))
    scope = text(b"f()") + bson()
    code = bson(element(15, "w", struct.pack("<i", len(scope) + 4) + scope), element(13, "c", text(b"g")))
    for name, path, body in (("types", "i", types), ("nested", "a.b.0", nested), ("code", "w", code),
                             ("utf8", "t", bson(element(2, "t", text(b"\xff\xfe")))),
                             ("nul", "t", bson(element(2, "t", text(b"a\0b")))),
                             ("length", "t", bson(element(2, "t", struct.pack("<i", 2**31 - 1) + b"x\0"))),
                             ("inner", "a", bson(element(3, "a", struct.pack("<i", 900) + b"\0"))),
                             ("binary", "b", bson(element(5, "b", struct.pack("<iB", -1, 0))))):
        yield name, path.encode() + b"\0" + body


def message(opcode, body, announced=None):
    return struct.pack("<iiii", announced or 16 + len(body), 1, 1, opcode) + body


def frames():
    reply = bson(element(3, "cursor", bson(element(4, "firstBatch", bson(element(3, "0", bson(
        element(16, "a", bytes(4))))))), ), element(1, "ok", struct.pack("<d", 1)))
    msg = message(2013, bytes(5) + reply)
    yield "msg", b"\7" + msg + msg
    yield "reply", b"\x20" + message(1, bytes(16) + struct.pack("<i", 1) + reply)
    yield "checksum", b"\3" + message(2013, b"\1" + bytes(4) + reply + bytes(4))
    yield "huge", b"\3" + message(2013, bytes(5) + reply, 2**31 - 1)
    yield "short", b"\3" + message(2013, bytes(5) + reply, 15)
    yield "inner", b"\3" + message(2013, bytes(5) + bson(element(3, "a", struct.pack("<i", 9000) + b"\0")))


def envelopes():
    whole = {"encrypted": "00ff", "iv": "0" * 32, "authTag": "1" * 32,
             "encryptedDek": "Q" * 84 + "Qw==", "version": "v1"}
    yield "whole", b"\0" + compact(whole)
    yield "version", b"\0" + compact({**whole, "version": "v2"})
    yield "plain", b"\0plain text"
    yield "base64", b"\1" + b"/wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs="
    yield "hex", b"\2" + b"ff00" * 14
    yield "bytes", b"\3" + bytes(range(28))
    yield "short", b"\2" + b"ff00" * 3


def sidecars():
    digest = bytes(32)
    rows = b"".join(struct.pack(">QQ", key, key * 3) for key in (1, 5, 5, 9))
    texts = b"".join(struct.pack(">QQH", key, 7, 3) + b"id" for key in (2, 4)) + \
        struct.pack(">QQH", 6, 7, 0)
    for name, flags, count, chunk in (("plain", 0, 4, rows), ("texts", 1, 3, texts)):
        yield name, b"drvrows1" + struct.pack(">IIQ", flags, 1, count) + chunk + \
            struct.pack(">QII", 1 if not flags else 2, count, len(chunk)) + digest
    yield "empty", b"drvrows1" + struct.pack(">IIQ", 0, 0, 0)
    yield "lies", b"drvrows1" + struct.pack(">IIQ", 1, 2**20, 2**63)


def signatures():
    key = b"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    block = b"-----BEGIN PUBLIC KEY-----\n" + key + b"\n-----END PUBLIC KEY-----\n"
    yield "key", block
    yield "two", block + block
    yield "private", block.replace(b"PUBLIC", b"PRIVATE")
    yield "cut", block[:60]
    yield "headers", block.replace(b"-----\nMC", b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMC", 1)
    yield "zeros", bytes(64)
    yield "long", bytes(65)


# ---------------------------------------------------------------- small texts

def times():
    rest = bytes([0, 7, 1, 1, 2, 1, 1, 40, 1]) + struct.pack(">q", 1767072600123456) + bytes(9)
    for index, word in enumerate((
            "2025-12-30T05:30:00Z", "2025-12-30 14:30+09", "2024-02-29 23:59:59.999999-15:59",
            "1h30m", "500ms", "2147483647d", "0/3000060", "FFFFFFFF/FFFFFFFF", "now", "baseline",
            "0000-01-01T00:00:00+15", "9999-12-31T23:59:59Z", "")):
        yield f"time-{index}", word.encode() + b"\0" + bytes([index % 5]) + rest[1:]


def numbers():
    for index, word in enumerate((
            "0", "-0", "1.10", "1e21", "-1e-7", "5e-324", "1.7976931348623157e308", "1e400",
            "9007199254740993", "18446744073709551616", "123456789012345678901234567890",
            "0.30000000000000004", "10.00", "1E+2", "4.9e-324")):
        yield f"number-{index}", word.encode() + b"\0" + struct.pack(">d", 0.1 * index)


def globs():
    for index, (glob, name) in enumerate((
            ("*", "row_count:main:public.users"), ("row_count:m?in", "row_count:main:public.users"),
            ("*:*:*a*b", "a:b:aaab"), ("", ""), ("?", ":"), ("a*a*a*a*b", "a" * 60), ("**", "x"))):
        yield f"glob-{index}", glob.encode() + b"\0" + name.encode() + b"\0"


def messages():
    for index, (before, host) in enumerate((
            ("cannot read", "db.example"), ("\x1b[31m", "h"), ("a\u202eb\u0085", ""),
            ("postgresql://u:p@h/x", "h"), ("\xff", "::1"), ("100% %s", "h"))):
        yield f"message-{index}", before.encode("latin-1" if index == 4 else "utf-8") + b"\0" + \
            host.encode() + b"\0"


TARGETS = {
    "bson": bsons, "copy": copies, "document": documents, "envelope": envelopes, "frame": frames,
    "glob": globs, "json": jsons, "message": messages, "number": numbers, "recipe": recipes,
    "report": reports, "sidecar": sidecars, "signature": signatures, "time": times,
}


def main():
    for target, make in TARGETS.items():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for name, content in make():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main()
