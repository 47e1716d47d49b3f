//! What pools and volume groups have to hold, added up once for a kickstart.

use super::view::{Group, Pool};
use foldhash::HashMap;
use kickstart::Command;
use node_base::source::Span;
use node_base::units::MiB;

/// Stated sizes, by pool and by volume group.
#[derive(Debug, Default)]
pub(super) struct Sums<'a> {
    promised: HashMap<(&'a str, &'a str), Promised>,
    thick: HashMap<&'a str, MiB>,
    physical: HashMap<&'a str, Physical>,
}

/// What the thin volumes of a pool have together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promised {
    /// As far as it is stated.
    pub(super) sum: MiB,
    /// Whether that is all: a percentage is not known.
    pub(super) exact: bool,
}

/// The partitions that a volume group is made of, where each has a stated size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Physical {
    /// Where the first size stands.
    pub(super) span: Span,
    /// Together.
    pub(super) total: MiB,
    /// Whether one of them grows, or exists already.
    pub(super) grows: bool,
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
    pub(super) fn promised(&self, pool: &Pool<'_>) -> Promised {
        let nothing = Promised { sum: MiB(0), exact: true };
        self.promised.get(&(pool.group, pool.name)).copied().unwrap_or(nothing)
    }

    /// The thick volumes and the other pools of the pool's volume group, as far as they are stated.
    pub(super) fn beside(&self, pool: &Pool<'_>) -> MiB {
        let own = positive(pool.command, "--size").filter(|_| !pool.command.has("--percent"));
        self.thick.get(pool.group).copied().unwrap_or_default() - own.unwrap_or_default()
    }

    /// The partitions of the pool's volume group, where each has a stated size.
    pub(super) fn physical(&self, pool: &Pool<'_>) -> Option<Physical> {
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

/// The value of an option that counts MiB.
pub(super) fn positive(command: &Command<'_>, option: &str) -> Option<MiB> {
    command.int(option).and_then(|n| u64::try_from(n).ok()).map(MiB)
}
