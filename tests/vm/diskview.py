"""What is on a disk, seen by others than the machine's kernel: GRUB's own drivers and the thin pool's own tools.

All of it runs here and not in a machine, on the bare disk: no journal is replayed, as no boot loader replays one.
"""

import collections
import hashlib
import json
import re
import subprocess

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
            area, offset, size = (int.from_bytes(header[at:at + 8], "little") for at in (32, 40, 48))
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
        text = self.text[re.search(rf"^\s*{volume} {{", self.text, re.M).start():]
        first = self.data_start + int(re.search(r'stripes = \[\s*"pv0", (\d+)', text)[1]) * self.extent
        return range(first, first + self._number("extent_count", text) * self.extent)


class Pool:
    """The thin pool of a volume group: its metadata, found without fault by thin_check, and all that thin_dump says of it.

    `scratch` is a file for a copy of the metadata.
    """

    def __init__(self, disk, group, scratch):
        self.data, self.metadata = (group.place(re.search(rf'\b{name} = "(\w+)"', group.text)[1])
                                    for name in ("pool", "metadata"))
        self.chunk = int(re.search(r"\bchunk_size = (\d+)", group.text)[1]) * SECTOR
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

    def __init__(self, disk, partition=3):
        root = packages.Grub().root
        libraries = root / "usr/lib/x86_64-linux-gnu"
        self.command = [libraries / "ld-linux-x86-64.so.2", "--library-path", libraries, root / "usr/bin/grub-fstest",
                        "-r", f"loop0,gpt{partition}", disk]

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
            entries[name.removesuffix(".conf")] = lines = dict(
                line.partition(" ")[::2] for line in text.splitlines() if line)
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
