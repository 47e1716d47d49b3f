"""init refuses before it changes anything, and undoes its changes when a step fails.

init runs in user-mode Linux; an emulated machine with firmware boots the old state.
"""

import pathlib
from collections.abc import Sequence

import images
import jobs
import qemu
import scenario
import uml

LAYOUT = images.SHARED
TIGHT = images.Layout(name="tight", root="ext4", size="6G", root_size="512M", pool="--size 320M", metadata="4M")

HELPERS = (
    jobs.MOUNT
    + """
mkdir -p /mnt/other
# Everything that init could change: LVM's metadata on the disk, the content of the files that decide what boots, and for all
# other files on root and /boot the name, size, mode and modification time.
state() {
    { head -c 1048576 /dev/vda4; [ -b /dev/vdb ] && head -c 1048576 /dev/vdb
      cd /mnt/sysroot && find . boot efi -xdev -exec stat -c '%n %s %a %Y %N' {} + | grep -v '^./run ' | sort
      find etc boot/loader boot/grub2 -type f -exec cat {} +; cd /; } 2>/dev/null | md5sum
}
# expect CASE CODE WORDS HELP [OPTIONS]: init refuses for this reason, says what to do, and changes nothing.
expect() {
    what=$1 code=$2 words=$3 help=$4; shift 4
    before=$(state)
    node-layout init --sysroot ${SYSROOT:-/mnt/sysroot} --nvr "${NVR:-{nvr}}" "$@" > /tmp/refusal 2>&1; rc=$?
    [ $rc = 1 ] || { cat /tmp/refusal; fail "$what: exit status $rc, not 1"; }
    grep -A1 "^error\\[$code\\]" /tmp/refusal > /tmp/told || { cat /tmp/refusal; fail "$what: no $code"; }
    grep -q -e "^error.*$words" /tmp/told || { cat /tmp/refusal; fail "$what: the error does not say '$words'"; }
    grep -q -e "^  help: .*$help" /tmp/told || { cat /tmp/refusal; fail "$what: the help does not say '$help'"; }
    tail -1 /tmp/refusal | grep -q "^refused; nothing was changed$" || fail "$what: the last line is not 'nothing was changed'"
    [ "$(state)" = "$before" ] || fail "$what: something was changed"
    say "refused $what"
}
"""
)

