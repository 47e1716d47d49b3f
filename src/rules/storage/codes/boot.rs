//! Boot loader, swap, encryption.

use node_base::declare_code;

declare_code! {
    /// There is nothing that the machine could be started from.
    ///
    /// ## Why
    /// UEFI needs an EFI system partition on `/boot/efi`; GRUB reads `/boot` from a partition or an array, not
    /// from a logical volume or an encrypted device.
    ///
    /// ## Example
    /// ```text
    /// part / --size=10000 --grow      # on UEFI
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// reqpart --add-boot
    /// part / --size=10000 --grow
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static BOOT_DEVICE = "STO029", "no-boot-device", Storage, Error;

    /// A BIOS machine boots from a GPT disk that has no `biosboot` partition.
    ///
    /// ## Why
    /// GRUB has no other place on a GPT disk. RHEL 10 and Fedora write GPT everywhere, RHEL 8 and 9 only on
    /// disks that an MBR cannot describe.
    ///
    /// ## Example
    /// ```text
    /// clearpart --all --initlabel --disklabel=gpt
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// clearpart --all --initlabel --disklabel=gpt
    /// reqpart
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_BIOS_BOOT = "STO030", "no-biosboot", Storage, Error;

    /// `bootloader --location=partition` is refused.
    ///
    /// ## Why
    /// GRUB 2 is installed to a disk, not into a partition.
    ///
    /// ## Example
    /// ```text
    /// bootloader --location=partition
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// bootloader --location=mbr
    /// ```
    ///
    /// ## Source
    /// Anaconda, boot loader module of 33.16 to 45.21.
    pub(crate) static BOOT_LOADER_LOCATION = "STO031", "boot-loader-on-partition", Storage, Error;

    /// The layout has no swap space.
    ///
    /// ## Why
    /// Anaconda recommends swap; with less than 520 MiB of memory it stops without.
    ///
    /// ## Example
    /// ```text
    /// part / --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part swap --recommended
    /// part / --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_SWAP = "STO032", "no-swap", Storage, Warning;

    /// A device is to be encrypted and no passphrase is given.
    ///
    /// ## Why
    /// Nobody can answer the question in an unattended installation.
    ///
    /// ## Example
    /// ```text
    /// part pv.01 --size=1 --grow --encrypted
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part pv.01 --size=1 --grow --encrypted --passphrase=…
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_PASSPHRASE = "STO033", "no-passphrase", Storage, Error;

    /// Something is smaller than the installer recommends, or not redundant.
    ///
    /// ## Why
    /// Anaconda warns and goes on.
    ///
    /// ## Example
    /// ```text
    /// part /boot --size=300
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static RECOMMENDATION = "STO034", "below-recommendation", Storage, Info;

    /// The installer stops because the language rejects a line.
    ///
    /// ## Why
    /// Anaconda reads the whole kickstart before it looks at a disk; a line that the language rejects stops it.
    /// The finding of category `syntax` at the same place says what is wrong.
    ///
    /// ## Example
    /// ```text
    /// part / --size=10GB
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --size=10240
    /// ```
    ///
    /// ## Source
    /// pykickstart.
    pub(crate) static LANGUAGE = "STO035", "language", Storage, Error;
}
