# What both looks after a power cut use (powercut.sh, powercut-boot.sh); each says itself what `lose` does.

# FAT has no journal. What fsck.fat may say after a power cut (in this order): nothing of interest; the mark of a mounted file
# system; a wrong sum of what is free, clusters that nothing has, clusters of a file that is still without size; a second
# table that lags behind.
HARMLESS='^$|^/|^fsck.fat |internal CP850|^Cannot initialize conversion|^Leaving filesystem'
HARMLESS="$HARMLESS|^Dirty bit|Automatically removing dirty|^There are differences between boot|mostly harmless|^ +[0-9]+:[0-9a-f]+/|Not automatically fixing"
HARMLESS="$HARMLESS|^Free cluster summary wrong|Auto-correcting|^Reclaimed [0-9]+ unused|File size is 0 bytes, cluster chain length is > 0|Truncating file to 0 bytes"
HARMLESS="$HARMLESS|^FATs differ|Using first FAT"
fat_is_whole() {
    when=$1; shift
    for partition in "$@"; do
        fsck.fat -n $partition > /tmp/fsck 2>&1; grep -vE "$HARMLESS" /tmp/fsck > /tmp/o &&
            lose "$when $partition is not whole"
    done
}
fat_is_quiet() { dmesg -c | grep 'FAT-fs.*error' > /tmp/o && lose "$1 the kernel finds FAT in disorder"; }

# Every name, kind, size and mode on /boot and the EFI system partition, which are in the working directory; every byte of what
# init writes there and of what decides what it does. The kernels that boot entries name are in what the host saw.
boot_tree() {
    { find boot efi -exec stat -c '%N %s %a' {} +
      find boot efi -path 'boot/vmlinuz*' -o -path 'boot/initramfs*' -o -path efi/EFI -prune -o -type f -exec cat {} +; } |
        md5sum | cut -d' ' -f1
}