MATRIX = """
# / on a thick volume
run lvcreate -q -y -Wn -L 400M -n thick {vg}; run mkfs.xfs -q -f /dev/{vg}/thick; run mount /dev/{vg}/thick /mnt/other
SYSROOT=/mnt/other expect "root on a thick volume" LAY010 "{vg}/thick, a linear volume" "logvol / --thin"
umount /mnt/other; run lvremove -q -y {vg}/thick
# / in a volume group without a thin pool, on a partition, on FAT
run vgcreate -q other /dev/vdb; run lvcreate -q -y -Wn -L 400M -n root other
run mkfs.xfs -q -f /dev/other/root; run mount /dev/other/root /mnt/other
SYSROOT=/mnt/other expect "no thin pool" LAY010 "'other' has no thin pool" "logvol / --thin"
umount /mnt/other; run lvremove -q -y other/root
SYSROOT=/mnt/sysroot/efi expect "root on a partition" LAY010 "not on a logical volume" "logvol / --thin"
run lvcreate -q -y -V 200M --thinpool {vg}/pool00 -n fat; run mkfs.vfat /dev/{vg}/fat; run mount -t vfat /dev/{vg}/fat /mnt/other
SYSROOT=/mnt/other expect "root on FAT" LAY011 "vfat" "--fstype=xfs"
umount /mnt/other; run lvremove -q -y {vg}/fat
# Volumes
umount /mnt/sysroot/var
expect "var not separate" LAY013 "/var is not a volume of its own" "logvol /var --thin"
run mount /dev/{vg}/var /mnt/sysroot/var
umount /mnt/sysroot/boot
expect "boot not separate" LAY020 "/boot is not a file system of its own" "part /boot --fstype=ext4 --size=1024"
run lvcreate -q -y -Wn -L 100M -n small {vg}; run mkfs.ext4 -q /dev/{vg}/small
run mount -t ext4 /dev/{vg}/small /mnt/sysroot/boot
run mount -t ext4 {bootdev} /mnt/other
cp -r /mnt/other/loader /mnt/other/grub2 /mnt/other/*{kernel}* /mnt/sysroot/boot/
umount /mnt/other
expect "boot too small" LAY021 "100 MiB.*asks for 1 GiB" "part /boot --size=1024"
umount /mnt/sysroot/boot; run lvremove -q -y {vg}/small
run mount {bootdev} /mnt/sysroot/boot
free=$(df -m /mnt/sysroot/boot | awk 'END{print $4}')
fallocate -l $(( (free - 30) * 1048576 )) /mnt/sysroot/boot/filler
expect "boot too full" LAY021 "two images need" "remove kernels that are not needed"
rm /mnt/sysroot/boot/filler
run mount -o remount,ro /mnt/sysroot/boot
expect "boot read-only" LAY020 "mounted read-only" "mount -o remount,rw /boot"
run mount -o remount,rw /mnt/sysroot/boot
# The volume group
run lvcreate -q -y -Wn -l 100%FREE -n hog {vg}
expect "no room for metadata" LAY031 "16 MiB.*0 B free" "vgextend"
run lvremove -q -y {vg}/hog
run vgchange -q --addtag imgbased:vg other
expect "another group's stale tags" LAY040 "'other' has the tag imgbased:vg" "vgchange --deltag imgbased:vg other"
run vgchange -q --addtag imgbased:vg {vg}
expect "two tagged groups" LAY040 "'other' has the tag imgbased:vg" "vgchange --deltag imgbased:vg other"
run vgchange -q --deltag imgbased:vg {vg}; run vgchange -q --deltag imgbased:vg other
run lvcreate -q -y -V 16M --thinpool {vg}/pool00 -n {nvr}
expect "the base's name is taken" LAY042 "{vg}/{nvr} exists already" "lvrename {vg}/{nvr} NEWNAME"
run lvremove -q -y {vg}/{nvr}
run lvcreate -q -y -V 16M --thinpool {vg}/pool00 -n {layer}
expect "the layer's name is taken" LAY042 "{vg}/{layer} exists already" "lvrename {vg}/{layer} NEWNAME"
run lvremove -q -y {vg}/{layer}
run lvcreate -q -y -V 16M --thinpool {vg}/pool00 --addtag imgbased:layer -n old-1-1+1
expect "a stale layer" LAY040 "left from an older installation" "lvremove {vg}/old-1-1+1"
run lvremove -q -y {vg}/old-1-1+1
# Names
NVR=node expect "an incomplete name" LAY004 "not NAME-VERSION-RELEASE" "a name like ovirt-node-ng-"
NVR=-rf expect "a name like an option" LAY004 "cannot be used" "a name like ovirt-node-ng-"
NVR=--help expect "another name like an option" LAY004 "cannot be used" "a name like ovirt-node-ng-"
NVR=$(printf 'n%.0s' $(seq 130))-1-2 expect "a long name" LAY004 "too long by" "a name like ovirt-node-ng-"
# LVM's lock, tools
flock /run/lock/lvm/V_{vg} sleep 1000 & holder=$!
started=$(cut -d. -f1 /proc/uptime); expect "LVM locked" LAY003 "did not end within 3 seconds" "holds LVM's lock" --lock-wait 3
[ $(( $(cut -d. -f1 /proc/uptime) - started )) -lt 60 ] || fail "init waits longer for the lock than --lock-wait allows"
kill $holder; killall sleep
# The installed system's own LVM: a devices file, a filter; a path of a multipath device
etc=/mnt/sysroot/etc/lvm; cp $etc/lvm.conf /tmp/lvm.conf; mkdir $etc/devices
sed -i s/use_devicesfile=0/use_devicesfile=1/ $etc/lvm.conf
LVM_SYSTEM_DIR=$etc run lvm lvmdevices --adddev /dev/vda4
node-layout plan --sysroot /mnt/sysroot --nvr {nvr} > /tmp/plan ||
    { cat /tmp/plan; fail "plan refuses a devices file with the disk"; }
printf 'VERSION=1.1.1\\nIDTYPE=devname IDNAME=/dev/vdz9 DEVNAME=/dev/vdz9 PVID=0123456789abcdef0123456789abcdef\\n' \\
    > $etc/devices/system.devices
expect "a devices file without the disk" LAY051 "will not see /dev/vda4" "lvmdevices --adddev /dev/vda4"
rm -r $etc/devices; sed 's/global_filter=\\[.*\\]/global_filter=["r|.*|"]/' /tmp/lvm.conf > $etc/lvm.conf
expect "a filter that leaves the disk out" LAY051 "will not see /dev/vda4" "lvmdevices --adddev /dev/vda4"
cp /tmp/lvm.conf $etc/lvm.conf
run dmsetup create mpatha --uuid mpath-3600508b400105e21 --table "0 $(blockdev --getsz /dev/vda4) linear /dev/vda4 0"
expect "a path of a multipath device" LAY051 "/dev/vda4 is a path of the multipath device mpatha" "mpathconf --enable"
run dmsetup remove mpatha
# Files that init must change
mv /mnt/sysroot/etc/fstab /fstab
expect "no fstab" LAY012 "/etc/fstab cannot be read" "write a new one"
{ cat /fstab; printf '# caf\\351\\n'; } > /mnt/sysroot/etc/fstab
expect "an fstab that is not UTF-8" LAY012 "not UTF-8 in line" "write that line in UTF-8"
grep -v ' / ' /fstab > /mnt/sysroot/etc/fstab
expect "an fstab without a line for root" LAY012 "no line that mounts /" "add the line: UUID="
rm /mnt/sysroot/etc/fstab; mv /fstab /mnt/sysroot/etc/fstab
# Programs
mv /sbin/xfs_db /xfs_db
expect "a missing program" LAY002 "'xfs_db'" "install the package that brings 'xfs_db'"
mv /xfs_db /sbin/xfs_db
expect "an unknown policy" LAY005 "nonsense" "--policy a built-in name" --policy nonsense
"""

