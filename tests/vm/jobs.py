"""Scripts that run in the machines. They source nothing: lab.sh is there already."""

import images
import qemu

# The installed system as an installer sees it: mounted below /mnt/sysroot.
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

# What an installation does after the add-on: a new initramfs in place of the old one, %post, a relabelling.
LATER = """
echo second > /tmp/generation
( cd /tmp && echo generation | cpio -o -H newc --quiet ) > /tmp/extra.cpio || fail cpio
# A second archive behind the first has to begin at a multiple of four.
size=$(stat -c %s /mnt/sysroot/boot/initramfs-{kernel}.img)
cp /mnt/sysroot/boot/initramfs-{kernel}.img /tmp/initramfs
head -c $(( (4 - size % 4) % 4 )) /dev/zero >> /tmp/initramfs
cat /tmp/initramfs /tmp/extra.cpio > /mnt/sysroot/boot/initramfs-{kernel}.img || fail "new initramfs"
echo "written by %post" > /mnt/sysroot/root/post
echo "node.example" > /mnt/sysroot/etc/hostname
[ -b /dev/mapper/{vg}-root ] || fail "the old device name is gone before the reboot"
[ -b /dev/{vg}/root ] || fail "the old device name in /dev/{vg} is gone before the reboot"
"""

# The content of the base: every file and its name.
BASE_HASH = """
lvchange -q -ay -K {vg}/{nvr} || fail "activate the base"
mkdir -p /tmp/base
mount -o ro,norecovery,nouuid -t xfs /dev/{vg}/{nvr} /tmp/base 2>/dev/null || mount -o ro,noload -t ext4 /dev/{vg}/{nvr} /tmp/base || fail "mount the base"
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


def fill(text, layout, **more):
    from packages import Kernel

    for key, value in {
        "vg": layout.vg,
        "nvr": images.NVR,
        "layer": images.LAYER,
        "kernel": Kernel().version,
        "bootdev": "/dev/vda3",
        **more,
    }.items():
        text = text.replace("{" + key + "}", str(value))
    return text


INIT = "node-layout init --sysroot /mnt/sysroot --nvr {nvr}"
