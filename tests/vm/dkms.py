"""Modules that DKMS builds come along into a new image, and are built for its kernel.

An administrator has installed DKMS (the real program of Debian), and a package with the sources of a module; its scriptlet is
what Debian's packages of sources have. An update without the headers of the new kernel is refused, although DKMS itself would say
nothing. When the package of the headers is installed, too, the module is built in the new layer. That boots through firmware and
boot loader, loads the module, and is confirmed. Instead of a compiler the "source" is copied: what is tried is DKMS.
"""

import pathlib
import shutil

import carried
import imagefiles
import images
import jobs
import packages
import qemu
import scenario
import trials
import uml
import upgrade

CONF = """PACKAGE_NAME="lab"
PACKAGE_VERSION="1"
MAKE[0]="cp {module}.source {module}.ko"
CLEAN="rm -f {module}.ko"
BUILT_MODULE_NAME[0]="{module}"
DEST_MODULE_LOCATION[0]="/updates"
AUTOINSTALL="yes"
"""
POSTINST = "/usr/lib/dkms/common.postinst lab 1 /usr/share/lab '' \"$2\""
# In the layer of image 1.
UPDATE = """
mkdir -p /var/tmp /tmp; ln -s /proc/self/fd /dev/fd
{before} || fail "the database of packages"
cached() { mkdir -p /var/lib/node-layout/packages; cp "$@" /var/lib/node-layout/packages; }
add() {
    /sbin/dpkg --install "$@" > /run/o 2>&1 || { cat /run/o; fail "dpkg --install $*"; }
    cached "$@"
}
update() { node-layout update /mnt/2 --nvr {new_nvr} "$@" > /run/o 2>&1; }
add /mnt/packages/dkms_1_all.deb
add /mnt/packages/lab-dkms_1_all.deb; cat /run/o
[ -e /var/lib/dkms/lab/1/source ] || fail "DKMS has not added the module"
update && { cat /run/o; fail "an update without headers is not refused"; }
grep "lab-dkms 1 has sources of modules" /run/o && grep -q "nothing has the headers of kernel {kver}" /run/o ||
    { cat /run/o; fail "it is not said that headers are missing"; }
lvs {vg}/{new_nvr} > /dev/null 2>&1 && fail "a refused update has made a base"
add /mnt/packages/linux-headers-lab_1_all.deb
update || { cat /run/o; fail update; }
cat /run/o
say "built"
"""
# In the layer of image 2.
TRIAL = (
    trials.BOOTED
    + """
[ "$name" = {new_name} ] || fail "/ is $name"
find /usr/lib/modules/{kver}/updates | grep "/{module}.ko" || fail "there is no module"
for command in "/sbin/modprobe -S {kver} {module}" "node-layout started" "node-layout confirm" "node-layout status" \
    "node-layout verify"; do
    $command > /tmp/o 2>&1 || { cat /tmp/o; fail "$command"; }
done
grep -q "^{module} " /proc/modules || fail "the module is not loaded"
[ -e /var/lib/dkms/lab/1/{kver} ] || fail "DKMS does not know what it has built: $(find /var/lib/dkms)"
say "status $(node-layout status --format json)"
"""
)


def make(out: pathlib.Path) -> None:
    """The packages of DKMS (without those that it depends on), of the sources, and of the headers."""
    top = scenario.directory() / "dkms"
    program = packages.unpacked(["dkms"])
    for path in ("usr/sbin/dkms", "usr/lib/dkms/common.postinst", "etc/dkms/framework.conf"):
        target = top / "dkms" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(program / path, target)
    (top / "dkms/var/lib/dkms").mkdir(parents=True)
    source = top / "lab-dkms/usr/src/lab-1"
    source.mkdir(parents=True)
    (source / "dkms.conf").write_text(CONF.replace("{module}", carried.MODULE))
    shutil.copy2(packages.cloud_kernel().modules([carried.MODULE])[-1], source / f"{carried.MODULE}.source")
    headers = top / f"linux-headers-lab/usr/src/linux-headers-{imagefiles.kernel(2)}/include"
    headers.mkdir(parents=True)
    (headers / "lab.h").write_text("\n")
    build = top / f"linux-headers-lab/usr/lib/modules/{imagefiles.kernel(2)}/build"
    build.parent.mkdir(parents=True)
    build.symlink_to(f"/usr/src/linux-headers-{imagefiles.kernel(2)}")
    for name, postinst in (("dkms", ""), ("lab-dkms", POSTINST), ("linux-headers-lab", "")):
        carried.build_deb(name, top / name, out, postinst)


def built() -> str:
    """One update of a node with DKMS."""
    layout = images.Layout(name="dkms", root="ext4", root_size="640M", size="16G", pool="--size 10G")
    node = carried.installed("dpkg", layout, carried.Extra("dkms", ["bash"]), make)
    update = uml.boot(node.machine(node.disks), node.job(UPDATE), memory=512, console=True).check("update with DKMS")
    job = jobs.fill(TRIAL, node.layout, **node.fill)
    trial = qemu.boot(node.disks, job, firmware="bios", memory=768).check("the trial (DKMS)")
    upgrade.check_status(trial.value("status"), booted=2, default=2, states={1: "good", 2: "good"})
    return f"refused without headers; built in {update.seconds:.0f} s, then booted, loaded and confirmed in {trial.seconds:.0f} s"
