//! Boot configurations: alone, or with the kickstart that they fetch.

pub use super::served::Root;

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::read::{Read, read};
use super::settings::Settings;
use super::together::{self, Known};
use crate::boot::check::{self, CheckOptions};
use crate::boot::codes;
use crate::boot::config::{self, BootConfig, ConfigFormat, Entry};
use crate::boot::legacy::{self, Translation};
use crate::kind;
use crate::rules::Context;
use kickstart::Version;
use kickstart::syntax::SECTION_NAMES;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::policy::PolicyError;
use node_base::source::{FileId, SourceError, Sources, Span, split_lines};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Checks a boot configuration that is already in `sources`, for the installer of a release; without one each entry for
/// the release that it names, or else the default. Without a format it is told from the content.
pub fn lint(
    sources: Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    syntax: Option<Chosen<Version>>,
) -> FileReport {
    lint_served(sources, file, format, syntax, None)
}

/// As [`lint`], also whether `root` has the files that the entries fetch.
pub fn lint_served(
    sources: Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    syntax: Option<Chosen<Version>>,
    root: Option<&Root>,
) -> FileReport {
    let mut findings = Findings::new();
    if let Some(refused) = foreign(&sources, file, format) {
        findings.push(refused);
        let syntax = syntax.unwrap_or_else(|| Chosen::new(Version::DEFAULT, "the default"));
        return report(sources, syntax, findings);
    }
    let marks = Marks::of(&sources, file);
    let syntax = {
        let sources = marks.sources(&sources);
        let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
        let config = config::read(sources, file, format, &mut findings);
        let is_assumed = syntax.is_none();
        let syntax = syntax.unwrap_or_else(|| named_by_entries(&config));
        let setting = CheckOptions { version: syntax.value, is_assumed, with_kickstart: false };
        check::config(&config, setting, &mut findings);
        if let Some(root) = root {
            let installers = config.entries.iter().filter(|e| e.is_linux() && check::is_installer(&e.line));
            installers.for_each(|entry| root.check(entry, &mut findings));
        }
        syntax
    };
    report(sources, syntax, marks.restore(findings))
}

/// A file that is not a boot configuration: none of its lines is one of a known format or a command line of a kernel.
fn foreign(sources: &Sources, file: FileId, format: Option<ConfigFormat>) -> Option<Finding> {
    let text = sources.get(file).text();
    if format.is_some() || text.trim().is_empty() || config::detect(text) != ConfigFormat::Cmdline {
        return None;
    }
    let begins_section = |line: &str| {
        line.starts_with('%') && SECTION_NAMES.contains(&line.split_whitespace().next().unwrap_or_default())
    };
    let is_kickstart =
        kind::kickstart_commands(split_lines(text)) >= 3 || split_lines(text).any(begins_section);
    let (what, help) = if is_kickstart {
        ("this is a kickstart, not a boot configuration", "check it with: ks-lint FILE")
    } else if config::has_command_line(text) {
        return None;
    } else {
        (
            "this is not a boot configuration",
            "expected a kernel command line, or a pxelinux, GRUB, iPXE or Boot Loader Specification file; --kind names the format",
        )
    };
    let first = split_lines(text).next().unwrap_or_default().trim_end().len();
    let finding = Finding::new(&codes::NO_ENTRY, what).severity(Severity::Error).help(help);
    Some(finding.at(Span::new(file, 0, first)))
}

/// The release that all entries of a configuration name, else the default.
fn named_by_entries(config: &BootConfig<'_>) -> Chosen<Version> {
    let mut named = config.entries.iter().filter(|e| e.is_linux()).filter_map(Entry::release);
    match named.next() {
        None => Chosen::new(Version::DEFAULT, "the default"),
        Some((version, words)) if named.all(|(other, _)| other == version) => {
            Chosen::new(version, format!("an entry names '{words}'"))
        }
        Some(_) => {
            Chosen::new(Version::DEFAULT, "the default; entries that name another release are read as that")
        }
    }
}

/// Checks a boot configuration together with a kickstart, which is added to `sources` behind it. The release is that of
/// the settings, or else the one that the kickstart names.
///
/// # Errors
/// A kickstart of 4 GiB and more.
pub fn lint_with_kickstart(
    mut sources: Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    kickstart: (&Path, String),
    settings: &Settings,
    root: Option<&Root>,
) -> Result<FileReport, SourceError> {
    let kickstart = sources.add(kickstart.0, kickstart.1)?;
    let mut findings = Findings::new();
    let marks = Marks::of(&sources, file);
    let (syntax, policy, chosen, directives) = {
        let sources = marks.sources(&sources);
        // What is wrong with the kickstart alone is for `ks-lint check` to report.
        let Read { syntax, policy, kickstart, directives, findings: parsed, .. } =
            read(sources, kickstart, settings);
        let context = Context::new(sources, &kickstart, &parsed, policy.value.as_deref());
        let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
        let config = config::read(sources, file, format, &mut findings);
        let setting = CheckOptions { version: syntax.value, is_assumed: false, with_kickstart: true };
        check::config(&config, setting, &mut findings);
        let known = Known { context: &context, directives: &directives, parsed: &parsed };
        let chosen = together::config(&config, known, root, &mut findings);
        (syntax, policy, chosen, directives)
    };
    let name = policy.value.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    let mut report = report(sources, syntax, marks.restore(findings));
    report.policy = chosen.unwrap_or_else(|| Chosen::new(name, policy.because));
    let applied = directives.apply_waivers(report.findings);
    (report.findings, report.waived) = (applied.findings, applied.waived);
    Ok(report)
}

