"""Kernels that are made inside layers, by the real programs: Debian's kernel-install with node-layout's plugin, and grubby.

Two layers have the same machine-id. In each of them kernel-install adds a kernel of the same version, with another content; each
layer keeps its own, and the one of the first is booted through GRUB. Everything before that boot runs in user-mode Linux, in the
layer's root directory.
"""

import os
import pathlib
from collections.abc import Sequence

import imagefiles
import images
import jobs
import packages
import qemu
import trials
import uml
import upgrade

VERSION = "9.9.5-lab"
PLUGIN = packages.ROOT / "packaging/kernel-install/95-node-layout.install"
# kernel-install runs as for the package of a kernel: an image and an initramfs, from directories of the package.
INSTALL = """
echo {machine} > /etc/machine-id
mkdir -p /etc/kernel /usr/lib/kernel/install.d /var/tmp/kernel
echo layout=bls > /etc/kernel/install.conf
cp /run/plugin /usr/lib/kernel/install.d/95-node-layout.install; chmod 755 /usr/lib/kernel/install.d/95-node-layout.install
cp /boot/{running}/vmlinuz-* /var/tmp/kernel/vmlinuz
cp /boot/{running}/initramfs-* /var/tmp/kernel/initrd
# A kernel is read up to its own size: what follows tells one from the other.
echo "of {running}" >> /var/tmp/kernel/vmlinuz
cat /etc/kernel/cmdline
kernel-install --verbose add {version} /var/tmp/kernel/vmlinuz /var/tmp/kernel/initrd > /run/o 2>&1 ||
    { cat /run/o; fail kernel-install; }
sed 's/^/| /' /run/o
"""
CHECK = """
for layer in {layers}; do
    tail -c 200 /boot/$layer/vmlinuz-{version} | grep -aq "of $layer\\$" ||
        { ls -R /boot; fail "the kernel in /boot/$layer is not its own"; }
    entry=/boot/loader/entries/$layer-{version}.conf
    grep -q "^linux */$layer/vmlinuz-{version}\\$" $entry && grep -q "^initrd */$layer/initramfs-{version}.img" $entry ||
        { cat $entry; fail "$entry boots other files"; }
    grep -q "root=/dev/{vg}/$layer .*img.bootid=$layer" $entry || { cat $entry; fail "$entry has another root"; }
done
node-layout verify > /run/o 2>&1; rc=$?; sed 's/^/| /' /run/o
[ $rc = 0 ] || fail "verify in {running} exits with $rc"
say "kept {running}"
"""
REMOVE = """
kernel-install remove {version} > /run/o 2>&1 || { cat /run/o; fail "kernel-install remove"; }
sed 's/^/| /' /run/o
ls /boot/loader/entries/{running}-{version}.conf /boot/{running}/vmlinuz-{version} 2> /dev/null &&
    fail "the kernel of {running} is still there"
"""
SECOND = """
node-layout update /mnt/image --nvr {new_nvr} --no-arm > /run/o 2>&1 || { cat /run/o; fail update; }
umount /mnt/image
"""
DEFAULT = """
{editenv} /boot/grub2/grubenv set saved_entry={running}-{version} || fail editenv
sync
"""
BOOTED = """
grep -q "BOOT_IMAGE=[^ ]*/{running}/vmlinuz-{version} " /proc/cmdline || fail "another kernel: $(cat /proc/cmdline)"
grep -q img.bootid={running} /proc/cmdline || fail "another layer: $(cat /proc/cmdline)"
node-layout verify || fail verify
say "booted {running}"
"""


def fill(text: str, generation: int, **more: str) -> str:
    """A job in the layer of a generation."""
    running = imagefiles.layer(generation)
    names = {"running": running, "version": VERSION, "machine": images.MACHINE, "layer": images.LAYER, **more}
    names["layers"] = " ".join(imagefiles.layer(number) for number in range(1, generation + 1))
    for key, value in names.items():
        text = text.replace("{" + key + "}", value)
    return trials.fill(text, "debian")


def in_layer(
    disks: Sequence[pathlib.Path], generation: int, text: str, what: str, *, before: str = "", **more: str
) -> qemu.Result:
    """Runs a text in the root directory of a layer."""
    mount = upgrade.MOUNT_LAYER.replace("{layer}", imagefiles.layer(generation))
    text = imagefiles.MEDIA + mount + before + "cp /job/plugin /run/plugin\n" + jobs.inside(text)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(trials.debian_tree(), "media", snapshot=True)]
    return uml.boot(machine, fill(text, generation, **more), [("plugin", PLUGIN)], memory=384, console=True).check(what)


IMAGE = "mkdir -p /mnt/sysroot/mnt/image /mnt/sysroot/var/tmp; run mount --bind /mnt/media/2 /mnt/sysroot/mnt/image\n"
GRUB = "mkdir -p /mnt/sysroot/mnt/grub; run mount -t hostfs -o ro,{grub} none /mnt/sysroot/mnt/grub\n"


