"""The first update of a host that the original imgbased has made, with real boots.

imgbased turns an installed system into base and layer, the machine boots that layer through GRUB, `node-layout update` brings a
new image beside it, the trial boots and is confirmed, and after a rollback the layer that imgbased has made boots again.

imgbased is not part of this repository: IMGBASED names a checkout of https://github.com/oVirt/imgbased, GRUBBY the script
`grubby-bls` of Fedora's package grubby. `imgbase layout --init` runs in user-mode Linux, in the root directory of the installed
system, with /usr of the host. Stand-ins answer for what is not there: RPM's database (one kernel), systemd, SELinux, vdsm, and
grub2-mkconfig, which leaves the configuration of the lab.
"""

import os
import pathlib
import re
import shutil

import imagefiles
import images
import imgbase
import jobs
import packages
import qemu
import uml
import upgrade

LAYOUT = images.Layout(name="original-host", root="xfs", root_size="640M", size="16G", pool="--size 10G")
# imgbased takes what follows the last but one hyphen for the version of a kernel, as those of RHEL have only one.
KERNEL = "5.14.0-1.lab"
STAND_INS = {
    "rpm": """case " $* " in
*" --whatprovides kernel "*) echo kernel-core-lab ;;
*" -ql "*) for file in /boot/vmlinuz-{version} /boot/initramfs-{version}.img; do echo $file; done ;;
esac""",
    "systemctl": """[ "$1" != is-active ] || { echo inactive; exit 3; }""",
    "getenforce": "echo Disabled",
    "restorecon": ":",
    "pkill": ":",
    # The lab has no dmeventd, whose work this ends.
    "vgchange": """[ "$1" != --monitor ] || exit 0; exec /usr/sbin/vgchange "$@\"""",
    "grub2-mkconfig": ":",
    "grub2-editenv": 'exec {editenv} "$@"',
    "grubby": 'exec /usr/bin/bash /mnt/imgbased/grubby-bls "$@"',
}
# What a root of oVirt Node has, and the small root lacks; imgbased reads it.
SYSTEM = """
mkdir -p /mnt/sysroot/etc/ssh /mnt/sysroot/etc/lvm/profile /mnt/sysroot/etc/systemd /mnt/sysroot/usr/share/factory/etc/systemd
cp /mnt/tools/profile /mnt/sysroot/etc/lvm/profile/imgbased-pool.profile
# imgbased writes it without the end of a line.
printf %s {nvr} > /mnt/sysroot/usr/share/imgbase/build/meta/nvr
echo 'PermitRootLogin no' > /mnt/sysroot/etc/ssh/sshd_config
echo cpe:/o:centos:centos:9 > /mnt/sysroot/etc/system-release-cpe
echo {machine} > /mnt/sysroot/etc/machine-id
echo 'GRUB_CMDLINE_LINUX="{arguments}"' > /mnt/sysroot/etc/default/grub
ln -sf /boot/grub2/grub.cfg /mnt/sysroot/etc/grub2.cfg
cd /mnt/sysroot/boot
mv vmlinuz-{kernel} vmlinuz-{version}; mv initramfs-{kernel}.img initramfs-{version}.img
sed -i 's/{kernel}/{version}/' loader/entries/{machine}-{kernel}.conf
mv loader/entries/{machine}-{kernel}.conf loader/entries/{machine}-{version}.conf; cd /
mkdir -p /mnt/sysroot/var/tmp /mnt/sysroot/var/imgbased /mnt/sysroot/var/lib /mnt/sysroot/mnt/imgbased /mnt/sysroot/mnt/rpm
mkdir -p /mnt/sysroot/mnt/usr /mnt/sysroot/mnt/grub
# As a host without volumes for /var/log and the others.
touch /mnt/sysroot/var/imgbased/.skip-volumes
run mount --bind /mnt/host/usr /mnt/sysroot/mnt/usr
run mount -t hostfs -o ro,{tools} none /mnt/sysroot/mnt/imgbased
run mount -t hostfs -o ro,{rpm} none /mnt/sysroot/mnt/rpm
run mount -t hostfs -o ro,{grub} none /mnt/sysroot/mnt/grub
"""
INIT = """
mkdir -p /run/usr /run/work
run mount -t overlay -o lowerdir=/mnt/usr,upperdir=/run/usr,workdir=/run/work usr /usr
mkdir -p /usr/libexec/grubby; cp /mnt/imgbased/grubby-bls /usr/libexec/grubby/; chmod 755 /usr/libexec/grubby/grubby-bls
mkdir -p /tmp; run mount -t tmpfs tmp /tmp
env PATH=/mnt/imgbased/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 \\
    LD_LIBRARY_PATH=/mnt/rpm/usr/lib/x86_64-linux-gnu PYTHONPATH=/mnt/imgbased/src:/mnt/rpm/usr/lib/python3/dist-packages \\
    timeout 200 /usr/bin/python3 -m imgbased.__main__ --debug layout --init-nvr {nvr} 2>&1 || fail "imgbase layout --init"
for entry in /boot/loader/entries/*.conf; do echo $entry; cat $entry; done
cat /boot/grub2/grubenv
lvs -o lv_name,tags,attr,origin
# What imgbased has mounted stays mounted until the reboot.
sync
killall -9 dmeventd 2> /dev/null
"""
ROOT = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "$(echo {vg} | sed s/-/--/g)-$(echo {running} | sed s/-/--/g)" ] || fail "/ is $name, expected {running}"
say "layer {running}"
"""
# imgbased leaves the installer's root in /etc/kernel/cmdline.
REPAIRED = """
node-layout verify > /tmp/verify; rc=$?
grep '^error' /tmp/verify > /tmp/errors; cat /tmp/verify
[ $rc = 1 ] && [ $(grep -c . /tmp/errors) = 1 ] && grep -q '/etc/kernel/cmdline lacks root=' /tmp/errors ||
    fail "verify exits with $rc"
