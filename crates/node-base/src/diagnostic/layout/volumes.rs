//! Codes about root, the volumes of the policy, the pool.

use crate::declare_code;

declare_code! {
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
}
