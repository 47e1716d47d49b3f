//! Every kind of finding that there is, from all parts of the project.
//!
//! A declared code that no list below contains fails `tests/documentation.rs`.

use crate::{boot, directives, kind, rules};
use node_base::diagnostic::{Code, layout};
use std::sync::LazyLock;

static CODES: LazyLock<Vec<&'static Code>> = LazyLock::new(|| {
    let listed = [
        kickstart::codes::CODES,
        directives::HEADER_CODES,
        directives::CODES,
        kind::CODES,
        boot::CODES,
        layout::CODES,
    ];
    let of_rules = rules::all().flat_map(|rule| rule.codes);
    let mut codes: Vec<_> = listed.into_iter().flatten().chain(of_rules).copied().collect();
    codes.sort_by_key(|code| (code.category, code.id));
    codes
});

/// Every code, sorted by category and number.
pub fn codes() -> &'static [&'static Code] {
    &CODES
}

/// The code with this id (`NODE003`) or name (`var-not-separate`), in any case.
pub fn find(word: &str) -> Option<&'static Code> {
    let is =
        |code: &&&'static Code| code.id.eq_ignore_ascii_case(word) || code.name.eq_ignore_ascii_case(word);
    codes().iter().find(is).copied()
}
