//! What can be wrong with the add-on's section, a waiver or a kernel argument.

use node_base::declare_code;
use node_base::diagnostic::Code;

declare_code! {
    /// The `%addon org_ovirt_node` section has an unknown word: a line that does not start with `layout`, `require`,
    /// `waive` or `keep-images`, or an option that the line or the header does not have.
    ///
    /// ## Why
    /// Anaconda passes the lines of an add-on's section to the add-on and checks none of them. A misspelt line that is
    /// accepted silently would be a constraint that does not hold.
    ///
    /// ## Example
    /// ```text
    /// %addon org_ovirt_node --polcy=ovirt-node
    /// keep-image 2
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %addon org_ovirt_node --policy=ovirt-node
    /// keep-images 2
    /// %end
    /// ```
    pub(crate) static ADDON_UNKNOWN_WORD = "NODE101", "addon-unknown-word", Node, Error;

    /// A value in the `%addon org_ovirt_node` section is missing, or its option does not accept it.
    ///
    /// ## Why
    /// `--enforce` is `error`, `warn` or `off`; `--min-size` is a whole number of MiB; the path of `require` is
    /// absolute; `keep-images` is a number of images. Other values are not guessed at.
    ///
    /// ## Example
    /// ```text
    /// require var/log --min-size=8GiB
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// require /var/log --min-size=8192
    /// ```
    pub(crate) static ADDON_WRONG_VALUE = "NODE102", "addon-wrong-value", Node, Error;

    /// The `%addon org_ovirt_node` section gives a setting twice, or two settings that contradict each other.
    ///
    /// ## Why
    /// Nothing shows which of `layout --init` and `layout --no-init` was meant. The section itself may be given once, too. A
    /// line that only repeats a setting does no harm and is a warning.
    ///
    /// ## Example
    /// ```text
    /// keep-images 2
    /// keep-images 3
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// keep-images 3
    /// ```
    pub(crate) static ADDON_REPEATED = "NODE103", "addon-repeated", Node, Error;

    /// The section or a kernel argument names a policy that does not exist.
    ///
    /// ## Why
    /// The layout would not be checked. `--policy` accepts the name of a built-in policy, or the absolute path of a TOML
    /// file in the installer.
    ///
    /// ## Example
    /// ```text
    /// %addon org_ovirt_node --policy=ovirt-nod
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %addon org_ovirt_node --policy=ovirt-node
    /// ```
    pub(crate) static ADDON_UNKNOWN_POLICY = "NODE104", "addon-unknown-policy", Node, Error;

    /// The name of the image (NVR: name, version, release) cannot be the name of a volume.
    ///
    /// ## Why
    /// The base is a logical volume named `<nvr>`, the layer one named `<nvr>+1`. LVM allows letters, digits and
    /// `+ _ . -`, no `-` at the start, and reserves some names. imgbased splits the name at `-` into name, version and
    /// release, and accepts volume names of at most 55 characters.
    ///
    /// ## Example
    /// ```text
    /// %addon org_ovirt_node --nvr="my node"
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %addon org_ovirt_node --nvr=ovirt-node-ng-4.5.6-0.20261121.0
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26 (names of bases and layers), lvm(8), "Valid names".
    pub(crate) static ADDON_INVALID_NVR = "NODE105", "addon-invalid-nvr", Node, Error;

    /// A waiver has no reason.
    ///
    /// ## Why
    /// A year later somebody else reads the waiver. Reports show the reason with the waived finding.
    ///
    /// ## Example
    /// ```text
    /// waive NODE005
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// waive NODE005 --reason="lab host, never upgraded"
    /// ```
    ///
    /// or, in a kickstart without the section,
    ///
    /// ```text
    /// # ks-lint: waive-file NODE005 -- lab host, never upgraded
    /// ```
    pub(crate) static WAIVER_WITHOUT_REASON = "NODE106", "waiver-without-reason", Node, Error;

    /// A waiver names a code that does not exist, or one that cannot be waived.
    ///
    /// ## Why
    /// Such a waiver silences nothing. A word in the form of a code (`NODE999`) is a warning, because the kickstart may be
    /// written for another release of ks-lint; any other word is an error. Findings about waivers and about the section
    /// cannot be waived: readers of a kickstart must be able to rely on them.
    ///
    /// ## Example
    /// ```text
    /// waive NODE5 --reason="lab host"
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// waive NODE005 --reason="lab host"
    /// ```
    pub(crate) static WAIVER_OF_UNKNOWN_CODE = "NODE107", "waiver-of-unknown-code", Node, Error;

    /// A line of the section asks for less than the policy, or for a volume that the policy forbids.
    ///
    /// ## Why
    /// `require` adds constraints to a policy or tightens them; it never loosens them, so a size below the policy's has no
    /// effect. A volume that the policy forbids (`/usr`) cannot be required. With `keep-images 1` the host has no room for
    /// an upgrade.
    ///
    /// ## Example
    /// ```text
    /// require /usr --min-size=4096
    /// ```
    ///
    /// ## Write instead
    /// Remove the line, or use a policy of your own.
    pub(crate) static ADDON_CONFLICTS_WITH_POLICY = "NODE108", "addon-conflicts-with-policy", Node, Error;

    /// A waiver waives nothing.
    ///
    /// ## Why
    /// A waiver that is left behind after its cause is gone would silence the next finding of its kind at that place.
    /// A waiver at the end of a line applies to that line; alone on a line it applies to the next command, or to the
    /// section that begins there. `waive-file` applies to the whole file, also to findings without a place. A waiver
    /// whose finding depends on a policy, disks or included files that this run does not have is not judged.
    ///
    /// ## Example
    /// ```text
    /// lang en_US.UTF-8   # ks-lint: waive SEC001 -- lab host
    /// rootpw --plaintext lab
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// lang en_US.UTF-8
    /// rootpw --plaintext lab   # ks-lint: waive SEC001 -- lab host
    /// ```
    pub(crate) static UNUSED_WAIVER = "STY021", "unused-waiver", Style, Warning;

    /// A waiver alone on its line applies to the next command only, and the file has more such findings.
    ///
    /// ## Why
    /// In early releases such a comment applied to the whole file: a comment above one user hid the password of
    /// another one. Now `waive-file` does that.
    ///
    /// ## Example
    /// ```text
    /// # ks-lint: waive SEC001 -- lab host
    /// rootpw --plaintext lab
    /// user --name=admin --plaintext --password=lab
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// # ks-lint: waive-file SEC001 -- lab host
    /// rootpw --plaintext lab
    /// user --name=admin --plaintext --password=lab
    /// ```
    pub(crate) static WAIVER_OF_ONE_PLACE = "STY022", "waiver-of-one-place", Style, Info;

    /// An `ovirt_node.` kernel argument is unknown or has a value that it does not accept.
    ///
    /// ## Why
    /// Kernel arguments override the kickstart on one host. If a misspelt one were ignored, the installation would do what
    /// the argument was to prevent.
    ///
    /// ## Example
    /// ```text
    /// ovirt_node.layout=no
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// ovirt_node.layout=skip
    /// ```
    pub(crate) static ADDON_KERNEL_ARGUMENT = "NODE109", "addon-kernel-argument", Node, Error;
}

/// All codes of this file, in order. None of them can be waived.
pub const CODES: &[&Code] = &[
    &ADDON_UNKNOWN_WORD,
    &ADDON_WRONG_VALUE,
    &ADDON_REPEATED,
    &ADDON_UNKNOWN_POLICY,
    &ADDON_INVALID_NVR,
    &WAIVER_WITHOUT_REASON,
    &WAIVER_OF_UNKNOWN_CODE,
    &ADDON_CONFLICTS_WITH_POLICY,
    &ADDON_KERNEL_ARGUMENT,
    &UNUSED_WAIVER,
    &WAIVER_OF_ONE_PLACE,
];
