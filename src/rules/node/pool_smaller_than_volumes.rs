use super::view::{Pool, Size};
use super::{View, custom, mib, replace};
use crate::declare_code;
use crate::diagnostic::{Finding, Findings, Safety, Severity};
use crate::rules::Context;
use crate::units::MiB;

declare_code! {
    /// The pool's stated size is less than that of its thin volumes together, and will be raised.
    ///
    /// ## Why
    /// Anaconda does not promise more than the pool has: it silently makes the pool as large as the sum of its thin
    /// volumes. That is no error as long as the volume group has the room; where it has not, the installation stops
    /// with "not enough free space in volume group", and the number in the kickstart does not tell why.
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
    pub(super) static CODE = "NODE015", "pool-smaller-than-volumes", Node, Info;
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    for pool in view.pools.iter().filter(|p| p.accepted) {
        let Some(stated) = pool.size.at_least() else { continue };
        let (sum, exact) = promised(view, pool);
        if sum <= stated {
            continue;
        }
        let at_least = if exact && matches!(pool.size, Size::Fixed(_)) { "" } else { "at least " };
        let (others, _) = thick_beside(view, pool);
        let needs = with_reserve(view, pool, sum + others + metadata(pool, sum));
        let message = format!(
            "the pool '{}' is stated as {stated}, but its thin volumes are {}{}: the pool will be {at_least}{sum}, the \
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
        if let Some((physical, sizes)) = physical_volumes(view, pool)
            && sizes < needs
        {
            finding = if sizes < sum + others && !physical_volumes_grow(view, pool) {
                finding
                    .severity(Severity::Error)
                    .related(physical, format!("the physical volumes have {sizes}, and none of them grows"))
                    .help(format!(
                        "make the physical volumes {} together, or the thin volumes smaller",
                        mib(needs)
                    ))
            } else {
                finding.related(
                    physical,
                    format!("the physical volumes are stated as {sizes} and have to have {}", mib(needs)),
                )
            };
        }
        if let Some(value) = pool.command.value("--size") {
            finding = finding.fix(replace(
                value.span,
                "state the size that it will have",
                sum.0.to_string(),
                Safety::Safe,
            ));
        }
        findings.push(finding);
    }
}

/// What the pool's thin volumes promise together, and whether that is all (a percentage is not known).
pub(super) fn promised(view: &View<'_>, pool: &Pool<'_>) -> (MiB, bool) {
    let mut exact = true;
    let sum = view
        .thin_in(pool)
        .map(|command| {
            let size = command.int("--size").and_then(|n| u64::try_from(n).ok()).map(MiB);
            if size.is_none() || command.has("--percent") {
                exact = false;
            }
            size.filter(|_| !command.has("--percent")).unwrap_or_default()
        })
        .sum();
    (sum, exact)
}

/// The thick volumes and other pools of the pool's volume group, as far as known, and whether that is all.
pub(super) fn thick_beside(view: &View<'_>, pool: &Pool<'_>) -> (MiB, bool) {
    let mut exact = true;
    let sum = view
        .logvols
        .iter()
        .filter(|c| !c.has("--thin") && !std::ptr::eq(**c, pool.command))
        .filter(|c| c.value("--vgname").is_some_and(|v| v.text == pool.group))
        .map(|command| {
            let size = command.int("--size").and_then(|n| u64::try_from(n).ok()).map(MiB);
            if size.is_none()
                || ["--percent", "--grow", "--recommended", "--hibernation"].iter().any(|o| command.has(o))
            {
                exact = false;
            }
            size.filter(|_| !command.has("--percent")).unwrap_or_default()
        })
        .sum();
    (sum, exact)
}

/// The metadata of a pool of this size and its spare copy.
fn metadata(pool: &Pool<'_>, size: MiB) -> MiB {
    let stated = pool.command.int("--metadatasize").and_then(|n| u64::try_from(n).ok()).map(MiB);
    let one =
        stated.unwrap_or_else(|| super::pool_metadata::automatic(size, pool.command.int("--chunksize")));
    one + one
}

/// What a volume group has to have so that so much of it can be used beside what it keeps free.
fn with_reserve(view: &View<'_>, pool: &Pool<'_>, used: MiB) -> MiB {
    let Some(group) = view.group(pool.group) else { return used };
    let positive = |option| group.command.int(option).and_then(|n| u64::try_from(n).ok());
    match (positive("--reserved-percent"), positive("--reserved-space")) {
        (Some(percent @ 1..=99), _) => {
            let total = (u128::from(used.0) * 100).div_ceil(u128::from(100 - percent));
            MiB(u64::try_from(total).unwrap_or(u64::MAX))
        }
        (_, Some(space)) => used + MiB(space),
        _ => used,
    }
}

/// The partitions that the pool's volume group is made of, and their sizes together, when each has one.
pub(super) fn physical_volumes(view: &View<'_>, pool: &Pool<'_>) -> Option<(crate::source::Span, MiB)> {
    let group = view.group(pool.group)?;
    let mut members = group.command.positionals().skip(1).peekable();
    let mut first = None;
    members.peek()?;
    let mut sum = MiB(0);
    for member in members {
        let part = view.partitions.iter().find(|c| c.first().is_some_and(|m| m.text == member.text))?;
        let size = u64::try_from(part.int("--size")?).ok().map(MiB)?;
        first = first.or(part.option_span("--size"));
        sum = sum + size;
    }
    Some((first?, sum))
}

/// Whether a partition of the pool's volume group grows, or exists already.
pub(super) fn physical_volumes_grow(view: &View<'_>, pool: &Pool<'_>) -> bool {
    let Some(group) = view.group(pool.group) else { return true };
    group.command.positionals().skip(1).any(|member| {
        view.partitions
            .iter()
            .filter(|c| c.first().is_some_and(|m| m.text == member.text))
            .any(|c| c.has("--grow") || c.has("--onpart") || c.has("--useexisting"))
    })
}
