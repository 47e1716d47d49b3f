//! What is reported about the kind of a file.

use node_base::declare_code;
use node_base::diagnostic::Code;

declare_code! {
    /// The file is not a kickstart: it is written in the language of another installer or program.
    ///
    /// ## Why
    /// ESXi, Debian, Ubuntu, SUSE and others have answer files of their own; some have the same name, or share a few
    /// commands with a kickstart. Anaconda stops at the first line that it does not know. Findings about single lines
    /// would not help, so this is the only one.
    ///
    /// ## Example
    /// ```text
    /// vmaccepteula
    /// install --firstdisk --overwritevmfs
    /// ```
    ///
    /// ## Write instead
    /// A kickstart of Anaconda, or give the file to the program that it is for.
    ///
    /// ## Source
    /// VMware, ESXi installation and setup; Debian, installation guide, appendix B; Ubuntu, `kickseed` and autoinstall;
    /// SUSE, AutoYaST and Agama; Fedora CoreOS, Butane and Ignition.
    pub(super) static OTHER_LANGUAGE = "KS035", "other-language", Syntax, Error;

    /// The file is a template: an engine replaces its marks before the installer reads it.
    ///
    /// ## Why
    /// What the marks become is not known here. Lines with a mark are not checked, and nothing is reported as missing or
    /// as given twice, because a mark may hold it or choose between two lines. The other lines are checked.
    ///
    /// Known are the marks of Jinja2 (Ansible, Salt, Beaker), ERB (Foreman, Satellite, Puppet, Chef), Go (Digital Rebar),
    /// Cheetah (Cobbler), Terraform and Packer, xCAT, and `@NAME@`.
    ///
    /// ## Example
    /// ```text
    /// network --device={{ nic }} --bootproto=dhcp
    /// ```
    ///
    /// ## Write instead
    /// Render the template and check the result.
    pub(super) static TEMPLATE = "STY012", "template", Style, Info;
}

/// The codes of this room.
pub(crate) const CODES: &[&Code] = &[&OTHER_LANGUAGE, &TEMPLATE];
