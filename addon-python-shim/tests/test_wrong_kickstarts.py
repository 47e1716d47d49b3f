"""The mistakes that the add-on is there for: each stops the installation, with its line, and no disk is written to.

The real ks-lint answers, on one made-up machine: sparse files stand for its disks (``--sysfs-root``).
"""

import hashlib
from collections import namedtuple
from pathlib import Path
from typing import Callable, Optional, Tuple

import pytest

from conftest import GOOD, SECTION, Direct, StartDirect, program, script
from test_service import line_of

GIB = 1 << 30

READ = "when the kickstart is read"
DISKS = "before partitioning"

STORAGE = ("reqpart", "part", "volgroup", "logvol")

# Makes another kickstart of a good one.
Edit = Callable[[str], str]

# What is done to the good kickstart, when it is stopped, the start of the line that is named, what the console says, and
# the size of the disk.
Mistake = namedtuple("Mistake", "edit stopped line says gib", defaults=[100])


def replaced(old: str, new: str) -> Edit:
    """An edit that puts something else in place of what must be there once."""

    def edit(text: str) -> str:
        assert text.count(old) == 1, "the good kickstart has {!r} {} times".format(old, text.count(old))
        return text.replace(old, new)

    return edit


def without(*starts: str) -> Edit:
    """An edit that leaves the lines out that start so."""

    def edit(text: str) -> str:
        lines = text.splitlines(True)
        kept = [line for line in lines if not line.startswith(starts)]
        assert len(kept) < len(lines), "no line starts with any of {}".format(starts)
        return "".join(kept)

    return edit


def partitioned_by(command: str) -> Edit:
    """An edit that leaves the storage to one command."""
    return lambda text: without(*STORAGE)(text).replace("\nreboot\n", "\n{}\nreboot\n".format(command))


MISTAKES = {
    "root not thin": Mistake(
        replaced("--name=root --thin --poolname=pool", "--name=root"),
        READ,
        "logvol / ",
        "NODE001: / is a thick logical volume, the policy ovirt-node wants it on a thin logical volume\n"
        "    add '--thin --poolname=pool'",
    ),
    "/var missing": Mistake(
        without("logvol /var "),
        READ,
        "logvol / ",
        "NODE003: /var is not on a volume of its own; the policy ovirt-node requires it\n    write 'logvol /var ",
    ),
    "/var below its size": Mistake(
        replaced("--size=5120", "--size=2048"),
        READ,
        "logvol /var ",
        "NODE006: /var has 2048 MiB (2 GiB); the policy ovirt-node needs at least 5120 MiB (5 GiB)\n"
        "    write '--size=5120'",
    ),
    "/boot too small": Mistake(
        replaced("part /boot --fstype=ext4 --size=1024", "part /boot --fstype=ext4 --size=500"),
        READ,
        "part /boot ",
        "NODE011: /boot has 500 MiB; the policy ovirt-node needs at least 1024 MiB (1 GiB)\n    write '--size=1024'",
    ),
    "no thin pool": Mistake(
        without("logvol none "),
        READ,
        "logvol / ",
        "NODE002: the volume group 'onn' has no thin pool 'pool', which 8 thin volumes name\n    write 'logvol none ",
    ),
    "pool on another volume group": Mistake(
        replaced(
            "logvol none --vgname=onn",
            "part pv.02 --size=70000\nvolgroup data pv.02 --reserved-percent=20\nlogvol none --vgname=data",
        ),
        READ,
        "logvol / ",
        "NODE002: the volume group 'onn' has no thin pool 'pool', which 8 thin volumes name\n"
        "    pool and volumes belong to one volume group: write '--vgname=data'",
    ),
    "wrong autopart type": Mistake(
        partitioned_by("autopart --type=lvm"),
        READ,
        "autopart ",
        "NODE020: autopart of type 'lvm' does not make thin volumes; the policy ovirt-node needs type 'thinp'\n"
        "    write 'autopart --type=thinp'",
    ),
    "unknown command": Mistake(
        replaced("zerombr", "zerombrr"),
        READ,
        "zerombrr",
        "KS001: unknown command 'zerombrr' in ",
    ),
    "unknown option": Mistake(
        replaced("part /boot --fstype=ext4 --size", "part /boot --fstype=ext4 --sice"),
        READ,
        "part /boot ",
        "KS004: 'part' has no option '--sice' in ",
    ),
    "disk too small": Mistake(
        lambda text: text,
        DISKS,
        "part pv.01 ",
        "STO003: ",
        20,
    ),
    "disk too small for the images asked for": Mistake(
        lambda text: replaced("keep-images 2", "keep-images 8")(
            replaced("/boot --fstype=ext4 --size=1024", "/boot --fstype=ext4 --size=4096")(text)
        ),
        DISKS,
        "keep-images ",
        "NODE012: these disks have room for 7 images because of the pool's data, and keep-images asks for 8\n"
        "    use a larger disk, or keep fewer images",
        80,
    ),
}


