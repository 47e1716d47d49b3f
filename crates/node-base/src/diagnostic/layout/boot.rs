//! Codes about `/boot`, boot entries, the boot loader, the firmware.

use crate::declare_code;

declare_code! {
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
    /// warning. With `boot_counter` in GRUB's environment block (greenboot sets it), GRUB counts boots down that nobody
    /// has marked as successful, and at 0 boots the second entry of its list, whichever that is. A second EFI system
    /// partition with a `grub.cfg` that lists the boot entries (RHEL 8) has a default of its own, to which `node-layout`
    /// does not write.
    ///
    /// ## Example
    /// ```text
    /// error[LAY024]: the default boot entry is 5ae5…-0-rescue, which does not boot ovirt-node-ng-4.5.6-0.20261121.0+1
    /// ```
    ///
    /// ## Write instead
    /// `grub2-set-default ENTRY`, or with systemd-boot `bootctl set-default ENTRY.conf`. `node-layout verify --repair` unsets
    /// `boot_counter`. Copy `grubenv` to the second EFI system partition, too, whenever the default has changed.
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
    /// (`hostonly_cmdline=yes` of dracut); that is a warning. So is a line that names the right volume and lacks only what
    /// the layer's own entry has besides (`img.bootid=`, `rootflags=discard`): imgbased leaves it so.
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

    /// The boot loader cannot be told to boot an entry once.
    ///
    /// ## Why
    /// A new image is booted once and becomes the default only when it has proved itself. GRUB is told so by `next_entry` in
    /// its environment block, and empties it before the boot: it must be able to write the block. It writes to the blocks of
    /// the file and knows neither LVM, RAID nor encryption for that, and no btrfs. systemd-boot is told by a UEFI variable. Without this the first
    /// boot of an image that does not work would be repeated for ever.
    ///
    /// GRUB must also read that block. On UEFI, from RHEL 9 on, `EFI/<vendor>/grub.cfg` only loads `/boot/grub2/grub.cfg`.
    /// `grub2-mkconfig -o /boot/efi/EFI/<vendor>/grub.cfg` replaces it, and GRUB then looks for its block on the EFI system
    /// partition. On a mirrored EFI system partition (md) GRUB writes to one half. With `GRUB_TIMEOUT=-1` the menu waits
    /// for a key: after a reboot without a person no boot begins.
    ///
    /// ## Example
    /// ```text
    /// error[LAY028]: GRUB cannot write /boot/grub2/grubenv: /dev/mapper/onn-boot is a logical volume
    /// ```
    ///
    /// ## Write instead
    /// Put `/boot` on a plain partition with ext4 or XFS, and let GRUB's configuration be the distribution's
    /// (`GRUB_DEFAULT=saved`, `GRUB_TIMEOUT` not -1). On RHEL 9 and later `gen_grub_cfgstub /boot/grub2
    /// /boot/efi/EFI/<vendor>` restores the file on the EFI system partition. `--no-trial` makes the new image the default at once: then nobody falls back but you.
    ///
    /// ## Source
    /// GRUB manual, "Environment block"; The Boot Loader Interface, `LoaderEntryOneShot`.
    pub static BOOT_ONCE = "LAY028", "boot-once", Layout, Error;

    /// Something of a trial is left in what the boot loader stores, and the trial is over or its entry is gone.
    ///
    /// ## Why
    /// `next_entry` for an entry that does not exist makes GRUB boot the first one of its list. An index in `fallback` means
    /// another entry as soon as entries are added or removed. An entry on trial that another program has given a new command
    /// line (`grub2-mkconfig` of RHEL 9.0) lacks the arguments that turn a hang into a reboot.
    ///
    /// ## Example
    /// ```text
    /// warning[LAY029]: the boot loader still has the trial of n-4.5-2+1-5.14.0, which is over
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// node-layout verify --repair
    /// ```
    pub static BOOT_STALE = "LAY029", "boot-stale-trial", Layout, Warning;
}
