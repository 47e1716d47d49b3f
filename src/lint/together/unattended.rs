//! The rules about unattended installations, with what the command line adds.

use super::Pair;
use crate::lint::check::run;
use crate::rules::{Interface, unattended};
use node_base::cmdline::CommandLine;
use node_base::diagnostic::Findings;
use node_base::source::Span;

pub(super) fn check(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let line = pair.line();
    let hidden = line.hides_words();
    let Some(mut installer) = pair.context.installer().cloned() else { return };
    installer.noninteractive |= line.is_on("inst.cmdline") || line.is_on("inst.noninteractive");
    installer.has_repository =
        hidden || ["inst.repo", "inst.method", "repo"].iter().any(|n| line.last(n).is_some());
    installer.knows_command_line = true;
    if let Some(interface) = interface(line) {
        installer.interface = interface;
    }
    let found = run(unattended::RULES.iter().copied(), &pair.context.with_installer(installer));
    // What is missing from the kickstart has no place; in this report the place tells the file.
    let start = Span::new(pair.context.kickstart.file, 0, 0);
    findings.extend(found.into_sorted().into_iter().map(|f| if f.span.is_none() { f.at(start) } else { f }));
}

/// The interface that a command line asks for. VNC and RDP switch to the graphical one; `console=` implies text
/// (Anaconda, `getArgumentParser`); else the last word counts.
fn interface(line: &CommandLine<'_>) -> Option<Interface> {
    if line.is_on("inst.vnc") || line.is_on("inst.rdp") {
        return Some(Interface::Graphical);
    }
    let last =
        line.words.iter().rev().find(|w| {
            matches!(w.name.as_ref(), "inst.text" | "inst.cmdline" | "inst.graphical") && w.is_on()
        });
    match last {
        Some(word) if word.name == "inst.graphical" => Some(Interface::Graphical),
        Some(_) => Some(Interface::Text),
        None => line.last("console").map(|_| Interface::Text),
    }
}
