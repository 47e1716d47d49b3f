#!/usr/bin/env python3
"""Gathers the command tables from the installed reference parser (pykickstart).

    grammar/generate.py           write grammar/commands/*.toml and grammar/sections/*.toml
    grammar/generate.py --check   write nothing; exit 1 and show the difference when a file is not up to date

Run it with a Python that has the pinned pykickstart (tests/reference/requirements.txt). It asks the reference's
classes what they accept in each syntax version: names, types, choices and version ranges. What the classes do not
tell (conditions inside their code) stands by hand in each file below the line that MARKER starts; that part is kept.
"""

import argparse
import collections
import difflib
import importlib.metadata
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")

from pykickstart import sections as ks_sections  # noqa: E402
from pykickstart.base import DeprecatedCommand, RemovedCommand  # noqa: E402
from pykickstart.handlers.control import commandMap  # noqa: E402
from pykickstart.version import makeVersion, versionMap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MARKER = "# ---- By hand"
MARKER_LINE = MARKER + ": kept as it is when the part above is gathered again ----"

FEDORA = sorted((v for v in versionMap if v.startswith("F")), key=versionMap.get)
RHEL = sorted((v for v in versionMap if v.startswith("RHEL")), key=versionMap.get)
VERSIONS = FEDORA + RHEL


def ranges(versions):
    """{'F20', 'F21', …} -> 'F20.., RHEL7..RHEL9'; an open end reaches the newest version of its family."""
    versions = set(versions)
    if versions == set(VERSIONS):
        return "all"
    parts = []
    for family in (FEDORA, RHEL):
        i = 0
        while i < len(family):
            if family[i] not in versions:
                i += 1
                continue
            start = i
            while i + 1 < len(family) and family[i + 1] in versions:
                i += 1
            if i + 1 == len(family):
                parts.append(family[start] + "..")
            elif i == start:
                parts.append(family[start])
            else:
                parts.append(family[start] + ".." + family[i])
            i += 1
    return ", ".join(parts)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array(items):
    return "[" + ", ".join(quote(i) for i in items) + "]"


# The reference's conversion functions by their names, and ours.
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
# Those that look a word up, in any case, in a map of the command object.
MAPS = {"_level_cb": "levelMap", "level_cb": "levelMap", "_type_cb": "typeMap", "_when_cb": "whenMap"}


def describe(action, command):
    """What one argparse action accepts, as a tuple of TOML lines that is the same for the same shape."""
    lines = []
    cls = type(action).__name__
    if action.option_strings and action.nargs == 0:
        takes = "flag"
    elif action.type is None:
        takes = "string"
    elif action.type.__name__ in MAPS:
        takes = "word"
    else:
        takes = TYPES[action.type.__name__]
    lines.append(("takes", quote(takes)))
    if takes == "word":
        words = getattr(command, MAPS[action.type.__name__])
        lines.append(("choices", array(sorted(w.lower() for w in words))))
        lines.append(("ignore_case", "true"))
    elif action.choices is not None:
        lines.append(("choices", array(action.choices)))
    if action.option_strings:
        if action.nargs == "?":
            lines.append(("value_optional", "true"))
        elif action.nargs not in (None, 0):
            raise SystemExit("%s: nargs %r is new" % (action.option_strings, action.nargs))
        if cls in ("_AppendAction", "ExtendAction"):
            lines.append(("repeats", '"add up"'))
        elif cls in (
            "_AppendConstAction",
            "ExtendConstAction",
            "_StoreAction",
            "_StoreConstAction",
            "_StoreTrueAction",
            "_StoreFalseAction",
        ):
            pass
        else:
            raise SystemExit("%s: action class %s is new" % (action.option_strings, cls))
    return tuple(lines)


def parser_of(command):
    if hasattr(command, "op"):
        return command.op
    return command._getParser()


class Gathered:
    """Options and positional arguments of one command or section over all versions."""

    def __init__(self):
        self.options = collections.OrderedDict()  # (names, shape) -> {"versions", "deprecated", "required"}
        self.arguments = collections.OrderedDict()

    def add(self, version, parser, command):
        strings = collections.defaultdict(list)
        for string, action in parser._option_string_actions.items():
            strings[id(action)].append(string)
        position = 0
        for action in parser._actions:
            if action.option_strings:
                names = strings.pop(id(action))
                # The first of its names is the canonical one: keep the order of the action itself.
                names.sort(key=action.option_strings.index)
                key = (tuple(names), describe(action, command))
                entry = self.options.setdefault(key, collections.defaultdict(set))
                entry["versions"].add(version)
                if action.deprecated:
                    entry["deprecated"].add(version)
                if action.required:
                    entry["required"].add(version)
            else:
                count = {None: "1", 1: "1", "*": "any", "?": "0-1"}[action.nargs]
                key = (position, action.dest, count, describe(action, command))
                entry = self.arguments.setdefault(key, collections.defaultdict(set))
                entry["versions"].add(version)
                if action.required:
                    entry["required"].add(version)
                position += 1
        if strings:
            raise SystemExit("options without an action: %s" % dict(strings))

    def toml(self):
        out = []
        for (position, name, count, shape), entry in sorted(self.arguments.items(), key=lambda kv: (kv[0][0], first(kv[1]))):
            out.append("\n[[argument]]")
            out.append("name = " + quote(name))
            out.append("position = %d" % position)
            out.append("count = " + quote(count))
            out += ["%s = %s" % line for line in shape]
            out.append("versions = " + quote(ranges(entry["versions"])))
            if entry["required"]:
                out.append("required = " + quote(ranges(entry["required"])))
        for (names, shape), entry in sorted(self.options.items(), key=lambda kv: (kv[0][0][0].lower(), first(kv[1]))):
            out.append("\n[[option]]")
            out.append("names = " + array(names))
            out += ["%s = %s" % line for line in shape]
            out.append("versions = " + quote(ranges(entry["versions"])))
            for fact in ("deprecated", "required"):
                if entry[fact]:
                    out.append("%s = %s" % (fact, quote(ranges(entry[fact]))))
        return out


