//! Reads the section: the header, then line by line.

use super::codes::{ADDON_REPEATED, ADDON_UNKNOWN_WORD, ADDON_WRONG_VALUE, WAIVER_WITHOUT_REASON};
use super::mistakes::Mistakes;
use super::options::{self, Argument, Known};
use super::section::{AddonSection, Enforce, Placed, Requirement};
use super::values::{enforce_problem, mount_problem, nvr_problem, policy_problem, size_in_mib};
use super::waivers::{Form, Said, Waiver, WaiverPlace};
use super::{NAME, Surroundings, requirements, waivers};
use kickstart::Section;
use kickstart::syntax::{QuoteError, split_words, unquote};
use node_base::diagnostic::{Applicability, Finding, Fix, Severity, nearest};
use node_base::harmless::{excerpt, is_control};
use node_base::source::{Sources, Span, Spanned, split_lines};
use std::collections::{HashMap, HashSet};

const HEADER: &[Known] = &[
    Known { name: "--policy", takes_value: true },
    Known { name: "--enforce", takes_value: true },
    Known { name: "--nvr", takes_value: true },
];

/// The first words of lines, and how such a line is written.
const LINES: [(&str, &str); 4] = [
    ("layout", "layout --init, or layout --no-init"),
    ("require", "require /var/log --min-size=8192 (MiB)"),
    ("waive", "waive CODE --reason=\"why\""),
    ("keep-images", "keep-images 2"),
];

/// Most `require` lines.
const MOST_REQUIREMENTS: usize = 500;

/// Most images: layers are numbered with two digits.
const MOST_IMAGES: u32 = 99;

/// Reads one section.
pub(super) fn section(
    sources: &Sources,
    section: &Section<'_>,
    surroundings: &dyn Surroundings,
    mistakes: &mut Mistakes<'_>,
) -> AddonSection {
    let mut reader = SectionReader {
        sources,
        surroundings,
        mistakes,
        section: AddonSection::empty(section.span, section.header_span),
        required: HashMap::new(),
        repeated: HashSet::new(),
    };
    let words: Vec<Spanned<'_>> = section.positionals().skip(1).cloned().collect();
    reader.header(words);
    let text = sources.text_of(section.body);
    let mut at = section.body.start as usize;
    for line in split_lines(text) {
        if reader.mistakes.are_too_many() {
            break;
        }
        let content = line.trim_end_matches(node_base::source::is_line_end);
        reader.line(content, Span::new(section.body.file, at, at + content.len()));
        at += line.len();
    }
    let SectionReader { section, mistakes, repeated, .. } = reader;
    let asks = !section.requirements.is_empty() || section.keep_images.is_some();
    // An unknown policy has been reported at its place.
    if let Some(policy) = asks.then(|| section.policy(surroundings).ok()).flatten() {
        requirements::check(sources, &section, &repeated, &policy, mistakes);
    }
    section
}

struct SectionReader<'a, 'm, 'f> {
    sources: &'a Sources,
    surroundings: &'a dyn Surroundings,
    mistakes: &'m mut Mistakes<'f>,
    section: AddonSection,
    /// The index in the section's requirements, by mount point.
    required: HashMap<String, usize>,
    /// Mount points that are required more than once.
    repeated: HashSet<String>,
}

