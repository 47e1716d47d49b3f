//! `file:` addresses and paths. A document of another scheme (`untitled:`, `git:`) has no path.

use gen_lsp_types::Uri;
use std::path::{Path, PathBuf};

/// The path of a `file:` address.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return None;
    }
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let mut bytes = Vec::with_capacity(end);
    let mut left = rest[..end].bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [left.next()?, left.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)))
}

/// The address of an absolute path.
pub(super) fn of(path: &Path) -> Option<Uri> {
    let absolute = std::path::absolute(path).ok()?;
    let mut text = "file://".to_owned();
    for byte in std::os::unix::ffi::OsStrExt::as_bytes(absolute.as_os_str()) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(*byte as char)
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(Uri(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_from_their_addresses() {
        for text in ["/a/b.ks", "/srv/kick start/büro#1.ks", "/%41"] {
            assert_eq!(path(&of(Path::new(text)).unwrap()).as_deref(), Some(Path::new(text)));
        }
        assert_eq!(path(&Uri("file:///a%20b".to_owned())).as_deref(), Some(Path::new("/a b")));
        for other in ["untitled:Untitled-1", "git:/a.ks", "file:relative", "file:///a%2", "file:///a%zz"] {
            assert_eq!(path(&Uri(other.to_owned())), None, "{other}");
        }
    }
}
