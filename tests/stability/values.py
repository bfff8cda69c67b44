"""values.py: values of every built-in type that a column can have: odd ones, and random ones

TYPES maps a type's name, as format_type() writes it, to a Type. Values are text in the form that
the type's input function reads under DateStyle ISO and TimeZone UTC.
"""
import json
import random
import string
import struct

HANGUL = "가나다라마바사아자차카타파하"
# One grapheme, two spellings: composed and decomposed.
COMPOSED, DECOMPOSED = "\uac00\u00e9", "\u1100\u1161e\u0301"
UNICODE = HANGUL + "éßøñ€😀𝄞\u200d\ufeff\u0301"
CONTROL = "\x01\x08\t\n\r\x0b\x1b\x7f"


class Type:
    """Odd values, how to make a random one, and the major version that has the type first."""

    def __init__(self, odd, make, since=13, declared=None):
        self.odd = odd
        self.make = make
        self.since = since
        self.declared = declared

    def value(self, rng, index):
        """The odd values come first, one a row; then random ones and now and then NULL."""
        if index < len(self.odd):
            return self.odd[index]
        return None if rng.random() < 0.08 else self.make(rng)


def integer(bits):
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return Type([str(low), str(high), "0", "-1", None],
                lambda rng: str(rng.randint(low, high) >> rng.randrange(bits)))


def unsigned(bits, since=13):
    return Type([str((1 << bits) - 1), "0", None],
                lambda rng: str(rng.getrandbits(bits) >> rng.randrange(bits)), since)


def real(form, bits):
    """Any bits at all: every NaN is printed alike and read as one."""
    def make(rng):
        number = struct.unpack(form, rng.getrandbits(bits).to_bytes(bits // 8, "little"))[0]
        return "NaN" if number != number else repr(number)
    small = "1e-45" if bits == 32 else "5e-324"
    large = "3.4028235e38" if bits == 32 else "1.7976931348623157e308"
    return Type(["NaN", "Infinity", "-Infinity", "0", "-0", small, large, "0.1", "1e15", None],
                make)


def digits(rng, most):
    return "".join(rng.choice(string.digits) for _ in range(rng.randint(1, most)))


def numeric(rng):
    text = rng.choice(["", "-"]) + digits(rng, 60)
    if rng.random() < 0.7:
        text += "." + digits(rng, 40)
    return text + "0" * rng.randrange(4)


def words(rng, most=30):
    alphabet = rng.choice([string.ascii_letters + "     ", UNICODE, string.printable.strip(),
                           CONTROL + string.digits])
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(most)))


TEXTS = ["", " ", "  x  ", "NULL", "\\N", "\\", "\\.", "a\tb\nc\rd\x0be", "'\"`", "{}", "가\u3000나",
         COMPOSED, DECOMPOSED, "\U0010ffff", "\ufeffx", "x" * 3000, None]


def date(rng):
    era = rng.choice(["", "", "", " BC"])
    year, month, day = rng.randint(1, 4700 if era else 9999), rng.randint(1, 12), rng.randint(1, 28)
    return f"{year:04}-{month:02}-{day:02}", era


def clock(rng):
    return (f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
            f".{rng.randrange(10 ** 6):06}")


def offset(rng):
    return f"{rng.choice('+-')}{rng.randrange(15):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


def calendar(clock_of):
    def make(rng):
        day, era = date(rng)
        return day + clock_of(rng) + era
    return make


def interval(rng):
    return (f"{rng.randint(-999, 999)} mons {rng.randint(-9999, 9999)} days "
            f"{rng.choice(['', '-'])}{rng.randrange(999)}:{rng.randrange(60):02}"
            f":{rng.randrange(60):02}.{rng.randrange(10 ** 6):06}")


