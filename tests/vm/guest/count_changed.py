"""Counts what differs between two trees, in the least that any way of writing can do.

    count_changed.py OLD NEW

Prints two numbers of bytes: in blocks of 4 KiB of a file of NEW that the file of the same name in OLD does not have at the same
place, and in the chunks of 64 KiB that these blocks are in.
"""

import os
import pathlib
import sys

BLOCK, CHUNK = 4 << 10, 64 << 10


def blocks(path: pathlib.Path) -> list[bytes]:
    """The blocks of a file."""
    data = path.read_bytes()
    return [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]


def main(old: str, new: str) -> None:
    changed = chunks = 0
    for directory, _, names in os.walk(new):
        for name in names:
            path = pathlib.Path(directory, name)
            if path.is_symlink() or not path.is_file():
                continue
            before = pathlib.Path(old, path.relative_to(new))
            there = blocks(before) if before.is_file() and not before.is_symlink() else []
            differing = [n for n, block in enumerate(blocks(path)) if n >= len(there) or there[n] != block]
            changed += len(differing)
            chunks += len({n * BLOCK // CHUNK for n in differing})
    print(changed * BLOCK, chunks * CHUNK)


if __name__ == "__main__":
    main(*sys.argv[1:])
