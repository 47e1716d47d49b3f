"""Files from Debian packages, unpacked and not installed: kernel, boot loaders.

Everything is kept in the build directory (target/vm-lab) and made once.
"""

import functools
import glob
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "vm-lab"

# What has to be installed. qemu-utils of backports (where it is there already) conflicts with Debian 12's
# qemu-system-common: the trailing "-" removes it.
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
]
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
}
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing():
    """Names of the packages that are not there."""
    lacking = {package for program, package in PROGRAMS.items() if not shutil.which(program, path=PATH)}
    if not os.path.exists(OVMF):
        lacking.add("ovmf")
    return sorted(lacking)


def run(*command, **options):
    """Runs a program; its output is shown only if it fails."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def unpacked(packages, suite=None):
    """A directory with the content of these packages; of another suite than the machine's if one is named."""
    where = LAB / "packages" / (suite or "own") / packages[0]
    if (where / ".complete").exists():
        return where
    shutil.rmtree(where, ignore_errors=True)
    downloads = where / "debs"
    downloads.mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    if suite:
        apt += _foreign_suite(suite)
    run(*apt, "download", *packages, cwd=downloads)
    for deb in downloads.glob("*.deb"):
        run("dpkg", "-x", deb, where)
    shutil.rmtree(downloads)
    (where / ".complete").touch()
    return where


@functools.cache
def _foreign_suite(suite):
    """Options that make apt use another suite of the mirror that this machine uses, with lists of its own."""
    state = LAB / "apt" / suite
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    mirror = "http://deb.debian.org/debian"
    for source in glob.glob("/etc/apt/sources.list.d/*.sources"):
        for line in open(source):
            if line.startswith("URIs:") and line.split()[1].rstrip("/").endswith("/debian"):
                mirror = line.split()[1]
    (state / "suite.sources").write_text(
        f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nArchitectures: amd64\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    options = [
        "-o",
        f"Dir::Etc::sourcelist={state}/suite.sources",
        "-o",
        "Dir::Etc::sourceparts=-",
        "-o",
        f"Dir::State::lists={state}/lists",
        "-o",
        f"Dir::Cache={state}/cache",
    ]
    run("apt-get", "-qq", *options, "update")
    return options


class Modules:
    """The modules of a kernel whose files are below `root`."""

    def modules(self, names):
        """The files of these modules and of what they need, in the order in which they are loaded."""
        files = []
        for name in names:
            out = run(
                "modprobe", "-d", self.root, "-S", self.version, "--show-depends", "-q", name, env={**os.environ, "PATH": PATH}
            )
            for line in out.splitlines():
                if line.startswith("insmod ") and line.split()[1] not in files:
                    files.append(line.split()[1])
        return files


@functools.cache
class Kernel(Modules):
    """Debian's cloud kernel: small, and all that virtual machines need as modules."""

    def __init__(self):
        depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
        package = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image-" in line)
        self.version = package.removeprefix("linux-image-")
        self.root = unpacked([package])
        self.image = self.root / "boot" / f"vmlinuz-{self.version}"
        if not (self.root / "lib/modules" / self.version / "modules.dep").exists():
            run("depmod", "-b", self.root, self.version, env={**os.environ, "PATH": PATH})


@functools.cache
class Grub:
    """GRUB 2.14: the first release whose own `blscfg` reads Boot Loader Specification entries."""

    MODULES = (
        "normal boot linux part_gpt fat ext2 xfs search search_label search_fs_uuid configfile echo test "
        "loadenv blsuki serial terminal minicmd ls"
    ).split()

    def __init__(self):
        self.root = unpacked(
            [
                "grub2-common",
                "grub-common",
                "grub-efi-amd64-bin",
                "grub-pc-bin",
                "libc6",
                "libdevmapper1.02.1",
                "liblzma5",
                "libfreetype6",
                "libefivar1t64",
                "libefiboot1t64",
            ],
            "sid",
        )

    def image(self, platform, extra=()):
        """A core image for `x86_64-efi` or `i386-pc` that looks for its configuration on the volume labelled BOOT."""
        out = LAB / f"grub-{platform}.img"
        if out.exists():
            return out
        early = LAB / "grub-early.cfg"
        early.write_text("search --no-floppy --label --set=root BOOT\nset prefix=($root)/grub2\n")
        libraries = self.root / "usr/lib/x86_64-linux-gnu"
        run(
            libraries / "ld-linux-x86-64.so.2",
            "--library-path",
            libraries,
            self.root / "usr/bin/grub-mkimage",
            "-O",
            platform,
            "-d",
            self.root / "usr/lib/grub" / platform,
            "-o",
            out,
            "-p",
            "/grub2",
            "-c",
            early,
            *self.MODULES,
            *extra,
        )
        return out

    def boot_sector(self):
        return (self.root / "usr/lib/grub/i386-pc/boot.img").read_bytes()


def systemd_boot():
    """systemd-boot's UEFI program."""
    return unpacked(["systemd-boot-efi"]) / "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
