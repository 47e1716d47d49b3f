//! Which findings are reported, and how severe they are: by code, prefix of codes, or name.
//!
//! The more specific word decides: a code or name, then the longer prefix, then `ALL`. Of equally specific words the command
//! line overrides the configuration, and `ignore` overrides `select`. Errors of syntax are always reported, as errors: the
//! installer refuses the kickstart whatever is chosen here.

use super::file_report::FileReport;
use super::patterns::Patterns;
use super::refusal::is_refusal;
use crate::catalogue;
use node_base::diagnostic::{Code, Finding, Severity, nearest};
use node_base::harmless::excerpt;
use std::path::Path;

/// The word for every code.
const ALL: &str = "ALL";

/// A word that names findings: a code, a prefix of codes, the name of a finding, or `ALL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The beginning of the codes that it names; a whole code for one.
    prefix: String,
}

/// A word that names no finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is not a code, a prefix of codes or the name of a finding; {help}")]
pub struct UnknownSelector {
    word: String,
    help: String,
}

impl Selector {
    /// Reads a word, in any case.
    ///
    /// # Errors
    /// A word that no finding has, with the nearest one that is known.
    pub fn parse(word: &str) -> Result<Selector, UnknownSelector> {
        let word = word.trim();
        if word.eq_ignore_ascii_case(ALL) {
            return Ok(Selector { prefix: String::new() });
        }
        if let Some(code) = catalogue::find(word) {
            return Ok(Selector { prefix: code.id.to_owned() });
        }
        let upper = word.to_ascii_uppercase();
        let letters = upper.trim_end_matches(|c: char| c.is_ascii_digit());
        let codes = catalogue::codes();
        let is_family = codes.iter().any(|code| code.category.prefix() == letters);
        if is_family && codes.iter().any(|code| code.id.starts_with(&upper)) {
            return Ok(Selector { prefix: upper });
        }
        let families = codes.iter().map(|code| code.category.prefix());
        let known = codes.iter().flat_map(|code| [code.id, code.name]).chain(families);
        let of_category = codes.iter().find(|code| code.category.name().eq_ignore_ascii_case(word));
        let meant = of_category.map(|code| code.category.prefix()).or_else(|| nearest(word, known));
        let help = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None => "'ks-lint rules' lists them".to_owned(),
        };
        Err(UnknownSelector { word: excerpt(word), help })
    }

    /// The codes that it names, sorted by category and number.
    pub fn codes(&self) -> impl Iterator<Item = &'static Code> {
        catalogue::codes().iter().copied().filter(|code| self.matches(code))
    }

    /// Whether it names this code.
    pub fn matches(&self, code: &Code) -> bool {
        code.id.starts_with(&self.prefix)
    }

    /// The word as it is shown.
    pub fn as_str(&self) -> &str {
        if self.prefix.is_empty() { ALL } else { &self.prefix }
    }
}

/// Where a word is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// In `.ks-lint.toml`.
    Configuration,
    /// On the command line.
    CommandLine,
}

/// Findings that are not reported in some files.
#[derive(Clone, Debug)]
pub(super) struct FileIgnores {
    pub(super) files: Patterns,
    pub(super) ignored: Vec<Selector>,
}

/// What is reported. With [`Default`] everything, as severe as it is.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Of the last layer that selects; `None` when all findings are selected.
    select: Option<(Layer, Vec<Selector>)>,
    ignore: Vec<(Layer, Selector)>,
    per_file: Vec<FileIgnores>,
    severity: Vec<(Layer, Selector, Severity)>,
}

impl Choice {
    /// Reports only these.
    pub(super) fn select(&mut self, layer: Layer, selectors: Vec<Selector>) {
        self.select = Some((layer, selectors));
    }

    /// Does not report these.
    pub(super) fn ignore(&mut self, layer: Layer, selectors: impl IntoIterator<Item = Selector>) {
        self.ignore.extend(selectors.into_iter().map(|selector| (layer, selector)));
    }

    /// Does not report these in some files.
    pub(super) fn ignore_in(&mut self, ignores: FileIgnores) {
        self.per_file.push(ignores);
    }

    /// Reports these with another severity.
    pub(super) fn severity(&mut self, layer: Layer, selector: Selector, severity: Severity) {
        self.severity.push((layer, selector, severity));
    }

    /// Whether everything is reported as it is found.
    pub fn is_everything(&self) -> bool {
        self.select.is_none()
            && self.ignore.is_empty()
            && self.per_file.is_empty()
            && self.severity.is_empty()
    }