impl SectionReader<'_, '_, '_> {
    fn header(&mut self, words: Vec<Spanned<'_>>) {
        if let Some(word) = words.iter().find(|w| w.text.contains(is_control)) {
            self.mistakes.push(control_character(&word.text, word.span));
            return;
        }
        for argument in options::read(self.sources, "the header", words, HEADER, self.mistakes) {
            match argument {
                Argument::Positional(word) => self.mistakes.push(
                    Finding::new(
                        &ADDON_UNKNOWN_WORD,
                        format!("'{}' is not an option of the header", excerpt(&word.text)),
                    )
                    .at(word.span)
                    .help(format!("write %addon {NAME} --policy=… --enforce=… --nvr=…")),
                ),
                Argument::Option { name, span, value: Some(value) } => self.header_option(name, span, &value),
                Argument::Option { value: None, .. } => {}
            }
        }
    }

    fn header_option(&mut self, name: &'static str, span: Span, value: &Spanned<'_>) {
        let text = &*value.text;
        match name {
            "--policy" => {
                if let Some(problem) = policy_problem(text, self.surroundings) {
                    self.mistakes.push(problem.at(value));
                    return;
                }
                let given = Placed { value: text.to_owned(), span };
                set(&mut self.section.policy, given, name, self.mistakes);
            }
            "--enforce" => match Enforce::from_name(text) {
                Some(value) => set(&mut self.section.enforce, Placed { value, span }, name, self.mistakes),
                None => self.mistakes.push(enforce_problem(text).at(value)),
            },
            _ => {
                if let Some(problem) = nvr_problem(text) {
                    self.mistakes.push(problem.at(value));
                    return;
                }
                let given = Placed { value: text.to_owned(), span };
                set(&mut self.section.nvr, given, name, self.mistakes);
            }
        }
    }

    fn line(&mut self, line: &str, span: Span) {
        let is_wrong = |(_, c): &(usize, char)| is_control(*c) && *c != '\t';
        if let Some((at, c)) = line.char_indices().find(is_wrong) {
            if !line.trim_start().starts_with('#') {
                let at = span.start as usize + at;
                self.mistakes.push(control_character(line, Span::new(span.file, at, at + c.len_utf8())));
            }
            return;
        }
        let text = self.sources.get(span.file).text();
        let mut pieces = Vec::new();
        let (_, error) = split_words(text, span.start as usize, span.end as usize, true, &mut pieces);
        if let Some(error) = error {
            self.mistakes.push(split_problem(error, span));
            return;
        }
        let mut words: Vec<Spanned<'_>> = pieces
            .iter()
            .map(|piece| {
                let span = Span::new(span.file, piece.start as usize, piece.end as usize);
                Spanned { text: unquote(&text[span.range()]), span }
            })
            .collect();
        if words.is_empty() {
            return;
        }
        let keyword = words.remove(0);
        let span = words.last().map_or(keyword.span, |last| keyword.span.to(last.span));
        match &*keyword.text {
            "layout" => self.layout(words, keyword.span),
            "require" => self.require(words, span),
            "waive" => self.waive(words, span),
            "keep-images" => self.keep_images(words, span),
            other => {
                let meant = nearest(other, LINES.map(|(word, _)| word));
                let form = LINES.iter().find(|(word, _)| Some(*word) == meant).map(|(_, form)| *form);
                let help = match form {
                    Some(form) => format!("did you mean: {form}?"),
                    None => "write layout, require, waive or keep-images".to_owned(),
                };
                let message = format!("'{}' is not a line of this section", excerpt(other));
                let mut finding = Finding::new(&ADDON_UNKNOWN_WORD, message).at(keyword.span).help(help);
                finding.fix = meant.and_then(|meant| Fix::of_value(&keyword, meant, Applicability::Unsafe));
                self.mistakes.push(finding);
            }
        }
    }

    fn layout(&mut self, words: Vec<Spanned<'_>>, span: Span) {
        const KNOWN: &[Known] =
            &[Known { name: "--init", takes_value: false }, Known { name: "--no-init", takes_value: false }];
        let told = self.mistakes.count;
        let mut said = false;
        for argument in options::read(self.sources, "layout", words, KNOWN, self.mistakes) {
            match argument {
                Argument::Positional(word) => self.surplus("layout", &word),
                Argument::Option { name, span, .. } => {
                    said = true;
                    let given = Placed { value: name == "--init", span };
                    set(&mut self.section.layout, given, "layout", self.mistakes);
                }
            }
        }
        if !said && self.mistakes.count == told {
            self.mistakes.push(
                Finding::new(&ADDON_WRONG_VALUE, "layout has neither --init nor --no-init")
                    .at(span)
                    .help(format!("write {}", LINES[0].1)),
            );
        }
    }

    fn require(&mut self, words: Vec<Spanned<'_>>, span: Span) {
        const KNOWN: &[Known] = &[Known { name: "--min-size", takes_value: true }];
        let (mut mount, mut size) = (None, None);
        let told = self.mistakes.count;
        for argument in options::read(self.sources, "require", words, KNOWN, self.mistakes) {
            match argument {
                Argument::Positional(word) if mount.is_none() => match mount_problem(&word.text) {
                    None => mount = Some(word.text.into_owned()),
                    Some(problem) => self.mistakes.push(problem.at(&word)),
                },
                Argument::Positional(word) => self.surplus("require", &word),
                Argument::Option { value: Some(value), .. } => match size_in_mib(&value.text) {
                    Ok(value) => size = Some(value),
                    Err(problem) => self.mistakes.push(problem.at(&value)),
                },
                Argument::Option { value: None, .. } => {}
            }
        }
        match (mount, size) {
            (Some(mount), Some(min_size)) => self.add_requirement(Requirement { mount, min_size, span }),
            // One finding a line: a missing part is not reported beside another mistake.
            _ if self.mistakes.count > told => {}
            (None, _) => self.mistakes.push(incomplete("require has no mount point", span, 1)),
            (_, None) => self.mistakes.push(incomplete("require has no --min-size", span, 1)),
        }
    }

    fn add_requirement(&mut self, new: Requirement) {
        let Some(&first) = self.required.get(&new.mount) else {
            if self.section.requirements.len() == MOST_REQUIREMENTS {
                let message =
                    format!("more than {MOST_REQUIREMENTS} requirements; no host has so many volumes");
                self.mistakes.push(Finding::new(&ADDON_WRONG_VALUE, message).at(new.span));
                return;
            }
            self.required.insert(new.mount.clone(), self.section.requirements.len());
            self.section.requirements.push(new);
            return;
        };
        self.repeated.insert(new.mount.clone());
        let first = &self.section.requirements[first];
        let same = first.min_size == new.min_size;
        let message = if same {
            format!("{} is required twice", new.mount)
        } else {
            format!("{} is required with {} and with {}", new.mount, first.min_size, new.min_size)
        };
        let finding = repeated(message, new.span, first.span, same);
        self.mistakes.push(match same {
            true => finding.fix(self.delete_line(new.span, Applicability::Safe)),
            false => finding,
        });
    }

    fn waive(&mut self, words: Vec<Spanned<'_>>, span: Span) {
        const KNOWN: &[Known] = &[Known { name: "--reason", takes_value: true }];
        let (mut code, mut reason) = (None, None);
        let told = self.mistakes.count;
        for argument in options::read(self.sources, "waive", words, KNOWN, self.mistakes) {
            match argument {
                Argument::Positional(word) if code.is_none() => code = Some(word),
                Argument::Positional(word) => {
                    let finding = Finding::new(
                        &ADDON_UNKNOWN_WORD,
                        format!("waive has one code, and '{}' is another word", excerpt(&word.text)),
                    );
                    let help = "write one code a line, and quote a reason of several words";
                    self.mistakes.push(finding.at(word.span).help(help));
                }
                Argument::Option { value, .. } => reason = value,
            }
        }
        let Some(code) = code else {
            if self.mistakes.count == told {
                self.mistakes.push(incomplete("waive has no code", span, 2));
            }
            return;
        };
        let reason = reason.map(|r| r.text.trim().to_owned()).unwrap_or_default();
        let waiver = waivers::waiver(&code.text, code.span, &reason, span, self.surroundings, self.mistakes);
        match waiver {
            Ok(Said { code: id, reason }) => match self.section.waivers.iter().find(|w| w.code == id) {
                Some(first) => {
                    let message = format!("{id} is waived twice");
                    let finding = repeated(message, span, first.span, true);
                    let fix = self.delete_line(span, Applicability::Safe);
                    self.mistakes.push(finding.fix(fix));
                }
                None => {
                    let source = self.sources.get(span.file);
                    let line = source.lines().line(span.start as usize);
                    let whole = source.lines().range(line, source.text()).unwrap_or(span.range());
                    let removal = Span::new(span.file, whole.start, whole.end);
                    let form = Form { removal, alone: None, is_in_body: false };
                    let place = WaiverPlace::File;
                    self.section.waivers.push(Waiver {
                        code: id,
                        code_span: code.span,
                        reason,
                        span,
                        place,
                        form,
                    });
                }
            },
            // A reason that could not be read has been reported at its place.
            Err(finding) if *finding.code == WAIVER_WITHOUT_REASON && self.mistakes.count > told => {}
            Err(finding) => self.mistakes.push(*finding),
        }
    }

    fn keep_images(&mut self, words: Vec<Spanned<'_>>, span: Span) {
        let mut number = None;
        let told = self.mistakes.count;
        for argument in options::read(self.sources, "keep-images", words, &[], self.mistakes) {
            match argument {
                Argument::Positional(word) if number.is_none() => number = Some(word),
                Argument::Positional(word) => self.surplus("keep-images", &word),
                Argument::Option { .. } => {}
            }
        }
        let Some(word) = number else {
            if self.mistakes.count == told {
                self.mistakes.push(incomplete("keep-images has no number", span, 3));
            }
            return;
        };
        let digits = word.text.bytes().all(|b| b.is_ascii_digit());
        match word.text.parse::<u32>() {
            Ok(value @ 1..=MOST_IMAGES) if digits => {
                let given = Placed { value, span };
                set(&mut self.section.keep_images, given, "keep-images", self.mistakes);
            }
            _ => {
                let message = format!("'{}' is not a number of images", excerpt(&word.text));
                let help = format!("write 1 to {MOST_IMAGES}, the installed one included; upgrades need 2");
                self.mistakes.push(Finding::new(&ADDON_WRONG_VALUE, message).at(word.span).help(help));
            }
        }
    }

    fn delete_line(&self, span: Span, applicability: Applicability) -> Fix {
        Fix::delete_line(self.sources.get(span.file).text(), span, applicability)
    }

    fn surplus(&mut self, line: &str, word: &Spanned<'_>) {
        let form = LINES.iter().find(|(name, _)| *name == line).map_or("", |(_, form)| form);
        let message = format!("{line} does not accept '{}'", excerpt(&word.text));
        let finding = Finding::new(&ADDON_UNKNOWN_WORD, message).at(word.span);
        self.mistakes.push(finding.help(format!("write {form}")));
    }
}

