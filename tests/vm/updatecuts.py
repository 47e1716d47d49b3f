"""Power cuts in the verbs of an update: `update` (which also arms the trial), the trial, `confirm`, `rollback`, `remove`.

Each is recorded once, beginning with the disk that the one before has left, and checked after every write as `init` is
(powercut.py): the default entry boots and so does the entry that boots once, everything activates and mounts, and the verb, run
again, completes what was interrupted; what it ends in does not depend on when the power was cut. Of the writes of data into a
base that no entry names yet, one in `RARELY` is checked.
"""

import collections
import dataclasses
import pathlib
import threading
from collections.abc import Sequence
from typing import NamedTuple

import diskview
import imagefiles
import images
import jobs
import powercut
import qemu
import scenario
import trials
import uml
import writelog
from packages import LAB

LAYOUT = dataclasses.replace(powercut.LAYOUT, name="verbcut", inodes=4096, kept=False)
RARELY = 64
NEW, OLD = imagefiles.layer(2), images.LAYER


class Verb(NamedTuple):
    """A verb that is interrupted."""

    # The generation whose layer runs.
    running: int
    # What is interrupted, in the root directory of that layer, whose /mnt is the image disk.
    command: str
    # What completes it in the layer of the default entry, which is {booted}.
    complete: str
    # In how many states it may end.
    ends: int = 1
    # What the boot loader does before it.
    before: str = ""
    subsets: int = 100
    # Commands that let the verb itself mark the beginning and the end of what is interrupted. Without them it is the whole verb.
    marks: str = ""
    # Of the machine that completes it, in MiB.
    memory: int = 384


# GRUB empties the variable when it boots the entry.
CONSUMED = """
sed 's/^next_entry=.*/next_entry=/' /mnt/sysroot/boot/grub2/grubenv | head -c 1024 > /tmp/env
{ cat /tmp/env; head -c 1024 /dev/zero | tr '\\0' '#'; } | head -c 1024 > /tmp/block
cat /tmp/block > /mnt/sysroot/boot/grub2/grubenv
"""
IMAGE = f"update /mnt/2 --nvr {imagefiles.nvr(2)}"
VERBS = {
    "update": Verb(
        1,
        IMAGE,
        f"""
node-layout {IMAGE} > /run/o 2>&1 || lose "update fails"
say "work completed"
node-layout status > /run/o 2>&1; [ $? = 3 ] || lose "no trial is pending after update"
""",
    ),
    # The old layer boots: it says that the image did not start, or that it was not confirmed.
    "trial": Verb(
        2,
        "started",
        """
node-layout status > /run/o 2>&1; [ $? = 1 ] || lose "status does not say that the trial has failed"
say "work already"
""",
        2,
        CONSUMED,
    ),
    # Before the default has changed the old layer boots, in which the trial has failed; after that confirm completes its work.
    "confirm": Verb(
        2,
        "confirm",
        f"""
if [ {{booted}} = {NEW} ]; then
    node-layout confirm > /run/o 2>&1 || lose "confirm fails"
    say "work completed"; node-layout status > /run/o 2>&1 || lose "not confirmed"
else
    say "work already"; node-layout status > /run/o 2>&1; [ $? = 1 ] || lose "status does not say that the trial has failed"
fi
""",
        2,
    ),
    "rollback": Verb(
        2,
        f"rollback --to {images.NVR}",
        f"""
node-layout rollback --to {images.NVR} > /run/o 2>&1 || lose "rollback fails"
say "work completed"
""",
    ),
    "remove": Verb(
        1,
        f"remove {imagefiles.nvr(2)}",
        f"""
node-layout remove {imagefiles.nvr(2)} > /run/o 2>&1
lvs {{vg}}/{imagefiles.nvr(2)} > /dev/null 2>&1 && lose "remove fails"
say "work completed"; node-layout status > /run/o 2>&1 || lose "not confirmed"
""",
    ),
}
_MAKING = threading.Lock()


def media() -> pathlib.Path:
    """A disk with the tree of the newer image, without specimens; makes it unless it exists."""
    path, stamp = LAB / "media-small.img", LAB / "media-small.complete"
    with _MAKING:
        if not stamp.exists():
            imagefiles.make_small_media(path, LAB / "boot.img")
            stamp.touch()
    return path


