//! Values that are filled in before the installer reads them: the mark of a template engine, a variable of a script, a word
//! such as `ROOT_PASSWORD`. What they will be is not known, so no rule judges them.

/// Words that people write for what is still to come.
const WORDS: [&str; 8] = ["CHANGEME", "REPLACEME", "PLACEHOLDER", "TODO", "FIXME", "TBD", "XXX", "TIMEZONE"];

/// Whether a secret is a mark: `{{ pw }}` (Jinja), `@PW@`, `${PW}`, `<password>`, `%%PW%%`. A secret can have any character,
/// so only whole marks count, and a word in capitals is a password.
pub(crate) fn is_secret(value: &str) -> bool {
    let between = |open: &str, close: &str| {
        value.strip_prefix(open).and_then(|v| v.strip_suffix(close)).is_some_and(|v| !v.is_empty())
    };
    value.contains("{{")
        || value.contains("{%")
        || value.contains("${")
        || between("@", "@")
        || between("<", ">")
        || between("%%", "%%")
}

/// Whether a value is a variable of a template (`$root_password_hash`, as in Cobbler). No hash looks like this; a password
/// might.
pub(crate) fn is_variable(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_name)
    })
}

/// Whether a name, an address or a path has a mark in it, or is a word for what is still to come. None of them has a
/// character of a mark.
pub(crate) fn is_name(value: &str) -> bool {
    value.bytes().any(|b| matches!(b, b'$' | b'{' | b'}' | b'<' | b'>' | b'%' | b'`'))
        || value.bytes().filter(|b| *b == b'@').nth(1).is_some()
        || WORDS.contains(&value)
        || is_capitals(value) && value.trim_matches('_').contains('_')
}

/// Whether a URL is filled in later: it has a mark before its path, or is only a word in capitals.
pub(crate) fn is_url(value: &str) -> bool {
    let begin = value.split('/').next().unwrap_or_default();
    is_name(begin) || is_capitals(value)
}

/// Letters in capitals, digits and `_`, and at least three of them.
fn is_capitals(value: &str) -> bool {
    value.len() >= 3
        && value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_words_are_told_from_values() {
        for later in ["{{ x }}", "${X}", "@X@", "<x>", "%%X%%"] {
            assert!(is_secret(later) && is_name(later) && is_url(later), "{later}");
        }
        for secret in ["CHANGEME", "a@b", "p%w", "x<y", "$1$abc"] {
            assert!(!is_secret(secret), "{secret}");
        }
        for later in ["URL_TO_SQUASHFS", "CHANGEME", "`hostname`", "pre@NAME@post"] {
            assert!(is_name(later) && is_url(later), "{later}");
        }
        for name in
            ["UTC", "EST5EDT", "CEST", "getty@tty1.service", "node-1.example.org", "America/New_York", "_x"]
        {
            assert!(!is_name(name), "{name}");
        }
        for url in ["MIRROR", "SQUASHFS2"] {
            assert!(is_url(url), "{url}");
        }
        for url in [
            "https://x/$releasever/os",
            "http://$server/os",
            "mirror.example.org/os",
            "ftp",
            "OS/x",
            "http:/x",
        ] {
            assert!(!is_url(url), "{url}");
        }
    }
}
