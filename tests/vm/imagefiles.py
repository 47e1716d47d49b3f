"""Image files of every kind that `node-layout update` reads: newer generations of the small root, and one specimen of
everything that an update must bring over (guest/make_tree.py).

They are made in user-mode Linux, with the host's programs: there every file can have any owner, label and capability, whatever
the host allows.
"""

import pathlib
import threading

import images
import packages
import uml
from packages import LAB, ROOT

GUEST = ROOT / "tests/vm/guest"
# By generation. The first is the one that is installed.
NVRS = {1: images.NVR, 2: "ovirt-node-ng-4.5.7-0.20261205.0", 3: "ovirt-node-ng-4.5.8-0.20261219.0"}
# The files and directories of generation 2, by kind, on the disk that `disk` makes. Generation 3 is only 3.squashfs.
KINDS = {
    "live": "2.squashfs",
    "squashfs": "2.plain.squashfs",
    "ext4": "2.ext4",
    "xfs": "2.xfs",
    "tar": "2.tar.zst",
    "directory": "2",
    "oci": "2.oci",
    "oci-archive": "2.oci.tar",
}
# A socket cannot be in a tar, an access control list cannot be in a squashfs.
TAR = "tar --format=pax --xattrs --xattrs-include=* --acls --selinux --numeric-owner --sparse"

# Runs a program of the host: its root directory can be read at /mnt/host, and /mnt/media is its /mnt.
HOST = """
mkdir -p /mnt/host /mnt/media
mount -t hostfs -o ro,/ none /mnt/host || fail "no root directory of the host"
for d in proc dev; do mount --bind /$d /mnt/host/$d || fail "bind $d"; done
mount -t tmpfs tmp /mnt/host/tmp || fail tmpfs
# (A path, as busybox would run its own program for a name.)
host() { chroot /mnt/host /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 "$@"; }
"""
MEDIA = """
mkdir -p /mnt/media; image=$(disk media); loop=; [ -b $image ] || loop=,loop
run mount -t ext4 -o ro,noload$loop $image /mnt/media
"""
_MAKING = threading.Lock()


def nvr(generation: int) -> str:
    """The name of the image of this generation."""
    return NVRS[generation]


def layer(generation: int) -> str:
    """The name of the layer of this generation."""
    return NVRS[generation] + "+1"


def kernel(generation: int) -> str:
    """The version that the file names of this generation's kernel have."""
    return f"9.9.{generation}-lab" if generation > 1 else packages.cloud_kernel().version


def root() -> pathlib.Path:
    """A tar of the installed root: the small one, and generation 1 of everything."""
    return disk().with_name("root-1.tar")


def disk() -> pathlib.Path:
    """A disk (ext4) with the image files; makes it and the tar of generation 1, unless they exist."""
    path, stamp = LAB / "media.img", LAB / "media.complete"
    with _MAKING:
        if not stamp.exists():
            with open(path, "wb") as file:
                file.truncate(8 << 30)
            uml.boot([path], _script(), shared=LAB, memory=512, console=True).check("making the image files")
            stamp.touch()
    return path


def _script() -> str:
    """Makes the trees, then packs them."""
    trees = ""
    for generation in NVRS:
        arguments = f"{nvr(generation)} {generation} {packages.cloud_kernel().image} {LAB}/boot.img"
        trees += f"""
mkdir -p /mnt/media/{generation}
run host tar xpf {LAB}/root.tar -C /mnt/{generation}
run host python3 {GUEST}/make_tree.py /mnt/{generation} {arguments}
"""
    live = "".join(
        f"""
truncate -s 400M /mnt/media/{generation}.ext4
run host mkfs.ext4 -q -F /mnt/{generation}.ext4
mkdir -p /mnt/media/live/LiveOS
run mount -o loop /mnt/media/{generation}.ext4 /mnt/host/tmp/image
run host cp -a --sparse=always /mnt/{generation}/. /tmp/image
run umount /mnt/host/tmp/image
mv /mnt/media/{generation}.ext4 /mnt/media/live/LiveOS/rootfs.img
run host mksquashfs /mnt/live /mnt/{generation}.squashfs -mem 128M -comp {compression} -no-progress -quiet
mv /mnt/media/live/LiveOS/rootfs.img /mnt/media/{generation}.ext4
"""
        for generation, compression in ((2, "xz"), (3, "zstd -Xcompression-level 3"))
    )
    return f"""
run mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=1 /dev/vda
{HOST}
run mount /dev/vda /mnt/media
run mount --bind /mnt/media /mnt/host/mnt
mkdir -p /mnt/host/tmp/image
{trees}
run host {TAR} -C /mnt/1 -cf /mnt/root-1.tar .
cp /mnt/media/root-1.tar /tmp/shared/root-1.tar; rm /mnt/media/root-1.tar
{live}
truncate -s 400M /mnt/media/2.xfs
run host mkfs.xfs -q /mnt/2.xfs
run mount -o loop /mnt/media/2.xfs /mnt/host/tmp/image
run host cp -a --sparse=always /mnt/2/. /tmp/image
run umount /mnt/host/tmp/image
run host mksquashfs /mnt/2 /mnt/2.plain.squashfs -mem 128M -comp zstd -Xcompression-level 3 -no-progress -quiet
run host sh -c '{TAR} -C /mnt/2 -cf - . | zstd -q -3 -o /mnt/2.tar.zst'
run host python3 {GUEST}/make_oci.py /mnt/1 /mnt/2 /mnt/2.oci {nvr(2)}
run host tar -C /mnt/2.oci -cf /mnt/2.oci.tar .
rm -r /mnt/media/1 /mnt/media/live /mnt/media/3
cd /mnt/media && sha256sum 2.squashfs 3.squashfs 2.tar.zst > SHA256SUMS; cd /
ls -la /mnt/media; df -m /mnt/media
run fstrim /mnt/media
run umount /mnt/host/mnt; run umount /mnt/media
"""


def make_small_media(
    path: pathlib.Path,
    initramfs: pathlib.Path,
    root: pathlib.Path = LAB / "root.tar",
    more: str = "",
    *,
    options: str = "--no-specimens",
    shared: pathlib.Path | None = None,
) -> None:
    """A disk with the tree of generation 2 in the directory 2, without specimens; `more` is run while it is mounted, and finds
    the directory `shared` at /tmp/shared."""
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    arguments = f"{nvr(2)} 2 {packages.cloud_kernel().image} {initramfs} {options}"
    script = f"""
run mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=1 /dev/vda
{HOST}
run mount /dev/vda /mnt/media; run mount --bind /mnt/media /mnt/host/mnt; mkdir /mnt/media/2
run host tar xpf {root} -C /mnt/2
run host python3 {GUEST}/make_tree.py /mnt/2 {arguments}
{more}
run fstrim /mnt/media
run umount /mnt/host/mnt; run umount /mnt/media
"""
    uml.boot([path], script, shared=shared, memory=384, console=True).check(f"making {path.name}")
