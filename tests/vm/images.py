"""Disk images of installed systems, as an installer leaves them: boot partition, thin pool, root, /var, boot entries.

They are made in user-mode Linux, as none of this needs firmware.
"""

import collections
import dataclasses
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Sequence
from typing import Literal

import packages
import qemu
import scenario
import trees
import uml
from packages import LAB

VG = "onn"
NVR = "ovirt-node-ng-4.5.6-0.20261121.0"
LAYER = NVR + "+1"
# Begins with a letter: GRUB without Fedora's patches reads a default that begins with a digit as an index.
MACHINE = "abcdef0123456789abcdef0123456789"
ROOT_UUID, BOOT_UUID, VAR_UUID = (str(uuid.UUID(int=n << 64 | n)) for n in (0xA1, 0xB2, 0xC3))
FAT_ID = "1234ABCD"
ESP_START = 4096  # first sector of the EFI system partition
GPT_BIOS_START = 2048  # sector of the partition that holds GRUB's core on BIOS
LUKS_UUID = str(uuid.UUID(int=0xD4 << 64 | 0xD4))
RAID_UUID = "01234567:89abcdef:01234567:89abcdef"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """What an image is made of. Sizes are in the units of the program that reads them."""

    name: str
    # Several scenarios begin with this image: it is built once, and stays for later runs.
    kept: bool = False
    root: Literal["xfs", "ext4"] = "xfs"
    boot: Literal["ext4", "xfs", "vfat"] = "ext4"
    loader: Literal["grub", "systemd-boot"] = "grub"
    stack: Literal["plain", "two-disks", "luks", "raid"] = "plain"
    vg: str = VG
    size: str = "24G"
    pool: str = "--size 16G"
    root_size: str = "512M"
    # Per file system; None leaves the number to mkfs.ext4.
    inodes: int | None = None
    # Whether the initramfs activates swap.
    early_swap: bool = True
    metadata: str = "16M"
    # Seconds after which a kernel that has panicked reboots: -1 at once, 0 never.
    panic: int = -1
    selinux: bool = False
    fips: bool = False
    # In bytes: cuts the kernel and initramfs of the rescue entry to this size.
    rescue_size: int | None = None

    @property
    def boot_uuid(self) -> str:
        """The UUID of /boot, as blkid shows it."""
        return f"{FAT_ID[:4]}-{FAT_ID[4:]}" if self.boot == "vfat" else BOOT_UUID

    @property
    def disks(self) -> int:
        """How many disks the image has."""
        return 2 if self.stack in ("raid", "two-disks") else 1

    def arguments(self) -> str:
        """The kernel arguments, except root=."""
        swap = f" rd.lvm.lv={self.vg}/swap" if self.early_swap else ""
        stack = {"luks": f" rd.luks.uuid={LUKS_UUID}", "raid": f" rd.md.uuid={RAID_UUID}"}.get(self.stack, "")
        # Instead of fips=1, with which the kernel would refuse unsigned modules.
        fips = " lab.fips=1" if self.fips else ""
        console = qemu.CONSOLE.replace("panic=-1", f"panic={self.panic}")
        return f"ro crashkernel=1G-4G:192M rd.lvm.lv={self.vg}/root {console}{swap}{stack}{fips}"


SHARED = Layout(name="xfs-grub", selinux=True, kept=True)


def entry(layout: Layout, kernel: str, title: str) -> str:
    """A boot entry in the format of the Boot Loader Specification."""
    return (
        f"title {title}\nversion {kernel}\nlinux /vmlinuz-{kernel}\ninitrd /initramfs-{kernel}.img\n"
        f"options root=/dev/mapper/{layout.vg}-root {layout.arguments()}\ngrub_users $grub_users\ngrub_class node\n"
    )


# What 00_header and 41_custom of all releases do: `next_entry` is for one boot, custom.cfg is the administrator's.
GRUB_CFG = """serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=0
load_env
if [ "${next_entry}" ]; then
  set default="${next_entry}"
  set next_entry=
  save_env next_entry
else
  set default="${saved_entry}"
fi
blscfg
if [ -f ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f $prefix/custom.cfg ]; then
  source $prefix/custom.cfg
fi
"""


