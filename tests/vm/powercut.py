"""Power cuts: records every write of one `init`, and checks the machine after a power cut at every one of them.

What is proved, for the disk after every write (a *prefix* of the log of writes) and for at least a hundred disks which only
some of the writes since the last flush have reached (a *subset*):

- the boot loader, reading the bare disk, finds a complete default entry and the kernel and initramfs that it names; the
  volumes that the entry's arguments name exist (diskview.py; guest/powercut.sh lists the volumes);
- fsck.fat finds only harmless differences on FAT, before `init` runs again and after that;
- thin_check finds no fault in the thin pool's metadata, volumes activate, file systems mount, fstab names a root that exists;
- `node-layout init`, run again, ends in a state that `node-layout verify` accepts, and this state does not depend on when the
  power was cut: nothing is left behind;
- through firmware and boot loader the machine boots on the root that the entry names: one boot for each state that the
  boot loader or the initramfs can tell apart.

A disk has two halves: the volume group, and what is outside it (/boot, the EFI system partition). Until `init` runs, neither
affects what is found in the other: volumes are activated and mounted without /boot, and /boot without them. So each half that
a power cut leaves is checked once, as it was, whatever the other half is: a group in a machine of its own, on an overlay that is
thrown away (guest/powercut.sh), what is outside it on a disk of its own, several disks a machine (guest/powercut-boot.sh). Two
halves count as one only if they are equal in every byte that a machine can reach (`outside`, `reachable`: LVM's description of
the group, the pool's mappings, every block of a volume). Both halves together then run through `init`, in a machine with that
very disk. `init` is skipped only where LVM's metadata, the pool's metadata, everything that the boot loader reads and every file
that `init` acts on are equal byte for byte to what an earlier machine had.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import pathlib
import random
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import diskview
import images
import jobs
import qemu
import scenario
import uml
import writelog

# Small, so that a disk is checked quickly. (init rewrites the rescue entry, but nothing boots it here.)
LAYOUT = images.Layout(
    name="powercut", root="ext4", size="8G", pool="--size 3G", root_size="512M", inodes=2048, rescue_size=64 << 10, kept=True
)
# By the scenario's name. GRUB replays no journal: it reads /boot from a bare xfs. FAT has no journal.
LAYOUTS = {
    "power-cuts": LAYOUT,
    "power-cuts-xfs-boot": dataclasses.replace(LAYOUT, name="powercut-xfs", boot="xfs", kept=False),
    "power-cuts-fat-boot": dataclasses.replace(LAYOUT, name="powercut-fat", boot="vfat", loader="systemd-boot", kept=False),
}
LOADERS: dict[str, type[diskview.Grub | diskview.SystemdBoot]] = {"grub": diskview.Grub, "systemd-boot": diskview.SystemdBoot}
SUBSETS = 100
GUEST = pathlib.Path(__file__).parent / "guest"
# Nearly as many disks as user-mode Linux supports.
OUTSIDES_A_MACHINE = 12


class Cut(NamedTuple):
    """A power cut: the entries of the log before number `upto` have reached the disk, and those in `subset`."""

    name: str
    upto: int
    subset: tuple[int, ...]


class Outside(NamedTuple):
    """What is outside the volume group."""

    boot: diskview.Boot
    # A hash of the files when they are mounted.
    tree: str | None
    # Why it cannot be used, if it cannot.
    lost: str | None


class Inside(NamedTuple):
    """What is in the volume group."""

    volumes: list[str]
    # A hash of the files in the volumes.
    tree: str
    # Whether the cut was between the pool's own commit and LVM's.
    between_commits: bool


class Outcome(NamedTuple):
    """What was found after a power cut."""

    cut: Cut
    # Why the machine is lost, if it is.
    lost: str | None
    # Equal for disks that the boot loader cannot tell apart.
    boot: str
    # None if the machine was lost before the group could be read.
    inside: Inside | None
    # A hash of everything that init acts on.
    state: str
    # What init did: "completed", "already", or "equal" if no machine had to run it.
    work: str
    # A hash of the state in which init ended, if it ran.
    after: str
    # The kernel arguments of the entry that the boot loader chooses.
    arguments: Sequence[str] = ()


class Recording(NamedTuple):
    """A recorded run of a verb."""

    layout: images.Layout
    # The disk before it.
    before: pathlib.Path
    log: writelog.Log
    # What a machine does with the disk after a power cut: it looks at the volume group, and completes the work.
    script: str
    # Other disks that the script needs.
    disks: Sequence[qemu.Disk] = ()
    # Of that machine, in MiB.
    memory: int = uml.MEMORY


def record(layout: images.Layout) -> Recording:
    """Records one run of `init`."""
    before = images.fresh(layout, f"{layout.name}-before")[0]
    during = images.copy([before], f"{layout.name}-during")[0]
    log = scenario.directory() / f"{layout.name}.log"
    log.write_bytes(b"")
    init = jobs.INIT + " > /tmp/init || { cat /tmp/init; fail init; }\n"
    job = jobs.MOUNT + writelog.mark("MARK-START") + init + writelog.mark("MARK-END") + jobs.UNMOUNT
    qemu.boot([qemu.Disk(during, log=log)], jobs.fill(job, layout)).check("recording init")
    during.unlink()
    check = script("powercut.sh", layout, fat="/dev/ubda3" if layout.boot == "vfat" else "")
    return Recording(layout, before, writelog.Log(log), check)


def cuts(log: writelog.Log, subsets: int, group: diskview.VolumeGroup, places: range | None = None) -> list[Cut]:
    """Every prefix that ends with a write, and as many different random subsets, in the order of the log. With `places` (bytes
    of the disk) only prefixes whose last write is there, and subsets that contain a write there.

    LVM flushes nothing between its description of the volume group and the header that points to it, nor between the
    precommitted and the committed header: every LVM command relies on the disk for their order, and no caller can change that.
    So in the subsets, too, the writes to LVM's metadata area arrive in their order.
    """
    lvm = range(group.start, group.data_start)
    first, last = log.marked("MARK-START"), log.marked("MARK-END")

    def counts(n: int) -> bool:
        return log.writes(n) and (places is None or log.place(n) in places)

    written = [n for n in range(first, last) if counts(n)]
    found = [Cut(f"prefix-{n + 1}", n + 1, ()) for n in written]
    chance = random.Random(20261121)
    drawn: set[tuple[int, tuple[int, ...]]] = set()
    # The log may have fewer subsets than are wanted.
    for _ in range(100 * subsets):
        if len(drawn) == subsets:
            break
        end = chance.randrange(first + 1, last) if places is None else chance.choice(written) + 1
        flushed = max((n + 1 for n in range(end) if log.flushes(n)), default=0)
        waiting = [n for n in range(flushed, end) if log.writes(n)]
        lucky = {n for n in waiting if log.durable(n) or chance.random() < 0.5}
        described = [n for n in waiting if log.place(n) in lvm]
        arrived = chance.randrange(len(described) + 1)
        kept = tuple(n for n in waiting if n in (described[:arrived] if n in described else lucky))
        is_prefix = kept == tuple(waiting[: len(kept)])
        if flushed > first and not is_prefix and (flushed, kept) not in drawn and any(map(counts, kept)):
            drawn.add((flushed, kept))
            found.append(Cut(f"subset-{len(drawn)}", flushed, kept))
    return sorted(found, key=lambda cut: cut.upto)


class Player:
    """A disk of its own on which power cuts are replayed in order, and a summary of what was written to it."""

    def __init__(self, recording: Recording, name: str) -> None:
        self.layout, before, log = recording.layout, recording.before, recording.log
        self.replay = writelog.Replay(before, log, f"{self.layout.name}-{name}")
        self.starts = diskview.partitions(before)
        self.group_at = self.starts[4]
        # In LVM's area only the description counts that its header points to (VolumeGroup has it).
        self.written = writelog.Written(log, diskview.VolumeGroup(before, self.group_at).ring)

    @contextlib.contextmanager
    def at(self, cut: Cut) -> Iterator[pathlib.Path]:
        """The disk after this cut, as long as the context lasts."""
        self.replay.forward(cut.upto)
        self.written.forward(cut.upto)
        with self.replay.also(cut.subset) as disk, self.written.also(cut.subset):
            yield disk

    def outside(self) -> int:
        """Equal for disks that are equal outside the volume group."""
        return self.written.sum(range(self.group_at))


class OutsideCopy(NamedTuple):
    """A copy of a disk's outside that waits for a machine."""

    key: int
    path: pathlib.Path
    # Whether its EFI system partition is one that was not checked yet.
    new_system: bool


