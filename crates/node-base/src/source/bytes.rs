//! Looking at eight bytes at a time. Every byte of every kickstart is read by this code, and kickstarts are short: a search
//! made for long texts (the `memchr` crate) takes longer to start than these take to finish.

/// One in each of eight bytes.
pub const EACH: u64 = u64::from_ne_bytes([1; 8]);
/// The highest bit of each of eight bytes.
pub const HIGHEST: u64 = EACH * 0x80;

/// The index of the first `byte` in `bytes`.
pub fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (n, chunk) in chunks.iter().enumerate() {
        // The highest bit of the first byte that is zero, and perhaps of some behind it.
        let zero = u64::from_le_bytes(*chunk) ^ (EACH * u64::from(byte));
        let found = zero.wrapping_sub(EACH) & !zero & HIGHEST;
        if found != 0 {
            return Some(n * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let behind = bytes.len() - rest.len();
    rest.iter().position(|b| *b == byte).map(|at| behind + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_it_stands_first() {
        for len in 0..30 {
            let mut bytes = vec![b'<'; len];
            assert_eq!(position(&bytes, b'='), None);
            for at in (0..len).rev() {
                bytes[at] = b'=';
                assert_eq!(position(&bytes, b'='), Some(at), "in {len} bytes");
            }
        }
    }
}
