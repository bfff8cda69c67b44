#!/usr/bin/env python3
"""dotnet.py: what System.Text.Json of .NET prints of inputs.jsonl, given on standard input

It runs in the runtime of the package dotnetcore2, called through pythonnet.
"""
import decimal
import json
import os
import struct
import sys
import tempfile

import dotnetcore2
import pythonnet

ROOT = os.path.join(os.path.dirname(dotnetcore2.__file__), 'bin')
CONFIG = {'runtimeOptions': {
    'tfm': 'netcoreapp3.1', 'framework': {'name': 'Microsoft.NETCore.App', 'version': '3.1.0'},
    'configProperties': {'System.Globalization.Invariant': True}}}
with tempfile.NamedTemporaryFile('w', suffix='.json') as config:
    json.dump(CONFIG, config)
    config.flush()
    os.chmod(os.path.join(ROOT, 'dotnet'), 0o755)
    pythonnet.load('coreclr', runtime_config=config.name, dotnet_root=ROOT)

import clr  # noqa: E402

clr.AddReference('System.Text.Json')
clr.AddReference('System.Text.Encodings.Web')
import System  # noqa: E402
from System.Text.Encodings.Web import JavaScriptEncoder  # noqa: E402
from System.Text.Json import JsonDocument, JsonElement, JsonSerializer, JsonSerializerOptions  # noqa: E402
from System.Text.Unicode import UnicodeRanges  # noqa: E402

INPUTS = {key: value for line in sys.stdin for key, value in json.loads(line).items()}
INVARIANT = System.Globalization.CultureInfo.InvariantCulture
WAYS = [
    ('default', JavaScriptEncoder.Default),
    ('all', JavaScriptEncoder.Create(UnicodeRanges.All)),
    ('relaxed', JavaScriptEncoder.UnsafeRelaxedJsonEscaping),
]


def emit(**line):
    print(json.dumps(line, separators=(',', ':')))


def options(encoder):
    result = JsonSerializerOptions()
    result.Encoder = encoder
    return result


def units(text):
    data = text.encode('utf-16-le', 'surrogatepass')
    return System.String(System.Array[System.Char]([chr(unit) for unit in struct.unpack('<%dH' % (len(data) // 2), data)]))


def hexadecimal(printed):
    return ''.join('%02x' % byte for byte in System.Text.Encoding.UTF8.GetBytes(printed))


def document(text, way):
    """A JsonElement keeps numbers as they are spelt, and also members that come twice: no such are printed."""
    repeated = []
    json.loads(text, object_pairs_hook=lambda pairs: repeated.append(len(pairs) > len(dict(pairs))))
    if any(repeated):
        return None
    return hexadecimal(JsonSerializer.Serialize[JsonElement](JsonDocument.Parse(text).RootElement, way))


def double(bits):
    """Later versions count a decimal half-way between two doubles, such as 1E+23, this one does not: null."""
    number = struct.unpack('>d', bytes.fromhex(bits))[0]
    printed = JsonSerializer.Serialize[System.Double](System.Double(number))
    return printed if decimal.Decimal(printed) == decimal.Decimal(repr(number)) else None


emit(made_by='.NET Core %s' % System.Environment.Version,
     command='./make.sh dotnet')
for name, encoder in WAYS:
    way = options(encoder)
    escape = {'like': 'dotnet'} if name == 'default' else {'like': 'dotnet', 'escape': 'dotnet ' + name}
    emit(style={**escape, 'numbers': 'as stored'}, documents=[document(text, way) for text in INPUTS['documents']])
    emit(style=escape, strings=[hexadecimal(JsonSerializer.Serialize[System.String](
        units(bytes.fromhex(text).decode('utf-8', 'surrogatepass')), way)) for text in INPUTS['strings']])
emit(numbers='dotnet', doubles=[double(bits) for bits in INPUTS['doubles']])

START = System.DateTime(1970, 1, 1, 0, 0, 0, System.DateTimeKind.Utc)
TIMES = [START.AddTicks(instant * 10) for instant in INPUTS['instants']]
emit(time={'digits': 7}, instants=[time.ToString('O', INVARIANT) for time in TIMES])
emit(time={'digits': 'trim'}, instants=[JsonSerializer.Serialize[System.DateTime](time).strip('"') for time in TIMES])
emit(time={'digits': 7, 'zone': '+00:00'}, instants=[System.DateTimeOffset(time).ToString('O', INVARIANT) for time in TIMES])
emit(time={'notation': 'dotnet-ticks'}, instants=[str(time.Ticks) for time in TIMES])
emit(time={'notation': 'epoch', 'unit': 'ms'}, instants=[str(System.DateTimeOffset(time).ToUnixTimeMilliseconds()) for time in TIMES])
for hours in (9, -5, 5.5):
    zoned = [System.DateTimeOffset(time).ToOffset(System.TimeSpan.FromHours(hours)) for time in TIMES]
    offsets = [int(hours * 3600)] * len(zoned)
    emit(time={'digits': 7, 'zone': '+00:00'}, offsets=offsets, instants=[time.ToString('O', INVARIANT) for time in zoned])
    emit(time={'notation': 'dotnet-ticks'}, offsets=offsets, instants=[str(time.Ticks) for time in zoned])