class Outsides(Player):
    """Checks what is outside the volume group after power cuts: each different outside once, several in a machine."""

    def __init__(self, recording: Recording, threads: concurrent.futures.Executor) -> None:
        super().__init__(recording, "outside")
        self.threads = threads
        self.keys: set[int] = set()
        self.systems: set[int] = set()
        self.found: dict[int, Outside] = {}
        self.waiting: list[OutsideCopy] = []
        self.running: collections.deque[concurrent.futures.Future[dict[int, Outside]]] = collections.deque()

    def look(self, todo: Sequence[Cut]) -> dict[int, Outside]:
        """The outsides after these cuts, by `Player.outside`."""
        for cut in todo:
            with self.at(cut) as disk:
                key, system = self.outside(), self.written.sum(range(self.starts[3]))
                if key in self.keys:
                    continue
                self.keys.add(key)
                copy = self.replay.path.with_name(f"{self.layout.name}-outside-{len(self.keys)}.img")
                writelog.copy_beginning(disk, copy, self.group_at)
            self.waiting.append(OutsideCopy(key, copy, system not in self.systems))
            self.systems.add(system)
            if len(self.waiting) == OUTSIDES_A_MACHINE:
                self._start()
        self._start()
        while self.running:
            self.found.update(self.running.popleft().result())
        self.replay.path.unlink()
        return self.found

    def _start(self) -> None:
        if self.waiting:
            self.running.append(self.threads.submit(self._mount, self.waiting))
            self.waiting = []
        # The copies take up space.
        while len(self.running) > qemu.MACHINES:
            self.found.update(self.running.popleft().result())

    def _mount(self, copies: Sequence[OutsideCopy]) -> dict[int, Outside]:
        """Looks at these copies with the boot loader, mounts them in a machine, and removes them."""
        boots = [LOADERS[self.layout.loader](copy.path, self.starts).look() for copy in copies]
        names = [f"ubd{chr(ord('a') + number)}" for number in range(len(copies))]
        check = " ".join(name for name, copy in zip(names, copies, strict=True) if copy.new_system)
        text = script("powercut-boot.sh", self.layout, disks=" ".join(names), check=check)
        result = uml.boot([copy.path for copy in copies], text, short_lived=True)
        found = {}
        for name, copy, boot in zip(names, copies, boots, strict=True):
            tree, lost = result.get(f"tree-{name}"), result.get(f"lost-{name}") or boot.lost
            if not lost and not (tree and result.ok):
                lost = "the machine did not finish"
            found[copy.key] = Outside(boot, tree, with_console(lost, result))
            copy.path.unlink()
        return found


