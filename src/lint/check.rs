//! One kickstart through the parser and every rule.

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::fragments::Fragments;
use super::overlaps;
use super::read::{Read, read_with_includes};
use super::refusal::is_refusal;
use super::release;
use super::settings::{Settings, SettingsError, SettingsSource};
use super::text::{self, TextError};
use crate::catalogue;
use crate::directives::AfterWaivers;
use crate::kind;
use crate::rules::{self, Context, Rule};
use foldhash::{HashSet, HashSetExt};
use kickstart::codes::{BROKEN_LINE, COMMANDS_CONFLICT, DUPLICATE, MISSING_END, STRAY_END};
use kickstart::include::Outcome;
use kickstart::{Arg, Command, Kickstart};
use node_base::diagnostic::{Category, Finding, Findings, Severity, Told};
use node_base::source::{FileId, Sources, Span};
use std::path::Path;

/// A file that was checked, with the severity from which its findings make the run fail.
#[derive(Debug)]
pub struct Linted {
    /// The findings, and what the file was checked against.
    pub report: FileReport,
    /// Findings of this severity or worse make the run fail.
    pub fail_on: Severity,
}

impl Linted {
    /// Whether a finding makes the run fail.
    pub fn fails(&self) -> bool {
        self.report.findings.iter().any(|f| f.severity >= self.fail_on)
    }
}

/// Why a path was not checked. Does not name the path.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Its configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Checks the kickstart at a path (`-`: standard input), as `ks-lint PATH` does.
///
/// # Errors
/// [`PathError`].
pub fn path(path: &Path, settings: &SettingsSource) -> Result<Linted, PathError> {
    path_of_run(path, settings, &Fragments::default())
}

/// Checks the kickstart at a path, one of several files of which some include others.
///
/// # Errors
/// [`PathError`].
pub fn path_of_run(
    path: &Path,
    settings: &SettingsSource,
    fragments: &Fragments,
) -> Result<Linted, PathError> {
    text_of_run(path, text::read(path)?, settings, fragments)
}

/// Checks a text as if it were the file at a path, one of several files of which some include others.
///
/// # Errors
/// [`PathError`].
pub fn text_of_run(
    path: &Path,
    text: String,
    settings: &SettingsSource,
    fragments: &Fragments,
) -> Result<Linted, PathError> {
    let mut sources = Sources::new();
    let file = sources.add(path, text).map_err(|_| TextError::TooLarge)?;
    let settings = settings.of(path)?;
    let mut report = match fragments.version_of(path) {
        None => lint(sources, file, &settings.settings),
        Some(version) => {
            let mut of_fragment = settings.settings.clone();
            of_fragment.is_fragment = true;
            of_fragment.default_syntax.get_or_insert_with(|| version.clone());
            lint(sources, file, &of_fragment)
        }
    };
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut report);
    }
    Ok(Linted { report, fail_on: settings.fail_on })
}

