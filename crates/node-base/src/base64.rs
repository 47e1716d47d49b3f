//! Base64: keys of SSH, and of OpenPGP in their armour.

/// The bytes of a Base64 text on one line, with or without its `=` at the end; `None` if it is not Base64, or ends in the middle.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0u32);
    for b in digits.bytes() {
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn text_is_decoded_with_and_without_its_end() {
        for text in ["aGVsbG8=", "aGVsbG8"] {
            assert_eq!(decode(text).as_deref(), Some(b"hello".as_slice()), "{text}");
        }
        assert_eq!(decode("").as_deref(), Some([].as_slice()));
        for wrong in ["a", "aGVs b", "aG=sbG8=", "aGVsbG8===", "aGVsb\n"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
