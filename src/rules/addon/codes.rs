//! The codes of this family with their documentation.

use node_base::declare_code;
use node_base::diagnostic::Code;

declare_code! {
    /// A word that the `%addon org_ovirt_node` section does not know: a line that starts with another word than
    /// `layout`, `require`, `waive` or `keep-images`, or an option that they or the header do not have.
    ///
    /// ## Why
    /// Anaconda hands the lines of an add-on to the add-on and checks none of them. A misspelt line that nobody
    /// complains about is a constraint that does not hold.
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
    pub static ADDON_UNKNOWN_WORD = "NODE101", "addon-unknown-word", Node, Error;

    /// A value in the `%addon org_ovirt_node` section is missing or is not what its option takes.
    ///
    /// ## Why
    /// `--enforce` is one of `error`, `warn` and `off`; `--min-size` is a whole number of MiB; the path of
    /// `require` is an absolute one; `keep-images` is a number of images. Nothing is guessed from anything else.
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
    pub static ADDON_WRONG_VALUE = "NODE102", "addon-wrong-value", Node, Error;

    /// The `%addon org_ovirt_node` section says the same thing twice, or two things that contradict each other.
    ///
    /// ## Why
    /// Which of `layout --init` and `layout --no-init` was meant cannot be known. The section itself may be given
    /// once. A line that is repeated word for word does no harm and is a warning.
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
    pub static ADDON_REPEATED = "NODE103", "addon-repeated", Node, Error;

    /// The section or a kernel argument names a policy that does not exist.
    ///
    /// ## Why
    /// The layout would be held against nothing. A policy is the name of a built-in one, or an absolute path of
    /// a file in the installer that ends in `.toml`.
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
    pub static ADDON_UNKNOWN_POLICY = "NODE104", "addon-unknown-policy", Node, Error;

    /// The name of the image (NVR: name, version, release) cannot name the volumes of the layout.
    ///
    /// ## Why
    /// The base is a logical volume called `<nvr>` and the layer one called `<nvr>+1`. LVM allows letters,
    /// digits and `+ _ . -`, not at the start a `-`, and reserves some names; imgbased reads back name, version
    /// and release, separated by `-`, and takes volume names of at most 55 characters.
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
    pub static ADDON_INVALID_NVR = "NODE105", "addon-invalid-nvr", Node, Error;

    /// A waiver does not say why.
    ///
    /// ## Why
    /// A finding that is silenced today is read by somebody else in a year. The reason is shown wherever the
    /// waived finding is listed.
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
    /// # ks-lint: waive NODE005 -- lab host, never upgraded
    /// ```
    pub static WAIVER_WITHOUT_REASON = "NODE106", "waiver-without-reason", Node, Error;

    /// A waiver names a code that does not exist, or one that cannot be waived.
    ///
    /// ## Why
    /// It silences nothing. A word that has the form of a code (`NODE999`) is a warning, because the kickstart may be
    /// written for another release of ks-lint; anything else is an error. Findings about waivers and about the section itself cannot be waived: who reads a
    /// kickstart has to be able to rely on what these say.
    ///
    /// ## Example
    /// ```text
    /// waive node5 --reason="lab host"
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// waive NODE005 --reason="lab host"
    /// ```
    pub static WAIVER_OF_UNKNOWN_CODE = "NODE107", "waiver-of-unknown-code", Node, Error;

    /// A constraint of the section asks for less than the policy, or for what the policy forbids.
    ///
    /// ## Why
    /// `require` tightens a policy or adds to it; it never loosens it. A smaller size than the policy's changes
    /// nothing. A volume that the policy forbids (`/usr`) cannot be required. With `keep-images 1` the host has no
    /// room for an upgrade.
    ///
    /// ## Example
    /// ```text
    /// require /usr --min-size=4096
    /// ```
    ///
    /// ## Write instead
    /// Remove the line, or use a policy of your own.
    pub static ADDON_CONFLICTS_WITH_POLICY = "NODE108", "addon-conflicts-with-policy", Node, Error;

    /// An `ovirt_node.` kernel argument is unknown or has a value that it does not take.
    ///
    /// ## Why
    /// Kernel arguments are the last word of the person who boots the host. A misspelt one must not be passed
    /// over: the installation would do what they wanted to prevent.
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
    pub static ADDON_KERNEL_ARGUMENT = "NODE109", "addon-kernel-argument", Node, Error;
}

/// All of them, in order.
pub(super) const CODES: &[&Code] = &[
    &ADDON_UNKNOWN_WORD,
    &ADDON_WRONG_VALUE,
    &ADDON_REPEATED,
    &ADDON_UNKNOWN_POLICY,
    &ADDON_INVALID_NVR,
    &WAIVER_WITHOUT_REASON,
    &WAIVER_OF_UNKNOWN_CODE,
    &ADDON_CONFLICTS_WITH_POLICY,
    &ADDON_KERNEL_ARGUMENT,
];
