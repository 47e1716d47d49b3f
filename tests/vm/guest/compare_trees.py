"""Compares two directory trees with all their metadata: kind, mode, owner, times, content, extended attributes (labels,
capabilities, access control lists), hard links, device numbers, holes.

    compare_trees.py EXPECTED FOUND [--ignore PATH]…
    compare_trees.py TREE

Prints a line for each difference and exits with status 1 if there is one; with one tree it prints a hash of everything. It
runs with the host's Python in user-mode Linux and shares no code with the program under test.
"""

import hashlib
import os
import stat
import sys
from typing import Any, NamedTuple

# What a hole may grow by at each end: the blocks of a squashfs are the coarsest.
GRAIN = 128 << 10


class Tree(NamedTuple):
    """A tree: what is known of each path, and the paths that are one file."""

    files: dict[bytes, dict[str, Any]]
    links: set[frozenset[bytes]]
    # The bytes of each regular file that are not in a hole, in whole grains.
    data: dict[bytes, int]


def content(path: bytes) -> str:
    """A hash of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def attributes(path: bytes) -> dict[str, bytes]:
    """The extended attributes of a file, of a link its own. (xfs shows access control lists a second time.)"""
    names = os.listxattr(path, follow_symlinks=False)
    return {k: os.getxattr(path, k, follow_symlinks=False) for k in names if not k.startswith("trusted.SGI_ACL_")}


def data_bytes(path: bytes, size: int) -> int:
    """How many bytes of a file are not in a hole, rounded out to whole grains."""
    grains = 0
    counted = position = 0
    with open(path, "rb", buffering=0) as file:
        while position < size:
            try:
                start = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # The rest is a hole.
                break
            position = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            first, end = max(start // GRAIN, counted), -(-position // GRAIN)
            grains, counted = grains + max(end - first, 0), max(end, counted)
    return grains * GRAIN


def read(top: bytes, ignored: frozenset[bytes] = frozenset()) -> Tree:
    """Reads a tree, except what is ignored and everything below it. It stays on one file system."""
    tree = Tree({}, set(), {})
    inodes: dict[int, set[bytes]] = {}
    device = os.lstat(top).st_dev

    def add(path: bytes, name: bytes) -> None:
        status = os.lstat(path)
        record: dict[str, Any] = {
            "kind": stat.S_IFMT(status.st_mode),
            "mode": oct(stat.S_IMODE(status.st_mode)),
            "owner": (status.st_uid, status.st_gid),
            "time": status.st_mtime_ns,
            "attributes": attributes(path),
        }
        tree.files[name] = record
        if stat.S_ISLNK(status.st_mode):
            record["target"] = os.readlink(path)
        elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            record["device"] = (os.major(status.st_rdev), os.minor(status.st_rdev))
        elif stat.S_ISREG(status.st_mode):
            record["size"], record["content"] = status.st_size, content(path)
            tree.data[name] = data_bytes(path, status.st_size)
        if stat.S_ISDIR(status.st_mode):
            if status.st_dev == device:
                for child in sorted(os.listdir(path)):
                    below = name + b"/" + child
                    if below not in ignored:
                        add(path + b"/" + child, below)
        else:
            inodes.setdefault(status.st_ino, set()).add(name)

    add(top, b"")
    tree.links.update(frozenset(names) for names in inodes.values())
    return tree


def differences(expected: Tree, found: Tree) -> list[str]:
    """What is different, one line each."""
    lines = []
    for name in sorted(expected.files.keys() | found.files.keys()):
        shown = name.decode("utf-8", "backslashreplace") or "/"
        if name not in found.files:
            lines.append(f"{shown!r} is missing")
        elif name not in expected.files:
            lines.append(f"{shown!r} should not be there")
        else:
            want, have = expected.files[name], found.files[name]
            lines += [
                f"{shown!r}: {key} is {have.get(key)}, expected {want.get(key)}"
                for key in sorted(want.keys() | have.keys())
                if want.get(key) != have.get(key)
            ]
            if found.data.get(name, 0) > expected.data.get(name, 0):
                lines.append(f"{shown!r}: {found.data[name]} bytes are not holes, expected {expected.data.get(name, 0)}")
    for names in expected.links ^ found.links:
        side = "should be" if names in expected.links else "should not be"
        lines.append(f"{sorted(names)} {side} one file")
    return lines


def digest(tree: Tree) -> str:
    """Equal for equal trees."""
    text = repr((sorted(tree.files.items()), sorted(sorted(names) for names in tree.links), sorted(tree.data.items())))
    return hashlib.sha256(text.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    if len(arguments) == 1:
        print(digest(read(os.fsencode(arguments[0]))))
        return 0
    ignored = frozenset(os.fsencode(arguments[n + 1]) for n, a in enumerate(arguments) if a == "--ignore")
    expected, found = (read(os.fsencode(top), ignored) for top in arguments[:2])
    lines = differences(expected, found)
    print("\n".join(lines[:40]) if lines else f"{len(found.files)} files are equal")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