node-layout verify --repair > /tmp/o 2>&1 || { cat /tmp/o; fail repair; }
cat /etc/kernel/cmdline
"""
# The volumes of imgbased stay as they are.
VOLUMES = """
say "volumes $(lvs --noheadings -o lv_name,lv_uuid,tags,lv_size,origin {vg}/root {vg}/{nvr} {vg}/{layer} | tr -s ' \\n' '  ')"
"""
ROLLBACK = """
node-layout rollback > /tmp/o 2>&1 || { cat /tmp/o; fail "rollback"; }
say "rollback $(tail -1 /tmp/o)"
"""


def tools() -> pathlib.Path:
    """As imgbase.tools, with the stand-ins and the real grubby."""
    where = imgbase.tools()
    grubby = os.environ.get("GRUBBY")
    assert grubby, "GRUBBY must name the script grubby-bls of Fedora's package grubby"
    shutil.copy2(grubby, where / "grubby-bls")
    shutil.copy2(pathlib.Path(os.environ["IMGBASED"]) / "data/imgbased-pool.profile", where / "profile")
    # The node has no vdsm, and this kernel no SELinux, whose directory this mounts.
    plugin = where / "src/imgbased/plugins/osupdater.py"
    plugin.write_text(re.sub(r"\n +_(vdsm_config_lvm_filter|reconfigure_vdsm)\(\)\n", "\n", plugin.read_text()))
    plugin.write_text(re.sub(r"\n +_(vdsm_config_lvm_filter|reconfigure_vdsm)\(\)\n", "\n", plugin.read_text()))
    libraries = "/mnt/grub/usr/lib/x86_64-linux-gnu"
    editenv = f"{libraries}/ld-linux-x86-64.so.2 --library-path {libraries} /mnt/grub/usr/bin/grub-editenv"
    for name, template in STAND_INS.items():
        text = template.replace("{version}", KERNEL).replace("{editenv}", editenv)
        (where / "bin" / name).write_text(f"#!/usr/bin/bash\n{text}\n")
        (where / "bin" / name).chmod(0o755)
    return where


def installed() -> list[pathlib.Path]:
    """The disks of a host that imgbased has made."""
    where = tools()
    disks = images.fresh(LAYOUT, "original-host", imagefiles.root())
    text = jobs.MOUNT + imagefiles.HOST
    text += f"mkdir -p /mnt/tools; run mount -t hostfs -o ro,{where} none /mnt/tools\n" + SYSTEM + jobs.inside(INIT)
    for key, value in {
        "machine": images.MACHINE,
        "version": KERNEL,
        "arguments": LAYOUT.arguments(),
        "tools": str(where),
        "rpm": str(packages.unpacked(imgbase.PACKAGES)),
        "grub": str(packages.grub_root()),
    }.items():
        text = text.replace("{" + key + "}", value)
    uml.boot(disks, jobs.fill(text, LAYOUT), memory=512, console=True).check("imgbase layout --init")
    return disks


def job(*parts: str, running: int) -> str:
    """A job in the layer of a generation."""
    text = ROOT + "".join(parts)
    names = {"running": imagefiles.layer(running), "deep": "", "image": "2.squashfs"}
    for key, value in names.items():
        text = text.replace("{" + key + "}", value)
    return text


def update() -> str:
    """The first update, its trial, and the way back to the layer of imgbased."""
    disks = installed()
    media = qemu.Disk(imagefiles.disk(), "media", snapshot=True)
    new = {"nvr": imagefiles.nvr(2)}

    def boot(number: int, text: str, **names: str) -> qemu.Result:
        for key, value in names.items():
            text = text.replace("{" + key + "}", value)
        result = qemu.boot([*disks, media], jobs.fill(text, LAYOUT), firmware="bios", memory=768)
        return result.check(f"boot {number} of a host that imgbased has made")

    status = upgrade.status
    first = boot(
        1, job(status(0), REPAIRED, upgrade.VERIFIED, VOLUMES, upgrade.UPDATE, VOLUMES, status(3), upgrade.VERIFIED, running=1)
    )
    before, armed = first.values("status")
    upgrade.check_status(before, booted=1, default=1, states={1: "good"})
    upgrade.check_status(armed, booted=1, default=1, states={1: "good", 2: "armed"}, trial=(imagefiles.nvr(2), "armed"))
    volumes = first.values("volumes")
    assert len(set(volumes)) == 1, f"the update has changed the volumes of imgbased: {volumes}"
    trial = boot(2, job(status(3), upgrade.CONFIRM, upgrade.PLAIN, status(0), upgrade.VERIFIED, running=2), **new)
    upgrade.check_status(trial.values("status")[-1], booted=2, default=2, states={1: "good", 2: "good"})
    second = boot(3, job(status(0), upgrade.VERIFIED, ROLLBACK, upgrade.VERIFIED, running=2), **new)
    assert second.value("rollback"), "rollback says nothing"
    back = boot(4, job(VOLUMES, status(0), upgrade.VERIFIED, running=1))
    upgrade.check_status(back.value("status"), booted=1, default=1, states={1: "good", 2: "good"})
    assert back.value("volumes") == volumes[0], f"the volumes of imgbased have changed: {back.value('volumes')}"
    compared = upgrade.check_base(LAYOUT, disks)
    return (
        f"imgbased's layer boots, is updated, the trial is confirmed, imgbased's layer boots after a rollback; "
        f"the new base: {compared}"
    )
