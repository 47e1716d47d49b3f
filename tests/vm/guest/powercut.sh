# Looks at an installed system after a power cut, and lets `node-layout init` complete it. One machine, one power cut.
# Says: "volumes NAME…" (what there is to boot from), "group HASH" (what is on them), "lost WHY" if something is not
# as it has to be, "work completed|already|known" (known: a machine was in this very state before, and has been through
# the rest), "after HASH" (the finished state).
lose() { say "lost $*"; cat /tmp/o; end 1; }

# Volumes activate. A base that was being made may fail; root, /var and swap may not.
vgchange -q -ay {vg} > /tmp/o 2>&1
for lv in var swap; do [ -b /dev/{vg}/$lv ] || lose "volume $lv is not there"; done
say "volumes" $(cd /dev/{vg}; ls)
name=root; [ -b /dev/{vg}/root ] || name={layer}

# File systems mount, each with what its journal has; fstab's root is there.
mkdir -p /mnt/sysroot
mount -t {root} -o noatime /dev/{vg}/$name /mnt/sysroot > /tmp/o 2>&1 || lose "root ($name) does not mount"
mount -t {root} -o noatime /dev/{vg}/var /mnt/sysroot/var > /tmp/o 2>&1 || lose "/var does not mount"
cd /mnt/sysroot
while read source target rest; do [ "$target" = / ] && root=$source; done < etc/fstab
case $root in
UUID={root_uuid}) ;;
/dev/*) [ -b $root ] || lose "fstab's root is $root" ;;
*) lose "fstab's root is '$root'" ;;
esac

# Every name, kind, size and mode; every byte of what init writes and of what decides what it does.
group=$( { find . -path ./var -prune -o -exec stat -c '%N %s %a' {} +; find etc -type f -exec cat {} +; } | md5sum )
group=${group%% *}
say "group $group"
# What the host saw: the boot loader's view, LVM's and the pool's metadata; and what is on /boot (powercut-boot.sh).
state=$(printf '%s\n' {seen} $group {tree} | md5sum)
mkdir /tmp/shared/${state%% *} 2>/dev/null || { say "work known"; end 0; }

mount -t {boot} -o noatime /dev/ubda3 boot > /tmp/o 2>&1 || lose "/boot does not mount"
mount -t vfat -o noatime /dev/ubda2 efi > /tmp/o 2>&1 || lose "/efi does not mount"
[ "$(boot_tree)" = {tree} ] || lose "/boot is not what it is when it is mounted alone"
init="node-layout init --sysroot /mnt/sysroot --nvr {nvr}"
$init > /tmp/o 2>&1 || lose "init fails"
work=completed; grep -q '^already' /tmp/o && work=already
say "work $work"
node-layout verify --sysroot /mnt/sysroot > /tmp/verify 2>&1 || { cat /tmp/verify; lose "verify fails after init"; }
find boot efi etc -iname '*.new' | grep . && lose "a file that was being written is left"
ls -d boot/ovirt-node* | grep -qv '^boot/{layer}$' && lose "files of another image are left on /boot"
{ lvs --noheadings -a -o lv_name,lv_tags,lv_permissions,lv_profile,pool_lv,origin,vg_tags {vg}
  find . ! -path './var/*' ! -name lost+found -type d -exec stat -c '%N %a' {} + | sort
  find . ! -path './var/*' ! -type d -exec stat -c '%N %s %a' {} + | sort
  find etc boot efi -type f | sort | xargs md5sum; } > /tmp/after
cd /; umount /mnt/sysroot/boot /mnt/sysroot/efi || lose "/boot cannot be unmounted"
# User-mode Linux reads wrong what of a large request is partly in the overlay, which FAT's single sectors bring about.
echo 4 > /sys/block/ubda/queue/max_sectors_kb
fat_is_whole "after init" /dev/ubda2 {fat}
fat_is_quiet "after init"
after=$(md5sum < /tmp/after); say "after ${after%% *}"
cp /tmp/after /tmp/shared/after-${after%% *}
