//! The size of swap that Anaconda suggests (`--recommended`, `--hibernation`, autopart).
//!
//! Source: pyanaconda's `core/storage.py`, `suggest_swap_size`; from 64 GiB of memory on the releases differ.

use crate::machine::release::Release;
use node_base::units::Bytes;

/// Swap for this much memory. `disk_space` limits it to a tenth, except for hibernation.
pub(super) fn suggested(release: Release, memory: Bytes, hibernation: bool, disk_space: Bytes) -> Bytes {
    const GIB: u64 = 1 << 30;
    let memory = Bytes(memory.0.saturating_add(16)); // Anaconda rounds up by one step too many
    let swap = match memory.0 {
        m if m < 2 * GIB => Bytes(m * 2),
        m if m < 8 * GIB => Bytes(m),
        m if m < 64 * GIB => Bytes(m / 2),
        _ => release.largest_swap(),
    };
    match hibernation {
        true if memory.0 <= 64 * GIB => swap + memory,
        true => swap,
        // libbytesize multiplies with a tenth that is a little less than a tenth.
        false => swap.min(Bytes(disk_space.0.saturating_sub(1) / 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_memory_and_not_more_than_a_tenth_of_the_disk() {
        let swap = |gib: u64, disk: u64| suggested(Release::Rhel9, Bytes(gib << 30), false, Bytes(disk)).0;
        assert_eq!(swap(16, 1 << 40), 8_589_934_600);
        assert_eq!(swap(16, 40 << 30), (4 << 30) - 1);
        assert_eq!(swap(1, 1 << 40), (2 << 30) + 32);
        assert_eq!(swap(256, 1 << 40), 4 << 30);
    }

    #[test]
    fn large_memory_gets_32_gib_on_newer_releases() {
        let swap = |hibernation, gib: u64| {
            suggested(Release::Rhel10, Bytes(gib << 30), hibernation, Bytes(1 << 42)).0
        };
        assert_eq!(swap(false, 64), 32 << 30);
        assert_eq!(swap(true, 64), 32 << 30, "hibernation is off from 64 GiB on");
        assert_eq!(swap(true, 32), (48 << 30) + 16 + 8);
    }
}
