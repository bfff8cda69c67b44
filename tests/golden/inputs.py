#!/usr/bin/env python3
"""inputs.py: what every language is asked to print; make.sh runs it.

Documents are JSON texts. Strings are bytes in hexadecimal: UTF-8, where half a pair of surrogates
is written as UTF-8 would write its code point. Doubles are their eight bytes in hexadecimal, most
significant first. Instants are microseconds since 1970 UTC.
"""
import datetime
import json
import random
import struct

random.seed(2026)

DOCUMENTS = [
    '{}', '[]', '[{}]', '{"a":[]}', '{"a":{}}', '[[[]],[{"a":[{}]}]]', '[null,true,false]', '""', '{"":1}',
    '{"b":1,"a":2}', '{"a":1,"b":2,"a":3}', '{"b":{"x":1},"a":0,"b":{"y":2}}',
    '{"10":1,"9":2,"b":3,"a":4,"0":5,"01":6,"-1":7,"4294967295":8,"1.5":9}', '{"2":{"b":1,"1":2},"1":[{"z":1,"3":2}]}',
    '{"\U0001f600":1,"\uffff":2,"\ue000":3,"힣":4,"z":5,"\x80":6,"Z":7,"a b":8,"a":9}', '{"\\n":1,"\\"":2,"\\\\":3,"/":4,"<&>":5,"\\u2028":6,"é":7}',
    '{"action":"로그인","note":"a</b> & \'c\' + `d`/e","tags":["가","힣",""],"at":"2026-01-02T03:04:05.678Z"}',
    '1.0', '1.10', '100', '-5', '0', '-0', '0.0', '-0.0', '-0e5', '1e0', '1E2', '1.5e3', '1e15', '1e16', '1e17', '1e20', '1e21',
    '100000000000000000000', '1000000000000000000000', '123456789012345680000', '123456789012345680000.0', '9007199254740991',
    '9007199254740992', '9007199254740993', '9007199254740993.0', '-9007199254740993', '9223372036854775807',
    '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '18446744073709551615', '18446744073709551616',
    '0.1', '0.30000000000000004', '1e-4', '1e-5', '1e-6', '1e-7', '0.000001', '0.0000001', '5e-324', '1.7976931348623157e308',
    '1e400', '-1e400', '1e-400', '12345678.9', '9999999', '10000000', '9999999.0', '10000000.0', '0.001', '0.00099', '1e23',
    '[1.0,{"n":1e21,"m":-0.5}]',
]

STRINGS = [
    ''.join(map(chr, range(0x20))), ''.join(map(chr, range(0x20, 0x80))), '<>&/\'"+`', 'a' * 9 + '<' + 'b' * 9 + '/' + 'c' * 9 + '"',
    '한국어 로그인 기록 — 가나다라마바사아자차카타파하 힣 \ud7a3', '동해물과 백두산이 마르고 닳도록' * 3, '🐶 emoji 👨‍👩‍👧 😀',
    '\u2028\u2029', 'a\u2027\u2028\u2029\u202a“”…€', '\ufeff', '\uffff\ufffe\ufffd', '\u007f\u0080\u009f\u00a0\u00a1', 'é e\u0301 ß',
    '\u1680 \u2000 \u200a\u200b \u202f \u205f \u2060 \u3000 \u3001', '\ud7fb\ue000\uf8ff\uf900\ufdc7\ufdd0\ufdef\ufdf0',
    '\U00010000\U0010ffff', '\ud800', 'a\udfff', '\udc00\ud800', '😀\ud83d', '\udbff가', 'C:\\dir\\file', '</script>',
]


def doubles():
    found = [1.0, 1e21, 1e20, 1e-7, 1e-6, 123456789012345680000.0, 9007199254740993.0, -0.0, 0.0, 0.1, 5e-324, 1e-323, 1.5e-323,
             1.7976931348623157e308, 2.2250738585072014e-308, 2.225073858507201e-308, 1e16, 1e15, 1e17, 100.0, 1e22, 1e23,
             9.999999999999999e22, 2e23, 9.5e-7, 4.35, 0.3, 2.0 ** -44, 9007199254740991.0]
    found += [float('1e%d' % e) for e in range(-30, 31)] + [float('1.5e%d' % e) for e in range(-12, 25)]
    found += [2.0 ** e for e in range(-1074, 1024, 13)]
    found += [random.randrange(10 ** 9) / 100 for _ in range(100)] + [float(random.randrange(2 ** 63)) for _ in range(100)]
    found += [random.randrange(10 ** 15) / 10 ** random.randrange(1, 25) for _ in range(200)]
    while len(found) < 1200:
        number = struct.unpack('>d', random.randbytes(8))[0]
        if number == number and abs(number) != float('inf'):
            found.append(number)
    return found


def instants():
    start = datetime.datetime(1970, 1, 1)
    texts = ['2026-01-02 03:04:05', '2026-01-02 03:04:00', '2026-01-02 00:00:00', '2026-07-15 12:30:59', '1970-01-01 00:00:00',
             '1969-12-31 23:59:59', '1901-02-03 04:05:06', '1988-07-01 12:00:00', '2000-02-29 23:59:59', '2024-12-31 15:00:00',
             '2026-03-08 06:59:59', '2026-03-08 07:00:00', '2026-11-01 05:30:00', '2026-11-01 06:30:00', '9999-12-30 23:59:59',
             '0999-06-07 08:09:10']
    for text in texts:
        seconds = (datetime.datetime.fromisoformat(text) - start) // datetime.timedelta(seconds=1)
        for microseconds in (0, 1, 10, 120, 500, 999, 1000, 123000, 120000, 500000, 678004, 999999):
            if text.startswith('2026-01-02') or microseconds in (0, 1000, 678004):
                yield seconds * 1000000 + microseconds


print(json.dumps({'documents': DOCUMENTS}, ensure_ascii=False))
print(json.dumps({'strings': [text.encode('utf-8', 'surrogatepass').hex() for text in STRINGS]}))
print(json.dumps({'doubles': [struct.pack('>d', number).hex() for number in doubles()]}))
print(json.dumps({'instants': list(instants())}))
