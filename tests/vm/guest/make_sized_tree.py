"""Makes a tree of files with the sizes of a system's, or a later build of it.

    make_sized_tree.py DIRECTORY MIB PERCENT

PERCENT of the bytes are in files that a later build has changed; 0 is the first build. Prints how many files and bytes there are,
and how many bytes changed.
"""

import os
import pathlib
import random
import sys

BUILT = 1_700_000_000
AVERAGE = 95_000  # bytes a file: 15,059 files in 1.4 GB (an oVirt Node of 2026)


def sizes(total: int) -> list[int]:
    """The sizes of the files: most are small, a few large."""
    chance = random.Random(15)
    found: list[int] = []
    while sum(found) < total:
        found += [min(int(chance.lognormvariate(8.7, 2.4)), 40 << 20) for _ in range(100)]
    return found


def main(directory: str, mib: str, percent: str) -> None:
    listed = sizes(int(mib) << 20)
    total = sum(listed)
    order = list(range(len(listed)))
    random.Random(16).shuffle(order)
    changed: set[int] = set()
    wanted, bytes_changed = total * int(percent) // 100, 0
    for number in order:
        if bytes_changed + listed[number] <= wanted:
            changed.add(number)
            bytes_changed += listed[number]
    for number, size in enumerate(listed):
        path = pathlib.Path(directory, f"{number % 97}", f"{number % 11}", f"file-{number}")
        path.parent.mkdir(parents=True, exist_ok=True)
        build = int(percent) if number in changed else 0
        chance = random.Random(number * 1000 + build)
        path.write_bytes(chance.randbytes(size if not build else int(size * chance.uniform(0.95, 1.05))))
        os.utime(path, (BUILT + build, BUILT + build))
    print(f"{len(listed)} files, {total >> 20} MiB, {bytes_changed >> 20} MiB changed")


if __name__ == "__main__":
    main(*sys.argv[1:])
