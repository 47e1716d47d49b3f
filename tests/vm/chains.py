"""Full chains: installed system → init → what an installation writes later → reboots through the firmware.

The installer is user-mode Linux. (The one that has the firmware's variables is in installation.py.) From the reboot on it is an
emulated machine with its firmware, its boot loader and the kernel that is installed.
"""

import json
import struct

import images
import jobs
import packages
import qemu
import uml

# What is installed, the firmware that boots it, and how often: three times where the base has to prove that it stays as
# it is, twice where the entry that the first boot writes is in question, else once.
CHAINS = {
    "uefi-grub-xfs": (images.SHARED, "uefi", 3),
    "uefi-systemd-boot-ext4": (
        images.Layout("ext4-sdboot", root="ext4", boot="vfat", loader="systemd-boot", stack="two-disks", size="12G"),
        "uefi",
        3,
    ),
    "bios-grub-ext4-kernel-update": (images.Layout("ext4-grub", root="ext4", selinux=True), "bios", 3),
    "bios-grub-boot-xfs": (images.Layout("boot-xfs", boot="xfs", selinux=True, fips=True), "bios", 2),
    "luks": (images.Layout("luks", stack="luks"), "bios", 1),
    "raid": (images.Layout("raid", stack="raid"), "bios", 1),
}

# In the running layer: root is the layer, what was written after init is there, all is well.
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


# The labels of what init has written, as the policy's file_contexts has them.
BOOT_FILES = "/mnt/sysroot/boot/{layer} /mnt/sysroot/boot/loader/entries/{layer}-*"
LABELS = """
cd /mnt/sysroot/etc
wrong=$(setfiles -n -v -F -r /mnt/sysroot selinux/targeted/contexts/files/file_contexts /mnt/sysroot/etc/fstab \
    /mnt/sysroot/etc/node-layout /mnt/sysroot/etc/systemd/system/*.service /mnt/sysroot/etc/systemd/system/multi-user.target.wants/* \
    /mnt/sysroot/etc/lvm/profile/*.profile BOOT 2>&1) || fail "setfiles: $wrong"
[ -z "$wrong" ] || fail "not labelled: $wrong"
"""

DEEP = """
node-layout verify --deep > /tmp/verify || { cat /tmp/verify; fail "verify --deep"; }
grep -q LAY047 /tmp/verify && fail "the first boot has recorded no checksum"
say "list $(node-layout list --format json)"
node-layout list
"""
# Each once, at the end of a chain: what verify has to find.
TAMPERED = """
run lvchange -q --permission rw {vg}/{nvr}; run lvchange -q -ay -K {vg}/{nvr}
printf x | dd of=/dev/{vg}/{nvr} bs=1 seek=500000000 conv=notrunc,fsync 2>/dev/null || fail "writing to the base"
run lvchange -q -an {vg}/{nvr}; run lvchange -q --permission r {vg}/{nvr}
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify reads the base without being asked to"; }
node-layout verify --deep > /tmp/verify && { cat /tmp/verify; fail "a changed base is not found"; }
grep -q "content of base {vg}/{nvr} has changed" /tmp/verify || { cat /tmp/verify; fail "a changed base is not named"; }
"""
FIRMWARE = """
vars=/sys/firmware/efi/efivars; guid=8be4df61-93ca-11d2-aa0d-00e098032b8c
cat /job/option > $vars/Boot0A07-$guid || fail "a boot option of the firmware"
{ printf '\\007\\000\\000\\000\\007\\012'; tail -c +5 $vars/BootOrder-$guid; } > /tmp/order
cat /tmp/order > $vars/BootOrder-$guid || fail "the firmware's boot order"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify with an entry that leads nowhere before the one that boots"; }
grep -q "^warning.LAY026.*Boot0A07 (Gone) names /EFI/gone/shimx64.efi" /tmp/verify || { cat /tmp/verify; fail "an entry of the firmware that leads nowhere is not told"; }
mv /efi/EFI/BOOT/BOOTX64.EFI /efi/EFI/BOOT/away
node-layout verify > /tmp/verify && { cat /tmp/verify; fail "a firmware that finds no loader is not found"; }
grep -q "^error.LAY026" /tmp/verify || { cat /tmp/verify; fail "a firmware that finds no loader is not named"; }
mv /efi/EFI/BOOT/away /efi/EFI/BOOT/BOOTX64.EFI
"""
# The pool is on both disks. (LVM is told to leave one out: as if it were gone.)
TWO_DISKS = """
lvs -a --noheadings -o lv_name,devices {vg} > /tmp/devices; say "disks" $(grep tdata /tmp/devices)
grep -q 'tdata.*/dev/vda4' /tmp/devices && grep -q 'tdata.*/dev/vdb' /tmp/devices || { cat /tmp/devices; fail "the pool is not on two disks"; }
sed -i 's/global_filter=\[/global_filter=["r|^\/dev\/vdb|",/' /etc/lvm/lvm.conf
node-layout verify > /tmp/verify && { cat /tmp/verify; fail "a disk that is gone is not found"; }
grep -q "^error.LAY034.*volume group '{vg}' lacks a physical volume" /tmp/verify || { cat /tmp/verify; fail "a disk that is gone is not named"; }
"""
ENDS = {"uefi-grub-xfs": FIRMWARE, "uefi-systemd-boot-ext4": TWO_DISKS, "bios-grub-boot-xfs": TAMPERED}

