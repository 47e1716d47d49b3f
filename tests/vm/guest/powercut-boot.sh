# Looks at what is outside of the volume group after power cuts: /boot and the EFI system partition. Each cut's are a disk of
# their own, and nothing is mounted when the next is looked at. Says for each of {disks}: "tree-DISK HASH", or "lost-DISK WHY"
# and why. Of disks that are not in {check} others had the same EFI system partition.
lose() { say "lost-$disk $*"; cat /tmp/o; }
mkdir -p /mnt/boot /mnt/efi
for disk in {disks}; do
    case " {check} " in *" $disk "*) fat_is_whole "before init" /dev/${disk}2 ;; esac
    [ {boot} != vfat ] || fat_is_whole "before init" /dev/${disk}3
    # With what its journal has.
    mount -t {boot} -o noatime /dev/${disk}3 /mnt/boot > /tmp/o 2>&1 || { lose "/boot does not mount"; continue; }
    mount -t vfat -o noatime /dev/${disk}2 /mnt/efi > /tmp/o 2>&1 || { lose "/efi does not mount"; umount /mnt/boot; continue; }
    fat_is_quiet "before init"
    cd /mnt; say "tree-$disk $(boot_tree)"; cd /
    umount /mnt/efi /mnt/boot || fail "unmount $disk"
done
