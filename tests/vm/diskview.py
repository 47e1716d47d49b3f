"""What is on a disk, seen by others than the machine's kernel: GRUB's own drivers, the firmware's view of FAT, and the thin
pool's own tools.

All of it runs here and not in a machine, on the bare disk: no journal is replayed, as no boot loader replays one.
"""

import collections
import fnmatch
import hashlib
import json
import re
import struct
import subprocess
import zlib

import packages

SECTOR = 512
LVM_HEADER = b"\x20LVM2\x20x[5A%r0N*>"


def partitions(disk):
    """Where each partition begins, in bytes."""
    table = json.loads(packages.run("sfdisk", "-J", disk, env={"PATH": packages.PATH}))["partitiontable"]
    return {number: p["start"] * SECTOR for number, p in enumerate(table["partitions"], 1)}


class VolumeGroup:
    """LVM's description of a volume group, as the header of the physical volume at `start` (in bytes) points to it."""

    def __init__(self, disk, start):
        with open(disk, "rb") as file:
            file.seek(start + 4096)
            header = file.read(SECTOR)
            assert header[4:20] == LVM_HEADER, "LVM's metadata area has no header"
            area, offset, size = (int.from_bytes(header[at : at + 8], "little") for at in (32, 40, 48))
            file.seek(start + 4096 + offset)
            text = file.read(min(size, area - offset))
            if len(text) < size:  # The area is a ring; its first sector is the header.
                file.seek(start + 4096 + SECTOR)
                text += file.read(size - len(text))
        self.text, self.start = text.rstrip(b"\0").decode(), start
        self.extent = self._number("extent_size") * SECTOR
        self.data_start = start + self._number("pe_start") * SECTOR
        # Where the description is written, one version behind the other.
        self.ring = range(start + 4096 + SECTOR, start + 4096 + area)

    def _number(self, name, text=None):
        return int(re.search(rf"\b{name} = (\d+)", text or self.text)[1])

    def place(self, volume):
        """The bytes of the disk that are this volume (of one piece, as all hidden volumes of these images are)."""
        text = self.text[re.search(rf"^\s*{volume} {{", self.text, re.M).start() :]
        first = self.data_start + int(re.search(r'stripes = \[\s*"pv0", (\d+)', text)[1]) * self.extent
        return range(first, first + self._number("extent_count", text) * self.extent)


def pool_places(group):
    """Where the metadata and the data of the group's thin pool are, and how large a block of it is."""
    metadata, data = (group.place(re.search(rf'\b{name} = "(\w+)"', group.text)[1]) for name in ("metadata", "pool"))
    return metadata, data, int(re.search(r"\bchunk_size = (\d+)", group.text)[1]) * SECTOR


class Pool:
    """The thin pool of a volume group: its metadata, found without fault by thin_check, and all that thin_dump says of it.

    `scratch` is a file for a copy of the metadata.
    """

    def __init__(self, disk, group, scratch):
        self.metadata, self.data, self.chunk = pool_places(group)
        with open(disk, "rb") as file, open(scratch, "wb") as copy:
            file.seek(self.metadata.start)
            copy.write(file.read(len(self.metadata)))
        packages.run("thin_check", "-q", scratch, env={"PATH": packages.PATH})
        self.dump = packages.run("thin_dump", scratch, env={"PATH": packages.PATH})
        number = r'="(\d+)"'
        self.devices = {int(d) for d in re.findall("<device dev_id" + number, self.dump)}
        self.transaction = int(re.search(" transaction" + number, self.dump)[1])
        self.mapped = {int(b) for b in re.findall("<single_mapping [^>]*data_block" + number, self.dump)}
        for first, length in re.findall(f"<range_mapping [^>]*data_begin{number} length{number}", self.dump):
            self.mapped.update(range(int(first), int(first) + int(length)))

    def holds(self, position):
        """Whether this byte of the pool's data is in a block of any volume."""
        return (position - self.data.start) // self.chunk in self.mapped


# `lost`: why the default entry cannot boot, or None. `arguments`: of the default entry. `key`: equal for disks that a boot
# loader cannot tell apart.
Boot = collections.namedtuple("Boot", "lost arguments key")