# init treats names that look like options or patterns as data.
ODD_NAMES = """
cd /mnt/sysroot/boot/loader/entries
sed 's/^title.*/title odd/' ./*{kernel}.conf > ./-rf.conf; cp ./-rf.conf ./--help.conf; cp ./-rf.conf './a b;reboot.conf'
run lvcreate -q -y -V 16M --thinpool {vg}/pool00 -n +.x-y
mkdir /-rf && mount --rbind /mnt/sysroot /-rf && cd / || fail "a directory called -rf"
node-layout init --sysroot=-rf --nvr {nvr} > /tmp/odd 2>&1 || { cat /tmp/odd; fail "init with odd names"; }
# The output for people: what init has read, and one line a step.
grep -q "^oVirt Node 4.5.6 on {vg}/root; image {nvr} (from --nvr), policy 'ovirt-node'$" /tmp/odd ||
    { cat /tmp/odd; fail "init does not print what it has read"; }
steps=$(sed -n 's/^\\[\\([0-9]*\\)\\/[0-9]*\\] .*/\\1/p' /tmp/odd | xargs); last=${steps##* }
[ "$last" -gt 8 ] && [ "$steps" = "$(seq $last | xargs)" ] &&
    grep -q "^\\[$last/$last\\] mark the layout as complete$" /tmp/odd &&
    grep -q "^\\[[0-9]*/$last\\] rename {vg}/root to {layer}$" /tmp/odd || { cat /tmp/odd; fail "init does not print its steps"; }
[ "$(tail -1 /tmp/odd)" = "initialised: {layer} is the layer from the next boot on" ] ||
    { cat /tmp/odd; fail "init does not print its result"; }
node-layout verify --sysroot=-rf > /tmp/odd 2>&1 || { cat /tmp/odd; fail "verify with odd names"; }
grep -q 'img.bootid={layer}' /mnt/sysroot/boot/loader/entries/-rf.conf '/mnt/sysroot/boot/loader/entries/a b;reboot.conf' ||
    fail "init did not change the entries with odd names"
lvs {vg}/+.x-y > /dev/null || fail "the volume with an odd name is gone"
umount -l /-rf
"""


def matrix() -> str:
    """Every reason to refuse, one after the other, then init with odd names."""
    disk = images.fresh(LAYOUT, "refusals")
    other = scenario.directory() / "other.img"
    with open(other, "wb") as file:
        file.truncate(2 << 30)
    result = uml.boot([*disk, other], jobs.fill(HELPERS + MATRIX + ODD_NAMES, LAYOUT), console=True)
    return f"{len(result.check('the matrix of refusals').values('refused'))} refusals, and odd names"


