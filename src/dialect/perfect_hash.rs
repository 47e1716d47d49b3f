//! Finding one of a few names that are known when the program is built. `build.rs`, which has this file, too, looks for a
//! seed with which no two names of a list share a slot: then a look-up is one hash and one comparison.

/// The slot of a name among so many; their number is a power of two. (FNV-1a over eight bytes at a time, started from the
/// seed and the length.)
pub(crate) fn slot(name: &str, seed: u32, slots: usize) -> usize {
    let mix = |hash: u64, bytes: u64| (hash ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let start = u64::from(seed) << 8 ^ name.len() as u64;
    let (chunks, rest) = name.as_bytes().as_chunks::<8>();
    let hash = chunks.iter().fold(start, |hash, chunk| mix(hash, u64::from_le_bytes(*chunk)));
    let rest = rest.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
    (mix(hash, rest) >> 7) as usize & (slots - 1)
}
