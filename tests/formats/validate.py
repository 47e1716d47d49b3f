#!/usr/bin/env python3
"""Validates what ks-lint prints or reads.

    validate.py SCHEMA FILE...     JSON or TOML files against a JSON Schema; members that it does not name are errors;
                                   a schema below official/ is used unchanged
    validate.py junit FILE...      JUnit's XML
    validate.py checkstyle FILE... Checkstyle's XML

Prints what is wrong; the exit status is 1 if something is. Needs jsonschema and xmlschema (scripts/setup installs them
in .venv).
"""

import copy
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import jsonschema
import referencing
import xmlschema


def tightened(schema: Any) -> Any:
    """The schema with every object closed, except those that are completed where they are used."""
    if isinstance(schema, list):
        return [tightened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: tightened(part) for key, part in schema.items()}
    is_schema = "properties" in schema and ("type" in schema or "$ref" in schema)
    if is_schema and "additionalProperties" not in schema and "$comment" not in schema:
        closed["unevaluatedProperties"] = False
    return closed


def load(path: str) -> Any:
    """The content of a JSON or TOML file."""
    with open(path, "rb") as file:
        return tomllib.load(file) if path.endswith(".toml") else json.load(file)


def of_schema(schema_path: str, path: str) -> Iterator[str]:
    """What is wrong with a file for a schema."""
    if "/official/" in schema_path:
        schema = load(schema_path)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        for error in validator(schema).iter_errors(load(path)):
            yield f"{error.json_path}: {error.message[:300]}"
        return
    directory = os.path.dirname(schema_path)
    names = [name for name in os.listdir(directory) if name.endswith(".schema.json")]
    schemas = [tightened(load(os.path.join(directory, name))) for name in names]
    resources = [(s["$id"], referencing.Resource.from_contents(s)) for s in schemas if "$id" in s]
    registry: referencing.Registry[Any] = referencing.Registry().with_resources(resources)
    schema = tightened(load(schema_path))
    jsonschema.Draft202012Validator.check_schema(schema)
    content = load(path)
    for error in jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(content):
        yield f"{error.json_path}: {error.message[:300]}"
    if os.path.basename(schema_path) == "gitlab.schema.json":
        prints = [issue["fingerprint"] for issue in content]
        if len(set(prints)) != len(prints):
            yield "two issues have one fingerprint"


def attributes(element: ElementTree.Element, wanted: set[str]) -> Iterator[str]:
    """Attributes that lack or are too many."""
    if set(element.attrib) != wanted:
        yield f"<{element.tag}> has the attributes {sorted(element.attrib)}, not {sorted(wanted)}"


def junit(path: str) -> Iterator[str]:
    """What is wrong with a JUnit report."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 (ks-lint wrote it)
    schema = xmlschema.XMLSchema(os.path.join(os.path.dirname(__file__), "official/junit-10.xsd"))
    official = copy.deepcopy(root)
    for case in official.iter("testcase"):
        # GitLab and others read these two, which the schema does not have.
        for name in ("file", "line"):
            case.attrib.pop(name, None)
    for error in schema.iter_errors(official):
        yield f"{error.path}: {error.reason}"
    if root.tag != "testsuites":
        yield f"the root is <{root.tag}>"
    for suite in root:
        yield from attributes(suite, {"name", "tests", "failures", "errors", "skipped"})
        cases = list(suite)
        if len(cases) != int(suite.attrib["tests"]):
            yield f"{suite.attrib['name']}: {len(cases)} cases, but tests={suite.attrib['tests']}"
        for kind in ("failure", "error"):
            count = len(suite.findall(f"testcase/{kind}"))
            if count != int(suite.attrib[kind + "s"]):
                yield f"{suite.attrib['name']}: {count} <{kind}>, but {kind}s={suite.attrib[kind + 's']}"
        for case in cases:
            names = {"name", "classname", "file"}
            yield from attributes(case, names | {"line"} if "line" in case.attrib else names)
            if len(case) > 1 or any(child.tag not in ("failure", "error", "system-out") for child in case):
                yield f"{case.attrib['name']}: unknown content"
            for failure in case.findall("failure"):
                yield from attributes(failure, {"message", "type"})
        identities = [(case.attrib["classname"], case.attrib["name"], case.find("failure") is not None) for case in cases]
        if not identities:
            yield f"{suite.attrib['name']}: no cases"


def checkstyle(path: str) -> Iterator[str]:
    """What is wrong with a Checkstyle report."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 (ks-lint wrote it)
    if root.tag != "checkstyle" or "version" not in root.attrib:
        yield f"the root is <{root.tag}> with {root.attrib}"
    for file in root:
        yield from attributes(file, {"name"})
        for error in file:
            yield from attributes(error, {"line", "column", "severity", "message", "source"})
            if error.tag != "error" or error.attrib["severity"] not in ("error", "warning", "info"):
                yield f"<{error.tag} severity={error.attrib['severity']}>"
            if int(error.attrib["line"]) < 1 or int(error.attrib["column"]) < 1:
                yield "lines and columns count from 1"


def main() -> None:
    kind, paths = sys.argv[1], sys.argv[2:]
    failed = not paths
    for path in paths:
        found = {"junit": junit, "checkstyle": checkstyle}[kind](path) if "." not in kind else of_schema(kind, path)
        for what in found:
            failed = True
            print(f"{path}: {what}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
