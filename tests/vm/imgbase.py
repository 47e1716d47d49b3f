"""The originals `imgbase` and `nodectl` (oVirt) on a node with two images that node-layout has made: imgbase sees both, and finds
nothing wrong; the JSON of nodectl has the members and values that our own answers have, but for those in DIFFERENCES.

They are not part of this repository: IMGBASED names a checkout of https://github.com/oVirt/imgbased, OVIRT_NODE_NG one of
https://github.com/oVirt/ovirt-node-ng. For grubby, which Debian does not have, they get a stand-in that lists the entries
(guest/grubby).
It runs in user-mode Linux, in the root directory of the node, with /usr of the host.
"""

import json
import os
import pathlib
import re
import shutil
from typing import Any

import imagefiles
import images
import jobs
import packages
import qemu
import scenario
import trials
import uml
import upgrade

PACKAGES = ["python3-rpm", "python3-systemd", "librpm9", "librpmio9", "librpmbuild9", "librpmsign9", "libpopt0", "liblua5.3-0"]
# The programs of the host: the small root has neither Python nor findmnt.
HOST = """
mkdir -p /mnt/sysroot/mnt/image /mnt/sysroot/mnt/usr /mnt/sysroot/mnt/imgbased /mnt/sysroot/mnt/rpm /mnt/sysroot/var/tmp
run mount --bind /mnt/media/2 /mnt/sysroot/mnt/image
run mount --bind /mnt/host/usr /mnt/sysroot/mnt/usr
run mount -t hostfs -o ro,{tools} none /mnt/sysroot/mnt/imgbased
run mount -t hostfs -o ro,{rpm} none /mnt/sysroot/mnt/rpm
"""
IMGBASE = """
node-layout update /mnt/image > /run/o 2>&1 || { cat /run/o; fail update; }
# As the installer of oVirt has it in fstab, and what it writes on a node without volumes for /var/log and the others.
for at in / /var; do run mount -o remount,discard $at; done
mkdir -p /var/imgbased; touch /var/imgbased/.skip-volumes
# The originals ask for a service that this root does not have.
printf '#!/bin/sh\n' > /run/systemctl; chmod 755 /run/systemctl
# Ours comes first: it would find that /usr, which the originals need, is another file system.
for verb in info check motd; do
    node-layout nodectl --machine-readable $verb > /run/printed 2> /run/error
    say "own-$verb $(tail -1 /run/printed)"
done
run mount --bind /mnt/usr /usr
ln -s /usr/bin/bash /bin/bash; ln -sf /boot/grub2/grub.cfg /etc/grub2.cfg
imgbase() {
    env PATH=/mnt/imgbased/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 \\
        LD_LIBRARY_PATH=/mnt/rpm/usr/lib/x86_64-linux-gnu PYTHONPATH=/mnt/imgbased/src:/mnt/rpm/usr/lib/python3/dist-packages \\
        /usr/bin/python3 -m imgbased.__main__ "$@" 2> /run/error
}
for verb in layout w check; do
    imgbase $verb > /run/printed || { cat /run/error; fail "imgbase $verb"; }
    while read -r line; do say "$verb $line"; done < /run/printed
done
for verb in info check motd; do
    env PATH=/run:/mnt/imgbased/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 \\
        LD_LIBRARY_PATH=/mnt/rpm/usr/lib/x86_64-linux-gnu PYTHONPATH=/mnt/imgbased/src:/mnt/rpm/usr/lib/python3/dist-packages \\
        /usr/bin/python3 -m nodectl.__main__ --machine-readable $verb > /run/printed 2> /run/error ||
        { cat /run/error; fail "nodectl $verb"; }
    say "original-$verb $(tail -1 /run/printed)"
done
"""


# What our answers say in another way than the originals, by verb and member (a pattern), and why.
DIFFERENCES = {
    # The original knows an entry of a layer by "node" in its title. (It would not know one of an image with another name.)
    ("info", "/bootloader/entries/Rescue/.*"): "an entry that boots a layer is one of its entries, whatever its title",
    # The original has one sentence, whatever has happened.
    ("motd", "/additional_info"): "ours also says what has become of a trial",
}


