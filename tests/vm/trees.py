"""The small root (busybox, LVM, the file systems' programs, node-layout) and the initial RAM disk that mounts it."""

import os
import pathlib
import shutil
import subprocess

from packages import LAB, PATH, ROOT, Kernel, run, unpacked

GUEST = pathlib.Path(__file__).parent / "guest"
MODULES = (
    "virtio_pci virtio_blk dm_mod dm_thin_pool dm_snapshot xfs ext4 vfat nls_cp437 nls_ascii nls_iso8859_1 efivarfs"
).split()
BOOT_PROGRAMS = "lvm dmsetup thin_check".split()
# What a physical volume on LUKS or RAID needs. Half of an initial RAM disk, if it has them.
STACK_MODULES = "dm_crypt raid1 xts aesni_intel algif_skcipher".split()
STACK_PROGRAMS = "cryptsetup mdadm".split()
PROGRAMS = (
    BOOT_PROGRAMS
    + STACK_PROGRAMS
    + (
        "thin_repair thin_restore thin_dump thin_ls sfdisk mkfs.xfs mkfs.ext4 mkfs.vfat fsck.fat e2fsck tune2fs xfs_db fsfreeze "
        "flock"
    ).split()
)
LVM_NAMES = (
    "pvcreate pvs vgcreate vgs vgchange lvcreate lvs lvchange lvremove lvrename lvextend vgck vgextend "
    "vgremove pvremove lvconvert"
).split()


def node_layout():
    """The program under test: an own build for measuring if NODE_LAYOUT names one, else the build of the tests."""
    if "NODE_LAYOUT" in os.environ:
        return pathlib.Path(os.environ["NODE_LAYOUT"])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug/node-layout"


def programs():
    """What lab and small root have. setfiles (SELinux) comes from a package that is not installed for it."""
    return [*PROGRAMS, unpacked(["policycoreutils"]) / "sbin/setfiles", node_layout()]


def _copy(tree, program):
    """Puts a program and the libraries that it is linked with into the tree."""
    path = pathlib.Path(shutil.which(str(program), path=PATH) or program).resolve()
    name = pathlib.Path(program).name
    target = tree / "sbin" / path.name
    if not target.exists() or target.is_symlink():
        target.unlink(missing_ok=True)
        shutil.copy2(path, target)
        run("strip", target)
    if path.name != name:
        (tree / "sbin" / name).unlink(missing_ok=True)
        (tree / "sbin" / name).symlink_to(path.name)
    listed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    for word in listed.split():
        if word.startswith("/") and not (tree / word[1:]).exists():
            (tree / word[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.realpath(word), tree / word[1:])


def tree(where, programs, init, kernel=None, modules=MODULES):
    """A root directory with these programs, this first process, and the modules of a kernel (Debian's for virtual machines)."""
    shutil.rmtree(where, ignore_errors=True)
    for part in "bin sbin etc/lvm proc sys dev run tmp mnt newroot var boot lib lib64 usr/lib usr/sbin".split():
        (where / part).mkdir(parents=True, exist_ok=True)
    shutil.copy2("/bin/busybox", where / "bin/busybox")
    for applet in run("/bin/busybox", "--list").split():
        if applet != "busybox":
            (where / "bin" / applet).symlink_to("busybox")
    for program in programs:
        (where / "bin" / pathlib.Path(program).name).unlink(missing_ok=True)
        _copy(where, program)
    for name in LVM_NAMES:
        (where / "sbin" / name).symlink_to("lvm")
    shutil.copy2(GUEST / "lvm.conf", where / "etc/lvm/lvm.conf")
    shutil.copy2(GUEST / "lab.sh", where / "etc/lab.sh")
    shutil.copy2(GUEST / init, where / "init")
    (where / "init").chmod(0o755)
    kernel = kernel or Kernel()
    (where / "modules").mkdir()
    files = [pathlib.Path(file) for file in kernel.modules(modules)]
    for file in files:
        shutil.copy2(file, where / "modules")
        run("strip", "-g", where / "modules" / file.name)
    (where / "modules/names").write_text(" ".join(file.stem for file in files) + "\n")
    # Where modprobe looks for them.
    (where / "lib/modules").mkdir()
    (where / "lib/modules" / kernel.version).symlink_to("../../modules")
    run("depmod", "-b", where, kernel.version, env={**os.environ, "PATH": PATH})
    return where


def pack(tree, out, compress):
    # A direct boot gets its RAM disk as it is: under emulation unpacking costs more than copying.
    through = f"| zstd -{compress} -T0 -q -f -o {out}" if compress else f"> {out}"
    cpio = subprocess.run(
        f"find . -print0 | cpio --null -o -H newc --quiet -R 0:0 {through}", shell=True, cwd=tree, capture_output=True, text=True
    )
    if cpio.returncode:
        raise RuntimeError(cpio.stderr)
    return out


def lab_initramfs():
    """For direct kernel boots: all programs, runs the job disk's script."""
    out = LAB / "lab.img"
    return pack(tree(LAB / "lab", programs(), "lab-init"), out, None)


def boot_initramfs():
    """For installed systems: activates what the kernel arguments name, as dracut does, and mounts root."""
    pack(tree(LAB / "boot", BOOT_PROGRAMS, "boot-init"), LAB / "boot.img", 10)
    stack = tree(LAB / "boot-stack", BOOT_PROGRAMS + STACK_PROGRAMS, "boot-init", modules=MODULES + STACK_MODULES)
    pack(stack, LAB / "boot-stack.img", 10)


def small_root():
    """A tar of the small root file system."""
    files = tree(LAB / "root", programs(), "root-init")
    (files / "init").rename(files / "sbin/init.new")
    (files / "sbin/init.new").rename(files / "sbin/init")
    (files / "usr/sbin/node-layout").symlink_to("../../sbin/node-layout")
    (files / "root").mkdir()
    (files / "etc/kernel").mkdir()
    (files / "etc/default").mkdir()
    out = LAB / "root.tar"
    run("tar", "cf", out, "--owner=0", "--group=0", "--numeric-owner", "-C", files, ".")
    return out
