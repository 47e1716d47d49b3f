use super::{custom, replace};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// The root file system is of a kind that a base cannot be made of.
    ///
    /// ## Why
    /// A snapshot has the UUID of what it was taken from, so every base and layer gets a new one. That is known for
    /// ext4 (`tune2fs`) and xfs (`xfs_admin`); anything else is refused by the layout's initialisation, by imgbased
    /// only after the snapshot exists.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=HostVG --name=root --fstype=ext3 --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol / --vgname=HostVG --name=root --fstype=ext4 --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26, `imgbase.py`: a new file-system UUID for a snapshot.
    static CODE = "NODE010", "root-filesystem", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = installation_filesystem(context) else { return };
    let allowed = &policy.root.filesystems;
    let command = match view.autopart {
        Some(autopart) => autopart,
        None => match view.volume("/") {
            Some(root) => root.command,
            None => return,
        },
    };
    let Some(kind) = command.value("--fstype") else { return };
    if allowed.is_empty() || allowed.iter().any(|a| *a == kind.text) {
        return;
    }
    let message = format!("/ is {}; a base can be made of {}", kind.text, allowed.join(" or "));
    findings.push(
        Finding::new(&CODE, message)
            .at(command.option_span("--fstype").unwrap_or(kind.span))
            .help(format!("write '--fstype={}'", allowed[0]))
            .fix(replace(
                kind.span,
                format!("make it {}", allowed[0]),
                allowed[0].clone(),
                Applicability::Unsafe,
            )),
    );
}

/// `autopart --fstype` and `logvol --fstype` mean the same here.
fn installation_filesystem<'c, 'a>(
    context: &'c Context<'a>,
) -> Option<(&'a node_base::policy::Policy, &'c super::View<'a>)> {
    super::installation(context).or_else(|| custom(context))
}
