//! Paths of any bytes as text.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// A path as text: bytes that are not UTF-8, control characters and `%` are written as `%` and two hexadecimal digits.
pub(crate) fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' || c.is_control() {
                c.to_string().bytes().for_each(|byte| text.push_str(&format!("%{byte:02x}")));
            } else {
                text.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("%{byte:02x}")));
    }
    text
}

/// The path that [`escaped`] has written; `None` if it does not lie inside its root.
pub(crate) fn unescaped(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut left = text.as_bytes();
    while let Some((first, rest)) = left.split_first() {
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                left = &rest[2..];
            }
            None => {
                bytes.push(*first);
                left = rest;
            }
        }
    }
    let path = PathBuf::from(OsString::from_vec(bytes));
    let is_inside = !path.as_os_str().is_empty()
        && path.components().all(|part| matches!(part, Component::Normal(_)))
        && !path.as_os_str().as_bytes().contains(&0);
    is_inside.then_some(path)
}
