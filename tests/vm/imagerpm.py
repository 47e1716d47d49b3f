"""The package that brings an image (packaging/image-rpm) is built with rpmbuild and installed on a node by RPM; its scriptlets
call the program.

- %pre refuses a host that has disks of virtual machines on its root file system: nothing is installed.
- %post fails where a package of the administrator cannot come along: there is no marker for the engine and no trial, and the
  message has the command that completes the update. With the package's file in the cache that command completes it.
- When the engine has removed the marker, the package installed again writes it again.
- The placeholder of the old image is replaced. The new image boots through firmware and boot loader, and is confirmed.
"""

import pathlib

import carried
import imagefiles
import images
import jobs
import powercut
import qemu
import scenario
import trials
import uml
import upgrade
from packages import LAB, ROOT, run

NAME = "ovirt-node-ng-image-update"
BUILD = ROOT / "packaging/image-rpm/build"
# A live image of generation 2, as oVirt builds it.
LIVE = """
truncate -s 400M /mnt/media/rootfs.img
run host mkfs.ext4 -q -F /mnt/rootfs.img
mkdir -p /mnt/host/tmp/image /mnt/media/live/LiveOS
run mount -o loop /mnt/media/rootfs.img /mnt/host/tmp/image
run host cp -a --sparse=always /mnt/2/. /tmp/image
run umount /mnt/host/tmp/image
mv /mnt/media/rootfs.img /mnt/media/live/LiveOS/rootfs.img
run host mksquashfs /mnt/live /mnt/live.squashfs -mem 128M -comp zstd -Xcompression-level 3 -no-progress -quiet
cp /mnt/media/live.squashfs /tmp/shared/{file} || fail "copy the image"
"""
# In the layer of image 1.
INSTALL = """
mkdir -p /var/tmp
rpm() { /sbin/rpm "$@" > /run/o 2>&1; }
marker=/var/imgbased/.image-updated
file=/usr/share/{name}/image/{file}
rpm --query {name}-placeholder || { cat /run/o; fail "no placeholder"; }
mkdir -p /data/domain/dom_md; echo CLASS=Data > /data/domain/dom_md/metadata
rpm --upgrade /mnt/{name}.rpm && fail "a host with a storage domain on / is not refused"
grep -q "this host cannot be updated; nothing was installed" /run/o || { cat /run/o; fail "%pre does not say why"; }
rpm --query {name} && fail "a refused package is installed"
[ -e /usr/share/{name} ] && fail "files of a refused package"
rm -r /data

/sbin/rpm --install /mnt/alpha.rpm > /run/o 2>&1 || { cat /run/o; fail "alpha"; }
rpm --upgrade /mnt/{name}.rpm
say "failed $?"
grep -q "alpha-1-1.noarch.rpm is not cached" /run/o || { cat /run/o; fail "%post does not say why"; }
rpm_says=$(cat /run/o)
[ -e $marker ] && fail "there is a marker after a failed update"
node-layout status > /run/o 2>&1 || { cat /run/o; fail "status after a failed update"; }
echo "$rpm_says"
complete=$(echo "$rpm_says" | sed -n 's/.*the reason is removed, run: //p')
[ -n "$complete" ] || fail "%post does not say how to go on"
say "complete $complete"
mkdir -p /var/lib/node-layout/packages; cp /mnt/alpha.rpm /var/lib/node-layout/packages/alpha-1-1.noarch.rpm
$complete > /run/o 2>&1 || { cat /run/o; fail "the command that %post has named"; }
cat /run/o
[ "$(cat $marker)" = {file} ] || fail "the marker is '$(cat $marker)'"
node-layout status > /run/o 2>&1; [ $? = 3 ] || { cat /run/o; fail "no trial is pending"; }

rm $marker
rpm --upgrade --replacepkgs /mnt/{name}.rpm || { cat /run/o; fail "the package, installed again"; }
cat /run/o
[ "$(cat $marker)" = {file} ] || fail "the marker is not written again"
rpm --query {name} || fail "the package is not installed"
rpm --query {name}-placeholder && fail "the placeholder is still there"
[ -s $file ] || fail "$file"
node-layout verify > /run/o 2>&1 || { cat /run/o; fail verify; }
say "armed"
"""
# In the layer of image 2.
TRIAL = (
    trials.BOOTED
    + """
[ "$name" = {new_name} ] || fail "/ is $name"
[ "$(cat /usr/share/alpha/data)" = alpha ] || fail "a package of the administrator is missing"
for command in "node-layout started" "node-layout confirm" "node-layout status" "node-layout verify"; do
    $command > /tmp/o 2>&1 || { cat /tmp/o; fail "$command"; }
done
/sbin/rpm --query {name} > /tmp/o 2>&1 && fail "the new image has the package that has brought it"
say "status $(node-layout status --format json)"
"""
)


def build(*arguments: str | pathlib.Path) -> pathlib.Path:
    """Builds a package with the project's own program."""
    out = scenario.directory() / "image-rpm"
    out.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(run(BUILD, *arguments, "--output", out).splitlines()[-1])


def scriptlets() -> str:
    """Installs the package of an image."""
    layout = images.Layout(name="image-rpm", root="ext4", root_size="768M", size="16G", pool="--size 10G")
    media, files = scenario.directory() / "media-image-rpm.img", scenario.directory() / "content"
    files.mkdir(parents=True, exist_ok=True)
    placeholder = build("--nvr", images.NVR, "--placeholder")
    root = carried.make_root("rpm", carried.Extra("image-rpm", ["bash"], [placeholder], ["node-layout", "/bin/bash"]))
    nvr = imagefiles.nvr(2)
    file = nvr.replace("ovirt-node-ng", NAME) + ".squashfs.img"
    more = LIVE.replace("{file}", file)
    imagefiles.make_small_media(media, LAB / "boot.img", root, more, options="--no-specimens --settings", shared=files)
    media.unlink()
    package = build("--nvr", nvr, "--image", files / file)
    carried.make_rpms(files)
    disks = trials.first_boot(layout, root)
    fill = {"name": NAME, "file": file, "new_name": powercut.mapped(layout, imagefiles.layer(2))}
    mount = "mkdir -p /mnt/sysroot/mnt; run mount --bind /job /mnt/sysroot/mnt\n"
    text = jobs.fill(upgrade.MOUNT_LAYER + mount + jobs.inside(INSTALL), layout, **fill)
    given = [(f"{NAME}.rpm", package), ("alpha.rpm", files / "alpha-1-1.noarch.rpm")]
    result = uml.boot(disks, text, given, memory=512, console=True).check("the package of an image")
    trial = qemu.boot(disks, jobs.fill(TRIAL, layout, **fill), firmware="bios", memory=768).check("the trial (image-rpm)")
    upgrade.check_status(trial.value("status"), booted=2, default=2, states={1: "good", 2: "good"})
    return (
        f"refused by %pre, failed in %post (rpm exits with {result.value('failed')}), completed by the command that it names, "
        f"marker written again; booted and confirmed in {trial.seconds:.0f} s"
    )
