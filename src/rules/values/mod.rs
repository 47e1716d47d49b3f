//! Values with a list behind them: time zones, locales, keyboards, services, URLs.
//!
//! The lists are those of Debian's packages and of the projects themselves (`grammar/values`, written by
//! `scripts/update_lists.py`), not those of one release. So an unknown name is a warning only where no release can have it, or where
//! it is plainly a misspelt known one; else it is an `info`, or nothing.

mod firewall_service; // UNA033
mod group; // UNA048
mod interpreter; // UNA036
mod keyboard; // UNA032
mod list; // a list of known names
mod locale; // UNA031
mod time_zone; // UNA030
mod unit_name; // UNA034
mod url_scheme; // UNA035

use crate::rules::Rule;

/// The rules of this family, in the order of their codes.
pub(crate) static RULES: &[&Rule] = &[
    &time_zone::RULE,
    &locale::RULE,
    &keyboard::RULE,
    &firewall_service::RULE,
    &unit_name::RULE,
    &url_scheme::RULE,
    &interpreter::RULE,
    &group::RULE,
];
