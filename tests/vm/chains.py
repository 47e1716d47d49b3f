"""Full chains: installed system → init → what an installation writes later → reboots through the firmware.

The installer runs in user-mode Linux. (installation.py has one that can see the firmware's variables.) The reboots are of an
emulated machine with firmware, boot loader and the installed kernel.
"""

import json
import pathlib
import struct
from typing import Literal, NamedTuple

import images
import jobs
import packages
import qemu
import scenario
import uml


class Chain(NamedTuple):
    """What is installed, the firmware that boots it, and how often."""

    layout: images.Layout
    firmware: Literal["uefi", "bios"]
    boots: int


# Three boots show that the base stays unchanged, two that the entry works which the first boot writes.
CHAINS = {
    "uefi-grub-xfs": Chain(images.SHARED, "uefi", 3),
    "uefi-systemd-boot-ext4": Chain(
        images.Layout(name="ext4-sdboot", root="ext4", boot="vfat", loader="systemd-boot", stack="two-disks", size="12G"),
        "uefi",
        3,
    ),
    "bios-grub-ext4-kernel-update": Chain(images.Layout(name="ext4-grub", root="ext4", selinux=True), "bios", 3),
    "bios-grub-boot-xfs": Chain(images.Layout(name="boot-xfs", boot="xfs", selinux=True, fips=True), "bios", 2),
    "luks": Chain(images.Layout(name="luks", stack="luks"), "bios", 1),
    "raid": Chain(images.Layout(name="raid", stack="raid"), "bios", 1),
}