class Watcher(Player):
    """Checks power cuts one after the other. What is outside the group is known (`outsides`); all watchers share what has been
    found in it (`insides`)."""

    def __init__(
        self,
        recording: Recording,
        number: int,
        shared: pathlib.Path,
        *,
        outsides: Mapping[int, Outside],
        insides: dict[bytes, Inside],
    ) -> None:
        super().__init__(recording, str(number))
        self.shared, self.scratch = shared, scenario.directory() / f"{self.layout.name}-metadata-{number}"
        self.outsides, self.insides = outsides, insides
        self.pools: dict[tuple[diskview.PoolPlaces, int], diskview.Pool] = {}
        self.recording = recording

    def look(self, cut: Cut) -> Outcome:
        """Checks one power cut."""
        with self.at(cut) as disk:
            outside = self.outsides[self.outside()]
            if outside.lost:
                return Outcome(cut, outside.lost, outside.boot.key, None, "", "", "")
            arguments = outside.boot.once or outside.boot.arguments
            try:
                group = diskview.VolumeGroup(disk, self.group_at)
                pool = self._pool(disk, group)
            except (AssertionError, RuntimeError) as error:
                return Outcome(cut, str(error), outside.boot.key, None, "", "", "")
            # What is mounted of the group depends on the boot entries.
            mounted = " ".join(map(root_volume, (outside.boot.arguments, outside.boot.once)))
            key = reachable(self.written, group, pool) + mounted.encode()
            seen = hashlib.sha256((outside.boot.key + group.text + pool.dump).encode()).hexdigest()
            if inside := self.insides.get(key):
                state = state_of(seen, inside, outside)
                if (self.shared / state).exists():
                    why = missing_volumes(self.layout, outside.boot, inside.volumes)
                    return Outcome(cut, why, outside.boot.key, inside, state, "equal", "", arguments)
            inside, result = self._run(disk, seen, outside, between_commits(group, pool))
            state = state_of(seen, inside, outside) if inside.tree else ""
            lost = result.get("lost") or missing_volumes(self.layout, outside.boot, inside.volumes)
            if not lost and not (result.ok and state and (self.shared / state).exists()):
                lost = "the machine did not finish"
            if not lost and self.insides.setdefault(key, inside) != inside:
                return Outcome(cut, "an equal group had other volumes", outside.boot.key, inside, state, "", "")
            work, after = result.get("work") or "", result.get("after") or ""
            return Outcome(cut, with_console(lost, result), outside.boot.key, inside, state, work, after, arguments)

    def _pool(self, disk: pathlib.Path, group: diskview.VolumeGroup) -> diskview.Pool:
        """The group's pool, read anew only if its metadata or LVM's description of it has changed."""
        places, block = diskview.pool_places(group), self.written.BLOCK
        key = places, self.written.sum(places.metadata)
        if key not in self.pools:
            assert places.metadata.start % block == places.data.start % block == len(places.metadata) % block == 0
            self.pools[key] = diskview.Pool(disk, group, self.scratch)
        return self.pools[key]

    def _run(self, disk: pathlib.Path, seen: str, outside: Outside, hole: bool) -> tuple[Inside, qemu.Result]:
        """Runs the checks and init in a machine with this disk."""
        assert outside.tree
        text = self.recording.script.replace("{seen}", seen).replace("{tree}", outside.tree)
        for name, arguments in (("booted", outside.boot.arguments), ("once", outside.boot.once)):
            text = text.replace("{" + name + "}", root_volume(arguments))
        machine = [qemu.Disk(disk, snapshot=True), *self.recording.disks]
        # A machine with other disks needs the drivers for what is on them.
        result = uml.boot(machine, text, shared=self.shared, short_lived=not self.recording.disks, memory=self.recording.memory)
        return Inside((result.get("volumes") or "").split(), result.get("group") or "", hole), result


