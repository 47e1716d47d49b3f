//! Included files that were not read.

use crate::rules::{Context, Rule};
use kickstart::include::Outcome;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Severity};

declare_code! {
    /// An included file is not read, because it exists only in the installer, or is outside the kickstart's directory.
    ///
    /// ## Why
    /// An absolute path in a kickstart names a file on the machine that is being installed, usually one that `%pre` writes;
    /// the installer fetches a URL. The content of the file is not checked, and findings that depend on it are left out.
    ///
    /// A relative path is read from the directory of the kickstart. A path that leads out of this directory, or of the
    /// repository that holds it, is not read either: whoever sends a kickstart to be checked must not choose files of this
    /// machine. `--follow-includes` reads them.
    ///
    /// ## Example
    /// ```text
    /// %include /tmp/disks.ks
    /// ```
    static INCLUDE_ELSEWHERE = "STY005", "include-not-read", Style, Info;

    /// An included file does not exist or cannot be read.
    ///
    /// ## Why
    /// The installer stops at an include that it cannot read. A relative path begins in the directory of the file that
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
    /// The installer stops with an internal error.
    ///
    /// ## Example
    /// `storage.ks`, which `node.ks` includes, contains
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
                let message = format!("'{shown}' is read only by the installer; its content is not checked");
                findings.push(Finding::new(&INCLUDE_ELSEWHERE, message).at(span));
            }
            Some(Outcome::Outside) => {
                let message = format!(
                    "'{shown}' is outside the directory, or the repository, of the kickstart; it is not read"
                );
                let help = "if you trust the kickstart, read the file with --follow-includes";
                findings.push(Finding::new(&INCLUDE_ELSEWHERE, message).at(span).help(help));
            }
            Some(Outcome::Unreadable(why)) => {
                let message = format!("the included file '{shown}' cannot be read: {why}");
                let finding = Finding::new(&INCLUDE_MISSING, message).at(span);
                // Only in the installer is an absolute path looked for, and the installer stops without the file.
                findings.push(if shown.starts_with('/') {
                    finding.severity(Severity::Error)
                } else {
                    finding.help("a relative path begins in the directory of the file that names it")
                });
            }
            Some(Outcome::Cycle) => {
                let message = format!("'{shown}' includes this file, directly or through others");
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