class Grub:
    """A disk as GRUB reads it: GRUB's own file system drivers, as a program (grub-fstest)."""

    def __init__(self, disk, _starts, partition=3):
        root = packages.Grub().root
        libraries = root / "usr/lib/x86_64-linux-gnu"
        self.command = [
            libraries / "ld-linux-x86-64.so.2",
            "--library-path",
            libraries,
            root / "usr/bin/grub-fstest",
            "-r",
            f"loop0,gpt{partition}",
            disk,
        ]

    def _ask(self, *question):
        done = subprocess.run([*self.command, *question], capture_output=True)
        return None if done.returncode else done.stdout

    def look(self):
        """What boots by default, and whether it can: all the boot loader reads is read."""
        block, config = self._ask("cat", "/grub2/grubenv"), self._ask("cat", "/grub2/grub.cfg")
        listing = self._ask("ls", "/loader/entries/")
        seen = hashlib.sha256(repr((block, config)).encode())
        if not config or listing is None:
            return Boot("GRUB cannot read /boot", [], seen.hexdigest())
        entries = {}
        for name in sorted(n for n in listing.decode().split() if n.endswith(".conf")):
            text = (self._ask("cat", f"/loader/entries/{name}") or b"").decode("utf-8", "replace")
            entries[name.removesuffix(".conf")] = lines = dict(line.partition(" ")[::2] for line in text.splitlines() if line)
            files = {path: self._ask("crc", path) for key in ("linux", "initrd") for path in lines.get(key, "").split()}
            seen.update(repr((name, text, files)).encode())
            lines["missing"] = [path for path, crc in files.items() if not crc]
        if block is None or len(block) != 1024 or not block.startswith(b"# GRUB Environment Block\n"):
            return Boot("grubenv is no environment block", [], seen.hexdigest())
        saved = re.search(rb"^saved_entry=(.*)$", block, re.M)
        entry = entries.get(saved[1].decode() if saved else "")
        if not entry:
            lost = f"the default {saved and saved[1].decode()} is no entry"
        elif not entry.get("linux") or not entry.get("initrd") or not entry.get("options"):
            lost = "the default entry is not whole"
        elif entry["missing"]:
            lost = f"the default entry names {entry['missing']}, which GRUB cannot read"
        else:
            lost = None
        return Boot(lost, (entry or {}).get("options", "").split(), seen.hexdigest())


