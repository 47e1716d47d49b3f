#!/usr/bin/env python3
"""Command lines of ksvalidator with what the reference's own ksvalidator answers, as JSON lines.

    validator.py SEED COUNT DIRECTORY    COUNT command lines over random documents, which are written into DIRECTORY

A command line has options in every form that the reference reads, wrong ones among them, and one to three files, patterns and
missing files. The answer is the exit status, and the file names and line numbers on each stream.

Needs pykickstart (scripts/setup installs it in .venv).
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import multiprocessing
import os
import random
import re
import sys
import tempfile
import types
import warnings
from typing import Any

from documents import RECENT, VERSIONS, generator


def reference() -> types.ModuleType:
    """The reference's program as a module."""
    path = os.path.join(os.path.dirname(sys.executable), "ksvalidator")
    loader = importlib.machinery.SourceFileLoader("ksvalidator", path)
    spec = importlib.util.spec_from_loader("ksvalidator", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


KSVALIDATOR = reference()
# The reference takes the names of a pattern in the order of the directory, which is any.
GLOB = KSVALIDATOR.glob.glob
KSVALIDATOR.__dict__["glob"] = types.SimpleNamespace(glob=lambda pattern: sorted(GLOB(pattern)))

# Forms of each option, and forms that are mistakes.
FLAGS = ["-e", "-i", "--firsterror", "--followincludes", "--fir", "--fo", "-ei", "-ie"]
MISTAKES = ["--f", "-x", "--nonsense", "-v", "--list=x", "-ex", "--version", "--", "-1", "- x", "-", "-l", "-h", "--li", "-first"]
OTHER_NAMES = ["DEVEL", "devel", "Fedora 40", "Fedora Core 5", "Red Hat Enterprise Linux 8.4"]
OTHER_NAMES += ["rhel9", "RHEL9.4", "", "F99", "nonsense"]
EMPTY = ["", "\n \t\n", "# a comment\n"]
ODD = [b"lang \xff\n", b"\xef\xbb\xbflang C\n", b"lang C\r\nkeyboard us\r\n", b"%include inc.ks\n", b"%include /nowhere\n%foo\n"]
ODD += [b"%ksappend inc.ks\nfoo\n", b"%ksappend\n", b"foo\n%ksappend /nowhere\n", b"%packages\n%include inc.ks\n-\n%end\n"]
ODD += [b"%include self.ks\n"]
# Lines with two faults, of which the reference reports the one that it finds first.
ODD += [b"network --device=a\nnetwork --device=a --bridgeopts=x\n", b"network\nnetwork --ipv4-dns-search=a\n"]
ODD += [b"logvol / --vgname=a --name=b --size=1\nlogvol / --vgname=a --name=b\n", b"raid / --device=a --level=1 b c\n" * 2]
ODD += [b"volgroup a pv.1\nvolgroup a pv.1 --reserved-percent=512\nvolgroup a --reserved-percent=512\n"]
ODD += [b"%anaconda\nx\n%post 'x\n%end\n", b"%packages\n-\n%end\n"]
ODD += [b"bar\n%include inc.ks\n%include inc.ks\nfoo\n", b"foo\n" * 300, b"part / --size=1\npart / --size=2\npart / --size=3\n"]
INCLUDED = ["lang C\n", "foo\nlang C\nbar\n", "%include deeper.ks\n", "vim\n"]


def document(seed: str, number: int, version: str) -> bytes:
    """The bytes of a document."""
    rng = random.Random(f"{seed} validator document {number}")
    if rng.random() < 0.02:
        return rng.choice(EMPTY).encode()
    if rng.random() < 0.08:
        return rng.choice(ODD)
    texts = [generator(version).document(rng) for _ in range(rng.choice([1, 1, 1, 2, 4, 8]))]
    return "".join(text + ("" if text.endswith("\n") else "\n") for text in texts[:-1] + texts[-1:]).encode()


def command_line(rng: random.Random, version: str, files: list[str]) -> list[str]:
    """Arguments: options in some order, files, seldom a mistake."""
    given = version if rng.random() < 0.9 else rng.choice(OTHER_NAMES)
    forms = [["-v", given], ["--version", given]]
    forms += [[start + given] for start in ("-v", "-v=", "--version=", "--ver=")]
    words = rng.choice(forms)
    options = [words] if rng.random() < 0.95 else []
    options += [[flag] for flag in rng.sample(FLAGS, rng.choice([0, 0, 0, 1, 1, 2]))]
    if rng.random() < 0.08:
        options.append([rng.choice(MISTAKES)])
    rng.shuffle(options)
    parts = options + [files] if rng.random() < 0.6 else [files, *options]
    if rng.random() < 0.03 and len(files) > 1:
        parts = [files[:1], *options, files[1:]]
    return [word for part in parts for word in part]


def lines_in(text: str) -> list[str]:
    """What programs look for: file names and line numbers, in order."""
    pattern = r"Checking kickstart file .*|line \d+|^Error reading .*|No files match|is not supported by pykickstart"
    pattern += r"|General error in input file|General kickstart error|File uses a deprecated option"
    return re.findall(pattern, text, re.MULTILINE)


def answer(arguments: list[str]) -> dict[str, Any]:
    """What the reference answers, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status, messages = KSVALIDATOR.main(arguments)
            for message in messages:
                print(message)
        except SystemExit as exit_:
            status = int(exit_.code or 0)
    texts = out.getvalue(), err.getvalue()
    return {"errors": status, "out": lines_in(texts[0]), "err": lines_in(texts[1]), "text": "".join(texts)}


def work(job: tuple[str, int, str, str]) -> dict[str, Any]:
    """One command line, run in a directory of its own."""
    seed, number, version, directory = job
    rng = random.Random(f"{seed} validator {number}")
    place = os.path.join(directory, str(number))
    os.mkdir(place)
    os.chdir(place)
    # The reference leaves copies in the directory for temporary files; relative includes are looked for there, too.
    tempfile.tempdir = os.path.join(directory, "tmp")
    names = []
    for n in range(rng.choice([1, 1, 1, 1, 2, 3])):
        name = "self.ks" if n == 0 and rng.random() < 0.3 else f"{n}.ks"
        with open(name, "wb") as file:
            file.write(document(seed, number * 3 + n, version))
        names.append(name)
    for name in ("inc.ks", "deeper.ks"):
        if rng.random() < 0.8:
            with open(name, "w", encoding="utf-8") as file:
                file.write(rng.choice(INCLUDED))
    if rng.random() < 0.04:
        os.mkdir("directory.ks")
        names.insert(rng.randint(0, len(names)), "directory.ks")
    if rng.random() < 0.04:
        os.symlink("nowhere", "link.ks")
        names.insert(rng.randint(0, len(names)), "link.ks")
    if rng.random() < 0.04:
        names.append(rng.choice(["missing.ks", "[0-9].ks", "?.k*", "sel[!x].ks", "nothing*"]))
    arguments = command_line(rng, version, names)
    return dict(answer(arguments), arguments=arguments, number=number)


def main() -> None:
    seed, count, directory = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])
    os.mkdir(os.path.join(directory, "tmp"))
    jobs = []
    for number in range(count):
        choice = RECENT if number % 2 else VERSIONS
        jobs.append((seed, number, choice[number // 2 % len(choice)], directory))
    # One version after the other, so that each worker makes few generators.
    jobs.sort(key=lambda job: job[2])
    with multiprocessing.Pool(min(4, os.cpu_count() or 2)) as pool:
        for record in pool.imap(work, jobs, chunksize=25):
            print(json.dumps(record))


if __name__ == "__main__":
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8")
    main()
