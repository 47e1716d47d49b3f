//! `--fix` and its relatives: what is done to files, and what is said about it.

use crate::fix::{self, AppliedFix, Wanted};
use crate::lint::FileReport;
use crate::report::Style;
use anyhow::Context;
use node_base::console;
use node_base::harmless::{harmless, harmless_line};
use node_base::source::{FileId, STDIN};
use std::path::Path;

/// Options that apply fixes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct EditArgs {
    /// Apply the safe fixes: what is installed stays what was meant
    #[arg(long)]
    fix: bool,
    /// Apply also those that change what is installed
    #[arg(long)]
    unsafe_fixes: bool,
    /// Print what the fixes would change, write nothing; exit with 1 when there is something
    #[arg(long)]
    pub(super) diff: bool,
    /// List the fixes that are applied
    #[arg(long)]
    show_fixes: bool,
}

/// Options that change kickstarts.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArgs {
    #[command(flatten)]
    pub(super) edits: EditArgs,
    /// Add a waiver with this reason for each finding, instead of fixes
    #[arg(long, requires = "reason", conflicts_with_all = ["fix", "unsafe_fixes"])]
    add_waivers: bool,
    /// The reason of --add-waivers
    #[arg(long, value_name = "TEXT", requires = "add_waivers", value_parser = reason)]
    reason: Option<String>,
}

/// A reason is one line.
fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("give the reason: it is shown with the waived findings");
    }
    if text.contains(node_base::harmless::is_control) || text.contains(node_base::source::is_line_end) {
        return Err("a reason is one line without control characters");
    }
    Ok(text.to_owned())
}

/// What a run does with fixes.
#[derive(Clone, Debug)]
pub(super) struct Fixing {
    wanted: Wanted,
    /// Waivers instead of fixes, with this reason.
    waive: Option<String>,
    prints: bool,
    lists: bool,
}

/// What became of one text.
#[derive(Debug)]
pub(super) struct Change {
    /// The fixes.
    applied: Vec<AppliedFix>,
    /// Findings that are fixed or waived.
    count: usize,
    /// What is printed: a patch, or the new text of standard input.
    pub(super) output: String,
}

impl EditArgs {
    /// What the run does with fixes; `None` when it applies none.
    pub(super) fn fixing(&self) -> Option<Fixing> {
        let is_asked = self.fix || self.unsafe_fixes || self.diff || self.show_fixes;
        is_asked.then(|| self.applied(None))
    }

    fn applied(&self, waive: Option<String>) -> Fixing {
        let wanted = if self.unsafe_fixes { Wanted::Unsafe } else { Wanted::Safe };
        Fixing { wanted, waive, prints: self.diff, lists: self.show_fixes }
    }
}

impl FixArgs {
    /// What the run does with fixes; `None` when it applies none.
    pub(super) fn fixing(&self) -> Option<Fixing> {
        match self.reason.clone().filter(|_| self.add_waivers) {
            Some(reason) => Some(self.edits.applied(Some(reason))),
            None => self.edits.fixing(),
        }
    }
}

impl Fixing {
    /// Fixes one file, whose text and report are given; `name` is what it is called. Answers with what is left.
    pub(super) fn apply(
        &self,
        path: &Path,
        name: &Path,
        (old, report): (&str, FileReport),
        lint: impl Fn(String) -> anyhow::Result<FileReport>,
    ) -> anyhow::Result<(FileReport, Change)> {
        let (report, applied, count) = match &self.waive {
            Some(reason) => {
                let waived = fix::waive(&report, reason);
                let report = if waived.findings == 0 { report } else { lint(waived.text)? };
                (report, Vec::new(), waived.findings)
            }
            None => {
                let fixed = fix::apply(report, self.wanted, lint)?;
                let count = fixed.applied.len();
                (fixed.report, fixed.applied, count)
            }
        };
        let new = report.sources.get(FileId(0)).text();
        let is_stdin = path == Path::new(STDIN);
        let output = if self.prints {
            fix::diff(&harmless_line(&name.to_string_lossy()), old, new)
        } else if is_stdin {
            new.to_owned()
        } else {
            if new != old {
                fix::write(path, new.as_bytes()).context("cannot be written")?;
            }
            String::new()
        };
        Ok((report, Change { applied, count, output }))
    }

    /// Says on standard error what was done to a file.
    pub(super) fn list(&self, path: &Path, change: &Change) {
        if !self.lists {
            return;
        }
        for applied in &change.applied {
            let line = applied.line.map(|line| format!(":{line}")).unwrap_or_default();
            let what = format!("{}{line}: {}: {}", path.display(), applied.code.id, applied.title);
            console::note_line("ks-lint", &what);
        }
    }

    /// Whether what the run prints is only what it would change, or the new text.
    pub(super) fn prints_only_changes(&self) -> bool {
        self.prints
    }
}

/// How many findings were fixed in how many files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fixes {
    findings: usize,
    files: usize,
}

impl Fixes {
    /// Counts one file.
    pub(super) fn add(&mut self, change: &Change) {
        self.findings += change.count;
        self.files += usize::from(change.count > 0);
    }

    /// Says on standard error what was done.
    pub(super) fn say(self, fixing: &Fixing) {
        if self.findings == 0 {
            return;
        }
        let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let did = match (fixing.waive.is_some(), fixing.prints) {
            (false, false) => "fixed",
            (false, true) => "would fix",
            (true, false) => "waived",
            (true, true) => "would waive",
        };
        let message = format!("{did} {} in {}", plural(self.findings, "finding"), plural(self.files, "file"));
        console::note_line("ks-lint", &message);
    }

    /// Whether anything was changed.
    pub(super) fn is_something(self) -> bool {
        self.findings > 0
    }
}

/// A text for standard output: what a terminal would take for commands is shown, what a program reads stays.
pub(super) fn printable(text: &str, style: &Style) -> String {
    if style.is_terminal() { harmless(text).into_owned() } else { text.to_owned() }
}
