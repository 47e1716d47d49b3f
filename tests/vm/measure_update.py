#!/usr/bin/env python3
"""Measures what a second image costs: use of the thin pool and time of `node-layout update`, beside other ways to the same tree.

    tests/vm/measure_update.py [MIB [xfs|ext4]]

Of an image of MIB (1024 by default) 10 % or 40 % of the bytes have been rebuilt, and its kernel is new. The use of the pool is
also printed as a multiple of the bytes that differ (blocks of 4 KiB; guest/count_changed.py), and beside it what of that is not
the new UUIDs of the base and of the layer. The ways: `update`; a snapshot of the old base with `rsync -aHAX --checksum
--delete`, also with `--inplace`; a new volume with `tar`. Beside them: reading both trees and writing the changed files, which
no way can avoid; a new UUID on a snapshot; the least that writing in place, and any way, could take of the pool
(guest/count_chunks.py). Each runs in a user-mode Linux of its own, on a fresh copy of the same node; times are the machine's
clock, processor times those of the whole machine without its start. Needs rsync. Times from a busy host are of little use.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Literal, NamedTuple

import imagefiles
import images
import jobs
import packages
import qemu
import run
import trials
import uml
import upgrade
from packages import LAB

PERCENTS = (10, 40)


def trees(mib: int, kind: str) -> tuple[pathlib.Path, pathlib.Path, dict[int, float]]:
    """A disk with the trees of all images, the tar of the installed root, and how many MiB differ from that in each image."""
    disk, root, counted = (LAB / f"measure-{mib}.{what}" for what in ("img", "tar", "json"))
    if counted.exists():
        return disk, root, {int(percent): changed for percent, changed in json.loads(counted.read_text()).items()}
    with open(disk, "wb") as file:
        file.truncate(4 * (mib + 256) << 20)
    arguments = f"{imagefiles.nvr(2)} 2 {packages.cloud_kernel().image} {LAB}/boot.img --no-specimens"
    script = f"""
run mkfs.{kind} -q {"-f" if kind == "xfs" else "-F"} /dev/vda
{imagefiles.HOST}
run mount /dev/vda /mnt/media; run mount --bind /mnt/media /mnt/host/mnt
"""
    for percent in (0, *PERCENTS):
        script += f"""
mkdir -p /mnt/media/{percent}
run host tar xpf {LAB}/root.tar -C /mnt/{percent}
say "tree {percent}: $(host python3 {imagefiles.GUEST}/make_sized_tree.py /mnt/{percent}/usr/share/data {mib} {percent})"
"""
        script += f"run host python3 {imagefiles.GUEST}/make_tree.py /mnt/{percent} {arguments}\n" if percent else ""
    for percent in PERCENTS:
        script += f"say changed $(host python3 {imagefiles.GUEST}/count_changed.py /mnt/0 /mnt/{percent})\n"
    script += (
        "run host tar cf /mnt/root.tar -C /mnt/0 .\ncp /mnt/media/root.tar /tmp/shared/measure.tar; rm /mnt/media/root.tar\n"
    )
    result = uml.boot([disk], script, shared=LAB, memory=512).check("making the trees")
    print("\n".join(result.values("tree")))
    (LAB / "measure.tar").rename(root)
    lines = [line.split() for line in result.values("changed")]
    for percent, (blocks, chunks) in zip(PERCENTS, lines, strict=True):
        print(f"{percent} %: {int(blocks) >> 20} MiB differ, in chunks that a file begins with {int(chunks) >> 20} MiB")
    changed = {percent: int(blocks) / (1 << 20) for percent, (blocks, _) in zip(PERCENTS, lines, strict=True)}
    counted.write_text(json.dumps(changed))
    return disk, root, changed


# Reports the seconds and the use of the pool of what is between.
BEFORE = """
blocks() { dmsetup status {vg}-pool00-tpool | awk '{split($6, data, "/"); split($5, meta, "/"); print data[1], meta[1]}'; }
now() { cut -d' ' -f1 /proc/uptime; }
sync; set -- $(blocks); data=$1 meta=$2; started=$(now)
"""
AFTER = """
sync; ended=$(now); set -- $(blocks)
say "seconds $(echo "$ended $started" | awk '{print $1-$2}')"
say "pool $((($1 - data) * 64 / 1024))"
say "metadata $(($2 - meta))"
"""
SNAPSHOT = """
run lvcreate -q -y -s -kn -n new {vg}/{nvr}; run lvchange -q -ay {vg}/new
run mount {nouuid} /dev/{vg}/new /mnt/host/tmp/new
"""
UPDATE, UUID = "node-layout update", "a new UUID"
WAYS = {
    "nothing": ":",
    UPDATE: """
node-layout update /mnt/{percent} --no-arm > /run/o 2>&1 || { cat /run/o; fail update; }
""",
    "rsync": SNAPSHOT + "run host rsync -aHAX --checksum --delete /mnt/{percent}/ /tmp/new/\n",
    "rsync --inplace": SNAPSHOT + "run host rsync -aHAX --checksum --delete --inplace /mnt/{percent}/ /tmp/new/\n",
    "tar, new volume": """
run lvcreate -q -y -kn -V {size} --thinpool {vg}/pool00 -n new; run {mkfs} /dev/{vg}/new
run mount {nouuid} /dev/{vg}/new /mnt/host/tmp/new
run host sh -c 'tar --xattrs --acls -C /mnt/{percent} -cf - . | tar --xattrs --acls -C /tmp/new -xpf -'
""",
    "read both, write the changed files": SNAPSHOT
    + """
