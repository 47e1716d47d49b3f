//! Known findings: a run with a baseline reports only what is not in it.
//!
//! A finding is recognised by the file, its code and the text of its line, so that lines may move. The text is kept as a
//! checksum only: it may be a password.
//!
//! Errors of syntax are never known: the installer refuses the file, and no rule is asked about it until they are fixed.

use super::file_report::FileReport;
use super::patterns::absolute;
use super::refusal::is_refusal;
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::SCHEMA;
use node_base::source::Sources;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One kind of finding at one line of one file, and how often it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    path: String,
    code: String,
    line: String,
    count: usize,
}

/// The content of the file.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Content {
    schema: u32,
    findings: Vec<Known>,
}

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Path of the baseline.
        path: String,
        /// The system's reason. Not a `source`: it is part of the text.
        error: std::io::Error,
    },
    /// It is not what `--write-baseline` writes.
    #[error("{path}: not a baseline of this release: {message}; write it again with --write-baseline")]
    Content {
        /// Path of the baseline.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

/// How often each finding is known: by path, code, and checksum of the line.
type Counts = BTreeMap<(String, String, String), usize>;

/// Known findings. Paths are relative to the directory of the file.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    directory: PathBuf,
    counts: Counts,
}

impl Baseline {
    /// An empty one that will be written to this path.
    pub fn at(path: &Path) -> Baseline {
        let directory = absolute(path).parent().map_or_else(PathBuf::new, Path::to_owned);
        Baseline { directory, counts: Counts::new() }
    }

    /// Reads a file that [`text`](Self::text) has made.
    ///
    /// # Errors
    /// [`BaselineError`].
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let shown = || path.display().to_string();
        let text = node_base::regular::read_to_string(path)
            .map_err(|error| BaselineError::Read { path: shown(), error })?;
        let wrong = |message: String| BaselineError::Content { path: shown(), message };
        let content: Content = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if content.schema != SCHEMA {
            return Err(wrong(format!("its schema is {}, not {SCHEMA}", content.schema)));
        }
        let mut baseline = Baseline::at(path);
        for Known { path, code, line, count } in content.findings {
            *baseline.counts.entry((path, code, line)).or_default() += count;
        }
        Ok(baseline)
    }

    /// Adds the findings of a report, without its errors of syntax.
    pub fn add(&mut self, report: &FileReport) {
        for (key, finding) in self.keys(report).into_iter().zip(&report.findings) {
            if !is_refusal(finding) {
                *self.counts.entry(key).or_default() += 1;
            }
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let known = |((path, code, line), count): (&(String, String, String), &usize)| Known {
            path: path.clone(),
            code: code.clone(),
            line: line.clone(),
            count: *count,
        };
        let content = Content { schema: SCHEMA, findings: self.counts.iter().map(known).collect() };
        // Serialising plain structures to a string cannot fail.
        serde_json::to_string_pretty(&content).unwrap_or_default() + "\n"
    }

    /// How many findings it has.
    pub fn len(&self) -> usize {
        self.counts.values().sum()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Takes known findings out of a report and counts them. Errors of syntax stay.
    pub fn apply(&self, report: &mut FileReport) {
        let keys = self.keys(report);
        let mut left: BTreeMap<&(String, String, String), usize> = BTreeMap::new();
        let findings = std::mem::take(&mut report.findings);
        for (key, finding) in keys.iter().zip(findings) {
            if is_refusal(&finding) {
                report.findings.push(finding);
                continue;
            }
            let known = self.counts.get(key).copied().unwrap_or_default();
            let left = left.entry(key).or_insert(known);
            match left.checked_sub(1) {
                Some(rest) => {
                    *left = rest;
                    report.baselined += 1;
                }
                None => report.findings.push(finding),
            }
        }
    }

    fn keys(&self, report: &FileReport) -> Vec<(String, String, String)> {
        let path = absolute(report.path());
        let relative = path.strip_prefix(&self.directory).unwrap_or(&path);
        let path = relative.to_string_lossy().into_owned();
        let key = |f: &Finding| (path.clone(), f.code.id.to_owned(), checksum(line_of(f, &report.sources)));
        report.findings.iter().map(key).collect()
    }
}

/// The line that a finding begins in; nothing for one about the whole file.
fn line_of<'s>(finding: &Finding, sources: &'s Sources) -> &'s str {
    let Some(span) = finding.span else { return "" };
    let source = sources.get(span.file);
    let line = source.lines().line(span.start as usize);
    source.lines().range(line, source.text()).map_or("", |range| source.text()[range].trim())
}

/// FNV-1a of 64 bits, the same on every machine and in every release.
fn checksum(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
