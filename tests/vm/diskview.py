"""What is on a disk, as programs other than the machine's kernel see it: GRUB's own drivers, the firmware's view of FAT, and
the thin pool's own tools.

All of it runs on the host, on the bare disk: like a boot loader, it replays no journal.
"""

import fnmatch
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import BinaryIO, NamedTuple

import packages

SECTOR = 512
LVM_HEADER = b"\x20LVM2\x20x[5A%r0N*>"


def found(pattern: str, text: str) -> re.Match[str]:
    """The first match of a pattern in a description that a disk holds."""
    match = re.search(pattern, text, re.M)
    assert match, f"nothing matches {pattern!r} in: {text}"
    return match


def partitions(disk: pathlib.Path) -> dict[int, int]:
    """The first byte of each partition, by the partition's number."""
    table = json.loads(packages.run("sfdisk", "-J", disk))["partitiontable"]
    return {number: p["start"] * SECTOR for number, p in enumerate(table["partitions"], 1)}


class VolumeGroup:
    """LVM's description of a volume group, to which the header of the physical volume at byte `start` points."""

    def __init__(self, disk: pathlib.Path, start: int) -> None:
        with open(disk, "rb") as file:
            file.seek(start + 4096)
            header = file.read(SECTOR)
            assert header[4:20] == LVM_HEADER, "LVM's metadata area has no header"
            area, offset, size = (int.from_bytes(header[at : at + 8], "little") for at in (32, 40, 48))
            file.seek(start + 4096 + offset)
            text = file.read(min(size, area - offset))
            if len(text) < size:  # The area is a ring buffer behind its header, the first sector.
                file.seek(start + 4096 + SECTOR)
                text += file.read(size - len(text))
        self.text, self.start = text.rstrip(b"\0").decode(), start
        self.extent = number("extent_size", self.text) * SECTOR
        self.data_start = start + number("pe_start", self.text) * SECTOR
        # LVM writes its descriptions here, one version behind the other.
        self.ring = range(start + 4096 + SECTOR, start + 4096 + area)

    def place(self, volume: str) -> range:
        """The bytes of the disk that belong to this volume, which must have one segment (hidden volumes of the images do)."""
        text = self.text[found(rf"^\s*{volume} {{", self.text).start() :]
        first = self.data_start + int(found(r'stripes = \[\s*"pv0", (\d+)', text)[1]) * self.extent
        return range(first, first + number("extent_count", text) * self.extent)

    def device(self, volume: str) -> int:
        """The number of a thin volume's device in the pool."""
        text = self.text[found(rf"^\s*{re.escape(volume)} {{", self.text).start() :]
        return number("device_id", text)

    def devices(self) -> set[int]:
        """The thin devices that LVM knows."""
        return {int(d) for d in re.findall(r"\bdevice_id = (\d+)", self.text)}


def number(name: str, text: str) -> int:
    """The first number with this name in LVM's description."""
    return int(found(rf"\b{name} = (\d+)", text)[1])


class PoolPlaces(NamedTuple):
    """Where the metadata and data of a thin pool are on the disk, and how many bytes a chunk has."""

    metadata: range
    data: range
    chunk: int


def pool_places(group: VolumeGroup) -> PoolPlaces:
    """Where the group's thin pool is."""
    metadata, data = (group.place(found(rf'\b{name} = "(\w+)"', group.text)[1]) for name in ("metadata", "pool"))
    return PoolPlaces(metadata, data, number("chunk_size", group.text) * SECTOR)


