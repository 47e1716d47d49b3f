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