# `dracut -f` in the running layer: verify tells it, init keeps it, the next boot has it.
NEW_INITRAMFS = """
cd /tmp && echo third > generation && echo generation | cpio -o -H newc --quiet > extra.cpio || fail cpio
own=/boot/initramfs-{kernel}.img; size=$(stat -c %s $own)
{ head -c $(( (4 - size % 4) % 4 )) /dev/zero; cat extra.cpio; } >> $own || fail "new initramfs"
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "a newer initramfs is an error"; }
grep -q "^warning.LAY027.*$own was generated after the first boot" /tmp/verify || { cat /tmp/verify; fail "a newer initramfs is not told"; }
node-layout init --format json > /tmp/init || { cat /tmp/init; fail "init with a newer initramfs"; }
say "renewed $(tail -1 /tmp/init)"
node-layout verify > /tmp/verify || fail verify; grep LAY027 /tmp/verify && fail "the newer initramfs was not kept"
cmp $own /boot/{layer}/initramfs-{kernel}.img || fail "the copy is another one"
"""


def gone_option():
    """A file with a boot option of the firmware (UEFI 2.10, 3.1.3) whose loader is not on the EFI system partition."""
    wide = lambda text: (text + "\0").encode("utf-16-le")
    node = lambda kind, sub, data: struct.pack("<BBH", kind, sub, 4 + len(data)) + data
    disk = struct.pack("<IQQ16sBB", 2, images.ESP_START, 131072, b"\1" * 16, 2, 2)
    path = node(4, 1, disk) + node(4, 4, wide("\\EFI\\gone\\shimx64.efi")) + node(0x7F, 0xFF, b"")
    file = images.LAB / "work" / "option"
    file.write_bytes(struct.pack("<IIH", 7, 1, len(path)) + wide("Gone") + path)
    return file


def check_list(name, text):
    """What `list` says of the one image there is."""
    listed = json.loads(text)
    (image,) = listed["images"]
    base, (layer,) = image["base"], image["layers"]
    assert layer["booted"] and layer["default"] and layer["writable"] and not base["writable"], f"{name}: {text}"
    assert 0 < base["exclusive"] < base["mapped"] < base["size"], f"{name}: what the base uses: {text}"
    assert image["used"] == base["mapped"] + layer["exclusive"], f"{name}: {text}"
    assert listed["room"]["fit"] == listed["room"]["more"] + 1 > 0, f"{name}: {text}"


