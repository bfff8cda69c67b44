"""report_sample.py: reports made up for the tests of formats, with names that nobody should have"""
import copy

# What a name can hold: a database takes nearly anything in quotes.
HOSTILE = [
    "<script>alert(1)</script>",
    "\"double\" 'single'",
    "two\nlines\r\n",
    "]]> --> <![CDATA[",
    "back\\slash \\n \\",
    "a|b||c",
    "진료 기록 🐶",
    "bell\x07 escape\x1b[31m\x9b",
    "not a character \ufffe\uffff",
    "`tick` *star* _under_ [text](http://x) ![i](x) ~~x~~",
    "&amp; &lt;b&gt; &#65;",
    "${HOME} $(id) %s %n $x$",
    "turned \u202egnp.exe",
    "# head",
    "- 1. + list",
    "tab\there",
    "a=b'c''d;e,f",
    "{curly} [square]",
    "a\u2028b\u0085c",
    "x" * 300,
    "://",
    "ends with #",
]


def shown(text):
    """Text as every format shows it: what steers comes out as \\xNN, byte by byte."""
    out = []
    for char in text:
        point = ord(char)
        steers = (point < 0x20 or 0x7F <= point <= 0x9F or point == 0x61C or
                  0x200E <= point <= 0x200F or 0x2028 <= point <= 0x202E or
                  0x2066 <= point <= 0x2069 or point in (0xFEFF, 0xFFFE, 0xFFFF))
        out.append("".join(f"\\x{byte:02x}" for byte in char.encode()) if steers else char)
    return "".join(out)


def finding(code, effect, message, count=0, rows=()):
    return {"code": code, "effect": effect, "message": message, "count": count,
            **({"rows": list(rows)} if rows else {})}


def result(verdict, summary, findings=(), **members):
    return {"verdict": verdict, "summary": summary, "rows": 0, "seconds": 0.25, **members,
            "findings": list(findings)}


SAMPLE = {
    "format": "drverify/1",
    "name": "pet-to-you production",
    "captured_at": "2025-12-30T05:30:00Z",
    "objectives": {"rto": "4h", "rpo": "1h"},
    "sources": {"main": {"store": "postgresql", "restored_by": "physical"},
                "search": {"store": "mongodb", "database": "pettoyou"}},
    "checks": [
        {"check": "row_count", "source": "main", "table": "public.users", "priority": 4,
         "expect": {"rows": 50002},
         "result": result("fail", "48,911 rows, baseline 50,002", [
             finding("row_count.below", "fail", "1,091 rows are missing", 1091,
                     [{"place": "ctid (12,3)"}, {"place": "ctid (12,4)", "key": "id=7"}])],
                          rows=48911, expected=50002, least=50002, most=50002)},
        {"check": "freshness", "source": "main", "table": "public.health_notes", "priority": 1,
         "column": "created_at",
         "result": result("pass", "newest 7m50s before the restore point", rows=100211,
                          loss_seconds=470, most_loss_seconds=3600)},
        {"check": "connection", "source": "main",
         "result": result("warn", "PostgreSQL 15.10", [
             finding("connection.setting", "warn", "setting fsync is off"),
             finding("connection.setting", "warn", "setting full_page_writes is off")])},
        {"check": "collection_count", "source": "search", "collection": "hospitals",
         "expect": {"documents": 5000, "tolerance": "5%"},
         "result": result("pass", "4,910 documents", rows=4910, expected=5000, least=4750,
                          most=5250)},
        {"check": "collection_count", "source": "search", "collection": "reviews",
         "required": False, "expect": {"documents": 9},
         "result": result("inconclusive", "timed out after 10m", [
             finding("check.timeout", "inconclusive", "timed out after 10m")])},
        {"check": "collection_count", "source": "search", "collection": "daycares",
         "expect": {"documents": 9}, "result": result("skipped", "")},
    ],
    "report": {
        "tool": "drverify 0.1.0", "command": "verify", "verdict": "fail", "exit_status": 2,
        "started_at": "2025-12-30T14:29:58Z", "finished_at": "2025-12-30T14:42:02Z",
        "seconds": 724.25,
        "compared_with": {"file": "baseline.json", "captured_at": "2025-12-30T05:29:58Z",
                          "sha256": "0123456789abcdef" * 4},
        "incident_at": "2025-12-30T11:30:00Z",
        "sources": {
            "main": {"restored_to": "2025-12-30T05:30:00Z", "server": "PostgreSQL 15.10",
                     "address": "recovery/pettoyou", "tls": True,
                     "in_recovery": False, "lineage": "restored 2s after the baseline",
                     "consistency": "one snapshot", "warnings": ["setting fsync is off"]},
            "search": {"restored_to": "2025-12-30T05:30:00Z", "error": "no connection"}}},
}


def sample():
    return copy.deepcopy(SAMPLE)


def hostile(text):
    """The sample with one text wherever a report has foreign text."""
    made = sample()
    made["name"] = text
    made["sources"] = {text: made["sources"]["main"], "search": made["sources"]["search"]}
    for check in made["checks"]:
        if check["source"] == "main":
            check["source"] = text
        if "table" in check:
            check["table"] = ["public", text]
        check["result"]["summary"] = text
        check["result"]["evidence"] = [{"what": text, "recorded": text, "found": text}]
        for entry in check["result"]["findings"]:
            entry["message"] = text
            for row in entry.get("rows", []):
                row["key"] = text
    report = made["report"]
    report["compared_with"].update(file=text, choice=text)
    report["baseline_signed_by"] = {"key": text, "sha256": "00"}
    report["sources"] = {text: report["sources"]["main"], "search": {"error": text}}
    for member in ("server", "address", "lineage", "consistency"):
        report["sources"][text][member] = text
    report["sources"][text]["warnings"] = [text]
    return made
