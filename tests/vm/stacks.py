"""Updates of nodes whose physical volume is a LUKS device, a RAID array, or two disks: tried, confirmed, and rolled back from.

What opens the physical volume at boot is in the initramfs, which the image brings, and in the arguments of the entry
(rd.luks.uuid=, rd.md.uuid=), which come along.
"""

import pathlib
from typing import Literal, NamedTuple

import imagefiles
import images
import jobs
import packages
import powercut
import qemu
import scenario
import trees
import trials
import uml
import upgrade
from packages import LAB

Stack = Literal["luks", "raid", "two-disks"]


class What(NamedTuple):
    """What a machine must have."""

    # An argument of every entry.
    argument: str
    # A command that succeeds when root is on it.
    check: str


STACKS: dict[Stack, What] = {
    "luks": What(f"rd.luks.uuid={images.LUKS_UUID}", "dmsetup table luks-pv | grep -q ' crypt '"),
    "raid": What(f"rd.md.uuid={images.RAID_UUID}", "grep -q '^md0 : active raid1' /proc/mdstat"),
    "two-disks": What("img.bootid=", "[ $(pvs --noheadings | wc -l) = 2 ]"),
}


def initramfs(stack: Stack) -> pathlib.Path:
    """The initramfs of image 2. With LUKS it has the key, as nobody can type it."""
    if stack == "two-disks":
        return LAB / "boot.img"
    if stack == "raid":
        return LAB / "boot-stack.img"
    tree, out = scenario.directory() / "initramfs", scenario.directory() / "initramfs.img"
    packages.run("cp", "-a", LAB / "boot-stack", tree)
    (tree / "key").write_text("secret")
    trees.pack(tree, out, 3)
    return out


def media(stack: Stack) -> pathlib.Path:
    """A disk with the tree of image 2."""
    path = scenario.directory() / f"media-{stack}.img"
    imagefiles.make_small_media(path, initramfs(stack))
    return path


# In a layer: what root is on, and what the entry says.
BOOTED = (
    trials.BOOTED
    + """
[ "$name" = {expected} ] || fail "/ is $name, not {expected}"
{check} || fail "/ is not on {stack}"
grep -q "{argument}" /proc/cmdline || fail "not in the arguments: {argument}: $(cat /proc/cmdline)"
"""
)
VERIFIED = "node-layout verify > /tmp/o 2>&1 || { cat /tmp/o; fail verify; }\n"
FIRST = BOOTED + VERIFIED
UPDATE = """
mkdir -p /var/tmp
node-layout update /mnt/2 --nvr {new_nvr} > /run/o 2>&1 || { cat /run/o; fail update; }
"""
TRIAL = (
    BOOTED
    + """
grep -q node_layout.trial={new_nvr} /proc/cmdline || fail "not a trial: $(cat /proc/cmdline)"
for verb in started confirm status; do node-layout $verb > /tmp/o 2>&1 || { cat /tmp/o; fail "$verb"; }; done
say "status $(node-layout status --format json)"
"""
    + VERIFIED
    + """
node-layout rollback > /tmp/o 2>&1 || { cat /tmp/o; fail rollback; }
"""
)


def update(stack: Stack) -> str:
    """One update, with the trial's boot and that of the old image."""
    layout = images.Layout(
        name=f"update-{stack}", root="ext4", root_size="640M", size="16G", pool="--size 10G", inodes=8192, stack=stack
    )
    if stack == "two-disks":
        layout = images.Layout(**{**vars(layout), "size": "12G", "pool": "--size 14G"})
    disks = images.fresh(layout, f"installed-{layout.name}")
    names = {"new_nvr": imagefiles.nvr(2), "stack": stack, "argument": STACKS[stack].argument, "check": STACKS[stack].check}
    opened = images.OPEN.get(stack, "")

    def boot(text: str, layer: str) -> qemu.Result:
        text = jobs.fill(text, layout, expected=powercut.mapped(layout, layer), **names)
        return qemu.boot(disks, text, firmware="bios", memory=768).check(f"a boot of {layout.name}")

    init = jobs.INIT + " > /tmp/init || { cat /tmp/init; fail init; }\n"
    uml.boot(disks, jobs.fill(opened + jobs.MOUNT + init + jobs.UNMOUNT, layout), memory=384, console=True).check("init")
    boot(FIRST, images.LAYER)
    image = media(stack)
    mount = "mkdir -p /mnt/sysroot/mnt; run mount --bind /mnt/media /mnt/sysroot/mnt\n"
    text = jobs.fill(imagefiles.MEDIA + opened + upgrade.MOUNT_LAYER + mount + jobs.inside(UPDATE), layout, **names)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(image, "media", snapshot=True)]
    uml.boot(machine, text, memory=384, console=True).check(f"update ({stack})")
    trial = boot(TRIAL, imagefiles.layer(2))
    upgrade.check_status(trial.value("status"), booted=2, default=2, states={1: "good", 2: "good"})
    back = boot(FIRST, images.LAYER)
    return f"an update, its trial and the way back, 3 boots; the last one took {back.seconds:.0f} s"
