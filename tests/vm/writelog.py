"""A recorded log of a disk's writes, and the disk as it was after any of them."""

import collections
import contextlib
import functools
import hashlib
import os
import struct

import images

FLUSH, FUA, DISCARD = 1, 2, 4
# A sector of the BIOS boot partition behind GRUB's core; nothing uses it. What is written there marks a moment in the log.
MARK_SECTOR = images.GPT_BIOS_START + 2040


def mark(text, device="/dev/vda"):
    """The command that marks this moment: all that was written before it is on the disk, and the mark is when it ends. (While a
    partition is mounted, closing the disk does not write what is in memory.)"""
    return f"sync; printf {text} | dd of={device} seek={MARK_SECTOR} bs=512 count=1 conv=notrunc,sync,fsync 2>/dev/null || fail mark\n"


class Log:
    """A log of QEMU's blklogwrites (the format of dm-log-writes): sector, length and flags of each entry, then its data."""

    def __init__(self, path):
        self.path, self.entries = path, []
        with open(path, "rb") as file:
            magic, _, count, self.sector = struct.unpack("<QQQI", file.read(28))
            assert magic == 0x6A736677736872, "no log of writes"
            position = self.sector
            while len(self.entries) < count:
                file.seek(position)
                header = file.read(32)
                if len(header) < 32:
                    break
                sector, length, flags, _ = struct.unpack("<QQQQ", header)
                data = position + self.sector
                self.entries.append((sector, length, flags, data))
                position = data + (0 if flags & DISCARD else length * self.sector)

    def writes(self, number):
        """Whether this entry changes bytes of the disk. A flush does not, and a discard need not."""
        _, length, flags, _ = self.entries[number]
        return length > 0 and not flags & DISCARD

    def flushes(self, number):
        """Whether this entry makes all writes before it durable."""
        return bool(self.entries[number][2] & FLUSH)

    def durable(self, number):
        """Whether this write does not wait for a flush."""
        return bool(self.entries[number][2] & FUA)

    def place(self, number):
        """Where on the disk this entry writes, in bytes."""
        return self.entries[number][0] * self.sector

    def bytes_of(self, number):
        """Where on the disk this entry writes, and what."""
        _, length, _, data = self.entries[number]
        with open(self.path, "rb") as file:
            file.seek(data)
            return self.place(number), file.read(length * self.sector)

    @functools.cache
    def sectors(self, number):
        """What this entry writes: for each sector, its place on the disk in bytes, and a hash of place and content."""
        position, data = self.bytes_of(number)
        return [
            (
                place,
                int.from_bytes(
                    hashlib.blake2b(
                        data[place - position : place - position + 512], digest_size=16, salt=place.to_bytes(16, "little")
                    ).digest(),
                    "little",
                ),
            )
            for place in range(position, position + len(data), 512)
        ]

    def marked(self, text):
        """The number of the entry that wrote this mark."""
        for number in filter(self.writes, range(len(self.entries))):
            if self.place(number) == MARK_SECTOR * 512:
                if self.bytes_of(number)[1].startswith(text.encode()):
                    return number
        raise AssertionError(f"the mark {text} is not in the log")


class Written:
    """What has been written to a disk, as sums of its sectors' hashes, one sum for each block: the order in which they came
    does not count, and another write costs what is in it. What lies in the range `ignored` does not count."""

    BLOCK = 64 << 10

    def __init__(self, log, ignored):
        self.log, self.ignored, self.upto = log, ignored, 0
        self.sectors, self.sums = {}, collections.defaultdict(int)

    def _put(self, place, term):
        old = self.sectors.get(place, 0)
        self.sectors[place] = term
        if place not in self.ignored:
            self.sums[place // self.BLOCK] += term - old
        return place, old

    def forward(self, upto):
        """Adds the entries before number `upto`."""
        for number in filter(self.log.writes, range(self.upto, upto)):
            for place, term in self.log.sectors(number):
                self._put(place, term)
        self.upto = upto

    def sum(self, places):
        """Equal for disks to which the same has come in this range."""
        assert places.start % self.BLOCK == places.stop % self.BLOCK == 0
        return sum(term for number, term in self.sums.items() if number * self.BLOCK in places)

    @contextlib.contextmanager
    def also(self, numbers):
        """With these later entries, too, as long as the context lasts."""
        undo = [self._put(place, term) for n in filter(self.log.writes, numbers) for place, term in self.log.sectors(n)]
        yield
        for place, old in reversed(undo):
            self._put(place, old)


class Replay:
    """A copy of the disk as it was before, on which the log is played forward."""

    def __init__(self, before, log, name):
        self.log, self.done = log, 0
        self.path = images.copy([before], name)[0]

    def forward(self, upto):
        """Brings the entries before number `upto` onto the disk; there is no way back."""
        assert upto >= self.done, "a log is played forward only"
        with open(self.path, "r+b") as disk:
            for number in filter(self.log.writes, range(self.done, upto)):
                self._write(disk, *self.log.bytes_of(number))
        self.done = upto

    @contextlib.contextmanager
    def also(self, numbers):
        """The disk with these later entries on it, too, as long as the context lasts."""
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
    def _write(disk, position, data):
        disk.seek(position)
        disk.write(data)
        disk.flush()


def copy_beginning(disk, target, end):
    """A sparse copy of a disk, of its size, with only what is before `end`."""
    with open(disk, "rb") as source, open(target, "wb") as copy:
        size, position = os.fstat(source.fileno()).st_size, 0
        while position < end:
            try:
                start = os.lseek(source.fileno(), position, os.SEEK_DATA)
            except OSError:  # No data behind it.
                break
            position = min(os.lseek(source.fileno(), start, os.SEEK_HOLE), end)
            copy.seek(start)
            while start < position:
                start += os.sendfile(copy.fileno(), source.fileno(), start, position - start)
        copy.truncate(size)
