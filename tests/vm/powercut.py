"""Power cuts: every write of one `init` is recorded, and the machine is looked at after every one of them.

What is proved, for the disk after every write (a *prefix* of the log of writes) and for at least a hundred disks on which
only some of the writes since the last flush have arrived (a *subset*):

- the boot loader, reading the bare disk, finds the default entry whole, and the kernel and initramfs that it names; the
  volumes that the entry's arguments name are there (diskview.py; guest/powercut.sh says which volumes there are);
- FAT is whole but for what does no harm (fsck.fat), before `init` runs again and after that;
- the thin pool's metadata is without fault (thin_check), volumes activate, file systems mount, fstab names a root that is
  there;
- `node-layout init`, run again, ends in a state that `node-layout verify` accepts, and it is the same state whenever the power
  was cut: nothing is left over;
- through firmware and boot loader the machine comes up on the root that the entry names: one boot for each state that the
  boot loader or the initramfs can tell apart.

Every disk is looked at in a machine of its own, as it was: a start on an overlay that is thrown away. Two disks are one only if
they are equal in every byte that a machine can come to: LVM's description of the group, the pool's mappings, every block of
a volume, and all bytes that are not in the group (`reachable`). And only where LVM's
metadata, the pool's metadata, all that the boot loader reads and every file that `init` acts on are equal byte for byte to
what an earlier machine had is `init` not run once more.
"""

import collections
import concurrent.futures
import hashlib
import pathlib
import random
import re
import shutil

import diskview
import images
import jobs
import qemu
import uml
import writelog
from packages import LAB

# Small, so that looking at a disk is quick.
SMALL = {"root": "ext4", "size": "8G", "pool": "--size 3G", "root_size": "512M", "inodes": 2048}
LAYOUT = images.Layout("powercut", **SMALL)
# By the scenario's name. GRUB replays no journal: on /boot it sees the bare xfs. FAT has none.
LAYOUTS = {
    "power-cuts": LAYOUT,
    "power-cuts-xfs-boot": images.Layout("powercut-xfs", boot="xfs", **SMALL),
    "power-cuts-fat-boot": images.Layout("powercut-fat", boot="vfat", loader="systemd-boot", **SMALL),
}
LOADERS = {"grub": diskview.Grub, "systemd-boot": diskview.SystemdBoot}
SUBSETS = 100
SCRIPT = pathlib.Path(__file__).parent / "guest/powercut.sh"

# A power cut: entries of the log before number `upto` are on the disk, and those of `subset`.
Cut = collections.namedtuple("Cut", "name upto subset")
# What a machine was like: `boot` as the boot loader saw it, `volumes`, `state` (a hash), `work` (what init did), `after` (a
# hash), and whether the pool was between its own commit and LVM's (`hole`).
Answer = collections.namedtuple("Answer", "cut lost boot volumes state work after hole")


def record(layout):
    """One recorded run of `init`: the disk as it was before, and the log."""
    before = images.copy(images.build(layout), f"{layout.name}-before")[0]
    during = images.copy([before], f"{layout.name}-during")[0]
    log = LAB / "work" / f"{layout.name}.log"
    log.write_bytes(b"")
    job = (jobs.MOUNT + writelog.mark("MARK-START") + jobs.INIT + " > /tmp/init || { cat /tmp/init; fail init; }\n" +
           writelog.mark("MARK-END") + jobs.UNMOUNT)
    qemu.boot([qemu.Disk(during, log=log)], jobs.fill(job, layout)).check("recording init")
    during.unlink()
    return before, writelog.Log(log)


def cuts(log, subsets, group, places=None):
    """Every prefix that ends with a write, and different random subsets, in the order of the log. With `places` (of the disk,
    in bytes) only those prefixes whose last write is there, and those subsets of which a write is.

    LVM flushes nothing between its description of the volume group and the header that points to it (nor does it between
    the precommitted and the committed header): with any LVM command it relies on the disk for their order, and no program
    that calls it can change that. So the writes to LVM's metadata area arrive in their order in the subsets, too.
    """
    lvm = range(group.start, group.data_start)
    first, last = log.marked("MARK-START"), log.marked("MARK-END")
    counts = lambda n: log.writes(n) and (places is None or log.place(n) in places)
    written = [n for n in range(first, last) if counts(n)]
    found = [Cut(f"prefix-{n + 1}", n + 1, ()) for n in written]
    chance, drawn = random.Random(20261121), set()
    # There may be fewer.
    for _ in range(100 * subsets):
        if len(drawn) == subsets:
            break
        end = chance.randrange(first + 1, last) if places is None else chance.choice(written) + 1
        flushed = max((n + 1 for n in range(end) if log.flushes(n)), default=0)
        waiting = [n for n in range(flushed, end) if log.writes(n)]
        kept = [n for n in waiting if log.durable(n) or chance.random() < 0.5]
        described = [n for n in waiting if log.place(n) in lvm]
        arrived = chance.randrange(len(described) + 1)
        kept = tuple(n for n in waiting if (n in described[:arrived] if n in described else n in kept))
        # The first so-many of them are a prefix.
        known = (flushed, kept) in drawn or not any(map(counts, kept))
        if flushed > first and kept != tuple(waiting[:len(kept)]) and not known:
            drawn.add((flushed, kept))
            found.append(Cut(f"subset-{len(drawn)}", flushed, kept))
    return sorted(found, key=lambda cut: cut.upto)


