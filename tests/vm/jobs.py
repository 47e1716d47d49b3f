"""Scripts that run in the machines. They can use the functions of guest/lab.sh without sourcing it."""

import images
import packages

# Mounts the installed system below /mnt/sysroot, as an installer does.
MOUNT = """
vgchange -q -ay {vg} || fail activate
mkdir -p /mnt/sysroot
mount /dev/{vg}/root /mnt/sysroot || mount /dev/mapper/{vg}-root /mnt/sysroot || fail root
mount {bootdev} /mnt/sysroot/boot || fail boot
mount /dev/vda2 /mnt/sysroot/efi || fail efi
mount /dev/{vg}/var /mnt/sysroot/var || fail var
for d in dev proc sys run; do mount --bind /$d /mnt/sysroot/$d; done
"""

UNMOUNT = """
cd /
for d in dev proc sys run var efi boot; do umount /mnt/sysroot/$d || fail "umount $d"; done
umount /mnt/sysroot || fail "umount root"
vgchange -q -an {vg} || fail deactivate
"""

# What an installation does after the add-on: write a new initramfs over the old one, run %post.
LATER = """
echo second > /tmp/generation
( cd /tmp && echo generation | cpio -o -H newc --quiet ) > /tmp/extra.cpio || fail cpio
# The second archive must begin at a multiple of four.
size=$(stat -c %s /mnt/sysroot/boot/initramfs-{kernel}.img)
cp /mnt/sysroot/boot/initramfs-{kernel}.img /tmp/initramfs
head -c $(( (4 - size % 4) % 4 )) /dev/zero >> /tmp/initramfs
cat /tmp/initramfs /tmp/extra.cpio > /mnt/sysroot/boot/initramfs-{kernel}.img || fail "new initramfs"
echo "written by %post" > /mnt/sysroot/root/post
echo "node.example" > /mnt/sysroot/etc/hostname
[ -b /dev/mapper/{vg}-root ] || fail "the old device name is gone before the reboot"
[ -b /dev/{vg}/root ] || fail "the old device name in /dev/{vg} is gone before the reboot"
"""

# Reports a checksum over the base: every file's name and content.
BASE_HASH = """
lvchange -q -ay -K {vg}/{nvr} || fail "activate the base"
mkdir -p /tmp/base
mount -o ro,norecovery,nouuid -t xfs /dev/{vg}/{nvr} /tmp/base 2>/dev/null ||
    mount -o ro,noload -t ext4 /dev/{vg}/{nvr} /tmp/base || fail "mount the base"
at=141; [ "$(dd if=/dev/{vg}/{nvr} bs=4 count=1 2>/dev/null)" = XFSB ] && at=4
uuid() { dd if=/dev/{vg}/$1 bs=8 skip=$at count=2 2>/dev/null | od -An -tx1 | tr -d ' '; }
own=$(uuid {layer})
[ ${#own} = 32 ] || fail "the layer's UUID is $own"
[ "$(uuid {nvr})" != $own ] || fail "the base has the UUID of the layer"
say "base $(cd /tmp/base && find . -xdev -type f -print0 | sort -z | xargs -0 md5sum | md5sum)"
[ -e /tmp/base/root/post ] && fail "what was written later is in the base"
umount /tmp/base
lvchange -q -an {vg}/{nvr}
"""


def fill(text: str, layout: images.Layout, **more: str) -> str:
    """Replaces `{vg}`, `{nvr}`, `{layer}`, `{kernel}`, `{bootdev}` and the names in `more`."""
    values = {
        "vg": layout.vg,
        "nvr": images.NVR,
        "layer": images.LAYER,
        "kernel": packages.cloud_kernel().version,
        "bootdev": "/dev/vda3",
        **more,
    }
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text


INIT = "node-layout init --sysroot /mnt/sysroot --nvr {nvr}"

_INSIDE = """
cp /etc/lab.sh /bin/busybox /run/
cat > /run/inside <<'END_OF_INSIDE'
. /run/lab.sh
end() { say "EXIT $1"; sync; /run/busybox poweroff -f; sleep 60; }
{text}
cd /; sync
for at in /mnt /var /efi /boot /; do mount -o remount,ro $at 2> /dev/null; done
end 0
END_OF_INSIDE
exec chroot /mnt/sysroot /run/busybox sh /run/inside
"""


def inside(text: str) -> str:
    """The end of a job: the first process of the machine changes its root directory to /mnt/sysroot, which has /dev, /proc, /sys
    and /run, and runs this text. For node-layout the node runs, as after a boot."""
    return _INSIDE.replace("{text}", text)
