//! `--fix` and its relatives: what is done to files, and what is said about it.

use crate::fix::{self, Applied, Wanted};
use crate::lint::{FileReport, PathError};
use crate::report::Style;
use anyhow::Context;
use node_base::console;
use node_base::harmless::{harmless, harmless_line};
use node_base::source::STDIN;
use std::path::Path;

/// Options that change files.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArgs {
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

/// What a run does with fixes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixing {
    wanted: Wanted,
    prints: bool,
    lists: bool,
}

/// What became of one text.
#[derive(Debug)]
pub(super) struct Change {
    /// The fixes.
    applied: Vec<Applied>,
    /// What is printed: a patch, or the new text of standard input.
    pub(super) output: String,
}

impl FixArgs {
    /// What the run does with fixes; `None` when it applies none.
    pub(super) fn fixing(&self) -> Option<Fixing> {
        let wanted = if self.unsafe_fixes { Wanted::Unsafe } else { Wanted::Safe };
        (self.fix || self.unsafe_fixes || self.diff || self.show_fixes).then_some(Fixing {
            wanted,
            prints: self.diff,
            lists: self.show_fixes,
        })
    }
}

impl Fixing {
    /// Fixes one file, whose text and report are given; `name` is what it is called. Answers with what is left.
    pub(super) fn apply(
        self,
        path: &Path,
        name: &Path,
        (old, report): (&str, FileReport),
        lint: impl Fn(String) -> Result<FileReport, PathError>,
    ) -> anyhow::Result<(FileReport, Change)> {
        let fixed = fix::apply(report, self.wanted, lint)?;
        let is_stdin = path == Path::new(STDIN);
        let output = if self.prints {
            fix::diff(&harmless_line(&name.to_string_lossy()), old, fixed.text())
        } else if is_stdin {
            fixed.text().to_owned()
        } else {
            if fixed.text() != old {
                fix::write(path, fixed.text().as_bytes()).context("cannot be written")?;
            }
            String::new()
        };
        Ok((fixed.report, Change { applied: fixed.applied, output }))
    }

    /// Says on standard error what was done to a file.
    pub(super) fn list(self, path: &Path, change: &Change) {
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
    pub(super) fn prints_only_changes(self) -> bool {
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
        self.findings += change.applied.len();
        self.files += usize::from(!change.applied.is_empty());
    }

    /// Says on standard error what was done.
    pub(super) fn say(self, fixing: Fixing) {
        if self.findings == 0 {
            return;
        }
        let plural = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let did = if fixing.prints { "would fix" } else { "fixed" };
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