# fill_at replaces a program with a script that fills something up when it is first called, then runs the program. logical
# prints what init could change and must restore.
FILLER = """
logical() {
    lvs --noheadings -o lv_name,lv_tags,lv_size,lv_permissions {vg} | sort
    vgs --noheadings -o vg_tags {vg}
    cd /mnt/sysroot/boot && find . | grep -v filler | sort
    cat loader/entries/*.conf grub2/grubenv
    cat ../etc/fstab ../etc/default/grub
    cd /
}
fill_at() { # PROGRAM COMMAND…
    program=$1; shift
    case $(readlink -f /sbin/$program) in
    */lvm) real="/sbin/lvm $program"; rm /sbin/$program ;;
    *) real=/sbin/$program.real; mv /sbin/$program $real ;;
    esac
    {
        echo '#!/bin/busybox sh'
        echo "[ -e /tmp/filled ] || { touch /tmp/filled; $*; }"
        echo "exec $real \\"\\$@\\""
    } > /sbin/$program
    chmod 755 /sbin/$program
}
failing() { # CASE STEP WORDS [OPTIONS]
    what=$1 step=$2 words=$3; shift 3
    node-layout init --sysroot /mnt/sysroot --nvr {nvr} "$@" > /tmp/failure 2>&1; rc=$?
    [ $rc = 2 ] || { cat /tmp/failure; fail "$what: exit status $rc, not 2"; }
    grep -q -e "^\\[[0-9]*/[0-9]*\\] $step failed: .*$words" \\
        -e "message.*$words.*\\"name\\":\\"$step\\".*\\"state\\":\\"failed\\"" /tmp/failure ||
        { cat /tmp/failure; fail "$what: the output does not say that $step failed with '$words'"; }
    grep -q "$step failed: .*was undone" /tmp/failure || { cat /tmp/failure; fail "$what: not undone"; }
}
"""


def no_space_on_boot() -> str:
    """/boot fills up during init: init fails and undoes its changes, and the old state boots."""
    disk = images.fresh(LAYOUT, "boot-full")
    job = (
        HELPERS
        + FILLER
        + """
logical > /tmp/before
fill_at lvcreate 'fallocate -l $(df -k /mnt/sysroot/boot | awk "END{print (\\$2 - \\$3 - 9000) * 1024}") /mnt/sysroot/boot/filler'
failing "no space on /boot" boot-files "No space left on device" --format json
rm /mnt/sysroot/boot/filler
logical > /tmp/after; diff /tmp/before /tmp/after || fail "no space on /boot: not as before"
"""
        + jobs.UNMOUNT
    )
    uml.boot(disk, jobs.fill(job, LAYOUT), console=True).check("no space on /boot")
    old_state_boots(disk, LAYOUT)
    return "undone, the old state boots"


# Nearly fills the pool's metadata (4 MiB, one extent, 1024 blocks) before the pool is active, with thin devices that LVM does not
# know: each takes a block, and all map the same chunk of the data (320 MiB, 5120 chunks).
FILL_METADATA = """
range=$(lvs -a --noheadings -o seg_pe_ranges {vg}/pool00_tmeta); first=${range##*:}; first=${first%-*}
run dmsetup create tmeta --table "0 8192 linear /dev/vda4 $((2048 + first * 8192))"
thin_dump /dev/mapper/tmeta > /tmp/dump || fail "thin_dump"
{ grep -v '</superblock>' /tmp/dump; id=5000
  while [ $id -lt 5840 ]; do
    echo "<device dev_id='$id' mapped_blocks='1' transaction='0' creation_time='0' snap_time='0'>"
    echo "<single_mapping origin_block='0' data_block='5119' time='0'/></device>"; id=$((id + 1))
  done
  echo '</superblock>'; } > /tmp/full
run thin_restore -i /tmp/full -o /dev/mapper/tmeta; sync; run dmsetup remove tmeta
"""


