"""Counts the least that a pool can give for a tree that is written over a snapshot of another one.

    count_chunks.py OLD NEW

OLD is the mounted snapshot. Prints two numbers of bytes. The first is what writing in place costs: the distinct chunks of 64 KiB
of OLD's device that have a block of 4 KiB which NEW has with another content, or the inode of a file whose content, owner, mode
or time is another one, and the blocks that OLD does not have, in whole chunks. The second is what no way can go below: the blocks
alone, and the chunks of those inodes.
"""

import array
import fcntl
import os
import pathlib
import stat
import struct
import sys
from collections.abc import Iterator

BLOCK, CHUNK = 4 << 10, 64 << 10
FIEMAP, FIEMAP_FLAG_SYNC, AT_ONCE = 0xC020660B, 1, 256


def extents(path: pathlib.Path) -> Iterator[tuple[int, int, int]]:
    """Where a file's data are: logical and physical offset, length (FS_IOC_FIEMAP)."""
    start = 0
    with open(path, "rb") as file:
        while True:
            head = struct.pack("=QQIIII", start, (1 << 64) - 1 - start, FIEMAP_FLAG_SYNC, 0, AT_ONCE, 0)
            buffer = array.array("B", head + b"\0" * 56 * AT_ONCE)
            fcntl.ioctl(file, FIEMAP, buffer)
            mapped = struct.unpack_from("=I", buffer, 20)[0]
            last = mapped < AT_ONCE
            for number in range(mapped):
                logical, physical, length = struct.unpack_from("=QQQ", buffer, 32 + 56 * number)
                yield logical, physical, length
                start = logical + length
            if last:
                return


def blocks(path: pathlib.Path) -> list[bytes]:
    """The blocks of a file."""
    data = path.read_bytes()
    return [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]


def is_same(here: os.stat_result, there: os.stat_result) -> bool:
    """Whether two inodes have the same mode, owner and time."""
    one, other = ((s.st_mode, s.st_uid, s.st_gid, s.st_mtime_ns) for s in (here, there))
    return one == other


def present(path: pathlib.Path) -> os.stat_result | None:
    """The inode of a path, if there is one."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def places(path: pathlib.Path) -> dict[int, int]:
    """Where on the device each block of a file is."""
    found: dict[int, int] = {}
    for logical, physical, length in extents(path):
        found |= {(logical + at) // BLOCK: physical + at for at in range(0, length, BLOCK)}
    return found


def main(old: str, new: str) -> None:
    inode_size = 512 if kind_of(old) == b"xfs" else 256
    chunks: set[int] = set()
    inodes: set[int] = set()
    fresh = changed = 0
    for directory, subdirectories, names in os.walk(new):
        for name in [*names, *subdirectories]:
            path = pathlib.Path(directory, name)
            before = pathlib.Path(old, path.relative_to(new))
            here, there = path.lstat(), present(before)
            if there and stat.S_IFMT(there.st_mode) != stat.S_IFMT(here.st_mode):
                there = None
            differing: list[int] = []
            if stat.S_ISREG(here.st_mode):
                old_blocks = blocks(before) if there else []
                differing = [n for n, b in enumerate(blocks(path)) if n >= len(old_blocks) or old_blocks[n] != b]
            where = places(before) if there and differing else {}
            if there and (differing or not is_same(here, there)):
                inodes.add(there.st_ino * inode_size // CHUNK)
            changed += len(differing)
            fresh += sum(block not in where for block in differing)
            chunks |= {where[block] // CHUNK for block in differing if block in where}
    in_place = (len(chunks) + len(inodes)) * CHUNK + -(-fresh * BLOCK // CHUNK) * CHUNK
    print(in_place, changed * BLOCK + len(inodes) * CHUNK)


def kind_of(path: str) -> bytes:
    """The kind of the file system that is mounted at a path."""
    real = os.path.realpath(path).encode()
    for line in pathlib.Path("/proc/self/mountinfo").read_bytes().splitlines():
        before, _, after = line.partition(b" - ")
        if before.split()[4] == real:
            return after.split()[0]
    return b""


if __name__ == "__main__":
    main(*sys.argv[1:])
