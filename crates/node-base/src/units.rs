//! Sizes as types: an amount always says what it counts.

use std::fmt;
use std::ops::{Add, Sub};

/// A size in bytes. Wide enough that no kickstart's arithmetic overflows (sizes in a kickstart are unbounded).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A size in MiB (2^20 bytes): the unit of `--size` in a kickstart.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct MiB(pub u64);

/// A number of LVM physical extents; how large one is belongs to the volume group.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Extents(pub u64);

impl MiB {
    /// The same size in bytes; saturates at 16 EiB.
    pub fn bytes(self) -> Bytes {
        Bytes(self.0.saturating_mul(1 << 20))
    }

    /// So many GiB.
    pub const fn from_gib(gib: u64) -> MiB {
        MiB(gib * 1024)
    }
}

impl Bytes {
    /// One MiB.
    pub const MIB: Bytes = Bytes(1 << 20);
    /// One GiB.
    pub const GIB: Bytes = Bytes(1 << 30);

    /// Whole MiB, rounded down.
    pub fn mib_floor(self) -> MiB {
        MiB(self.0 >> 20)
    }

    /// Whole MiB, rounded up.
    pub fn mib_ceil(self) -> MiB {
        MiB(self.0.div_ceil(1 << 20))
    }

    /// Whole extents of `extent` bytes, rounded up.
    pub fn extents_ceil(self, extent: Bytes) -> Extents {
        Extents(self.0.div_ceil(extent.0.max(1)))
    }

    /// Whole extents of `extent` bytes, rounded down.
    pub fn extents_floor(self, extent: Bytes) -> Extents {
        Extents(self.0 / extent.0.max(1))
    }
}

impl Extents {
    /// The size of so many extents of `extent` bytes; saturates at 16 EiB.
    pub fn bytes(self, extent: Bytes) -> Bytes {
        Bytes(self.0.saturating_mul(extent.0))
    }
}

macro_rules! saturating_ops {
    ($($t:ident),*) => {$(
        impl Add for $t {
            type Output = $t;
            fn add(self, o: $t) -> $t { $t(self.0.saturating_add(o.0)) }
        }
        impl Sub for $t {
            type Output = $t;
            fn sub(self, o: $t) -> $t { $t(self.0.saturating_sub(o.0)) }
        }
        impl std::iter::Sum for $t {
            fn sum<I: Iterator<Item = $t>>(i: I) -> $t { i.fold($t(0), |a, b| a + b) }
        }
    )*};
}
saturating_ops!(Bytes, MiB, Extents);

impl fmt::Display for MiB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.0)
    }
}

impl fmt::Display for Extents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} extents", self.0)
    }
}

impl fmt::Display for Bytes {
    /// As a person says it: the largest binary unit, rounded to two decimals at most.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let mut unit = 0;
        let mut divisor: u64 = 1;
        while unit + 1 < UNITS.len() && self.0 / divisor >= 1024 {
            divisor <<= 10;
            unit += 1;
        }
        let hundredths = (u128::from(self.0) * 100 + u128::from(divisor) / 2) / u128::from(divisor);
        let (whole, part) = (hundredths / 100, hundredths % 100);
        match part {
            0 => write!(f, "{whole} {}", UNITS[unit]),
            p if p % 10 == 0 => write!(f, "{whole}.{} {}", p / 10, UNITS[unit]),
            p => write!(f, "{whole}.{p:02} {}", UNITS[unit]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_print_as_a_person_says_them() {
        assert_eq!(Bytes(512).to_string(), "512 B");
        assert_eq!(MiB(1024).bytes().to_string(), "1 GiB");
        assert_eq!(MiB(1536).bytes().to_string(), "1.5 GiB");
        assert_eq!(Bytes(981_467_136).to_string(), "936 MiB");
        assert_eq!(Bytes(3000 << 10).to_string(), "2.93 MiB");
    }
}
