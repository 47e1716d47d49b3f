//! Finding one of a few names that are known when the program is built. `build.rs`, which has this file, too, looks for a
//! seed with which no two names of a list share a slot: then a look-up is one hash and one comparison.

/// The slot of a name among so many; their number is a power of two. (FNV-1a, started from the seed.)
pub(crate) fn slot(name: &str, seed: u32, slots: usize) -> usize {
    let hash = name.bytes().fold(seed, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // The high bits of a product depend on all bits before it.
    (hash ^ hash >> 15) as usize & (slots - 1)
}
