//! The layout policy: what a node needs of its volumes, its image and its first steps after the installation.
//!
//! One cause, one finding: a rule is silent about what only follows from something that another one reports.

// Root and the pool that it is in.
mod images_do_not_fit;
mod pool_metadata;
mod pool_reserve;
mod pool_smaller_than_volumes;
mod root_encrypted;
mod root_filesystem;
mod root_not_thin;
mod second_pool;
mod thin_pool_missing;

// The other volumes.
mod boot_filesystem;
mod boot_placement;
mod boot_size;
mod discard;
mod firmware_partitions;
mod volume_in_image;
mod volume_missing;
mod volume_names;
mod volume_not_in_pool;
mod volume_size;

// Partitioning that is left to the installer.
mod autopart;

// What makes the installed system a node.
mod image;
mod layout_init;

pub(crate) use boot_placement::CODE as BOOT_NOT_A_PARTITION;
pub(crate) use images_do_not_fit::on_machine;

use super::view::View;
use super::{Context, Rule};
use kickstart::Command;
use node_base::diagnostic::{Applicability, Fix};
use node_base::policy::Policy;
use node_base::source::{Span, split_lines};
use node_base::units::MiB;

/// The rules of this family, in the order of their codes.
pub(crate) static RULES: &[&Rule] = &[
    &root_not_thin::RULE,
    &thin_pool_missing::RULE,
    &volume_missing::RULE,
    &volume_size::RULE,
    &volume_not_in_pool::RULE,
    &volume_in_image::RULE,
    &root_filesystem::RULE,
    &boot_size::RULE,
    &images_do_not_fit::RULE,
    &boot_placement::RULE,
    &firmware_partitions::RULE,
    &pool_smaller_than_volumes::RULE,
    &pool_reserve::RULE,
    &pool_metadata::RULE,
    &discard::RULE,
    &autopart::RULE,
    &layout_init::RULE,
    &volume_names::RULE,
    &image::RULE,
    &second_pool::RULE,
    &root_encrypted::RULE,
    &boot_filesystem::RULE,
];

/// The policy and the kickstart's view, when there is a policy and the kickstart is an installation.
fn installation<'c, 'a>(context: &'c Context<'a>) -> Option<(&'a Policy, &'c View<'a>)> {
    let policy = context.policy?;
    let view = context.view();
    view.build.is_none().then_some((policy, view))
}

/// The same, when the kickstart lays out the storage itself instead of leaving it to the installer.
fn custom<'c, 'a>(context: &'c Context<'a>) -> Option<(&'a Policy, &'c View<'a>)> {
    installation(context).filter(|(_, view)| view.autopart.is_none() && view.custom)
}

/// Whether something may exist although no command that is read asks for it: in an included file, or in a line that the
/// installer refuses and that has this word in it.
fn may_exist(context: &Context<'_>, word: &str) -> bool {
    let view = context.view();
    view.include.is_some()
        || view.volumes.iter().any(|v| !v.accepted && v.mount == word)
        || context.syntax_errors().any(|e| e.span.is_some_and(|span| line_has_word(context, span, word)))
}

/// Whether a word is in the line that a span begins in.
fn line_has_word(context: &Context<'_>, span: Span, word: &str) -> bool {
    let source = context.sources.get(span.file);
    let number = source.lines().line(span.start as usize);
    let start = source.lines().start_of(number).unwrap_or(0);
    let line = split_lines(&source.text()[start..]).next().unwrap_or_default();
    line.split_whitespace().any(|w| w.trim_matches(['"', '\'']) == word)
}

/// A size as the kickstart has it, and as a person says it.
fn mib(size: MiB) -> String {
    let bytes = size.bytes();
    if size.0 < 1024 || !size.0.is_multiple_of(256) {
        return size.to_string();
    }
    format!("{size} ({bytes})")
}

/// Adds words behind the last argument of a command.
fn append(command: &Command<'_>, title: impl Into<String>, words: &str, applicability: Applicability) -> Fix {
    Fix::insert_after(command.span, format!(" {words}"), title, applicability)
}

/// Puts other words in the place of a span.
fn replace(
    span: Span,
    title: impl Into<String>,
    words: impl Into<String>,
    applicability: Applicability,
) -> Fix {
    Fix::replace(span, words, title, applicability)
}
