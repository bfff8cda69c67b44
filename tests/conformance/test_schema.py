#!/usr/bin/env python3
"""test_schema.py: the JSON Schema accepts and refuses the same fixture documents as the parser

test_documents.c tries the parser on the same folders, tests/survey on the recipes of chain-survey.
What only the parser can know, such as a source that is not declared, lies under bad/beyond-schema
and must be valid for the schema.
"""
import json
import pathlib
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


def try_folder(folder, valid, pattern="*.json"):
    global tried
    for path in sorted(folder.glob(pattern)):
        try:
            document = json.loads(path.read_text())
        except ValueError:
            continue  # not JSON: no business of a schema
        tried += 1
        errors = list(validator.iter_errors(document))
        if valid == bool(errors):
            wrong.append(f"{path.relative_to(root)}: {errors[0].message if errors else 'accepted'}")


try_folder(documents / "good", True)
try_folder(root / "fixtures" / "pet-platform", True)
try_folder(root / "fixtures" / "chain-survey", True, "*/recipe.json")
try_folder(documents / "bad", False)
try_folder(documents / "bad" / "beyond-schema", True)
print("\n".join(wrong) or f"{tried} documents judged alike")
sys.exit(bool(wrong) or tried < 20)
