#!/usr/bin/env python3
"""compare.py: runs two commands in turn and prints the ratio of their medians, and peak memory

usage: compare.py [--rows N] [--rounds N] [--memory MIB] [--longer] NAME LIMIT -- COMMAND … -- REFERENCE …
  --rows N    both read so many rows: also prints the CPU time that each takes for one
  --rounds N  times that each is run, after one run to warm up (7)
  --memory N  compares peak memory instead of time, of which COMMAND may need N MiB
  --longer    compares by the difference instead of the ratio; LIMIT is in milliseconds
Ends with 1 when the ratio is over LIMIT, so that a benchmark run shows it.
"""
import argparse
import os
import statistics
import sys
import time


def run(command):
    """Seconds, CPU seconds of this side and peak resident KiB; output is thrown away."""
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
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def split(arguments):
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


def read_options(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", type=float)
    parser.add_argument("--longer", action="store_true")
    parser.add_argument("name")
    parser.add_argument("limit", type=float)
    return parser.parse_args(arguments)


def describe(options, which, runs):
    seconds, cpu, peak = zip(*runs)
    line = (f"{options.name}  {which:9}  {statistics.median(seconds):.3f} s "
            f"({min(seconds):.3f} to {max(seconds):.3f}), peak {max(peak) / 1024:.1f} MiB")
    if options.rows:
        line += f", CPU {statistics.median(cpu) / options.rows * 1e6:.2f} µs a row"
    print(line, flush=True)
    return max(peak) if options.memory else statistics.median(seconds)


def main():
    own, ours, reference = split(sys.argv[1:])
    options = read_options(own)
    commands = {"ours": ours, "reference": reference}
    runs = {which: [] for which in commands}
    for command in commands.values():
        run(command)
    for _ in range(options.rounds):
        for which, command in commands.items():
            runs[which].append(run(command))
    figure = {which: describe(options, which, runs[which]) for which in commands}
    if options.longer:
        longer = (figure["ours"] - figure["reference"]) * 1000
        print(f"{options.name}  {longer:.0f} ms longer, at most {options.limit:.0f}")
        sys.exit(longer > options.limit)
    ratio = figure["ours"] / figure["reference"]
    print(f"{options.name}  ratio {ratio:.2f}, at most {options.limit}")
    too_much = options.memory and figure["ours"] > options.memory * 1024
    sys.exit(bool(ratio > options.limit or too_much))


main()
