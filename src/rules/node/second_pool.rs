use super::custom;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// The kickstart makes more than one thin pool.
    ///
    /// ## Why
    /// The node knows one pool, the one that root is in. It tags, monitors and extends this pool and counts its free
    /// space. A second pool uses space of the same disks and is not monitored.
    ///
    /// ## Example
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=51200
    /// logvol none --vgname=HostVG --name=VarPool --thinpool --size=51200
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=102400
    /// ```
    ///
    /// ## Source
    /// imgbased 1.2.26: the tag `imgbased:pool` is expected once.
    static CODE = "NODE031", "second-thin-pool", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    let Some(root) = view.root_pool() else { return };
    for pool in view.pools.iter().filter(|p| p.accepted && !std::ptr::eq(p.command, root.command)) {
        findings.push(
            Finding::new(
                &CODE,
                format!(
                    "'{}/{}' is a second thin pool; root is in '{}/{}'",
                    pool.group, pool.name, root.group, root.name
                ),
            )
            .at(pool.command.span)
            .related(root.command.span, "root's pool")
            .help(format!("put its volumes into '{}' and remove the line", root.name)),
        );
    }
}
