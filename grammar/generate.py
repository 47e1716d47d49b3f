#!/usr/bin/env python3
"""Gathers the command tables from the installed reference parser (pykickstart).

    grammar/generate.py           write grammar/commands/*.toml and grammar/sections/*.toml
    grammar/generate.py --check   write nothing; exit 1 and show the difference when a file is not up to date

Run it with a Python that has the pinned pykickstart (scripts/requirements.txt). It asks the reference's classes what they
accept in each syntax version: names, types, choices and version ranges. Conditions inside the reference's code cannot be
asked for: they are written by hand, in each file below the line that begins with MARKER. That part is kept.
"""

import argparse
import collections
import difflib
import importlib.metadata
import pathlib
import sys
import warnings
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from pykickstart import sections as ks_sections
from pykickstart.base import DeprecatedCommand, RemovedCommand
from pykickstart.handlers.control import commandMap
from pykickstart.version import makeVersion, versionMap

HERE = pathlib.Path(__file__).resolve().parent
MARKER = "# ---- By hand"

FEDORA = sorted((v for v in versionMap if v.startswith("F")), key=versionMap.get)
RHEL = sorted((v for v in versionMap if v.startswith("RHEL")), key=versionMap.get)
VERSIONS = FEDORA + RHEL

# Keys and values of TOML lines; equal for arguments of the same shape.
Shape = tuple[tuple[str, str], ...]
# The syntax versions in which something is true of a word or an argument, by what is true: "versions", "required", …
Facts = dict[str, set[str]]


def ranges(versions: Iterable[str]) -> str:
    """{'F20', 'F21', …} -> 'F20.., RHEL7..RHEL9'; an open end reaches the newest version of its family."""
    wanted = set(versions)
    if wanted == set(VERSIONS):
        return "all"
    parts = []
    for family in (FEDORA, RHEL):
        i = 0
        while i < len(family):
            if family[i] not in wanted:
                i += 1
                continue
            start = i
            while i + 1 < len(family) and family[i + 1] in wanted:
                i += 1
            if i + 1 == len(family):
                parts.append(f"{family[start]}..")
            elif i == start:
                parts.append(family[start])
            else:
                parts.append(f"{family[start]}..{family[i]}")
            i += 1
    return ", ".join(parts)


def quote(text: str) -> str:
    """A TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array(items: Iterable[str]) -> str:
    """A TOML array of strings."""
    return "[" + ", ".join(quote(i) for i in items) + "]"


def assignment(key: str, versions: Collection[str]) -> list[str]:
    """The TOML line that sets a key to these versions; none for no version."""
    return [f"{key} = {quote(ranges(versions))}"] if versions else []


# Our types, by the name of the reference's conversion function.
TYPES = {
    "int": "int",
    "ksboolean": "boolean",
    "commaSplit": "list",
    "mountpoint": "mountpoint",
    "part_cb": "string",
    "_device_cb": "string",
    "firewall_port_cb": "list",
    "_teamslaves_cb": "string",
}
# Conversion functions that look a word up, in any case, in a map of the command object; and the name of that map.
MAPS = {"_level_cb": "levelMap", "level_cb": "levelMap", "_type_cb": "typeMap", "_when_cb": "whenMap"}
# Classes of options that may appear again: the values add up, or the last one counts.
ADD_UP = {"_AppendAction", "ExtendAction"}
LAST_COUNTS = {
    "_AppendConstAction",
    "ExtendConstAction",
    "_StoreAction",
    "_StoreConstAction",
    "_StoreTrueAction",
    "_StoreFalseAction",
}


def describe(action: argparse.Action, command: Any) -> Shape:
    """What one argparse action accepts."""
    lines = []
    name = getattr(action.type, "__name__", "")
    if action.option_strings and action.nargs == 0:
        takes = "flag"
    elif action.type is None:
        takes = "string"
    elif name in MAPS:
        takes = "word"
    else:
        takes = TYPES[name]
    lines.append(("takes", quote(takes)))
    if takes == "word":
        words = getattr(command, MAPS[name])
        lines.append(("choices", array(sorted(w.lower() for w in words))))
        lines.append(("ignore_case", "true"))
    elif action.choices is not None:
        lines.append(("choices", array(action.choices)))
    if action.option_strings:
        if action.nargs == "?":
            lines.append(("value_optional", "true"))
        elif action.nargs not in (None, 0):
            raise SystemExit(f"{action.option_strings}: nargs {action.nargs!r} is new")
        kind = type(action).__name__
        if kind in ADD_UP:
            lines.append(("repeats", '"add up"'))
        elif kind not in LAST_COUNTS:
            raise SystemExit(f"{action.option_strings}: action class {kind} is new")
    return tuple(lines)


def parser_of(command: Any) -> Any:
    """The argparse parser of a command; its class is the reference's."""
    return command.op if hasattr(command, "op") else command._getParser()


