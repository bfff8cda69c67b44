#!/usr/bin/env python3
"""python.py: what CPython prints of inputs.jsonl, given on standard input"""
import datetime
import json
import platform
import struct
import sys
import zoneinfo

INPUTS = {key: value for line in sys.stdin for key, value in json.loads(line).items()}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
COMPACT = {'like': 'python-compact'}
WAYS = [
    ('python', {}),
    ('python-compact', {'separators': (',', ':')}),
    ({**COMPACT, 'sort': 'code points'}, {'separators': (',', ':'), 'sort_keys': True}),
    ({**COMPACT, 'escape': 'minimal'}, {'separators': (',', ':'), 'ensure_ascii': False}),
    ({'like': 'python', 'sort': 'code points', 'escape': 'minimal'}, {'sort_keys': True, 'ensure_ascii': False}),
]


def emit(**line):
    print(json.dumps(line, separators=(',', ':')))


def printed(value, arguments):
    try:
        return json.dumps(value, **arguments).encode().hex()
    except UnicodeEncodeError:
        return None


emit(made_by='CPython ' + platform.python_version(), command='./make.sh python')
for style, arguments in WAYS:
    emit(style=style, documents=[printed(json.loads(text), arguments) for text in INPUTS['documents']])
    emit(style=style, strings=[printed(bytes.fromhex(text).decode('utf-8', 'surrogatepass'), arguments)
                               for text in INPUTS['strings']])
emit(numbers='python', doubles=[json.dumps(struct.unpack('>d', bytes.fromhex(bits))[0]) for bits in INPUTS['doubles']])

TIMES = [EPOCH + datetime.timedelta(microseconds=instant) for instant in INPUTS['instants']]
emit(time={'digits': 'python', 'zone': '+00:00'}, instants=[time.isoformat() for time in TIMES])
emit(time={'digits': 'python', 'zone': 'none'}, instants=[time.replace(tzinfo=None).isoformat() for time in TIMES])
emit(time={'digits': 'python', 'zone': '+00:00', 'separator': ' '}, instants=[str(time) for time in TIMES])
emit(time={'digits': 3, 'zone': '+00:00'}, instants=[time.isoformat(timespec='milliseconds') for time in TIMES])
emit(time={'digits': 0, 'zone': 'Z'}, instants=[time.isoformat(timespec='seconds').replace('+00:00', 'Z') for time in TIMES])
emit(time={'digits': 6, 'zone': 'Z'}, instants=[time.isoformat(timespec='microseconds').replace('+00:00', 'Z') for time in TIMES])
emit(time={'digits': 'python', 'zone': '+00:00', 'precision': 'ms'},
     instants=[time.replace(microsecond=time.microsecond // 1000 * 1000).isoformat() for time in TIMES])
emit(time={'digits': 'python', 'zone': '+00:00', 'precision': 's'}, instants=[time.replace(microsecond=0).isoformat() for time in TIMES])
emit(time={'notation': 'fraction', 'unit': 'us'}, instants=[str(time.microsecond) for time in TIMES])
emit(time={'notation': 'epoch', 'unit': 's'}, instants=[str((time - EPOCH) // datetime.timedelta(seconds=1)) for time in TIMES])
for zone in ('Asia/Seoul', 'America/New_York', 'Asia/Kolkata', 'UTC'):
    local = [time.astimezone(zoneinfo.ZoneInfo(zone)) for time in TIMES]
    offsets = [time.utcoffset() // datetime.timedelta(seconds=1) for time in local]
    emit(time={'digits': 'python', 'zone': '+00:00'}, zone=zone, offsets=offsets, instants=[time.isoformat() for time in local])
    emit(time={'digits': 0, 'zone': 'none', 'separator': ' '}, zone=zone, offsets=offsets,
         instants=[time.replace(tzinfo=None).isoformat(' ', 'seconds') for time in local])
