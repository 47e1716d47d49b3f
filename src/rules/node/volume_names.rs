use super::custom;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::names::{NameError, check_group, check_volume};
use node_base::source::Spanned;

declare_code! {
    /// A volume or volume group has a name that LVM or the node refuses.
    ///
    /// ## Why
    /// LVM allows letters, digits and `+ _ . -`, no `-` at the start, and reserves some names for its own hidden volumes.
    /// Anaconda and imgbased allow at most 55 characters. Some of these names stop the installation early, others only
    /// when the volume is made.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var/volume --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Source
    /// lvm(8), "Valid names"; blivet, `is_lvm_name_valid`; imgbased 1.2.26, `lvm.py`.
    static CODE = "NODE027", "volume-name-refused", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    let mut refuse = |what: &str, name: &Spanned<'_>, checked: Result<(), NameError>| {
        if let Err(error) = checked {
            findings.push(
                Finding::new(&CODE, format!("the {what} {error}"))
                    .at(name.span)
                    .help("use letters, digits, '_' and '.'"),
            );
        }
    };
    for name in view.groups.iter().filter(|g| g.command.valid).filter_map(|g| g.command.first()) {
        refuse("volume group", name, check_group(&name.text));
    }
    for name in view.logvols.iter().filter_map(|c| c.value("--name")) {
        refuse("volume", name, check_volume(&name.text));
    }
}
