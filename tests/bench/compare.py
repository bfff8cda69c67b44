#!/usr/bin/env python3
"""compare.py: times two commands in turn and prints the ratio of their medians, and peak memory

usage: compare.py NAME LIMIT -- COMMAND … -- REFERENCE …
Ends with 1 when the ratio is over LIMIT, so that a benchmark run shows it.
"""
import os
import statistics
import sys
import time

ROUNDS = 7


def run(command):
    """Seconds and peak resident KiB of one run; its output is thrown away."""
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    if status:
        sys.exit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss


def split(arguments):
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


def main():
    (name, limit), ours, reference = split(sys.argv[1:])
    times = {"ours": [], "reference": []}
    peak = {"ours": 0, "reference": 0}
    run(ours), run(reference)
    for _ in range(ROUNDS):
        for which, command in (("ours", ours), ("reference", reference)):
            seconds, memory = run(command)
            times[which].append(seconds)
            peak[which] = max(peak[which], memory)
    ratio = statistics.median(times["ours"]) / statistics.median(times["reference"])
    for which in times:
        low, middle, high = min(times[which]), statistics.median(times[which]), max(times[which])
        print(f"{name}  {which:9}  {middle:.3f} s ({low:.3f} to {high:.3f}), "
              f"peak {peak[which] / 1024:.1f} MiB")
    print(f"{name}  ratio {ratio:.2f}, at most {limit}")
    sys.exit(ratio > float(limit))


main()