def values(value: Any, path: str = "") -> dict[str, str]:
    """The value of every member of a JSON value by its path. What is in no object is JSON itself."""
    if not isinstance(value, dict) or not value:
        return {path: json.dumps(value)}
    found: dict[str, str] = {}
    for name, member in value.items():
        found |= values(member, f"{path}/{name}")
    return found


def compare(verb: str, original: str, own: str) -> tuple[int, int]:
    """Compares two answers member by member; returns how many have the same value, and how many one that is known to differ."""
    theirs, ours = values(json.loads(original)), values(json.loads(own))
    same, different, wrong = 0, 0, []
    for path in sorted(theirs.keys() | ours.keys()):
        if theirs.get(path) == ours.get(path):
            same += 1
        elif any(known == verb and re.fullmatch(pattern, path) for known, pattern in DIFFERENCES):
            different += 1
        else:
            wrong.append(f"{path}: the original has {theirs.get(path)}, ours {ours.get(path)}")
    assert not wrong, f"nodectl {verb}:\n" + "\n".join(wrong)
    return same, different


def tools() -> pathlib.Path:
    """A directory with the modules of imgbased, and grubby, for the running scenario, which may change it."""
    where = scenario.directory() / "tools"
    source = os.environ.get("IMGBASED")
    assert source, "IMGBASED must name a checkout of https://github.com/oVirt/imgbased"
    (where / "bin").mkdir(parents=True)
    shutil.copytree(pathlib.Path(source) / "src", where / "src")
    nodectl = os.environ.get("OVIRT_NODE_NG")
    assert nodectl, "OVIRT_NODE_NG must name a checkout of https://github.com/oVirt/ovirt-node-ng"
    shutil.copytree(pathlib.Path(nodectl) / "src/nodectl", where / "src/nodectl")
    config = (where / "src/nodectl/config.py.in").read_text()
    (where / "src/nodectl/config.py").write_text(re.sub("@PACKAGE_.*@", "lab", config))
    constants = (where / "src/imgbased/constants.py.in").read_text()
    (where / "src/imgbased/constants.py").write_text(re.sub("@PACKAGE_.*@", "lab", constants))
    shutil.copy2(imagefiles.GUEST / "grubby", where / "bin/grubby")
    return where


def reads() -> str:
    """imgbase's `layout`, `w` and `check` on a node with two images."""
    layout = trials.LAYOUTS["small"]
    where = tools()
    disks = images.copy(trials.installed("small"), "imgbase")
    text = imagefiles.MEDIA + upgrade.MOUNT_LAYER + imagefiles.HOST + HOST + jobs.inside(IMGBASE)
    text = text.replace("{tools}", str(where)).replace("{rpm}", str(packages.unpacked(PACKAGES)))
    machine: list[qemu.Path | qemu.Disk] = [*disks, qemu.Disk(imagefiles.disk(), "media", snapshot=True)]
    result = uml.boot(machine, jobs.fill(text, layout), memory=384, console=True).check("imgbase")
    printed = "\n".join(result.values("layout"))
    for generation in (1, 2):
        base, layer = imagefiles.nvr(generation), imagefiles.layer(generation)
        assert re.search(rf"^{re.escape(base)}$[^\w]*{re.escape(layer)}$", printed, re.M), f"layout shows no {layer}: {printed}"
    assert result.value("w") == f"You are on {images.LAYER}", f"w prints {result.value('w')}"
    checked = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in result.values("check")]
    failed = [line for line in checked if re.search(r"\.\.\. (FAILED|ERROR)", line)]
    assert not failed and len(checked) > 8, f"check prints: {checked}"
    compared = [compare(v, result.value(f"original-{v}"), result.value(f"own-{v}")) for v in ("info", "check", "motd")]
    same, different = (sum(numbers) for numbers in zip(*compared, strict=True))
    return (
        f"layout shows both images, w the running one; {len(checked)} lines of check, none failed; of the members of nodectl's "
        f"answers {same} have the same value, {different} one that differs for a known reason"
    )