def grubenv(**variables: str) -> str:
    """GRUB's environment block with these variables."""
    text = "# GRUB Environment Block\n" + "".join(f"{k}={v}\n" for k, v in variables.items())
    return text.ljust(1024, "#")


def boot_tree(layout: Layout) -> pathlib.Path:
    """A directory with the content of /boot (`boot`) and the EFI system partition (`esp`) after an installation."""
    kernel = packages.cloud_kernel()
    tree = scenario.directory() / f"payload-{layout.name}"
    boot, esp = tree / "boot", tree / "esp"
    (boot / "loader/entries").mkdir(parents=True)
    (esp / "EFI/BOOT").mkdir(parents=True)
    initramfs = LAB / ("boot-stack.img" if layout.stack in ("luks", "raid") else "boot.img")
    shutil.copy2(kernel.image, boot / f"vmlinuz-{kernel.version}")
    shutil.copy2(initramfs, boot / f"initramfs-{kernel.version}.img")
    if layout.fips:
        # A kernel package installs this file, with a keyed hash. Only its name and directory matter here.
        digest = hashlib.sha512(kernel.image.read_bytes()).hexdigest()
        (boot / f".vmlinuz-{kernel.version}.hmac").write_text(f"{digest}  vmlinuz-{kernel.version}\n")
    for source, name in ((kernel.image, f"vmlinuz-0-rescue-{MACHINE}"), (initramfs, f"initramfs-0-rescue-{MACHINE}.img")):
        shutil.copy2(source, boot / name)
        if layout.rescue_size:
            os.truncate(boot / name, layout.rescue_size)
    entries = boot / "loader/entries"
    (entries / f"{MACHINE}-{kernel.version}.conf").write_text(entry(layout, kernel.version, "Debian as node"))
    (entries / f"{MACHINE}-0-rescue.conf").write_text(entry(layout, f"0-rescue-{MACHINE}", "Rescue"))
    (entries / "other.conf").write_text("title Another system\nlinux /vmlinuz-other\noptions root=/dev/vdz1 x\n")
    (boot / "vmlinuz-other").write_text("no kernel\n")
    if layout.loader == "grub":
        (boot / "grub2").mkdir()
        (boot / "grub2/grub.cfg").write_text(GRUB_CFG)
        (boot / "grub2/grubenv").write_text(grubenv(saved_entry=f"{MACHINE}-{kernel.version}", boot_success="0"))
        shutil.copy2(packages.grub_image("x86_64-efi"), esp / "EFI/BOOT/BOOTX64.EFI")
    else:
        shutil.copy2(packages.systemd_boot(), esp / "EFI/BOOT/BOOTX64.EFI")
        (esp / "loader").mkdir()
        (esp / "loader/loader.conf").write_text(f"timeout 0\ndefault {MACHINE}-{kernel.version}.conf\neditor no\n")
    if layout.stack == "luks":
        # The key is in the initramfs, as nobody can type it.
        keyed = LAB / "boot-stack"
        (keyed / "key").write_text("secret")
        for image in boot.glob("initramfs-*"):
            trees.pack(keyed, image, 3)
        (keyed / "key").unlink()
    return tree


_BUILDING: dict[str, threading.Lock] = collections.defaultdict(threading.Lock)


def build(layout: Layout) -> list[pathlib.Path]:
    """The disks of a layout that is kept, one path a disk; makes them, unless they exist."""
    assert layout.kept, f"{layout.name} is used once: images.fresh makes it"
    stamp = LAB / f"{layout.name}.complete"
    with _BUILDING[layout.name]:
        if stamp.exists():
            return _paths(layout, LAB, layout.name)
        paths = _make(layout, LAB, layout.name)
        stamp.touch()
        return paths


def fresh(layout: Layout, name: str, root_tar: pathlib.Path | None = None) -> list[pathlib.Path]:
    """Disks with this layout that the running scenario may change. `root_tar` replaces the small root."""
    if layout.kept:
        assert not root_tar, f"{layout.name} is kept: it has the small root"
        return copy(build(layout), name)
    return _make(layout, scenario.directory(), name, root_tar)