class Argument(NamedTuple):
    """A positional argument."""

    position: int
    name: str
    arity: str
    shape: Shape


class Option(NamedTuple):
    """An option, with all its names."""

    names: tuple[str, ...]
    shape: Shape


class Gathered:
    """Options and positional arguments of one command or section over all versions."""

    def __init__(self) -> None:
        self.options: dict[Option, Facts] = {}
        self.arguments: dict[Argument, Facts] = {}

    def add(self, version: str, parser: Any, command: Any) -> None:
        """Adds what a command's parser accepts in one version."""
        strings: dict[int, list[str]] = collections.defaultdict(list)
        for string, action in parser._option_string_actions.items():
            strings[id(action)].append(string)
        position = 0
        for action in parser._actions:
            if action.option_strings:
                # The first of its names is the canonical one: keep the order of the action itself.
                names = sorted(strings.pop(id(action)), key=action.option_strings.index)
                option = Option(tuple(names), describe(action, command))
                facts = self.options.setdefault(option, collections.defaultdict(set))
                if action.deprecated:
                    facts["deprecated"].add(version)
            else:
                arity = {None: "1", 1: "1", "*": "any", "?": "0-1"}[action.nargs]
                argument = Argument(position, action.dest, arity, describe(action, command))
                facts = self.arguments.setdefault(argument, collections.defaultdict(set))
                position += 1
            facts["versions"].add(version)
            if action.required:
                facts["required"].add(version)
        if strings:
            raise SystemExit(f"options without an action: {dict(strings)}")

    def toml(self) -> list[str]:
        """The lines of a file."""
        out = []
        for argument, facts in sorted(self.arguments.items(), key=lambda item: (item[0].position, first(item[1]))):
            out.append("\n[[argument]]")
            out.append("name = " + quote(argument.name))
            out.append(f"position = {argument.position}")
            out.append("count = " + quote(argument.arity))
            out += [f"{key} = {value}" for key, value in argument.shape]
            out += assignment("versions", facts["versions"])
            out += assignment("required", facts["required"])
        for option, facts in sorted(self.options.items(), key=lambda item: (item[0].names[0].lower(), first(item[1]))):
            out.append("\n[[option]]")
            out.append("names = " + array(option.names))
            out += [f"{key} = {value}" for key, value in option.shape]
            for fact in ("versions", "deprecated", "required"):
                out += assignment(fact, facts[fact])
        return out


def first(facts: Facts) -> int:
    """The place of the first version that has an argument, for sorting."""
    return min(VERSIONS.index(v) for v in facts["versions"])


# Words that mean the same thing; other words that share an object (reboot, halt) do different things.
SAME = {"partition": "part", "auth": "authconfig"}
# The name of a command of several words is the one that most people write.
PREFERRED = {"part", "authconfig", "reboot", "upgrade", "text"}


def status(command: Any) -> str:
    """Which class defines `parse`: the command's own, or that of deprecated or removed commands."""
    owner = next(c for c in type(command).__mro__ if "parse" in c.__dict__)
    return {DeprecatedCommand: "deprecated", RemovedCommand: "removed"}.get(owner, "active")


def word_groups() -> list[tuple[str, ...]]:
    """The words of the language, grouped by command: words that share an object in some version are one command."""
    groups: dict[str, set[str]] = {}
    for version in VERSIONS:
        shared: dict[str, list[str]] = collections.defaultdict(list)
        for word, cls in commandMap[versionMap[version]].items():
            shared[cls.__name__].append(word)
        for words in shared.values():
            group = set(words).union(*(groups.get(w, {w}) for w in words))
            for word in group:
                groups[word] = group
    return sorted({tuple(sorted(g)) for g in groups.values()})


