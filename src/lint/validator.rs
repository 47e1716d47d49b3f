//! What the reference's validator (`ksvalidator`, pykickstart 3.78) says of a kickstart: which lines it refuses, which problem
//! ends the reading, and how many errors it counts.
//!
//! It differs from a check in three ways. Warnings are errors. A line is one error, however much is wrong with it. A problem
//! that ends the reading counts as one, and the lines refused before it do not count any more.

use super::include::fetch;
use super::text::{self, TextError};
use kickstart::codes::{
    DEPRECATED_COMMAND, DEPRECATED_OPTION, DEPRECATED_SECTION, DUPLICATE, EMPTY_CERTIFICATE, EMPTY_COMMAND,
    INCLUDE_MISSING, INCLUDE_WITHOUT_PATH, MISSING_END, PACKAGE_LINE, REFERENCE_FAILS, STRAY_END,
    UNCLOSED_QUOTE, UNKNOWN_SECTION,
};
use kickstart::include::{Includes, Loader, Location, NotLoaded, Request, RequestKind};
use kickstart::syntax::is_white;
use kickstart::{Version, validate as read};
use node_base::diagnostic::{Category, Finding, Findings, Reported, Severity};
use node_base::source::{FileId, Source, Sources, split_lines};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Most seconds that the reference waits for a server (`load.py`).
const SECONDS: &str = "120";

/// How the reference reports a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An error that names its line.
    Line,
    /// An error of which the reference says the line and nothing else.
    LineOnly,
    /// An error that names no line.
    NoLine,
    /// A deprecated command or option; `names_line` says whether the reference names the line.
    Deprecated {
        /// Whether the reference names the line.
        names_line: bool,
    },
    /// A warning or an exception of another kind, without a line.
    Other,
    /// A file that it needs and cannot read.
    File,
}

/// A problem that the reference reports.
#[derive(Clone, Debug)]
pub struct Problem {
    /// How it is reported.
    pub kind: Kind,
    /// The file that the line is in, and its number from 1.
    pub place: Option<(PathBuf, u32)>,
    /// What is wrong.
    pub message: String,
}

/// What the validator says of one file.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Lines that are refused, in order.
    pub refused: Vec<Problem>,
    /// The problem that ended the reading.
    pub fatal: Option<Problem>,
}

impl Outcome {
    /// How many errors the reference counts.
    pub fn errors(&self) -> usize {
        if self.fatal.is_some() { 1 } else { self.refused.len() }
    }

    fn ended_by(kind: Kind, message: impl Into<String>) -> Outcome {
        let fatal = Problem { kind, place: None, message: message.into() };
        Outcome { refused: Vec::new(), fatal: Some(fatal) }
    }
}

/// What the validator is told.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The syntax version.
    pub version: Version,
    /// Whether the first error or warning ends the reading.
    pub first_error: bool,
    /// Whether included files are read.
    pub follow_includes: bool,
}

/// Reads a file or URL as the reference does, before anything is parsed.
///
/// # Errors
/// Why it cannot be read, without its name.
pub fn load(location: &str) -> Result<Vec<u8>, String> {
    if location.contains("://") {
        return load_url(location);
    }
    let path = Path::new(location);
    let metadata = path.metadata().map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !metadata.is_file() && !is_character_device(&metadata) {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut limited = std::io::Read::take(file, text::LARGEST + 1);
    std::io::Read::read_to_end(&mut limited, &mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > text::LARGEST { Err(TextError::TooLarge.to_string()) } else { Ok(bytes) }
}

/// `/dev/null` is an empty file for the reference, and so it is here; what has no end ends at the limit.
fn is_character_device(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type())
}

/// What the server sends, as UTF-8. The reference takes a text without a charset for ISO 8859-1.
fn load_url(url: &str) -> Result<Vec<u8>, String> {
    let scheme = url.split("://").next().unwrap_or_default();
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(format!("no file can be fetched with '{scheme}': only http and https are known"));
    }
    let bytes = fetch(Path::new(url), text::LARGEST, SECONDS).map_err(|why| match why {
        NotLoaded::Unreadable(why) => format!("{why} (curl, which must be installed, fetches URLs)"),
        _ => "it could not be fetched".to_owned(),
    })?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes().into_iter().map(char::from).collect::<String>().into_bytes(),
    })
}

