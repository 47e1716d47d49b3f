//! What a fix or the formatter changes, as a patch.

use similar::TextDiff;

/// The difference between two texts of a file in the unified format; nothing when they are equal.
pub fn diff(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(path, path).to_string()
}
