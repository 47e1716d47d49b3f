"""Images that fail in every stage of their trial. (administered.py has one that does not.) Each machine starts once, and its last
boot switches it off: everything between, the way back included, happens without a hand.

The images that fail before their user space have the small root, the others a Debian with systemd, which runs the trial's own
units. `update` runs in user-mode Linux, in the installed system's root directory; the trial, the way back and `status` run in a
machine with firmware and boot loader.
"""

import json
import pathlib
import shutil
import tarfile
import threading
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import debian
import imagefiles
import images
import jobs
import packages
import powercut
import qemu
import scenario
import uml
import upgrade
from packages import LAB

Root = Literal["small", "debian"]
# A kernel that panics stays as it is, unless the entry of the trial says otherwise.
LAYOUTS: dict[Root, images.Layout] = {
    "small": images.Layout(name="trial-small", root="ext4", root_size="640M", size="16G", pool="--size 10G", panic=0),
    "debian": images.Layout(
        name="trial-debian", root="ext4", root_size="768M", size="16G", pool="--size 10G", early_swap=False, panic=0
    ),
}
SYSTEM = "usr/lib/systemd/system"


class Fault(NamedTuple):
    """What is wrong with an image."""

    # What `status` says afterwards.
    reason: str
    root: Root = "debian"
    firmware: Literal["uefi", "bios"] = "bios"
    # Files of the image, by their path; "-> TARGET" is a link.
    files: Mapping[str, str] = {}
    # Files that its initramfs has instead of others.
    initramfs: Mapping[str, str] = {}
    # What happens between the update and the trial, and in the trial: commands of a shell.
    before: str = ":"
    during: str = ""


def unit(command: str, wanted_by: str, order: str) -> dict[str, str]:
    """The files of a service that is part of the boot."""
    text = f"[Unit]\nDefaultDependencies=no\n{order}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={command}\n"
    return {f"{SYSTEM}/lab-fault.service": text, f"{SYSTEM}/{wanted_by}/lab-fault.service": "-> ../lab-fault.service"}


PANIC = "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\necho c > /proc/sysrq-trigger\n"
GONE = "[Unit]\nDefaultDependencies=no\n[Mount]\nWhat=/usr\nWhere=/gone\nType=ext4\n"
# A trial may take ten minutes. Where only the timer ends it, it ends sooner.
SOON = {f"{SYSTEM}/node-layout-trial.timer.d/lab.conf": "[Timer]\nOnBootSec=\nOnBootSec=60\n"}
CRASH = "/bin/sh -c 'kill -SEGV 1; sleep infinity'"
UNHEALTHY = "#!/bin/sh\necho the lab is not healthy\nexit 1\n"
FAULTS = {
    "missing-kernel": Fault("did-not-start", "small", "uefi", before="rm /boot/{new}/vmlinuz-*"),
    "kernel-panic": Fault("did-not-start", "small", initramfs={"init": PANIC}),
    # Without the device mapper's modules there is no root.
    "no-root": Fault("did-not-start", "small", initramfs={"modules/names": "virtio_pci virtio_blk\n"}),
    "power-cut": Fault("not-confirmed", "small", during="sync; echo b > /proc/sysrq-trigger; sleep 100"),
    "emergency-mode": Fault(
        "timeout",
        files={**SOON, f"{SYSTEM}/gone.mount": GONE, f"{SYSTEM}/local-fs.target.requires/gone.mount": "-> ../gone.mount"},
    ),
    "pid-1-dies": Fault("not-confirmed", files=unit(CRASH, "multi-user.target.wants", "After=node-layout-started.service")),
    "service-never-up": Fault(
        "timeout", files={**SOON, **unit("/bin/sleep infinity", "boot-complete.target.requires", "Before=boot-complete.target")}
    ),
    "health-check": Fault("health-50-lab.sh", files={"usr/lib/greenboot/check/required.d/50-lab.sh": UNHEALTHY}),
    "hang": Fault("timeout", files={**SOON, **unit("/bin/sleep infinity", "sysinit.target.requires", "Before=sysinit.target")}),
}

