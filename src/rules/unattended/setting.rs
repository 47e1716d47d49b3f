//! What is known of the installer that reads the kickstart: its interface, and what its command line adds.

use super::super::Context;
use kickstart::{Family, Kickstart, Version};
use node_base::source::split_lines;

/// How the installer shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    /// Text: `text`, `cmdline`, `inst.text`, `inst.cmdline`, `console=`.
    Text,
    /// Graphical, asked for: `graphical`, `vnc`, `inst.graphical`, `inst.vnc`, `inst.rdp`.
    Graphical,
    /// Nothing is said. Anaconda starts the graphical interface where it can; the rules assume text.
    Unsaid,
}

/// What is known of the installer.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// How it shows itself.
    pub(crate) interface: Interface,
    /// Whether it ends instead of asking: `cmdline`, `inst.cmdline`, `inst.noninteractive`.
    pub(crate) never_asks: bool,
    /// Whether the command line names an installation source (`inst.repo=`).
    pub(crate) has_repo: bool,
    /// Whether the command line is known at all.
    pub(crate) with_command_line: bool,
    /// Whether a file is taken in that is not there: what seems to be missing may be in it.
    pub(crate) includes_unknown: bool,
}

impl Setting {
    /// What the kickstart alone says.
    pub(crate) fn of(context: &Context<'_>) -> Setting {
        let kickstart = context.kickstart;
        let has = |name: &str| kickstart.last(name).is_some();
        let quiet = |name: &str| kickstart.last(name).is_some_and(|c| c.has("--non-interactive"));
        let interface = if has("vnc") || has("rdp") || has("graphical") {
            Interface::Graphical
        } else if has("text") || has("cmdline") {
            Interface::Text
        } else {
            Interface::Unsaid
        };
        Setting {
            interface,
            never_asks: has("cmdline") || quiet("text") || quiet("graphical"),
            has_repo: false,
            with_command_line: false,
            includes_unknown: includes_unknown(context),
        }
    }

    /// What happens when something mandatory is missing.
    pub(crate) fn stops(&self) -> &'static str {
        if self.never_asks { "the installation ends with an error" } else { "the installer stops and asks" }
    }
}

/// Whether the installer of this version is one that the rules know: RHEL 7 and Fedora 18 on.
pub(super) fn is_modelled(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release >= 7,
        Family::Fedora => version.release >= 18,
    }
}

/// Whether an `%include` or `%ksappend` of the command section names a file that was not read.
fn includes_unknown(context: &Context<'_>) -> bool {
    let kickstart: &Kickstart<'_> = context.kickstart;
    if !kickstart.asks_for_files {
        return false; // nearly always
    }
    let text = context.sources.get(kickstart.file).text();
    let mut in_section = false;
    let mut included = 0usize;
    for line in split_lines(text) {
        match line.split_whitespace().next() {
            Some("%include" | "%ksappend") if !in_section => included += 1,
            Some("%end") => in_section = false,
            Some(word) if line.starts_with('%') && !matches!(word, "%include" | "%ksappend") => {
                in_section = true
            }
            _ => {}
        }
    }
    // Files that were read are sources of their own.
    let read = kickstart
        .commands
        .iter()
        .map(|c| c.span.file)
        .filter(|file| *file != kickstart.file)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    included > read
}