def machine(directory: Path, gib: int) -> Path:
    """A directory that stands for the / of a machine with one disk; the disk, with something on it."""
    block = directory / "sys" / "block" / "vda"
    (block / "queue").mkdir(parents=True)
    (block / "size").write_text("{}\n".format(gib * GIB // 512))
    (block / "queue" / "logical_block_size").write_text("512\n")
    (directory / "sys" / "firmware" / "efi").mkdir(parents=True)
    (directory / "proc").mkdir()
    (directory / "proc" / "meminfo").write_text("MemTotal:       16777216 kB\n")
    (directory / "dev").mkdir()
    disk = directory / "dev" / "vda"
    with disk.open("wb") as file:
        file.write(b"what somebody has left in the boot sector".ljust(510, b"\0") + b"\x55\xaa")
        file.truncate(gib * GIB)
    return disk


def state(disk: Path) -> Tuple[str, int, int, int]:
    """What tells whether a disk was written to."""
    status = disk.stat()
    with disk.open("rb") as file:
        start = hashlib.sha256(file.read(1 << 20)).hexdigest()
    return start, status.st_size, status.st_blocks, status.st_mtime_ns


def add_on(start_direct: StartDirect, tmp_path: Path, gib: int) -> Tuple[Direct, Path]:
    """The add-on on a machine with one disk of this size; the add-on, and the disk."""
    host = tmp_path / "machine"
    disk = machine(host, gib)
    words = 'case $1 in plan) shift; exec "{0}" plan --sysfs-root="{1}" "$@" ;; *) exec "{0}" "$@" ;; esac\n'
    ks_lint = script(tmp_path / "fake", words.format(program("ks-lint", "OVIRT_NODE_KS_LINT"), host))
    return start_direct(OVIRT_NODE_KS_LINT=ks_lint), disk


def installed(direct: Direct, text: str) -> Tuple[Optional[str], str]:
    """Go as far as the installer would: when it stopped, and what it said; nothing when it would begin to partition."""
    errors, _ = direct.read(text)
    if errors:
        assert len(errors) == 1, errors
        return READ, errors[0]
    for task in direct.module.configure_with_tasks():
        _, failure = direct.task(task)
        if failure:
            return DISKS, failure
    return None, ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_kickstart_is_stopped_with_line_and_sentence_and_no_disk_is_written_to(
    start_direct: StartDirect, tmp_path: Path, mistake: str
) -> None:
    wrong = MISTAKES[mistake]
    text = wrong.edit(GOOD + SECTION)
    direct, disk = add_on(start_direct, tmp_path, wrong.gib)
    before = state(disk)
    stopped, said = installed(direct, text)
    assert stopped == wrong.stopped, said or "the installation would go on"
    if stopped == READ:
        assert said.startswith("This kickstart does not install an oVirt Node (policy ovirt-node, "), said
        assert not direct.module.kickstarted
    assert "  * line {}: {}".format(line_of(text, wrong.line), wrong.says) in said, said
    assert said.count("  * ") == 1, "one mistake, and more than one sentence about it:\n" + said
    assert state(disk) == before, "the disk was written to"


@pytest.mark.parametrize("gib", [80, 100])
def test_without_the_mistake_the_same_machine_is_installed(start_direct: StartDirect, tmp_path: Path, gib: int) -> None:
    direct, disk = add_on(start_direct, tmp_path, gib)
    before = state(disk)
    assert installed(direct, GOOD + SECTION) == (None, "")
    assert state(disk) == before, "the disk was written to"
