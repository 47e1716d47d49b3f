#!/usr/bin/env python3
"""Kickstarts for the comparison with the reference parser, each with the reference's verdict, as JSON lines.

    documents.py SEED COUNT      COUNT random documents over all syntax versions, the same for the same SEED
    documents.py --crashes FILE  the documents of a TOML file, with the error that the reference raises

Needs pykickstart (scripts/setup installs it in .venv). The lines are made from what the reference's own classes accept as
options, with right and wrong values, abbreviations, quotes, comments and unusual line ends.
"""

import argparse
import functools
import io
import json
import multiprocessing
import os
import random
import shutil
import sys
import tomllib
import warnings
from typing import Any

from pykickstart.base import DeprecatedCommand, RemovedCommand
from pykickstart.errors import KickstartError, KickstartParseWarning
from pykickstart.handlers.control import commandMap
from pykickstart.parser import KickstartParser
from pykickstart.sections import CertificateSection, PackageSection, PostScriptSection, PreScriptSection, TracebackScriptSection
from pykickstart.version import makeVersion, versionMap

# Every option of a command asks how wide the terminal is: a quarter of the time that making a parser takes.
setattr(shutil, "get_terminal_size", functools.cache(shutil.get_terminal_size))  # noqa: B010

VERSIONS = sorted((v for v in versionMap if v != "DEVEL"), key=versionMap.get)

WORDS = [
    *"sda sda1 vg0 root pv.01 raid.01 home a,b x=1 none btrfs xfs swap tmpfs http://x/y file:///x luks2-hw mac".split(),
    *"static dhcp writeback vg0/root / /boot //x/ vlan.5 vlan7 em1.9999 eth0:7 stride=4".split(),
    "a b",
    "",
    *"-1 md0 0 1 RAID1 thinp LVM debug us none#x é none post-install sector use reconfigure join -- stratis".split(),
]
NUMBERS = ["1", "0", "512", "-5", "+5", "010", "1_000", "10G", "0x10", "1e3", "10.0", "", " 7 ", "٣", "99999999999999999999"]
BOOLEANS = ["yes", "NO", "on", "1", "0", "true", "y", "", "offf"]
SHARED = "--size --fstype --vgname --name --grow --ondisk --device --url --append --opts --utc --iscrypted".split()
SPACES = [" ", " ", " ", "  ", "\t"]
ENDS = ["\n"] * 20 + ["\r\n", "\r", "\x0b", "\u2028", "\x85"]
# Commands that affect each other are more interesting than others.
RELATED = (
    "part logvol volgroup raid autopart network ignoredisk mount reqpart timezone realm repo url bootloader snapshot keyboard "
    "services stratispool btrfs user"
).split()
REALMS = [
    "join x.org".split(),
    "join --no-password x.org".split(),
    "join --one-time-password".split(),
    "join --comp=ou x".split(),
    ["leave"],
    "join a b".split(),
    [],
]
PACKAGES = ["@core", "@^env", "vim # editor", "-@x", "-y", "@g --nodefaults", "@g --opt", "@a b", "", "# c", "%foo"]
PACKAGES += ["%include /nowhere"]
RARE_PACKAGES = ["@g --nod --optional", "-", "@g --=x"]
SCRIPT = ["echo 'x", "%foo", "# x", "", "if \\", "%include /x", "100%"]
SECTION_ENDS = [*["%end"] * 12, " %end", "%end trailing", "%end # c", "%end # don't", "\u00a0%end"]
# Lines between commands and sections. Some hold an invisible character.
OTHER_LINES = ["", "# comment", "%include /nowhere", "%include", "%ksappend http://x/y", "%end", "\x1f", "'' x", "lang 'en"]
OTHER_LINES += ["text \\", "<<<<<<< HEAD", "\ufeff# x", "\u00a0# x"]
# Versions that are installed today; they come more often.
RECENT = ["RHEL7", "RHEL8", "RHEL9", "RHEL10", "F46"]


def quote(rng: random.Random, word: str) -> str:
    """A word as someone might write it."""
    needs = not word or any(c in word for c in " #'\"\\")
    if rng.random() < 0.02:
        return word
    if needs or rng.random() < 0.06:
        mark = rng.choice("'\"")
        return mark + word + mark
    return word


def value(rng: random.Random, action: argparse.Action) -> str:
    """A value for an option or argument, mostly of the right type."""
    name = getattr(action.type, "__name__", None)
    if action.choices and rng.random() < 0.8:
        return str(rng.choice(list(action.choices)))
    if name == "int":
        return rng.choice(NUMBERS if rng.random() < 0.3 else NUMBERS[:6])
    if name == "ksboolean":
        return rng.choice(BOOLEANS)
    return rng.choice(WORDS)


def option(rng: random.Random, action: argparse.Action) -> str:
    """An option of the parser, mostly right."""
    string = rng.choice(action.option_strings)
    if rng.random() < 0.12 and len(string) > 4:
        string = string[: rng.randint(3, len(string))]
    if action.nargs == 0:
        return string if rng.random() < 0.97 else string + "=x"
    if rng.random() < 0.04:
        return string
    return string + rng.choice("= ") + quote(rng, value(rng, action))


