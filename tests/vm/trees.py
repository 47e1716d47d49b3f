"""The small root (busybox, LVM, file system tools, node-layout) and the initramfs that mounts it."""

import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence

import packages
from packages import LAB, PATH, ROOT, run, unpacked

GUEST = pathlib.Path(__file__).parent / "guest"
MODULES = (
    "virtio_pci virtio_blk dm_mod dm_thin_pool dm_snapshot xfs ext4 vfat nls_cp437 nls_ascii nls_iso8859_1 efivarfs loop squashfs"
).split()
BOOT_PROGRAMS = "lvm dmsetup thin_check".split()
# Needed for a physical volume on LUKS or RAID. They double the size of an initramfs, so only some get them.
STACK_MODULES = "dm_crypt raid1 xts aesni_intel algif_skcipher".split()
STACK_PROGRAMS = "cryptsetup mdadm".split()
PROGRAMS = [
    *BOOT_PROGRAMS,
    *STACK_PROGRAMS,
    *"thin_repair thin_restore thin_dump thin_ls sfdisk mkfs.xfs mkfs.ext4 mkfs.vfat fsck.fat e2fsck tune2fs xfs_db".split(),
    *"fsfreeze flock tar gzip zstd".split(),
]
LVM_NAMES = (
    "pvcreate pvs vgcreate vgs vgchange lvcreate lvs lvchange lvremove lvrename lvextend vgck vgextend "
    "vgremove pvremove lvconvert"
).split()


def node_layout() -> pathlib.Path:
    """The program under test: the one that NODE_LAYOUT names (the benchmark's optimised build), otherwise the debug build."""
    if "NODE_LAYOUT" in os.environ:
        return pathlib.Path(os.environ["NODE_LAYOUT"])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug/node-layout"


def all_programs() -> list[str | pathlib.Path]:
    """The programs of the lab and the small root. setfiles (SELinux) is not installed, only unpacked."""
    return [*PROGRAMS, unpacked(["policycoreutils"]) / "sbin/setfiles", node_layout()]


def copy_program(tree: pathlib.Path, program: str | pathlib.Path) -> None:
    """Copies a program and the libraries that it is linked with into the tree."""
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
    # ldd fails for a static program, which needs no libraries.
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for word in listed.split():
        if word.startswith("/") and not (tree / word[1:]).exists():
            (tree / word[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(os.path.realpath(word), tree / word[1:])


def root_directory(
    where: pathlib.Path,
    programs: Iterable[str | pathlib.Path],
    init: str,
    kernel: packages.Kernel | None = None,
    modules: Sequence[str] = MODULES,
) -> pathlib.Path:
    """Makes a root directory with these programs, `init` from guest/ as its first process, and modules of a kernel.

    Without a kernel it is the one for virtual machines.
    """
    shutil.rmtree(where, ignore_errors=True)
    for part in "bin sbin etc/lvm proc sys dev run tmp mnt newroot var boot lib lib64 usr/lib usr/sbin".split():
        (where / part).mkdir(parents=True, exist_ok=True)
    shutil.copy2("/bin/busybox", where / "bin/busybox")
    for applet in run("/bin/busybox", "--list").split():
        if applet != "busybox":
            (where / "bin" / applet).symlink_to("busybox")
    for program in programs:
        (where / "bin" / pathlib.Path(program).name).unlink(missing_ok=True)
        copy_program(where, program)
    for name in LVM_NAMES:
        (where / "sbin" / name).symlink_to("lvm")
    shutil.copy2(GUEST / "lvm.conf", where / "etc/lvm/lvm.conf")
    shutil.copy2(GUEST / "lab.sh", where / "etc/lab.sh")
    shutil.copy2(GUEST / init, where / "init")
    (where / "init").chmod(0o755)
    kernel = kernel or packages.cloud_kernel()
    (where / "modules").mkdir()
    files = kernel.modules(modules)
    for file in files:
        shutil.copy2(file, where / "modules")
        run("strip", "-g", where / "modules" / file.name)
    (where / "modules/names").write_text(" ".join(file.stem for file in files) + "\n")
    # modprobe looks for them here.
    (where / "lib/modules").mkdir()
    (where / "lib/modules" / kernel.version).symlink_to("../../modules")
    run("depmod", "-b", where, kernel.version)
    return where


def pack(directory: pathlib.Path, out: pathlib.Path, compress: int | None) -> None:
    """Packs a directory as an initramfs, with this zstd level, or None for no compression."""
    through = f"| zstd -{compress} -T0 -q -f -o {out}" if compress else f"> {out}"
    run("sh", "-c", f"find . -print0 | cpio --null -o -H newc --quiet -R 0:0 {through}", cwd=directory)


def lab_initramfs() -> None:
    """Makes the initramfs of direct kernel boots: it has all programs and runs the job disk's script.

    It is not compressed: under emulation unpacking costs more than copying.
    """
    pack(root_directory(LAB / "lab", all_programs(), "lab-init"), LAB / "lab.img", None)


def boot_initramfs() -> None:
    """Makes the initramfs of installed systems: like dracut, it activates what the kernel arguments name and mounts root."""
    pack(root_directory(LAB / "boot", BOOT_PROGRAMS, "boot-init"), LAB / "boot.img", 10)
    programs, modules = BOOT_PROGRAMS + STACK_PROGRAMS, MODULES + STACK_MODULES
    pack(root_directory(LAB / "boot-stack", programs, "boot-init", modules=modules), LAB / "boot-stack.img", 10)


def small_root() -> None:
    """Makes a tar of the small root file system."""
    files = root_directory(LAB / "root", all_programs(), "root-init")
    (files / "init").rename(files / "sbin/init.new")
    (files / "sbin/init.new").rename(files / "sbin/init")
    (files / "usr/sbin/node-layout").symlink_to("../../sbin/node-layout")
    (files / "root").mkdir()
    (files / "etc/kernel").mkdir()
    (files / "etc/default").mkdir()
    run("tar", "cf", LAB / "root.tar", "--owner=0", "--group=0", "--numeric-owner", "-C", files, ".")
