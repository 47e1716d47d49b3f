use super::custom;
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// Root is encrypted above the thin pool instead of below it.
    ///
    /// ## Why
    /// A base is a snapshot of root's volume, and gets a new file-system UUID. With `--encrypted` on the volume the
    /// snapshot holds a LUKS container and no file system: the layout's initialisation fails. Encrypting the physical
    /// volume encrypts everything in the pool once.
    ///
    /// ## Example
    /// ```text
    /// part pv.01 --size=1 --grow
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240 --encrypted
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// part pv.01 --size=1 --grow --encrypted
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26: `tune2fs` and `xfs_admin` on the snapshot itself.
    static CODE = "NODE032", "root-encrypted-above-pool", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    let Some(root) = view.volume("/").filter(|v| matches!(v.on, On::Thin(..))) else { return };
    if let Some(span) = root.command.option_span("--encrypted") {
        findings.push(
            Finding::new(&CODE, "/ is encrypted above the thin pool: no base can be made of it")
                .at(span)
                .help("leave out '--encrypted' here and add it to the 'part pv.…' of the volume group"),
        );
    }
}