def arguments(rng: random.Random, parser: argparse.ArgumentParser) -> list[str]:
    """The arguments of one command or section header."""
    out: list[str] = []
    actions = [a for a in parser._actions if a.option_strings]
    for action in actions:
        if action.required and rng.random() < 0.95:
            out.append(option(rng, action))
    for action in rng.sample(actions, min(len(actions), rng.choice([0, 1, 1, 2, 2, 3, 5]))):
        out.append(option(rng, action))
    for action in parser._actions:
        if not action.option_strings:
            count = rng.choice([1, 1, 1, 1, 0, 2]) if action.nargs in (None, 1, "?") else rng.choice([0, 1, 2, 3])
            for _ in range(count):
                out.insert(rng.randint(0, len(out)), quote(rng, value(rng, action)))
    if rng.random() < 0.06:
        out.insert(rng.randint(0, len(out)), rng.choice([*SHARED, "--", "-x", "extra", "''", "--bogus=1", "-5"]))
    if rng.random() < 0.10:
        rng.shuffle(out)
    if rng.random() < 0.05 and out:
        out.append(rng.choice(out))
    return out


class Generator:
    """Makes random documents of one syntax version."""

    def __init__(self, version: str) -> None:
        handler = makeVersion(version)
        self.words = sorted(handler.commands)
        self.parsers: dict[str, argparse.ArgumentParser | None] = {}
        for word in self.words:
            command = handler.commands[word]
            if not isinstance(command, (DeprecatedCommand, RemovedCommand)):
                self.parsers[word] = command.op if hasattr(command, "op") else None
        self.sections: dict[str, argparse.ArgumentParser] = {
            cls.sectionOpen: cls(handler)._getParser()
            for cls in (CertificateSection, PackageSection, PostScriptSection, PreScriptSection, TracebackScriptSection)
        }
        self.all_words = sorted({w for commands in commandMap.values() for w in commands})

    def command(self, rng: random.Random) -> str:
        """A line with a command, mostly right."""
        word = rng.choice(RELATED if rng.random() < 0.5 else self.words)
        if rng.random() < 0.04:
            word = rng.choice(self.all_words)
        if rng.random() < 0.01:
            word = rng.choice([word.upper(), word + "x", f"'{word}'", "\u00a0" + word, "--size=1"])
        parser = self.parsers.get(word)
        if parser is None:
            words = [rng.choice(WORDS + SHARED) for _ in range(rng.choice([0, 0, 1, 2]))]
            if word == "realm":
                words = rng.choice(REALMS)
            return " ".join([word] + [quote(rng, w) for w in words])
        return "".join([word] + [rng.choice(SPACES) + a for a in arguments(rng, parser)])

    def section(self, rng: random.Random) -> list[str]:
        """The lines of a section, which may lack its end."""
        name = rng.choice([*self.sections, "%packages", "%addon", "%onerror", "%pre-install", "%anaconda"])
        parser = self.sections.get(name)
        header = [name] + (arguments(rng, parser) if parser and rng.random() < 0.6 else [])
        if rng.random() < 0.02:
            header[0] = rng.choice(["%Packages", "%foo", "% post", "%end"])
        if name == "%certificate" and rng.random() < 0.8:
            header = [name, "--filename=x", rng.choice(["--dir=/x", "--type=anchor"])]
        rare = rng.random() < 0.1
        body = SCRIPT
        if name == "%packages":
            body = PACKAGES + RARE_PACKAGES if rare else PACKAGES
        lines = [" ".join(header)] + [rng.choice(body) for _ in range(rng.choice([0, 1, 2, 3]))]
        if rng.random() < 0.93:
            lines.append(rng.choice(SECTION_ENDS))
        return lines

    def document(self, rng: random.Random) -> str:
        """A document of a few commands, sections and other lines."""
        lines: list[str] = []
        for _ in range(rng.choice([1, 1, 1, 1, 1, 2, 3, 4])):
            roll = rng.random()
            if roll < 0.78:
                lines.append(self.command(rng))
            elif roll < 0.95:
                lines += self.section(rng)
            else:
                lines.append(rng.choice(OTHER_LINES))
        lines = [line + rng.choice(["", "", "", "", "", "", "", " # c", "#c", " "]) for line in lines]
        text = "".join(line + rng.choice(ENDS) for line in lines)
        return text if rng.random() < 0.9 else text.rstrip("\n")


def verdict(version: str, text: str) -> dict[str, Any]:
    """The reference's verdict on a document; includes are not followed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parser = KickstartParser(makeVersion(version), followIncludes=False)
        try:
            parser.readKickstartFromString(text)
        except KickstartError as error:
            return {"verdict": "rejected", "line": error.lineno, "message": error.message}
        except Exception as error:  # the reference itself fails
            return {"verdict": "crashed", "line": None, "message": f"{type(error).__name__}: {error}"}
        warned = [str(w.message) for w in caught if issubclass(w.category, KickstartParseWarning)]
        return {"verdict": "accepted", "line": None, "message": "; ".join(warned), "warned": bool(warned)}


@functools.cache
def generator(version: str) -> Generator:
    """The generator of a version; each worker makes it once."""
    return Generator(version)


def work(job: tuple[str, int, str]) -> dict[str, Any]:
    """One random document (seed, number, version) and its verdict."""
    seed, number, version = job
    text = generator(version).document(random.Random(f"{seed} {number}"))
    return dict(verdict(version, text), version=version, text=text, number=number)


def main() -> None:
    if sys.argv[1] == "--crashes":
        with open(sys.argv[2], "rb") as file:
            for crash in tomllib.load(file)["crash"]:
                print(json.dumps(dict(crash, **verdict(crash["version"], crash["text"]))))
        return
    seed, count = sys.argv[1], int(sys.argv[2])
    versions = [(RECENT if n % 2 else VERSIONS) for n in range(count)]
    jobs = [(seed, n, choice[n // 2 % len(choice)]) for n, choice in enumerate(versions)]
    # One version after the other, so that each worker makes few generators.
    jobs.sort(key=lambda job: job[2])
    with multiprocessing.Pool(min(4, os.cpu_count() or 2)) as pool:
        for record in pool.imap(work, jobs, chunksize=25):
            print(json.dumps(record))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8")
    main()
