use super::pool_smaller_than_volumes::{physical_volumes, promised, thick_beside};
use super::view::{Pool, Size};
use super::{View, append, custom, replace};
use crate::declare_code;
use crate::diagnostic::{Finding, Findings, Safety};
use crate::policy::Policy;
use crate::rules::Context;
use crate::units::MiB;

declare_code! {
    /// The volume group keeps too little free for the thin pool to be extended.
    ///
    /// ## Why
    /// LVM extends a thin pool by itself before it is full, and the metadata when it is needed, but only from free
    /// space of the volume group. A pool that runs full stops every volume in it. `autopart` keeps 20 % out of the
    /// pool; a pool of your own with `--grow` takes everything unless the volume group keeps a reserve. Metadata that
    /// could not be extended has broken upgrades.
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
    pub(super) static CODE = "NODE016", "pool-without-reserve", Node, Warning;
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
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
                    "the volume group '{}' keeps {percent} % free; the policy {} wants {wanted} %",
                    group.name, policy.name
                );
                let value = group.command.value("--reserved-percent").map(|v| v.span);
                let mut finding = Finding::new(&CODE, message)
                    .at_opt(group.command.option_span("--reserved-percent"))
                    .help(format!("write '--reserved-percent={wanted}'"));
                if let Some(value) = value {
                    let title = format!("keep {wanted} % free");
                    finding = finding.fix(replace(value, title, wanted.to_string(), Safety::Unsafe));
                }
                findings.push(finding);
            }
            continue;
        }
        if group.command.has("--reserved-space") {
            // Whether that is enough depends on the disks.
            continue;
        }
        let Some(message) = too_little(view, policy, pool, wanted) else { continue };
        let words = format!("--reserved-percent={wanted}");
        findings.push(
            Finding::new(&CODE, message)
                .at(pool
                    .command
                    .option_span("--grow")
                    .or_else(|| pool.command.option_span("--percent"))
                    .or_else(|| pool.command.option_span("--size"))
                    .unwrap_or(pool.command.span))
                .related(group.command.span, "the volume group")
                .help(format!("add '{words}' to 'volgroup {}'", group.name))
                .fix(append(
                    group.command,
                    format!("keep {wanted} % of the volume group free"),
                    &words,
                    Safety::Unsafe,
                )),
        );
    }
}

/// What is wrong with a pool in a volume group without a stated reserve, if that can be known.
fn too_little(view: &View<'_>, policy: &Policy, pool: &Pool<'_>, wanted: u8) -> Option<String> {
    if let Some(percent) = pool.command.int("--percent") {
        let free = 100i64.saturating_sub(percent);
        return (free < i64::from(wanted)).then(|| {
            format!(
                "the pool '{}' takes {percent} % of the volume group '{}'; the policy {} wants {wanted} % to stay free",
                pool.name, pool.group, policy.name
            )
        });
    }
    match pool.size {
        Size::Grows(_, None) => Some(format!(
            "the pool '{}' grows to all that the volume group '{}' has; the policy {} wants {wanted} % to stay free",
            pool.name, pool.group, policy.name
        )),
        Size::Fixed(stated) => {
            // Only where every physical volume has a stated size that cannot grow.
            let (_, total) = physical_volumes(view, pool).filter(|_| !physical_volumes_grow(view, pool))?;
            let (sum, _) = promised(view, pool);
            let used = sum.max(stated) + thick_beside(view, pool).0;
            let free = total - used;
            let short = u128::from(free.0) * 100 < u128::from(total.0) * u128::from(wanted);
            (short && used <= total && total > MiB(0)).then(|| {
                format!(
                    "{} MiB of the volume group '{}' ({total}) stay free, {} %; the policy {} wants {wanted} %",
                    free.0,
                    pool.group,
                    u128::from(free.0) * 100 / u128::from(total.0),
                    policy.name
                )
            })
        }
        Size::Grows(_, Some(_)) | Size::Unknown => None,
    }
}

fn physical_volumes_grow(view: &View<'_>, pool: &Pool<'_>) -> bool {
    let Some(group) = view.group(pool.group) else { return true };
    group.command.positionals().skip(1).any(|member| {
        view.partitions
            .iter()
            .filter(|c| c.first().is_some_and(|m| m.text == member.text))
            .any(|c| c.has("--grow") || c.has("--onpart") || c.has("--useexisting"))
    })
}
