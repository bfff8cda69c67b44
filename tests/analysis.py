#!/usr/bin/env python3
"""analysis.py: looks through the sources with the analyzers of clang and cppcheck; must find nothing

usage: tests/analysis.py BUILD [--only clang|cppcheck] [--jobs N]
What is no mistake is marked where it stands, with the reason.
"""
import argparse
import concurrent.futures
import json
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("libdrverify", "cli")


def sources(build):
    """(file, its words of the compiler that say what to include and define), each file once."""
    seen = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in FOLDERS:
            words = shlex.split(entry["command"])
            seen[path] = [word for word in words
                          if word.startswith(("-I", "-isystem", "-D", "-std="))]
    return sorted(seen.items())


def clang(build, path, words):
    # Memory that a host's allocator could not give is never read: that checker wants memcpy_s().
    return subprocess.run(
        ["clang", "--analyze", "--analyzer-output", "text", "-Xclang", "-analyzer-werror",
         "-Xclang", "-analyzer-disable-checker=security.insecureAPI.DeprecatedOrUnsafeBufferHandling",
         *words, str(path)], cwd=build, capture_output=True, text=True, check=False)


def cppcheck(build, path, words):
    return subprocess.run(
        ["cppcheck", "--quiet", "--error-exitcode=1", "--inline-suppr", "--std=c11",
         "--enable=warning,performance,portability", "--suppress=missingIncludeSystem",
         "--template={file}:{line}: {id}: {message}",
         *[word for word in words if word.startswith(("-I", "-D"))], str(path)],
        cwd=build, capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", choices=("clang", "cppcheck"))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    failed = passed = 0
    tools = [tool for tool in (cppcheck, clang) if options.only in (None, tool.__name__)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [(tool, path, pool.submit(tool, options.build, path, words))
                for tool in tools for path, words in sources(options.build)]
        for tool, path, job in work:
            done = job.result()
            if done.returncode:
                failed += 1
                print(f"FAIL {tool.__name__}: {path.relative_to(ROOT)}\n{done.stdout}{done.stderr}",
                      flush=True)
            else:
                passed += 1
    print(f"analysis: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
