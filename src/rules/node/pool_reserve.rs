use super::{append, custom, replace};
use crate::rules::view::{Pool, Size, View};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};
use node_base::policy::Policy;

declare_code! {
    /// The volume group keeps too little space free to extend the thin pool.
    ///
    /// ## Why
    /// LVM extends the data and metadata of a thin pool before they are full, but only into free space of the volume
    /// group. A full pool stops every volume in it. `autopart` keeps 20 % out of the pool; your own pool with `--grow`
    /// uses everything unless the volume group keeps a reserve. Metadata that could not be extended has broken upgrades.
    ///
    /// ## Example
    /// ```text
    /// volgroup HostVG pv.01
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=1 --grow
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// volgroup HostVG pv.01 --reserved-percent=20
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=1 --grow
    /// ```
    ///
    /// ## Source
    /// oVirt's documentation on custom partitioning (20 % of the volume group stay free); Anaconda, autopart of type
    /// thinp; rhbz#1432359, rhbz#1473175.
    static CODE = "NODE016", "pool-without-reserve", Node, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((policy, view)) = custom(context) else { return };
    let Some(wanted) = policy.pool.reserve_percent.filter(|p| *p > 0) else { return };
    for pool in view.pools.iter().filter(|p| p.accepted) {
        // A volume group that exists, or is not made here, may have any size.
        let Some(group) = view.group(pool.group).filter(|g| g.command.valid) else { continue };
        if group.command.has("--useexisting") || group.command.has("--noformat") {
            continue;
        }
        let reserved = group.command.int("--reserved-percent");
        if let Some(percent) = reserved {
            if percent < i64::from(wanted) {
                let message = format!(
                    "the volume group '{}' keeps {percent} % free; the policy {} asks for {wanted} %",
                    group.name, policy.name
                );
                let value = group.command.value("--reserved-percent").map(|v| v.span);
                let mut finding = Finding::new(&CODE, message)
                    .at_opt(group.command.option_span("--reserved-percent"))
                    .help(format!("write '--reserved-percent={wanted}'"));
                if let Some(value) = value {
                    let title = format!("keep {wanted} % free");
                    finding = finding.fix(replace(value, title, wanted.to_string(), Applicability::Unsafe));
                }
                findings.push(finding);
            }
            continue;
        }
        if group.command.has("--reserved-space") {
            // Whether that is enough depends on the disks.
            continue;
        }
        let Some((message, help)) = too_little(view, policy, pool, wanted) else { continue };
        let place = ["--grow", "--percent", "--size"].iter().find_map(|o| pool.command.option_span(o));
        let mut finding = Finding::new(&CODE, message)
            .at(place.unwrap_or(pool.command.span))
            .related(group.command.span, "the volume group");
        finding = match help {
            Help::Reserve => {
                let words = format!("--reserved-percent={wanted}");
                let title = format!("keep {wanted} % of the volume group free");
                finding.help(format!("add '{words}' to 'volgroup {}'", group.name)).fix(append(
                    group.command,
                    title,
                    &words,
                    Applicability::Unsafe,
                ))
            }
            Help::Words(words) => finding.help(words),
        };
        findings.push(finding);
    }
}

/// How to keep space free.
enum Help {
    /// Let the volume group keep a reserve.
    Reserve,
    /// Something else.
    Words(String),
}

/// What is wrong with a pool in a volume group without a reserve of its own; `None` if nothing is, or it is not known.
fn too_little(view: &View<'_>, policy: &Policy, pool: &Pool<'_>, wanted: u8) -> Option<(String, Help)> {
    if let Some(percent) = pool.command.int("--percent") {
        let most = 100 - i64::from(wanted);
        let message = format!(
            "the pool '{}' uses {percent} % of the volume group '{}'; the policy {} asks for {wanted} % to stay free",
            pool.name, pool.group, policy.name
        );
        return (percent > most).then(|| (message, Help::Words(format!("write '--percent={most}'"))));
    }
    match pool.size {
        Size::Grows(_, None) => Some((
            format!(
                "the pool '{}' grows to all of the volume group '{}'; the policy {} asks for {wanted} % to stay free",
                pool.name, pool.group, policy.name
            ),
            Help::Reserve,
        )),
        Size::Fixed(stated) => {
            // Only where every physical volume has a stated size that cannot grow.
            let total = view.sums.physical(pool).filter(|p| !p.grows)?.total;
            let used = view.sums.promised(pool).sum.max(stated) + view.sums.beside(pool);
            let free = total - used;
            let short = u128::from(free.0) * 100 < u128::from(total.0) * u128::from(wanted);
            // Another rule reports volumes that are larger than the group.
            if !short || used > total {
                return None;
            }
            let message = format!(
                "{free} of the volume group '{}' ({total}) stay free, {} %; the policy {} asks for {wanted} %",
                pool.group,
                u128::from(free.0) * 100 / u128::from(total.0.max(1)),
                policy.name
            );
            let enough = (u128::from(used.0) * 100).div_ceil(u128::from(100 - wanted.min(99)));
            Some((
                message,
                Help::Words(format!("make the physical volumes {enough} MiB together, or the pool smaller")),
            ))
        }
        Size::Grows(_, Some(_)) | Size::Unknown => None,
    }
}
