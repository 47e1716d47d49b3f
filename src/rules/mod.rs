//! One rule, one file: its documentation, its check, its fix.
//!
//! Invariant: a rule reads its [`Context`] and pushes findings; it prints nothing, opens no file, and does not know the
//! other rules. The order of the rules has no effect on what is found.

mod commands; // groups of commands
mod installer; // what is known of the installer
mod mend; // edits that rules share
mod rule; // a rule, and what it may look at
mod shell; // scripts, read once for all rules
mod view; // the kickstart by mount point, pool and volume group

pub(crate) mod node; // the layout policy
mod scripts; // what is written in scripts
mod security; // passwords, downloads that are not verified
pub(crate) mod storage; // refusals by Anaconda, on given disks or on any
mod style; // the file: empty, NUL bytes, includes
pub(crate) mod unattended; // where the installer would stop and ask
mod values; // values with a list behind them

pub(crate) use commands::TREES;
pub(crate) use installer::Interface;
pub(crate) use rule::{Context, Rule};
pub use shell::{ShellCheck, ShellCheckAnswer, ShellChecker};
pub(crate) use view::makes_a_node;

/// The rules that a template, or a part of a kickstart, is checked by: not those that judge the layout as a whole, which
/// depends on what its marks become, or on the file that includes it.
pub(crate) fn of_single_lines() -> impl Iterator<Item = &'static Rule> {
    [unattended::RULES, values::RULES, scripts::RULES, security::RULES, style::RULES]
        .into_iter()
        .flatten()
        .copied()
}

/// Every rule. The list of a family is in its own `mod.rs`.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [
        node::RULES,
        unattended::RULES,
        values::RULES,
        scripts::RULES,
        security::RULES,
        style::RULES,
        storage::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