# In the running layer: root is the layer, and what was written after init is there.
RUNNING = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "$(echo {vg} | sed s/-/--/g)-$(echo {layer} | sed s/-/--/g)" ] || fail "/ is $name"
grep -q img.bootid={layer} /proc/cmdline || fail "not the layer's entry: $(cat /proc/cmdline)"
[ "$(cat /root/post)" = "written by %post" ] || fail "what %post wrote is lost"
[ "$(cat /etc/hostname)" = node.example ] || fail "what %post wrote in /etc is lost"
[ "$(cat /run/initramfs-generation)" = {generation} ] || fail "an older initramfs was booted"
"""

VERIFIED = """
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify"; }
say "verify $(tail -1 /tmp/verify)"
node-layout init --nvr {nvr} > /tmp/init || { cat /tmp/init; fail "second init"; }
say "init $(tail -1 /tmp/init)"
[ -e /etc/systemd/system/node-layout-finish.service ] && fail "the first boot's unit is still there"
"""


# The files that init has written have the labels that the policy's file_contexts asks for.
LABELS = """
cd /mnt/sysroot/etc
wrong=$(setfiles -n -v -F -r /mnt/sysroot selinux/targeted/contexts/files/file_contexts /mnt/sysroot/etc/fstab \
    /mnt/sysroot/etc/node-layout /mnt/sysroot/etc/systemd/system/*.service \
    /mnt/sysroot/etc/systemd/system/multi-user.target.wants/* /mnt/sysroot/etc/lvm/profile/*.profile \
    /mnt/sysroot/boot/{layer} /mnt/sysroot/boot/loader/entries/{layer}-* 2>&1) || fail "setfiles: $wrong"
[ -z "$wrong" ] || fail "wrong labels: $wrong"
"""

DEEP = """
node-layout verify --deep > /tmp/verify || { cat /tmp/verify; fail "verify --deep"; }
grep -q LAY047 /tmp/verify && fail "the first boot has recorded no checksum"
say "list $(node-layout list --format json)"
node-layout list
"""
# At the end of one chain each: damage that verify must find. Here the content of the base has changed.
TAMPERED = """
run lvchange -q --permission rw {vg}/{nvr}; run lvchange -q -ay -K {vg}/{nvr}
printf x | dd of=/dev/{vg}/{nvr} bs=1 seek=500000000 conv=notrunc,fsync 2>/dev/null || fail "writing to the base"
run lvchange -q -an {vg}/{nvr}; run lvchange -q --permission r {vg}/{nvr}
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify without --deep reads the base"; }
node-layout verify --deep > /tmp/verify && { cat /tmp/verify; fail "verify --deep misses a changed base"; }
grep -q "content of base {vg}/{nvr} has changed" /tmp/verify ||
    { cat /tmp/verify; fail "verify --deep does not name the changed base"; }
"""
# The firmware has a boot option whose loader does not exist, then no loader at all.
FIRMWARE = """
vars=/sys/firmware/efi/efivars; guid=8be4df61-93ca-11d2-aa0d-00e098032b8c
cat /job/option > $vars/Boot0A07-$guid || fail "a boot option of the firmware"
{ printf '\\007\\000\\000\\000\\007\\012'; tail -c +5 $vars/BootOrder-$guid; } > /tmp/order
cat /tmp/order > $vars/BootOrder-$guid || fail "the firmware's boot order"
node-layout verify > /tmp/verify ||
    { cat /tmp/verify; fail "verify fails for a dangling boot option before the one that boots"; }
grep -q "^warning.LAY026.*Boot0A07 (Gone) names /EFI/gone/shimx64.efi" /tmp/verify ||
    { cat /tmp/verify; fail "verify does not warn of a dangling boot option"; }
mv /efi/EFI/BOOT/BOOTX64.EFI /efi/EFI/BOOT/away
node-layout verify > /tmp/verify && { cat /tmp/verify; fail "verify accepts a firmware that finds no loader"; }
grep -q "^error.LAY026" /tmp/verify || { cat /tmp/verify; fail "verify does not report a firmware that finds no loader"; }
mv /efi/EFI/BOOT/away /efi/EFI/BOOT/BOOTX64.EFI
"""
# The pool is on both disks, and one is missing: LVM's filter hides it.
TWO_DISKS = r"""
lvs -a --noheadings -o lv_name,devices {vg} > /tmp/devices; say "disks" $(grep tdata /tmp/devices)
grep -q 'tdata.*/dev/vda4' /tmp/devices && grep -q 'tdata.*/dev/vdb' /tmp/devices ||
    { cat /tmp/devices; fail "the pool is not on two disks"; }
sed -i 's/global_filter=\[/global_filter=["r|^\/dev\/vdb|",/' /etc/lvm/lvm.conf
node-layout verify > /tmp/verify && { cat /tmp/verify; fail "verify accepts a missing disk"; }
grep -q "^error.LAY034.*volume group '{vg}' lacks a physical volume" /tmp/verify ||
    { cat /tmp/verify; fail "verify does not report the missing disk"; }
"""
ENDS = {"uefi-grub-xfs": FIRMWARE, "uefi-systemd-boot-ext4": TWO_DISKS, "bios-grub-boot-xfs": TAMPERED}

# `dracut -f` in the running layer: verify warns, init saves the new initramfs, the next boot uses it.
NEW_INITRAMFS = """
cd /tmp && echo third > generation && echo generation | cpio -o -H newc --quiet > extra.cpio || fail cpio
own=/boot/initramfs-{kernel}.img; size=$(stat -c %s $own)
{ head -c $(( (4 - size % 4) % 4 )) /dev/zero; cat extra.cpio; } >> $own || fail "new initramfs"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify fails for a newer initramfs"; }
grep -q "^warning.LAY027.*$own was generated after the first boot" /tmp/verify ||
    { cat /tmp/verify; fail "verify does not warn of a newer initramfs"; }
node-layout init --format json > /tmp/init || { cat /tmp/init; fail "init with a newer initramfs"; }
say "renewed $(tail -1 /tmp/init)"
node-layout verify > /tmp/verify || fail verify; grep LAY027 /tmp/verify && fail "init did not save the newer initramfs"
cmp $own /boot/{layer}/initramfs-{kernel}.img || fail "the saved copy differs"
"""


def gone_option() -> pathlib.Path:
    """A file with a boot option of the firmware (UEFI 2.10, 3.1.3) whose loader is not on the EFI system partition."""

    def wide(text: str) -> bytes:
        return (text + "\0").encode("utf-16-le")

    def node(kind: int, sub: int, data: bytes) -> bytes:
        return struct.pack("<BBH", kind, sub, 4 + len(data)) + data

    disk = struct.pack("<IQQ16sBB", 2, images.ESP_START, 131072, b"\1" * 16, 2, 2)
    path = node(4, 1, disk) + node(4, 4, wide("\\EFI\\gone\\shimx64.efi")) + node(0x7F, 0xFF, b"")
    file = scenario.directory() / "option"
    file.write_bytes(struct.pack("<IIH", 7, 1, len(path)) + wide("Gone") + path)
    return file


def check_list(name: str, text: str) -> None:
    """Checks what `list` prints about the only image."""
    listed = json.loads(text)
    (image,) = listed["images"]
    base, (layer,) = image["base"], image["layers"]
    assert layer["booted"] and layer["default"] and layer["writable"] and not base["writable"], f"{name}: {text}"
    assert 0 < base["exclusive"] < base["mapped"] < base["size"], f"{name}: wrong use of the base: {text}"
    assert image["used"] == base["mapped"] + layer["exclusive"], f"{name}: {text}"
    assert listed["room"]["fit"] == listed["room"]["more"] + 1 > 0, f"{name}: {text}"


def install(layout: images.Layout, name: str) -> list[pathlib.Path]:
    """Runs init and what an installation does after it; returns the disks of the installed node."""
    disks = images.fresh(layout, name)
    # One layout runs it as %post does: inside the installed system.
    init = "chroot /mnt/sysroot node-layout init --nvr {nvr}" if layout.stack == "raid" else jobs.INIT
    init += """ --format json > /tmp/init || { cat /tmp/init; fail init; }
say "result $(tail -1 /tmp/init | cut -c1-400)"
node-layout verify --sysroot /mnt/sysroot > /tmp/verify || { cat /tmp/verify; fail "verify before the reboot"; }
grep -q pending /tmp/verify || fail "verify does not say pending"
"""
    labels = LABELS if layout.selinux else ""
    job = images.OPEN.get(layout.stack, "") + jobs.MOUNT + init + labels + jobs.LATER + jobs.UNMOUNT
    uml.boot(disks, jobs.fill(job, layout), console=True).check("init")
    return disks


def job_of_boot(name: str, number: int) -> str:
    """The job of one of a chain's boots, the first of which is number 1."""
    layout, _, boots = CHAINS[name]
    job = RUNNING + VERIFIED + f"echo {number} >> /root/boots; echo {number} > /root/post-{number}\n"
    if number == 1:
        job = "cat /run/first-boot.log\n" + job
    if number in (1, boots):
        job += jobs.BASE_HASH
    if number == boots:
        job += DEEP + ENDS.get(name, "")
    if layout.fips and number == 1:
        job += NEW_INITRAMFS
    if name.endswith("kernel-update"):
        job = booted_updated_kernel(number - 1) + job + install_kernel(number)
    return job


def check_boot(name: str, number: int, result: qemu.Result) -> None:
    """Checks what one of a chain's boots reported."""
    result.check(f"boot {number} of {name}")
    assert result.value("verify").startswith("ok "), f"{name}: verify printed {result.value('verify')}"
    assert result.value("init").startswith("already initialised"), f"{name}: init printed {result.value('init')}"
    if CHAINS[name].layout.fips:
        kernel = f"/vmlinuz-{packages.cloud_kernel().version}"
        expected = kernel if number == 1 else f"/{images.LAYER}{kernel}"
        assert result.value("fips") == expected, f"{name}: booted the kernel {result.value('fips')}, not {expected}"
    if CHAINS[name].layout.fips and number == 1:
        renewed = json.loads(result.value("renewed"))
        assert renewed["result"] == "already-initialised" and "newer" in renewed["message"], f"{name}: init printed {renewed}"


def chain(name: str) -> str:
    """Installs a layout and boots its layer as often as CHAINS says."""
    layout, firmware, boots = CHAINS[name]
    disks = install(layout, name)
    variables = scenario.directory() / "variables"
    hashes: list[str] = []
    for number in range(1, boots + 1):
        generation = "third" if layout.fips and number > 1 else "second"
        job = jobs.fill(job_of_boot(name, number), layout, generation=generation)
        files = [("option", gone_option())] if number == boots else []
        result = qemu.boot(disks, job, files, firmware=firmware, variables=variables)
        check_boot(name, number, result)
        hashes += result.values("base")
        if number == boots:
            check_list(name, result.value("list"))
    assert len(set(hashes)) == 1, f"{name}: the base has changed: {hashes}"
    return f"{boots} boot{'s' * (boots > 1)} of the layer, base {hashes[0][:8]} unchanged"


# Where a kernel that is installed in the layer gets its arguments from, one source a boot: kernel-install reads the first,
# grub2-mkconfig the second.
ARGUMENT_SOURCES = [
    ("kernel-cmdline", "options=$(cat /etc/kernel/cmdline)"),
    (
        "default-grub",
        f""". /etc/default/grub
root=$(awk '$2=="/"{{print $1}}' /etc/fstab); options="root=$root ro {qemu.CONSOLE} $GRUB_CMDLINE_LINUX" """,
    ),
]


def install_kernel(number: int) -> str:
    """Installs a kernel as an update inside the layer does: its own files and its own entry, which becomes the default."""
    if number > len(ARGUMENT_SOURCES):
        return ""
    source, options = ARGUMENT_SOURCES[number - 1]
    return f"""
{options}
version=9.9.{number}
cp /boot/vmlinuz-{{kernel}} /boot/vmlinuz-$version && cp /boot/initramfs-{{kernel}}.img /boot/initramfs-$version.img || fail copy
cat > /boot/loader/entries/m-$version.conf <<E
title Kernel $version
version $version
linux /vmlinuz-$version
initrd /initramfs-$version.img
options $options installed-by={source}
E
{{ echo '# GRUB Environment Block'; echo saved_entry=m-$version; head -c 1024 /dev/zero | tr '\\0' '#'; }} |
    head -c 1024 > /tmp/grubenv
cat /tmp/grubenv > /boot/grub2/grubenv
# GRUB does not replay a journal. (busybox's fsfreeze takes other options.)
sync; /sbin/fsfreeze --freeze /boot && /sbin/fsfreeze --unfreeze /boot || fail freeze
"""


def booted_updated_kernel(number: int) -> str:
    """Checks that the kernel which boot `number` installed is running."""
    if not number:
        return ""
    source = ARGUMENT_SOURCES[number - 1][0]
    return f'grep -q installed-by={source} /proc/cmdline || fail "the kernel installed with {source} was not booted"\n'