def tools() -> dict[str, str]:
    """Where GRUB's programs are in a layer."""
    libraries = "/mnt/grub/usr/lib/x86_64-linux-gnu"
    editenv = f"{libraries}/ld-linux-x86-64.so.2 --library-path {libraries} /mnt/grub/usr/bin/grub-editenv"
    return {"grub": str(packages.grub_root()), "editenv": editenv}


def kernel_install() -> str:
    """kernel-install in two layers, then a boot of the first one's kernel."""
    disks = images.copy(trials.installed("debian"), "kernel-install")
    in_layer(disks, 1, INSTALL + CHECK + SECOND, "kernel-install in the first layer", before=IMAGE)
    in_layer(disks, 2, INSTALL + CHECK, "kernel-install in the second layer")
    in_layer(disks, 1, DEFAULT, "setting the default", before=GRUB, **tools())
    job = fill(trials.BOOTED + BOOTED, 1)
    result = trials.boot(disks, job).check("the boot of a kernel that kernel-install has added")
    in_layer(disks, 2, REMOVE + CHECK.replace("{layers}", images.LAYER), "kernel-install remove in the second layer")
    return f"two layers keep a kernel each under one version; {result.value('booted')} boots its own"


# What grubby is called for, and what verify and status say afterwards.
GRUBBY = """
mkdir -p /run/bin; printf '#!/bin/bash\nexec {editenv} "$@"\n' > /run/bin/grub2-editenv; chmod 755 /run/bin/grub2-editenv
export PATH=/run/bin:$PATH
grubby() { echo "# grubby $*"; bash /run/grubby "$@" > /run/o 2>&1; rc=$?; sed 's/^/| /' /run/o; return $rc; }
look() {
    node-layout verify > /run/o 2>&1; say "verify-$1 $?"; say "stale-$1 $(grep -c LAY029 /run/o)"; sed 's/^/| /' /run/o
    node-layout status --format json > /run/o 2>/dev/null; say "status-$1 $(cat /run/o)"
}
options() { sed -n 's/^options *//p' /boot/loader/entries/$1*.conf; }
node-layout update /mnt/image --nvr {new_nvr} > /run/o 2>&1 || { cat /run/o; fail update; }
umount /mnt/image
look before
grubby --info=ALL || fail info
grubby --update-kernel=ALL --args="lab.added=1 lab.changed=a" || fail "update-kernel=ALL --args"
for layer in {layers}; do
    options $layer | grep -q "lab.added=1 lab.changed=a" || fail "an entry of $layer has not the arguments"
    options $layer | grep -q "root=/dev/{vg}/$layer" || { options $layer; fail "an entry of $layer has another root"; }
done
look added
grubby --update-kernel=ALL --remove-args="lab.added" --args="lab.changed=b" || fail "update-kernel=ALL --remove-args"
options {new} | grep -q lab.added && fail "the argument is still there"
look removed
grubby --set-default={kernel_of_new} || fail set-default
look default-new
grubby --set-default={kernel_of_old} || fail set-default
look default-old
grubby --update-kernel=ALL --remove-args="node_layout.trial systemd.crash_reboot rd.emergency" || fail "remove-args of a trial"
look stripped
node-layout verify --repair > /run/o 2>&1; say "repair $?"; sed 's/^/| /' /run/o
look repaired
options {new}
"""


def grubby() -> str:
    """Calls of grubby while an image is armed; `verify` names what matters, and `--repair` mends it."""
    script = os.environ.get("GRUBBY")
    assert script, "GRUBBY must name the script grubby-bls of Fedora's package grubby"
    disks = images.copy(trials.installed("debian"), "grubby")
    kernels = {
        "kernel_of_new": f"/{imagefiles.layer(2)}/vmlinuz-{imagefiles.kernel(2)}",
        "kernel_of_old": f"/{images.LAYER}/vmlinuz-{packages.cloud_kernel().version}",
    }
    names = {"layers": f"{images.LAYER} {imagefiles.layer(2)}", **kernels, **tools()}
    text = GRUBBY
    for key, value in names.items():
        text = text.replace("{" + key + "}", value)
    copy = f"cp /tmp/shared/{pathlib.Path(script).name} /run/grubby\n"
    mount = upgrade.MOUNT_LAYER
    text = imagefiles.MEDIA + mount + IMAGE + GRUB.replace("{grub}", names["grub"]) + copy + jobs.inside(text)
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(trials.debian_tree(), "media", snapshot=True)]
    shared = pathlib.Path(script).resolve().parent
    result = uml.boot(machine, fill(text, 1), shared=shared, memory=384, console=True).check("grubby")
    # What falls back to another entry than the default, and a trial without its arguments.
    stale = {"before": 0, "added": 0, "removed": 0, "default-new": 1, "default-old": 0, "stripped": 1, "repaired": 0}
    for when, expected in stale.items():
        assert result.value(f"verify-{when}") == "0", f"verify exits with {result.value(f'verify-{when}')}: {when}"
        found = result.value(f"stale-{when}")
        assert found == str(expected), f"{found} findings LAY029 instead of {expected}: {when}"
    assert result.value("repair") == "0", f"verify --repair exits with {result.value('repair')}"
    return f"{len(stale)} states: verify exits with 0, names the two that matter to the trial, and --repair mends"
