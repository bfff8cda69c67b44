#!/usr/bin/env python3
"""interface.py: header, version script, exports and manual page are one list; old programs go on

usage: interface.py BUILD
BUILD is a build folder with the shared library. Says what differs and exits with 1 if anything
does. What needs a program that is not installed, or a release that there is not yet, is skipped
with a word.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
HEADER = os.path.join(ROOT, "include", "drverify.h")
LAYOUT = os.path.join(ROOT, "tests", "abi", "layout.c")
COMPILERS = [(name, "c", standard) for name in ("gcc", "clang") for standard in ("c99", "c11", "c17")]
COMPILERS += [(name, "c++", "c++17") for name in ("g++", "clang++")]
failures = []


def fail(text):
    failures.append(text)
    print("FAIL", text)


def source(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def compare(what, names, other, others):
    for name in sorted(set(names) - set(others)):
        fail(f"{name} is in {what}, but not in {other}")
    for name in sorted(set(others) - set(names)):
        fail(f"{name} is in {other}, but not in {what}")


# ------------------------------------------------------------------ the header by itself

def compile_alone():
    """As each language has it, and with the layout of every struct as it was."""
    for compiler, language, standard in COMPILERS:
        if not shutil.which(compiler):
            print(f"skip {compiler}: not installed")
            continue
        for path in (HEADER, LAYOUT):
            done = subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic",
                                   "-Werror", "-fsyntax-only", "-I", os.path.dirname(HEADER),
                                   "-x", language, path], capture_output=True, text=True, check=False)
            if done.returncode:
                first = [line for line in done.stderr.split("\n") if "error" in line][0]
                fail(f"as {standard} with {compiler}: {os.path.relpath(first, ROOT)}")


def without_comments(text):
    return re.sub(r"(?s)/\*.*?\*/", " ", text)


def declared():
    text = re.sub(r"(?m)^#.*(\\\n.*)*", "", without_comments(source("include", "drverify.h")))
    return re.findall(r"\b(drv_\w+)\(", re.sub(r"(?s)\btypedef\b.*?;", "", text))


def check_comments():
    """Declarations that stand together share the comment above them."""
    for chunk in re.split(r"\n\n", source("include", "drverify.h")):
        names = re.findall(r"\b(drv_\w+)\(", without_comments(chunk))
        if names and not chunk.lstrip().startswith("/*") and "#define" not in chunk and \
                names[0] not in UNSPOKEN:
            fail(f"{names[0]} has no comment in the header")


# What the conventions at the top of the header say once for all.
UNSPOKEN = {"drv_baseline_free", "drv_trust_new", "drv_trust_free", "drv_run_free",
            "drv_report_free", "drv_chain_proposal_free"}


def check_layout():
    """Each member of each struct has its line."""
    text = without_comments(source("include", "drverify.h"))
    lines = set(re.findall(r"(?m)^AT\((\w+), (\w+), ", source("tests", "abi", "layout.c")))
    members = set()
    for name, body in re.findall(r"(?s)struct (drv_\w+) \{(.*?)\n\};", text):
        members |= {(name, re.search(r"(\w+)(?:\[\w+\])?$", member.strip()).group(1))
                    for member in body.split(";") if member.strip()}
    compare("the header", [".".join(member) for member in members],
            "tests/abi/layout.c", [".".join(line) for line in lines])


# ------------------------------------------------------------------ the library

def exported(library):
    out = subprocess.check_output(["nm", "-D", "--defined-only", library], text=True)
    return re.findall(r"(?m)^[0-9a-f]* [TDBRV] (\w+)@@", out)


def check_lists(build):
    header = declared()
    compare("the header", header, "the version script",
            re.findall(r"(?m)^\s+(drv_\w+);$", source("libdrverify", "libdrverify.map")))
    compare("the header", header, "what the library exports",
            exported(os.path.join(build, "libdrverify", "libdrverify.so")))
    page = os.path.join(build, "docs", "man", "libdrverify.3")
    if not os.path.exists(page):
        print("skip libdrverify(3): scdoc is not installed")
        return
    with open(page, encoding="utf-8") as file:
        text = file.read().replace("\\", "")
    compare("the header", header, "libdrverify(3)",
            set(re.findall(r"\b(drv_\w+)\(", text)) - {"drv_x_free"})


# ------------------------------------------------------------------ the last release

def last_tag():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--tags", "--abbrev=0"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip()


def check_release(build):
    """A program that was built for the last release runs with this library."""
    tag = last_tag()
    if not tag or not shutil.which("abidiff"):
        print("skip abidiff:", "not installed" if tag else "there is no release yet")
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", "--quiet",
                        folder + "/tree", tag], check=True)
        try:
            subprocess.run(["meson", "setup", "-Dtests=false", folder + "/build",
                            folder + "/tree"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["meson", "compile", "-C", folder + "/build"], check=True,
                           stdout=subprocess.DEVNULL)
            done = subprocess.run(
                ["abidiff", "--no-added-syms", "--headers-dir1", folder + "/tree/include",
                 "--headers-dir2", os.path.dirname(HEADER),
                 folder + "/build/libdrverify/libdrverify.so",
                 os.path.join(build, "libdrverify", "libdrverify.so")],
                capture_output=True, text=True, check=False)
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force",
                            folder + "/tree"], check=True)
    # Bit 4: something changed; bit 8: so that programs break.
    if done.returncode & ~4:
        fail(f"the library is not what {tag} was:\n{done.stdout}{done.stderr}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    compile_alone()
    check_comments()
    check_layout()
    check_lists(sys.argv[1])
    check_release(sys.argv[1])
    print(f"{len(set(declared()))} functions,", f"{len(failures)} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