class Pool:
    """The thin pool of a volume group: its metadata, checked by thin_check, and what thin_dump prints about it.

    `scratch` is a file for a copy of the metadata.
    """

    def __init__(self, disk: pathlib.Path, group: VolumeGroup, scratch: pathlib.Path) -> None:
        self.metadata, self.data, self.chunk = pool_places(group)
        with open(disk, "rb") as file, open(scratch, "wb") as copy:
            file.seek(self.metadata.start)
            copy.write(file.read(len(self.metadata)))
        packages.run("thin_check", "-q", scratch)
        self.dump = packages.run("thin_dump", scratch)
        value = r'="(\d+)"'
        self.devices = {int(d) for d in re.findall("<device dev_id" + value, self.dump)}
        self.transaction = int(found(" transaction" + value, self.dump)[1])
        self.mapped = {int(b) for b in re.findall("<single_mapping [^>]*data_block" + value, self.dump)}
        for first, length in re.findall(f"<range_mapping [^>]*data_begin{value} length{value}", self.dump):
            self.mapped.update(range(int(first), int(first) + int(length)))

    def is_mapped(self, position: int) -> bool:
        """Whether any volume maps the chunk that contains this byte of the disk."""
        return (position - self.data.start) // self.chunk in self.mapped


class Boot(NamedTuple):
    """How a boot loader sees a disk."""

    # Why the default entry cannot boot, if it cannot.
    lost: str | None
    # The kernel arguments of the default entry.
    arguments: list[str]
    # Equal for disks that the boot loader cannot tell apart.
    key: str
    # The kernel arguments of the entry that boots once, before the default; none if there is no such entry.
    once: Sequence[str] = ()


def entry_lines(text: str) -> dict[str, str]:
    """The values of a boot entry, by their key."""
    pairs = (line.partition(" ") for line in text.splitlines() if line.strip())
    return {key: value for key, _, value in pairs}


def files_of(lines: Mapping[str, str]) -> list[str]:
    """The files that a boot entry names: kernel and initramfs."""
    return [path for key in ("linux", "initrd") for path in lines.get(key, "").split()]


class Grub:
    """A disk as GRUB reads it: with GRUB's own file system drivers, as a program (grub-fstest)."""

    def __init__(self, disk: pathlib.Path, _starts: Mapping[int, int]) -> None:
        self.command = [*packages.grub_command("grub-fstest"), "-r", "loop0,gpt3", str(disk)]

    def _ask(self, *question: str) -> bytes | None:
        """The output of a command of grub-fstest, if it succeeds."""
        done = subprocess.run([*self.command, *question], capture_output=True, check=False)
        return None if done.returncode else done.stdout

    def look(self) -> Boot:
        """What boots by default, and whether it can: reads everything that the boot loader reads."""
        block, config = self._ask("cat", "/grub2/grubenv"), self._ask("cat", "/grub2/grub.cfg")
        listing = self._ask("ls", "/loader/entries/")
        seen = hashlib.sha256(repr((block, config)).encode())
        if not config or listing is None:
            return Boot("GRUB cannot read /boot", [], seen.hexdigest())
        entries: dict[str, dict[str, str]] = {}
        missing: dict[str, list[str]] = {}
        for name in sorted(n for n in listing.decode().split() if n.endswith(".conf")):
            text = (self._ask("cat", f"/loader/entries/{name}") or b"").decode("utf-8", "replace")
            entry = name.removesuffix(".conf")
            entries[entry] = entry_lines(text)
            checksums = {path: self._ask("crc", path) for path in files_of(entries[entry])}
            seen.update(repr((name, text, checksums)).encode())
            missing[entry] = [path for path, checksum in checksums.items() if not checksum]
        if block is None or len(block) != 1024 or not block.startswith(b"# GRUB Environment Block\n"):
            return Boot("grubenv is not an environment block", [], seen.hexdigest())
        variables = dict(re.findall(r"^(\w+)=(.*)$", block.decode("utf-8", "replace"), re.M))
        default, once = variables.get("saved_entry", ""), variables.get("next_entry", "")
        lost = why_not(default, entries, missing)
        if once and not lost:
            lost = why_not(once, entries, missing)
        if (fallback := variables.get("fallback")) and not lost and position(default, entries) != fallback:
            lost = f"fallback is {fallback}, but the default entry is number {position(default, entries)}"
        return Boot(lost, arguments_of(default, entries), seen.hexdigest(), arguments_of(once, entries))


