//! Finding one of a few names that are known when the program is built. `build.rs`, which has this file, too, looks for a
//! seed with which no two names of a list share a slot: then a look-up is one hash and one comparison.

/// The slot of a name among so many; their number is a power of two. (FNV-1a over eight bytes at a time, started from the
/// seed and the length.)
pub(crate) fn slot(name: &str, seed: u32, slots: usize) -> usize {
    let mix = |hash: u64, bytes: u64| (hash ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let start = u64::from(seed) << 8 ^ name.len() as u64;
    let bytes = name.as_bytes();
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    // The last eight bytes can be some of those before again; so can the last four of less than eight.
    let last = match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(last), ..) => u64::from_le_bytes(*last),
        (_, Some(first), Some(last)) => four(first) << 32 | four(last),
        _ => bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
    };
    let hash =
        bytes.as_chunks::<8>().0.iter().fold(start, |hash, chunk| mix(hash, u64::from_le_bytes(*chunk)));
    // The highest bits of the product: all bytes have a say in them.
    mix(hash, last).rotate_left(64 - 29 + slots.trailing_zeros()) as usize & (slots - 1)
}
