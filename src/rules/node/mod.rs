//! The layout policy: what a node needs of its volumes, its image and its first steps after the installation.
//!
//! One cause, one finding: a rule is silent about what only follows from something that another one reports.

mod post; // what %post does about the layout
mod sums; // what pools and volume groups have to hold
mod view; // the kickstart by mount point, pool and volume group

// Root and the pool it stands on.
pub(super) mod images_do_not_fit;
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
pub(super) mod boot_placement;
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

pub(crate) use images_do_not_fit::on_machine;
pub(crate) use view::{View, makes_a_node};

use super::{Context, Rule};
use kickstart::Command;
use node_base::diagnostic::{Category, Edit, Findings, Fix, Safety, Severity};
use node_base::policy::Policy;
use node_base::source::Span;
use node_base::units::MiB;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule { codes: &[&root_not_thin::CODE], check: root_not_thin::check },
    Rule { codes: &[&thin_pool_missing::CODE], check: thin_pool_missing::check },
    Rule {
        codes: &[&volume_missing::VAR, &volume_missing::REQUIRED, &volume_missing::RECOMMENDED],
        check: volume_missing::check,
    },
    Rule { codes: &[&volume_size::MIN, &volume_size::RECOMMENDED], check: volume_size::check },
    Rule { codes: &[&volume_not_in_pool::CODE], check: volume_not_in_pool::check },
    Rule { codes: &[&volume_in_image::CODE], check: volume_in_image::check },
    Rule { codes: &[&root_filesystem::CODE], check: root_filesystem::check },
    Rule { codes: &[&boot_size::CODE], check: boot_size::check },
    Rule { codes: &[&images_do_not_fit::CODE], check: images_do_not_fit::check },
    Rule { codes: &[&boot_placement::CODE], check: boot_placement::check },
    Rule { codes: &[&firmware_partitions::CODE], check: firmware_partitions::check },
    Rule { codes: &[&pool_smaller_than_volumes::CODE], check: pool_smaller_than_volumes::check },
    Rule { codes: &[&pool_reserve::CODE], check: pool_reserve::check },
    Rule { codes: &[&pool_metadata::CODE], check: pool_metadata::check },
    Rule { codes: &[&discard::CODE], check: discard::check },
    Rule {
        codes: &[&autopart::LEAVES_OUT, &autopart::NOT_THIN, &autopart::NEEDS_PROFILE],
        check: autopart::check,
    },
    Rule {
        codes: &[
            &layout_init::MISSING,
            &layout_init::NOT_LAST,
            &layout_init::FAILURE_UNSEEN,
            &layout_init::TWICE,
            &layout_init::IMAGE_NAME,
            &layout_init::OUTSIDE,
        ],
        check: layout_init::check,
    },
    Rule { codes: &[&volume_names::CODE], check: volume_names::check },
    Rule { codes: &[&image::MISSING, &image::PACKAGES_BESIDE, &image::BUILDS], check: image::check },
    Rule { codes: &[&second_pool::CODE], check: second_pool::check },
    Rule { codes: &[&root_encrypted::CODE], check: root_encrypted::check },
    Rule { codes: &[&boot_filesystem::CODE], check: boot_filesystem::check },
];

/// The policy and the kickstart's view, when there is a policy and the kickstart is an installation.
fn installation<'c, 'a>(context: &'c Context<'a>) -> Option<(&'a Policy, &'c View<'a>)> {
    let policy = context.policy?;
    let view = context.node_view();
    view.build.is_none().then_some((policy, view))
}

/// The same, when the kickstart lays out the storage itself instead of leaving it to the installer.
fn custom<'c, 'a>(context: &'c Context<'a>) -> Option<(&'a Policy, &'c View<'a>)> {
    installation(context).filter(|(_, view)| view.autopart.is_none() && view.custom)
}

/// Whether something may be there that is not seen: in another file, or in a line that the language refuses and
/// that has this word in it.
fn may_exist(context: &Context<'_>, findings: &Findings, word: &str) -> bool {
    let view = context.node_view();
    view.include.is_some()
        || view.volumes.iter().any(|v| !v.accepted && v.mount == word)
        || findings.iter().any(|finding| {
            finding.code.category == Category::Syntax
                && finding.severity == Severity::Error
                && finding.span.is_some_and(|span| line_has_word(context, span, word))
        })
}

/// Whether a word stands in the line that a span starts in.
fn line_has_word(context: &Context<'_>, span: Span, word: &str) -> bool {
    let source = context.sources.get(span.file);
    let number = source.lines().line(span.start as usize);
    let start = source.lines().start_of(number).unwrap_or(0);
    let line = node_base::source::split_lines(&source.text()[start..]).next().unwrap_or_default();
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
fn append(command: &Command<'_>, title: impl Into<String>, words: &str, safety: Safety) -> Fix {
    let end = Span { start: command.span.end, ..command.span };
    Fix { title: title.into(), safety, edits: vec![Edit { span: end, replacement: format!(" {words}") }] }
}

/// Replaces the words at a place.
fn replace(span: Span, title: impl Into<String>, words: impl Into<String>, safety: Safety) -> Fix {
    Fix { title: title.into(), safety, edits: vec![Edit { span, replacement: words.into() }] }
}
