//! What `node-layout` finds on a machine: the codes `LAY…`, with their documentation.
//!
//! They are declared here and not in `node-layout`, so that `ks-lint explain` and `docs/rules.md` know them without a
//! dependency on a program that changes disks.

use super::Code;
use crate::declare_code;

declare_code! {
    /// The machine's processor is not an x86_64.
    ///
    /// ## Why
    /// `node-layout` writes boot entries and checks firmware as an x86_64 machine boots. On another architecture the same
    /// changes could leave a machine that does not boot, so it changes nothing.
    ///
    /// ## Example
    /// ```text
    /// error[LAY001]: this machine is aarch64; node-layout supports only x86_64
    /// ```
    ///
    /// ## Write instead
    /// Install the node on x86_64.
    pub static ARCHITECTURE = "LAY001", "architecture", Layout, Error;

    /// A program that the work needs is not installed.
    ///
    /// ## Why
    /// `node-layout` runs the programs of LVM and of the file systems. It looks for all of them before it changes anything:
    /// a program that is missing in the middle of the work would leave it half done.
    ///
    /// ## Example
    /// ```text
    /// error[LAY002]: the program 'xfs_db' is needed and not installed here
    /// ```
    ///
    /// ## Write instead
    /// Install the package that contains it, in the installer's image or in the system: lvm2, e2fsprogs, xfsprogs,
    /// util-linux (`fsfreeze`), policycoreutils (`setfiles`).
    pub static TOOL_MISSING = "LAY002", "tool-missing", Layout, Error;

    /// LVM's report could not be read.
    ///
    /// ## Why
    /// Everything that `node-layout` decides starts from `lvm fullreport`. The command needs root, and waits for LVM's lock
    /// (`--lock-wait`, one minute unless told otherwise).
    ///
    /// ## Example
    /// ```text
    /// error[LAY003]: LVM cannot be read: `lvm fullreport …` did not end within 60 seconds
    /// ```
    ///
    /// ## Write instead
    /// Run it as root. If another program holds the lock (`/run/lock/lvm`), wait until that program has ended.
    ///
    /// ## Source
    /// lvmreport(7), lvm.conf(5): `locking_dir`.
    pub static LVM_UNREADABLE = "LAY003", "lvm-unreadable", Layout, Error;

    /// The image has no name, or a name that cannot be used for volumes.
    ///
    /// ## Why
    /// Base and layer are named after the image: `NAME-VERSION-RELEASE` and `NAME-VERSION-RELEASE+1`. LVM limits the
    /// characters and the length of a volume's name. `imgbase` refuses names longer than 55 characters: such a name works
    /// with `node-layout` and is a warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY004]: the image's name from --nvr cannot be used: 'node' is not NAME-VERSION-RELEASE …
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout init --nvr ovirt-node-ng-4.5.6-0.20261121.0
    /// ```
    /// The kernel argument `ovirt_node.nvr=` overrides the name in the kickstart's add-on section, which overrides `--nvr`;
    /// without any of them the image's own file `/usr/share/imgbase/build/meta/nvr` is used.
    ///
    /// ## Source
    /// lvm(8), "Valid names"; imgbased 1.2.26, `lvm.py`.
    pub static NVR = "LAY004", "nvr", Layout, Error;

    /// The layout policy cannot be read.
    ///
    /// ## Why
    /// The policy says which volumes a node needs and how large they are. Without it nothing can be checked.
    ///
    /// ## Example
    /// ```text
    /// error[LAY005]: 'nonsense' is not a built-in policy …
    /// ```
    ///
    /// ## Write instead
    /// Give `--policy` the name of a built-in policy (`ks-lint policy`) or a TOML file.
    pub static POLICY = "LAY005", "policy", Layout, Error;

    /// The root file system is not on a thin logical volume.
    ///
    /// ## Why
    /// A base is a snapshot of the root volume that shares its blocks in a thin pool, and the next image is another
    /// snapshot. Without a thin pool there is neither. An installed system cannot be moved into one.
    ///
    /// ## Example
    /// ```text
    /// error[LAY010]: / is on /dev/sda2 (xfs), not on a logical volume; no volume group here has a thin pool
    /// ```
    ///
    /// ## Write instead
    /// Install again, with a thin root:
    /// ```text
    /// autopart --type=thinp
    /// ```
    /// or `logvol / --vgname=… --name=… --thin --poolname=…`.
    ///
    /// ## Source
    /// lvmthin(7).
    pub static ROOT_NOT_THIN = "LAY010", "layout-root-not-thin", Layout, Error;

    /// The root file system is neither ext4 nor XFS, or it is mounted read-only.
    ///
    /// ## Why
    /// The base gets a UUID of its own, because two file systems with one UUID cannot be told apart (XFS refuses to mount
    /// the second). `node-layout` can do that for ext4 (`tune2fs -U`) and XFS (`xfs_db`).
    ///
    /// ## Example
    /// ```text
    /// error[LAY011]: the file system of / (/dev/mapper/onn-root) is btrfs; a base can be made of ext4 or xfs
    /// ```
    ///
    /// ## Write instead
    /// Install with `--fstype=xfs` or `--fstype=ext4` for `/`. If `/` is mounted read-only, remount it for writing.
    ///
    /// ## Source
    /// tune2fs(8), xfs_admin(8).
    pub static ROOT_FILESYSTEM = "LAY011", "layout-root-filesystem", Layout, Error;

    /// `/etc/fstab` cannot be read, or does not mount the layer at `/`.
    ///
    /// ## Why
    /// systemd remounts `/` as fstab says. A source that does not exist any more stops the boot in the emergency shell.
    ///
    /// ## Example
    /// ```text
    /// error[LAY012]: /etc/fstab mounts / from /dev/onn/root, and / is onn/ovirt-node-ng-4.5.6-0.20261121.0+1
    /// ```
    ///
    /// ## Write instead
    /// The layer's device as the source of `/`, or `UUID=` of its file system.
    ///
    /// ## Source
    /// fstab(5), systemd-fstab-generator(8).
    pub static FSTAB_ROOT = "LAY012", "fstab-root", Layout, Error;

    /// A volume that the policy requires is missing or too small.
    ///
    /// ## Why
    /// What must survive an upgrade (`/var`, logs, home directories) is on volumes of its own: each image brings its own
    /// root, and what is written to the root of the old image stays there.
    ///
    /// ## Example
    /// ```text
    /// error[LAY013]: /var is not a volume of its own; policy 'ovirt-node' requires one
    /// ```
    ///
    /// ## Write instead
    /// Install with `logvol /var --thin --poolname=…`; enlarge a small volume with `lvextend --resizefs`.
    pub static VOLUME = "LAY013", "volume", Layout, Error;

    /// A volume that the policy recommends is missing.
    ///
    /// ## Why
    /// The node works without it. What is written below that mount point is then part of the layer and is not there in the
    /// next image.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY014]: /home is not a volume of its own; policy 'ovirt-node' recommends one
    /// ```
    ///
    /// ## Write instead
    /// Install with `logvol /home --thin --poolname=…`.
    pub static VOLUME_RECOMMENDED = "LAY014", "volume-recommended", Layout, Warning;

    /// A directory that belongs to the image is on a volume of its own.
    ///
    /// ## Why
    /// An image is one file system. A separate `/usr` would be shared by all images: the next one would replace the
    /// programs of the old one, and rolling back would not bring them back.
    ///
    /// ## Example
    /// ```text
    /// error[LAY015]: /usr is a volume of its own (/dev/mapper/onn-usr); it must be part of the image
    /// ```
    ///
    /// ## Write instead
    /// Install without a `logvol` or `part` for that directory.
    pub static VOLUME_SEPARATE = "LAY015", "volume-separate", Layout, Error;

    /// `/boot` is not a file system of its own, not writable, or of a kind that cannot be used.
    ///
    /// ## Why
    /// `/boot` holds the kernels of all images and is not part of any of them. The boot loader reads it before LVM is
    /// there.
    ///
    /// ## Example
    /// ```text
    /// error[LAY020]: /boot is not a file system of its own
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --fstype=ext4 --size=1024
    /// ```
    pub static BOOT = "LAY020", "boot", Layout, Error;

    /// `/boot` is too small, or has too little free space for two images.
    ///
    /// ## Why
    /// Each image keeps its own kernel and initramfs in `/boot`. An upgrade puts the next image's beside those of the
    /// running one, so there must be room for two.
    ///
    /// ## Example
    /// ```text
    /// error[LAY021]: /boot (/dev/vda3) has 40 MiB free; two images need 190 MiB (95 MiB each, by the kernel and initramfs
    /// of the default entry)
    /// ```
    ///
    /// ## Write instead
    /// Remove kernels that are not needed, or install with a larger `/boot`: `part /boot --size=1024`.
    pub static BOOT_SPACE = "LAY021", "boot-space", Layout, Error;

    /// The boot configuration cannot be read or cannot be changed.
    ///
    /// ## Why
    /// `node-layout` adds one boot entry for each layer. It knows entries of the Boot Loader Specification, as GRUB
    /// (`blscfg`) and systemd-boot read them.
    ///
    /// ## Example
    /// ```text
    /// error[LAY022]: the boot configuration cannot be used: no boot entries: none of /boot/loader/entries,
    /// /efi/loader/entries, /boot/efi/loader/entries has a *.conf file
    /// ```
    ///
    /// ## Write instead
    /// With GRUB: `GRUB_ENABLE_BLSCFG=true` in `/etc/default/grub`, then `grub2-mkconfig`. If GRUB's environment block is
    /// full, shorten the kernel arguments in it.
    ///
    /// ## Source
    /// The Boot Loader Specification (uapi-group.org).
    pub static BOOT_CONFIG = "LAY022", "boot-config", Layout, Error;

    /// A boot entry is missing, or names a file or a volume that does not exist.
    ///
    /// ## Why
    /// An entry that names a missing kernel or initramfs does not boot. One that names a missing volume boots into the
    /// emergency shell of the initramfs. The layer's own entry also needs the arguments by which the image is recognised
    /// (`img.bootid=`), its volume is activated (`rd.lvm.lv=`) and freed blocks are returned to the pool
    /// (`rootflags=discard`).
    ///
    /// ## Example
    /// ```text
    /// error[LAY023]: /boot/loader/entries/….conf names /vmlinuz-5.14.0, which does not exist
    /// ```
    ///
    /// ## Write instead
    /// Generate the initramfs again (`dracut -f`), correct the entry, or remove it if its kernel is gone.
    ///
    /// ## Source
    /// dracut.cmdline(7).
    pub static BOOT_ENTRY = "LAY023", "boot-entry", Layout, Error;

    /// The default boot entry does not boot the layer, or the boot loader ignores the default.
    ///
    /// ## Why
    /// After the next reboot the machine would run another image, a rescue system, or nothing. With `GRUB_DEFAULT` set to
    /// anything but `saved`, GRUB boots the first entry of its list, whichever entry is set as the default; that is a
    /// warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY024]: the default boot entry is 5ae5…-0-rescue, which does not boot ovirt-node-ng-4.5.6-0.20261121.0+1
    /// ```
    ///
    /// ## Write instead
    /// `grub2-set-default ENTRY`, or with systemd-boot `bootctl set-default ENTRY.conf`.
    ///
    /// ## Source
    /// grub2-set-default(8), bootctl(1).
    pub static BOOT_DEFAULT = "LAY024", "boot-default", Layout, Error;

    /// The kernel arguments kept for the next kernel do not boot the layer.
    ///
    /// ## Why
    /// A kernel package makes its boot entry from `/etc/kernel/cmdline`, from `GRUB_CMDLINE_LINUX` in `/etc/default/grub`
    /// or from `kernelopts` in GRUB's environment block. If these still name the old volume, the machine stops booting with
    /// the next kernel update. An initramfs that was generated before `init` can name the old volume, too
    /// (`hostonly_cmdline=yes` of dracut); that is a warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY025]: GRUB_CMDLINE_LINUX in /etc/default/grub lacks rd.lvm.lv=onn/ovirt-node-ng-4.5.6-0.20261121.0+1: the
    /// next kernel would not boot the layer
    /// ```
    ///
    /// ## Write instead
    /// Add the arguments that the message lists, in place of those that name an older volume.
    ///
    /// ## Source
    /// kernel-install(8), dracut.conf(5).
    pub static BOOT_KEPT = "LAY025", "boot-kept-arguments", Layout, Error;

    /// The firmware's boot entries do not lead to this system's boot loader.
    ///
    /// ## Why
    /// UEFI starts the first entry of `BootOrder` that works, and without one `EFI/BOOT/BOOTX64.EFI`. An entry that names a
    /// missing file costs time at best; with none left the machine does not boot.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY026]: the firmware's entry Boot0A07 (Gone) names /EFI/gone/shimx64.efi on /boot/efi (/dev/vda1), which
    /// does not exist
    /// ```
    ///
    /// ## Write instead
    /// Reinstall the boot loader (`dnf reinstall shim-x64 grub2-efi-x64`, or `bootctl install`), or remove the entry with
    /// `efibootmgr`.
    ///
    /// ## Source
    /// UEFI Specification 2.10, 3.1 and 3.5.1.1; efibootmgr(8).
    pub static BOOT_FIRMWARE = "LAY026", "boot-firmware", Layout, Error;

    /// The layer boots an older kernel or initramfs than the system has.
    ///
    /// ## Why
    /// From its first boot on, a layer boots the copies in `/boot/<layer>/`. `dracut -f` in the running layer writes
    /// `/boot/initramfs-VERSION.img`, and the change has no effect until the copy is renewed.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY027]: /boot/initramfs-5.14.0.img was generated after the first boot; … boots its older copy …
    /// ```
    ///
    /// ## Write instead
    /// `node-layout init`: it copies the newer file for the layer.
    pub static BOOT_COPY = "LAY027", "boot-copy", Layout, Warning;

    /// The thin pool's data or metadata is nearly full.
    ///
    /// ## Why
    /// When a thin pool is full, writes to every volume in it fail. Freezing the base makes each first write to a block of
    /// the root take new space, so `init` does not start above 80 %.
    ///
    /// ## Example
    /// ```text
    /// error[LAY030]: thin pool onn/pool00 has used 91.0 % of its data; images need it below 80 %
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvextend --size +SIZE onn/pool00
    /// lvextend --poolmetadatasize +SIZE onn/pool00
    /// ```
    ///
    /// ## Source
    /// lvmthin(7), "Size of pool metadata LV", "Manually manage free data space".
    pub static POOL_FULL = "LAY030", "pool-full", Layout, Error;

    /// The thin pool's metadata is too small for further images and cannot grow.
    ///
    /// ## Why
    /// Each snapshot that differs from its origin needs mappings of its own. `init` enlarges the metadata, and LVM keeps a
    /// spare of the same size; the volume group must have space for both.
    ///
    /// ## Example
    /// ```text
    /// error[LAY031]: the metadata of thin pool onn/pool00 is 16 MiB and must grow to 160 MiB for further images; …
    /// ```
    ///
    /// ## Write instead
    /// Leave space in the volume group (`volgroup --reserved-percent=20`), or add a physical volume (`vgextend`).
    ///
    /// ## Source
    /// lvmthin(7), "Metadata space exhaustion", "Spare metadata LV".
    pub static POOL_METADATA = "LAY031", "pool-metadata", Layout, Error;

    /// The thin pool does not extend itself, or the volume group has no space for it.
    ///
    /// ## Why
    /// A pool is usually smaller than the volumes in it. The profile `imgbased-pool` makes dmeventd extend it by a fifth
    /// whenever it passes its threshold; without it the pool fills up and writes fail. No free space in the volume group is
    /// a warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY032]: thin pool onn/pool00 does not extend itself (profile '')
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvchange --metadataprofile imgbased-pool onn/pool00
    /// ```
    ///
    /// ## Source
    /// lvm.conf(5): `thin_pool_autoextend_threshold`; lvmthin(7), "Automatically extend thin pool LV".
    pub static POOL_AUTOEXTEND = "LAY032", "pool-autoextend", Layout, Error;

    /// dmeventd does not monitor the thin pool.
    ///
    /// ## Why
    /// dmeventd is the program that extends a pool when it passes its threshold. Without it the profile has no effect.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY033]: thin pool onn/pool00 is not watched by dmeventd: it will not extend itself
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// systemctl enable --now lvm2-monitor
    /// ```
    ///
    /// ## Source
    /// dmeventd(8), lvchange(8): `--monitor`.
    pub static POOL_MONITOR = "LAY033", "pool-monitor", Layout, Warning;

    /// LVM reports a volume as damaged, or a disk of the volume group is missing.
    ///
    /// ## Why
    /// Every image shares blocks with the others in one pool. Changing a damaged pool can destroy all of them.
    ///
    /// ## Example
    /// ```text
    /// error[LAY034]: volume group 'onn' lacks a physical volume
    /// ```
    ///
    /// ## Write instead
    /// Attach the missing disk; for a damaged pool see `lvs -a -o+lv_health_status` and `lvconvert --repair`.
    ///
    /// ## Source
    /// lvmthin(7), "Metadata check and repair"; vgreduce(8).
    pub static VOLUME_HEALTH = "LAY034", "volume-health", Layout, Error;

    /// Volumes carry image tags of another or an older installation.
    ///
    /// ## Why
    /// The image tools find base, layer and pool by their tags (`imgbased:…`), in every volume group that LVM sees. With
    /// tags of two installations they work on the wrong volumes.
    ///
    /// ## Example
    /// ```text
    /// error[LAY040]: volume group 'old' has the tag imgbased:vg: it belongs to another installation, and / is in 'onn'
    /// ```
    ///
    /// ## Write instead
    /// Disconnect that disk, or remove the tags: `vgchange --deltag imgbased:vg old`.
    ///
    /// ## Source
    /// imgbased 1.2.26, `lvm.py`.
    pub static TAGS_FOREIGN = "LAY040", "tags-foreign", Layout, Error;

    /// A volume of the layout has lost one of its tags.
    ///
    /// ## Why
    /// The image tools find volume group, pool, base and layer by their tags. Without one they do not find the image.
    ///
    /// ## Example
    /// ```text
    /// error[LAY041]: the tag imgbased:pool of onn/pool00 is missing
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvchange --addtag imgbased:pool onn/pool00
    /// ```
    pub static TAGS_MISSING = "LAY041", "tags-missing", Layout, Error;

    /// A volume with the name of the base or the layer exists already.
    ///
    /// ## Why
    /// Base and layer are named after the image, and names in a volume group are unique.
    ///
    /// ## Example
    /// ```text
    /// error[LAY042]: a volume onn/ovirt-node-ng-4.5.6-0.20261121.0 exists already (linear, 10 GiB); the image needs that
    /// name
    /// ```
    ///
    /// ## Write instead
    /// Rename or remove that volume, or give the image another name (`--nvr`).
    pub static NAME_TAKEN = "LAY042", "name-taken", Layout, Error;

    /// The base is missing, writable, active, or has changed since it was frozen.
    ///
    /// ## Why
    /// The base is what the next layer is made from, and what an upgrade compares the running layer with. If it was written
    /// to, it is not the image any more. `verify --deep` reads it and compares its checksum.
    ///
    /// ## Example
    /// ```text
    /// error[LAY043]: base onn/ovirt-node-ng-4.5.6-0.20261121.0 is writable
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvchange --permission r onn/ovirt-node-ng-4.5.6-0.20261121.0
    /// ```
    /// If its content has changed, upgrade to a new image or install again.
    pub static BASE = "LAY043", "base", Layout, Error;

    /// The layer is read-only, or the kernel was booted for another layer.
    ///
    /// ## Why
    /// The layer is the root of the running system and is written to. `img.bootid=` says which layer a boot entry is for;
    /// when it differs from the root, the image tools act on the wrong one.
    ///
    /// ## Example
    /// ```text
    /// error[LAY044]: / is onn/node-4.5-2+1, but the kernel was booted for node-4.5-1+1
    /// ```
    ///
    /// ## Write instead
    /// `lvchange --permission rw` for a read-only layer; otherwise correct `root=` or `img.bootid=` of the boot entry.
    pub static LAYER = "LAY044", "layer", Layout, Error;

    /// An interrupted run has left something behind.
    ///
    /// ## Why
    /// Every step leaves a machine that boots, so a power cut does no harm. But the layout is not complete, and files or
    /// volumes of the interrupted run take space. Left-over files on `/boot` are a warning.
    ///
    /// ## Example
    /// ```text
    /// error[LAY045]: init was interrupted after onn/node-4.5-1+1 became the layer
    /// ```
    ///
    /// ## Write instead
    /// `node-layout init`: it completes the work and removes what is left over.
    pub static UNFINISHED = "LAY045", "unfinished", Layout, Error;

    /// The system has no base and no layer yet.
    ///
    /// ## Why
    /// A system that was installed and not initialised works, but it cannot be upgraded to another image or rolled back.
    ///
    /// ## Example
    /// ```text
    /// error[LAY046]: / is on onn/root: there is no layer yet
    /// ```
    ///
    /// ## Write instead
    /// `node-layout init`.
    pub static NOT_INITIALISED = "LAY046", "not-initialised", Layout, Error;

    /// No checksum of a base was recorded, so changes in it cannot be detected.
    ///
    /// ## Why
    /// The first boot of a layer reads the base and records its checksum as a tag. Bases made by the original tools have
    /// none.
    ///
    /// ## Example
    /// ```text
    /// info[LAY047]: no checksum of base onn/node-4.5-1 was recorded: changes in its content cannot be detected
    /// ```
    ///
    /// ## Write instead
    /// Nothing; on a node of `node-layout` wait until the first boot is complete.
    pub static CONTENT_UNKNOWN = "LAY047", "content-unknown", Layout, Info;

    /// A thin volume is mounted without `discard`.
    ///
    /// ## Why
    /// Without `discard` the blocks of deleted files stay allocated in the pool, which fills up although the file systems
    /// are not full.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY050]: /etc/fstab mounts /var without discard: blocks of deleted files stay allocated in the pool
    /// ```
    ///
    /// ## Write instead
    /// Add `discard` to the options in `/etc/fstab`; for `/` also `rootflags=discard` to the boot entry.
    ///
    /// ## Source
    /// lvmthin(7), "Discard"; mount(8).
    pub static DISCARD = "LAY050", "discard", Layout, Warning;

    /// LVM in the installed system will not see the disks that it boots from.
    ///
    /// ## Why
    /// The devices file (`/etc/lvm/devices/system.devices`) or a filter decides which disks LVM looks at. If a disk of the
    /// volume group is left out, the next boot ends in the emergency shell. A physical volume that is also a path of a
    /// multipath device must be used through that device.
    ///
    /// ## Example
    /// ```text
    /// error[LAY051]: the installed system's LVM will not see /dev/vda4: …
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lvmdevices --adddev /dev/vda4
    /// ```
    ///
    /// ## Source
    /// lvmdevices(8), lvm.conf(5): `filter`, `multipath_component_detection`.
    pub static DEVICES = "LAY051", "lvm-devices", Layout, Error;

    /// The first boot of the layer has still to complete the layout.
    ///
    /// ## Why
    /// While an installation goes on, kernel and initramfs can still change. The layer's entry boots the system's own files
    /// until the first boot copies them to `/boot/<layer>/` and records the checksum of the base.
    ///
    /// ## Example
    /// ```text
    /// info[LAY060]: pending: node-4.5-1+1 boots the system's own kernel and initramfs until its first boot
    /// ```
    ///
    /// ## Write instead
    /// Reboot. If it is still pending afterwards, see `systemctl status node-layout-finish.service`.
    pub static PENDING = "LAY060", "pending", Layout, Info;
}

/// Every code above.
pub static CODES: &[&Code] = &[
    &ARCHITECTURE,
    &TOOL_MISSING,
    &LVM_UNREADABLE,
    &NVR,
    &POLICY,
    &ROOT_NOT_THIN,
    &ROOT_FILESYSTEM,
    &FSTAB_ROOT,
    &VOLUME,
    &VOLUME_RECOMMENDED,
    &VOLUME_SEPARATE,
    &BOOT,
    &BOOT_SPACE,
    &BOOT_CONFIG,
    &BOOT_ENTRY,
    &BOOT_DEFAULT,
    &BOOT_KEPT,
    &BOOT_FIRMWARE,
    &BOOT_COPY,
    &POOL_FULL,
    &POOL_METADATA,
    &POOL_AUTOEXTEND,
    &POOL_MONITOR,
    &VOLUME_HEALTH,
    &TAGS_FOREIGN,
    &TAGS_MISSING,
    &NAME_TAKEN,
    &BASE,
    &LAYER,
    &UNFINISHED,
    &NOT_INITIALISED,
    &CONTENT_UNKNOWN,
    &DISCARD,
    &DEVICES,
    &PENDING,
];