def tree(rng, depth=0):
    kind = rng.randrange(7 if depth < 3 else 5)
    if kind == 5:
        return [tree(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 6:
        return {words(rng, 6).replace("\x00", ""): tree(rng, depth + 1)
                for _ in range(rng.randrange(4))}
    return [None, True, rng.randint(-10 ** 12, 10 ** 12), rng.random() * 10 ** rng.randint(-9, 9),
            words(rng)][kind]


def json_text(rng):
    return json.dumps(tree(rng), ensure_ascii=rng.random() < 0.5,
                      indent=rng.choice([None, None, 1]))


JSONS = ["null", "0", "-0", "1.10", "1E5", '""', "{}", "[]",
         ' { "b" : 1, "a":2,  "b":3 }', "[ 1,2 ]",
         '"\\ud83d\\ude00\\u00e9\\n"', '{"가":{"나":[null,true,1e-7]}}', None]


def coordinate(rng):
    return repr(rng.choice([rng.uniform(-1e3, 1e3), float(rng.randint(-9, 9)),
                            rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300)]))


def points(rng, count):
    return ",".join(f"({coordinate(rng)},{coordinate(rng)})" for _ in range(count))


def address(rng):
    if rng.random() < 0.5:
        return ".".join(str(rng.randrange(256)) for _ in range(4)), 32
    return ":".join(f"{rng.getrandbits(16):x}" for _ in range(8)), 128


def inet(rng):
    text, bits = address(rng)
    return f"{text}/{rng.randint(0, bits)}"


def cidr(rng):
    text, bits = address(rng)
    return f"{text}/{bits}"


def mac(count):
    return lambda rng: ":".join(f"{rng.randrange(256):02x}" for _ in range(count))


def bits_text(least, most):
    return lambda rng: "".join(rng.choice("01") for _ in range(rng.randint(least, most)))


def lexemes(rng):
    return " ".join(f"'w{rng.randrange(50)}'" + rng.choice(["", f":{rng.randint(1, 99)}A", ":3B,7"])
                    for _ in range(rng.randint(1, 8)))


def query(rng):
    text = f"'a{rng.randrange(9)}'"
    for _ in range(rng.randrange(4)):
        text = f"( {text} {rng.choice(['&', '|', '<->', '<3>'])} " \
               f"{rng.choice(['', '!'])}'b{rng.randrange(9)}':*AB )"
    return text


def bound(make):
    """A range with two random ends in order, or one end, or none."""
    def made(rng):
        ends = sorted((make(rng), make(rng)))
        low = rng.choice([ends[0][1], ends[0][1], ""])
        high = rng.choice([ends[1][1], ends[1][1], ""])
        return rng.choice("[(") + low + "," + high + rng.choice("])")
    return made


def whole(low, high):
    def make(rng):
        number = rng.randint(low, high)
        return number, str(number)
    return make


def decimal(rng):
    number = rng.randint(-10 ** 9, 10 ** 9)
    return number, f"{number}.{'0' * rng.randrange(4)}"


def moment(suffix):
    def make(rng):
        text = f"{rng.randint(1000, 9999)}-0{rng.randint(1, 9)}-1{rng.randrange(9)}"
        return text, f'"{text}{suffix}"'
    return make


RANGES = {"int4range": whole(-10 ** 9, 10 ** 9), "int8range": whole(-10 ** 18, 10 ** 18),
          "numrange": decimal, "tsrange": moment(" 01:02:03.4"),
          "tstzrange": moment(" 01:02:03+05"), "daterange": moment("")}


def multirange(make):
    return lambda rng: "{" + ",".join(make(rng) for _ in range(rng.randrange(4))) + "}"


def pick(*choices):
    return lambda rng: rng.choice(choices)


def snapshot(rng):
    low = rng.randint(1, 10 ** 9)
    return f"{low}:{low + 9}:{low + 2},{low + 5}"


def hexes(rng, most=40):
    return "\\x" + rng.randbytes(rng.randrange(most)).hex()


DAYS = ["infinity", "-infinity", "4713-01-01 BC", "0001-12-31 BC", "2000-02-29", "1970-01-01"]
TYPES = {
    "smallint": integer(16), "integer": integer(32), "bigint": integer(64),
    "real": real("<f", 32), "double precision": real("<d", 64),
    "numeric": Type(["NaN", "0", "0.0", "0.00", "-0", "1.10", "1.1", "1e-1000", "1e1000",
                     "9" * 900 + "." + "9" * 900, "10000", "0.0001000", None], numeric),
    "numeric(12,3)": Type(["NaN", "0", "-999999999.999", None],
                          lambda rng: str(rng.randint(-10 ** 12, 10 ** 12) / 10000)),
    "money": Type(["-92233720368547758.08", "92233720368547758.07", "0", None],
                  lambda rng: str(rng.randint(-10 ** 9, 10 ** 9) / 100)),
    "boolean": Type(["t", "f", None], pick("t", "f")),
    "text": Type(TEXTS, words), "character varying": Type(TEXTS, words),
    "character varying(40)": Type([text for text in TEXTS if len(text or "") <= 40], words),
    "character(7)": Type(["", " ", "a", "a  ", "가나다라마바사", None],
                         lambda rng: words(rng, 8)),
    "bpchar": Type(["", "a  ", "가 ", None], words),
    '"char"': Type(["", "a", "\\377", "\\001", None],
                   lambda rng: rng.choice(string.printable[:90])),
    "name": Type(["", "a", "가" * 21, "x" * 63, None], lambda rng: words(rng, 20)),
    "bytea": Type(["\\x", "\\x00", "\\x00ff5c", "\\x" + "00" * 3000, None], hexes),
    "date": Type(DAYS + ["5874897-12-31", None], calendar(lambda rng: "")),
    "time without time zone": Type(["00:00:00", "24:00:00", "23:59:59.999999", None], clock),
    "time with time zone": Type(["00:00:00+15:59:59", "24:00:00-15:59:59", "12:00:00+00", None],
                                lambda rng: clock(rng) + offset(rng)),
    "timestamp without time zone": Type(DAYS + ["294276-12-31 23:59:59.999999", None],
                                        calendar(lambda rng: " " + clock(rng))),
    "timestamp with time zone": Type(
        DAYS[:2] + ["4713-01-02 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00",
                    "1908-04-01 00:00:00+08:27:52", "1999-12-31 23:59:60+00", None],
        calendar(lambda rng: f" {clock(rng)}{offset(rng)}")),
    "interval": Type(["0", "178000000 years", "-178000000 years", "1 mon -30 days", "1 day -24:00",
                      "24:00",
                      "1 mon", "30 days", "-0.000001 s", None], interval),
    "uuid": Type(["0" * 32, "f" * 32, None], lambda rng: f"{rng.getrandbits(128):032x}"),
    "inet": Type(["0.0.0.0", "255.255.255.255/0", "::", "::ffff:1.2.3.4", "10.1.2.3/8", None],
                 inet),
    "cidr": Type(["0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32", None], cidr),
    "macaddr": Type(["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", None], mac(6)),
    "macaddr8": Type(["00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff", None], mac(8)),
    "json": Type(JSONS, json_text), "jsonb": Type(JSONS, json_text),
    "jsonpath": Type(["$", "strict $.a[*] ? (@.b > 1.50 && @ like_regex \"^a\" flag \"i\")",
                      'lax $."가".size()', "$.a[0 to last]", None],
                     lambda rng: f"$.k{rng.randrange(99)}[{rng.randrange(9)}]"
                                 f" ? (@ != {rng.random()})"),
    "xml": Type(["<a/>", "<a></a>", "", "text &amp; <b x='1'/>", "<가>나</가>", None],
                lambda rng: f"<r n='{rng.randrange(99)}'>{HANGUL[rng.randrange(14)]}</r>"),
    "point": Type(["(0,0)", "(-0,0)", "(NaN,Infinity)", "(1e300,-1e-300)", None],
                  lambda rng: points(rng, 1)),
    "line": Type(["{1,0,0}", "{1,-1,0.5}", None],
                 lambda rng: "{%s,1,%s}" % (rng.uniform(-9, 9), rng.uniform(-9, 9))),
    "lseg": Type(["[(0,0),(1,1)]", None], lambda rng: f"[{points(rng, 2)}]"),
    "box": Type(["(1,1),(0,0)", "(0,0),(1,1)", None], lambda rng: points(rng, 2)),
    "path": Type(["((0,0))", "[(0,0),(1,1)]", "((0,0),(1,1))", None],
                 lambda rng: rng.choice(["[%s]", "(%s)"]) % points(rng, rng.randint(1, 5))),
    "polygon": Type(["((0,0))", None], lambda rng: f"({points(rng, rng.randint(1, 5))})"),
    "circle": Type(["<(0,0),0>", "<(1,2),3.5>", None],
                   lambda rng: f"<({coordinate(rng)},{coordinate(rng)}),{rng.random()}>"),
    "bit(11)": Type(["0" * 11, "1" * 11, None], bits_text(11, 11)),
    "bit varying": Type(["", "0", "1", "1" * 999, None], bits_text(0, 70)),
    "tsvector": Type(["", "'a'", "'a b':1A,2B 'c''d'", "'가':16383", None], lexemes),
    "tsquery": Type(["", "'a'", "!'a' & ( 'b':*AB | 'c d' ) <2> 'e'", None], query),
    "oid": unsigned(32), "xid": unsigned(32), "cid": unsigned(32), "xid8": unsigned(64),
    "tid": Type(["(0,0)", "(4294967295,65535)", None],
                lambda rng: f"({rng.getrandbits(32)},{rng.getrandbits(16)})"),
    "pg_lsn": Type(["0/0", "FFFFFFFF/FFFFFFFF", None],
                   lambda rng: f"{rng.getrandbits(32):X}/{rng.getrandbits(32):X}"),
    # Empty ones are in shapes.py: a server does not read the binary form that it writes of them.
    "oidvector": Type(["1 2 3", None], lambda rng: f"{rng.getrandbits(32)} 7"),
    "int2vector": Type(["-1 2 3", None], lambda rng: f"{rng.getrandbits(14)} 7"),
    "regclass": Type(["-", "pg_class", "stable.anchor", "4294967295", None],
                     pick("pg_type", "stable.anchor")),
    "regtype": Type(["-", "integer", "stable.mood", "stable.mood[]", None],
                    pick("text", "stable.mood")),
    "regproc": Type(["-", "now", "stable.twice", None], pick("now", "stable.twice")),
    "regprocedure": Type(["-", "abs(integer)", "stable.twice(integer)", None],
                         pick("abs(integer)", "stable.twice(integer)")),
    "regoper": Type(["0", "||/", None], pick("||/")),
    "regoperator": Type(["0", "+(integer,integer)", None], pick("=(integer,integer)")),
    "regcollation": Type(["-", '"C"', "stable.plain", None], pick('"POSIX"', "stable.plain")),
    "regnamespace": Type(["-", "pg_catalog", "stable", None], pick("stable")),
    "regrole": Type(["-", "postgres", "drv_stable", None], pick("drv_stable")),
    "regconfig": Type(["-", "english", "stable.words", None], pick("simple", "stable.words")),
    "regdictionary": Type(["-", "simple", "stable.dict", None], pick("simple", "stable.dict")),
    "refcursor": Type(["", "<unnamed portal 1>", None], words),
    "aclitem": Type(["=r/postgres", "drv_stable=arwdD/postgres", None],
                    pick("=X/postgres", "drv_stable=a*r*/postgres")),
    "txid_snapshot": Type(["1:1:", "10:20:11,15", None], snapshot),
    "pg_snapshot": Type(["1:1:", "10:20:11,15", None], snapshot),
}
for _name, _make in RANGES.items():
    _one = bound(_make)
    TYPES[_name] = Type(["empty", "(,)", None], _one)
    TYPES[_name.replace("range", "multirange")] = Type(["{}", "{(,)}", None], multirange(_one), 14)

# What a user made: OIDs differ from database to database. Declared by SCHEMA in shapes.py.
USER_TYPES = {
    "stable.mood": Type(["sad", "행복", "so-so", "sae", None], pick("sad", "so-so", "행복", "sae")),
    "stable.age": Type(["0", "150", None], lambda rng: str(rng.randrange(150))),
    "stable.pair": Type(["(,)", '(1,"a,b")', '(-5,"")', None],
                        lambda rng: f'({rng.randrange(99)},"{rng.randrange(99)}")'),
    "stable.nest": Type(['("(1,x)",sad,"{1,2}")', "(,,)", '("(,)",행복,"{}")', None],
                        lambda rng: f'("({rng.randrange(9)},y)",sad,"{{{rng.randrange(9)}}}")'),
    "stable.span": Type(["empty", "[0.5,2.5)", None], lambda rng: f"[{rng.random()},2)"),
    "stable.moods": Type(["{sad}", "{}", None], pick("{sad,행복}", "{so-so}")),
    "stable.mood[]": Type(["{}", "{sad,NULL,행복}", None], pick("{sad}", "{행복,so-so}")),
    "stable.pair[]": Type(["{}", '{"(1,a)",NULL}', None],
                          lambda rng: f'{{"({rng.randrange(9)},b)","(,)"}}'),
    "stable.age[]": Type(["{}", "{1,NULL}", None], lambda rng: f"{{{rng.randrange(99)}}}"),
}
EXTENSION_TYPES = {
    "hstore": Type(["", '"a"=>NULL', '"a"=>"", "b"=>"NULL"', None],
                   lambda rng: f'"k{rng.randrange(9)}"=>"v{rng.randrange(9)}", "가"=>"나"'),
    "citext": Type(["", "Aa", "aA", None], words),
    "ltree": Type(["", "a.b.c", None], lambda rng: f"top.n{rng.randrange(99)}"),
    "lquery": Type(["*.a", None], lambda rng: f"*.n{rng.randrange(9)}{{1,3}}.!x"),
    "ltxtquery": Type(["a & b", None], lambda rng: f"a{rng.randrange(9)} | !b"),
    "cube": Type(["(0)", "(1,2),(3,4)", None], lambda rng: f"({rng.random()},{rng.random()})"),
    "seg": Type(["1.50", "1.5 .. 2", "<3", None], lambda rng: f"{rng.randint(1, 99)} .. 100"),
    "isbn13": Type(["978-0-393-04002-9", None], pick("978-0-393-04002-9")),
    "hstore[]": Type(["{}", None], lambda rng: '{"\\"a\\"=>\\"%d\\""}' % rng.randrange(9)),
}
EXTENSIONS = {"hstore": "hstore", "citext": "citext", "ltree": "ltree", "lquery": "ltree",
              "ltxtquery": "ltree", "cube": "cube", "seg": "seg", "isbn13": "isn",
              "hstore[]": "hstore"}

# Types without a binary output function; their arrays have none either.
WITHOUT_SEND = {"aclitem", "cube", "seg", "isbn13"}
# Base types without an input function that takes a value, so no column of them has one.
WITHOUT_INPUT = {"pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "gtsvector",
                 "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary"}


def quote_element(text):
    """As an element of an array."""
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array_of(name, kind):
    """Arrays of a type: empty, with a lower bound of its own, of two dimensions, with NULL."""
    comma = ";" if name == "box" else ","

    def make(rng):
        elements = [quote_element(kind.value(rng, rng.randrange(len(kind.odd) + 9)))
                    for _ in range(rng.randrange(5))]
        return "{" + comma.join(elements) + "}"

    one = quote_element(next(value for value in kind.odd if value is not None))
    last = quote_element([value for value in kind.odd if value is not None][-1])
    return Type(["{}", "{NULL}", f"[-3:-2]={{{one}{comma}NULL}}",
                 f"{{{{{one}{comma}{last}}}{comma}{{NULL{comma}{one}}}}}",
                 f"[0:0][5:5]={{{{{last}}}}}", None], make, kind.since)


def columns(major, extensions):
    """[(column type, Type)] of all types that this major version and these extensions offer."""
    found = [(name, kind) for name, kind in TYPES.items() if kind.since <= major]
    found += list(USER_TYPES.items())
    found += [(name, kind) for name, kind in EXTENSION_TYPES.items()
              if EXTENSIONS[name] in extensions]
    return found


def copy_field(text):
    """As COPY's text format has it."""
    if text is None:
        return "\\N"
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"),
                           ("\x0b", "\\v"), ("\x08", "\\b")):
        text = text.replace(plain, written)
    return text


def rows(kinds, count, seed):
    """Rows of fields, the same for the same seed."""
    rng = random.Random(seed)
    return [[kind.value(rng, index) for kind in kinds] for index in range(count)]
