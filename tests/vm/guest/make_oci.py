"""Makes an OCI image layout (image-spec 1.1) of two layers: an older tree, and what turns it into the newer one.

    make_oci.py OLDER NEWER DIRECTORY NVR

The second layer has whiteouts, an opaque directory, and hard links to files of the first layer.
"""

import hashlib
import json
import os
import pathlib
import stat
import subprocess
import sys
import tarfile
from typing import Any

import compare_trees

TAR = "tar --format=pax --xattrs --xattrs-include=* --acls --selinux --numeric-owner --no-recursion --sparse --null".split()


def pack(top: bytes, names: list[bytes], out: pathlib.Path) -> None:
    """Packs these paths of a tree."""
    listed = b"\0".join(b"." + name for name in names)
    # A socket cannot be in a tar; GNU tar says so and leaves it out.
    subprocess.run([*TAR, "-C", os.fsdecode(top), "-cf", out, "--verbatim-files-from", "-T", "-"], input=listed, check=True)


def changed(older: compare_trees.Tree, newer: compare_trees.Tree) -> tuple[list[bytes], list[tuple[bytes, bytes]], list[bytes]]:
    """The paths to pack, the links to files of the older tree, the paths to remove."""
    links: list[tuple[bytes, bytes]] = []
    packed = {name for name, record in newer.files.items() if older.files.get(name) != record}
    for group in newer.links:
        kept = sorted(name for name in group if name not in packed)
        fresh = sorted(name for name in group if name in packed)
        together = any(set(kept) <= names for names in older.links)
        only_new = all(name not in older.files for name in fresh)
        if kept and fresh and together and only_new:
            links += [(name, kept[0]) for name in fresh]
            packed -= set(fresh)
        elif fresh or (len(kept) > 1 and not together):
            packed |= group
    # A file that was linked to others, which now are other files.
    for group in older.links:
        still = {name for name in group if name in newer.files and name not in packed}
        if len({names for names in newer.links if names & still}) > 1:
            packed |= still
    gone = [name for name in older.files if name not in newer.files]
    top = [name for name in gone if name.rpartition(b"/")[0] not in gone]
    # A file in the place of a directory removes all that is below it.
    return sorted(packed), links, [name for name in top if name.rpartition(b"/")[0] not in packed or is_directory(newer, name)]


def is_directory(tree: compare_trees.Tree, name: bytes) -> bool:
    """Whether the directory of this name is a directory in the tree."""
    return bool(tree.files[name.rpartition(b"/")[0]]["kind"] == stat.S_IFDIR)


def blob(out: pathlib.Path, data: bytes, kind: str) -> dict[str, Any]:
    """Stores a blob and returns its descriptor."""
    digest = hashlib.sha256(data).hexdigest()
    (out / "blobs/sha256" / digest).write_bytes(data)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}


def main(older_top: str, newer_top: str, directory: str, nvr: str) -> None:
    out = pathlib.Path(directory)
    (out / "blobs/sha256").mkdir(parents=True)
    older, newer = (compare_trees.read(os.fsencode(top), frozenset([b"/lost+found"])) for top in (older_top, newer_top))
    names, links, gone = changed(older, newer)
    first, second = out / "first.tar", out / "second.tar"
    pack(os.fsencode(older_top), sorted(older.files), first)
    pack(os.fsencode(newer_top), names, second)
    with tarfile.open(second, "a", format=tarfile.PAX_FORMAT) as tar:
        for name in gone:
            parent, _, last = name.rpartition(b"/")
            tar.addfile(tarfile.TarInfo(os.fsdecode(b"." + parent + b"/.wh." + last)))
        for name, target in links:
            link = tarfile.TarInfo(os.fsdecode(b"." + name))
            link.type, link.linkname = tarfile.LNKTYPE, os.fsdecode(b"." + target)
            tar.addfile(link)
    layers, plain = [], []
    for path, program, kind in ((first, "gzip -1", "gzip"), (second, "zstd -q -1", "zstd")):
        data = path.read_bytes()
        plain.append("sha256:" + hashlib.sha256(data).hexdigest())
        packed = subprocess.run([*program.split(), "-c"], input=data, check=True, capture_output=True).stdout
        layers.append(blob(out, packed, f"application/vnd.oci.image.layer.v1.tar+{kind}"))
        path.unlink()
    product, version, release = nvr.rsplit("-", 2)
    labels = {"name": product, "version": version, "release": release, "org.opencontainers.image.version": f"{version}-{release}"}
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": plain},
    }
    described = blob(out, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": described, "layers": layers}
    entry = blob(out, json.dumps(manifest).encode(), kind)
    (out / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (out / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


if __name__ == "__main__":
    main(*sys.argv[1:])
