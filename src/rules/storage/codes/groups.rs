//! Volume groups, pools and volumes.

use node_base::declare_code;

declare_code! {
    /// A volume names a volume group that no command makes.
    ///
    /// ## Why
    /// Often the group's name was changed in one place only.
    ///
    /// ## Example
    /// ```text
    /// volgroup onn pv.01
    /// logvol / --vgname=HostVG --name=root --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// volgroup onn pv.01
    /// logvol / --vgname=onn --name=root --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_SUCH_GROUP = "STO016", "no-such-volume-group", Storage, Error;

    /// A thin volume names a pool that no command before it makes.
    ///
    /// ## Why
    /// Thin volumes are made in the order of the commands; the pool must come first, in the same volume group.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=onn --name=pool00 --thinpool --size=1 --grow
    /// logvol / --vgname=onn --name=root --thin --poolname=pool00 --size=10000
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_SUCH_POOL = "STO017", "no-such-thin-pool", Storage, Error;

    /// The volumes do not fit into the volume group.
    ///
    /// ## Why
    /// Anaconda does not overcommit: volumes, pools (at least as large as the thin volumes in them, with their metadata and
    /// its spare) and the reserve must fit. LVM keeps 1 MiB of each disk, and every volume consists of whole extents.
    ///
    /// ## Example
    /// ```text
    /// part pv.01 --size=20000
    /// volgroup vg0 pv.01
    /// logvol / --vgname=vg0 --name=root --size=20000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part pv.01 --size=20000 --grow
    /// volgroup vg0 pv.01
    /// logvol / --vgname=vg0 --name=root --size=10000 --grow
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14, `devices/lvm.py`.
    pub(crate) static GROUP_FULL = "STO018", "volume-group-full", Storage, Error;

    /// LVM has no physical extents of this size.
    ///
    /// ## Why
    /// `--pesize` is in KiB, a power of two from 1 to 16777216.
    ///
    /// ## Example
    /// ```text
    /// volgroup vg0 pv.01 --pesize=3000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// volgroup vg0 pv.01 --pesize=4096
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static EXTENT_SIZE = "STO019", "extent-size", Storage, Error;

    /// A volume has no size, or one smaller than an extent.
    ///
    /// ## Why
    /// A volume has at least one extent (4 MiB unless `--pesize` says otherwise).
    ///
    /// ## Example
    /// ```text
    /// logvol /srv --vgname=vg0 --name=srv --size=2
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /srv --vgname=vg0 --name=srv --size=512
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static VOLUME_SIZE = "STO020", "volume-size", Storage, Error;

    /// A thin pool cannot have metadata or chunks of this size.
    ///
    /// ## Why
    /// Metadata is 2 MiB to 16 GiB (`--metadatasize` is in MiB), chunks are multiples of 64 KiB up to 1 GiB
    /// (`--chunksize` is in KiB).
    ///
    /// ## Example
    /// ```text
    /// logvol none --vgname=vg0 --name=pool00 --thinpool --size=10000 --metadatasize=1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=vg0 --name=pool00 --thinpool --size=10000 --metadatasize=100
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14 and libblockdev.
    pub(crate) static POOL_OPTIONS = "STO021", "pool-options", Storage, Error;

    /// The percentages of one volume group or pool are more than 100.
    ///
    /// ## Why
    /// `--percent` is a share of what the fixed volumes leave.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=vg0 --name=root --percent=60
    /// logvol /srv --vgname=vg0 --name=srv --percent=60
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=vg0 --name=root --percent=60
    /// logvol /srv --vgname=vg0 --name=srv --percent=40
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14, `partitioning.py`.
    pub(crate) static PERCENTAGES = "STO022", "percentages", Storage, Error;
}