def _paths(layout: Layout, directory: pathlib.Path, name: str) -> list[pathlib.Path]:
    return [directory / f"{name}{n or ''}.img" for n in range(layout.disks)]


def _make(layout: Layout, directory: pathlib.Path, name: str, root_tar: pathlib.Path | None = None) -> list[pathlib.Path]:
    paths = _paths(layout, directory, name)
    for path in paths:
        with open(path, "wb") as image:
            image.truncate(int(layout.size[:-1]) << 30)
    tree = boot_tree(layout)
    payload = scenario.directory() / f"payload-{layout.name}.tar"
    with tarfile.open(payload, "w") as tar:
        tar.add(tree / "boot", "boot")
        tar.add(tree / "esp", "efi")
    result = uml.boot(
        [*paths, qemu.Disk(payload, "payload"), qemu.Disk(root_tar or LAB / "root.tar", "root")],
        build_script(layout),
        console=True,
    )
    result.check(f"building {layout.name}")
    if layout.loader == "grub":
        write_bios_grub(paths[0])
    shutil.rmtree(tree)
    payload.unlink()
    return paths


# Sets `pv` to the physical volumes.
STACKS = {
    "plain": "pv=/dev/vda4",
    # Neither disk alone is large enough for the pool.
    "two-disks": "pv='/dev/vda4 /dev/vdb'",
    "luks": f"""echo -n secret > /tmp/key
run cryptsetup -q luksFormat --uuid {LUKS_UUID} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /tmp/key /dev/vda4
run cryptsetup open --key-file /tmp/key /dev/vda4 luks-pv
pv=/dev/mapper/luks-pv""",
    "raid": f"""run mdadm --create /dev/md0 --run --metadata=1.2 --assume-clean --level=1 --raid-devices=2 \\
    --uuid={RAID_UUID} /dev/vda4 /dev/vdb4
pv=/dev/md0""",
}

# Makes the physical volume of an installed node visible.
OPEN = {
    "luks": "echo -n secret > /tmp/key; run cryptsetup open --key-file /tmp/key /dev/vda4 luks-pv\n",
    "raid": "run mdadm --assemble --run /dev/md0 /dev/vda4 /dev/vdb4\n",
}

# Everything of SELinux that works without a kernel for it: the file that setfiles reads. Labels are extended attributes.
SELINUX = """mkdir -p /sysroot/etc/selinux/targeted/contexts/files
printf 'SELINUX=enforcing\\nSELINUXTYPE=targeted\\n' > /sysroot/etc/selinux/config
cat > /sysroot/etc/selinux/targeted/contexts/files/file_contexts <<F
/etc(/.*)?	system_u:object_r:etc_t:s0
/etc/lvm(/.*)?	system_u:object_r:lvm_etc_t:s0
/etc/systemd/system(/.*)?	system_u:object_r:systemd_unit_file_t:s0
/boot(/.*)?	system_u:object_r:boot_t:s0
F
"""


