use super::{append, custom, replace};
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::policy::DeviceType;
use node_base::source::line_end_at;

declare_code! {
    /// The root file system is not on a thin logical volume.
    ///
    /// ## Why
    /// The installed image is frozen as a thin snapshot (the base) and booted from another one (the layer). Without
    /// a thin volume there is nothing to take snapshots of: `imgbase layout --init` fails, and an installer with the
    /// node's profile refuses the partitioning ("Your root partition must be on a device of type: LVM Thin
    /// Provisioning.").
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=HostVG --name=root --size=10240
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=1 --grow
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --fsoptions="defaults,discard" --size=10240
    /// ```
    ///
    /// ## Source
    /// Anaconda, profile `ovirt`: `root_device_types = LVM_THINP`; rhbz#1331278.
    static CODE = "NODE001", "root-not-thin", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let Some(root) = view.volume("/") else { return };
    let device = match root.on {
        On::Partition => DeviceType::Partition,
        On::Raid => DeviceType::Md,
        On::Thick => DeviceType::Lvm,
        On::Thin(..) => DeviceType::LvmThinp,
        On::Btrfs => DeviceType::Btrfs,
        // What the device is cannot be known.
        On::Existing => return,
    };
    if policy.root.device_types.is_empty() || policy.root.device_types.contains(&device) {
        return;
    }
    let wanted: Vec<_> = policy.root.device_types.iter().map(|t| t.described()).collect();
    let message = format!(
        "/ is {}, the policy {} wants it on {}",
        root.on.described(),
        policy.name,
        wanted.join(" or ")
    );
    let mut finding = Finding::new(&CODE, message).at(root.command.span).label(root.on.described());
    if policy.wants_thin_root() {
        let group = root.command.value("--vgname").map(|v| v.text.as_ref());
        let pool = view.pools.iter().find(|p| p.accepted && group.is_none_or(|g| g == p.group));
        finding = match (root.on, pool) {
            (On::Thick, Some(pool)) => {
                let words = format!("--thin --poolname={}", pool.name);
                finding
                    .help(format!("add '{words}'"))
                    .related(pool.command.span, "the thin pool")
                    .fix(append(root.command, "make it a thin volume", &words, Applicability::Unsafe))
            }
            _ => {
                let size = root
                    .size
                    .at_least()
                    .or(policy.root.recommended)
                    .unwrap_or(node_base::units::MiB::from_gib(6));
                let mut lines = Vec::new();
                if view.reqpart.is_none() && view.volume("/boot").is_none() {
                    lines.push("reqpart --add-boot".to_owned());
                }
                if pool.is_none() {
                    let known = group.or(view.groups.first().map(|g| g.name));
                    if known.is_none() {
                        lines.extend(group_lines(context));
                    }
                    lines.push(format!(
                        "logvol none --vgname={} --name=HostPool --thinpool --size={} --grow",
                        known.unwrap_or(NEW_GROUP),
                        size.0
                    ));
                }
                lines.push(view.line_for("/", size, &policy.mount_options));
                let made = if pool.is_some() { "" } else { "no thin pool is made; " };
                let end = line_end_at(context.sources.get(root.command.span.file).text(), 0);
                finding.help(format!("{made}write instead of this line\n{}", lines.join("\n"))).fix(replace(
                    root.command.span,
                    "make root a thin volume",
                    lines.join(end),
                    Applicability::Unsafe,
                ))
            }
        };
    }
    findings.push(finding);
}

/// The volume group that is made where there is none; [`View::line_for`](crate::rules::view::View::line_for) names it, too.
const NEW_GROUP: &str = "HostVG";

/// The lines that make a volume group, with a physical volume that no other group has.
fn group_lines(context: &Context<'_>) -> [String; 2] {
    let is_taken = |name: &str| {
        let commands = context.kickstart.among(&["part", "raid", "volgroup"]);
        commands.flat_map(|c| c.positionals()).any(|v| v.text == name)
    };
    let free = (1..100).map(|n| format!("pv.{n:02}")).find(|name| !is_taken(name));
    let name = free.unwrap_or_else(|| "pv.host".to_owned());
    [format!("part {name} --size=1 --grow"), format!("volgroup {NEW_GROUP} {name}")]
}