def arguments_of(entry: str, entries: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The kernel arguments of an entry; none if it does not exist."""
    return entries.get(entry, {}).get("options", "").split()


def why_not(entry: str, entries: Mapping[str, Mapping[str, str]], missing: Mapping[str, Sequence[str]]) -> str | None:
    """Why an entry cannot boot, if it cannot."""
    lines = entries.get(entry)
    if lines is None:
        return f"the entry '{entry}' does not exist"
    if not lines.get("linux") or not lines.get("initrd") or not lines.get("options"):
        return f"the entry '{entry}' is incomplete"
    return f"the entry '{entry}' names {missing[entry]}, which GRUB cannot read" if missing[entry] else None


def position(entry: str, entries: Collection[str]) -> str:
    """The number of an entry in the menu of upstream's blscfg: newest version first."""
    command = ["sort", "--version-sort", "--reverse"]
    listed = subprocess.run(command, input="\n".join(entries), capture_output=True, text=True, check=True).stdout.split()
    return str(listed.index(entry)) if entry in listed else ""


class DirectoryEntry(NamedTuple):
    """An entry of a FAT directory. The size is in bytes."""

    attributes: int
    cluster: int
    size: int


class Fat:
    """A FAT16 or FAT32 file system as firmware reads it: the first of its tables, and long names. It begins at byte `start`."""

    DIRECTORY, LABEL, LONG = 0x10, 0x08, 0x0F
    DELETED = 0xE5

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.file, self.start = file, start
        boot = self._bytes(0, SECTOR)
        sector, per_cluster, reserved, tables, root_slots = struct.unpack_from("<HBHBH", boot, 11)
        sectors = struct.unpack_from("<H", boot, 19)[0] or struct.unpack_from("<I", boot, 32)[0]
        table = struct.unpack_from("<H", boot, 22)[0] or struct.unpack_from("<I", boot, 36)[0]
        self.cluster, root_at = sector * per_cluster, (reserved + tables * table) * sector
        self.data = root_at + root_slots * 32
        self.clusters = (sectors * sector - self.data) // self.cluster
        assert self.clusters >= 4085, "FAT12 is not supported"
        kind, self.mask = ("H", 0xFFFF) if self.clusters < 65525 else ("I", 0xFFFFFFF)
        self.next = struct.unpack_from(f"<{self.clusters + 2}{kind}", self._bytes(reserved * sector, table * sector))
        root = self._bytes(root_at, root_slots * 32) if root_slots else self._chain(struct.unpack_from("<I", boot, 44)[0])
        self.root = self._entries(root)

    def _bytes(self, at: int, length: int) -> bytes:
        self.file.seek(self.start + at)
        return self.file.read(length)

    def _chain(self, cluster: int) -> bytes:
        """The content of a chain of clusters that begins with this one."""
        runs: list[list[int]] = []
        seen: set[int] = set()
        while True:
            assert 2 <= cluster < self.clusters + 2 and cluster not in seen, f"a chain of clusters leads to {cluster}"
            seen.add(cluster)
            following = self.next[cluster] & self.mask
            assert following, f"cluster {cluster} of a chain is free"
            if runs and runs[-1][0] + runs[-1][1] == cluster:
                runs[-1][1] += 1
            else:
                runs.append([cluster, 1])
            if following >= self.mask - 7:
                break
            cluster = following
        return b"".join(self._bytes(self.data + (first - 2) * self.cluster, n * self.cluster) for first, n in runs)

    @classmethod
    def _entries(cls, slots: bytes) -> dict[str, DirectoryEntry]:
        """The entries of a directory, by their name in lower case."""
        entries: dict[str, DirectoryEntry] = {}
        # Of a long name, by their number: the checksum of the short name that they belong to, and some of the characters.
        parts: dict[int, tuple[int, bytes]] = {}
        for at in range(0, len(slots), 32):
            slot = slots[at : at + 32]
            if not slot[0]:
                break
            if slot[0] == cls.DELETED:
                parts = {}
            elif slot[11] == cls.LONG:
                parts[slot[0] & 0x3F] = (slot[13], slot[1:11] + slot[14:26] + slot[28:32])
            else:
                name = cls._long_name(parts, slot[:11])
                if name is None:
                    name = (slot[:8].rstrip() + (b"." + slot[8:11]).rstrip(b" .")).decode("latin-1")
                parts = {}
                if not slot[11] & cls.LABEL:
                    high, low, size = struct.unpack_from("<H4xHI", slot, 20)
                    entries[name.lower()] = DirectoryEntry(slot[11], high << 16 | low, size)
        return entries

    @staticmethod
    def _long_name(parts: Mapping[int, tuple[int, bytes]], short: bytes) -> str | None:
        """The name in these parts, if they are complete and belong to this short name."""
        check = 0
        for byte in short:
            check = ((check & 1) << 7) + (check >> 1) + byte & 0xFF
        if not parts or sorted(parts) != list(range(1, len(parts) + 1)) or {c for c, _ in parts.values()} != {check}:
            return None
        return b"".join(parts[n][1] for n in sorted(parts)).decode("utf-16-le").partition("\0")[0]

    def directory(self, path: str) -> dict[str, DirectoryEntry]:
        """A directory's entries; {} if it does not exist."""
        entries = self.root
        for part in filter(None, path.lower().split("/")):
            entry = entries.get(part)
            if not entry or not entry.attributes & self.DIRECTORY:
                return {}
            entries = self._entries(self._chain(entry.cluster))
        return entries

    def read(self, path: str) -> bytes | None:
        """A file's content; None if it does not exist."""
        directory, _, name = path.lower().rpartition("/")
        entry = self.directory(directory).get(name)
        if not entry or entry.attributes & self.DIRECTORY:
            return None
        content = self._chain(entry.cluster) if entry.size else b""
        assert len(content) >= entry.size, f"{path} has {entry.size} bytes, but its chain of clusters only {len(content)}"
        return content[: entry.size]


class SystemdBoot:
    """A disk as systemd-boot reads it through the firmware: loader.conf on the EFI system partition, entries on XBOOTLDR."""

    def __init__(self, disk: pathlib.Path, starts: Mapping[int, int]) -> None:
        self.disk, self.starts = disk, starts

    def look(self) -> Boot:
        """What boots by default, and whether it can: reads everything that the boot loader reads."""
        seen: list[bytes] = []
        try:
            with open(self.disk, "rb") as file:
                lost, arguments = self._default(Fat(file, self.starts[2]), Fat(file, self.starts[3]), seen)
        except (AssertionError, UnicodeDecodeError) as error:
            lost, arguments = f"the boot loader cannot read its files: {error}", []
        return Boot(lost, arguments, hashlib.sha256(b"".join(seen)).hexdigest())

    @staticmethod
    def _default(esp: Fat, boot: Fat, seen: list[bytes]) -> tuple[str | None, list[str]]:
        """Why the default entry cannot boot, if it cannot, and its kernel arguments. Adds what was read to `seen`."""
        config = (esp.read("/loader/loader.conf") or b"").decode()
        seen.append(config.encode())
        entries: dict[str, dict[str, str]] = {}
        missing: dict[str, Sequence[str]] = {}
        for name in sorted(n for n in boot.directory("/loader/entries") if n.endswith(".conf") and not n.startswith(".")):
            text = (boot.read(f"/loader/entries/{name}") or b"").decode("utf-8", "replace")
            lines = entry_lines(text)
            files = {path: boot.read(path) for path in files_of(lines)}
            # systemd-boot ignores an entry whose kernel does not exist.
            if files.get(lines.get("linux", "")):
                checksums = {path: zlib.crc32(data or b"") for path, data in files.items()}
                seen.append(repr((name, text, checksums)).encode())
                entries[name], missing[name] = lines, [path for path, data in files.items() if not data]
        wanted = re.findall(r"^default\s+(\S+)", config, re.M)
        default = next((n for n in entries if wanted and fnmatch.fnmatchcase(n, wanted[0].lower())), "")
        lines = entries.get(default, {})
        lost = None
        if not default:
            lost = f"no entry matches the default {wanted}"
        elif not lines.get("initrd") or not lines.get("options"):
            lost = "the default entry is incomplete"
        elif missing[default]:
            lost = f"the default entry names {missing[default]}, which do not exist"
        return lost, lines.get("options", "").split()
