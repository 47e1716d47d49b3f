//! Passwords in the clear, downloads nobody verifies.
//!
//! Invariant: no message repeats a secret; the place is shown, the words are not.

mod crypt;
mod image;
mod kernel_secret;
mod passphrase;
mod password;
mod repository;
mod selinux;
mod ssh_key;
mod url;

pub use image::{CHECKSUM_MALFORMED, IMAGE_UNVERIFIED};
pub use kernel_secret::SECRET_ON_KERNEL_COMMAND_LINE;
pub use passphrase::PLAIN_TEXT_PASSPHRASE;
pub use password::{NOT_A_PASSWORD_HASH, PLAIN_TEXT_PASSWORD, SSH_WITH_PLAIN_TEXT_PASSWORD};
pub use repository::REPOSITORY_UNVERIFIED;
pub use selinux::SELINUX_NOT_ENFORCING;
pub use ssh_key::SSH_KEY_BROKEN;

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule {
        codes: &[&PLAIN_TEXT_PASSWORD, &SSH_WITH_PLAIN_TEXT_PASSWORD, &NOT_A_PASSWORD_HASH],
        check: password::check,
    },
    Rule { codes: &[&PLAIN_TEXT_PASSPHRASE], check: passphrase::check },
    Rule { codes: &[&SELINUX_NOT_ENFORCING], check: selinux::check },
    Rule { codes: &[&IMAGE_UNVERIFIED, &CHECKSUM_MALFORMED], check: image::check },
    Rule { codes: &[&REPOSITORY_UNVERIFIED], check: repository::check },
    Rule { codes: &[&SSH_KEY_BROKEN], check: ssh_key::check },
    Rule { codes: &[&SECRET_ON_KERNEL_COMMAND_LINE], check: kernel_secret::check },
];

/// Whether a value stands for another one that a template engine or a script puts in later: `{{ pw }}` (Jinja),
/// `@PW@`, `${PW}`, `<password>`, `%%PW%%`. What will stand there is not known.
fn is_placeholder(value: &str) -> bool {
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

/// Whether a value is a variable of a template (`$root_password_hash`, as Cobbler writes it). A hash looks like
/// that only if nothing is right about it, a password might.
fn is_variable(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_name)
    })
}
