#!/usr/bin/env python3
"""What the reference parser accepts behind each command and section, in every version.

Prints a JSON line for each: its version, its word, whether it is deprecated, and its options. An option has its choices (null
where any value will do) and what the reference says against it when a line has only the option: "" unless it is unknown or its
choice is. Needs pykickstart (scripts/setup installs it in .venv).
"""

import json
import sys
import warnings
from typing import Any

from pykickstart.base import DeprecatedCommand, KickstartCommand, RemovedCommand
from pykickstart.errors import KickstartError
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion, versionMap

UNKNOWN = ("unrecognized arguments", "no such option", "unknown option", "invalid choice", "ambiguous option", "Unexpected arg")


def status(command: Any) -> str:
    """Whether a command is active, deprecated or removed, or fails on every line: whose `parse` it has."""
    owner = next(c for c in type(command).__mro__ if "parse" in c.__dict__)
    others = {DeprecatedCommand: "deprecated", RemovedCommand: "removed", KickstartCommand: "unusable"}
    return others.get(owner, "active")


def objection(version: Any, line: str) -> str:
    """What the reference says against a line that has an option it does not know; "" for every other line."""
    parser = KickstartParser(version, followIncludes=False)
    try:
        parser.readKickstartFromString(line)
    except KickstartError as error:
        return str(error) if any(mark in str(error) for mark in UNKNOWN) else ""
    except Exception:  # the reference itself fails on what the option lacks
        return ""
    return ""


def parser_of(which: Any) -> Any:
    """The argparse parser of a command or section; None for one that takes any words, or ignores them."""
    if isinstance(which, DeprecatedCommand):
        return None
    if hasattr(which, "op"):
        return which.op
    return which._getParser() if hasattr(which, "_getParser") else None


def described(version: Any, word: str, parser: Any, end: str) -> dict[str, Any]:
    """The options of a command or section."""
    options: dict[str, Any] = {}
    for name, action in getattr(parser, "_option_string_actions", {}).items():
        choices = list(action.choices) if action.choices is not None else None
        said = ""
        for value in choices or ["1"]:
            line = f"{word} {name}" if action.nargs == 0 else f"{word} {name}={value}"
            said = said or objection(version, line + "\n" + end)
        options[name] = {"choices": choices, "flag": action.nargs == 0, "objection": said}
    return options


def main() -> None:
    """Prints the lines of all versions, or of those that are named."""
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or [name for name in versionMap if name != "DEVEL"]:
        # One for the lines that are tried: they leave traces in it.
        handler, fresh = makeVersion(name), makeVersion(name)
        records = [
            (word, status(command), described(handler, word, parser_of(command), ""))
            for word, command in fresh.commands.items()
            if status(command) in ("active", "deprecated")
        ]
        for section in KickstartParser(fresh)._sections.values():
            options = described(handler, section.sectionOpen, parser_of(section), "%end\n")
            records.append((section.sectionOpen, "active", options))
        for word, is_now, options in records:
            print(json.dumps({"version": name, "word": word, "status": is_now, "options": options}))


if __name__ == "__main__":
    main()
