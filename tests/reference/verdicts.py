#!/usr/bin/env python3
"""What the reference parser says of each text of a file, as JSON lines in the same order.

    verdicts.py FILE     JSON lines with "version", "text" and "made"

An answer is that of documents.py and, if the record has "made", what the reference makes of an accepted text; of one that it
refuses, "refused": the lines that it refuses, one after the other. The reference stops at the first one, so that line, or the
section that it begins, is made blank and the rest is read again. "also" has the lines of a single reading that goes on after
errors: there, a line that is refused has an effect on later ones.

Needs pykickstart (scripts/setup installs it in .venv).
"""

import contextlib
import io
import json
import multiprocessing
import os
import re
import sys
import warnings
from typing import Any

from documents import verdict
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion

# Most refused lines that are looked for.
MOST = 100


def made(version: str, text: str) -> str:
    """What the reference makes of a text that it accepts, as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = KickstartParser(makeVersion(version), followIncludes=False)
        parser.readKickstartFromString(text)
        return str(parser.handler)


def without(lines: list[str], number: int) -> list[str]:
    """The lines without the command or section that begins on this one, which are counted from 1."""
    end = number
    if lines[number - 1].lstrip().startswith("%") and not lines[number - 1].lstrip().startswith(
        ("%end", "%include", "%ksappend")
    ):
        while end < len(lines) and not lines[end].lstrip().startswith("%"):
            end += 1
        if end < len(lines) and lines[end].split()[0] == "%end":
            end += 1
    return [*lines[: number - 1], *["\n"] * (end - number + 1), *lines[end:]]


def refused(version: str, text: str) -> list[int] | None:
    """All lines that the reference refuses; None where it does not say which."""
    lines = text.splitlines(keepends=True)
    numbers: list[int] = []
    while len(numbers) < MOST:
        answer = verdict(version, "".join(lines))
        number = answer["line"]
        if answer["verdict"] == "accepted":
            return numbers
        if answer["verdict"] == "crashed" or number is None or not 0 < number <= len(lines) or number in numbers:
            return None
        numbers.append(number)
        lines = without(lines, number)
    return None


def going_on(version: str, text: str) -> list[int]:
    """The lines that the reference complains about when it goes on after errors."""
    errors = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stderr(errors), contextlib.redirect_stdout(errors):
        warnings.simplefilter("ignore")
        parser = KickstartParser(makeVersion(version), followIncludes=False, errorsAreFatal=False)
        try:
            parser.readKickstartFromString(text)
        except Exception as error:  # also one of the reference itself
            errors.write(str(error))
    return sorted({int(number) for number in re.findall(r"on line (\d+)", errors.getvalue())})


def work(line: str) -> dict[str, Any]:
    """The answer for one text."""
    record = json.loads(line)
    version, text = record["version"], record["text"]
    answer = verdict(version, text)
    if answer["verdict"] == "accepted":
        return dict(answer, made=made(version, text) if record["made"] else None, refused=[], also=[])
    return dict(answer, refused=refused(version, text), also=going_on(version, text))


def main() -> None:
    """Answers about all texts of a file."""
    with open(sys.argv[1], encoding="utf-8") as file, multiprocessing.Pool(min(4, os.cpu_count() or 2)) as pool:
        for answer in pool.imap(work, file, chunksize=25):
            print(json.dumps(answer))


if __name__ == "__main__":
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8")
    main()
