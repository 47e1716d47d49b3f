#!/usr/bin/env python3
"""Compares what the reference parser makes of texts before and after their layout was changed.

    layouts.py FILE     JSON lines with "version", "other" (another version), "before" and "after"

Prints each text of which the reference makes something else, in one of the two versions; the exit status is 1 then. Needs
pykickstart (scripts/setup installs it in .venv).
"""

import json
import multiprocessing
import os
import sys
import warnings

from pykickstart.errors import KickstartError
from pykickstart.parser import KickstartParser
from pykickstart.version import makeVersion


def handler(version: str, text: str) -> str:
    """What the reference makes of a text, as text; for one that it refuses, the kind of error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = KickstartParser(makeVersion(version), followIncludes=False)
        try:
            parser.readKickstartFromString(text)
            return str(parser.handler)
        except KickstartError:
            return "refused"
        except Exception as error:  # the reference itself fails
            return type(error).__name__


def difference(line: str) -> list[str]:
    """What differs in each of the two versions, in words."""
    record = json.loads(line)
    differences = []
    for version in (record["version"], record["other"]):
        before, after = (handler(version, record[which]) for which in ("before", "after"))
        if before != after:
            differences.append(
                f"--- {version}: {record['before']!r}\n    becomes {record['after']!r}\n"
                f"    the reference makes {before!r}\n    and then {after!r}"
            )
    return differences


def main() -> int:
    """Compares all texts of a file."""
    compared = differing = 0
    with open(sys.argv[1], encoding="utf-8") as file, multiprocessing.Pool(min(4, os.cpu_count() or 2)) as pool:
        for differences in pool.imap(difference, file, chunksize=25):
            compared += 2
            differing += len(differences)
            for what in differences:
                print(what)
    print(f"compared {compared}, differing {differing}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
