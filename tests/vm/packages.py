"""Files from Debian packages that are unpacked, not installed: kernel, boot loaders.

They are fetched once and kept in the build directory (target/vm-lab).
"""

import dataclasses
import functools
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "vm-lab"

# Packages to install. A qemu-utils from backports conflicts with Debian 12's qemu-system-common: the trailing "-"
# removes it.
APT = [
    "qemu-system-x86",
    "qemu-utils-",
    "ovmf",
    "lvm2",
    "thin-provisioning-tools",
    "fdisk",
    "dosfstools",
    "mtools",
    "xfsprogs",
    "e2fsprogs",
    "busybox-static",
    "cpio",
    "zstd",
    "kmod",
    "debootstrap",
    "cryptsetup-bin",
    "mdadm",
    "squashfs-tools",
    "rpm",
]
# Programs that must be there, and the package of each.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "lvm": "lvm2",
    "thin_check": "thin-provisioning-tools",
    "sfdisk": "fdisk",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
    "mkfs.xfs": "xfsprogs",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "zstd": "zstd",
    "depmod": "kmod",
    "debootstrap": "debootstrap",
    "cryptsetup": "cryptsetup-bin",
    "mdadm": "mdadm",
    "mkfs.ext4": "e2fsprogs",
    "mksquashfs": "squashfs-tools",
    "rpmbuild": "rpm",
}
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing() -> list[str]:
    """Names of the packages that must still be installed."""
    lacking = {package for program, package in PROGRAMS.items() if not shutil.which(program, path=PATH)}
    if not os.path.exists(OVMF):
        lacking.add("ovmf")
    return sorted(lacking)


def run(*command: str | os.PathLike[str], cwd: pathlib.Path | None = None) -> str:
    """Runs a program, also one from /usr/sbin, and returns its output. A failure raises an error that contains the output."""
    done = subprocess.run(
        [str(c) for c in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PATH": PATH},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def unpacked(packages: Sequence[str], suite: str | None = None) -> pathlib.Path:
    """A directory with the content of these packages, from this machine's suite unless `suite` names another."""
    where = LAB / "packages" / (suite or "own") / packages[0]
    if (where / ".complete").exists():
        return where
    shutil.rmtree(where, ignore_errors=True)
    downloads = where / "debs"
    for deb in download(packages, downloads, suite):
        run("dpkg", "-x", deb, where)
    shutil.rmtree(downloads)
    (where / ".complete").touch()
    return where


def download(packages: Sequence[str], where: pathlib.Path, suite: str | None = None) -> list[pathlib.Path]:
    """Fetches the files of these packages into a directory that it makes; the suite is as for `unpacked`."""
    where.mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    if suite:
        apt += _foreign_suite(suite)
    run(*apt, "download", *packages, cwd=where)
    return sorted(where.glob("*.deb"))


def mirror() -> str:
    """The Debian mirror that this machine uses."""
    for source in sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.sources")):
        for line in source.read_text().splitlines():
            if line.startswith("URIs:") and line.split()[1].rstrip("/").endswith("/debian"):
                return line.split()[1]
    return "http://deb.debian.org/debian"


@functools.cache
def _foreign_suite(suite: str) -> list[str]:
    """Options that make apt use another suite of this machine's mirror, with package lists of its own."""
    state = LAB / "apt" / suite
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "suite.sources").write_text(
        f"Types: deb\nURIs: {mirror()}\nSuites: {suite}\nComponents: main\nArchitectures: amd64\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    settings = (
        f"Etc::sourcelist={state}/suite.sources",
        "Etc::sourceparts=-",
        f"State::lists={state}/lists",
        f"Cache={state}/cache",
    )
    options = [word for setting in settings for word in ("-o", f"Dir::{setting}")]
    run("apt-get", "-qq", *options, "update")
    return options


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A kernel image and the directory that contains its lib/modules."""

    root: pathlib.Path
    image: pathlib.Path
    version: str

    def modules(self, names: Iterable[str]) -> list[pathlib.Path]:
        """The files of these modules and their dependencies, in load order."""
        files: list[pathlib.Path] = []
        for name in names:
            for line in run("modprobe", "-d", self.root, "-S", self.version, "--show-depends", "-q", name).splitlines():
                if line.startswith("insmod ") and pathlib.Path(line.split()[1]) not in files:
                    files.append(pathlib.Path(line.split()[1]))
        return files


@functools.cache
def cloud_kernel() -> Kernel:
    """Debian's cloud kernel: small, with every driver that a virtual machine needs as a module."""
    depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
    package = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line)
    version = package.removeprefix("linux-image-")
    root = unpacked([package])
    if not (root / "lib/modules" / version / "modules.dep").exists():
        run("depmod", "-b", root, version)
    return Kernel(root, root / "boot" / f"vmlinuz-{version}", version)


GRUB_MODULES = (
    "normal boot linux part_gpt fat ext2 xfs search search_label search_fs_uuid configfile echo test loadenv blsuki "
    "serial terminal minicmd ls"
).split()


@functools.cache
def grub_root() -> pathlib.Path:
    """A directory with GRUB 2.14 and its libraries: the first release whose own `blscfg` reads boot entries."""
    names = ["grub2-common", "grub-common", "grub-efi-amd64-bin", "grub-pc-bin", "libc6"]
    libraries = ["libdevmapper1.02.1", "liblzma5", "libfreetype6", "libefivar1t64", "libefiboot1t64"]
    return unpacked([*names, *libraries], "sid")


def grub_command(program: str) -> list[str]:
    """The command line that runs one of GRUB's programs with the C library it was built for."""
    libraries = grub_root() / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), str(grub_root() / "usr/bin" / program)]


def grub_image(platform: str, extra: Iterable[str] = ()) -> pathlib.Path:
    """A core image for `x86_64-efi` or `i386-pc` that reads its configuration from the volume labelled BOOT."""
    out = LAB / f"grub-{platform}.img"
    if out.exists():
        return out
    early = LAB / "grub-early.cfg"
    early.write_text("search --no-floppy --label --set=root BOOT\nset prefix=($root)/grub2\n")
    modules = grub_root() / "usr/lib/grub" / platform
    options = ["-O", platform, "-d", str(modules), "-o", str(out), "-p", "/grub2", "-c", str(early)]
    run(*grub_command("grub-mkimage"), *options, *GRUB_MODULES, *extra)
    return out


def grub_boot_sector() -> bytes:
    """GRUB's first sector for BIOS disks, not yet told where its core image is."""
    return (grub_root() / "usr/lib/grub/i386-pc/boot.img").read_bytes()


def systemd_boot() -> pathlib.Path:
    """systemd-boot's UEFI program."""
    return unpacked(["systemd-boot-efi"]) / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
