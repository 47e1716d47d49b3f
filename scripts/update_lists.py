#!/usr/bin/env python3
"""Writes the lists of known values in grammar/values from the packages that define them.

    scripts/update_lists.py [--root DIR] [--comps DIR] [--check]

Names are read below DIR (default /): tzdata, locales, xkb-data, console-data and firewalld of Debian, and kbd of Fedora,
installed or unpacked there; keymaps.txt has those of kbd 2.10. DIR of --comps has files of groups (comps*.xml.in of
fedora-comps); groups.txt has those of Fedora 7 to 41, EPEL 7 to 9, ELN and Enterprise Linux 4 to 7. A package that is not there
is skipped, with a line. A name that is in a list stays in it: releases drop few names, and an old kickstart is read with them.
--check writes nothing; it ends with status 1 if a name of an installed package is missing.
"""

import argparse
import errno
import html
import pathlib
import re
import sys
from collections.abc import Callable, Iterator

LISTS = pathlib.Path(__file__).resolve().parent.parent / "grammar" / "values"


def time_zones(root: pathlib.Path) -> Iterator[str]:
    for line in (root / "usr/share/zoneinfo/tzdata.zi").read_text().splitlines():
        words = line.split()
        if words and words[0] == "Z":
            yield words[1]
        elif words and words[0] == "L":
            yield words[2]


def locales(root: pathlib.Path) -> Iterator[str]:
    for line in (root / "usr/share/i18n/SUPPORTED").read_text().splitlines():
        name = line.split()[0] if line.strip() and not line.startswith("#") else ""
        # en_US.UTF-8, uz_UZ.UTF-8@cyrillic: the character set is not part of the name.
        if name:
            yield re.sub(r"\.[^@]*", "", name)


def layouts(root: pathlib.Path) -> Iterator[str]:
    section = ""
    for line in (root / "usr/share/X11/xkb/rules/base.lst").read_text().splitlines():
        if line.startswith("!"):
            section = line.split()[1]
        elif section == "layout" and line.split():
            yield line.split()[0]
        elif section == "variant" and ":" in line:
            variant, layout = line.split(":")[0].split()
            yield f"{layout} ({variant})"


def keymaps(root: pathlib.Path) -> Iterator[str]:
    for file in (root / "usr/share/keymaps").rglob("*.kmap.gz"):
        yield file.name.removesuffix(".kmap.gz")
    for kind in ("i386", "mac/all", "legacy/i386", "legacy/mac/all"):
        for file in (root / "usr/lib/kbd/keymaps" / kind).rglob("*.map.gz"):
            if file.parent.name != "include":
                yield file.name.removesuffix(".map.gz")
    # systemd-localed converts the layouts of X: us, de-nodeadkeys.
    for name in layouts(root):
        yield name.replace(" (", "-").removesuffix(")")


def firewall_services(root: pathlib.Path) -> Iterator[str]:
    for file in (root / "usr/lib/firewalld/services").glob("*.xml"):
        yield file.stem


def groups(comps: pathlib.Path) -> Iterator[str]:
    files = sorted(comps.glob("comps*.xml*"))
    if not files:
        raise FileNotFoundError(errno.ENOENT, "no groups", f"{comps}/comps*.xml")
    for file in files:
        for element in re.findall(r"<(?:group|environment)>.*?</(?:group|environment)>", file.read_text(), re.DOTALL):
            # Names are _name in files that are translated later; translations have a language.
            for name in re.findall(r"<(?:id|_?name)>([^<]*)<", element):
                yield html.unescape(name).strip().lower()


SOURCES: dict[str, Callable[[pathlib.Path], Iterator[str]]] = {
    "time-zones": time_zones,
    "locales": locales,
    "layouts": layouts,
    "keymaps": keymaps,
    "firewall-services": firewall_services,
    "groups": groups,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("/"))
    parser.add_argument("--comps", type=pathlib.Path, default=pathlib.Path("/usr/share/comps"))
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    status = 0
    for name, source in SOURCES.items():
        path = LISTS / f"{name}.txt"
        known = set(path.read_text().splitlines()) if path.exists() else set()
        try:
            found = set(source(arguments.comps if source is groups else arguments.root))
        except FileNotFoundError as error:
            print(f"{name}: skipped, there is no {error.filename}")
            continue
        if missing := sorted(found - known):
            print(f"{name}: {len(missing)} new: {', '.join(missing[:10])}")
        if arguments.check:
            status |= bool(missing)
        else:
            path.write_text("".join(f"{n}\n" for n in sorted(known | found, key=str.encode)))
    return status


if __name__ == "__main__":
    sys.exit(main())
