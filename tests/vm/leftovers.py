"""States that an interrupted `init` leaves, made on purpose: another `init` completes them and leaves nothing behind.

The power cuts (powercut.py) meet most of them by chance; these are the cases that every run must have.
"""

import images
import jobs
import packages
import powercut
import qemu
import uml

OTHER = "another-node-5.0-1"

MOUNT = """
vgchange -q -ay {vg} && mkdir -p /mnt/sysroot && mount /dev/{vg}/root /mnt/sysroot && mount /dev/ubda3 /mnt/sysroot/boot &&
    mount /dev/{vg}/var /mnt/sysroot/var || fail mount
"""

# The pool has a thin device that LVM does not know, with the number that LVM will assign next.
POOL_KNOWS = """
id=$(( $(lvs --noheadings -o thin_id {vg} | sort -n | tail -1) + 1 ))
sync; dmsetup suspend {vg}-root && dmsetup message {vg}-pool00-tpool 0 "create_snap $id 1"; dmsetup resume {vg}-root
lvcreate -q -y --snapshot --name probe {vg}/root > /tmp/o 2>&1 && fail "lvcreate succeeds in spite of the unknown device"
grep -q 'File exists' /tmp/o || { cat /tmp/o; fail "lvcreate fails for another reason"; }
"""


def interrupted_init(nvr: str) -> str:
    """Runs init with this image name and kills it when it is about to rename root."""
    return f"""
mkdir /tmp/bin; printf '#!/bin/busybox sh\\nkill -9 $PPID\\n' > /tmp/bin/lvrename; chmod 755 /tmp/bin/lvrename
node-layout init --tools-path /tmp/bin --sysroot /mnt/sysroot --nvr {nvr} > /tmp/o 2>&1
[ $? = 137 ] || {{ cat /tmp/o; fail "not interrupted"; }}
"""


# It was initialising another image: that image's base is frozen, its kernel copied, its entry the default.
OTHER_IMAGE = (
    interrupted_init(OTHER)
    + """
[ -b /dev/{vg}/root ] && lvs {vg}/{other} > /dev/null && ls /mnt/sysroot/boot/{other}+1/vmlinuz-* > /dev/null ||
    fail "interrupted elsewhere"
"""
)

# It was copying kernel and initramfs; another kernel is installed before init runs again.
OTHER_KERNEL = (
    interrupted_init(images.NVR)
    + """
cd /mnt/sysroot/boot
mv {layer}/initramfs-{kernel}.img {layer}/.initramfs-{kernel}.img.new &&
    truncate -s 1000 {layer}/.initramfs-{kernel}.img.new || fail "no copy of the initramfs"
mv loader/entries/{layer}-{kernel}.conf loader/entries/.{layer}-{kernel}.conf.new || fail "no entry"
cp vmlinuz-{kernel} vmlinuz-9.9.1 && cp initramfs-{kernel}.img initramfs-9.9.1.img || fail copy
sed s/{kernel}/9.9.1/ loader/entries/*[0-9a-f]-{kernel}.conf > loader/entries/m-9.9.1.conf
{ echo '# GRUB Environment Block'; echo saved_entry=m-9.9.1; head -c 1024 /dev/zero | tr '\\0' '#'; } |
    head -c 1024 > grub2/grubenv
cd /
"""
)
KEPT = """
kept=$(cd /mnt/sysroot/boot && echo $(ls -A {layer}) and $(find . -name '*.new'))
[ "$kept" = "initramfs-{version}.img vmlinuz-{version} and" ] || fail "/boot has $kept"
"""

COMPLETED = """
node-layout init --sysroot /mnt/sysroot --nvr {nvr} > /tmp/o 2>&1 || { cat /tmp/o; fail init; }
node-layout verify --sysroot /mnt/sysroot > /tmp/o 2>&1 || { cat /tmp/o; fail verify; }
there="$(lvs --noheadings -o lv_name {vg} | sort | xargs) on /boot $(cd /mnt/sysroot/boot; echo *+1)"
[ "$there" = "{nvr} {layer} pool00 swap var on /boot {layer}" ] || fail "the layout has $there"
grep -rl {other} /mnt/sysroot/boot/loader /mnt/sysroot/boot/grub2 /mnt/sysroot/etc && fail "files name the other image"
dmsetup status {vg}-pool00-tpool | grep -q ' rw ' || fail "the pool is not writable"
"""


def leftovers() -> str:
    """Runs each case in a machine of its own."""
    disk = images.build(powercut.LAYOUT)[0]
    kernel = packages.cloud_kernel().version
    cases = {
        "a device that only the pool knows": (POOL_KNOWS, kernel),
        "an init of another image": (OTHER_IMAGE, kernel),
        "an init with another kernel": (OTHER_KERNEL, "9.9.1"),
    }
    for name, (case, version) in cases.items():
        script = jobs.fill(MOUNT + case + COMPLETED + KEPT, powercut.LAYOUT, other=OTHER, version=version)
        uml.boot([qemu.Disk(disk, snapshot=True)], script).check(f"init after {name}")
    return "completed after " + ", ".join(cases)
