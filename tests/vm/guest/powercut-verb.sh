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
for d in dev proc sys run; do mount --bind /$d /mnt/sysroot/$d; done
{media}
mkdir -p /mnt/media; mount --bind /mnt/media /mnt/sysroot/mnt
node() { chroot /mnt/sysroot node-layout "$@"; }
node status > /tmp/o 2>&1; [ $? != 2 ] || lose "status cannot tell"
{complete}
node verify > /tmp/o 2>&1 || lose "verify fails after it was completed"
find boot efi etc -iname '*.new' | grep . && lose "a file that was being written is left"
# The new file systems have random UUIDs.
plain() { sed -E 's/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/UUID/g; s/(content|checksum)=[0-9a-z:]*/\1/g'; }
{ lvs --noheadings -a -o lv_name,lv_tags,lv_permissions,pool_lv,origin,vg_tags {vg} | plain
  find boot efi -type d -exec stat -c '%N %a' {} + | sort
  find boot efi ! -type d -exec stat -c '%N %s %a' {} + | sort
  find boot/loader boot/grub2 etc/fstab etc/node-layout -type f | sort | while read f; do echo "$f"; plain < "$f"; done
  find boot -name 'vmlinuz*' -o -name 'initramfs*' | sort | xargs md5sum; } > /tmp/after
cd /; for d in mnt dev proc sys run boot efi; do umount /mnt/sysroot/$d || lose "$d cannot be unmounted"; done
after=$(md5sum < /tmp/after); say "after ${after%% *}"
cp /tmp/after /tmp/shared/after-${after%% *}
