"""The recorded writes of a disk, and the disk as it was after any of them."""

import collections
import contextlib
import hashlib
import os
import pathlib
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import images

FLUSH, FUA, DISCARD = 1, 2, 4
MAGIC = 0x6A736677736872
# A sector of the BIOS boot partition behind GRUB's core; nothing uses it. A write there marks a moment in the log.
MARK_SECTOR = images.GPT_BIOS_START + 2040


def mark(text: str, device: str = "/dev/vda") -> str:
    """The command that marks this moment: everything written before it is on the disk, and so is the mark when it ends.

    (While a partition is mounted, closing the disk does not write what is in memory.)
    """
    write = f"dd of={device} seek={MARK_SECTOR} bs=512 count=1 conv=notrunc,sync,fsync 2>/dev/null"
    return f"sync; printf {text} | {write} || fail mark\n"


class Entry(NamedTuple):
    """An entry of a log: its first sector on the disk, its length in sectors, its flags, where its data is in the log."""

    sector: int
    length: int
    flags: int
    data: int


class Log:
    """A log of QEMU's blklogwrites (the format of dm-log-writes): sector, length and flags of each entry, then its data."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        # Bytes a sector.
        self.sector: int
        self.entries: list[Entry] = []
        self._sectors: dict[int, list[tuple[int, int]]] = {}
        with open(path, "rb") as file:
            magic, _, count, self.sector = struct.unpack("<QQQI", file.read(28))
            assert magic == MAGIC, f"{path} is not a log of writes"
            position = self.sector
            while len(self.entries) < count:
                file.seek(position)
                header = file.read(32)
                if len(header) < 32:
                    break
                sector, length, flags, _ = struct.unpack("<QQQQ", header)
                data = position + self.sector
                self.entries.append(Entry(sector, length, flags, data))
                position = data + (0 if flags & DISCARD else length * self.sector)

    def writes(self, number: int) -> bool:
        """Whether this entry changes bytes of the disk. A flush does not, and a discard need not."""
        entry = self.entries[number]
        return entry.length > 0 and not entry.flags & DISCARD

    def flushes(self, number: int) -> bool:
        """Whether this entry makes all earlier writes durable."""
        return bool(self.entries[number].flags & FLUSH)

    def durable(self, number: int) -> bool:
        """Whether this write is durable without a flush."""
        return bool(self.entries[number].flags & FUA)

    def place(self, number: int) -> int:
        """Where on the disk this entry writes, in bytes."""
        return self.entries[number].sector * self.sector

    def bytes_of(self, number: int) -> tuple[int, bytes]:
        """Where on the disk this entry writes, in bytes, and what."""
        entry = self.entries[number]
        with open(self.path, "rb") as file:
            file.seek(entry.data)
            return self.place(number), file.read(entry.length * self.sector)

    def sectors(self, number: int) -> list[tuple[int, int]]:
        """What this entry writes: for each sector its place on the disk, in bytes, and a hash of place and content."""
        if number not in self._sectors:
            position, data = self.bytes_of(number)
            parts = ((position + at, data[at : at + 512]) for at in range(0, len(data), 512))
            self._sectors[number] = [(place, sector_hash(place, content)) for place, content in parts]
        return self._sectors[number]

    def marked(self, text: str) -> int:
        """The number of the entry that wrote this mark."""
        for number in filter(self.writes, range(len(self.entries))):
            if self.place(number) == MARK_SECTOR * 512 and self.bytes_of(number)[1].startswith(text.encode()):
                return number
        raise AssertionError(f"the mark {text} is not in the log")


def sector_hash(place: int, content: bytes) -> int:
    """A hash of a sector's place and content."""
    digest = hashlib.blake2b(content, digest_size=16, salt=place.to_bytes(16, "little")).digest()
    return int.from_bytes(digest, "little")


class Written:
    """What has been written to a disk, as sums of its sectors' hashes, one sum for each block.

    The order of the writes does not count, and adding a write costs only what is in it. Sectors in the range `ignored` do not
    count.
    """

    BLOCK = 64 << 10

    def __init__(self, log: Log, ignored: range) -> None:
        self.log, self.ignored, self.upto = log, ignored, 0
        self.sectors: dict[int, int] = {}
        self.sums: dict[int, int] = collections.defaultdict(int)

    def _put(self, place: int, term: int) -> tuple[int, int]:
        """Sets the hash of a sector; returns its place and the hash that it had."""
        old = self.sectors.get(place, 0)
        self.sectors[place] = term
        if place not in self.ignored:
            self.sums[place // self.BLOCK] += term - old
        return place, old

    def forward(self, upto: int) -> None:
        """Adds the entries before number `upto`."""
        for number in filter(self.log.writes, range(self.upto, upto)):
            for place, term in self.log.sectors(number):
                self._put(place, term)
        self.upto = upto

    def sum(self, places: range) -> int:
        """Equal for disks that are equal in this range."""
        assert places.start % self.BLOCK == places.stop % self.BLOCK == 0
        return sum(term for number, term in self.sums.items() if number * self.BLOCK in places)

    @contextlib.contextmanager
    def also(self, numbers: Iterable[int]) -> Iterator[None]:
        """Also adds these later entries, as long as the context lasts."""
        undo = [self._put(place, term) for n in filter(self.log.writes, numbers) for place, term in self.log.sectors(n)]
        yield
        for place, old in reversed(undo):
            self._put(place, old)


class Replay:
    """A copy of a disk on which the log is played forward, starting from the state before the recording."""

    def __init__(self, before: pathlib.Path, log: Log, name: str) -> None:
        self.log, self.done = log, 0
        self.path = images.copy([before], name)[0]

    def forward(self, upto: int) -> None:
        """Writes the entries before number `upto` to the disk; there is no way back."""
        assert upto >= self.done, "a log can only be played forward"
        with open(self.path, "r+b") as disk:
            for number in filter(self.log.writes, range(self.done, upto)):
                self._write(disk, *self.log.bytes_of(number))
        self.done = upto

    @contextlib.contextmanager
    def also(self, numbers: Iterable[int]) -> Iterator[pathlib.Path]:
        """The disk with these later entries written to it, as long as the context lasts."""
        with open(self.path, "r+b") as disk:
            old = []
            for position, data in map(self.log.bytes_of, filter(self.log.writes, numbers)):
                disk.seek(position)
                old.append((position, disk.read(len(data))))
                self._write(disk, position, data)
            yield self.path
            for position, data in reversed(old):
                self._write(disk, position, data)

    @staticmethod
    def _write(disk: BinaryIO, position: int, data: bytes) -> None:
        disk.seek(position)
        disk.write(data)
        disk.flush()


def copy_beginning(disk: pathlib.Path, target: pathlib.Path, end: int) -> None:
    """Makes a sparse copy of a disk that has the disk's size but only the content before byte `end`."""
    with open(disk, "rb") as source, open(target, "wb") as copy:
        size, position = os.fstat(source.fileno()).st_size, 0
        while position < end:
            try:
                start = os.lseek(source.fileno(), position, os.SEEK_DATA)
            except OSError:  # The rest is a hole.
                break
            position = min(os.lseek(source.fileno(), start, os.SEEK_HOLE), end)
            copy.seek(start)
            while start < position:
                start += os.sendfile(copy.fileno(), source.fileno(), start, position - start)
        copy.truncate(size)
