"""Disk images of installed systems, as an installer leaves them: boot partition, thin pool, root, /var, boot entries.

They are made in user-mode Linux: nothing of it needs firmware.
"""

import collections
import hashlib
import os
import shutil
import struct
import subprocess
import tarfile
import threading
import uuid

import packages
import qemu
import trees
import uml
from packages import LAB

VG = "onn"
NVR = "ovirt-node-ng-4.5.6-0.20261121.0"
LAYER = NVR + "+1"
# Begins with a letter: GRUB without the patches of Fedora takes a leading digit of a default for an index.
MACHINE = "abcdef0123456789abcdef0123456789"
ROOT_UUID, BOOT_UUID, VAR_UUID = (str(uuid.UUID(int=n << 64 | n)) for n in (0xA1, 0xB2, 0xC3))
FAT_ID = "1234ABCD"
ESP_START = 4096  # first sector of the EFI system partition
GPT_BIOS_START = 2048  # sector of the partition that holds GRUB's core on BIOS
ARGUMENTS = "ro crashkernel=1G-4G:192M rd.lvm.lv={vg}/root {console}"


class Layout:
    """What an image is made of."""

    def __init__(
        self,
        name,
        root="xfs",
        boot="ext4",
        loader="grub",
        stack="plain",
        vg=VG,
        size="24G",
        boot_size="1100M",
        pool="--size 16G",
        root_size="512M",
        inodes=None,
        after="",
        early_swap=True,
        metadata="16M",
        selinux=False,
        fips=False,
        rescue_size=None,
    ):
        self.name, self.root, self.boot, self.loader, self.stack, self.vg = name, root, boot, loader, stack, vg
        self.size, self.boot_size, self.pool, self.root_size, self.inodes, self.after = (
            size,
            boot_size,
            pool,
            root_size,
            inodes,
            after,
        )
        self.early_swap, self.metadata, self.selinux, self.fips = early_swap, metadata, selinux, fips
        self.rescue_size = rescue_size  # in bytes; whole without it

    @property
    def boot_uuid(self):
        return f"{FAT_ID[:4]}-{FAT_ID[4:]}" if self.boot == "vfat" else BOOT_UUID

    @property
    def disks(self):
        return 2 if self.stack in ("raid", "two-disks") else 1

    def stack_arguments(self):
        return {"plain": "", "two-disks": "", "luks": f" rd.luks.uuid={LUKS_UUID}", "raid": f" rd.md.uuid={RAID_UUID}"}[
            self.stack
        ]

    def arguments(self):
        swap = f" rd.lvm.lv={self.vg}/swap" if self.early_swap else ""
        # In the place of fips=1: with that the kernel takes no module without its signature.
        fips = " lab.fips=1" if self.fips else ""
        return ARGUMENTS.format(vg=self.vg, console=qemu.CONSOLE) + swap + self.stack_arguments() + fips


# Asked for by several scenarios; made once.
SHARED = Layout("xfs-grub", selinux=True)
LUKS_UUID = str(uuid.UUID(int=0xD4 << 64 | 0xD4))
RAID_UUID = "01234567:89abcdef:01234567:89abcdef"


def entry(layout, kernel, title, root=None):
    root = root or f"/dev/mapper/{layout.vg}-root"
    return (
        f"title {title}\nversion {kernel}\nlinux /vmlinuz-{kernel}\ninitrd /initramfs-{kernel}.img\n"
        f"options root={root} {layout.arguments()}\ngrub_users $grub_users\ngrub_class node\n"
    )


GRUB_CFG = """serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=0
load_env
set default="${saved_entry}"
blscfg
"""


def grubenv(**variables):
    text = "# GRUB Environment Block\n" + "".join(f"{k}={v}\n" for k, v in variables.items())
    return text.ljust(1024, "#")


def boot_tree(layout):
    """What is on /boot and on the EFI system partition after an installation."""
    kernel = packages.Kernel()
    tree = LAB / f"payload-{layout.name}"
    shutil.rmtree(tree, ignore_errors=True)
    boot, esp = tree / "boot", tree / "esp"
    (boot / "loader/entries").mkdir(parents=True)
    (esp / "EFI/BOOT").mkdir(parents=True)
    initramfs = LAB / ("boot-stack.img" if layout.stack in ("luks", "raid") else "boot.img")
    shutil.copy2(kernel.image, boot / f"vmlinuz-{kernel.version}")
    shutil.copy2(initramfs, boot / f"initramfs-{kernel.version}.img")
    if layout.fips:
        # The kernel's package brings it. (There it is a keyed hash; what matters here is the file's place and name.)
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
        shutil.copy2(packages.Grub().image("x86_64-efi"), esp / "EFI/BOOT/BOOTX64.EFI")
    else:
        shutil.copy2(packages.systemd_boot(), esp / "EFI/BOOT/BOOTX64.EFI")
        (esp / "loader").mkdir()
        (esp / "loader/loader.conf").write_text(f"timeout 0\ndefault {MACHINE}-{kernel.version}.conf\neditor no\n")
    if layout.stack == "luks":
        # The key is in the initial RAM disk: nobody is there to type it.
        keyed = LAB / "boot-stack"
        (keyed / "key").write_text("secret")
        for name in boot.glob("initramfs-*"):
            trees.pack(keyed, name, 3)
        (keyed / "key").unlink()
    return tree


BUILDING = collections.defaultdict(threading.Lock)


def build(layout, root_tar=None):
    """Makes the disk image (once, whoever asks first) and gives its paths, one a disk."""
    with BUILDING[layout.name]:
        return _build(layout, root_tar)


