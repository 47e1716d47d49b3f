//! Disks and what is on them already.

use node_base::declare_code;

declare_code! {
    /// A command names a disk that the machine does not have.
    ///
    /// ## Why
    /// Anaconda stops before it touches anything: a wrong name could mean the wrong disk.
    ///
    /// ## Example
    /// ```text
    /// ignoredisk --only-use=sdx
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ignoredisk --only-use=sda
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_SUCH_DISK = "STO001", "unknown-disk", Storage, Error;

    /// No disk is left that the installer may use.
    ///
    /// ## Why
    /// All disks are ignored, or none has a partition table and nothing asks for one.
    ///
    /// ## Example
    /// ```text
    /// ignoredisk --drives=sda      # the only disk
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ignoredisk --only-use=sda
    /// clearpart --all --initlabel
    /// zerombr
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_USABLE_DISK = "STO002", "no-usable-disk", Storage, Error;

    /// The partitions do not fit on the disks.
    ///
    /// ## Why
    /// Anaconda computes places for all partitions before it writes one; if one finds none, it stops. Old
    /// partitions that are kept occupy space, and an MBR has four slots.
    ///
    /// ## Example
    /// ```text
    /// clearpart --none
    /// part / --size=100000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// clearpart --all --initlabel
    /// part / --size=10000 --grow
    /// ```
    ///
    /// ## Source
    /// Anaconda with blivet 3.6 to 3.14, `partitioning.py`.
    pub(crate) static NO_SPACE_ON_DISKS = "STO003", "partitions-do-not-fit", Storage, Error;

    /// A volume group that would be removed also lies on disks that may not be used.
    ///
    /// ## Why
    /// Half a volume group cannot be removed: what stays would be a broken one with the same name.
    ///
    /// ## Example
    /// ```text
    /// ignoredisk --only-use=sda      # the old group is on sda and sdb
    /// clearpart --all
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ignoredisk --only-use=sda,sdb
    /// clearpart --all
    /// ```
    ///
    /// ## Source
    /// Anaconda, storage checker of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static GROUP_ON_OTHER_DISKS = "STO004", "group-on-other-disks", Storage, Error;

    /// A command builds on a partition, array or volume that is not there.
    ///
    /// ## Why
    /// `--onpart`, `--useexisting` and `--noformat` keep what is there; after `clearpart --all` nothing is.
    ///
    /// ## Example
    /// ```text
    /// clearpart --all
    /// part /home --onpart=sda3 --noformat
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// clearpart --none
    /// part /home --onpart=sda3 --noformat
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NO_SUCH_DEVICE = "STO005", "device-does-not-exist", Storage, Error;

    /// `part --noformat` does not say which partition it keeps.
    ///
    /// ## Why
    /// A new partition has nothing to keep.
    ///
    /// ## Example
    /// ```text
    /// part /home --noformat --size=1000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part /home --noformat --onpart=sda3
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NOFORMAT_WITHOUT_DEVICE = "STO006", "noformat-without-onpart", Storage, Error;

    /// Whether Anaconda proceeds is not decided by what is in the kickstart.
    ///
    /// ## Why
    /// Partitions that a `%pre` script writes into an included file, a disk that is named by a link of udev, an option or a
    /// release that is not modelled: a plan without them would be a guess. `ks-lint plan` answers `unknown` with exit status 2.
    ///
    /// ## Example
    /// ```text
    /// %include /tmp/disks.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// clearpart --all --initlabel
    /// autopart --type=thinp
    /// ```
    ///
    /// ## Source
    /// Anaconda reads an included file after `%pre` has run, and `/dev/disk` on the machine.
    pub(crate) static NOT_KNOWN = "STO036", "plan-not-known", Storage, Info;
}