def with_console(lost: str | None, result: qemu.Result) -> str | None:
    """A reason with the end of the machine's console below it."""
    return lost and lost + "\n" + "\n".join(result.lines[-30:])


def state_of(seen: str, inside: Inside, outside: Outside) -> str:
    """The hash of everything that init acts on, as guest/powercut.sh makes it."""
    text = f"{seen}\n{inside.tree}\n{outside.tree}\n"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def script(name: str, layout: images.Layout, **more: str) -> str:
    """One of the scripts in guest/ that check a disk."""
    text = (GUEST / "powercut-common.sh").read_text() + (GUEST / name).read_text()
    return jobs.fill(text, layout, root=layout.root, boot=layout.boot, root_uuid=images.ROOT_UUID, **more)


def boot_partitions(starts: Mapping[int, int]) -> range:
    """The bytes of the EFI system partition and of /boot."""
    return range(starts[2], starts[4])


def reachable(written: writelog.Written, group: diskview.VolumeGroup, pool: diskview.Pool) -> bytes:
    """A hash that is equal for disks whose volume groups are equal in everything that a machine can reach."""
    block = written.BLOCK
    assert written.ignored == group.ring
    assert group.start % block == group.data_start % block == pool.data.start % block == 0 == pool.chunk % block
    assert pool.metadata.start % block == 0

    def counts(place: int) -> bool:
        # The dump says everything about the pool's metadata; chunks that no volume maps do not count.
        return place >= group.start and place not in pool.metadata and (place not in pool.data or pool.is_mapped(place))

    reached = sum(term for number, term in written.sums.items() if counts(number * block))
    return hashlib.sha256((group.text + pool.dump + str(reached)).encode()).digest()