    /// Whether findings of this kind are reported, in files that no pattern names.
    pub fn reports(&self, code: &Code) -> bool {
        let select = self
            .select
            .iter()
            .flat_map(|(layer, selectors)| selectors.iter().map(move |selector| (selector, *layer, false)));
        let ignore = self.ignore.iter().map(|(layer, selector)| (selector, *layer, true));
        let strongest = select
            .chain(ignore)
            .filter(|(selector, ..)| selector.matches(code))
            .max_by_key(|(selector, layer, is_ignored)| (selector.prefix.len(), *layer, *is_ignored));
        match strongest {
            Some((.., is_ignored)) => !is_ignored,
            None => self.select.is_none(),
        }
    }

    /// The severity that findings of this kind are given; `None` to leave it.
    pub fn severity_of(&self, code: &Code) -> Option<Severity> {
        let matching = self.severity.iter().filter(|(_, selector, _)| selector.matches(code));
        matching.max_by_key(|(layer, selector, _)| (selector.prefix.len(), *layer)).map(|(.., s)| *s)
    }

    /// Leaves out of a report what is not chosen, and sets the severities.
    pub fn apply(&self, report: &mut FileReport) {
        if self.is_everything() {
            return;
        }
        let path = report.path().to_owned();
        let ignored: Vec<&Selector> = self.ignored_in(&path).collect();
        let is_chosen = |finding: &Finding| {
            is_refusal(finding)
                || (self.reports(finding.code) && !ignored.iter().any(|i| i.matches(finding.code)))
        };
        report.findings.retain(|finding| is_chosen(finding));
        report.waived.retain(|(finding, _)| is_chosen(finding));
        for finding in report.findings.iter_mut().filter(|finding| !is_refusal(finding)) {
            if let Some(severity) = self.severity_of(finding.code) {
                finding.severity = severity;
            }
        }
    }

    /// What the patterns ignore in this file.
    fn ignored_in(&self, path: &Path) -> impl Iterator<Item = &Selector> {
        let path = path.to_owned();
        self.per_file.iter().filter(move |p| p.files.matches(&path, false)).flat_map(|p| &p.ignored)
    }

    /// The choice in words: one line for each kind of it.
    pub fn lines(&self) -> Vec<String> {
        fn words<'s>(selectors: impl IntoIterator<Item = &'s Selector>) -> String {
            selectors.into_iter().map(Selector::as_str).collect::<Vec<_>>().join(", ")
        }
        let mut lines = Vec::new();
        if let Some((_, selectors)) = &self.select {
            lines.push(format!("select: {}", words(selectors)));
        }
        if !self.ignore.is_empty() {
            lines.push(format!("ignore: {}", words(self.ignore.iter().map(|(_, selector)| selector))));
        }
        for ignores in &self.per_file {
            lines.push(format!("per-file-ignores: {}: {}", ignores.files, words(&ignores.ignored)));
        }
        for (_, selector, severity) in &self.severity {
            lines.push(format!("severity: {} = {severity}", selector.as_str()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<Selector> {
        list.iter().map(|word| Selector::parse(word).unwrap()).collect()
    }

    fn reports(choice: &Choice, id: &str) -> bool {
        choice.reports(catalogue::find(id).unwrap())
    }

    #[test]
    fn the_more_specific_word_decides_then_the_command_line_then_ignore() {
        let mut choice = Choice::default();
        choice.select(Layer::Configuration, words(&["ALL"]));
        choice.ignore(Layer::Configuration, words(&["SEC"]));
        assert!(!reports(&choice, "SEC001") && reports(&choice, "UNA001"));

        choice.select(Layer::CommandLine, words(&["SEC001"]));
        assert!(reports(&choice, "SEC001"), "a code is more specific than a prefix");
        assert!(!reports(&choice, "UNA001"), "the selection of the command line replaces the other one");

        choice.select(Layer::CommandLine, words(&["SEC"]));
        assert!(reports(&choice, "SEC002"), "of equal words the command line's counts");
        choice.ignore(Layer::CommandLine, words(&["SEC"]));
        assert!(!reports(&choice, "SEC002"), "and of its words the one that ignores");
    }

    #[test]
    fn a_word_is_a_code_a_prefix_or_a_name_in_any_case() {
        assert_eq!(words(&["sec001", "Sec", "plain-text-password", "all", "KS00"]).len(), 5);
        assert_eq!(words(&["plain-text-password"])[0].as_str(), "SEC001");
        for (word, help) in [
            ("SEQ001", "did you mean SEC001?"),
            ("security", "did you mean SEC?"),
            ("plain-text-pasword", "did you mean plain-text-password?"),
            ("NODE9", "'NODE9' is not"),
            ("S", "'S' is not"),
            ("", "'' is not"),
        ] {
            let error = Selector::parse(word).unwrap_err().to_string();
            assert!(error.contains(help), "{word}: {error}");
        }
    }
}