run host sh -c 'cat $(find /mnt/{percent} /tmp/new -type f) > /dev/null'
run host sh -c 'cd /mnt/{percent}; find . -type f -newermt @1700000001 -print0 | xargs -0 cp --parents -t /tmp/new'
""",
    UUID: """
run lvcreate -q -y -s -kn -n new {vg}/{nvr}; run lvchange -q -ay {vg}/new
{uuid} /dev/{vg}/new > /tmp/o 2>&1 || { cat /tmp/o; fail uuid; }
""",
}


LEAST = """
run lvcreate -q -y -s -kn -n new {vg}/{nvr}; run lvchange -q -ay {vg}/new; run mount -o ro{ro} /dev/{vg}/new /mnt/host/tmp/new
say "least $(host python3 {guest}/count_chunks.py /tmp/new /mnt/{percent})"
"""


class Cost(NamedTuple):
    """What a way costs."""

    pool: int  # MiB
    metadata: int  # blocks of 4 KiB
    seconds: float
    processor: float  # seconds


def measure(layout: images.Layout, node: pathlib.Path, media: pathlib.Path, way: str, percent: int) -> Cost:
    """One way, on a copy of the node."""
    disks = images.copy([node], "measure")
    xfs = layout.root == "xfs"
    text = upgrade.MOUNT_LAYER + imagefiles.HOST + imagefiles.MEDIA
    text += "run mount --bind /mnt/media /mnt/host/mnt; mkdir -p /mnt/host/tmp/new /mnt/sysroot/var/tmp /mnt/sysroot/mnt\n"
    text += "run mount --bind /mnt/media /mnt/sysroot/mnt\n"
    measured = BEFORE + WAYS[way] + AFTER
    # Only node-layout runs in the node; the other ways need programs of the host.
    text += jobs.inside(measured) if way == UPDATE else measured
    fill = {
        "percent": str(percent),
        "nouuid": "-o nouuid" if xfs else "",
        "mkfs": "mkfs.xfs -q -K" if xfs else "mkfs.ext4 -q -F",
        "size": layout.root_size,
        "uuid": "xfs_db -x -c 'uuid generate'" if xfs else "e2fsck -fp /dev/{vg}/new; tune2fs -U random",
    }
    for key, value in fill.items():
        text = text.replace("{" + key + "}", value)
    result = uml.boot([*disks, qemu.Disk(media, "media")], jobs.fill(text, layout), memory=1024, console=True).check(way)
    spent = qemu.SPENT["user-mode"][-1]
    return Cost(int(result.value("pool")), int(result.value("metadata")), float(result.value("seconds")), spent)


def least(layout: images.Layout, node: pathlib.Path, media: pathlib.Path, percent: int) -> tuple[int, int]:
    """The least that the image takes of the pool, in MiB: written in place, and in any way."""
    text = imagefiles.HOST + imagefiles.MEDIA + "vgchange -q -ay {vg}\nrun mount --bind /mnt/media /mnt/host/mnt\n"
    text += "mkdir -p /mnt/host/tmp/new\n" + LEAST
    fill = {
        "ro": ",norecovery,nouuid" if layout.root == "xfs" else ",noload",
        "guest": str(imagefiles.GUEST),
        "percent": str(percent),
    }
    for key, value in fill.items():
        text = text.replace("{" + key + "}", value)
    disks = images.copy([node], "measure")
    result = uml.boot([*disks, qemu.Disk(media, "media")], jobs.fill(text, layout), memory=1024, console=True).check("least")
    in_place, any_way = (int(number) >> 20 for number in result.value("least").split())
    return in_place, any_way


def main(mib: int, kind: Literal["xfs", "ext4"]) -> None:
    if not shutil.which("rsync"):
        sys.exit("rsync is missing: apt-get install rsync")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", packages.ROOT / "target"))
    if "NODE_LAYOUT" not in os.environ:
        subprocess.run(["cargo", "build", "--profile", "dist", "--bin", "node-layout"], cwd=packages.ROOT, check=True)
        os.environ["NODE_LAYOUT"] = str(target / "dist/node-layout")
    packages.LAB.mkdir(parents=True, exist_ok=True)
    run.prepare()
    layout = images.Layout(
        name=f"measure-node-{mib}-{kind}", root=kind, root_size=f"{mib * 2 + 512}M", size="24G", pool="--size 16G"
    )
    media, root, changed = trees(mib, "ext4")
    node = trials.first_boot(layout, root)[0]
    for percent in PERCENTS:
        in_place, any_way = least(layout, node, media, percent)
        print(
            f"{kind} {percent} %: {changed[percent]:.0f} MiB differ; with the inodes {any_way} MiB, in place {in_place} MiB",
            flush=True,
        )
        nothing = measure(layout, node, media, "nothing", percent).processor
        uuid = measure(layout, node, media, UUID, percent).pool
        for way in list(WAYS)[1:]:
            cost = measure(layout, node, media, way, percent)
            rest = cost.pool - 2 * uuid
            more = f", without the UUIDs {rest} MiB ({rest / changed[percent]:.2f})"
            print(
                f"{kind} {percent} %: {way}: pool {cost.pool} MiB ({cost.pool / changed[percent]:.2f})"
                f"{more if way == UPDATE else ''}, metadata {cost.metadata} blocks, {cost.seconds:.1f} s, "
                f"processor {cost.processor - nothing:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(next((int(a) for a in sys.argv[1:] if a.isdigit()), 1024), "ext4" if "ext4" in sys.argv else "xfs")