class Command:
    """A command of one or several words over all versions."""

    def __init__(self, words: tuple[str, ...], handlers: dict[str, Any]) -> None:
        self.name = next((w for w in words if w in PREFERRED), words[0])
        self.words = sorted(words, key=lambda word: (word != self.name, word))
        # By word: the versions in which it is "active", "deprecated" or "removed".
        self.statuses: dict[str, Facts] = {word: collections.defaultdict(set) for word in words}
        # By the word of another command: the versions in which the two conflict.
        self.conflicts: dict[str, set[str]] = collections.defaultdict(set)
        self.gathered = Gathered()
        for version in VERSIONS:
            self._add(version, {word: handlers[version].commands.get(word) for word in words})

    def _add(self, version: str, objects: dict[str, Any]) -> None:
        seen = set()
        for word, command in objects.items():
            if command is None:
                continue
            self.statuses[word][status(command)].add(version)
            if id(command) in seen:
                continue
            seen.add(id(command))
            for other in command.conflictingCommands:
                self.conflicts[other].add(version)
            if status(command) == "active":
                self.gathered.add(version, parser_of(command), command)

    def toml(self) -> list[str]:
        """The lines of its file."""
        out = head(" | ".join(self.words))
        for word in self.words:
            out.append(f"\n[words.{word}]")
            if word in SAME:
                out.append("means = " + quote(SAME[word]))
            for fact in ("active", "deprecated", "removed"):
                out += assignment(fact, self.statuses[word][fact])
        by_range: dict[str, list[str]] = collections.defaultdict(list)
        for other, versions in sorted(self.conflicts.items()):
            by_range[ranges(versions)].append(other)
        for conflict_range, others in sorted(by_range.items()):
            out += ["\n[[conflict]]", "with = " + array(others), "versions = " + quote(conflict_range)]
        return out + self.gathered.toml()


def gather_commands() -> dict[str, str]:
    """The files of all commands: their text by their path."""
    handlers = {version: makeVersion(version) for version in VERSIONS}
    commands = [Command(words, handlers) for words in word_groups()]
    return {f"commands/{command.name}.toml": "\n".join(command.toml()) + "\n" for command in commands}


def head(name: str) -> list[str]:
    """The comment at the beginning of a file."""
    return [
        f"# {name}",
        "#",
        "# Gathered by grammar/generate.py from the reference (grammar/versions.toml says which): names, types, choices",
        '# and version ranges. Do not edit above the line "By hand".',
    ]


def gather_versions() -> dict[str, str]:
    """The file of all syntax versions: its text by its path."""
    ordered = sorted(VERSIONS, key=versionMap.get)
    out = [
        "# The syntax versions, gathered by grammar/generate.py. Do not edit.",
        "reference = " + quote("pykickstart " + importlib.metadata.version("pykickstart")),
        "",
        "# Each family from the oldest to the newest.",
        "fedora = " + array(FEDORA),
        "rhel = " + array(RHEL),
        "",
        "# All in the order in which the syntax developed: RHEL9 follows the Fedora that it was branched from.",
        "order = " + array(ordered),
    ]
    return {"versions.toml": "\n".join(out) + "\n"}


def gather_sections() -> dict[str, str]:
    """The files of all sections: their text by their path."""
    sections = {
        "packages": ks_sections.PackageSection,
        "pre": ks_sections.PreScriptSection,
        "pre-install": ks_sections.PreInstallScriptSection,
        "post": ks_sections.PostScriptSection,
        "onerror": ks_sections.OnErrorScriptSection,
        "traceback": ks_sections.TracebackScriptSection,
        "certificate": ks_sections.CertificateSection,
    }
    files = {}
    for name, cls in sections.items():
        gathered = Gathered()
        for version in VERSIONS:
            section = cls(makeVersion(version))
            gathered.add(version, section._getParser(), section)
        out = [*head(f"%{name}"), f'\n[words."%{name}"]', 'active = "all"', *gathered.toml()]
        files[f"sections/{name}.toml"] = "\n".join(out) + "\n"
    return files


def by_hand(path: pathlib.Path) -> str:
    """The part of a file that is written by hand, with its marker line."""
    if not path.exists():
        return ""
    text = path.read_text()
    at = text.find(MARKER)
    return "\n" + text[at:] if at >= 0 else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    check = parser.parse_args().check
    # The reference warns about deprecated commands.
    warnings.simplefilter("ignore")
    files = gather_versions() | gather_commands() | gather_sections()
    stale = False
    for name, gathered in files.items():
        path = HERE / name
        text = gathered + by_hand(path)
        old = path.read_text() if path.exists() else ""
        if text == old:
            continue
        if check:
            stale = True
            names = f"{name} (in the repository)", f"{name} (the reference)"
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), *names))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    for folder in ("commands", "sections"):
        for path in sorted((HERE / folder).glob("*.toml")):
            if f"{folder}/{path.name}" not in files:
                print(f"{path}: the reference does not have this command or section")
                stale = True
    if check:
        print(f"tables: {'NOT up to date: run grammar/generate.py and review the difference' if stale else 'up to date'}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
