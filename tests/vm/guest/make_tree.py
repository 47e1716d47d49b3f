"""Adds what an image of a node has beside its programs, and one specimen of everything that an update must bring over.

    make_tree.py DIRECTORY NVR GENERATION KERNEL INITRAMFS [--no-specimens [--settings]]

Two generations differ in content, metadata, kind and links of the specimens; names and numbers are the same for the same
generation. An odd generation has its kernel and initramfs in /boot, as the images of oVirt do, an even one in /usr/lib/modules.
"""

import os
import pathlib
import random
import shutil
import socket
import stat
import struct
import sys

SECOND = 1_000_000_000
BUILT = 1_700_000_000 * SECOND
# Of vfs_cap_data, revision 2: cap_net_raw, cap_net_bind_service.
NET_RAW, NET_BIND = 1 << 13, 1 << 10


def acl(user: int, permissions: int) -> bytes:
    """A POSIX access control list that names one more user."""
    undefined = 0xFFFFFFFF
    entries = [(1, 7, undefined), (2, permissions, user), (4, 5, undefined), (0x10, 7, undefined), (0x20, 5, undefined)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def capability(bits: int) -> bytes:
    """A file capability that is permitted and effective."""
    return struct.pack("<IIIII", 0x02000001, bits, 0, 0, 0)


class Specimens:
    """A directory of specimens of one generation."""

    def __init__(self, top: pathlib.Path, generation: int) -> None:
        self.top, self.generation = top, generation
        self.times: list[tuple[pathlib.Path, int]] = []
        top.mkdir(parents=True)

    def write(self, name: str | bytes, data: bytes | str = "", mode: int = 0o644, time: int = BUILT) -> pathlib.Path:
        """Writes a file."""
        path = self.top / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(mode)
        self.times.append((path, time))
        return path

    def changed_metadata(self) -> None:
        """Files in which one thing only differs between the generations."""
        g = self.generation
        self.write("same-size-and-time", f"generation {g % 10}\n")
        self.write("only-time", "time\n", time=BUILT + g * SECOND + g)
        self.write("only-mode", "mode\n", mode=0o600 + g % 8)
        os.chown(self.write("only-owner", "owner\n"), 70000 + g, 80000 + g)
        os.setxattr(self.write("only-attribute", "attribute\n"), "user.generation", str(g).encode())
        os.setxattr(self.write("only-trusted", "attribute\n"), "trusted.generation", str(g).encode())
        label = f"system_u:object_r:generation{g}_t:s0\0".encode()
        os.setxattr(self.write("only-label", "label\n"), "security.selinux", label)
        bits = NET_RAW if g % 2 else NET_BIND
        os.setxattr(self.write("only-capability", "capability\n", 0o755), "security.capability", capability(bits))
        os.setxattr(self.write("only-acl", "acl\n", 0o755), "system.posix_acl_access", acl(1000 + g, 6))
        if g % 2:
            os.setxattr(self.write("attribute-goes", "gone\n"), "user.gone", b"x" * 300)
        else:
            self.write("attribute-goes", "gone\n")
        directory = self.top / "default-acl"
        directory.mkdir()
        os.setxattr(directory, "system.posix_acl_default", acl(1000 + g, 7))
        os.setxattr(directory, "user.directory", b"yes")

    def contents(self) -> None:
        """A large file of which little changes, holes, many small files."""
        g = self.generation
        large = bytearray(random.Random(1).randbytes(24 << 20))
        for place in random.Random(g).sample(range(len(large) // 4096), 3):
            large[place * 4096 : (place + 1) * 4096] = random.Random(g + place).randbytes(4096)
        self.write("large", bytes(large))
        self.write("grows-or-shrinks", random.Random(2).randbytes((2 + g % 3) << 20))
        sparse = self.write("sparse")
        with open(sparse, "r+b") as file:
            for megabyte in (0, 3 * g, 40):
                file.seek(megabyte << 20)
                file.write(random.Random(g).randbytes(5000))
            file.truncate(64 << 20)
        with open(self.write("hole-only"), "r+b") as file:
            file.truncate(10 << 20)
        for number in range(200):
            if number % 10 != g:
                self.write(f"many/{number % 7}/file-{number}", f"{number} {g if number % 4 == 0 else ''}\n" * (number + 1))

    def kinds(self) -> None:
        """Links, device nodes, odd names, and names whose kind changes from one generation to the next."""
        g = self.generation
        first, second = self.write("link-a", "one file\n"), self.write("link-c", "another file\n")
        os.link(first, self.top / "link-b")
        # One of these is linked to another file in each generation, the next one is new.
        os.link(first if g % 2 else second, self.top / "link-d")
        (self.top / "many/links").mkdir()
        os.link(second, self.top / f"many/links/{g}")
        for name, kind, number in (("null", stat.S_IFCHR, os.makedev(1, 3)), ("loop", stat.S_IFBLK, os.makedev(7, g))):
            os.mknod(self.top / name, kind | 0o660, number)
        os.mkfifo(self.top / "fifo", 0o640)
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(self.top)
            server.bind("socket")
            os.chdir("/")
        os.symlink(f"to generation {g}", self.top / "link")
        os.symlink("/etc/nothing/../passwd", self.top / "dangling")
        os.setxattr(self.top / "dangling", "trusted.link", b"of a link", follow_symlinks=False)
        os.chown(self.top / "dangling", 7, 8, follow_symlinks=False)
        if g % 2:
            self.write("file-or-directory", "file\n")
            self.write("directory-or-link/below/file", "deep\n")
            os.symlink("large", self.top / "link-or-file")
            self.write("odd-only/below/file", "removed\n")
        else:
            self.write("file-or-directory/below/file", "deep\n")
            os.symlink("many", self.top / "directory-or-link")
            self.write("link-or-file", "file\n")
            self.write("even-only/below/file", "added\n")
        for odd in ("a b", "new\nline", b"\xff\xfe", "-rf", "--help", "é", "x" * 255, "back\\slash", "$(reboot)"):
            self.write(odd, "odd\n")
        self.write("set-user-id", "x", 0o4755)
        self.write("set-group-id", "x", 0o2755)
        self.write("no-mode", "x", 0)
        self.write("before-1970", "x", time=-SECOND * 86400)
        (self.top / "sticky").mkdir()
        (self.top / "sticky").chmod(0o3777)
        (self.top / "read-only").mkdir()
        self.write("read-only/file", "x", 0o444)
        (self.top / "read-only").chmod(0o555)

    def make(self) -> None:
        """Makes all of them. The times of directories are set last."""
        self.changed_metadata()
        self.contents()
        self.kinds()
        for path, time in self.times:
            os.utime(path, ns=(time, time))
        for directory, names, files in os.walk(self.top, topdown=False):
            for name in [*names, *files]:
                path = pathlib.Path(directory, name)
                if path.is_symlink() or not (path.is_file() or path.is_dir()):
                    os.utime(path, ns=(BUILT, BUILT + 123456789), follow_symlinks=False)
            os.utime(directory, ns=(BUILT, BUILT + self.generation))


def settings(top: pathlib.Path, generation: int) -> None:
    """Files of /etc and /var that images and hosts change. From generation 2 on an account has a number that the host uses for
    another."""
    texts = {
        "passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "group": "root:x:0:\nwheel:x:10:\n",
        "shadow": f"root:*:{19000 + generation}::::::\n",
        "lab/merged.conf": f"Port 22\n\nUseDNS no\n\nBanner none\n\n# generation {generation}\n",
        "lab/image.conf": f"generation {generation}\n",
        "lab/conflict.conf": f"value {generation}\n",
        "lab/deleted.conf": "default\n",
    }
    if generation > 1:
        texts["passwd"] += "svc:x:990:990::/:/sbin/nologin\n"
        texts["group"] += "svc:x:990:\n"
        texts["shadow"] += "svc:!:1::::::\n"
        (top / "usr/share/svc").mkdir(parents=True)
        os.chown(top / "usr/share/svc", 990, 990)
        state = top / "var/lib/svc"
        state.mkdir(parents=True)
        (state / "state").write_text("of the image\n")
        (state / "state").chmod(0o640)
        for path in (state, state / "state"):
            os.chown(path, 990, 990)
        (top / "var/lib/shared").write_text(f"generation {generation}\n")
    for name, text in texts.items():
        path = top / "etc" / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)


def describe(top: pathlib.Path, nvr: str, generation: int, kernel: str, initramfs: str) -> None:
    """What an image says of itself: its name, its release, its kernel, the original copies of its configuration."""
    # Where the installed system has file systems.
    for name in ("boot", "efi", "var"):
        (top / name).mkdir(exist_ok=True)
    meta = top / "usr/share/imgbase/build/meta"
    meta.mkdir(parents=True)
    (meta / "nvr").write_text(nvr + "\n")
    release = f'NAME="oVirt Node"\nVERSION_ID={generation}\nVARIANT_ID=ovirt-node\nPRETTY_NAME="oVirt Node {nvr}"\n'
    (top / "usr/lib/os-release").parent.mkdir(exist_ok=True)
    for path in (top / "usr/lib/os-release", top / "etc/os-release"):
        path.unlink(missing_ok=True)
        path.write_text(release)
    for name in ("etc", "var"):
        (top / "usr/share/factory").mkdir(exist_ok=True)
        shutil.rmtree(top / "usr/share/factory" / name, ignore_errors=True)
        shutil.copytree(top / name, top / "usr/share/factory" / name, symlinks=True)
    version = f"9.9.{generation}-lab"
    modules = top / "usr/lib/modules" / version
    modules.mkdir(parents=True)
    if generation % 2:
        places = top / f"boot/vmlinuz-{version}", top / f"boot/initramfs-{version}.img"
    else:
        places = modules / "vmlinuz", modules / "initramfs.img"
    for source, target in zip((kernel, initramfs), places, strict=True):
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)


def main(directory: str, nvr: str, generation: str, kernel: str, initramfs: str, *options: str) -> None:
    os.umask(0o022)
    top = pathlib.Path(directory)
    if "--no-specimens" not in options or "--settings" in options:
        settings(top, int(generation))
    describe(top, nvr, int(generation), kernel, initramfs)
    if "--no-specimens" not in options:
        Specimens(top / "usr/share/specimens", int(generation)).make()


if __name__ == "__main__":
    main(*sys.argv[1:])
