# Looks at a node with two images after a power cut, and completes what was interrupted: {verb}. One machine, one power cut.
# Says the same as powercut.sh.
lose() { say "lost $*"; cat /tmp/o; end 1; }

# Volumes activate. What was being made or removed may fail; the layer of the default entry, /var and swap may not.
vgchange -q -ay {vg} > /tmp/o 2>&1
for lv in {booted} var swap; do [ -b /dev/{vg}/$lv ] || lose "volume $lv is not there"; done
say "volumes" $(cd /dev/{vg}; ls)

# File systems mount, each with what its journal has; fstab's root is the volume. So it is for the layer that boots once.
root_of() { while read source target rest; do [ "$target" = / ] && echo $source; done < $1/etc/fstab; }
uuid_of() { dd if=/dev/{vg}/$1 bs=8 skip=141 count=2 2>/dev/null | od -An -tx1 | tr -d ' ' |
    sed 's/\(........\)\(....\)\(....\)\(....\)\(.*\)/UUID=\1-\2-\3-\4-\5/'; }
named() { case $1 in $(uuid_of $2)|/dev/{vg}/$2|/dev/mapper/{vg}-$(echo $2 | sed 's/-/--/g')) ;; *) return 1 ;; esac; }
mkdir -p /mnt/sysroot /mnt/once
for layer in {booted} {once}; do
    at=/mnt/once; [ $layer = {booted} ] && at=/mnt/sysroot
    mount -t {root} -o noatime /dev/{vg}/$layer $at > /tmp/o 2>&1 || lose "root ($layer) does not mount"
    named "$(root_of $at)" $layer || lose "fstab of $layer names $(root_of $at), not $(uuid_of $layer)"
done
[ "{once}" = "" ] || umount /mnt/once 2> /dev/null
mount -t {root} -o noatime /dev/{vg}/var /mnt/sysroot/var > /tmp/o 2>&1 || lose "/var does not mount"
cd /mnt/sysroot
group=$( { find . -path ./var -prune -o -exec stat -c '%N %s %a' {} +; find etc -type f -exec cat {} +; } | md5sum )
group=${group%% *}
say "group $group"
state=$(printf '%s\n' {seen} $group {tree} | md5sum)
mkdir /tmp/shared/${state%% *} 2>/dev/null || { say "work known"; end 0; }

mount -t {boot} -o noatime /dev/ubda3 boot > /tmp/o 2>&1 || lose "/boot does not mount"
mount -t vfat -o noatime /dev/ubda2 efi > /tmp/o 2>&1 || lose "/efi does not mount"
[ "$(boot_tree)" = {tree} ] || lose "/boot is not what it is when it is mounted alone"
# The machine whose writes were recorded has none, and a trial is armed for the machine's watchdog.
rm -f /dev/watchdog*
for d in dev proc sys; do mount --bind /$d /mnt/sysroot/$d; done
{media}
mkdir -p /mnt/media /mnt/sysroot/var/tmp /run/shared; mount --bind /mnt/media /mnt/sysroot/mnt
mount --bind /tmp/shared /run/shared && mount --rbind /run /mnt/sysroot/run || lose "no shared directory"
{complete_inside}