FULL_IN_THE_MIDDLE = (
    """
# Only this test and init may write: the kernel must not continue to make inode tables, which would fill the pool, nor record
# access times, nor write its journal because some seconds have passed: with a full pool that would make root read-only.
for d in "" /var; do run mount -o remount,noatime,noinit_itable,commit=600 /mnt/sysroot$d; done
used() { lvs --noheadings -o data_percent {vg}/pool00 | awk '{print int($1)}'; }
at=0; while [ $(used) -lt 83 ]; do
    dd if=/dev/zero of=/mnt/sysroot/var/filler bs=1M count=8 seek=$at conv=notrunc,fsync 2>/dev/null || fail "filling the pool"
    sync; at=$((at + 8))
done
expect "the pool's data is full" LAY030 "of its data; images need it below 80" "lvextend --size +SIZE {vg}/pool00"
rm /mnt/sysroot/var/filler; sync; fstrim /mnt/sysroot/var || fail fstrim
logical > /tmp/before
fill_at tune2fs 'dd if=/dev/zero of=/mnt/sysroot/var/filler bs=1M count=400 conv=fsync 2>/dev/null {goes_on}'
failing "the pool fills up" base-uuid "tune2fs"
dmesg | grep -q out-of-data-space || fail "the pool was not full"
grep -q "was undone; thin pool {vg}/pool00 was full and is .* larger now" /tmp/failure ||
    { cat /tmp/failure; fail "the output does not say that the pool is larger"; }
while pidof dd > /dev/null; do sleep 0.2; done
rm -f /mnt/sysroot/var/filler; sync; run umount /mnt/sysroot/var
e2fsck -fy /dev/{vg}/var > /dev/null; run mount /dev/{vg}/var /mnt/sysroot/var
logical > /tmp/after; grep -v pool /tmp/before > /tmp/b; grep -v pool /tmp/after > /tmp/a
diff /tmp/b /tmp/a || fail "the pool fills up: not as before"
"""
    + jobs.UNMOUNT
    + """
run vgchange -q -ay {vg}
e2fsck -fn /dev/{vg}/root > /tmp/fsck 2>&1 || { cat /tmp/fsck; dmesg | grep EXT4; fail "root's file system is damaged"; }
run vgchange -q -an {vg}
"""
)


def pool_full() -> str:
    """init refuses a pool that is nearly full; when the pool fills up during init, init fails and undoes its changes."""
    # A disk of its own: a pool whose metadata thin_restore has written does not use space that is added later (the kernel's map
    # of free blocks relies on a complete last part).
    tight = images.fresh(TIGHT, "pool")
    disk = images.copy(tight, "pool-metadata-full")
    job = (
        FILL_METADATA
        + HELPERS
        + """
expect "the pool's metadata is full" LAY030 "of its metadata; images need it below 80" \\
    "lvextend --poolmetadatasize +SIZE {vg}/pool00"
"""
        + jobs.UNMOUNT
    )
    uml.boot(disk, jobs.fill(job, TIGHT), console=True).check("metadata of the pool is full")
    # By default writes to a full pool wait for space (here five seconds instead of sixty), those of init and those of the filler;
    # with errorwhenfull they fail at once. A filler that waits goes on in the background, as soon as the pool is full.
    for full, prepare, goes_on in (
        (
            "waits",
            "echo 5 > /sys/module/dm_thin_pool/parameters/no_space_timeout",
            "& until dmesg | grep -q out-of-data-space; do sleep 0.1; done",
        ),
        ("fails", "run lvchange -q --errorwhenfull y {vg}/pool00", ""),
    ):
        disk = images.copy(tight, f"pool-full-{full}")
        job = prepare + FULL_IN_THE_MIDDLE.replace("{goes_on}", goes_on)
        uml.boot(disk, jobs.fill(HELPERS + FILLER + job, TIGHT), console=True).check(f"a full pool that {full}")
    old_state_boots(disk, TIGHT)
    return "refused when full, undone in the middle, the old state boots"


def old_state_boots(disk: Sequence[pathlib.Path], layout: images.Layout) -> None:
    """Checks that the system boots as it was before init."""
    job = """
name=$(cat /sys/dev/block/$(awk '$5=="/"{print $3}' /proc/self/mountinfo | tail -1)/dm/name)
[ "$name" = "{vg}-root" ] || fail "/ is $name"
grep -q img.bootid /proc/cmdline && fail "an entry of the layer was booted"
[ -e /boot/{layer} ] && fail "files of the layer are left"
"""
    qemu.boot(disk, jobs.fill(job, layout), firmware="bios").check("boot of the old state")