# Words that mean the same thing; other words that share an object (reboot, halt) do different things.
SAME = {"partition": "part", "auth": "authconfig"}


def first(entry):
    return min(VERSIONS.index(v) for v in entry["versions"])


def status(command):
    """Which class answers `parse`: the command's own, or that of deprecated or removed commands."""
    owner = next(c for c in type(command).__mro__ if "parse" in c.__dict__)
    return {DeprecatedCommand: "deprecated", RemovedCommand: "removed"}.get(owner, "active")


def gather_commands():
    handlers = {v: makeVersion(v) for v in VERSIONS}
    # Words that are one object in some version are one command.
    group = {}
    for version in VERSIONS:
        shared = collections.defaultdict(list)
        for word, cls in commandMap[versionMap[version]].items():
            shared[cls.__name__].append(word)
        for words in shared.values():
            words = set(words).union(*(group.get(w, {w}) for w in words))
            for word in words:
                group[word] = words
    # The name of a command is what most people write.
    preferred = {"part", "authconfig", "reboot", "upgrade", "text"}
    files = collections.OrderedDict()
    for words in sorted({tuple(sorted(g)) for g in group.values()}):
        name = next((w for w in words if w in preferred), words[0])
        out = ["# %s" % " | ".join(sorted(words, key=lambda w: (w != name, w)))]
        out += head()
        statuses = collections.defaultdict(lambda: collections.defaultdict(set))
        conflicts = collections.defaultdict(set)
        gathered = Gathered()
        for version in VERSIONS:
            handler = handlers[version]
            seen = set()
            for word in words:
                command = handler.commands.get(word)
                if command is None:
                    continue
                statuses[word][status(command)].add(version)
                if id(command) in seen:
                    continue
                seen.add(id(command))
                for other in command.conflictingCommands:
                    conflicts[other].add(version)
                if status(command) == "active":
                    gathered.add(version, parser_of(command), command)
        for word in sorted(words, key=lambda w: (w != name, w)):
            out.append("\n[words.%s]" % word)
            if word in SAME:
                out.append("means = " + quote(SAME[word]))
            for fact in ("active", "deprecated", "removed"):
                if statuses[word][fact]:
                    out.append("%s = %s" % (fact, quote(ranges(statuses[word][fact]))))
        by_range = collections.defaultdict(list)
        for other, versions in sorted(conflicts.items()):
            by_range[ranges(versions)].append(other)
        for versions, others in sorted(by_range.items()):
            out.append("\n[[conflict]]")
            out.append("with = " + array(others))
            out.append("versions = " + quote(versions))
        out += gathered.toml()
        files["commands/%s.toml" % name] = "\n".join(out) + "\n"
    return files


def head():
    return [
        "#",
        "# Gathered by grammar/generate.py from the reference (grammar/versions.toml says which): names, types, choices",
        '# and version ranges. Do not edit above the line "By hand".',
    ]


def gather_versions():
    ordered = sorted(VERSIONS, key=versionMap.get)
    out = [
        "# The syntax versions, gathered by grammar/generate.py. Do not edit.",
        "reference = " + quote("pykickstart " + importlib.metadata.version("pykickstart")),
        "",
        "# Each family from the oldest to the newest.",
        "fedora = " + array(FEDORA),
        "rhel = " + array(RHEL),
        "",
        "# All in the order in which the syntax developed: RHEL9 stands behind the Fedora it was branched from.",
        "order = " + array(ordered),
    ]
    return {"versions.toml": "\n".join(out) + "\n"}


def gather_sections():
    sections = {
        "packages": ks_sections.PackageSection,
        "pre": ks_sections.PreScriptSection,
        "pre-install": ks_sections.PreInstallScriptSection,
        "post": ks_sections.PostScriptSection,
        "onerror": ks_sections.OnErrorScriptSection,
        "traceback": ks_sections.TracebackScriptSection,
        "certificate": ks_sections.CertificateSection,
    }
    files = collections.OrderedDict()
    for name, cls in sections.items():
        gathered = Gathered()
        for version in VERSIONS:
            section = cls(makeVersion(version))
            gathered.add(version, section._getParser(), section)
        out = ["# %" + name] + head()
        out.append('\n[words."%%%s"]' % name)
        out.append('active = "all"')
        out += gathered.toml()
        files["sections/%s.toml" % name] = "\n".join(out) + "\n"
    return files


def by_hand(path):
    """The part of a file that a person keeps, with its marker line."""
    if not path.exists():
        return ""
    text = path.read_text()
    at = text.find(MARKER)
    return "\n" + text[at:] if at >= 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    check = parser.parse_args().check
    files = gather_versions()
    files.update(gather_commands())
    files.update(gather_sections())
    stale = False
    for name, gathered in files.items():
        path = HERE / name
        text = gathered + by_hand(path)
        old = path.read_text() if path.exists() else ""
        if text == old:
            continue
        if check:
            stale = True
            sys.stdout.writelines(
                difflib.unified_diff(
                    old.splitlines(True), text.splitlines(True), name + " (in the repository)", name + " (the reference)"
                )
            )
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    for folder in ("commands", "sections"):
        for path in sorted((HERE / folder).glob("*.toml")):
            if "%s/%s" % (folder, path.name) not in files:
                print("%s: the reference has no such command" % path)
                stale = True
    if check:
        print("tables: %s" % ("NOT up to date: run grammar/generate.py and review the difference" if stale else "up to date"))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
