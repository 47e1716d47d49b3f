//! Passwords in plain text, downloads that are not verified.
//!
//! Invariant: no message repeats a secret; only its place is shown.

mod crypt;
mod image;
mod kernel_secret;
mod passphrase;
mod password;
mod repository;
mod selinux;
mod ssh_key;
mod url;

pub(super) use url::has_password;

use crate::rules::Rule;

/// The rules of this family, in the order of their codes.
pub(super) static RULES: &[&Rule] = &[
    &password::RULE,
    &passphrase::RULE,
    &selinux::RULE,
    &image::RULE,
    &repository::RULE,
    &ssh_key::RULE,
    &kernel_secret::RULE,
];

/// Whether a value is a placeholder that a template engine or a script replaces: `{{ pw }}` (Jinja), `@PW@`, `${PW}`,
/// `<password>`, `%%PW%%`. The final value is not known.
pub(super) fn is_placeholder(value: &str) -> bool {
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
fn is_variable(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_name)
    })
}