class Watcher:
    """Looks at power cuts one after the other, on a disk of its own. What the boot loader sees (`boots`) and what the machines
    were like (`answers`) is shared by all."""

    def __init__(self, layout, before, log, number, shared, boots, answers):
        self.layout, self.replay = layout, writelog.Replay(before, log, f"{layout.name}-{number}")
        self.shared, self.scratch = shared, LAB / "work" / f"{layout.name}-metadata-{number}"
        starts = diskview.partitions(before)
        self.group_at, self.read_by_loader = starts[4], boot_partitions(starts)
        # Of LVM's area only the text counts that its header points to (VolumeGroup has it).
        self.written = writelog.Written(log, diskview.VolumeGroup(before, self.group_at).ring)
        self.loader, self.boots = LOADERS[layout.loader](self.replay.path, starts), boots
        self.answers = answers
        self.script = jobs.fill(SCRIPT.read_text(), layout, root=layout.root, boot=layout.boot,
                                fat="/dev/ubda3" if layout.boot == "vfat" else "",
                                root_uuid=images.ROOT_UUID)

    def look(self, cut):
        """One power cut."""
        self.replay.forward(cut.upto)
        self.written.forward(cut.upto)
        with self.replay.also(cut.subset) as disk, self.written.also(cut.subset):
            boot = self._boot(cut)
            try:
                group = diskview.VolumeGroup(disk, self.group_at)
                pool = diskview.Pool(disk, group, self.scratch)
            except (AssertionError, RuntimeError) as error:
                return Answer(cut, str(error), boot.key, "", "", "", "", False)
            key = reachable(self.written, group, pool)
            if key not in self.answers:
                self.answers[key] = self._look(cut, disk, boot, group, pool)
                return self.answers[key]
        return self.answers[key]._replace(cut=cut, work="equal", after="")

    def _look(self, cut, disk, boot, group, pool):
        seen = hashlib.sha256((boot.key + group.text + pool.dump).encode()).hexdigest()
        result = uml.boot([qemu.Disk(disk, snapshot=True)], self.script.replace("{seen}", seen), shared=self.shared,
                          short_lived=True)
        said = {key: result.value(key) or "" for key in ("volumes", "state", "lost", "work", "after")}
        lost = said["lost"] or boot.lost or names_nothing(self.layout, boot.arguments, said["volumes"].split())
        if not lost and not result.ok:
            lost = "the machine did not come to its end"
        if lost:
            lost += "\n" + "\n".join(result.lines[-30:])
        return Answer(cut, lost, boot.key, said["volumes"], said["state"], said["work"], said["after"], in_hole(group, pool))

    def _boot(self, cut):
        """What the boot loader sees; asked anew only if something was written to /boot since it was asked."""
        log = self.replay.log
        there = [n for n in (*range(cut.upto), *cut.subset) if log.writes(n) and log.place(n) in self.read_by_loader]
        key = tuple(there)
        if key not in self.boots:
            self.boots[key] = self.loader.look()
        return self.boots[key]


def boot_partitions(starts):
    """The bytes of the EFI system partition and of /boot."""
    return range(starts[2], starts[4])


def reachable(written, group, pool):
    """A hash that is equal for disks on which everything that a machine can come to is equal."""
    block = written.BLOCK
    assert written.ignored == group.ring
    assert group.data_start % block == pool.data.start % block == pool.metadata.start % block == 0 == pool.chunk % block
    # Left out are the pool's metadata, of which the dump has all that counts, and blocks that are in no volume.
    reached = sum(term for place, term in ((number * block, term) for number, term in written.sums.items())
                  if place not in pool.metadata and (place not in pool.data or pool.holds(place)))
    return hashlib.sha256((group.text + pool.dump + str(reached)).encode()).digest()


