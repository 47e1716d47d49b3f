use super::custom;
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// A volume of the policy is not a thin volume in the pool that root is in.
    ///
    /// ## Why
    /// Images and data share one pool: it is monitored and extended, and space that one volume frees serves the others. A
    /// thick volume uses its full size at once, and another pool is not monitored.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --fsoptions="defaults,discard" --size=5120
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation on custom partitioning: all volumes are thin volumes in one pool.
    static CODE = "NODE008", "volume-not-in-pool", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    // Where root is not thin, or its pool does not exist, that is the finding.
    let Some(root_pool) = view.root_pool() else { return };
    for volume in view.volumes.iter().filter(|v| v.accepted && policy.volume(v.mount).is_some()) {
        let message = match volume.on {
            On::Thin(group, pool) if group == root_pool.group && pool == root_pool.name => continue,
            // A missing pool is another finding, and an existing device is not known.
            On::Thin(group, pool) if view.pool(group, pool).is_none() => continue,
            On::Existing => continue,
            On::Thin(group, pool) => {
                format!(
                    "{} is in the pool {group}/{pool}, root in {}/{}",
                    volume.mount, root_pool.group, root_pool.name
                )
            }
            on => format!(
                "{} is {}, not a thin volume in root's pool {}/{}",
                volume.mount,
                on.described(),
                root_pool.group,
                root_pool.name
            ),
        };
        let size = volume.size.at_least().or(policy.volume(volume.mount).and_then(|v| v.recommended));
        let line = view.line_for(volume.mount, size.unwrap_or_default(), &policy.mount_options);
        findings.push(
            Finding::new(&CODE, message)
                .at(volume.command.span)
                .related(root_pool.command.span, "root's pool")
                .help(format!("write '{line}'"))
                .fix(Fix::replace(
                    volume.command.span,
                    &line,
                    "put it in root's pool",
                    Applicability::Unsafe,
                )),
        );
    }
}
