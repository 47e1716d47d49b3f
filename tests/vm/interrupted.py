"""Kills and power cuts while an update merges /etc and installs packages of an administrator.

The node is that of carried.py, with /etc changed on both sides (upgrade.py). From the moment when the new layer is mounted until
its kernel is brought to /boot the update is interrupted:

- by power cuts: after every write that changes LVM's or the pool's metadata or /boot, after a part of the writes to the layer,
  and with subsets of unflushed writes. What is checked of each is in powercut.py and guest/powercut-verb.sh. Of the old image,
  also: not one of the recorded writes touches a block of its base or of its layer; its files are the same after every cut; it is
  the default, and boots;
- by SIGTERM and SIGKILL in turn, to the process alone, to its group, and to everything that it has started. The base of the old
  image and its layer have the same content afterwards, its entry is the only one and the default, live /var is the same.

Either way `update` with the same image completes at once, and the new layer has the merged files and the packages.
"""

import collections
import os
import random
import re
from typing import NamedTuple

import carried
import diskview
import imagefiles
import images
import jobs
import kills
import powercut
import qemu
import scenario
import uml
import updatecuts
import upgrade
import writelog

MANAGERS: tuple[carried.Name, ...] = ("rpm", "dpkg")
# Kills: what every run has, and what is on request.
SHARE, ALL = 8, 64
# Of the writes to the pool's data one in this many is a power cut.
RARELY = 8
SUBSETS = 40
SEED = int(os.environ.get("VM_SEED", "20261127"))

# What an administrator has changed in /etc, in the layer.
HOST = upgrade.HOST_SETTINGS.replace("/mnt/sysroot/", "/")
# Programs that note when the new layer has been mounted, and when something is brought to /boot for the first time after that.
# The commands `begin` and `finish` are run then.
WATCHED = """
mkdir -p /run/watched
cat > /run/watched/mount <<'F'
#!/run/busybox sh
/bin/mount "$@" || exit
for last in "$@"; do :; done
[ "$last" = /run/node-layout/layer ] || exit 0
{begin}
cat /proc/uptime > /run/merging
F
cat > /run/watched/fsfreeze <<'F'
#!/run/busybox sh
if [ -e /run/merging ] && [ ! -e /run/merged ]; then
    cat /proc/uptime > /run/merged
    {finish}
fi
exec /sbin/fsfreeze "$@"
F
chmod 755 /run/watched/mount /run/watched/fsfreeze
"""
# In the mounted layer of image 2, which is {at}: what the merge and the packages make of it.
COMPLETE = r"""
    grep -qx "Port 2222" {at}/etc/lab/merged.conf && grep -qx "# generation 2" {at}/etc/lab/merged.conf &&
    grep -qx svc:x:999:999::/:/sbin/nologin {at}/etc/passwd && grep -qx alice:x:990:990::/home/alice:/bin/sh {at}/etc/passwd &&
    [ "$(stat -c %u:%g {at}/usr/share/svc)" = 999:999 ] && [ ! -e {at}/etc/lab/deleted.conf ] &&
    [ "$(cat {at}/etc/lab/conflict.conf)" = "value of the host" ] && [ "$(cat {at}/etc/alpha.conf)" = "of this host" ] &&
    [ "$(cat {at}/usr/share/alpha/data)" = alpha ] && [ -s {at}/usr/lib/modules/{kver}/extra/{module}.ko ] &&
    [ "$(ls {at}/dev {at}/run {at}/proc | grep -vc -e '^$' -e ':$')" = 0 ] &&
    [ -e /var/lib/node-layout/conflicts/{new_nvr} ] && [ "$(cat /var/lib/alpha/log)" = configured ]
"""


def node(name: carried.Name, layout: images.Layout) -> carried.Node:
    """A node on which an administrator has changed /etc and installed packages, whose files are cached."""
    found = carried.installed(name, layout)
    text = found.job(HOST + carried.INSTALLED + carried.CACHED)
    uml.boot(found.machine(found.disks), text, memory=512, console=True).check(f"an administrator's changes ({layout.name})")
    return found