def build_script(layout: Layout) -> str:
    """Makes partitions, LVM volumes, file systems and their content: what the installer does before the add-on runs."""
    vg = layout.vg
    disks = ["/dev/vda", "/dev/vdb"] if layout.stack == "raid" else ["/dev/vda"]
    partition = "\n".join(f"run sfdisk -q {disk} < /tmp/parts" for disk in disks)
    # With few inodes their tables are written now. Otherwise the first kernel that mounts the file system writes them in the
    # background, and a recording of init would contain those writes.
    tables = f",lazy_itable_init=0 -N {layout.inodes}" if layout.inodes else ",lazy_itable_init=1"
    make_boot = {
        "vfat": f"mkfs.vfat -F 32 -n BOOT -i {FAT_ID} /dev/vda3",
        "ext4": f"mkfs.ext4 -q -F{' -E nodiscard' + tables if layout.inodes else ''} -L BOOT -U {BOOT_UUID} /dev/vda3",
        "xfs": f"mkfs.xfs -q -f -K -L BOOT -m uuid={BOOT_UUID} /dev/vda3",
    }[layout.boot]
    make_root, make_var = (
        {
            "xfs": f"mkfs.xfs -q -K -f -m uuid={uuid} /dev/{vg}/{volume}",
            "ext4": f"mkfs.ext4 -q -F -E nodiscard{tables} -U {uuid} /dev/{vg}/{volume}",
        }[layout.root]
        for volume, uuid in (("root", ROOT_UUID), ("var", VAR_UUID))
    )
    return f"""
cat > /tmp/parts <<P
label: gpt
start={GPT_BIOS_START}, size=1M, type=21686148-6449-6E6F-744E-656564454649
size=64M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
size=1100M, type=BC13C2FF-59E6-4262-A352-B275FD6F7172
type=E6D6D379-F507-44C2-A23C-238F2A3DF928
P
{partition}
{STACKS[layout.stack]}
run mkfs.vfat -n ESP /dev/vda2
run {make_boot}
run pvcreate -qff -y $pv
run vgcreate -q {vg} $pv
run lvcreate -q -y -Zn --type thin-pool {layout.pool} --poolmetadatasize {layout.metadata} -c 64k -n pool00 {vg}
run lvcreate -q -y -Wn -V {layout.root_size} --thinpool {vg}/pool00 -n root
run lvcreate -q -y -Wn -V 5G --thinpool {vg}/pool00 -n var
run lvcreate -q -y -Wn -V 128M --thinpool {vg}/pool00 -n swap
run {make_root}
run {make_var}
run mkswap /dev/{vg}/swap
mkdir -p /sysroot
run mount /dev/{vg}/root /sysroot
run /sbin/tar xpf $(disk root) --xattrs --xattrs-include=* --acls --selinux --numeric-owner -C /sysroot
mkdir -p /sysroot/boot /sysroot/efi /sysroot/etc/default /sysroot/etc/kernel
run mount -t {layout.boot} /dev/vda3 /sysroot/boot
run mount -t vfat /dev/vda2 /sysroot/efi
run tar xof $(disk payload) -C /sysroot
cat > /sysroot/etc/fstab <<F
#
# /etc/fstab, as an installer writes it
#
/dev/mapper/{vg}-root   /       {layout.root}     defaults        0 0
UUID={layout.boot_uuid} /boot   {layout.boot}    defaults        1 2
LABEL=ESP               /efi    vfat    umask=0077      0 2
/dev/mapper/{vg}-var    /var    {layout.root}     defaults        0 0
/dev/mapper/{vg}-swap   none    swap    defaults        0 0
F
echo 'PRETTY_NAME="oVirt Node 4.5.6"' > /sysroot/etc/os-release
echo 'GRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M rd.lvm.lv={vg}/root rd.lvm.lv={vg}/swap"' > /sysroot/etc/default/grub
echo 'root=/dev/mapper/{vg}-root {layout.arguments()}' > /sysroot/etc/kernel/cmdline
{SELINUX if layout.selinux else ""}
run umount /sysroot/efi
run umount /sysroot/boot
run umount /sysroot
run vgchange -q -an {vg}
"""


def write_bios_grub(path: pathlib.Path) -> None:
    """Installs GRUB for BIOS as grub-install does: boot code in the first sector, the core image in the BIOS boot partition."""
    core = bytearray(packages.grub_image("i386-pc", ["biosdisk"]).read_bytes())
    core += b"\0" * (-len(core) % 512)
    sector = bytearray(packages.grub_boot_sector())
    sector[0x5C:0x64] = struct.pack("<Q", GPT_BIOS_START)  # where the core begins
    sector[0x66:0x68] = b"\x90\x90"  # trust the drive number that the BIOS gives
    # The core's first sector loads the rest: from the next sector, to segment 0x820.
    core[500:512] = struct.pack("<QHH", GPT_BIOS_START + 1, len(core) // 512 - 1, 0x820)
    with open(path, "r+b") as disk:
        sector[440:512] = disk.read(512)[440:512]  # the disk's signature and partition table
        disk.seek(0)
        disk.write(sector)
        disk.seek(GPT_BIOS_START * 512)
        disk.write(core)


def copy(paths: Sequence[pathlib.Path], name: str) -> list[pathlib.Path]:
    """A throw-away copy of an image's disks."""
    copies = []
    for number, path in enumerate(paths):
        target = scenario.directory() / f"{name}{number or ''}.img"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", path, target], check=True)
        copies.append(target)
    return copies
