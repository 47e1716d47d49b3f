//! Which compound command is still open at the end of a script.

use super::{Offsets, hazard};
use brush_parser::{ParserOptions, Token, uncached_tokenize_str};

/// Words after which a command begins, like an operator.
const BEFORE_COMMANDS: [&str; 9] = ["if", "then", "elif", "else", "do", "while", "until", "!", "{"];

/// The last compound command or bracket that nothing closes: its offset, and how it begins.
pub(super) fn innermost(text: &str) -> Option<(usize, String)> {
    let tokens = tokens(text)?;
    let offsets = Offsets::of(text);
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut begins_command = true;
    let mut before: Option<(usize, &str)> = None;
    for token in &tokens {
        let start = offsets.byte(token.location().start.index);
        let word = token.to_str();
        match token {
            Token::Operator(operator, _) => {
                match operator.as_str() {
                    "(" => match (before, open.last_mut()) {
                        (Some((end, assigned)), _) if end == start && assigned.ends_with('=') => {
                            open.push((start - 1, "=("));
                        }
                        // The second bracket of `((`.
                        (Some((end, "(")), Some(top)) if end == start => *top = (start - 1, "(("),
                        _ => open.push((start, "(")),
                    },
                    ")" if open.last().is_some_and(|top| matches!(top.1, "(" | "((" | "=(")) => {
                        open.pop();
                    }
                    _ => {}
                }
                begins_command = true;
            }
            Token::Word(..) => {
                if begins_command {
                    match word {
                        "if" | "while" | "until" | "for" | "select" | "case" => open.push((start, word)),
                        "{" => open.push((start, "{")),
                        "fi" => close(&mut open, &["if"]),
                        "done" => close(&mut open, &["while", "until", "for", "select"]),
                        "esac" => close(&mut open, &["case"]),
                        "}" => close(&mut open, &["{"]),
                        _ => {}
                    }
                }
                begins_command = begins_command && BEFORE_COMMANDS.contains(&word);
            }
        }
        before = Some((offsets.byte(token.location().end.index), word));
    }
    // The tokenizer counts a token from before a line end that a backslash joins.
    let place =
        |at: usize, begin: &str| text.get(at..).and_then(|rest| rest.find(begin)).map(|skip| at + skip);
    open.pop().and_then(|(at, begin)| Some((place(at, begin)?, begin.to_owned())))
}

/// The place where bash refuses a bracket after a word that is neither the name of a function nor an assignment: the bracket, or what
/// follows it where `()` would make a function.
pub(super) fn stray_bracket(text: &str) -> Option<usize> {
    let tokens = tokens(text)?;
    let offsets = Offsets::of(text);
    // How many words of the command there are before a token.
    let mut words = 0;
    let mut in_test = false;
    for (i, token) in tokens.iter().enumerate() {
        let word = token.to_str();
        match token {
            Token::Word(..) => {
                in_test = (in_test || (words == 0 && word == "[[")) && word != "]]";
                let begins = words == 0 && BEFORE_COMMANDS.contains(&word);
                words = if begins { 0 } else { words + 1 };
                // `for (( … ))`, `case x in (a)`, `function f ()`.
                if matches!(word, "for" | "in" | "function" | "select" | "coproc") {
                    words = 0;
                }
            }
            Token::Operator(operator, _) if operator == "(" && words > 0 && !in_test => {
                let start = token.location().start.index;
                let before = &tokens[i - 1];
                if before.to_str().len() > 1
                    && before.to_str().ends_with('=')
                    && before.location().end.index == start
                {
                    return None;
                }
                match tokens.get(i + 1) {
                    Some(next) if words == 1 && next.to_str() == ")" => words = 0,
                    Some(next) if words == 1 => {
                        let line_end =
                            text[offsets.byte(start)..].find('\n').map(|at| offsets.byte(start) + at);
                        let next = offsets.byte(next.location().start.index);
                        return Some(line_end.map_or(next, |end| end.min(next)));
                    }
                    None if words == 1 => return Some(offsets.byte(start) + 1),
                    _ => return Some(offsets.byte(start)),
                }
            }
            Token::Operator(operator, _) => {
                if !operator.contains(['<', '>']) {
                    words = 0;
                }
            }
        }
    }
    None
}

/// The tokens of a script; None if it has none to the end, or must not be given to the tokenizer.
fn tokens(text: &str) -> Option<Vec<Token>> {
    if hazard::find(text).is_some() {
        return None;
    }
    uncached_tokenize_str(text, &ParserOptions::default().tokenizer_options()).ok()
}

fn close(open: &mut Vec<(usize, &str)>, begins: &[&str]) {
    if open.last().is_some_and(|top| begins.contains(&top.1)) {
        open.pop();
    }
}