/// Validates a file that [`load`] has read; `path` is its name as given.
pub fn validate(path: &Path, bytes: Vec<u8>, options: Options) -> Outcome {
    let text = match text::decode(bytes) {
        Ok(text) => text,
        Err(error) => return Outcome::ended_by(Kind::Other, not_text(&error)),
    };
    let text = match appended(&text) {
        Ok(text) => text,
        Err(problem) => {
            return Outcome { refused: Vec::new(), fatal: Some(*problem) };
        }
    };
    if text.bytes().all(|b| matches!(b, b'\t'..=b'\r' | b' ')) {
        return Outcome::ended_by(Kind::Other, "the file is empty");
    }
    let mut sources = Sources::new();
    let Ok(file) = sources.add(path, text) else {
        return Outcome::ended_by(Kind::Other, format!("the file {}", TextError::TooLarge));
    };
    let includes = if options.follow_includes {
        Includes::load(&mut sources, file, &mut AsReference)
    } else {
        Includes::default()
    };
    let mut findings = Findings::new();
    read(&sources, &includes, file, options.version, &mut findings);
    outcome(&sources, findings, options.first_error)
}

/// Why a file is not text, without a line: the reference names none.
fn not_text(error: &TextError) -> String {
    match error {
        TextError::NotUtf8 { offset, byte, .. } => {
            format!("byte {byte:#04x} at offset {offset} is not UTF-8")
        }
        error => format!("the file {error}"),
    }
}

/// Groups findings to problems, until one ends the reading.
fn outcome(sources: &Sources, findings: Findings, first_error: bool) -> Outcome {
    let of_the_language = |f: &Finding| f.code.category == Category::Syntax;
    let mut findings: Vec<Finding> = findings.into_iter().filter(of_the_language).collect();
    if findings.iter().all(|f| f.span.is_none_or(|span| span.file == FileId(0))) {
        // The lines of %packages are judged at the end of the section here, each in its turn there.
        let mut latest = 0;
        let mut turns = HashMap::new();
        for finding in &findings {
            let line = finding.span.map_or(0, |span| sources.position(span).line);
            if finding.code != &PACKAGE_LINE {
                latest = line.max(latest);
            }
            turns.insert(
                (finding.span, finding.code.id),
                if finding.code == &PACKAGE_LINE { line } else { latest },
            );
        }
        findings.sort_by_key(|f| (turns.get(&(f.span, f.code.id)).copied(), f.code != &PACKAGE_LINE));
    }
    let mut outcome = Outcome::default();
    let mut rest = &findings[..];
    while let Some(first) = rest.first() {
        let place = first.span.map(|span| (span.file, sources.position(span).line));
        let length = line_length(sources, rest);
        let line = &rest[..length];
        rest = &rest[length..];
        let (line, end) = until_the_end(line);
        let problem = |finding: &Finding| Problem {
            kind: kind(finding),
            place: place.map(|(file, line)| (sources.get(file).path().to_owned(), line)),
            message: finding.message.clone(),
        };
        // The reference reports one problem of a line: a deprecated option while it reads the words, then an error, and what
        // will be deprecated when the line is right.
        let reported = line.iter().min_by_key(|f| match kind(f) {
            Kind::Deprecated { names_line: true } => 0,
            Kind::Deprecated { names_line: false } => 2,
            _ => 1,
        });
        match (reported, end) {
            (Some(finding), _) if first_error => outcome.fatal = Some(problem(finding)),
            (reported, end) => {
                outcome.refused.extend(reported.map(problem));
                outcome.fatal = end.map(problem);
            }
        }
        if outcome.fatal.is_some() {
            break;
        }
    }
    outcome
}

/// The findings of a line up to the one at which the reference stops, and that one. It splits a line into words before it sees
/// that a section begins there.
fn until_the_end(line: &[Finding]) -> (&[Finding], Option<&Finding>) {
    let Some(first) = line.iter().position(ends_reading) else { return (line, None) };
    let unclosed = line[first..].iter().find(|f| ends_reading(f) && f.code == &UNCLOSED_QUOTE);
    (&line[..first], unclosed.or(line.get(first)))
}

/// How many of the findings are about the line of the first one. A file that is included again has its findings again.
fn line_length(sources: &Sources, findings: &[Finding]) -> usize {
    let place = |f: &Finding| f.span.map(|span| (span.file, sources.position(span).line));
    let Some(first) = findings.first() else { return 0 };
    if first.span.is_none() {
        return 1;
    }
    let others = findings.iter().skip(1);
    1 + others
        .take_while(|f| place(f) == place(first) && (f.code, f.span) != (first.code, first.span))
        .count()
}

