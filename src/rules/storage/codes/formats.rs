//! File systems.

use node_base::declare_code;

declare_code! {
    /// A device is too small or too large for the file system on it.
    ///
    /// ## Why
    /// Anaconda knows the least and largest size of each file system (xfs needs 300 MiB from RHEL 10 on, an EFI
    /// system partition may have 1 TiB) and stops.
    ///
    /// ## Example
    /// ```text
    /// logvol /home --vgname=vg0 --name=home --fstype=xfs --percent=1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /home --vgname=vg0 --name=home --fstype=xfs --size=1024
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14, `formats/*.py`.
    pub(crate) static FORMAT_LIMITS = "STO007", "size-does-not-suit-format", Storage, Error;

    /// The installer cannot make this file system or disk label.
    ///
    /// ## Why
    /// This release of Anaconda does not make a file system of this name.
    ///
    /// ## Example
    /// ```text
    /// part / --fstype=ext5 --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --fstype=xfs --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static UNKNOWN_FILE_SYSTEM = "STO008", "unknown-file-system", Storage, Error;

    /// A mount point that needs a Linux file system is on another one.
    ///
    /// ## Why
    /// Owners, permissions and SELinux labels cannot be kept on vfat and the like.
    ///
    /// ## Example
    /// ```text
    /// part /var --fstype=vfat --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /var --fstype=xfs --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NOT_LINUX = "STO009", "not-a-linux-file-system", Storage, Error;

    /// Root keeps the file system that is there.
    ///
    /// ## Why
    /// Anaconda installs onto a new root file system only; for others it recommends one.
    ///
    /// ## Example
    /// ```text
    /// part / --onpart=sda3 --noformat
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part / --onpart=sda3 --fstype=xfs
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static REFORMAT = "STO010", "root-not-formatted", Storage, Error;
}
