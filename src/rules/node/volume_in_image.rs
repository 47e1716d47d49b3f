use super::custom;
use crate::rules::{Context, Rule, mend};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// A part of the image, such as `/usr`, is a volume of its own.
    ///
    /// ## Why
    /// An image is one file system: its base is a snapshot of root. Files on another volume are not frozen with it, not
    /// replaced by an upgrade and not restored by a rollback. The `/usr` of the next image would run with the `/etc` of
    /// this one, or the other way round.
    ///
    /// ## Example
    /// ```text
    /// logvol /usr --vgname=HostVG --name=usr --thin --poolname=HostPool --size=6144
    /// ```
    ///
    /// ## Write instead
    /// Nothing: remove the line, and give its size to `/`.
    ///
    /// ## Source
    /// oVirt's documentation on custom partitioning: no separate `/usr`.
    static CODE = "NODE009", "separate-usr", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    for volume in
        view.volumes.iter().filter(|v| v.accepted && policy.not_separate.iter().any(|m| m == v.mount))
    {
        let message = format!("{} is a volume of its own; it belongs to the image, on root", volume.mount);
        let size = match (volume.size.at_least(), view.volume("/").and_then(|v| v.size.at_least())) {
            (Some(this), Some(root)) => format!(" and give its size to / ('--size={}')", (this + root).0),
            _ => String::new(),
        };
        findings.push(
            Finding::new(&CODE, message)
                .at(volume.mount_span.to(volume.command.span))
                .label("not part of the base")
                .help(format!("remove the line{size}"))
                .fix(mend::delete_line(context.sources, volume.command.span, Applicability::Unsafe)),
        );
    }
}
