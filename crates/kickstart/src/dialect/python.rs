//! Values as Python reads them: the reference converts with `int()` and its own `ksboolean` and `commaSplit`.

use crate::syntax::is_white;

/// Most digits that `int()` takes from a text (CPython 3.11, `sys.get_int_max_str_digits`).
const MOST_DIGITS: usize = 4300;

/// The zeros of the decimal digits of all scripts (Unicode 14, category Nd; the nine digits follow each zero).
const ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e950, 0x1fbf0,
];

/// The value of a decimal digit of any script.
pub(crate) fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = u32::from(c);
    ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)).map(|zero| code - zero)
}

/// An integer as the reference reads one (Python's `int()`): white space around it, a sign, digits of any script,
/// single underscores between them. Saturated at the ends of `i64`; the reference has no limit below 4300 digits.
pub fn python_int(text: &str) -> Option<i64> {
    if let Some(number) = few_digits(text) {
        return Some(number);
    }
    let text = text.trim_matches(is_white);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut value = 0i64;
    let mut count = 0;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let d = i64::from(digit(c)?);
        count += 1;
        after_digit = true;
        value = value.saturating_mul(10);
        value = if negative { value.saturating_sub(d) } else { value.saturating_add(d) };
    }
    (after_digit && count <= MOST_DIGITS).then_some(value)
}

/// The value of one to eighteen ASCII digits, as nearly all integers are written.
fn few_digits(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = (1..=18).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
    digits.then(|| bytes.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// A yes or no of the reference (pykickstart 3.78, `ksboolean`).
pub(super) fn python_bool(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(["on", "yes", "true", "1"]) {
        Some(true)
    } else if is(["off", "no", "false", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// The parts of a value that is separated by commas, without white space around them and without empty ones
/// (pykickstart 3.78, `commaSplit`).
pub(super) fn comma_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(|part| part.trim_matches(is_white)).filter(|part| !part.is_empty())
}

/// A mount point as the reference keeps it: one that begins with `/` loses doubled and final slashes, `.` and `..`
/// (pykickstart 3.78, `mountpoint`, which calls `os.path.normpath`; two leading slashes stay two).
pub fn normal_mount_point(text: &str) -> std::borrow::Cow<'_, str> {
    let simple = text == "/"
        || !text.starts_with('/')
        || !text.ends_with('/') && !text.as_bytes().array_windows().any(|pair| matches!(pair, b"//" | b"/."));
    if simple {
        return text.into();
    }
    let slashes = if text.starts_with("//") && !text.starts_with("///") { "//" } else { "/" };
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("{slashes}{}", parts.join("/")).into()
}

/// Whether a word looks like a negative number to Python's argparse, which then takes it as a value.
pub(crate) fn is_negative_number(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('-') else { return false };
    let rest = rest.strip_suffix('\n').unwrap_or(rest);
    let all_digits = |s: &str| s.chars().all(|c| digit(c).is_some());
    match rest.split_once('.') {
        None => !rest.is_empty() && all_digits(rest),
        Some((whole, fraction)) => all_digits(whole) && !fraction.is_empty() && all_digits(fraction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_those_of_python() {
        for (text, value) in
            [("+5", 5), ("-5", -5), (" 7 ", 7), ("1_000", 1000), ("010", 10), ("٣", 3), ("\u{a0}4", 4)]
        {
            assert_eq!(python_int(text), Some(value), "{text:?}");
        }
        for text in ["", "0x10", "1e3", "10.0", "10M", "1__0", "_1", "1_", "+ 5", "--5", "+"] {
            assert_eq!(python_int(text), None, "{text:?}");
        }
        assert_eq!(python_int("99999999999999999999"), Some(i64::MAX));
        assert_eq!(python_int(&"9".repeat(4300)), Some(i64::MAX));
        assert_eq!(python_int(&"9".repeat(4301)), None);
    }

    #[test]
    fn mount_points_are_normalised_as_by_python() {
        for (text, normal) in [
            ("/", "/"),
            ("/home/", "/home"),
            ("//home", "//home"),
            ("///home", "/home"),
            ("/a/../b/./c", "/b/c"),
            ("/..", "/"),
            ("home/", "home/"),
            ("swap", "swap"),
            ("/.hidden", "/.hidden"),
        ] {
            assert_eq!(normal_mount_point(text), normal, "{text:?}");
        }
    }

    #[test]
    fn negative_numbers_are_values() {
        for word in ["-1", "-1.5", "-.5"] {
            assert!(is_negative_number(word), "{word}");
        }
        for word in ["-", "-x", "-1.", "-1x", "--1"] {
            assert!(!is_negative_number(word), "{word}");
        }
    }
}
