//! Codes about the machine and its programs.

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
}
