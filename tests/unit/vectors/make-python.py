#!/usr/bin/env python3
"""make-python.py: what json.dumps of CPython prints; run it as

    python3 make-python.py > python.json        (made with CPython 3.11.7)
"""
import json
import random
import struct
import sys

random.seed(12345)


def number_texts():
    texts = ['0', '-0', '0.0', '-0.0', '1.0', '1.10', '10', '1e0', '1E2', '1e+2', '1e15', '1e16', '1e17',
             '9999999999999998.0', '99999999999999980.0', '123456789012345678', '123456789012345678.0',
             '0.0001', '0.00001', '1e-4', '1e-5', '1e-7', '1e21', '1e22', '1e100', '-1e-100', '1.5e-5', '1.5e300',
             '9007199254740993', '9007199254740993.0', '18446744073709551616',
             '123456789012345678901234567890', '-123456789012345678901234567890', '0.1', '0.30000000000000004',
             '1e400', '-1e400', '1e-400', '-1e-400', '5e-324', '2e-324', '1.7976931348623157e308',
             '2.2250738585072014e-308', '4.50', '333333333.33333329', '5.684341886080801e-14', '1e23']
    for e in range(-1074, 1024):
        texts.append('%.20e' % 2.0 ** e)
    for e in range(-30, 31):
        for stem in ('1e%d', '1.5e%d', '123456789e%d', '9.99999999999999e%d', '9.999999999999999e%d'):
            texts.append(stem % e)
    while len(texts) < 4000:
        number = struct.unpack('>d', random.randbytes(8))[0]
        if number == number and abs(number) != float('inf'):
            texts.append('%.*e' % (random.randrange(20), number))
        texts.append(str(random.randrange(1000000) / 100))
    return texts


DOCUMENTS = [
    '{}', '[]', '[{}]', '{"a":[]}', '{"b":1,"a":2}', '{"":1}', '[null,true,false]', '{"10":1,"9":2,"b":3,"a":4}',
    '{"a":1,"b":2,"a":3}', '"한국어 \U0001F436 emoji"',
    '"\\u0000\\u0001\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u001f\\u0020\\u007f\\u0080\\u009f"',
    '"<>&/\'\\"\\\\ \\u2028\\u2029 \\ufeff \\uffff"',
    '{"\U0001F600":1,"\uffff":2,"\ue000":3,"\U0010FFFF":4,"힣":5,"z":6,"\u0080":7}',
    '{"é":1,"e\u0301":2,"z":3,"Z":4,"한":6,"\\n":7,"\\"":8,"\\\\":9}',
    '{"n":[1.0,1e21,1e-7,9007199254740993,-0,-0.0,0.1,1.10,123456789012345678901234567890]}',
    '{"a":{"b":{"c":{"d":[[[[{"e":"f"}]]]]}}}}', '{"a b":1,"a":2,"a ":3,"aa":4,"A":5,"":6}',
]


def rows():
    for text in DOCUMENTS:
        value = json.loads(text)
        yield [text, json.dumps(value), json.dumps(value, separators=(',', ':')),
               json.dumps(value, separators=(',', ':'), sort_keys=True),
               json.dumps(value, separators=(',', ':'), sort_keys=True, ensure_ascii=False)]


def dump(name, values, end):
    lines = ',\n'.join(json.dumps(value, ensure_ascii=False) for value in values)
    sys.stdout.write('"%s": [\n%s\n]%s\n' % (name, lines, end))


sys.stdout.write('{\n')
dump('documents', rows(), ',')
dump('numbers', ([text, json.dumps(json.loads(text))] for text in number_texts()), '')
sys.stdout.write('}\n')
