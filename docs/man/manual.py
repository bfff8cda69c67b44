#!/usr/bin/env python3
"""manual.py: writes a manual page in scdoc's language from what the page is about

usage: manual.py drverify PAGE.in TABLES
       manual.py document PAGE.in drverify.schema.json
       manual.py library PAGE.in drverify.h
PAGE.in is the part that people write; @…@ on a line of its own is where generated parts go.
TABLES is what drverify help tables prints.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "completion"))
from tables import Tables  # noqa: E402


def plain(text):
    """Text in which nothing means anything to scdoc."""
    return re.sub(r"([\\*_`#\[\]|<>~.+-])", r"\\\1", text)


def literal(lines):
    return "```\n" + "\n".join(lines).replace("\\", "\\\\") + "\n```\n"


# ------------------------------------------------------------------ drverify(1)

def command_part(command):
    """Indented lines of a help text are commands and what leads to them: they stay as they are."""
    operand = f" {plain(command.operand)}" if command.operand else ""
    out = (f"## drverify {command.name}\n\n"
           f"*drverify {plain(command.name)}* [_OPTIONS_]{operand}\n\n"
           f"{plain(command.summary.capitalize())}.\n\n")
    paragraph, kept = [], []
    for line in command.text + [""]:
        if line.startswith("  ") or (kept and line):
            kept.append(line)
            continue
        if line == "Examples":
            line = "Examples:"
        if line:
            paragraph.append(plain(line))
            if line != "Examples:":
                continue
        if paragraph:
            out += "\n".join(paragraph) + "\n\n"
            paragraph = []
        if kept:
            out += literal(kept) + "\n"
            kept = []
    return out


def option_part(option):
    letter = f"*-{option.letter}*, " if option.letter else ""
    argument = f" _{plain(option.argument)}_" if option.argument else ""
    commands = ", ".join(option.commands)
    text = " ".join(option.help)
    return (f"{letter}*--{plain(option.name)}*{argument}\n"
            f"\t{plain(text[0].upper() + text[1:])}.\n\n\tCommands: {plain(commands)}.\n\n")


def drverify(path):
    tables = Tables(path)
    return {"COMMANDS": "".join(command_part(command) for command in tables.commands),
            "OPTIONS": "".join(option_part(option) for option in tables.options)}


# ------------------------------------------------------------------ drverify-document(5)

def type_of(node):
    if "enum" in node:
        return "one of " + ", ".join(json.dumps(choice) for choice in node["enum"])
    if "const" in node:
        return json.dumps(node["const"])
    if "$ref" in node:
        return node["$ref"].rsplit("/", 1)[1].replace("_", " ")
    kind = node.get("type", "")
    return {"object": "object", "string": "text", "boolean": "true or false",
            "integer": "a whole number"}.get(kind if isinstance(kind, str) else "", "")


def members(node, before="", leave=()):
    out = ""
    for name, member in node.get("properties", {}).items():
        if not before and name in leave:
            continue
        kind = type_of(member)
        text = " ".join(part for part in (f"({kind})" if kind else "",
                                          member.get("description", "")) if part)
        out += f"*{plain(before + name)}*\n\t{plain(text) or 'any value'}\n\n"
        out += members(member, before + name + ".")
    return out


def structures(definitions, checks):
    """What the members of checks refer to; alternatives of one name are told one by one."""
    out = ""
    for name, node in definitions.items():
        parts = [part for part in [node] + node.get("anyOf", []) if part.get("properties")]
        if name in checks or not parts:
            continue
        out += f"## {plain(name.replace('_', ' '))}\n\n"
        for part in parts:
            if part.get("description"):
                out += plain(part["description"]) + "\n\n"
            out += members(part)
    return out


def document(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    definitions = schema["$defs"]
    checks = schema["properties"]["checks"]["items"]["properties"]["check"]["anyOf"][0]["enum"]
    first = definitions[checks[0]]["properties"]
    common = [name for name in first
              if all(definitions[check]["properties"].get(name) == first[name] for check in checks)]
    shared = {"properties": {name: first[name] for name in common}}
    parts = "".join(f"## {plain(check)}\n\n{plain(definitions[check]['description'])}\n\n"
                    + members(definitions[check], leave=common) for check in checks)
    return {"TOP": members({key: value for key, value in schema.items() if key == "properties"}),
            "COMMON": members(shared), "CHECKS": parts,
            "STRUCTURES": structures(definitions, checks)}


# ------------------------------------------------------------------ libdrverify(3)

def comment_part(lines):
    """Sentences become a paragraph; what is set under each other stays so."""
    out, paragraph, kept = "", [], []
    for line in lines + [""]:
        if line.startswith(("  ", "\t")):
            kept.append(line)
            continue
        if kept:
            out += ("\n".join(paragraph) + "\n\n" if paragraph else "") + literal(kept) + "\n"
            paragraph, kept = [], []
        if line:
            paragraph.append(plain(line))
        elif paragraph:
            out += "\n".join(paragraph) + "\n\n"
            paragraph = []
    return out


def header_part(chunk):
    section = re.match(r"/\* -{20,} (.*) \*/$", chunk)
    if section:
        return f"## {plain(section.group(1))}\n\n"
    comment = re.match(r"/\*(.*?)\*/\n?", chunk, re.S)
    out = ""
    if comment:
        lines = [re.sub(r"^ ?\*? ?", "", line).rstrip() for line in comment.group(1).split("\n")]
        out = comment_part(lines)
        chunk = chunk[comment.end():]
    return out + (literal(chunk.rstrip().split("\n")) + "\n" if chunk.strip() else "")


def chunks(text):
    """What blank lines part, braces and comments kept whole."""
    found = [""]
    for line in text.split("\n"):
        whole = found[-1].count("{") == found[-1].count("}") and \
            found[-1].count("/*") == found[-1].count("*/")
        if not line and whole:
            found.append("")
        else:
            found[-1] += line + "\n"
    return [chunk.strip("\n") for chunk in found if chunk.strip()]


def library(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    about = comment_part([re.sub(r"^ ?\*? ?", "", line).rstrip()
                          for line in text[2:text.index("*/")].split("\n")
                          if "SPDX" not in line])
    body = text[text.index("#define DRV_VERSION_MAJOR"):text.rindex("#if defined(__GNUC__)")]
    return {"ABOUT": about, "DECLARATIONS": "".join(map(header_part, chunks(body)))}


def main():
    kinds = {"drverify": drverify, "document": document, "library": library}
    if len(sys.argv) != 4 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="utf-8") as page:
        text = page.read()
    for name, part in kinds[sys.argv[1]](sys.argv[3]).items():
        text = text.replace(f"@{name}@\n", part)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
