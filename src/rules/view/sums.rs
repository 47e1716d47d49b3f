//! What pools and volume groups must hold, added up once for a kickstart.

use super::model::{Group, Pool, positive};
use foldhash::HashMap;
use kickstart::Command;
use node_base::source::Span;
use node_base::units::{Bytes, MiB};

/// Sizes from the kickstart, by pool and by volume group.
#[derive(Debug, Default)]
pub(crate) struct Sums<'a> {
    promised: HashMap<(&'a str, &'a str), Promised>,
    thick: HashMap<&'a str, MiB>,
    physical: HashMap<&'a str, Physical>,
}

/// What the thin volumes of a pool have together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promised {
    /// Of all volumes with a size.
    pub(crate) sum: MiB,
    /// Whether every volume has a size: what a percentage is of is not known.
    pub(crate) exact: bool,
}

/// The partitions that a volume group consists of, where each has a size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Physical {
    /// The place of the first size.
    pub(crate) span: Span,
    /// Together.
    pub(crate) total: MiB,
    /// Whether one of them grows, or exists already.
    pub(crate) grows: bool,
}

impl<'a> Sums<'a> {
    /// Adds up the accepted `logvol` and `part` commands.
    pub(super) fn of(
        logvols: &[&'a Command<'a>],
        partitions: &[&'a Command<'a>],
        groups: &[Group<'a>],
    ) -> Self {
        let mut sums = Sums::default();
        for command in logvols {
            let Some(group) = command.value("--vgname").map(|v| v.text.as_ref()) else { continue };
            let size = positive(command, "--size").filter(|_| !command.has("--percent"));
            if command.has("--thin") {
                let Some(pool) = command.value("--poolname").map(|v| v.text.as_ref()) else { continue };
                let nothing = Promised { sum: MiB(0), exact: true };
                let promised = sums.promised.entry((group, pool)).or_insert(nothing);
                promised.sum = promised.sum + size.unwrap_or_default();
                promised.exact &= size.is_some();
            } else {
                let thick = sums.thick.entry(group).or_default();
                *thick = *thick + size.unwrap_or_default();
            }
        }
        let by_name: HashMap<&str, &Command<'_>> =
            partitions.iter().filter_map(|c| Some((c.first()?.text.as_ref(), *c))).collect();
        for group in groups {
            if let Some(physical) = physical(group.command, &by_name) {
                sums.physical.insert(group.name, physical);
            }
        }
        sums
    }

    /// What the thin volumes of this pool have together.
    pub(crate) fn promised(&self, pool: &Pool<'_>) -> Promised {
        let nothing = Promised { sum: MiB(0), exact: true };
        self.promised.get(&(pool.group, pool.name)).copied().unwrap_or(nothing)
    }

    /// The thick volumes and the other pools of the pool's volume group that have a size.
    pub(crate) fn beside(&self, pool: &Pool<'_>) -> MiB {
        let own = positive(pool.command, "--size").filter(|_| !pool.command.has("--percent"));
        self.thick.get(pool.group).copied().unwrap_or_default() - own.unwrap_or_default()
    }

    /// The partitions of the pool's volume group, where each has a size.
    pub(crate) fn physical(&self, pool: &Pool<'_>) -> Option<Physical> {
        self.physical.get(pool.group).copied()
    }
}

fn physical(group: &Command<'_>, partitions: &HashMap<&str, &Command<'_>>) -> Option<Physical> {
    let mut sum: Option<Physical> = None;
    for member in group.positionals().skip(1) {
        let part = partitions.get(member.text.as_ref())?;
        let size = positive(part, "--size")?;
        let span = part.option_span("--size")?;
        let grows = ["--grow", "--onpart", "--useexisting"].iter().any(|o| part.has(o));
        sum = Some(match sum {
            None => Physical { span, total: size, grows },
            Some(s) => Physical { span: s.span, total: s.total + size, grows: s.grows || grows },
        });
    }
    sum
}

/// The metadata that LVM gives a pool by default: 64 bytes for each chunk (64 KiB unless given), between
/// 4 MiB and 16978542592 bytes, in extents of 4 MiB.
pub(crate) fn automatic_metadata(pool: MiB, chunk_kib: Option<i64>) -> MiB {
    const EXTENT: Bytes = Bytes(4 << 20);
    let chunk =
        chunk_kib.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(64).saturating_mul(1024);
    let bytes = (u128::from(pool.bytes().0) * 64).div_ceil(u128::from(chunk));
    let bytes = Bytes(bytes.clamp(4 << 20, 16_978_542_592) as u64);
    bytes.extents_ceil(EXTENT).bytes(EXTENT).mib_ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_what_the_installer_was_seen_to_make() {
        assert_eq!(automatic_metadata(MiB(117_412), None), MiB(116), "a pool of 114.66 GiB");
        assert_eq!(automatic_metadata(MiB(1), None), MiB(4), "never less than an extent");
        assert_eq!(automatic_metadata(MiB(102_400), Some(256)), MiB(28), "larger chunks take less");
        assert_eq!(
            automatic_metadata(MiB(u64::MAX), Some(-1)),
            MiB(16192),
            "never more than LVM can address"
        );
    }
}
