use super::{custom, may_exist};
use crate::rules::{Context, Rule, mend};
use foldhash::{HashMap, HashMapExt};
use kickstart::Command;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix};

declare_code! {
    /// A thin volume names a pool that its volume group does not have.
    ///
    /// ## Why
    /// Anaconda stops with "No thin pool exists with the name …". Often the pool is there, but in another volume
    /// group, or was made without `--thinpool`.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=1 --grow
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16 to 45.21.
    static CODE = "NODE002", "thin-pool-missing", Node, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Most missing pools that are reported.
const MOST: usize = 20;

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    // Each missing pool once: its group and name, the first volume that names it, and how many do.
    let mut missing: Vec<(&str, &str, &Command<'_>, usize)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for command in view.logvols.iter().copied() {
        if !command.has("--thin") || command.has("--useexisting") || command.has("--noformat") {
            continue;
        }
        let (Some(group), Some(pool)) = (command.value("--vgname"), command.value("--poolname")) else {
            continue;
        };
        let (group, pool) = (group.text.as_ref(), pool.text.as_ref());
        if let Some(&at) = places.get(&(group, pool)) {
            missing[at].3 += 1;
        } else if view.pool(group, pool).is_none() {
            places.insert((group, pool), missing.len());
            missing.push((group, pool, command, 1));
        }
    }
    for (group, pool, command, count) in missing.into_iter().take(MOST) {
        let exists_already =
            view.group(group).is_some_and(|g| g.command.has("--useexisting") || g.command.has("--noformat"));
        if exists_already || may_exist(context, &format!("--name={pool}")) {
            continue;
        }
        let named_by = match count {
            1 => String::new(),
            count => format!(", which {count} thin volumes name"),
        };
        let finding =
            Finding::new(&CODE, format!("the volume group '{group}' has no thin pool '{pool}'{named_by}"))
                .at(command.option_span("--poolname").unwrap_or(command.span))
                .label("no such pool");
        let namesake = view.logvols.iter().find(|c| c.value("--name").is_some_and(|n| n.text == pool));
        findings.push(match (view.pools.iter().find(|p| p.name == pool), namesake) {
            (Some(other), _) => finding
                .related(other.command.span, format!("it is in the volume group '{}'", other.group))
                .help(format!(
                    "pool and volumes belong to one volume group: write '--vgname={}'",
                    other.group
                )),
            (None, Some(volume)) => finding
                .related(volume.span, "a volume of this name is made here, but it is not a pool")
                .help("add '--thinpool' to make this volume the pool")
                .fix(mend::add_option(volume, "--thinpool", Applicability::Unsafe)),
            (None, None) => match view.pools.iter().find(|p| p.group == group) {
                Some(near) => finding
                    .related(near.command.span, format!("the pool of '{group}' has the name '{}'", near.name))
                    .help(format!("write '--poolname={}'", near.name))
                    .fix(Fix::replace(
                        command.option_span("--poolname").unwrap_or(command.span),
                        format!("--poolname={}", near.name),
                        format!("write --poolname={}", near.name),
                        Applicability::Unsafe,
                    )),
                None => finding.help(format!(
                    "write 'logvol none --vgname={group} --name={pool} --thinpool --size=1 --grow' before it"
                )),
            },
        });
    }
}
