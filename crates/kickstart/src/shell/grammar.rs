//! The shell's grammar, by the crate `brush-parser`, and what is done so that a hostile script neither ends the program nor takes it
//! long.

use super::{Unread, hazard};
use brush_parser::ast::Program;
use brush_parser::{ParseError, Parser, ParserOptions, TokenizerError};
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// Whether this thread is reading a script.
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// How many constructs a script may open before it gets a stack of its own: the parser calls itself once or twice for each that is
/// open.
const ON_THIS_STACK: usize = 24;
/// How many it may open to be read at all.
const MOST: usize = 8_192;
/// What one open construct needs of the stack in a build without optimisation (measured: 20 KiB), with room to spare.
const STACK_OF_ONE: usize = 32 * 1024;
/// Most here-documents that may be open at the end of a script for it to be read on.
const MOST_HERE_DOCUMENTS: usize = 8;

/// Runs a job that parses `text` on a stack that is large enough for whatever it opens.
///
/// # Errors
/// [`Unread`]: the text would make the parser fail, or no stack is large enough.
pub(super) fn with_stack<T: Send>(text: &str, job: impl FnOnce() -> T + Send) -> Result<T, Unread> {
    if let Some(why) = hazard::find(text) {
        return Err(why);
    }
    let constructs = openings(text);
    if constructs > MOST {
        return Err(Unread::TooDeep);
    }
    let has_here_documents = text.contains("<<");
    let panics = if has_here_documents { Unread::HereDocument } else { Unread::ParserFails };
    if constructs <= ON_THIS_STACK && !has_here_documents {
        return guarded(job).ok_or(panics);
    }
    let stack = (constructs + 2 * ON_THIS_STACK) * STACK_OF_ONE;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("script".to_owned()).stack_size(stack);
        let thread = thread.spawn_scoped(scope, || guarded(job)).map_err(|_| Unread::TooDeep)?;
        thread.join().ok().flatten().ok_or(panics)
    })
}

/// Runs a job that parses; `None` if the parser panics.
fn guarded<T>(job: impl FnOnce() -> T) -> Option<T> {
    let before = IS_READING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(job)).ok();
    IS_READING.set(before);
    result
}

/// Whether this thread is reading a script. A panic then loses what is known of one script, and nothing else: a program need not
/// show it.
pub fn is_reading() -> bool {
    IS_READING.get()
}

/// How many constructs a script can have open at a time, at most: what could open one is counted wherever it is.
fn openings(text: &str) -> usize {
    const WORDS: [&str; 7] = ["if", "while", "until", "for", "case", "select", "function"];
    let brackets = text.bytes().filter(|b| matches!(b, b'(' | b'{' | b'`')).count();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| WORDS.contains(word)).count();
    brackets + words
}

/// A text of the same length that the parser reads as bash does. The carriage return before a line end is a blank: the shell
/// takes it as part of a word, which is a finding of its own. A number before `<` or `>` that no file descriptor has is a word.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    let text =
        if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", " \n")) } else { Cow::Borrowed(text) };
    let numbers: Vec<usize> =
        text.match_indices(['<', '>']).filter_map(|(at, _)| large_number(&text[..at])).collect();
    if numbers.is_empty() {
        return text;
    }
    let mut text = text.into_owned();
    for at in numbers {
        text.replace_range(at..=at, "_");
    }
    Cow::Owned(text)
}

/// Where the number begins that a text ends with, if it is too large for a file descriptor.
fn large_number(text: &str) -> Option<usize> {
    // No number of nine digits is too large.
    if !text.as_bytes().iter().rev().take(10).all(u8::is_ascii_digit) {
        return None;
    }
    let start = text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    text.get(start..).filter(|number| !number.is_empty() && number.parse::<i32>().is_err()).map(|_| start)
}

/// What the grammar says of a text. A part of a script may be what the parser must not be given, where the whole is not.
pub(super) fn parse(text: &str) -> Result<Program, ParseError> {
    if hazard::find(text).is_some() {
        return Err(ParseError::ParsingAtEndOfInput);
    }
    Parser::new(text.as_bytes(), &ParserOptions::default()).parse_program()
}

/// What the grammar says of a text that may end in the middle of a here-document, or with a backslash: bash takes the end of the
/// script as the end of either. Also the lines (from 1) of the here-documents that the script does not end.
pub(super) fn parse_to_the_end(text: &str) -> (Result<Program, ParseError>, Vec<usize>) {
    let mut completed = Cow::Borrowed(text);
    let mut open = Vec::new();
    loop {
        let result = parse(&completed);
        let Err(ParseError::Tokenizing { inner, .. }) = &result else { return (result, open) };
        match inner {
            TokenizerError::UnterminatedEscapeSequence if !completed.ends_with('\n') => {
                completed.to_mut().push('\n');
            }
            TokenizerError::UnterminatedHereDocuments(tags, places) if open.len() < MOST_HERE_DOCUMENTS => {
                if tags.is_empty() && !completed.ends_with('\n') {
                    completed.to_mut().push('\n');
                    continue;
                }
                let tag = tags.split(", ").next().unwrap_or_default().replace(['\'', '"', '\\'], "");
                let line = places.split(',').next().and_then(|line| line.trim().parse().ok());
                let (false, Some(line)) = (tag.is_empty(), line) else { return (result, open) };
                let text = completed.to_mut();
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&tag);
                text.push('\n');
                open.push(line);
            }
            _ => return (result, open),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_parser_loses_one_script_on_either_stack() {
        for (text, why) in [("true", Unread::ParserFails), ("cat <<E\nE\n", Unread::HereDocument)] {
            let result = with_stack(text, || -> () { panic!("is_reading: {}", is_reading()) });
            assert_eq!(result, Err(why), "{text}");
            assert!(!is_reading(), "{text}");
        }
    }
}
