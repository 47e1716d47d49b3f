//! The commands of `$(…)` and `` `…` ``: scripts inside a word.

use super::fault::{self, Fault, FaultKind};
use super::{Statement, grammar, hazard, walk};
use brush_parser::ParseError;
use std::ops::Range;

/// The commands inside the words of a script that closes its quotes.
///
/// # Errors
/// The first fault in a `$(…)`: bash reads it with the script. Backquotes it reads when the command runs, and that may be never.
pub(super) fn read(text: &str) -> Result<Vec<Statement>, Fault> {
    let mut statements = Vec::new();
    let mut first: Option<Fault> = None;
    for place in hazard::substitutions(text) {
        let script = &text[place.clone()];
        let is_quoted = text[..place.start].ends_with('`');
        // `\`` and `\$` in backquotes are another text for the shell than the one that is written.
        if is_quoted && script.contains('\\') {
            continue;
        }
        match grammar::parse(script) {
            Ok(program) => {
                let commands = walk::statements(script, &program);
                let all = commands.statements.into_iter().chain(commands.inside);
                statements.extend(all.map(|statement| moved(statement, place.start)));
            }
            Err(error @ (ParseError::ParsingNear(_) | ParseError::ParsingAtEndOfInput)) if !is_quoted => {
                if hazard::find(script).is_some() {
                    continue;
                }
                let fault = fault::locate(script, &error);
                if first.as_ref().is_none_or(|first| place.start + fault.at < first.at) {
                    first = Some(within(text, &place, fault));
                }
            }
            Err(_) => {}
        }
    }
    first.map_or(Ok(statements), Err)
}

/// A fault of a part of the script as one of the whole.
fn within(text: &str, part: &Range<usize>, fault: Fault) -> Fault {
    let lines = |end: usize| text[..end].matches('\n').count();
    let opened = fault.opened.map(|(at, begin)| (at + part.start, begin));
    if fault.kind == FaultKind::Unfinished {
        // The end of the part is not the end of the script but a bracket.
        return Fault {
            kind: FaultKind::Unexpected(")".to_owned()),
            line: lines(part.end) + 1,
            at: part.end,
            opened: opened.or_else(|| Some((part.start.checked_sub(2)?, "$(".to_owned()))),
        };
    }
    Fault { line: fault.line + lines(part.start), at: fault.at + part.start, opened, ..fault }
}

/// A command of a part of the script as one of the whole.
fn moved(mut statement: Statement, by: usize) -> Statement {
    for word in statement.words.iter_mut().chain(&mut statement.input) {
        word.start += by;
        word.end += by;
    }
    statement.end += by;
    statement
}