def _build(layout, root_tar):
    paths = [LAB / f"{layout.name}{n or ''}.img" for n in range(layout.disks)]
    stamp = LAB / f"{layout.name}.complete"
    if stamp.exists():
        return paths
    for path in paths:
        path.unlink(missing_ok=True)
        with open(path, "wb") as image:
            image.truncate(int(layout.size[:-1]) << 30)
    tree = boot_tree(layout)
    payload = LAB / f"payload-{layout.name}.tar"
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
        for path in paths[:1]:
            write_bios_grub(path)
    shutil.rmtree(tree)
    payload.unlink()
    stamp.touch()
    return paths


def build_script(layout):
    """Partitions, LVM, file systems, content: what the installer does before the add-on runs."""
    vg, kernel = layout.vg, packages.Kernel().version
    devices = ["/dev/vda", "/dev/vdb"] if layout.stack == "raid" else ["/dev/vda"]
    make = {"xfs": "mkfs.xfs -q -K -f -m uuid={uuid} {device}", "ext4": "mkfs.ext4 -q -F -E nodiscard{tables} -U {uuid} {device}"}
    # With few inodes their tables are written at once: else the first kernel that mounts the file system does so little by
    # little, and its writes are in a recording of init's.
    tables = f",lazy_itable_init=0 -N {layout.inodes}" if layout.inodes else ",lazy_itable_init=1"
    mkboot = {
        "vfat": f"mkfs.vfat -F 32 -n BOOT -i {FAT_ID} /dev/vda3",
        "ext4": f"mkfs.ext4 -q -F{' -E nodiscard' + tables if layout.inodes else ''} -L BOOT -U {BOOT_UUID} /dev/vda3",
        "xfs": f"mkfs.xfs -q -f -K -L BOOT -m uuid={BOOT_UUID} /dev/vda3",
    }[layout.boot]
    # Of two disks neither is large enough for the pool.
    stack = {
        "plain": "pv=/dev/vda4",
        "two-disks": "pv='/dev/vda4 /dev/vdb'",
        "luks": "echo -n secret > /tmp/key; run cryptsetup -q luksFormat --uuid "
        + LUKS_UUID
        + " --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /tmp/key /dev/vda4\n"
        "run cryptsetup open --key-file /tmp/key /dev/vda4 luks-pv; pv=/dev/mapper/luks-pv",
        "raid": "run mdadm --create /dev/md0 --run --metadata=1.2 --assume-clean --level=1 --raid-devices=2 --uuid="
        + RAID_UUID
        + " /dev/vda4 /dev/vdb4; pv=/dev/md0",
    }[layout.stack]
    # As much of SELinux as there can be without its kernel: what setfiles reads, and labels in extended attributes.
    selinux = """mkdir -p /sysroot/etc/selinux/targeted/contexts/files
printf 'SELINUX=enforcing\\nSELINUXTYPE=targeted\\n' > /sysroot/etc/selinux/config
cat > /sysroot/etc/selinux/targeted/contexts/files/file_contexts <<F
/etc(/.*)?	system_u:object_r:etc_t:s0
/etc/lvm(/.*)?	system_u:object_r:lvm_etc_t:s0
/etc/systemd/system(/.*)?	system_u:object_r:systemd_unit_file_t:s0
/boot(/.*)?	system_u:object_r:boot_t:s0
F
"""
    partition = "\n".join(f"run sfdisk -q {d} < /tmp/parts" for d in devices)
    return f"""
cat > /tmp/parts <<P
label: gpt
start={GPT_BIOS_START}, size=1M, type=21686148-6449-6E6F-744E-656564454649
size=64M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
size={layout.boot_size}, type=BC13C2FF-59E6-4262-A352-B275FD6F7172
type=E6D6D379-F507-44C2-A23C-238F2A3DF928
P
{partition}
{stack}
run mkfs.vfat -n ESP /dev/vda2
run {mkboot}
run pvcreate -qff -y $pv
run vgcreate -q {vg} $pv
run lvcreate -q -y -Zn --type thin-pool {layout.pool} --poolmetadatasize {layout.metadata} -c 64k -n pool00 {vg}
run lvcreate -q -y -Wn -V {layout.root_size} --thinpool {vg}/pool00 -n root
run lvcreate -q -y -Wn -V 5G --thinpool {vg}/pool00 -n var
run lvcreate -q -y -Wn -V 128M --thinpool {vg}/pool00 -n swap
run {make[layout.root].format(uuid=ROOT_UUID, tables=tables, device=f"/dev/{vg}/root")}
run {make[layout.root].format(uuid=VAR_UUID, tables=tables, device=f"/dev/{vg}/var")}
run mkswap /dev/{vg}/swap
mkdir -p /sysroot
run mount /dev/{vg}/root /sysroot
run tar xf $(disk root) -C /sysroot
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
{selinux if layout.selinux else ""}
{layout.after}
run umount /sysroot/efi
run umount /sysroot/boot
run umount /sysroot
run vgchange -q -an {vg}
"""


def write_bios_grub(path):
    """GRUB for BIOS: its first sector into the disk's, its core into the BIOS boot partition, as grub-install does."""
    grub = packages.Grub()
    core = bytearray(grub.image("i386-pc", ["biosdisk"]).read_bytes())
    core += b"\0" * (-len(core) % 512)
    sector = bytearray(grub.boot_sector())
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


def copy(paths, name):
    """A throw-away copy of an image's disks."""
    copies = []
    for number, path in enumerate(paths):
        target = LAB / "work" / f"{name}{number or ''}.img"
        target.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", path, target], check=True)
        copies.append(target)
    return copies
