"""Power cuts: every write of one `init` is recorded, and the machine is looked at after every one of them."""

import random
import struct

import images
import jobs
import packages
import qemu
from packages import LAB

# Few inodes: giving the base its UUID writes every table of them, and each write is a power cut to look at.
LAYOUT = images.Layout("powercut", root="ext4", size="8G", pool="--size 3G", root_size="512M", inodes=2048)
# A sector of the BIOS boot partition behind GRUB's core; nothing uses it.
MARK_SECTOR = images.GPT_BIOS_START + 2040
FLUSH, FUA, DISCARD = 1, 2, 4


class Log:
    """A log of blklogwrites (the format of dm-log-writes): sector, length and flags of each entry, then its data."""

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

    def marked(self, text):
        """The number of the entry that wrote this mark."""
        with open(self.path, "rb") as file:
            for number, (sector, length, flags, data) in enumerate(self.entries):
                if length and not flags & DISCARD and sector * self.sector == MARK_SECTOR * 512:
                    file.seek(data)
                    if file.read(len(text)) == text:
                        return number
        raise AssertionError(f"the mark {text} is not in the log")


def record():
    """One recorded run; the disk as it was before, and the log."""
    before = images.copy(images.build(LAYOUT), "cut-before")[0]
    during = images.copy([before], "cut-during")[0]
    log = LAB / "work" / "cut.log"
    log.write_bytes(b"")
    mark = f"dd of=/dev/vda seek={MARK_SECTOR} bs=512 count=1 oflag=direct conv=notrunc,sync 2>/dev/null"
    job = jobs.fill(jobs.MOUNT + f"sync; printf 'MARK-START' | {mark}; sync\n" + jobs.INIT +
                    f" > /tmp/init || {{ cat /tmp/init; fail init; }}\nsync; printf 'MARK-END' | {mark}\n" + jobs.UNMOUNT,
                    LAYOUT)
    qemu.boot([qemu.Disk(during, log=log)], job).check("recording init")
    return before, Log(log)


def fixed(text):
    norecovery = {"ext4": "noload", "xfs": "norecovery"}[LAYOUT.boot]
    return jobs.fill(text, LAYOUT, bootfs=LAYOUT.boot, norecovery=norecovery, root_uuid=images.ROOT_UUID)


def points(log, randoms):
    """Every prefix that ends with a write, and random subsets of what no flush has made durable yet."""
    first, last = log.marked(b"MARK-START"), log.marked(b"MARK-END")
    writes = [n for n in range(first, last) if log.entries[n][1] and not log.entries[n][2] & DISCARD]
    prefixes = [(f"prefix-{n + 1}", n + 1, []) for n in writes]
    chance = random.Random(20261121)
    subsets = []
    while len(subsets) < randoms:
        end = chance.randrange(first + 1, last)
        flushed = max((n + 1 for n in range(end) if log.entries[n][2] & FLUSH), default=0)
        tail = [n for n in range(flushed, end) if log.entries[n][1]]
        if flushed <= first or len(tail) < 2:
            continue
        kept = [n for n in tail if log.entries[n][2] & FUA or chance.random() < 0.5]
        subsets.append((f"random-{len(subsets) + 1}", flushed, kept))
    return sorted(prefixes + subsets, key=lambda p: p[1])


def look_at(before, log, some, number):
    """One machine that looks at these points."""
    entries = "".join(f"{s} {n} {f} {d // 512}\n" for s, n, f, d in log.entries)
    work = LAB / "work"
    table = work / f"entries-{number}"
    table.write_text(entries)
    listed = work / f"points-{number}"
    listed.write_text("".join(f"{name} {upto} {' '.join(map(str, subset))}\n" for name, upto, subset in some))
    scratch = work / f"scratch-{number}.img"
    with open(scratch, "wb") as file:
        file.truncate(2 << 30)
    script = fixed((packages.pathlib.Path(__file__).parent / "guest/powercut.sh").read_text())
    result = qemu.boot([qemu.Disk(before, "before", snapshot=True), qemu.Disk(log.path, "log", snapshot=True),
                        qemu.Disk(scratch, "scratch")],
                       script, [("points", listed), ("entries", table)], limit=qemu.LIMIT * 10)
    return result.check(f"looking at power cuts {some[0][0]} to {some[-1][0]}").values("cut")


def disk_at(before, log, upto, name):
    """The disk with the entries up to `upto` on it."""
    disk = images.copy([before], name)[0]
    with open(disk, "r+b") as target, open(log.path, "rb") as source:
        for sector, length, flags, data in log.entries[:upto]:
            if length and not flags & DISCARD:
                source.seek(data)
                target.seek(sector * log.sector)
                target.write(source.read(length * log.sector))
    return disk


def power_cuts(machines, randoms=100):
    """Looks at every prefix and at random subsets; boots every state that a boot loader can tell apart."""
    before, log = record()
    todo = points(log, randoms)
    share = (len(todo) + 1) // 2
    parts = [todo[:share], todo[share:]]
    # Both halves at once, each in its own machine.
    answers = [a for part in machines.map(lambda p: look_at(before, log, p[1], p[0]), list(enumerate(parts))) for a in part]
    lost = [a for a in answers if a.split()[1] != "fine"]
    assert len(answers) == len(todo), f"{len(answers)} of {len(todo)} power cuts were looked at"
    assert not lost, f"{len(lost)} of {len(answers)} power cuts lost the machine:\n" + "\n".join(lost[:20])
    seen = {}
    for answer, point in zip(answers, todo):
        if not point[2]:
            seen.setdefault(answer.split()[2], point)
    def booted(item):
        number, (_, upto, _) = item
        disk = disk_at(before, log, upto, f"cut-boot-{number}")
        job = "cat /proc/cmdline\n"
        qemu.boot([disk], job, firmware="bios").check(f"booting after write {upto}")
        disk.unlink()
    list(machines.map(booted, list(enumerate(seen.values()))))
    prefixes = sum(1 for p in todo if not p[2])
    again = [a.split()[3] for a in answers]
    return (f"{prefixes} prefixes and {len(todo) - prefixes} random subsets of {len(log.entries)} entries: 0 lost; "
            f"init completed {again.count('completed')} different states and found {again.count('already')} complete, "
            f"{again.count('known')} were like one of these; {len(seen)} states told apart by a boot loader, all booted")
