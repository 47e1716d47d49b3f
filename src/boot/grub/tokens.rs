//! The words of a GRUB script.

use crate::boot::codes;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::{FileId, Span};

/// A word of the script, unquoted.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) span: Span,
    /// The first variable in it.
    pub(super) variable: Option<String>,
    /// Whether any of it was quoted: a quoted brace is text.
    pub(super) quoted: bool,
}

/// What the script is made of.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Word(Token),
    /// A line end, `;`, `&&` or `||`.
    End {
        semicolon: Option<usize>,
        /// Whether the next command runs only if this one succeeds or fails.
        joins: bool,
    },
}

/// Splits a script into words. `'…'` protects everything, `"…"` all but `\` and `$`; `\` protects one character, or
/// joins two lines.
pub(super) fn pieces(text: &str, file: FileId, findings: &mut Findings) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(at, c)) = chars.peek() {
        match c {
            '\n' => {
                chars.next();
                pieces.push(Piece::End { semicolon: None, joins: false });
            }
            ';' => {
                chars.next();
                pieces.push(Piece::End { semicolon: Some(at), joins: false });
            }
            '#' => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            // "&&" and "||" separate commands as well.
            '&' | '|' => {
                chars.next();
                pieces.push(Piece::End { semicolon: None, joins: true });
            }
            c if c.is_whitespace() => {
                chars.next();
            }
            '\\' if text[at + 1..].starts_with('\n') || text[at + 1..].starts_with("\r\n") => {
                chars.next();
                while chars.next_if(|(_, c)| matches!(c, '\r')).is_some() {}
                chars.next();
            }
            '{' | '}' => {
                chars.next();
                let span = Span::new(file, at, at + 1);
                pieces.push(Piece::Word(Token { text: c.to_string(), span, variable: None, quoted: false }));
            }
            _ => pieces.push(Piece::Word(token(text, at, &mut chars, file, findings))),
        }
    }
    pieces
}

fn token(
    text: &str,
    start: usize,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    file: FileId,
    findings: &mut Findings,
) -> Token {
    let mut token =
        Token { text: String::new(), span: Span::new(file, start, start), variable: None, quoted: false };
    let mut quote: Option<(char, usize)> = None;
    let mut end = start;
    while let Some(&(at, c)) = chars.peek() {
        let behind = at + c.len_utf8();
        match (quote, c) {
            (Some((q, _)), c) if c == q => {
                quote = None;
                chars.next();
            }
            (None, '\'' | '"') => {
                quote = Some((c, at));
                token.quoted = true;
                chars.next();
            }
            (None, c) if c.is_whitespace() || matches!(c, ';' | '|' | '&' | '{' | '}') => break,
            (Some(('\'', _)), _) => {
                token.text.push(c);
                chars.next();
            }
            (_, '\\') => {
                chars.next();
                if let Some((next_at, next)) = chars.next() {
                    // In double quotes a backslash protects only what would mean something.
                    if quote.is_some() && !matches!(next, '$' | '"' | '\\' | '\n') {
                        token.text.push('\\');
                    }
                    if next != '\n' {
                        token.text.push(next);
                    }
                    end = next_at + next.len_utf8();
                    continue;
                }
            }
            (_, '$') => {
                chars.next();
                end = variable(text, behind, chars, &mut token);
                continue;
            }
            (_, c) => {
                token.text.push(c);
                chars.next();
            }
        }
        end = behind;
    }
    token.span = Span::new(file, start, end);
    if let Some((q, at)) = quote {
        findings.push(
            Finding::new(&codes::OPEN_QUOTE, format!("the quote {q} that starts here is never closed"))
                .at(Span::new(file, at, at + 1)),
        );
    }
    token
}

/// `$name` or `${name}`, as `${name}`; returns where it ends.
fn variable(
    text: &str,
    start: usize,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    token: &mut Token,
) -> usize {
    let rest = &text[start..];
    let (name, len) = if let Some(inner) = rest.strip_prefix('{') {
        let name = inner.split(['}', '\n']).next().unwrap_or_default();
        (name, (name.len() + 2).min(rest.len()))
    } else {
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '?' | '@' | '*')))
            .unwrap_or(rest.len());
        (&rest[..len], len)
    };
    while chars.next_if(|(at, _)| *at < start + len).is_some() {}
    if name.is_empty() {
        token.text.push('$');
    } else {
        token.text.push_str("${");
        token.text.push_str(name);
        token.text.push('}');
        token.variable.get_or_insert_with(|| name.to_owned());
    }
    start + len
}
