"""Full chains: installed system → init → what an installation writes later → reboots through the firmware."""

import images
import jobs
import packages
import qemu

LAYOUTS = {
    "uefi-grub-xfs": (images.Layout("xfs-grub"), "uefi"),
    "uefi-systemd-boot-ext4": (images.Layout("ext4-sdboot", root="ext4", boot="vfat", loader="systemd-boot"), "uefi"),
    "bios-grub-ext4": (images.Layout("ext4-grub", root="ext4"), "bios"),
    "bios-grub-xfs-boot-xfs": (images.Layout("xfs-bootxfs", boot="xfs"), "bios"),
    "luks": (images.Layout("luks", stack="luks"), "bios"),
    "raid": (images.Layout("raid", stack="raid"), "bios"),
}

# In the running layer: root is the layer, what was written after init is there, all is well.
RUNNING = """
dev=$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1); name=$(cat /sys/dev/block/$dev/dm/name)
[ "$name" = "$(echo {vg} | sed s/-/--/g)-$(echo {layer} | sed s/-/--/g)" ] || fail "/ is $name"
grep -q img.bootid={layer} /proc/cmdline || fail "not the layer's entry: $(cat /proc/cmdline)"
[ "$(cat /root/post)" = "written by %post" ] || fail "what %post wrote is lost"
[ "$(cat /etc/hostname)" = node.example ] || fail "what %post wrote in /etc is lost"
[ "$(cat /run/initramfs-generation)" = second ] || fail "an older initramfs was booted"
"""

VERIFIED = """
node-layout verify > /tmp/verify || { cat /tmp/verify; fail "verify"; }
say "verify $(tail -1 /tmp/verify)"
node-layout init --nvr {nvr} > /tmp/init || { cat /tmp/init; fail "second init"; }
say "init $(tail -1 /tmp/init)"
[ -e /etc/systemd/system/node-layout-finish.service ] && fail "the first boot's unit is still there"
"""


def install(layout, name):
    """init and what an installation does after it; the disks of the installed node."""
    disks = images.copy(images.build(layout), name)
    prepare = {"luks": "echo -n secret > /tmp/key; run cryptsetup open --key-file /tmp/key /dev/vda4 luks-pv\n",
               "raid": "run mdadm --assemble --run /dev/md0 /dev/vda4 /dev/vdb4\n"}.get(layout.stack, "")
    job = prepare + jobs.MOUNT + jobs.INIT + """ --format json > /tmp/init || { cat /tmp/init; fail init; }
say "result $(tail -1 /tmp/init | cut -c1-400)"
node-layout verify --sysroot /mnt/sysroot > /tmp/verify || { cat /tmp/verify; fail "verify before the reboot"; }
grep -q pending /tmp/verify || fail "verify does not say pending"
""" + jobs.LATER + jobs.UNMOUNT
    qemu.boot(disks, jobs.fill(job, layout)).check("init")
    return disks


def chain(name):
    """The whole way, with three boots of the layer."""
    layout, firmware = LAYOUTS[name]
    disks = install(layout, name)
    variables = str(images.LAB / "work" / f"{name}.vars")
    packages.pathlib.Path(variables).unlink(missing_ok=True)
    hashes = []
    for number in (1, 2, 3):
        job = RUNNING + VERIFIED + f"echo {number} >> /root/boots; echo {number} > /root/post-{number}\n" + jobs.BASE_HASH
        if number == 1:
            job = "cat /run/first-boot.log\n" + job
        result = qemu.boot(disks, jobs.fill(job, layout), firmware=firmware, variables=variables)
        result.check(f"boot {number} of {name}")
        assert result.value("verify").startswith("ok "), f"{name}: verify said {result.value('verify')}"
        assert result.value("init").startswith("already initialised"), f"{name}: init said {result.value('init')}"
        hashes.append(result.value("base"))
    assert len(set(hashes)) == 1, f"{name}: the base has changed: {hashes}"
    return f"3 boots, base {hashes[0][:8]} unchanged"


# A kernel that is installed in the running layer, as kernel-install does it on each release: its entry gets the
# arguments from where that release keeps them.
KERNEL_UPDATE = """
cp /boot/vmlinuz-{kernel} /boot/vmlinuz-9.9.9-new && cp /boot/initramfs-{kernel}.img /boot/initramfs-9.9.9-new.img || fail copy
entry() { printf 'title New kernel\\nversion 9.9.9-new\\nlinux /vmlinuz-9.9.9-new\\ninitrd /initramfs-9.9.9-new.img\\noptions %s new-kernel\\n' "$1" > /boot/loader/entries/m-9.9.9-new.conf; }
case {source} in
cmdline) entry "$(cat /etc/kernel/cmdline)" ;;
default-grub) . /etc/default/grub; entry "root=$(awk '$2=="/"{print $1}' /etc/fstab) ro console=ttyS0 panic=-1 $GRUB_CMDLINE_LINUX" ;;
esac
sed -i "s/^saved_entry=.*/saved_entry=m-9.9.9-new/" /boot/grub2/grubenv
truncate -s 0 /boot/grub2/grubenv.n; { cat /boot/grub2/grubenv; head -c 1024 /dev/zero | tr '\\0' '#'; } | head -c 1024 > /boot/grub2/grubenv.n; cat /boot/grub2/grubenv.n > /boot/grub2/grubenv; rm /boot/grub2/grubenv.n
sync; fsfreeze -f /boot; fsfreeze -u /boot
"""


def kernel_update():
    layout, firmware = LAYOUTS["bios-grub-ext4"]
    disks = install(layout, "kernel-update")
    for source in ("cmdline", "default-grub"):
        job = jobs.fill(RUNNING + KERNEL_UPDATE, layout, source=source)
        qemu.boot(disks, job, firmware=firmware).check(f"kernel update from {source}")
        job = RUNNING + "grep -q new-kernel /proc/cmdline || fail 'the old kernel was booted'\n" + VERIFIED
        job += "sed -i 's/m-9.9.9-new/{layer}-{kernel}/' /boot/grub2/grubenv; truncate -s 1024 /boot/grub2/grubenv; sync; fsfreeze -f /boot; fsfreeze -u /boot\n"
        qemu.boot(disks, jobs.fill(job, layout), firmware=firmware).check(f"boot of the kernel from {source}")
    return "2 kernels"
