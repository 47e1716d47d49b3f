//! Where a script does not follow the grammar, as bash reports it: `bash -n` and this reader agree on whether there is a fault and
//! on its line.

use super::grammar::{parse, parse_to_the_end};
use super::open;
use brush_parser::{ParseError, SourcePosition, TokenizerError};

/// How often the lines before an open quote are read for an earlier fault.
const STEPS_BACK: usize = 4;

/// A place where bash stops reading a script: none of the commands after it run, and bash ends with status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub kind: FaultKind,
    /// The line that bash names, from 1; the line after the last one when it is the end that is unexpected.
    pub line: usize,
    /// Offset of the first byte of what is unexpected; the length of the script for its end.
    pub at: usize,
    /// The construct that is still open: its offset and how it begins (`if`, `$(`, `"`).
    pub opened: Option<(usize, String)>,
}

/// Kinds of faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A word or an operator where none of its kind may be.
    Unexpected(String),
    /// The script ends although a construct is open.
    Unfinished,
    /// A quote or a bracket is never closed.
    Unclosed,
}

/// Finds the fault of a script that the grammar refuses with `error`.
pub(super) fn locate(text: &str, error: &ParseError) -> Fault {
    let lines = Lines::of(text);
    let fault = match error {
        ParseError::ParsingNear(position) => lines.unexpected(position.line, position.column),
        ParseError::ParsingAtEndOfInput => at_end(&lines),
        ParseError::Tokenizing { inner, position } => return of_tokenizer(&lines, inner, position.as_ref()),
    };
    // The grammar gives up at the furthest token that it came to, bash at a bracket that begins nothing.
    let bracket = open::stray_bracket(text).filter(|at| *at < fault.at);
    bracket.map_or(fault, |at| lines.unexpected_at(at))
}

fn of_tokenizer(lines: &Lines<'_>, error: &TokenizerError, position: Option<&SourcePosition>) -> Fault {
    match error {
        TokenizerError::UnterminatedSingleQuote(at)
        | TokenizerError::UnterminatedAnsiCQuote(at)
        | TokenizerError::UnterminatedDoubleQuote(at)
        | TokenizerError::UnterminatedBackquote(at)
        | TokenizerError::UnterminatedExtendedGlob(at) => {
            let unclosed = || lines.unclosed(at.line, lines.offset(at.line, at.column));
            earlier(lines, at.line).unwrap_or_else(unclosed)
        }
        _ => unterminated(lines, position.map_or(lines.count(), |p| p.line)),
    }
}

/// The lines of a script.
struct Lines<'t> {
    text: &'t str,
    /// Where each begins.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let ends = text.split_inclusive('\n').scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        });
        Lines { text, starts: ends.collect() }
    }

    fn count(&self) -> usize {
        self.starts.len()
    }

    /// Offset of a place, both from 1; columns are characters.
    fn offset(&self, line: usize, column: usize) -> usize {
        let Some(start) = line.checked_sub(1).and_then(|i| self.starts.get(i)) else {
            return self.text.len();
        };
        let rest = &self.text[*start..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }

    /// The first `count` lines.
    fn first(&self, count: usize) -> &'t str {
        self.starts.get(count).map_or(self.text, |end| &self.text[..*end])
    }

    /// A fault at a token, or at the end of a line.
    fn unexpected(&self, line: usize, column: usize) -> Fault {
        self.unexpected_on(line, self.offset(line, column))
    }

    /// The same, by its offset.
    fn unexpected_at(&self, at: usize) -> Fault {
        self.unexpected_on(self.starts.partition_point(|start| *start <= at), at)
    }

    fn unexpected_on(&self, line: usize, at: usize) -> Fault {
        let at = self.closing_word_before(at).unwrap_or(at);
        let rest = &self.text[at..];
        let is_end = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')' | '<' | '>');
        let length = match rest.chars().next() {
            Some(c @ (';' | '&' | '|' | '<' | '>')) => {
                rest.chars().take_while(|next| *next == c).count().min(2)
            }
            Some('(' | ')') => 1,
            _ => rest.find(is_end).unwrap_or(rest.len()),
        };
        Fault { kind: FaultKind::Unexpected(rest[..length].to_owned()), line, at, opened: None }
    }

    /// The grammar gives up after a word such as `fi`; it is that word that is not expected.
    fn closing_word_before(&self, at: usize) -> Option<usize> {
        const CLOSING: [&str; 8] = ["fi", "done", "esac", "then", "else", "elif", "do", "}"];
        let begins_line = |rest: &str| rest.is_empty() || rest.starts_with('\n');
        let before =
            begins_line(&self.text[at..]).then(|| self.text[..at].trim_end_matches([' ', '\t', ';']))?;
        let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|')).next()?;
        let command = before[..before.len() - word.len()].trim_end_matches([' ', '\t']);
        let begins = command.is_empty() || command.ends_with(['\n', ';', '&', '|']);
        (begins && CLOSING.contains(&word)).then(|| before.len() - word.len())
    }

    /// The end of the script, with what is still open.
    fn unfinished(&self, opened: Option<(usize, String)>) -> Fault {
        Fault { kind: FaultKind::Unfinished, line: self.count() + 1, at: self.text.len(), opened }
    }

    /// Something that is never closed; where the reader does not say what, the innermost construct that is open.
    fn unclosed(&self, line: usize, at: usize) -> Fault {
        match opener(&self.text[at..]) {
            Some(begin) => {
                Fault { kind: FaultKind::Unclosed, line, at, opened: Some((at, begin.to_owned())) }
            }
            None => self.unfinished(open::innermost(self.text)),
        }
    }
}

