//! Writes reports one after the other, and counts.

use super::statistics::{Statistics, is_fixable};
use super::{Format, Style};
use crate::lint::FileReport;
use node_base::diagnostic::{Code, Severity};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

/// What a whole run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were checked.
    pub files: usize,
    /// Errors in all of them.
    pub errors: usize,
    /// Warnings in all of them.
    pub warnings: usize,
    /// Infos in all of them.
    pub infos: usize,
    /// Findings that the files waive; they are in none of the other counts.
    pub waived: usize,
    /// Findings that the baseline knows; they are in none of the other counts.
    pub baselined: usize,
    /// Findings with a safe fix.
    pub fixable: usize,
    /// Files in which nothing was found, and nothing is waived or known.
    pub clean: usize,
    /// Whether there is a finding at or above the severity that makes a run fail.
    pub failed: bool,
    /// Paths that could not be checked, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Summary {
    /// Findings by severity, in words: `2 errors, 1 warning`.
    pub(super) fn counts(&self) -> String {
        let counts = [
            (self.errors, "error", "errors"),
            (self.warnings, "warning", "warnings"),
            (self.infos, "info", "info"),
            (self.waived, "waived", "waived"),
            (self.baselined, "in the baseline", "in the baseline"),
        ];
        let mut words = String::new();
        for (n, one, many) in counts.into_iter().filter(|(n, ..)| *n > 0) {
            let comma = if words.is_empty() { "" } else { ", " };
            words.extend([comma, &n.to_string(), " ", if n == 1 { one } else { many }]);
        }
        if words.is_empty() { "no findings".to_owned() } else { words }
    }

    /// What one file came to, when findings from `fail_on` on make it fail.
    pub(super) fn of(report: &FileReport, fail_on: Severity) -> Summary {
        let of = |severity| report.findings.iter().filter(|f| f.severity == severity).count();
        let clean = report.findings.is_empty() && report.waived.is_empty() && report.baselined == 0;
        Summary {
            files: 1,
            clean: usize::from(clean),
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            infos: of(Severity::Info),
            waived: report.waived.len(),
            baselined: report.baselined,
            // Templates are not fixed.
            fixable: report.findings.iter().filter(|f| !report.is_template && is_fixable(f)).count(),
            failed: report.findings.iter().any(|f| f.severity >= fail_on),
            unreadable: Vec::new(),
        }
    }

    /// Whether nothing was found in any file, and nothing is waived or known.
    pub(super) fn is_clean(&self) -> bool {
        self.clean == self.files
    }

    fn add(&mut self, other: Summary) {
        self.files += other.files;
        self.clean += other.clean;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.infos += other.infos;
        self.waived += other.waived;
        self.baselined += other.baselined;
        self.fixable += other.fixable;
        self.failed |= other.failed;
        self.unreadable.extend(other.unreadable);
    }
}

/// One file's report as text, made apart from the printing: in parallel, and without keeping the file.
#[derive(Debug)]
pub struct Rendered {
    text: String,
    summary: Summary,
    seen: Vec<&'static Code>,
    statistics: Statistics,
}

impl Rendered {
    /// Renders a report; findings from `fail_on` on make the run fail.
    pub fn new(report: &FileReport, fail_on: Severity, format: Format, style: &Style) -> Rendered {
        let waived = report.waived.iter().map(|(finding, _)| finding);
        let mut seen: Vec<_> = report.findings.iter().chain(waived).map(|f| f.code).collect();
        seen.sort_by_key(|code| code.id);
        seen.dedup();
        Rendered {
            text: format.render(report, fail_on, style),
            summary: Summary::of(report, fail_on),
            seen,
            statistics: Statistics::of(report),
        }
    }
}

/// Writes reports in one format and counts what they hold. A reader that closes its end (`| head`) is no error:
/// the rest is not written, and the counts stay true.
#[derive(Debug)]
pub struct Printer<W: Write> {
    out: BufWriter<Patient<W>>,
    format: Format,
    style: Style,
    summary: Summary,
    /// Kinds of finding so far, by code.
    seen: BTreeMap<&'static str, &'static Code>,
    begun: bool,
    /// Files that something was written for.
    written: usize,
    /// Of the reports that were counted and not written.
    statistics: Statistics,
}

impl<W: Write> Printer<W> {
    /// A printer to `out`.
    pub fn new(out: W, format: Format, style: Style) -> Self {
        Printer {
            out: BufWriter::new(Patient { inner: out, closed: false }),
            format,
            style,
            summary: Summary::default(),
            seen: BTreeMap::new(),
            begun: false,
            written: 0,
            statistics: Statistics::default(),
        }
    }

    /// Writes one report; findings from `fail_on` on make the run fail.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn file(&mut self, report: &FileReport, fail_on: Severity) -> io::Result<()> {
        let rendered = Rendered::new(report, fail_on, self.format, &self.style);
        self.rendered(rendered)
    }

    /// Writes one report that was rendered before, in this printer's format and style.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn rendered(&mut self, rendered: Rendered) -> io::Result<()> {
        self.begin()?;
        if !rendered.text.is_empty() {
            if self.written > 0 {
                self.out.write_all(self.format.separator().as_bytes())?;
            }
            self.written += 1;
        }
        self.summary.add(rendered.summary);
        self.seen.extend(rendered.seen.into_iter().map(|code| (code.id, code)));
        self.out.write_all(rendered.text.as_bytes())
    }

    /// Counts a report without writing it.
    pub fn count(&mut self, rendered: Rendered) {
        self.summary.add(rendered.summary);
        self.statistics.add(rendered.statistics);
    }

    /// Writes how often each kind of finding was counted, and the last line of the run.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn finish_with_statistics(mut self) -> io::Result<Summary> {
        let table = self.statistics.table(&self.style);
        self.out.write_all(table.as_bytes())?;
        self.finish()
    }

    /// The counts, when nothing is to be written.
    pub fn into_summary(self) -> Summary {
        self.summary
    }

    /// What stands before the first file, once.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.out.write_all(self.format.head().as_bytes())
    }

    /// Brings out what is written so far, where a person looks on: what goes to standard error then comes in order.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn flush_to_terminal(&mut self) -> io::Result<()> {
        if self.style.terminal { self.out.flush() } else { Ok(()) }
    }

    /// Remembers a path that could not be checked. The caller has told the person.
    pub fn unreadable(&mut self, path: &std::path::Path, message: &str) {
        self.summary.unreadable.push((path.to_string_lossy().into_owned(), message.to_owned()));
    }

    /// Writes what closes the output.
    ///
    /// # Errors
    /// When the output cannot be written to.
    pub fn finish(mut self) -> io::Result<Summary> {
        self.begin()?;
        let tail = self.format.tail(&self.summary, self.seen.values().copied(), &self.style);
        self.out.write_all(tail.as_bytes())?;
        self.out.flush()?;
        Ok(self.summary)
    }
}

/// Takes a closed reader as one that has seen enough.
#[derive(Debug)]
struct Patient<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> Patient<W> {
    fn forgive<T>(&mut self, result: io::Result<T>, otherwise: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.forgive(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.forgive(result, ())
    }
}
