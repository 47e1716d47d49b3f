use super::{append, custom};
use crate::rules::view::On;
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::policy::DeviceType;

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
                let line = view.line_for("/", size, &policy.mount_options);
                let group = group.or(view.groups.first().map(|g| g.name)).unwrap_or("HostVG");
                finding.help(match pool {
                    Some(_) => format!("write\n{line}"),
                    None => format!(
                        "no thin pool is made; write\nlogvol none --vgname={group} --name=HostPool --thinpool --size=1 \
                         --grow\n{line}"
                    ),
                })
            }
        };
    }
    findings.push(finding);
}