def install(layout, name):
    """init and what an installation does after it; the disks of the installed node."""
    disks = images.copy(images.build(layout), name)
    stack = {
        "luks": "echo -n secret > /tmp/key; run cryptsetup open --key-file /tmp/key /dev/vda4 luks-pv\n",
        "raid": "run mdadm --assemble --run /dev/md0 /dev/vda4 /dev/vdb4\n",
    }
    # One of them as %post runs it: inside the system.
    init = "chroot /mnt/sysroot node-layout init --nvr {nvr}" if layout.stack == "raid" else jobs.INIT
    job = (
        stack.get(layout.stack, "")
        + jobs.MOUNT
        + init
        + """ --format json > /tmp/init || { cat /tmp/init; fail init; }
say "result $(tail -1 /tmp/init | cut -c1-400)"
node-layout verify --sysroot /mnt/sysroot > /tmp/verify || { cat /tmp/verify; fail "verify before the reboot"; }
grep -q pending /tmp/verify || fail "verify does not say pending"
"""
        + (LABELS.replace("BOOT", BOOT_FILES) if layout.selinux else "")
        + jobs.LATER
        + jobs.UNMOUNT
    )
    uml.boot(disks, jobs.fill(job, layout), console=True).check("init")
    return disks


def chain(name):
    """The whole way, with boots of the layer."""
    layout, firmware, boots = CHAINS[name]
    disks = install(layout, name)
    variables = str(images.LAB / "work" / f"{name}.vars")
    packages.pathlib.Path(variables).unlink(missing_ok=True)
    hashes = []
    for number in range(1, boots + 1):
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
            job = came_from_kernel(number - 1) + job + install_kernel(number)
        files = [("option", gone_option())] if number == boots else []
        generation = "third" if layout.fips and number > 1 else "second"
        result = qemu.boot(disks, jobs.fill(job, layout, generation=generation), files, firmware=firmware, variables=variables)
        result.check(f"boot {number} of {name}")
        assert result.value("verify").startswith("ok "), f"{name}: verify said {result.value('verify')}"
        assert result.value("init").startswith("already initialised"), f"{name}: init said {result.value('init')}"
        if layout.fips:
            kernel = f"/vmlinuz-{packages.Kernel().version}"
            expected = kernel if number == 1 else f"/{images.LAYER}{kernel}"
            assert result.value("fips") == expected, f"{name}: the kernel that was booted is {result.value('fips')}"
        if layout.fips and number == 1:
            renewed = json.loads(result.value("renewed"))
            assert renewed["result"] == "already-initialised" and "newer" in renewed["message"], f"{name}: init said {renewed}"
        hashes += result.values("base")
    check_list(name, result.value("list"))
    assert len(set(hashes)) == 1, f"{name}: the base has changed: {hashes}"
    return f"{boots} boot{'s' * (boots > 1)} of the layer, base {hashes[0][:8]} unchanged"


# Where a kernel that is installed in the layer gets its arguments from: what kernel-install reads, and what
# grub2-mkconfig reads. In this order, a boot each.
KEPT_ARGUMENTS = [
    ("kernel-cmdline", "options=$(cat /etc/kernel/cmdline)"),
    (
        "default-grub",
        """. /etc/default/grub
root=$(awk '$2=="/"{print $1}' /etc/fstab); options="root=$root ro """
        + qemu.CONSOLE
        + """ $GRUB_CMDLINE_LINUX" """,
    ),
]


def install_kernel(number):
    """A kernel as an update inside the layer installs it: own files, an own entry, made the default."""
    if number > len(KEPT_ARGUMENTS):
        return ""
    source, options = KEPT_ARGUMENTS[number - 1]
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
{{ echo '# GRUB Environment Block'; echo saved_entry=m-$version; head -c 1024 /dev/zero | tr '\\0' '#'; }} | head -c 1024 > /tmp/grubenv
cat /tmp/grubenv > /boot/grub2/grubenv
# GRUB replays no journal. (The shell's own fsfreeze takes other options.)
sync; /sbin/fsfreeze --freeze /boot && /sbin/fsfreeze --unfreeze /boot || fail freeze
"""


def came_from_kernel(number):
    """Says that the kernel which the boot before has installed runs."""
    if not number:
        return ""
    source = KEPT_ARGUMENTS[number - 1][0]
    return f'grep -q installed-by={source} /proc/cmdline || fail "the kernel installed with {source} was not booted"\n'