class Fat:
    """A FAT file system (16 or 32) as firmware reads it: the first of its tables, names with their long parts. `start` is in
    bytes."""

    DIRECTORY, LABEL, LONG = 0x10, 0x08, 0x0F

    def __init__(self, disk, start):
        self.file, self.start = open(disk, "rb"), start
        boot = self._bytes(0, SECTOR)
        sector, per_cluster, reserved, tables, root_slots = struct.unpack_from("<HBHBH", boot, 11)
        sectors = struct.unpack_from("<H", boot, 19)[0] or struct.unpack_from("<I", boot, 32)[0]
        table = struct.unpack_from("<H", boot, 22)[0] or struct.unpack_from("<I", boot, 36)[0]
        self.cluster, root_at = sector * per_cluster, (reserved + tables * table) * sector
        self.data = root_at + root_slots * 32
        self.clusters = (sectors * sector - self.data) // self.cluster
        assert self.clusters >= 4085, "FAT12 is not read"
        kind, size = ("H", 2) if self.clusters < 65525 else ("I", 4)
        self.next = struct.unpack_from(f"<{self.clusters + 2}{kind}", self._bytes(reserved * sector, table * sector))
        self.mask = 0xFFFF if size == 2 else 0xFFFFFFF
        root = self._bytes(root_at, root_slots * 32) if root_slots else self._chain(struct.unpack_from("<I", boot, 44)[0])
        self.root = self._names(root)

    def close(self):
        self.file.close()

    def _bytes(self, at, length):
        self.file.seek(self.start + at)
        return self.file.read(length)

    def _chain(self, cluster):
        """The bytes of the clusters that begin with this one."""
        run, seen = [], set()
        while True:
            assert 2 <= cluster < self.clusters + 2 and cluster not in seen, f"a chain of clusters leads to {cluster}"
            seen.add(cluster)
            following = self.next[cluster] & self.mask
            assert following, f"cluster {cluster} of a chain is free"
            if run and run[-1][0] + run[-1][1] == cluster:
                run[-1][1] += 1
            else:
                run.append([cluster, 1])
            if following >= self.mask - 7:
                break
            cluster = following
        return b"".join(self._bytes(self.data + (first - 2) * self.cluster, n * self.cluster) for first, n in run)

    @classmethod
    def _names(cls, slots):
        """The entries of a directory: (attributes, first cluster, size) by the name in lower case."""
        names, parts = {}, {}
        for at in range(0, len(slots), 32):
            slot = slots[at : at + 32]
            if not slot[0]:
                break
            if slot[0] == 0xE5:
                parts = {}
            elif slot[11] == cls.LONG:
                parts[slot[0] & 0x3F] = (slot[13], slot[1:11] + slot[14:26] + slot[28:32])
            else:
                check = 0
                for byte in slot[:11]:
                    check = ((check & 1) << 7) + (check >> 1) + byte & 0xFF
                short = slot[:8].rstrip() + (b"." + slot[8:11]).rstrip(b" .")
                name = short.decode("latin-1")
                if parts and sorted(parts) == list(range(1, len(parts) + 1)) and {c for c, _ in parts.values()} == {check}:
                    name = b"".join(parts[n][1] for n in sorted(parts)).decode("utf-16-le").partition("\0")[0]
                parts = {}
                if not slot[11] & cls.LABEL:
                    high, low, size = struct.unpack_from("<H4xHI", slot, 20)
                    names[name.lower()] = (slot[11], high << 16 | low, size)
        return names

    def directory(self, path):
        """Its entries; {} if it is not there."""
        names = self.root
        for part in filter(None, path.lower().split("/")):
            attributes, cluster, _ = names.get(part, (0, 0, 0))
            if not attributes & self.DIRECTORY:
                return {}
            names = self._names(self._chain(cluster))
        return names

    def read(self, path):
        """A file's bytes; None if it is not there."""
        directory, _, name = path.lower().rpartition("/")
        attributes, cluster, size = self.directory(directory).get(name, (self.DIRECTORY, 0, 0))
        if attributes & self.DIRECTORY:
            return None
        content = self._chain(cluster) if size else b""
        assert len(content) >= size, f"{path} is {size} bytes of a chain of {len(content)}"
        return content[:size]


class SystemdBoot:
    """A disk as systemd-boot reads it through the firmware: loader.conf on the EFI system partition, entries on XBOOTLDR."""

    def __init__(self, disk, starts):
        self.disk, self.starts = disk, starts

    def look(self):
        """What boots by default, and whether it can: all the boot loader reads is read."""
        seen, systems = hashlib.sha256(), []
        try:
            systems = [Fat(self.disk, self.starts[number]) for number in (2, 3)]
            return self._look(*systems, seen)
        except (AssertionError, UnicodeDecodeError) as error:
            return Boot(f"the boot loader cannot read its files: {error}", [], seen.hexdigest())
        finally:
            for system in systems:
                system.close()

    @staticmethod
    def _look(esp, boot, seen):
        config = (esp.read("/loader/loader.conf") or b"").decode()
        seen.update(config.encode())
        entries = {}
        for name in sorted(n for n in boot.directory("/loader/entries") if n.endswith(".conf") and not n.startswith(".")):
            text = boot.read(f"/loader/entries/{name}").decode("utf-8", "replace")
            lines = dict(line.partition(" ")[::2] for line in text.splitlines() if line.strip())
            files = {path: boot.read(path) for key in ("linux", "initrd") for path in lines.get(key, "").split()}
            # An entry without a kernel that is there is none.
            if files.get(lines.get("linux")):
                seen.update(repr((name, text, {path: zlib.crc32(data or b"") for path, data in files.items()})).encode())
                entries[name] = {**lines, "missing": [path for path, data in files.items() if not data]}
        wanted = re.findall(r"^default\s+(\S+)", config, re.M)
        found = [n for n in entries if wanted and fnmatch.fnmatchcase(n, wanted[0].lower())]
        entry = entries[found[0]] if found else {}
        if not found:
            lost = f"the default {wanted} is no entry"
        elif not entry.get("initrd") or not entry.get("options"):
            lost = "the default entry is not whole"
        elif entry["missing"]:
            lost = f"the default entry names {entry['missing']}, which is not there"
        else:
            lost = None
        return Boot(lost, entry.get("options", "").split(), seen.hexdigest())
