use super::{custom, mib, replace};
use crate::rules::view::{Physical, Pool, Promised, Size, View, automatic_metadata, positive};
use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use node_base::units::MiB;

declare_code! {
    /// The pool is smaller than its thin volumes together; Anaconda will make it larger.
    ///
    /// ## Why
    /// Anaconda does not overcommit: it silently makes the pool as large as the sum of its thin volumes. That works as
    /// long as the volume group has room for it. Otherwise the installation stops with "not enough free space in volume
    /// group", and the size in the kickstart does not show why.
    ///
    /// ## Example
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=10240
    /// logvol /    --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=15360
    /// ```
    ///
    /// ## Source
    /// Anaconda 33.16 to 45.21 with blivet: a thin pool's base size is the larger of the two.
    static CODE = "NODE015", "pool-smaller-than-volumes", Node, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    for pool in view.pools.iter().filter(|p| p.accepted) {
        let Some(stated) = pool.size.at_least() else { continue };
        let Promised { sum, exact } = view.sums.promised(pool);
        if sum <= stated {
            continue;
        }
        let at_least = if exact && matches!(pool.size, Size::Fixed(_)) { "" } else { "at least " };
        let others = view.sums.beside(pool);
        let needs = with_reserve(view, pool, sum + others + metadata(pool, sum));
        let message = format!(
            "the pool '{}' has {stated}, but its thin volumes have {}{}: the pool will have {at_least}{sum}, and the \
             volume group '{}' needs at least {}",
            pool.name,
            if exact { "" } else { "at least " },
            mib(sum),
            pool.group,
            mib(needs),
        );
        let mut finding = Finding::new(&CODE, message)
            .at(pool.command.option_span("--size").unwrap_or(pool.command.span))
            .label(format!("becomes {at_least}{sum}"))
            .help(format!("write '--size={}', and make sure that the disks have {}", sum.0, mib(needs)));
        if let Some(Physical { span, total, grows }) = view.sums.physical(pool)
            && total < needs
        {
            finding = if total < sum + others && !grows {
                finding
                    .severity(Severity::Error)
                    .related(span, format!("the physical volumes have {total}, and none of them grows"))
                    .help(format!(
                        "make the physical volumes {} together, or the thin volumes smaller",
                        mib(needs)
                    ))
            } else {
                finding.related(span, format!("the physical volumes have {total} and need {}", mib(needs)))
            };
        }
        if let Some(value) = pool.command.value("--size") {
            finding = finding.fix(replace(
                value.span,
                "write the size that the pool will have",
                sum.0.to_string(),
                Applicability::Safe,
            ));
        }
        findings.push(finding);
    }
}

/// The metadata of a pool of this size and its spare copy.
fn metadata(pool: &Pool<'_>, size: MiB) -> MiB {
    let stated = positive(pool.command, "--metadatasize");
    let one = stated.unwrap_or_else(|| automatic_metadata(size, pool.command.int("--chunksize")));
    one + one
}

/// The size that a volume group needs so that this much of it can be used beside its reserve.
fn with_reserve(view: &View<'_>, pool: &Pool<'_>, used: MiB) -> MiB {
    let Some(group) = view.group(pool.group) else { return used };
    match (group.command.int("--reserved-percent"), positive(group.command, "--reserved-space")) {
        (Some(percent @ 1..=99), _) => {
            let total = (u128::from(used.0) * 100).div_ceil(100 - percent.unsigned_abs() as u128);
            MiB(u64::try_from(total).unwrap_or(u64::MAX))
        }
        (_, Some(space)) => used + space,
        _ => used,
    }
}