/// Checks a kickstart that is already in `sources`.
pub fn lint(mut sources: Sources, file: FileId, settings: &Settings) -> FileReport {
    let includes = settings.load_includes(&mut sources, file);
    let templates = Templates::of(&sources);
    let (syntax, policy, directives, findings, judges, included) = {
        let sources = templates.as_ref().map_or(&sources, |templates| &templates.masked);
        let Read { syntax, policy, kickstart, directives, mut findings, .. } =
            read_with_includes(sources, &includes, file, settings);
        let mut context = Context::new(sources, &kickstart, &findings, policy.value.as_deref());
        context.machine = settings.machine.as_deref();
        context.shellcheck = settings.shellcheck.as_ref();
        context.section = directives.section.as_ref();
        context.is_template = templates.is_some();
        context.is_fragment = settings.is_fragment;
        let has_duplicates = context.has_duplicates();
        let other_devices = if has_duplicates { other_devices(&context) } else { Vec::new() };
        if templates.as_ref().is_some_and(|templates| !templates.are_kickstarts) {
            findings = Findings::new();
            findings.extend(templates.iter().flat_map(|templates| templates.remarks.clone()));
        } else if context.syntax_errors().next().is_some()
            && let Some(finding) = kind::other_language(sources.get(file).text(), file)
        {
            // What its single lines are in the language of kickstarts says nothing.
            findings = Findings::new();
            findings.push(finding);
        } else {
            let found = if context.is_template || context.is_fragment {
                run(rules::of_single_lines(), &context)
            } else {
                run(rules::all(), &context)
            };
            if has_duplicates {
                findings.retain(|f| {
                    f.code != &DUPLICATE || !f.span.is_some_and(|span| other_devices.contains(&span))
                });
                let parsed: Vec<Finding> = std::mem::take(&mut findings).into_iter().collect();
                findings.extend(parsed.into_iter().map(overridden_on_purpose));
            }
            findings.extend(found);
            if let Some(templates) = templates.as_ref() {
                templates.finish(&mut findings);
                release::keep_errors_of_every_release(sources, &includes, file, settings, &mut findings);
            }
            if !kickstart.includes.is_empty() {
                findings.remove_repeated(&mut Told::default());
            }
        }
        let judges = Judges::of(&kickstart, &findings, policy.value.is_some(), settings, templates.is_some());
        let included = kickstart.includes.iter().filter_map(|include| match include.outcome {
            Some(Outcome::File(file)) => Some((include.span, *file)),
            _ => None,
        });
        (syntax, policy, directives, findings, judges, included.collect())
    };
    let mut applied = directives.apply_waivers(findings.into_sorted());
    let remarks = directives.remarks(&applied, &sources, &|code| judges.judges(code));
    if !remarks.is_empty() {
        let mut all = Findings::new();
        all.extend(std::mem::take(&mut applied.findings).into_iter().chain(remarks));
        applied.findings = all.into_sorted();
    }
    let AfterWaivers { findings, waived, .. } = applied;
    let name = policy.value.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    let policy = Chosen::new(name, policy.because);
    let mut report = FileReport {
        sources,
        syntax,
        policy,
        findings,
        waived,
        baselined: 0,
        is_template: templates.is_some(),
        includes: included,
    };
    settings.choice.apply(&mut report);
    report
}

/// Which waivers this check can call unused: the others may waive what is found with a policy, disks, included files.
struct Judges {
    anything: bool,
    /// Whether everything that the kickstart includes was read.
    is_whole: bool,
    has_policy: bool,
    has_machine: bool,
}

impl Judges {
    fn of(
        kickstart: &Kickstart<'_>,
        findings: &Findings,
        has_policy: bool,
        settings: &Settings,
        is_template: bool,
    ) -> Judges {
        Judges {
            // A kickstart with an error of syntax is not checked by all rules.
            anything: !is_template && !settings.is_fragment && !findings.iter().any(is_refusal),
            is_whole: kickstart.includes.iter().all(|i| matches!(i.outcome, Some(Outcome::File(_)))),
            has_policy,
            has_machine: settings.machine.is_some(),
        }
    }

    fn judges(&self, code: &str) -> bool {
        let Some(code) = catalogue::find(code) else { return false };
        self.anything
            && match code.category {
                Category::Boot | Category::Layout => false,
                Category::Storage => self.has_machine && self.is_whole,
                Category::Node => self.has_policy && self.is_whole,
                Category::Unattended | Category::Style => self.is_whole,
                Category::Syntax | Category::Security => true,
            }
    }
}

/// The `network` lines that the language calls a second configuration of a device, and that are none: a VLAN is another
/// device than the interface it is on, and a line that only names the host configures no device.
fn other_devices(context: &Context<'_>) -> Vec<Span> {
    let kickstart = context.kickstart;
    let lines: Vec<&Command<'_>> = kickstart.all("network").collect();
    if lines.len() < 2 {
        return Vec::new();
    }
    let text = |command: &Command<'_>, option: &str| command.value(option).map(|v| v.text.to_string());
    let is_name_only = |command: &Command<'_>| {
        command.has("--hostname")
            && command.args.iter().all(|arg| matches!(arg, Arg::Option { name: "--hostname", .. }))
    };
    let mut seen = HashSet::new();
    let mut others = Vec::new();
    for command in lines {
        if is_name_only(command) {
            others.push(command.name_span);
            continue;
        }
        let own = ["--device", "--vlanid", "--interfacename"].map(|option| text(command, option));
        if seen.insert(own) {
            others.push(command.name_span);
        }
    }
    others
}

