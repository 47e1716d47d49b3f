//! What is written in scripts: line ends, the wrong root, options of another tool.

mod authselect; // UNA042
mod carriage_return; // UNA040
mod wrong_root; // UNA041

use crate::rules::Rule;
use kickstart::Section;

/// The rules of this family, in the order of their codes.
pub(crate) static RULES: &[&Rule] = &[&carriage_return::RULE, &wrong_root::RULE, &authselect::RULE];

/// Whether a shell runs the script: the default, or named by `--interpreter`.
fn is_shell(section: &Section<'_>) -> bool {
    let name = section.value("--interpreter").map_or("sh", |v| v.text.rsplit('/').next().unwrap_or_default());
    matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh")
}
