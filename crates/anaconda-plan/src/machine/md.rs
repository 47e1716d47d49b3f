//! Software RAID: levels and the sizes of arrays.
//!
//! Source: blivet's `devicelibs/raid.py` and libblockdev's estimate of the superblock, recomputed on recorded runs.

use node_base::units::Bytes;

/// A RAID level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// `linear`
    Linear,
    /// `raid0`
    Raid0,
    /// `raid1`
    Raid1,
    /// `raid4`
    Raid4,
    /// `raid5`
    Raid5,
    /// `raid6`
    Raid6,
    /// `raid10`
    Raid10,
}

impl Level {
    /// From a kickstart's word: `RAID1`, `raid1`, `1`.
    pub fn from_word(word: &str) -> Option<Level> {
        let word = word.to_ascii_lowercase();
        Some(match word.strip_prefix("raid").unwrap_or(&word) {
            "linear" => Level::Linear,
            "0" | "stripe" => Level::Raid0,
            "1" | "mirror" => Level::Raid1,
            "4" => Level::Raid4,
            "5" => Level::Raid5,
            "6" => Level::Raid6,
            "10" => Level::Raid10,
            _ => return None,
        })
    }

    /// Anaconda's name.
    pub fn name(self) -> &'static str {
        match self {
            Level::Linear => "linear",
            Level::Raid0 => "raid0",
            Level::Raid1 => "raid1",
            Level::Raid4 => "raid4",
            Level::Raid5 => "raid5",
            Level::Raid6 => "raid6",
            Level::Raid10 => "raid10",
        }
    }

    /// The least number of members.
    pub(crate) fn min_members(self) -> usize {
        match self {
            Level::Linear => 1,
            Level::Raid0 | Level::Raid1 => 2,
            Level::Raid4 | Level::Raid5 => 3,
            Level::Raid6 | Level::Raid10 => 4,
        }
    }
}

/// The bytes of each member that the superblock and its headroom need; `member` is the smallest one.
pub fn superblock(member: Bytes) -> Bytes {
    let mut head: u64 = 128 << 20;
    while u128::from(head) << 10 > u128::from(member.0) && head > 1 << 20 {
        head >>= 1;
    }
    Bytes(head)
}

/// The size of an array of these members. `active`: how many of them are not spares.
pub(crate) fn size(
    level: Level,
    members: impl Iterator<Item = Bytes>,
    active: usize,
    chunk: Option<Bytes>,
) -> Bytes {
    let members: Vec<Bytes> = members.collect();
    let Some(&smallest) = members.iter().min() else { return Bytes(0) };
    let chunk = chunk.filter(|c| c.0 > 0).unwrap_or(Bytes(512 << 10));
    let head = superblock(smallest);
    if level == Level::Linear {
        return members.iter().map(|&m| m - head).sum();
    }
    if active < level.min_members() {
        return Bytes(0);
    }
    let data = smallest - head;
    let data = if level == Level::Raid1 { data } else { Bytes(data.0 - data.0 % chunk.0) };
    Bytes(data.0.saturating_mul(data_members(level, active)))
}

/// The size of a btrfs volume of these members: all of them together without a RAID level.
pub(crate) fn btrfs_size(level: Option<Level>, members: impl Iterator<Item = Bytes>) -> Bytes {
    let Some(level) = level else { return members.sum() };
    let (mut smallest, mut count) = (Bytes(u64::MAX), 0);
    for member in members {
        smallest = smallest.min(member);
        count += 1;
    }
    if count < level.min_members() {
        return Bytes(0);
    }
    Bytes(smallest.0.saturating_mul(data_members(level, count)))
}

/// How many times the smallest of so many members an array holds.
fn data_members(level: Level, members: usize) -> u64 {
    let members = members as u64;
    match level {
        Level::Raid0 | Level::Linear => members,
        Level::Raid1 => 1,
        Level::Raid4 | Level::Raid5 => members - 1,
        Level::Raid6 => members - 2,
        Level::Raid10 => members / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_have_the_sizes_of_recorded_installations() {
        let members = |mib: u64, n: usize| std::iter::repeat_n(Bytes(mib << 20), n);
        assert_eq!(size(Level::Raid1, members(1100, 3), 3, None), Bytes(1_152_385_024));
        assert_eq!(size(Level::Raid5, members(21504, 3), 3, None), Bytes(45_063_602_176));
        assert_eq!(size(Level::Raid1, members(76024, 4), 4, None), Bytes(79_649_832_960));
    }

    #[test]
    fn words_of_a_kickstart() {
        assert_eq!(Level::from_word("RAID10"), Some(Level::Raid10));
        assert_eq!(Level::from_word("1"), Some(Level::Raid1));
        assert_eq!(Level::from_word("raid7"), None);
    }
}
