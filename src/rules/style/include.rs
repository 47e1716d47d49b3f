//! What a kickstart includes and cannot be read here.

use crate::rules::{Context, Rule};
use kickstart::include::Outcome;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Severity};

declare_code! {
    /// An included file is not read, because it is one of the installer's.
    ///
    /// ## Why
    /// An absolute path in a kickstart names a file on the machine that is installed, most often one that `%pre` has
    /// written; a URL names one that the installer fetches. What it holds is not checked, and findings that would
    /// need to know it are left out. A relative path is read from beside the kickstart.
    ///
    /// ## Example
    /// ```text
    /// %include /tmp/disks.ks
    /// ```
    static INCLUDE_ELSEWHERE = "STY005", "include-not-read", Style, Info;

    /// An included file is not there, or cannot be read.
    ///
    /// ## Why
    /// The installer stops at an include that it cannot read. A relative path is looked for beside the file that
    /// names it.
    ///
    /// ## Example
    /// ```text
    /// %include storrage.ks
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %include storage.ks
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78: a missing include is fatal unless the installer asks otherwise.
    static INCLUDE_MISSING = "STY006", "include-missing", Style, Warning;

    /// A file includes itself, directly or through others.
    ///
    /// ## Why
    /// The installer would never come to an end: it stops with an internal error.
    ///
    /// ## Example
    /// `storage.ks`, which is included from `node.ks`, holds
    /// ```text
    /// %include node.ks
    /// ```
    static INCLUDE_CYCLE = "STY007", "include-cycle", Style, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&INCLUDE_ELSEWHERE, &INCLUDE_MISSING, &INCLUDE_CYCLE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    for include in &context.kickstart.includes {
        let (path, span) = (&include.path, include.path.span);
        let shown = &path.text;
        match include.outcome {
            // What is not found although includes are followed is an error of the language.
            None | Some(Outcome::File(_) | Outcome::NotFound | Outcome::WrittenByPre) => {}
            Some(Outcome::Elsewhere) => {
                let message =
                    format!("'{shown}' is read by the installer; what it holds is not checked here");
                findings.push(Finding::new(&INCLUDE_ELSEWHERE, message).at(span));
            }
            Some(Outcome::Unreadable(why)) => {
                let message = format!("the included file '{shown}' cannot be read: {why}");
                let finding = Finding::new(&INCLUDE_MISSING, message).at(span);
                // Only in the installer is an absolute path looked for, and the installer stops without the file.
                findings.push(if shown.starts_with('/') {
                    finding.severity(Severity::Error)
                } else {
                    finding.help("a relative path is looked for beside the file that names it")
                });
            }
            Some(Outcome::Cycle) => {
                let message =
                    format!("'{shown}' includes this file, directly or through others: it has no end");
                findings
                    .push(Finding::new(&INCLUDE_CYCLE, message).at(span).help("remove one of the includes"));
            }
            Some(Outcome::TooMany) => {
                let message = format!(
                    "'{shown}' is not read: the kickstart includes too many files, or too large ones"
                );
                findings.push(Finding::new(&INCLUDE_MISSING, message).at(span));
            }
        }
    }
}
