//! Names of devices and members.

use node_base::declare_code;

declare_code! {
    /// Two commands make devices of the same name, or the name belongs to something that is there.
    ///
    /// ## Why
    /// Anaconda finds devices by name; a second one of the same name stops it.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=vg0 --name=var --size=5000
    /// logvol /srv --vgname=vg0 --name=var --size=5000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=vg0 --name=var --size=5000
    /// logvol /srv --vgname=vg0 --name=srv --size=5000
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static NAME_IN_USE = "STO011", "name-in-use", Storage, Error;

    /// LVM does not allow this name.
    ///
    /// ## Why
    /// Names have at most 55 letters, digits and `+ _ . -`, and some beginnings (`pvmove`, `snapshot`) and parts
    /// (`_tdata`, `_tmeta`, …) belong to LVM.
    ///
    /// ## Example
    /// ```text
    /// logvol /srv --vgname=vg0 --name=pvmove --size=5000
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /srv --vgname=vg0 --name=srv --size=5000
    /// ```
    ///
    /// ## Source
    /// blivet 3.6 to 3.14, `devicelibs/lvm.py`.
    pub(crate) static INVALID_NAME = "STO012", "invalid-volume-name", Storage, Error;

    /// A volume group or an array names a member that no command makes.
    ///
    /// ## Why
    /// `pv.01` and `raid.10` are names between commands of one kickstart: `part` or `raid` must make what
    /// `volgroup` or `raid` uses.
    ///
    /// ## Example
    /// ```text
    /// part pv.01 --size=1 --grow
    /// volgroup vg0 pv.02
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part pv.01 --size=1 --grow
    /// volgroup vg0 pv.01
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static UNDEFINED_MEMBER = "STO013", "undefined-member", Storage, Error;

    /// A member of a volume group or an array is something else, or does not suit the others.
    ///
    /// ## Why
    /// A volume group consists of physical volumes (`pv.…`), an array of `raid.…` partitions, and all disks of a
    /// group have the same sector size.
    ///
    /// ## Example
    /// ```text
    /// part raid.01 --size=10000
    /// volgroup vg0 raid.01
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part pv.01 --size=10000
    /// volgroup vg0 pv.01
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16, 34.25, 40.22 and 45.21.
    pub(crate) static WRONG_MEMBER = "STO014", "wrong-member", Storage, Error;
}