def between_commits(group: diskview.VolumeGroup, pool: diskview.Pool) -> bool:
    """Whether the pool already has a device whose creation LVM has not completed: LVM will try to create it again and fail.

    Whether a recording has a write between these two commits is a matter of chance; leftovers.py makes this state every time.
    """
    expected = diskview.number("transaction_id", group.text)
    return pool.transaction < expected and pool.devices == group.devices()


def root_volume(arguments: Sequence[str]) -> str:
    """The volume that kernel arguments name as root; empty if they name none, or a file system."""
    roots = [a.removeprefix("root=") for a in arguments if a.startswith("root=/dev/")]
    return roots[-1].rpartition("/")[2] if roots else ""


def missing_volumes(layout: images.Layout, boot: diskview.Boot, volumes: Collection[str]) -> str | None:
    """Why an initramfs could not mount root with the kernel arguments of the default or of the entry that boots once, if it could
    not."""
    arguments = [*boot.arguments, *boot.once]
    there = {f"/dev/{layout.vg}/{v}" for v in volumes} | {f"/dev/mapper/{mapped(layout, v)}" for v in volumes}
    there.add(f"UUID={images.ROOT_UUID}")
    values = [a.partition("=")[2] for a in arguments if a.startswith("root=")]
    values += ["/dev/" + a.partition("=")[2] for a in arguments if a.startswith("rd.lvm.lv=")]
    missing = [v for v in values if v not in there]
    return f"the default entry names {', '.join(missing)}, which do not exist" if missing else None


def mapped(layout: images.Layout, volume: str) -> str:
    """The device-mapper name of a volume."""
    return f"{layout.vg.replace('-', '--')}-{volume.replace('-', '--')}"


def boots(recording: Recording, number: int, outcome: Outcome) -> None:
    """Checks that the machine boots through its firmware on the root that exists."""
    layout = recording.layout
    replay = writelog.Replay(recording.before, recording.log, f"{layout.name}-boot-{number}")
    replay.forward(outcome.cut.upto)
    job = """
say "root $(cat /sys/dev/block/$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1)/dm/name)"
"""
    with replay.also(outcome.cut.subset) as disk:
        if layout.loader == "systemd-boot":
            result = qemu.boot([disk], job, firmware="uefi", variables=replay.path.with_suffix(".vars"))
        else:
            result = qemu.boot([disk], job, firmware="bios")
    result.check(f"booting after {outcome.cut.name}")
    replay.path.unlink()
    assert outcome.inside
    installed = images.LAYER if images.LAYER in outcome.inside.volumes else "root"
    # Before init the entry may name the volume as it will be called, by its file system.
    named = root_volume(outcome.arguments)
    expected = mapped(layout, named if named in outcome.inside.volumes else installed)
    assert result.value("root") == expected, f"after {outcome.cut.name} root was {result.value('root')}, not {expected}"


