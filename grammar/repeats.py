#!/usr/bin/env python3
"""Gathers from the installed reference parser (pykickstart) what is left of a command that is given again.

    grammar/repeats.py           write crates/kickstart/src/dialect/repeats.rs
    grammar/repeats.py --check   write nothing; exit 1 and show the difference when the file is not up to date

A command either adds an object each time (part, user, repo) or keeps one object, whose attributes a later line sets again.
Of each command with one object this asks: which attribute does an option set, and does a later line without the option put
the attribute back to its default? Options of one attribute (`clearpart --all` and `--none`) replace each other.
"""

import argparse
import contextlib
import difflib
import io
import itertools
import pathlib
import sys
import tomllib
import warnings
from typing import Any

from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion, versionMap

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent / "crates/kickstart/src/dialect/repeats.rs"

# Versions that are asked: what a repeated line does is the same in those between.
ASKED = ["RHEL8", "RHEL10", "F46"]

# Arguments that make a line valid, two for each command whose positional argument is kept: the first that works is used.
BASES: dict[str, list[str]] = {
    "rootpw": ["pw", "qw"],
    "lang": ["C", "D"],
    "keyboard": ["us", "de"],
    "timezone": ["UTC", "GMT"],
    "url": ["--url=http://x/", "--mirrorlist=http://y/", "--metalink=http://z/"],
    "nfs": ["--server=s --dir=/d"],
    "harddrive": ["--partition=sda1 --dir=/d"],
    "ostreesetup": ["--osname=o --url=http://u --ref=r --remote=r"],
    "ostreecontainer": ["--url=u"],
    "bootc": ["--source-imgref=x"],
    "liveimg": ["--url=u"],
    "services": ["--disabled=x", "--enabled=x"],
    "authselect": ["select sssd", "select winbind"],
    "ignoredisk": ["--only-use=x", "--drives=x"],
    "firstboot": ["--enable"],
    "logging": ["", "--host=h"],
    "syspurpose": ["", "--role=x"],
    "rhsm": ["--organization=o --activation-key=k"],
    "zipl": ["--secure-boot"],
    "rdp": ["", "--username=a --password=b"],
    "eula": ["--agreed"],
}
# Values of options, where any text will not do.
VALUES = {
    "int": ("1", "2"),
    "boolean": ("yes", "no"),
    "mountpoint": ("/a", "/b"),
}
SPECIAL = {
    "--level": ("debug", "info"),
    "--disklabel": ("gpt", "msdos"),
    "--type": ("lvm", "plain"),
    "--url": ("http://a", "http://b"),
    "--port": ("1:tcp", "2:tcp"),
}
# Attributes that say nothing about the installation.
INNER = {"handler", "lineno", "currentCmd", "currentLine", "op", "seen", "preceededInclude", "errorCorrection"}

State = dict[str, str]


def state(version: str, command: str, lines: list[str]) -> State | None:
    """The attributes of a command after these lines; nothing when they are refused."""
    handler = makeVersion(versionMap[version])
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet):
            KickstartParser(handler).readKickstartFromString("\n".join(lines) + "\n")
    except Exception:  # whatever the reference raises: the line does not fit
        return None
    if isinstance(handler.commands[command].dataList(), list):
        return None
    attributes = vars(handler.commands[command]).items()
    plain = (str, int, bool, list, dict, set, type(None))
    return {k: repr(v) for k, v in attributes if k not in INNER and isinstance(v, plain)}


def changed(before: State, after: State) -> set[str]:
    """The attributes that differ."""
    return {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}


def values(option: dict[str, Any]) -> str:
    """The option with a value that it accepts."""
    name: str = option["names"][0]
    if option["takes"] == "flag":
        return name
    choices = option.get("choices") or SPECIAL.get(name) or VALUES.get(option["takes"]) or ("va", "vb")
    return f"{name}={choices[0]}"


def ask(version: str, name: str, table: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """For each option (and the word itself, and the positional argument) the attribute, and whether it is reset."""
    handler = makeVersion(versionMap[version])
    words = [w for w in table["words"] if w in handler.commands]
    found: dict[str, tuple[str, bool]] = {}
    if not words:
        return found
    command = name if name in words else words[0]
    bases = BASES.get(command, [""])
    usable = [(b, s) for b in bases if (s := state(version, command, [f"{command} {b}"])) is not None]
    for option in table.get("option", []):
        name_given = option["names"][0]
        # A base that has the option itself tells only of options that are always there.
        for base, plain in sorted(usable, key=lambda pair: name_given in pair[0]):
            with_option = state(version, command, [f"{command} {base} {values(option)}"])
            if with_option is None:
                continue
            attributes = changed(plain, with_option)
            if not attributes:
                continue
            again = state(version, command, [f"{command} {base} {values(option)}", f"{command} {base}"])
            if again is None:
                continue
            attribute = min(attributes, key=lambda a: ("'va'" not in with_option.get(a, ""), a))
            found[name_given] = (attribute, again.get(attribute) == plain.get(attribute))
            break
    # The positional argument, and words that share one object.
    for (base, one), (other, two) in itertools.pairwise(usable):
        if not base.startswith("-") and not other.startswith("-") and (attributes := changed(one, two)):
            found[""] = (min(attributes), False)
    if len(words) > 1 and usable:
        states = [state(version, command, [f"{w} {usable[0][0]}"]) for w in words]
        if all(s is not None for s in states) and any(s != states[0] for s in states):
            attributes = set().union(*(changed(states[0] or {}, s or {}) for s in states))
            found["word"] = (min(attributes), False)
    return found


def gather() -> str:
    """The Rust source."""
    lines = [
        "//! What is left of a command that is given again. Gathered by grammar/repeats.py from the reference",
        "//! (grammar/versions.toml says which); do not edit.",
        "",
        "use super::repeated::{Repeats, Slot};",
        "",
        "/// Commands that keep one object, by name.",
        "#[rustfmt::skip]",
        "pub(super) static REPEATS: &[Repeats] = &[",
    ]
    for path in sorted((HERE / "commands").glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        slots: dict[str, tuple[str, bool]] = {}
        for version in ASKED:
            slots.update(ask(version, path.stem, table))
        if not slots:
            continue
        words = ", ".join(f'"{w}"' for w in table["words"])
        lines.append(f"    Repeats {{\n        words: &[{words}],\n        slots: &[")
        for option, (attribute, resets) in sorted(slots.items()):
            given = {"": "Slot::positional", "word": "Slot::word"}.get(option)
            if given:
                lines.append(f'            {given}("{attribute}"),')
            else:
                kind = "resets" if resets else "keeps"
                lines.append(f'            Slot::{kind}("{option}", "{attribute}"),')
        lines.append("        ],\n    },")
    lines.append("];")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes or compares the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is not up to date")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    text = gather()
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if args.check:
        if old != text:
            diff = difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(TARGET), "gathered")
            sys.stdout.writelines(diff)
            raise SystemExit(1)
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