/// Marks of a template engine with blanks in them (`{{ label }}`), which would otherwise end a word.
struct Marks {
    /// All files, the blanks inside the marks of the configuration replaced; `None` when it has no such mark.
    joined: Option<Sources>,
    /// Each such mark, joined and as written.
    marks: HashMap<String, String>,
}

impl Marks {
    /// Reads the marks of one of the files.
    fn of(sources: &Sources, file: FileId) -> Marks {
        let text = sources.get(file).text();
        let mut joined = String::new();
        let mut marks = HashMap::new();
        let mut at = 0;
        for mark in kind::marks_of_one_line(text) {
            let (before, written) = (&text[at..mark.start], &text[mark.clone()]);
            at = mark.end;
            joined.push_str(before);
            let whole = written.replace([' ', '\t'], "_");
            joined.push_str(&whole);
            if whole != written {
                marks.insert(whole, written.to_owned());
            }
        }
        if marks.is_empty() {
            return Marks { joined: None, marks };
        }
        joined.push_str(&text[at..]);
        let mut all = Sources::new();
        for (id, source) in sources.iter() {
            let text = if id == file { joined.clone() } else { source.text().to_owned() };
            if all.add(source.path(), text).is_err() {
                return Marks { joined: None, marks: HashMap::new() };
            }
        }
        Marks { joined: Some(all), marks }
    }

    fn sources<'s>(&'s self, sources: &'s Sources) -> &'s Sources {
        self.joined.as_ref().unwrap_or(sources)
    }

    /// The findings with the marks as they are written.
    fn restore(&self, mut findings: Findings) -> Findings {
        if self.marks.is_empty() {
            return findings;
        }
        let restored = |text: &str| {
            let mut whole = String::new();
            let mut at = 0;
            for mark in kind::marks_of_one_line(text) {
                whole.push_str(&text[at..mark.start]);
                whole.push_str(
                    self.marks.get(&text[mark.clone()]).map_or(&text[mark.clone()], String::as_str),
                );
                at = mark.end;
            }
            whole + &text[at..]
        };
        let found: Vec<Finding> = std::mem::take(&mut findings).into_iter().collect();
        findings.extend(found.into_iter().map(|mut finding| {
            finding.message = restored(&finding.message);
            finding.help = finding.help.as_deref().map(restored);
            if let Some(fix) = &mut finding.fix {
                fix.title = restored(&fix.title);
                fix.edits.iter_mut().for_each(|edit| edit.replacement = restored(&edit.replacement));
            }
            finding
        }));
        findings
    }
}

/// The kickstart that the first entry which names one fetches, as a file below `root`.
pub fn served_kickstart(
    sources: &Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    root: &Root,
) -> Option<PathBuf> {
    let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
    let config = config::read(sources, file, format, &mut Findings::new());
    config.entries.iter().find_map(|entry| root.kickstart(entry))
}

/// The kickstart and the command line that replace the parameters of an old node: of the first entry that has any.
///
/// # Errors
/// When no entry has parameters of an old node, or the built-in policy cannot be read.
pub fn to_kickstart(
    sources: &Sources,
    file: FileId,
    format: Option<ConfigFormat>,
) -> Result<Translation, NotLegacy> {
    let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
    let config = config::read(sources, file, format, &mut Findings::new());
    let entry = config.entries.iter().find(|e| legacy::is_legacy(&e.line)).ok_or(NotLegacy::NoParameters)?;
    Ok(legacy::translate(&entry.line)?)
}

/// Why nothing can be translated.
#[derive(Debug, thiserror::Error)]
pub enum NotLegacy {
    /// No entry is one of an old node.
    #[error("no kernel parameters of oVirt Node 3 or older, such as storage_init=, in this file")]
    NoParameters,
    /// The built-in policy cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Deletes a blank together with each word that is deleted.
fn delete_blanks(sources: &Sources, findings: &mut [Finding]) {
    let edits = findings.iter_mut().filter_map(|finding| finding.fix.as_mut()).flat_map(|fix| &mut fix.edits);
    for edit in edits.filter(|edit| edit.replacement.is_empty()) {
        let text = sources.get(edit.span.file).text();
        if text[..edit.span.start as usize].ends_with([' ', '\t']) {
            edit.span.start -= 1;
        }
    }
}

/// The report of a file that no layout policy applies to.
fn report(sources: Sources, syntax: Chosen<Version>, findings: Findings) -> FileReport {
    let mut findings = findings.into_sorted();
    delete_blanks(&sources, &mut findings);
    FileReport {
        sources,
        syntax,
        policy: Chosen::new("none".to_owned(), "a boot configuration has no layout"),
        findings,
        waived: Vec::new(),
        baselined: 0,
        is_template: false,
        includes: Vec::new(),
    }
}