# ---------------------------------------------------------------- power cuts

COMPLETED = (
    """
node-layout update /mnt/2 --nvr {new_nvr} > /run/o 2>&1 || lose "update fails"
say "work completed"
node-layout status > /run/o 2>&1; [ $? = 3 ] || lose "no trial is pending after update"
lvchange -q -ay {vg}/{new}; mkdir -p /run/new
mount -t ext4 -o ro,noload /dev/{vg}/{new} /run/new || lose "the new layer does not mount"
"""
    + COMPLETE.replace("{at}", "/run/new").strip()
    + """ || lose "the new layer has not what the merge and the packages make of it"
umount /run/new
"""
)


def blocks(pool: diskview.Pool, device: int) -> set[int]:
    """The blocks of the pool's data that a thin device maps."""
    text = diskview.found(rf'<device dev_id="{device}"(?s:.*?)</device>', pool.dump)[0]
    value = r'="(\d+)"'
    mapped = {int(block) for block in re.findall("data_block" + value, text)}
    for first, length in re.findall(f"data_begin{value} length{value}", text):
        mapped.update(range(int(first), int(first) + int(length)))
    return mapped


def old_image_is_untouched(recording: powercut.Recording) -> int:
    """Checks that no recorded write touches a block of the old base or of the old layer; returns how many writes there are."""
    log = recording.log
    first, last = log.marked("MARK-START"), log.marked("MARK-END")
    replay = writelog.Replay(recording.before, log, f"{recording.layout.name}-untouched")
    start, scratch = diskview.partitions(recording.before)[4], scenario.directory() / "metadata"
    found: list[dict[str, set[int]]] = []
    for upto in (first, last):
        replay.forward(upto)
        group = diskview.VolumeGroup(replay.path, start)
        pool = diskview.Pool(replay.path, group, scratch)
        found.append({name: blocks(pool, group.device(name)) for name in (images.NVR, images.LAYER)})
    replay.path.unlink()
    assert found[0] == found[1], "the old image has other blocks than before"
    written = [n for n in range(first, last) if log.writes(n)]
    for n in written:
        place, data = log.bytes_of(n)
        if place in pool.data:
            offset = place - pool.data.start
            touched = set(range(offset // pool.chunk, (offset + len(data) - 1) // pool.chunk + 1))
            for name, mapped in found[0].items():
                assert not touched & mapped, f"write {n} touches blocks {touched & mapped}, which are those of {name}"
    return len(written)


def power_cuts(name: carried.Name) -> str:
    """Power cuts in the merge and the packages of one update."""
    it = node(name, carried.small(name, f"packagecut-{name}"))
    marks = {key: writelog.mark(f"MARK-{key}").replace("fail mark", "exit 1").strip() for key in ("START", "END")}
    # What the journal of the running layer has is written to its place before, not in between.
    marks["START"] = "/sbin/fsfreeze --freeze / && /sbin/fsfreeze --unfreeze / || exit; " + marks["START"]
    verb = updatecuts.Verb(
        1,
        f"update --tools-path /run/watched /mnt/2 --nvr {imagefiles.nvr(2)}",
        jobs.fill(COMPLETED, it.layout, **it.fill),
        marks=WATCHED.replace("{begin}", marks["START"]).replace("{finish}", marks["END"]),
        memory=512,
    )
    recording = updatecuts.record(it.layout, it.disks[0], "update", verb, it.media)
    written = old_image_is_untouched(recording)
    summary = powercut.check(recording, updatecuts.todo(recording, SUBSETS, RARELY))
    trees = {outcome.inside.tree for outcome in summary.outcomes if outcome.inside}
    assert len(trees) == 1, f"the old layer has {len(trees)} different contents"
    roots = {powercut.root_volume(outcome.arguments) for outcome in summary.outcomes}
    assert roots == {images.LAYER}, f"the default entries are of {roots}"
    work = collections.Counter(outcome.work for outcome in summary.outcomes)
    return (
        f"{summary.text()}; {work['completed']} updates completed; none of {written} writes touches the old base or layer, which "
        f"is the default after each cut; {summary.boots} booted"
    )


# ---------------------------------------------------------------- kills

RUN = (
    WATCHED.replace("{begin}", ":").replace("{finish}", ":")
    + """
mkdir -p /run/groups && mount -t cgroup2 none /run/groups && mkdir /run/groups/update || fail "no control groups"
update() {
    setsid sh -c 'echo $$ > /run/groups/update/cgroup.procs
        exec node-layout update --tools-path /run/watched /mnt/2 --nvr {new_nvr} > /run/killed 2>&1' &
}
entries() { grep -e ^saved_entry= -e ^next_entry=. /boot/grub2/grubenv; ls /boot/loader/entries; }
# Everything of the running layer and of live /var but what node-layout keeps there, and of the old base.
old() {
    for top in /*; do
        case $top in /boot | /dev | /efi | /lost+found | /mnt | /proc | /run | /sys | /tmp | /var) ;; *) echo $top ;; esac
    done > /run/tops
    # LVM keeps copies of its metadata in /etc/lvm.
    find $(cat /run/tops) -path /etc/lvm -prune -o -exec stat -c '%N %s %a %u %g' {} + | sort
    find /etc -path /etc/lvm -prune -o -type f -exec md5sum {} + | sort
    find /var -xdev -path /var/lib/node-layout -prune -o -path /var/tmp -prune -o -type f -exec md5sum {} + | sort
    mkdir -p /run/base; lvchange -q -ay -K {vg}/{nvr} && mount -t ext4 -o ro,noload /dev/{vg}/{nvr} /run/base || echo "no base"
    ( cd /run/base && find . -xdev -exec stat -c '%N %s %a %u %g' {} + | sort; find . -xdev -type f -exec md5sum {} + | sort )
    umount /run/base
    entries
}
"""
)
MEASURE = """
old > /run/old; say "old $(md5sum < /run/old)"
update; wait $! || { cat /run/killed; fail "update"; }
read from idle < /run/merging; read to idle < /run/merged
say "seconds" $(echo "$to - $from" | bc)
"""
KILL = (
    """
update; pid=$!
n=0; until [ -e /run/merging ]; do [ $n = 6000 ] && fail "no merge"; sleep 0.01; n=$((n+1)); done
sleep {delay}
case {target}-{signal} in
process-*) kill -{signal} $pid ;;
group-*) kill -{signal} -$pid ;;
all-KILL) echo 1 > /run/groups/update/cgroup.kill ;;
all-TERM) kill -TERM $(cat /run/groups/update/cgroup.procs) ;;
esac
wait $pid; say "status $?"
say "step $(sed -n 's/^\\[ *[0-9]*\\/[0-9]*\\] *//p' /run/killed | tail -1)"
[ -e /run/merged ] && { say "late"; end 0; }
# What it has started may go on: the next run must cope with it.
say "running" $(wc -l < /run/groups/update/cgroup.procs)
node-layout update /mnt/2 --nvr {new_nvr} > /run/o 2>&1 || { cat /run/killed /run/o; fail "update after the kill"; }
"""
    + """
node-layout status > /run/o 2>&1; [ $? = 3 ] || { cat /run/o; fail "no trial is pending"; }
node-layout verify > /run/o 2>&1 || { cat /run/o; fail "verify"; }
grep /run/node-layout /proc/self/mountinfo && fail "something is left mounted"
for left in /var/tmp/node-layout* /run/node-layout/layer/*; do [ -e "$left" ] && fail "$left is left"; done
lvchange -q -ay {vg}/{new}; mkdir -p /run/new
mount -t ext4 -o ro,noload /dev/{vg}/{new} /run/new || fail "the new layer does not mount"
"""
    + COMPLETE.replace("{at}", "/run/new").strip()
    + """ || fail "the new layer has not what the merge and the packages make of it"
umount /run/new
"""
)


class Kill(NamedTuple):
    """A kill: at which part of the time for merge and packages."""

    signal: str
    target: str
    moment: float

    def __str__(self) -> str:
        return f"SIG{self.signal} to {self.target} after {self.moment:.3f} of the merge and the packages"


class Victim(NamedTuple):
    """A node whose update is killed."""

    node: carried.Node
    # Seconds that merge and packages take.
    seconds: float
    # A hash of the old image.
    old: str


def boot(it: carried.Node, text: str, what: str) -> qemu.Result:
    """Runs a script on an overlay of the node's disk."""
    disks: list[qemu.Path | qemu.Disk] = [qemu.Disk(disk, snapshot=True) for disk in it.disks]
    return uml.boot(it.machine(disks), it.job(text), memory=512, limit=300).check(f"{what} (VM_SEED={SEED})")


def victim(name: carried.Name) -> Victim:
    """Measures an undisturbed update."""
    it = node(name, carried.small(name, f"packagekill-{name}"))
    result = boot(it, RUN + MEASURE, f"update ({name})")
    return Victim(it, float(result.value("seconds")), result.value("old"))


class Found(NamedTuple):
    """What a kill came upon: the step, and how many programs went on."""

    step: str
    running: int


def look(it: Victim, kill: Kill) -> Found | None:
    """Checks one kill; None if the layer was complete by then."""
    parts = {"signal": kill.signal, "target": kill.target, "delay": f"{kill.moment * it.seconds:.3f}"}
    text = RUN + KILL.replace("node-layout update /mnt/2", f"{OLD}node-layout update /mnt/2")
    for key, value in {**parts, "old": it.old}.items():
        text = text.replace("{" + key + "}", value)
    result = boot(it.node, text, f"update after {kill}")
    if "late" in result.reports:
        return None
    expected = {"TERM": 143, "KILL": 137}[kill.signal]
    assert int(result.value("status")) == expected, f"{kill}: exit status {result.value('status')}, not {expected}"
    return Found(result.value("step"), int(result.value("running")))


OLD = """old > /run/old; [ "$(md5sum < /run/old)" = "{old}" ] || { cat /run/old; fail "the old image has changed"; }
"""


def killed(number: int) -> str:
    """Kills updates this many times, with both package managers in turn. A kill that comes too late does not count."""
    chance = random.Random(SEED)
    with scenario.threads(qemu.MACHINES) as threads:
        victims = list(threads.map(victim, MANAGERS))
        signals = [(("TERM", "KILL")[n // 2 % 2], kills.TARGETS[n // 4 % 3], victims[n % 2]) for n in range(number)]
        done: list[Found] = []
        late = 0
        while signals:
            todo = [(it, Kill(signal, target, chance.random())) for signal, target, it in signals]
            found = list(threads.map(lambda one: look(*one), todo))
            done += [what for what in found if what]
            signals = [one for one, what in zip(signals, found, strict=True) if not what]
            late += len(signals)
            assert late <= number, f"{late} kills came too late"
    steps = collections.Counter(what.step for what in done)
    going_on = sum(1 for what in done if what.running)
    return (
        f"{number} kills, {late} more came too late; merge and packages take "
        + " and ".join(f"{it.seconds:.1f} s ({name})" for name, it in zip(MANAGERS, victims, strict=True))
        + f"; after {going_on} kills programs went on; the old image was the same, and each next update completed; by the step "
        + ", ".join(f"{step}: {count}" for step, count in sorted(steps.items()))
        + f"; VM_SEED={SEED}"
    )
