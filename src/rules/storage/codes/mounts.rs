//! Mount points.

use node_base::declare_code;

declare_code! {
    /// No command makes a root file system.
    ///
    /// ## Why
    /// Without `/` there is nothing to install to.
    ///
    /// ## Example
    /// ```text
    /// part /boot --size=1024
    /// clearpart --all
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --size=1024
    /// part / --size=10000 --grow
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_ROOT = "STO023", "no-root", Storage, Error;

    /// A directory that must be on the root file system has a volume of its own.
    ///
    /// ## Why
    /// `/etc`, `/bin`, `/dev`, `/lib`, `/root`, `/mnt`, `/proc`, `/sbin` are needed before other file systems
    /// are mounted.
    ///
    /// ## Example
    /// ```text
    /// logvol /etc --vgname=vg0 --name=etc --size=1000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg0 --name=root --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static MUST_BE_ON_ROOT = "STO024", "has-to-be-on-root", Storage, Error;

    /// A mount point is not an absolute path.
    ///
    /// ## Why
    /// A mount point starts with `/`; words such as `swap` and `pv.01` have their own meaning.
    ///
    /// ## Example
    /// ```text
    /// logvol var --vgname=vg0 --name=var --size=5000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=vg0 --name=var --size=5000
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static MOUNT_POINT = "STO025", "mount-point-not-absolute", Storage, Error;

    /// The installer's profile wants a volume of its own for this mount point.
    ///
    /// ## Why
    /// The profile (`must_not_be_on_root`) stops an installation without it.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=30000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10000
    /// logvol /var --vgname=onn --name=var --thin --poolname=pool00 --size=20000
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static MUST_NOT_BE_ON_ROOT = "STO026", "needs-own-volume", Storage, Error;

    /// A volume is smaller than the installer's profile requires.
    ///
    /// ## Why
    /// The profile (`req_partition_sizes`) stops an installation with a smaller one.
    ///
    /// ## Example
    /// ```text
    /// part /boot --size=512
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /boot --size=1024
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static TOO_SMALL_FOR_PROFILE = "STO027", "below-profile-minimum", Storage, Error;

    /// Root is on another kind of device than the installer's profile requires.
    ///
    /// ## Why
    /// The profile (`root_device_types`) allows root on these only; a node needs a thin volume.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=onn --name=root --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static ROOT_DEVICE_TYPE = "STO028", "root-device-type", Storage, Error;
}
