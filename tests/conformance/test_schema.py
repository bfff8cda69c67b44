#!/usr/bin/env python3
"""test_schema.py: the JSON Schema accepts and refuses the same documents as the parser

test_documents.c tries the parser on the same folders, test_doc_examples.c on the same pages. What
only the parser can know, such as a source that is not declared, lies under bad/beyond-schema and
must be valid for the schema.
"""
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

root = pathlib.Path(sys.argv[1])
documents = root / "fixtures" / "documents"
schema = json.loads((root / "docs" / "drverify.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = []
tried = 0


def try_document(name, document, valid):
    global tried
    tried += 1
    errors = list(validator.iter_errors(document))
    if valid == bool(errors):
        wrong.append(f"{name}: {errors[0].message if errors else 'accepted'}")


def try_folder(folder, valid):
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text())
        except ValueError:
            continue  # not JSON: no business of a schema
        try_document(path.name, document, valid)


def try_page(path):
    """A block that is no document is one of its checks, or a list of them."""
    for block in re.findall(r"^```json\n(.*?)^```$", path.read_text(), re.M | re.S):
        shown = json.loads(block)
        checks = shown if isinstance(shown, list) else [shown]
        store = "mongodb" if "collection" in checks[0] else "postgresql"
        document = shown if "format" in shown else {
            "format": "drverify/1", "sources": {"main": {"store": store}}, "checks": checks}
        try_document(f"{path.name}: {block[:60]}", document, True)


try_folder(documents / "good", True)
try_folder(root / "fixtures" / "pet-platform", True)
try_folder(documents / "bad", False)
try_folder(documents / "bad" / "beyond-schema", True)
for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    # The check that this page adds is in no schema.
    if page.name != "ADDING-A-CHECK.md":
        try_page(page)
for path in sorted((root / "fixtures" / "chain-survey").glob("*/recipe.json")):
    try_document(path, json.loads(path.read_text()), True)
print("\n".join(wrong) or f"{tried} documents judged alike")
sys.exit(bool(wrong) or tried < 20)