/// Sets a value that may be given once; the first one stays.
fn set<T: PartialEq>(slot: &mut Option<Placed<T>>, new: Placed<T>, what: &str, mistakes: &mut Mistakes<'_>) {
    match slot {
        None => *slot = Some(new),
        Some(first) => {
            let same = first.value == new.value;
            let message = match same {
                true => format!("{what} is given twice"),
                false => format!("{what} is given twice, with different values"),
            };
            mistakes.push(repeated(message, new.span, first.span, same));
        }
    }
}

fn repeated(message: String, second: Span, first: Span, same: bool) -> Finding {
    let severity = if same { Severity::Warning } else { Severity::Error };
    Finding::new(&ADDON_REPEATED, message)
        .severity(severity)
        .at(second)
        .related(first, "the first one")
        .help(if same { "remove one of them" } else { "keep only one of them" })
}

fn incomplete(message: &str, span: Span, line: usize) -> Finding {
    Finding::new(&ADDON_WRONG_VALUE, message).at(span).help(format!("write {}", LINES[line].1))
}

fn control_character(text: &str, span: Span) -> Finding {
    let c = text.chars().find(|c| is_control(*c) && *c != '\t').unwrap_or('\0');
    let message = format!("this line contains a control character (U+{:04X})", u32::from(c));
    Finding::new(&ADDON_WRONG_VALUE, message).at(span).help("remove it; the line is ignored")
}

fn split_problem(error: QuoteError, line: Span) -> Finding {
    let at = |offset: u32| Span { start: offset, end: line.end.max(offset + 1), ..line };
    let finding = |message, span| Finding::new(&ADDON_WRONG_VALUE, message).at(span);
    match error {
        QuoteError::Unclosed(offset) => finding("this quote is not closed; the line is ignored", at(offset))
            .help("close it on the same line, or put a backslash before it"),
        QuoteError::NothingEscaped(offset) => {
            finding("a backslash ends this line; the line is ignored", Span { end: offset + 1, ..at(offset) })
                .help("remove it: a line cannot continue on the next one")
        }
    }
}