/// Whether the reference stops there, although it was told to go on.
fn ends_reading(finding: &Finding) -> bool {
    finding.reported != Reported::AndReadOn
        && [
            &UNCLOSED_QUOTE,
            &EMPTY_COMMAND,
            &UNKNOWN_SECTION,
            &STRAY_END,
            &MISSING_END,
            &INCLUDE_WITHOUT_PATH,
            &INCLUDE_MISSING,
            &PACKAGE_LINE,
            &EMPTY_CERTIFICATE,
        ]
        .contains(&finding.code)
}

fn kind(finding: &Finding) -> Kind {
    let code = finding.code;
    let names_line = finding.reported != Reported::WithoutLine;
    if finding.reported == Reported::ByAccident {
        Kind::Other
    } else if code == &INCLUDE_WITHOUT_PATH {
        Kind::LineOnly
    } else if code == &INCLUDE_MISSING {
        Kind::File
    } else if [&EMPTY_CERTIFICATE, &PACKAGE_LINE].contains(&code) {
        Kind::NoLine
    } else if [&UNCLOSED_QUOTE, &EMPTY_COMMAND, &DUPLICATE, &REFERENCE_FAILS].contains(&code) {
        Kind::Other
    } else if [&DEPRECATED_COMMAND, &DEPRECATED_OPTION].contains(&code) {
        Kind::Deprecated { names_line }
    } else if code == &DEPRECATED_SECTION {
        Kind::Deprecated { names_line: false }
    } else if !names_line {
        Kind::NoLine
    } else if code.severity == Severity::Error {
        Kind::Line
    } else {
        Kind::Other
    }
}

/// The text with each `%ksappend` line replaced by the file that it names, as the reference does before it parses: the lines of
/// that file are not looked at again.
fn appended(text: &str) -> Result<String, Box<Problem>> {
    if !text.contains("%ksappend") {
        return Ok(text.to_owned());
    }
    let mut whole = String::with_capacity(text.len());
    for (number, line) in split_lines(text).enumerate() {
        let trimmed = line.trim_matches(is_white);
        if !trimmed.starts_with("%ksappend") {
            whole.push_str(line);
            continue;
        }
        let problem = |kind, message: String| {
            let place = Some((PathBuf::new(), number as u32 + 1));
            Box::new(Problem { kind, place, message })
        };
        let Some(location) = trimmed.split(' ').nth(1) else {
            return Err(problem(Kind::Line, "'%ksappend' needs a file or URL after one space".to_owned()));
        };
        let unreadable = |why: &str| format!("the file '{location}' of '%ksappend' cannot be read: {why}");
        let bytes = load(location).map_err(|why| problem(Kind::File, unreadable(&why)))?;
        let appended =
            text::decode(bytes).map_err(|error| problem(Kind::Other, unreadable(&not_text(&error))))?;
        if (whole.len() + appended.len()) as u64 > text::LARGEST {
            return Err(problem(Kind::Other, unreadable(&TextError::TooLarge.to_string())));
        }
        whole.push_str(&appended);
    }
    Ok(whole)
}

/// Finds included files as the reference's validator does: relative to the working directory, then beside the including file.
/// The kickstart itself is a copy in the directory for temporary files.
struct AsReference;

impl Loader for AsReference {
    fn follows(&self, kind: RequestKind) -> bool {
        kind != RequestKind::Append
    }

    fn identity(&mut self, _: &Source) -> Option<PathBuf> {
        // A kickstart that names itself reads itself again from its own place.
        None
    }

    fn locate(&mut self, request: &Request<'_>) -> Result<Location, NotLoaded> {
        let path = Path::new(request.path);
        if request.path.contains("://") {
            return Ok(Location { path: path.to_owned(), identity: path.to_owned() });
        }
        let beside = if request.is_first {
            std::env::temp_dir()
        } else {
            request.from.path().parent().unwrap_or(Path::new("")).to_owned()
        };
        [path.to_owned(), beside.join(path)]
            .into_iter()
            .find_map(|path| Some(Location { identity: path.canonicalize().ok()?, path }))
            .ok_or(NotLoaded::NotFound)
    }

    fn read(&mut self, location: &Location, limit: u64) -> Result<String, NotLoaded> {
        let bytes = load(&location.path.to_string_lossy()).map_err(NotLoaded::Unreadable)?;
        if bytes.len() as u64 > limit {
            return Err(NotLoaded::TooLarge);
        }
        text::decode(bytes).map_err(|error| NotLoaded::Unreadable(format!("it {error}")))
    }
}