def in_hole(group, pool):
    """Whether the pool has a device already whose making LVM has not completed: LVM will ask for it once more, in vain.
    Whether a recording has a write between these two is a matter of chance; leftovers.py makes this state every time."""
    expected = int(re.search(r"\btransaction_id = (\d+)", group.text)[1])
    return pool.transaction < expected and pool.devices == devices(group)


def devices(group):
    """The thin devices that LVM knows."""
    return {int(d) for d in re.findall(r"\bdevice_id = (\d+)", group.text)}


def names_nothing(layout, arguments, volumes):
    """Why an initramfs could not mount root with these kernel arguments, or None."""
    there = {f"/dev/{layout.vg}/{v}" for v in volumes} | {f"/dev/mapper/{mapped(layout, v)}" for v in volumes}
    there.add(f"UUID={images.ROOT_UUID}")
    values = [a.partition("=")[2] for a in arguments if a.startswith("root=")]
    values += ["/dev/" + a.partition("=")[2] for a in arguments if a.startswith("rd.lvm.lv=")]
    gone = [v for v in values if v not in there]
    return f"the default entry names {', '.join(gone)}" if gone else None


def mapped(layout, volume):
    """The device-mapper's name of a volume."""
    return f"{layout.vg.replace('-', '--')}-{volume.replace('-', '--')}"


def root_of(volumes):
    return images.LAYER if images.LAYER in volumes.split() else "root"


def boots(layout, before, log, number, answer):
    """The machine comes up through the firmware, on the root that is there."""
    replay = writelog.Replay(before, log, f"{layout.name}-boot-{number}")
    replay.forward(answer.cut.upto)
    with replay.also(answer.cut.subset) as disk:
        job = """
say "root $(cat /sys/dev/block/$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1)/dm/name)"
"""
        firmware, variables = ("uefi", replay.path.with_suffix(".vars")) if layout.loader == "systemd-boot" else ("bios", None)
        result = qemu.boot([disk], job, firmware=firmware, variables=variables).check(f"booting after {answer.cut.name}")
    replay.path.unlink()
    expected = mapped(layout, root_of(answer.volumes))
    assert result.value("root") == expected, f"after {answer.cut.name} root was {result.value('root')}, not {expected}"


def power_cuts(name):
    """Records, looks at everything, boots what differs."""
    layout = LAYOUTS[name]
    before, log = record(layout)
    starts = diskview.partitions(before)
    # What is in the volume group is written as with any other /boot: here only what FAT makes of a power cut is of interest.
    places = boot_partitions(starts) if layout.boot == "vfat" else None
    todo = cuts(log, SUBSETS, diskview.VolumeGroup(before, starts[4]), places)
    shared = LAB / "work" / f"{layout.name}-states"
    shutil.rmtree(shared, ignore_errors=True)
    shared.mkdir()
    # Neighbours are alike, and a disk only goes forward: each watcher takes a few, then the next few that are left.
    pieces = iter([todo[n:n + 8] for n in range(0, len(todo), 8)])

    boots_seen, answers_known = {}, {}

    def watch(number):
        watcher = Watcher(layout, before, log, number, shared, boots_seen, answers_known)
        return [watcher.look(cut) for piece in pieces for cut in piece]

    # One more than there can be machines: while it reads its disk, the others run.
    watchers = qemu.MACHINES + 1
    with concurrent.futures.ThreadPoolExecutor(watchers) as threads:
        answers = [a for part in threads.map(watch, range(watchers)) for a in part]
        assert len(answers) == len(todo), f"{len(answers)} of {len(todo)} power cuts were looked at"
        lost = [a for a in answers if a.lost]
        spoiled = {a.state for a in lost if a.state}
        number = sum(1 for a in answers if a.lost or a.state in spoiled)
        assert not lost, (f"{number} of {len(answers)} power cuts lost the machine:\n" +
                          "\n".join(f"{a.cut}: {a.lost}" for a in lost[:10]))
        work = collections.Counter(a.work for a in answers)
        ends = {a.after for a in answers if a.after}
        assert len(ends) == 1, f"init ends in {len(ends)} different states, see {shared}/after-*"
        differing = {(a.boot, a.volumes): a for a in answers}
        list(threads.map(lambda item: boots(layout, before, log, *item), enumerate(differing.values())))
    prefixes = sum(1 for cut in todo if not cut.subset)
    looked = len(answers) - work["equal"]
    return (f"{prefixes} prefixes and {len(todo) - prefixes} subsets of unflushed writes, 0 lost; {looked} differ in a byte that a "
            f"machine can come to and were looked at, init completed {work['completed']} different states and found "
            f"{work['already']} complete, all ending in the same; {len(differing)} told apart by boot loader or initramfs, all "
            f"booted; {sum(a.hole for a in answers)} were between the pool's commits of the base and of its transaction")
