# Looks at an installed system after a power cut, and lets `node-layout init` complete it. One machine, one power cut.
# Says: "volumes NAME…" (what there is to boot from), "state HASH" (all that init acts on), "lost WHY" if something is not
# as it has to be, "work completed|already|known" (known: a machine was in this very state before, and has been through
# the rest), "after HASH" (the finished state).
lose() { say "lost $*"; cat /tmp/o; end 1; }

# Volumes activate. A base that was being made may fail; root, /var and swap may not.
vgchange -q -ay {vg} > /tmp/o 2>&1
for lv in var swap; do [ -b /dev/{vg}/$lv ] || lose "volume $lv is not there"; done
say "volumes" $(cd /dev/{vg}; ls)
name=root; [ -b /dev/{vg}/root ] || name={layer}

# FAT has no journal. What fsck.fat may say after a power cut (in this order): nothing of interest; the mark of a mounted file
# system; a wrong sum of what is free, clusters that nothing has, clusters of a file that is still without size; a second
# table that lags behind.
HARMLESS='^$|^/|^fsck.fat |internal CP850|^Cannot initialize conversion|^Leaving filesystem'
HARMLESS="$HARMLESS|^Dirty bit|Automatically removing dirty|^There are differences between boot|mostly harmless|^ +[0-9]+:[0-9a-f]+/|Not automatically fixing"
HARMLESS="$HARMLESS|^Free cluster summary wrong|Auto-correcting|^Reclaimed [0-9]+ unused|File size is 0 bytes, cluster chain length is > 0|Truncating file to 0 bytes"
HARMLESS="$HARMLESS|^FATs differ|Using first FAT"
fat_is_whole() {
    # User-mode Linux reads wrong what of a large request is partly in the overlay, which FAT's single sectors bring about.
    size=/sys/block/ubda/queue/max_sectors_kb; large=$(cat $size); echo 4 > $size
    for partition in /dev/ubda2 {fat}; do
        fsck.fat -n $partition > /tmp/fsck 2>&1; grep -vE "$HARMLESS" /tmp/fsck > /tmp/o &&
            lose "$1 $partition is not whole"
    done
    echo $large > $size
    dmesg | grep 'FAT-fs.*error' > /tmp/o && lose "$1 the kernel finds FAT in disorder"
}
fat_is_whole "before init"

# File systems mount, each with what its journal has; fstab's root is there.
mkdir -p /mnt/sysroot
mount -t {root} -o noatime /dev/{vg}/$name /mnt/sysroot > /tmp/o 2>&1 || lose "root ($name) does not mount"
mount -t {boot} -o noatime /dev/ubda3 /mnt/sysroot/boot > /tmp/o 2>&1 || lose "/boot does not mount"
mount -t vfat -o noatime /dev/ubda2 /mnt/sysroot/efi > /tmp/o 2>&1 || lose "/efi does not mount"
mount -t {root} -o noatime /dev/{vg}/var /mnt/sysroot/var > /tmp/o 2>&1 || lose "/var does not mount"
cd /mnt/sysroot
while read source target rest; do [ "$target" = / ] && root=$source; done < etc/fstab
case $root in
UUID={root_uuid}) ;;
/dev/*) [ -b $root ] || lose "fstab's root is $root" ;;
*) lose "fstab's root is '$root'" ;;
esac

# Every name, kind, size and mode; every byte of what init writes and of what decides what it does. The kernels that boot
# entries name are in {seen}, which is what the host saw: boot loader's view, LVM's and the pool's metadata.
state=$( { echo {seen}; find . -path ./var -prune -o -exec stat -c '%N %s %a' {} +
           find etc boot efi/loader -path 'boot/vmlinuz*' -o -path 'boot/initramfs*' -o -type f -exec cat {} +; } | md5sum )
state=${state%% *}
say "state $state"
mkdir /tmp/shared/$state 2>/dev/null || { say "work known"; end 0; }

init="node-layout init --sysroot /mnt/sysroot --nvr {nvr}"
$init > /tmp/o 2>&1 || lose "init fails"
work=completed; grep -q '^already' /tmp/o && work=already
say "work $work"
node-layout verify --sysroot /mnt/sysroot > /tmp/verify 2>&1 || { cat /tmp/verify; lose "verify fails after init"; }
find boot efi etc -iname '*.new' | grep . && lose "a file that was being written is left"
ls -d boot/ovirt-node* | grep -qv '^boot/{layer}$' && lose "files of another image are left on /boot"
{ lvs --noheadings -a -o lv_name,lv_tags,lv_permissions,lv_profile,pool_lv,origin {vg}; vgs --noheadings -o vg_tags {vg}
  find . ! -path './var/*' ! -name lost+found -type d -exec stat -c '%N %a' {} + | sort
  find . ! -path './var/*' ! -type d -exec stat -c '%N %s %a' {} + | sort
  find etc boot efi -type f | sort | xargs md5sum; } > /tmp/after
cd /; umount /mnt/sysroot/boot /mnt/sysroot/efi || lose "/boot cannot be unmounted"
fat_is_whole "after init"
after=$(md5sum < /tmp/after); say "after ${after%% *}"
cp /tmp/after /tmp/shared/after-${after%% *}