MOUNT = """
vgchange -q -ay {vg} || fail activate
mkdir -p /mnt/sysroot
run mount -t {root} -o noatime /dev/{vg}/{running} /mnt/sysroot
run mount -o noatime {bootdev} /mnt/sysroot/boot
run mount /dev/vda2 /mnt/sysroot/efi
run mount -o noatime /dev/{vg}/var /mnt/sysroot/var
for d in dev proc sys run; do run mount --bind /$d /mnt/sysroot/$d; done
run mount --bind /mnt/media /mnt/sysroot/mnt
mkdir -p /mnt/sysroot/var/tmp; sync
"""


def record(layout: images.Layout, before: pathlib.Path, name: str, verb: Verb, media: pathlib.Path) -> powercut.Recording:
    """Records a verb, which begins with this disk; the disk afterwards is `after(recording)`."""
    running = imagefiles.layer(verb.running)
    if verb.before:
        # As a write of the boot loader, before the machine's kernel runs.
        text = jobs.fill(imagefiles.MEDIA + MOUNT + verb.before + "cd /\nsync\n", layout, running=running, root=layout.root)
        end = jobs.UNMOUNT.replace("for d in dev", "for d in mnt dev")
        uml.boot([before, qemu.Disk(media, "media")], text + jobs.fill(end, layout), console=True).check(f"before {name}")
    during = images.copy([before], f"{layout.name}-during")[0]
    log = scenario.directory() / f"{layout.name}.log"
    log.write_bytes(b"")
    run = f"node-layout {verb.command} > /run/o 2>&1 || {{ cat /run/o; fail '{name}'; }}\ncat /run/o\n"
    if not verb.marks:
        run = writelog.mark("MARK-START") + run + writelog.mark("MARK-END")
    text = imagefiles.MEDIA + MOUNT + jobs.inside(verb.marks + run)
    machine = [qemu.Disk(during, log=log), qemu.Disk(media, "media", snapshot=True)]
    qemu.boot(machine, jobs.fill(text, layout, running=running, root=layout.root)).check(f"recording {name}")
    inside = jobs.inside("cd /\n" + (imagefiles.GUEST / "powercut-complete.sh").read_text())
    script = powercut.script("powercut-verb.sh", layout, verb=name, media=imagefiles.MEDIA, complete_inside=inside)
    script = jobs.fill(script.replace("{complete}", verb.complete), layout)
    return powercut.Recording(layout, before, writelog.Log(log), script, [qemu.Disk(media, "media")], verb.memory)


def after(recording: powercut.Recording) -> pathlib.Path:
    """The disk after a recorded verb."""
    return scenario.directory() / f"{recording.layout.name}-during.img"


def todo(recording: powercut.Recording, subsets: int, rarely: int = RARELY) -> list[powercut.Cut]:
    """The power cuts to check. Of those that end with a write to the pool's data it is one in `rarely`."""
    before = recording.before
    group = diskview.VolumeGroup(before, diskview.partitions(before)[4])
    data = diskview.pool_places(group).data
    found = powercut.cuts(recording.log, subsets, group)
    rare = 0
    kept = []
    for cut in found:
        if not cut.subset and recording.log.place(cut.upto - 1) in data:
            rare += 1
            if rare % rarely:
                continue
        kept.append(cut)
    return kept


def power_cuts(names: Sequence[str]) -> str:
    """Records all verbs one after the other, and checks the power cuts of these."""
    before = trials.first_boot(LAYOUT, LAB / "root.tar")[0]
    proved = []
    for name, verb in VERBS.items():
        layout = dataclasses.replace(LAYOUT, name=f"{LAYOUT.name}-{name}")
        recording = record(layout, before, name, verb, media())
        if name in names:
            summary = powercut.check(recording, todo(recording, verb.subsets), verb.ends)
            work = collections.Counter(outcome.work for outcome in summary.outcomes)
            proved.append(f"{name}: {summary.text()}, {work['completed']} completed, {summary.boots} booted")
        before.unlink()
        before = after(recording)
    return "; ".join(proved)
