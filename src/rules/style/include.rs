//! Included files that were not read.

use crate::rules::{Context, Rule};
use kickstart::include::{Outcome, is_written};
use kickstart::{Include, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings, Severity, nearest};
use node_base::source::Span;

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

    /// No `%pre` script writes the included file.
    ///
    /// ## Why
    /// `/tmp` of the installer is empty when it starts. An include below it has to be written by a `%pre` script before it is
    /// read; otherwise the installer stops at the include. Most often the two names differ by a letter.
    ///
    /// ## Example
    /// ```text
    /// %include /tmp/partitioning
    /// %pre
    /// echo autopart > /tmp/partitionfile
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %include /tmp/partitioning
    /// %pre
    /// echo autopart > /tmp/partitioning
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `%include`; Anaconda runs `%pre` first and then reads the kickstart.
    static INCLUDE_NOT_WRITTEN = "STY016", "include-not-written", Style, Warning;
}

pub(super) static RULE: Rule =
    Rule { codes: &[&INCLUDE_ELSEWHERE, &INCLUDE_MISSING, &INCLUDE_CYCLE, &INCLUDE_NOT_WRITTEN], check };

/// The directory of the installer that is empty when it starts.
const EMPTY: &str = "/tmp/";

/// Programs of a script that can write files whose names are not in it.
const BRING_FILES: [&str; 16] = [
    "curl", "wget", "tar", "cp", "mv", "rsync", "scp", "tftp", "mount", "unzip", "cpio", "python", "python3",
    "perl", "source", ".",
];

/// Reports an include that no `%pre` script writes; returns whether it did.
fn not_written(context: &Context<'_>, include: &Include<'_>, findings: &mut Findings) -> bool {
    let kickstart = context.kickstart;
    let path = include.path.text.as_ref();
    // What makes a directory below it may also fill it.
    let is_in_it = path.strip_prefix(EMPTY).is_some_and(|name| !name.contains('/'));
    if !is_in_it || include.section.is_some() {
        return false;
    }
    // Another file that was not read may have the script.
    let is_unread = |other: &Include<'_>| {
        matches!(other.outcome, None | Some(Outcome::Elsewhere | Outcome::Outside | Outcome::Unreadable(_)))
            && !other.path.text.starts_with(EMPTY)
    };
    if kickstart.includes.iter().any(is_unread) {
        return false;
    }
    let mut written: Vec<(String, Span)> = Vec::new();
    for section in kickstart.sections_of(SectionKind::Pre) {
        let script = context.sources.text_of(section.body);
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_written(script, path)
            || script.contains(name)
            || section.has("--interpreter")
            || !section.included.is_empty()
        {
            return false;
        }
        for statement in &context.script(section).statements {
            if BRING_FILES.contains(&statement.program()) || statement.program().ends_with("sh") {
                return false;
            }
            let tee = statement.arguments().filter(|a| statement.program() == "tee" && !a.starts_with('-'));
            for file in statement.written.iter().map(String::as_str).chain(tee) {
                // A name that the script makes up.
                if file.rsplit('/').next().is_some_and(|name| name.contains(['$', '`'])) {
                    return false;
                }
                if file.starts_with(EMPTY) {
                    written.push((file.to_owned(), section.name_span));
                }
            }
        }
    }
    // What another include reads is not a misspelt name of this one.
    let is_read = |file: &str| kickstart.includes.iter().any(|other| other.path.text == file);
    written.retain(|(file, _)| !is_read(file) && !file.ends_with(".log"));
    let mut finding =
        Finding::new(&INCLUDE_NOT_WRITTEN, format!("no %pre script writes '{path}'")).at(include.path.span);
    let near = nearest(path, written.iter().map(|(file, _)| file.as_str())).map(str::to_owned);
    let likely = written.iter().find(|(file, _)| near.as_ref() == Some(file)).or(written.first());
    if let Some((file, span)) = likely {
        finding = finding
            .related(*span, format!("this one writes '{file}'"))
            .help(format!("write %include {file}, or let the script write '{path}'"));
    } else {
        finding = finding.help("write the file in a %pre script, or delete the line");
    }
    findings.push(finding);
    true
}

fn check(context: &Context<'_>, findings: &mut Findings) {
    for include in &context.kickstart.includes {
        let (path, span) = (&include.path, include.path.span);
        let shown = &path.text;
        match include.outcome {
            // What is not found although includes are followed is an error of the language.
            None if !context.is_template => {
                not_written(context, include, findings);
            }
            None | Some(Outcome::File(_) | Outcome::NotFound | Outcome::WrittenByPre) => {}
            Some(Outcome::Elsewhere) if !context.is_template && not_written(context, include, findings) => {}
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
