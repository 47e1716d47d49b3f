//! Software RAID.

use node_base::declare_code;

declare_code! {
    /// A RAID level needs more members, or does not know this option.
    ///
    /// ## Why
    /// raid0 and raid1 need two members, raid4 and raid5 three, raid6 and raid10 four.
    ///
    /// ## Example
    /// ```text
    /// raid / raid.01 raid.02 --level=10 --device=root
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// raid / raid.01 raid.02 --level=1 --device=root
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14, `devicelibs/raid.py`.
    pub(crate) static RAID_MEMBERS = "STO015", "raid-members", Storage, Error;
}