def check_none_lost(outcomes: Sequence[Outcome]) -> None:
    """Raises an error that names the first power cuts after which the machine is lost, if there are any."""
    lost = [outcome for outcome in outcomes if outcome.lost]
    lost_states = {outcome.state for outcome in lost if outcome.state}
    number = sum(1 for outcome in outcomes if outcome.lost or outcome.state in lost_states)
    reasons = "\n".join(f"{outcome.cut}: {outcome.lost}" for outcome in lost[:10])
    assert not lost, f"{number} of {len(outcomes)} power cuts lost the machine:\n{reasons}"


class Summary(NamedTuple):
    """What was found after all power cuts."""

    cuts: Sequence[Cut]
    outcomes: Sequence[Outcome]
    # How many boot partitions, volume groups and boots differ.
    outsides: int
    insides: int
    boots: int

    def text(self) -> str:
        """What was proved."""
        prefixes = sum(1 for cut in self.cuts if not cut.subset)
        return (
            f"{prefixes} prefixes and {len(self.cuts) - prefixes} subsets of unflushed writes, 0 lost; {self.outsides} different "
            f"/boots and {self.insides} different volume groups, each mounted; together in "
            f"{len({outcome.state for outcome in self.outcomes})} different states"
        )


def check(recording: Recording, todo: Sequence[Cut], ends: int = 1) -> Summary:
    """Checks these power cuts, and boots each state that differs. What is completed ends in that many different states."""
    layout = recording.layout
    shared = scenario.directory() / f"{layout.name}-states"
    shutil.rmtree(shared, ignore_errors=True)
    shared.mkdir()
    # A disk is only played forward, and neighbouring cuts are alike: each watcher takes a few, then the next few that are left.
    pieces = iter([todo[n : n + 8] for n in range(0, len(todo), 8)])
    # One more than there can be machines: while it reads its disk, the others run.
    watchers = qemu.MACHINES + 1
    insides: dict[bytes, Inside] = {}
    with scenario.threads(watchers) as threads:
        outsides = Outsides(recording, threads).look(todo)

        def watch(number: int) -> list[Outcome]:
            watcher = Watcher(recording, number, shared, outsides=outsides, insides=insides)
            outcomes = [watcher.look(cut) for piece in pieces for cut in piece]
            watcher.replay.path.unlink()
            return outcomes

        outcomes = [outcome for part in threads.map(watch, range(watchers)) for outcome in part]
        assert len(outcomes) == len(todo), f"only {len(outcomes)} of {len(todo)} power cuts were checked"
        check_none_lost(outcomes)
        found = {outcome.after for outcome in outcomes if outcome.after}
        assert len(found) <= ends, f"it ends in {len(found)} different states, see {shared}/after-*"
        read = [(outcome, outcome.inside) for outcome in outcomes if outcome.inside]
        differing = {(outcome.boot, *inside.volumes): outcome for outcome, inside in read}
        list(threads.map(lambda item: boots(recording, *item), enumerate(differing.values())))
    return Summary(todo, outcomes, len(outsides), len(insides), len(differing))


def power_cuts(name: str) -> str:
    """Records init on a layout, checks every power cut, and boots each state that differs."""
    layout = LAYOUTS[name]
    recording = record(layout)
    starts = diskview.partitions(recording.before)
    # With FAT on /boot the volume group is written as with any other: only writes to the boot partitions are of interest.
    places = boot_partitions(starts) if layout.boot == "vfat" else None
    summary = check(recording, cuts(recording.log, SUBSETS, diskview.VolumeGroup(recording.before, starts[4]), places))
    work = collections.Counter(outcome.work for outcome in summary.outcomes)
    between = sum(outcome.inside.between_commits for outcome in summary.outcomes if outcome.inside)
    return (
        f"{summary.text()}: init completed {work['completed']} and found {work['already']} complete, all ending in the same; "
        f"{summary.boots} told apart by boot loader or initramfs, all booted; {between} were between the pool's commits of the "
        "base and of its transaction"
    )
