//! Remarks about the file itself: it is empty, it is damaged, it includes files that are not there.

mod empty;
mod include;
mod mounted_twice;
mod nul_bytes;
mod overridden;
mod typographic;

use crate::rules::Rule;

/// The rules of this family, in the order of their codes.
pub(super) static RULES: &[&Rule] = &[
    &empty::RULE,
    &nul_bytes::RULE,
    &include::RULE,
    &overridden::RULE,
    &mounted_twice::RULE,
    &typographic::RULE,
];