/// How a construct of brackets or quotes begins.
fn opener(text: &str) -> Option<&str> {
    ["$((", "$(", "${", "<(", ">(", "?(", "*(", "+(", "@(", "!(", "$'", "((", "\"", "'", "`", "("]
        .into_iter()
        .find(|begin| text.starts_with(begin))
}

/// A fault of the grammar in the lines before `line`, which bash meets first.
fn earlier(lines: &Lines<'_>, line: usize) -> Option<Fault> {
    let before = lines.first(line.checked_sub(1)?);
    // Quotes that are out of step make others seem to be open, again and again: a few steps back find what bash meets.
    let mut shorter = Lines::of(before);
    for _ in 0..STEPS_BACK {
        match parse_to_the_end(shorter.text).0 {
            Err(ParseError::ParsingNear(at)) => return Some(shorter.unexpected(at.line, at.column)),
            Err(ParseError::Tokenizing {
                inner:
                    TokenizerError::UnterminatedSingleQuote(at)
                    | TokenizerError::UnterminatedDoubleQuote(at)
                    | TokenizerError::UnterminatedBackquote(at),
                ..
            }) if at.line > 1 => shorter = Lines::of(shorter.first(at.line - 1)),
            _ => return None,
        }
    }
    None
}

/// The grammar came to the end of the script: either something is open there, or the last token is wrong.
fn at_end(lines: &Lines<'_>) -> Fault {
    let open = open::innermost(lines.text);
    // With a command after it the end is not the place where the grammar gives up.
    let separator = if lines.text.ends_with('\n') { "" } else { "\n" };
    if let Err(ParseError::ParsingNear(at)) = parse(&format!("{}{separator}:\n", lines.text)) {
        if at.line <= lines.count() {
            return lines.unexpected(at.line, at.column);
        }
        if open.is_none() {
            return lines.unexpected_on(lines.count(), lines.text.trim_end_matches('\n').len());
        }
    }
    match open {
        // bash reads `((` and `a=(` like a quote, and names the line where it begins.
        Some((at, begin)) if begin == "((" || begin == "=(" => {
            let line = lines.text[..at].matches('\n').count() + 1;
            Fault { kind: FaultKind::Unclosed, line, at, opened: Some((at, begin)) }
        }
        opened => lines.unfinished(opened),
    }
}

/// `$(`, `${` or the like is never closed. The tokenizer does not say where it begins, so that is searched for: the first line up to
/// which the script has an open construct of that kind, and every line after it, too.
fn unterminated(lines: &Lines<'_>, last: usize) -> Fault {
    let is_open = |count: usize| count > 0 && is_open_text(lines.first(count));
    // In steps that double, then by halves: the script is read again only a few times, however long it is.
    let mut last_open = last.min(lines.count());
    let (mut closed, mut step) = (0, 1);
    while last_open > step {
        if !is_open(last_open - step) {
            closed = last_open - step;
            break;
        }
        last_open -= step;
        step *= 2;
    }
    while last_open - closed > 1 {
        let middle = usize::midpoint(last_open, closed);
        if is_open(middle) { last_open = middle } else { closed = middle }
    }
    if let Some(fault) = earlier(lines, last_open) {
        return fault;
    }
    let start = lines.starts[last_open - 1];
    let line = lines.first(last_open)[start..].trim_end_matches(['\n', '\r']);
    let begins = |at: &usize| {
        opener(&line[*at..]).is_some_and(|begin| {
            begin.len() > 1
                && is_open_text(&lines.text[..start + at + begin.len()])
                && !is_open_text(&lines.text[..start + at])
        })
    };
    let Some(at) = line.char_indices().map(|(at, _)| at).find(begins) else {
        return lines.unfinished(None);
    };
    let at = start + at;
    let begin = opener(&lines.text[at..]).unwrap_or_default();
    match begin {
        "${" => lines.unclosed(last_open, at),
        // What is in the brackets is a script of its own.
        _ => match parse_to_the_end(&lines.text[at + begin.len()..]).0 {
            Err(ParseError::ParsingNear(inside)) if begin != "$((" => {
                let first = inside.line == 1;
                let column = if first {
                    let before = lines.text[start..at + begin.len()].chars().count();
                    before + inside.column
                } else {
                    inside.column
                };
                lines.unexpected(last_open + inside.line - 1, column)
            }
            _ => lines.unfinished(Some((at, begin.to_owned()))),
        },
    }
}

/// Whether a text ends in an open construct of quotes or brackets.
fn is_open_text(text: &str) -> bool {
    matches!(
        parse_to_the_end(text).0,
        Err(ParseError::Tokenizing { inner, .. }) if !matches!(inner, TokenizerError::UnterminatedHereDocuments(..))
    )
}