# A job runs at every boot.
BOOTED = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
say "booted $name"
"""
# In the trial the job ends, and the machine goes on. Then the old layer says what has happened.
FAILING = """
if [ "$name" = {new_name} ]; then
    grep -q node_layout.trial={new_nvr} /proc/cmdline || fail "not a trial: $(cat /proc/cmdline)"
    {during}
    exit 0
fi
node-layout status --format json > /tmp/status; say "exit $?"
say "status $(cat /tmp/status)"
say "motd $(node-layout status --motd)"
node-layout status
node-layout verify > /tmp/verify 2>&1; say "verified $?"; cat /tmp/verify
"""
# The image is the tree on the disk `media` with the files of the fault over it.
IMAGE = """
mkdir -p /mnt/over /mnt/sysroot/mnt/image /mnt/sysroot/var/tmp
run mount -t tmpfs tmp /mnt/over; mkdir /mnt/over/upper /mnt/over/work
run tar xpf /job/fault.tar -C /mnt/over/upper
run mount -t overlay -o lowerdir=/mnt/media/2,upperdir=/mnt/over/upper,workdir=/mnt/over/work image /mnt/sysroot/mnt/image
"""
UPDATE = """
node-layout update /mnt/image --nvr {new_nvr} > /run/update 2>&1 || { cat /run/update; fail update; }
cat /run/update
{before} || fail "before the trial"
umount /mnt/image || fail "unmount the image"
# LVM has started it.
killall -9 dmeventd 2> /dev/null && sleep 1
"""
_MAKING = threading.Lock()


def debian_tree() -> pathlib.Path:
    """A disk with the tree of the newer Debian image; makes it, and the tar of the installed root, unless it exists."""
    path, stamp = LAB / "media-debian.img", LAB / "media-debian.complete"
    with _MAKING:
        if not stamp.exists():
            imagefiles.make_small_media(path, LAB / "boot.img", debian.shared_root())
            stamp.touch()
    return path


def write_files(top: pathlib.Path, files: Mapping[str, str]) -> pathlib.Path:
    """Writes these files into a new directory."""
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    for path, text in files.items():
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            file.symlink_to(text.removeprefix("-> "))
        else:
            file.write_text(text)
            file.chmod(0o755 if text.startswith("#!") else 0o644)
    return top


def fault_files(name: str, fault: Fault) -> pathlib.Path:
    """A tar with what is wrong with an image."""
    top = write_files(scenario.directory() / f"fault-{name}", fault.files)
    if fault.initramfs:
        extra = write_files(scenario.directory() / f"fault-{name}-initramfs", fault.initramfs)
        archive = scenario.directory() / f"fault-{name}.cpio"
        packages.run("sh", "-c", f"find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 > {archive}", cwd=extra)
        original = (LAB / "boot.img").read_bytes()
        target = top / "usr/lib/modules" / imagefiles.kernel(2) / "initramfs.img"
        target.parent.mkdir(parents=True)
        # The second archive must begin at a multiple of four.
        target.write_bytes(original + b"\0" * (-len(original) % 4) + archive.read_bytes())
    out = scenario.directory() / f"fault-{name}.tar"

    def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(out, "w") as tar:
        for path in sorted(top.rglob("*")):
            tar.add(path, path.relative_to(top), recursive=False, filter=owned_by_root)
    return out


_INSTALLED: dict[Root, Sequence[pathlib.Path]] = {}
_INSTALLING: dict[Root, threading.Lock] = {"small": threading.Lock(), "debian": threading.Lock()}


def first_boot(layout: images.Layout, tree: pathlib.Path) -> Sequence[pathlib.Path]:
    """The disks of a node with this root (a tar) that has been booted once after its installation."""
    disks = images.fresh(layout, f"installed-{layout.name}", tree)
    text = jobs.INIT + " > /tmp/init || { cat /tmp/init; fail init; }\necho node.example > /mnt/sysroot/etc/hostname\n"
    uml.boot(disks, jobs.fill(jobs.MOUNT + text + jobs.UNMOUNT, layout), console=True).check("init")
    job = "node-layout verify || fail verify\nnode-layout status || fail status\n"
    qemu.boot(disks, job, firmware="bios", memory=768, limit=2 * qemu.LIMIT).check(f"the first boot of {layout.name}")
    return disks


def installed(root: Root) -> Sequence[pathlib.Path]:
    """The disks of a node that has been booted once after its installation; each trial begins with a copy."""
    layout = LAYOUTS[root]
    with _INSTALLING[root]:
        if root not in _INSTALLED:
            tree = imagefiles.root() if root == "small" else debian.shared_root()
            with scenario.for_all():
                _INSTALLED[root] = first_boot(layout, tree)
    return _INSTALLED[root]


def fill(text: str, root: Root, **more: str) -> str:
    """As jobs.fill, with the names of the newer image."""
    for key, value in more.items():
        text = text.replace("{" + key + "}", value)
    names = {
        "new": imagefiles.layer(2),
        "new_nvr": imagefiles.nvr(2),
        "new_name": powercut.mapped(LAYOUTS[root], imagefiles.layer(2)),
    }
    return jobs.fill(text, LAYOUTS[root], **names)


def prepared(name: str, fault: Fault) -> list[pathlib.Path]:
    """The disks of a node whose next boot tries the image."""
    disks = images.copy(installed(fault.root), f"trial-{name}")
    media = imagefiles.disk() if fault.root == "small" else debian_tree()
    text = imagefiles.MEDIA + upgrade.MOUNT_LAYER + IMAGE + jobs.inside(UPDATE)
    text = fill(text, fault.root, before=fault.before)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(media, "media", snapshot=True)]
    uml.boot(machine, text, [("fault.tar", fault_files(name, fault))], memory=384, console=True).check(f"update ({name})")
    return disks


def boot(disks: Sequence[pathlib.Path], job: str, firmware: Literal["uefi", "bios"] = "bios") -> qemu.Result:
    """Runs a machine until one of its boots switches it off."""
    variables = scenario.directory() / "variables"
    return qemu.boot(disks, job, firmware=firmware, variables=variables, memory=768, limit=2 * qemu.LIMIT, reboots=True)


def failing(name: str) -> str:
    """Tries an image that fails: the old one runs again, and says why."""
    fault = FAULTS[name]
    disks = prepared(name, fault)
    # Nothing runs the trial's units in the small root.
    started = "node-layout started > /tmp/o 2>&1 || { cat /tmp/o; fail started; }\n" if fault.root == "small" else ""
    job = fill(BOOTED + FAILING, fault.root, during=started + fault.during)
    result = boot(disks, job, fault.firmware).check(f"the trial of {name}")
    booted = [b for b in result.values("booted") if b == powercut.mapped(LAYOUTS[fault.root], imagefiles.layer(2))]
    assert result.value("booted") == powercut.mapped(LAYOUTS[fault.root], images.LAYER), f"{name}: the old layer does not run"
    assert len(booted) <= 1, f"{name}: tried more than once"
    text = result.value("status")
    upgrade.check_status(text, booted=1, default=1, states={1: "good", 2: "failed"}, trial=(imagefiles.nvr(2), "failed"))
    assert result.value("exit") == "1", f"{name}: status exits with {result.value('exit')}: {text}"
    assert json.loads(text)["trial"]["reason"] == fault.reason, f"{name}: the reason is not '{fault.reason}': {text}"
    motd = result.value("motd")
    assert imagefiles.nvr(2) in motd, f"{name}: the message of the day does not name the image: {motd}"
    return f"back without a hand in {result.seconds:.0f} s; {motd}"
