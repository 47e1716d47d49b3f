# Replays a log of writes on the disk "before" and looks at the machine at each point, always on a snapshot of it.
# /job/points: "NAME UPTO SUBSET…": entries up to UPTO are on the disk, then the entries of SUBSET on the snapshot only.
# /job/entries: "SECTOR LENGTH FLAGS OFFSET" a line, in sectors; OFFSET is where the data is in the log.
DISK=$(disk before); LOG=$(disk log); SCRATCH=$(disk scratch)
SECTORS=$(blockdev --getsz $DISK)
sed -i 's/global_filter=\[[^]]*\]/global_filter=["a|^\/dev\/mapper\/cut4$|","r|.*|"]/' /etc/lvm/lvm.conf
# Faster: no copies of the metadata, and the pool is checked by the kernel alone.
echo 'backup { backup=0 archive=0 }' >> /etc/lvm/lvm.conf
sed -i 's/thin_check_executable="[^"]*"/thin_check_executable=""/' /etc/lvm/lvm.conf
mkdir -p /tmp/seen /mnt/raw /mnt/sysroot

apply() { # entry number, device
    set -- $(sed -n "$(( $1 + 1 ))p" /job/entries) $2
    [ $2 = 0 ] && return
    [ $(( $3 & 4 )) = 0 ] || return
    # Whole MiB at a time where the place allows it.
    dd if=$LOG of=$5 bs=512 skip=$4 seek=$1 count=$2 conv=notrunc 2>/dev/null || fail "replaying an entry"
}

partition() { sfdisk -d $DISK | sed -n "s|^${DISK}$1 : start= *\([0-9]*\), size= *\([0-9]*\),.*|\1 \2|p"; }
set -- $(partition 3); P3=$1 S3=$2; set -- $(partition 4); P4=$1 S4=$2

open() {
    dmsetup create cut --table "0 $SECTORS snapshot $DISK $SCRATCH N 8" || fail snapshot
    dmsetup create cut3 --table "0 $S3 linear /dev/mapper/cut $P3"
    dmsetup create cut4 --table "0 $S4 linear /dev/mapper/cut $P4"
}
close() {
    for d in boot var; do umount /mnt/sysroot/$d 2>/dev/null; done
    umount /mnt/sysroot 2>/dev/null; umount /mnt/raw 2>/dev/null
    # Each pass takes down what nothing stands on any more.
    for n in 1 2 3 4 5; do [ -b /dev/mapper/cut ] && dmsetup remove_all >/dev/null 2>&1; done
    rm -rf /dev/{vg}
    [ -b /dev/mapper/cut ] && { dmsetup ls --tree; cat /proc/mounts; fail "taking down"; }
}

# What a boot loader sees: the bare file system, without its journal.
boot_visible() {
    mount -t {bootfs} -o ro,{norecovery} /dev/mapper/cut3 /mnt/raw 2>/tmp/e || { lost="boot-unreadable"; return; }
    id=$(sed -n 's/^saved_entry=//p' /mnt/raw/grub2/grubenv)
    file=/mnt/raw/loader/entries/$id.conf
    if [ ! -s "$file" ] || [ "$(stat -c %s /mnt/raw/grub2/grubenv)" != 1024 ]; then lost="no-default($id)"; return; fi
    kernel=$(sed -n 's/^linux //p' $file); initrd=$(sed -n 's/^initrd //p' $file); options=$(sed -n 's/^options //p' $file)
    for f in $kernel $initrd; do [ -s /mnt/raw$f ] || lost="default-without-$f"; done
    for w in $options; do case $w in
        root=*) root=${w#root=} ;;
        rd.lvm.lv=*) [ -b /dev/${w#rd.lvm.lv=} ] || lost="default-names-${w#rd.lvm.lv=}" ;;
    esac; done
    case $root in
    UUID=*) [ "$root" = "UUID={root_uuid}" ] || lost="default-root-$root" ;;
    /dev/mapper/*|/dev/{vg}/*) [ -b $root ] || lost="default-names-$root" ;;
    *) lost="default-root-$root" ;;
    esac
    visible=$( { cat /mnt/raw/loader/entries/*.conf /mnt/raw/grub2/grubenv; ls -l /mnt/raw/$kernel /mnt/raw/$initrd | awk '{print $5}'; ls /dev/{vg}; } | md5sum | head -c 12)
    umount /mnt/raw
}

signature() {
    { head -c 1048576 /dev/mapper/cut4; dd if=/dev/mapper/{vg}-pool00_tmeta bs=4096 count=1 iflag=direct 2>/dev/null
      cd /mnt/sysroot/boot && find . -type f -size -64k -exec cat {} + ; find . | sort; cd /mnt/sysroot/etc && cat fstab default/grub kernel/cmdline; find node-layout systemd lvm 2>/dev/null | sort; cd /; } 2>/dev/null | md5sum | head -c 16
}

look() {
    lost= visible=- again=-
    vgchange -q -ay {vg} > /tmp/o 2>&1 || again=activation
    name=root; [ -b /dev/{vg}/root ] || name={layer}
    boot_visible
    mount /dev/{vg}/$name /mnt/sysroot 2>>/tmp/o || lost="root-does-not-mount"
    mount /dev/mapper/cut3 /mnt/sysroot/boot 2>>/tmp/o || lost="boot-does-not-mount"
    [ -b /dev/{vg}/var ] || lost="var-is-not-there"
    source=$(awk '$2=="/"{print $1}' /mnt/sysroot/etc/fstab)
    case $source in
    UUID={root_uuid}) ;;
    /dev/*) [ -b $source ] || lost="fstab-names-$source" ;;
    *) lost="fstab-root-$source" ;;
    esac
    if [ -z "$lost" ]; then
        s=$(signature)
        if [ -e /tmp/seen/$s ]; then again=known; else
            again=completed
            mount /dev/{vg}/var /mnt/sysroot/var 2>>/tmp/o || lost="var-does-not-mount"
            node-layout init --sysroot /mnt/sysroot --nvr {nvr} > /tmp/init 2>&1 || { cat /tmp/o /tmp/init; lost="init-failed"; }
            if [ -z "$lost" ]; then
                node-layout verify --sysroot /mnt/sysroot > /tmp/verify 2>&1 || { cat /tmp/init /tmp/verify; lost="verify-failed"; }
                grep -q '^already' /tmp/init && again=already
                lvs --noheadings -o lv_tags {vg} | grep -q node-layout && lost="tags-left"
                ls /mnt/sysroot/boot/loader/entries/.*.new >/dev/null 2>&1 && rest=1
            fi
            touch /tmp/seen/$s
        fi
    else
        cat /tmp/o
    fi
    say "cut $1 ${lost:-fine} $visible $again"
}

done_to=0
while read name upto subset; do
    while [ $done_to -lt $upto ]; do apply $done_to $DISK; done_to=$((done_to+1)); done
    sync; blockdev --flushbufs $DISK 2>/dev/null
    open
    for e in $subset; do apply $e /dev/mapper/cut; done
    look $name
    close
done < /job/points