/// A file that includes another one may define again what is in that on purpose: live images do so with their root.
fn overridden_on_purpose(finding: Finding) -> Finding {
    let first = finding.related.first().and_then(|r| r.span);
    let is_elsewhere = first.zip(finding.span).is_some_and(|(first, second)| first.file != second.file);
    if finding.code == &DUPLICATE && is_elsewhere { finding.severity(Severity::Info) } else { finding }
}

/// The files of a check that are templates.
struct Templates {
    /// All files, those that are templates with their marks blanked.
    masked: Sources,
    /// One remark for each template.
    remarks: Vec<Finding>,
    /// The templates.
    found: Vec<(FileId, kind::Template)>,
    /// Whether the file that is checked becomes a kickstart.
    are_kickstarts: bool,
}

impl Templates {
    /// `None` when no file is a template, as nearly always.
    fn of(sources: &Sources) -> Option<Templates> {
        let found: Vec<_> = sources
            .iter()
            .map(|(file, source)| (file, source, kind::Template::read(source.text())))
            .collect();
        if found.iter().all(|(.., template)| template.is_none()) {
            return None;
        }
        let mut templates = Templates {
            masked: Sources::new(),
            remarks: Vec::new(),
            found: Vec::new(),
            are_kickstarts: true,
        };
        for (file, source, template) in found {
            templates.remarks.extend(template.as_ref().map(|t| t.finding(file)));
            let is_first = file == FileId(0);
            templates.are_kickstarts &=
                !is_first || template.as_ref().is_none_or(kind::Template::is_kickstart);
            let text = template.as_ref().map_or_else(|| source.text().to_owned(), |t| t.masked.clone());
            // As long as the text that it replaces, which was not too long.
            templates.masked.add(source.path(), text).ok()?;
            templates.found.extend(template.map(|template| (file, template)));
        }
        Some(templates)
    }

    /// What is wrong with the text but need not be with what it becomes: two lines may be in branches of which the engine
    /// keeps one, a value may begin or end a section, marks join lines.
    fn finish(&self, findings: &mut Findings) {
        let is_open = |f: &Finding| {
            let Some(span) = f.span else { return false };
            let Some((_, template)) = self.found.iter().find(|(file, _)| *file == span.file) else {
                return false;
            };
            let end = span.end as usize;
            // Places and lines are in the order of the text.
            let between = |places: &[usize], start: usize| {
                places.get(places.partition_point(|at| *at < start)).is_some_and(|at| *at <= end)
            };
            let either = |start| between(&template.lone_values, start) || between(&template.branches, start);
            let open = || f.related.first().and_then(|r| r.span).map_or(0, |open| open.start as usize);
            if [&COMMANDS_CONFLICT, &DUPLICATE, &BROKEN_LINE].contains(&f.code) {
                true
            } else if f.code == &MISSING_END {
                either(open())
            } else if f.code == &STRAY_END {
                either(0)
            } else {
                let lines = &template.joined;
                let line = lines.get(lines.partition_point(|line| line.end < span.start as usize));
                release::is_syntax_error(f) && line.is_some_and(|line| line.start <= span.start as usize)
            }
        };
        findings.retain(|f| !is_open(f));
        findings.extend(self.remarks.iter().cloned());
    }
}

/// What these rules find, without findings that repeat others. Not sorted.
pub(super) fn run<'r>(rules: impl Iterator<Item = &'r Rule>, context: &Context<'_>) -> Findings {
    let mut findings = Findings::new();
    for rule in rules {
        (rule.check)(context, &mut findings);
    }
    overlaps::remove(&mut findings, context);
    findings
}
