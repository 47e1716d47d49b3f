#!/usr/bin/env python3
"""Writes texts for the fuzz targets to begin with: corpus/TARGET/*, from the fixtures and examples of the repository.

The first byte of an input chooses what a target does with the rest (see fuzz_targets/*.rs).
"""

import hashlib
import itertools
import pathlib
import struct
import zlib
from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# As in src/lib.rs.
LARGEST = 8 << 10


def choice(number: int, of: int) -> bytes:
    """A printable byte that chooses this."""
    return bytes([48 + (number - 48) % of])


def texts(place: str, *suffixes: str) -> list[bytes]:
    """The files below a directory with one of these suffixes, those that are not too large."""
    paths = sorted(p for p in (ROOT / place).rglob("*") if p.is_file() and p.suffix in suffixes)
    return [text for text in (path.read_bytes() for path in paths) if len(text) <= LARGEST]


def kickstarts() -> list[bytes]:
    """Every kickstart of the repository."""
    return texts("fixtures", ".ks", ".cfg") + texts("kickstart-examples", ".ks")


def parser() -> Iterator[bytes]:
    """Each kickstart in one version, in turn."""
    for number, text in enumerate(kickstarts()):
        yield choice(number % 6, 6) + text


def check() -> Iterator[bytes]:
    """Each kickstart with both settings."""
    for number, text in enumerate(kickstarts()):
        for settings in range(2):
            yield choice(number % 5 * 2 + settings, 10) + text


def boot() -> Iterator[bytes]:
    """Each boot configuration in its format and in none, with everything that is done."""
    formats = {"cmdline": 1, "pxelinux": 2, "grub": 3, "ipxe": 4, "bls": 5}
    for name, number in formats.items():
        for text in texts(f"fixtures/boot/{name}", ".txt", ".cfg", ".ipxe", ".conf"):
            for look in range(5):
                yield choice(look * 6 + (number if look % 2 else 0), 30) + text
    for line in (ROOT / "fixtures/boot/legacy.table").read_bytes().splitlines():
        yield choice(4 * 6 + 1, 30) + line


def layout() -> Iterator[bytes]:
    """Each text read only, and planned for, too."""
    for number, text in layout_texts():
        yield choice(number, 24) + text
        yield choice(number + 12, 24) + text


def layout_texts() -> Iterator[tuple[int, bytes]]:
    """The files of each release in their places; LVM's report; a boot entry of the firmware."""
    places = ["etc/fstab", "boot/grub2/grubenv", "boot/loader/entries", "etc/default/grub", "etc/kernel/cmdline"]
    for release, (number, place) in itertools.product(("rhel8", "rhel9", "rhel10"), enumerate(places)):
        path = ROOT / "fixtures/boot-entries" / release / place
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.exists():
                yield number, file.read_bytes()
    yield (5, b"30 1 253:4 / /sysroot rw - xfs /dev/dm-4 rw\n31 30 252:3 / /sysroot/boot rw shared:1 - ext4 /dev/vda3 rw\n")
    yield 6, b"# x\ntimeout 3\ndefault 5ae5*\neditor no\n"
    yield 7, b"title x\nlinux /vmlinuz\ninitrd /initramfs.img\noptions root=/dev/onn/root rd.lvm.lv=onn/root quiet\n"
    yield 8, b"ovirt_node.nvr=node-1-2 img.bootid=node-1-2+1\n"
    report = (HERE / "fuzz_targets/layout/report.json").read_bytes()
    yield 9, b"".join(line.strip() for line in report.splitlines())
    loader = "\\EFI\\x\\shimx64.efi\0".encode("utf-16-le")
    disk = struct.pack("<BBHIQQ16sBB", 4, 1, 42, 1, 2048, 100, b"0123456789abcdef", 2, 2)
    named = struct.pack("<BBH", 4, 4, 4 + len(loader)) + loader
    node = disk + named + b"\x7f\xff\x04\0"
    yield 10, b"\7\0\0\0" + struct.pack("<IH", 1, len(node)) + "x\0".encode("utf-16-le") + node
    yield 11, b"\7\0\0\0\1\0\0\0"


def host() -> Iterator[bytes]:
    """Tables with two partitions, and one partition of each kind, on disks of each size."""
    mbr = bytearray(512)
    mbr[446:478] = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 8, 100) + struct.pack("<B3sB3sII", 0, b"", 5, b"", 200, 100)
    mbr[510:] = b"\x55\xaa"
    entry = struct.pack("<16s16sQQQ72s", b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11", b"guid", 2048, 4095, 0, "x".encode("utf-16-le"))
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 1 << 16, 92, 0, 0, 1, 16383, 34, 16350, b"guid", 2, 2, 128, 0)
    label = bytearray(1024)
    label[512:544] = struct.pack("<8sQII8s", b"LABELONE", 1, 0, 32, b"LVM2 001")
    text = b'onn {\nextent_size = 8192\nlogical_volumes {\nroot {\nstatus = ["VISIBLE"]\nsegment1 {\nextent_count = 5\n'
    text += b'type = "thin"\n}\n}\n}\n}\n\0'
    # UUID, size; a data area and their end; a metadata area and their end.
    label[544 : 544 + 104] = struct.pack("<32sQQQQQQQQQ", b"u" * 32, 1 << 30, 4096, 0, 0, 0, 1024, 2048, 0, 0)
    area = struct.pack("<I16sIQQQQII", 0, b" LVM2 x[5A%r0N*>", 1, 1024, 2048, 512, len(text), zlib.crc32(text), 0)
    volume = bytes(label) + area.ljust(512, b"\0") + text
    luks = b"LUKS\xba\xbe\0\1" + b"aes\0".ljust(32, b"\0") + b"xts-plain64\0".ljust(32, b"\0") + b"sha256\0".ljust(32, b"\0")
    for size in range(12):
        yield choice(0, 3) + choice(size, 12) + bytes(mbr)
        yield choice(1, 3) + choice(size, 12) + b"\0" + header + entry + entry.replace(b"guid", b"diug")
        yield choice(1, 3) + choice(size, 12) + b"\1" + header + entry
        for content in (volume, luks.ljust(600, b"\0"), b"XFSB".ljust(600, b"\0")):
            yield choice(2, 3) + choice(size, 12) + content


def settings() -> Iterator[bytes]:
    """Built-in policies, configurations, facts, disks."""
    for text in texts("crates/node-base/src/policy/builtin", ".toml"):
        yield choice(0, 4) + text
    yield choice(0, 4) + b'extends = "ovirt-node"\nname = "mine"\n[[volume]]\nmount = "/var"\nmin = 20480\n'
    yield choice(1, 4) + b'syntax = "RHEL9"\npolicy = "ovirt-node"\nfail-on = "warning"\n'
    yield choice(2, 4) + (
        b'{"schema":1,"disks":[{"name":"sda","size":107374182400,"sector":512,"label":"gpt","partitions":[{"size":1073741824,'
        b'"format":"ext4","start":1048576,"number":1}],"removable":false}],"firmware":"uefi","memory":17179869184}'
    )
    yield choice(3, 4) + b"vda=100GiB\nsda=8GiB,label=gpt,part=1GiB:ext4,part=5GiB:lvmpv:old\nsdb=1TB,label=msdos,sector=4096"


def main() -> None:
    """Writes the files, named after their content."""
    for target in (parser, check, boot, layout, host, settings):
        directory = HERE / "corpus" / target.__name__
        directory.mkdir(parents=True, exist_ok=True)
        for seed in target():
            (directory / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
        print(f"{directory}: {len(list(directory.iterdir()))} texts")


if __name__ == "__main__":
    main()
