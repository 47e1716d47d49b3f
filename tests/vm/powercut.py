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

A disk has two halves: the volume group, and what is outside of it (/boot, the EFI system partition). Until `init` runs, no
byte of one decides what is found in the other: volumes are activated and mounted without /boot, and /boot without them. So
each half that a power cut leaves is looked at once, as it was, whatever the other half is: a group in a machine of its own, on
an overlay that is thrown away (guest/powercut.sh), what is outside on a disk of its own, several disks a machine
(guest/powercut-boot.sh). Two halves are one only if they are equal in every byte that a machine can come to (`outside`,
`reachable`: LVM's description of the group, the pool's mappings, every block of a volume). Both halves together then run
through `init`, in a machine with that very disk. Only where LVM's metadata, the pool's metadata, all that the boot loader
reads and every file that `init` acts on are equal byte for byte to what an earlier machine had is `init` not run once more.
"""

import collections
import concurrent.futures
import contextlib
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

# Small, so that looking at a disk is quick. (The rescue entry is rewritten by init, and booted by nobody here.)
SMALL = {"root": "ext4", "size": "8G", "pool": "--size 3G", "root_size": "512M", "inodes": 2048, "rescue_size": 64 << 10}
LAYOUT = images.Layout("powercut", **SMALL)
# By the scenario's name. GRUB replays no journal: on /boot it sees the bare xfs. FAT has none.
LAYOUTS = {
    "power-cuts": LAYOUT,
    "power-cuts-xfs-boot": images.Layout("powercut-xfs", boot="xfs", **SMALL),
    "power-cuts-fat-boot": images.Layout("powercut-fat", boot="vfat", loader="systemd-boot", **SMALL),
}
LOADERS = {"grub": diskview.Grub, "systemd-boot": diskview.SystemdBoot}
SUBSETS = 100
GUEST = pathlib.Path(__file__).parent / "guest"
# As many disks as user-mode Linux takes, but for a few.
OUTSIDES_A_MACHINE = 12

# A power cut: entries of the log before number `upto` are on the disk, and those of `subset`.
Cut = collections.namedtuple("Cut", "name upto subset")
# What is outside of the group: the boot loader's view of it (diskview.Boot), a hash of its files as they are when they are
# mounted, why it cannot be.
Outside = collections.namedtuple("Outside", "boot tree lost")
# What is in it: its volumes, a hash of their files, and whether the pool was between its own commit and LVM's.
Inside = collections.namedtuple("Inside", "volumes tree hole")
# What a machine was like: `boot` as the boot loader saw it, what was in the group, `state` (a hash), `work` (what init did;
# "equal" if no machine had to be started), `after` (a hash).
Answer = collections.namedtuple("Answer", "cut lost boot inside state work after")


def record(layout):
    """One recorded run of `init`: the disk as it was before, and the log."""
    before = images.copy(images.build(layout), f"{layout.name}-before")[0]
    during = images.copy([before], f"{layout.name}-during")[0]
    log = LAB / "work" / f"{layout.name}.log"
    log.write_bytes(b"")
    job = (
        jobs.MOUNT
        + writelog.mark("MARK-START")
        + jobs.INIT
        + " > /tmp/init || { cat /tmp/init; fail init; }\n"
        + writelog.mark("MARK-END")
        + jobs.UNMOUNT
    )
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
        if flushed > first and kept != tuple(waiting[: len(kept)]) and not known:
            drawn.add((flushed, kept))
            found.append(Cut(f"subset-{len(drawn)}", flushed, kept))
    return sorted(found, key=lambda cut: cut.upto)


class Player:
    """The disk after one power cut after the other, and what has been written to it."""

    def __init__(self, layout, before, log, name):
        self.layout, self.replay = layout, writelog.Replay(before, log, f"{layout.name}-{name}")
        self.starts = diskview.partitions(before)
        self.group_at = self.starts[4]
        # Of LVM's area only the text counts that its header points to (VolumeGroup has it).
        self.written = writelog.Written(log, diskview.VolumeGroup(before, self.group_at).ring)

    @contextlib.contextmanager
    def at(self, cut):
        """The disk after this cut, as long as the context lasts."""
        self.replay.forward(cut.upto)
        self.written.forward(cut.upto)
        with self.replay.also(cut.subset) as disk, self.written.also(cut.subset):
            yield disk

    def outside(self):
        """Equal for disks that are equal outside of the volume group."""
        return self.written.sum(range(self.group_at))


class Outsides(Player):
    """Looks at what is outside of the volume group after power cuts: each once, several in a machine."""

    def __init__(self, layout, before, log, threads):
        super().__init__(layout, before, log, "outside")
        self.threads, self.found, self.systems, self.waiting, self.running = threads, {}, set(), [], collections.deque()

    def look(self, todo):
        """What there is (`Outside`), by `Player.outside`."""
        for cut in todo:
            with self.at(cut) as disk:
                key, system = self.outside(), self.written.sum(range(self.starts[3]))
                if key in self.found:
                    continue
                self.found[key] = None
                copy = self.replay.path.with_name(f"{self.layout.name}-outside-{len(self.found)}.img")
                writelog.copy_beginning(disk, copy, self.group_at)
            self.waiting.append((key, copy, system not in self.systems))
            self.systems.add(system)
            if len(self.waiting) == OUTSIDES_A_MACHINE:
                self._start()
        self._start()
        while self.running:
            self.found.update(self.running.popleft().result())
        self.replay.path.unlink()
        return self.found

    def _start(self):
        if self.waiting:
            self.running.append(self.threads.submit(self._mounted, self.waiting))
            self.waiting = []
        # Copies take room.
        while len(self.running) > qemu.MACHINES:
            self.found.update(self.running.popleft().result())

    def _mounted(self, copies):
        boots = [LOADERS[self.layout.loader](path, self.starts).look() for _, path, _ in copies]
        names = [f"ubd{chr(ord('a') + number)}" for number in range(len(copies))]
        result = uml.boot(
            [path for _, path, _ in copies],
            script(
                "powercut-boot.sh",
                self.layout,
                disks=" ".join(names),
                check=" ".join(name for name, (_, _, new) in zip(names, copies) if new),
            ),
            short_lived=True,
        )
        found = {}
        for name, (key, path, _), boot in zip(names, copies, boots):
            tree, lost = result.value(f"tree-{name}"), result.value(f"lost-{name}") or boot.lost
            if not lost and not (tree and result.ok):
                lost = "the machine did not come to its end"
            if lost:
                lost += "\n" + "\n".join(result.lines[-30:])
            found[key] = Outside(boot, tree, lost)
            path.unlink()
        return found


class Watcher(Player):
    """Looks at power cuts one after the other, on a disk of its own. What is outside of the group is known (`outsides`); what
    has been found in it (`insides`) is shared by all watchers."""

    def __init__(self, layout, before, log, number, shared, outsides, insides):
        super().__init__(layout, before, log, number)
        self.shared, self.scratch = shared, LAB / "work" / f"{layout.name}-metadata-{number}"
        self.outsides, self.insides, self.pools = outsides, insides, {}
        self.script = script("powercut.sh", layout, fat="/dev/ubda3" if layout.boot == "vfat" else "")

    def look(self, cut):
        """One power cut."""
        with self.at(cut) as disk:
            outside = self.outsides[self.outside()]
            lost = lambda why: Answer(cut, why, outside.boot.key, None, "", "", "")
            if outside.lost:
                return lost(outside.lost)
            try:
                group = diskview.VolumeGroup(disk, self.group_at)
                pool = self._pool(disk, group)
            except (AssertionError, RuntimeError) as error:
                return lost(str(error))
            key = reachable(self.written, group, pool)
            seen = hashlib.sha256((outside.boot.key + group.text + pool.dump).encode()).hexdigest()
            if inside := self.insides.get(key):
                state = state_of(seen, inside, outside)
                if (self.shared / state).exists():
                    why = names_nothing(self.layout, outside.boot.arguments, inside.volumes)
                    return Answer(cut, why, outside.boot.key, inside, state, "equal", "")
            return self._look(cut, disk, outside, key, seen, in_hole(group, pool))

    def _pool(self, disk, group):
        """Read anew only if its metadata or what LVM says of it is another."""
        at, data, _ = place = diskview.pool_places(group)
        key = place, self.written.sum(at)
        if key not in self.pools:
            assert at.start % self.written.BLOCK == data.start % self.written.BLOCK == len(at) % self.written.BLOCK == 0
            self.pools[key] = diskview.Pool(disk, group, self.scratch)
        return self.pools[key]

    def _look(self, cut, disk, outside, key, seen, hole):
        result = uml.boot(
            [qemu.Disk(disk, snapshot=True)],
            self.script.replace("{seen}", seen).replace("{tree}", outside.tree),
            shared=self.shared,
            short_lived=True,
        )
        said = {word: result.value(word) or "" for word in ("volumes", "group", "lost", "work", "after")}
        inside = Inside(said["volumes"].split(), said["group"], hole)
        state = state_of(seen, inside, outside) if inside.tree else ""
        lost = said["lost"] or names_nothing(self.layout, outside.boot.arguments, inside.volumes)
        if not lost and not (result.ok and state and (self.shared / state).exists()):
            lost = "the machine did not come to its end"
        if lost:
            lost += "\n" + "\n".join(result.lines[-30:])
        elif self.insides.setdefault(key, inside) != inside:
            lost = "the volumes are not what an equal group's were"
        return Answer(cut, lost, outside.boot.key, inside, state, said["work"], said["after"])


def state_of(seen, inside, outside):
    """The hash of all that init acts on, as guest/powercut.sh makes it."""
    return hashlib.md5(f"{seen}\n{inside.tree}\n{outside.tree}\n".encode()).hexdigest()


def script(name, layout, **more):
    """One of the scripts that look at a disk."""
    text = (GUEST / "powercut-common.sh").read_text() + (GUEST / name).read_text()
    return jobs.fill(text, layout, root=layout.root, boot=layout.boot, root_uuid=images.ROOT_UUID, **more)


def boot_partitions(starts):
    """The bytes of the EFI system partition and of /boot."""
    return range(starts[2], starts[4])


def reachable(written, group, pool):
    """A hash that is equal for disks on which everything in the volume group that a machine can come to is equal."""
    block = written.BLOCK
    assert written.ignored == group.ring
    assert group.start % block == group.data_start % block == pool.data.start % block == 0 == pool.chunk % block
    assert pool.metadata.start % block == 0
    # Left out are the pool's metadata, of which the dump has all that counts, and blocks that are in no volume.
    reached = sum(
        term
        for place, term in ((number * block, term) for number, term in written.sums.items())
        if place >= group.start and place not in pool.metadata and (place not in pool.data or pool.holds(place))
    )
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
    return images.LAYER if images.LAYER in volumes else "root"


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
    expected = mapped(layout, root_of(answer.inside.volumes))
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
    pieces = iter([todo[n : n + 8] for n in range(0, len(todo), 8)])
    # One more than there can be machines: while it reads its disk, the others run.
    watchers, insides = qemu.MACHINES + 1, {}
    with concurrent.futures.ThreadPoolExecutor(watchers) as threads:
        outsides = Outsides(layout, before, log, threads).look(todo)

        def watch(number):
            watcher = Watcher(layout, before, log, number, shared, outsides, insides)
            return [watcher.look(cut) for piece in pieces for cut in piece]

        answers = [a for part in threads.map(watch, range(watchers)) for a in part]
        assert len(answers) == len(todo), f"{len(answers)} of {len(todo)} power cuts were looked at"
        lost = [a for a in answers if a.lost]
        spoiled = {a.state for a in lost if a.state}
        number = sum(1 for a in answers if a.lost or a.state in spoiled)
        assert not lost, f"{number} of {len(answers)} power cuts lost the machine:\n" + "\n".join(
            f"{a.cut}: {a.lost}" for a in lost[:10]
        )
        work = collections.Counter(a.work for a in answers)
        ends = {a.after for a in answers if a.after}
        assert len(ends) == 1, f"init ends in {len(ends)} different states, see {shared}/after-*"
        differing = {(a.boot, *a.inside.volumes): a for a in answers}
        list(threads.map(lambda item: boots(layout, before, log, *item), enumerate(differing.values())))
    prefixes = sum(1 for cut in todo if not cut.subset)
    return (
        f"{prefixes} prefixes and {len(todo) - prefixes} subsets of unflushed writes, 0 lost; {len(outsides)} different "
        f"/boots and {len(insides)} different volume groups, each mounted; together in {len({a.state for a in answers})} "
        f"different states: init completed {work['completed']} and found {work['already']} complete, all ending in the same; "
        f"{len(differing)} told apart by boot loader or initramfs, all booted; "
        f"{sum(a.inside.hole for a in answers)} were between the pool's commits of the base and of its transaction"
    )
