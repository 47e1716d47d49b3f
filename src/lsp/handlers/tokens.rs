//! Colours: for editors without a grammar of kickstarts, they are the only ones.

use crate::lsp::view::View;
use gen_lsp_types::{SemanticToken, SemanticTokens};
use kickstart::syntax::{LineKind, Scanner, Word};
use kickstart::{Arg, python_int};
use node_base::source::{FileId, Span};

// The numbers of kinds of word: indices of TOKEN_TYPES.
const KEYWORD: u32 = 0;
const PARAMETER: u32 = 1;
const STRING: u32 = 2;
const NUMBER: u32 = 3;
const NAMESPACE: u32 = 4;
const COMMENT: u32 = 5;
const VARIABLE: u32 = 6;

/// The tokens of a document. Scripts are another language and left alone.
pub(crate) fn tokens(view: &View<'_>) -> Option<SemanticTokens> {
    let mut found: Vec<(Span, u32)> = Vec::new();
    let args = |args: &[Arg<'_>], found: &mut Vec<(Span, u32)>| {
        for arg in args {
            match arg {
                Arg::Option { name_span, value, .. } => {
                    found.push((*name_span, PARAMETER));
                    found.extend(value.iter().map(|value| (value.span, kind(&value.text))));
                }
                Arg::Positional(value) => found.push((value.span, kind(&value.text))),
            }
        }
    };
    for command in view.commands() {
        found.push((command.name_span, KEYWORD));
        args(&command.args, &mut found);
    }
    for section in view.sections() {
        found.push((section.name_span, NAMESPACE));
        args(&section.args, &mut found);
    }
    let source = view.sources.get(FileId(0));
    let mut scanner = Scanner::new(source.text(), source.lines());
    let mut words: Vec<Word> = Vec::new();
    while let Some(line) = scanner.next_line(&mut words) {
        let end = line.end as usize;
        match line.kind {
            LineKind::Comment => found.push((Span::new(FileId(0), line.start as usize, end), COMMENT)),
            LineKind::End => found.extend(words.first().map(|w| (span(w), NAMESPACE))),
            _ => {}
        }
        if let Some(comment) = line.comment.filter(|_| line.kind != LineKind::Comment) {
            found.push((Span::new(FileId(0), comment as usize, end), COMMENT));
        }
    }
    found.extend(view.kickstart().includes.iter().map(|include| (include.path.span, VARIABLE)));
    found.retain(|(span, _)| span.file == FileId(0));
    found.sort_by_key(|(span, _)| (span.start, span.end));
    Some(SemanticTokens { result_id: None, data: encoded(view, &found) })
}

fn span(word: &Word) -> Span {
    Span { file: FileId(0), start: word.start, end: word.end }
}

fn kind(text: &str) -> u32 {
    if python_int(text).is_some() {
        NUMBER
    } else if text.starts_with('/') || text.starts_with("pv.") || text.starts_with("raid.") {
        VARIABLE
    } else {
        STRING
    }
}

/// Each token relative to the one before; none overlaps another or goes beyond its line.
fn encoded(view: &View<'_>, found: &[(Span, u32)]) -> Vec<SemanticToken> {
    let mut data = Vec::with_capacity(found.len());
    let (mut line, mut column, mut end) = (0, 0, 0);
    for (span, token_type) in found {
        let text = view.sources.text_of(*span).trim_end();
        let text = text.split(['\n', '\r']).next().unwrap_or_default();
        let bytes = span.start as usize..span.start as usize + text.len();
        if text.is_empty() || bytes.start < end {
            continue;
        }
        end = bytes.end;
        let range = view.document.lines.range(view.text(), bytes, view.encoding);
        let (start, length) = (range.start, range.end.character - range.start.character);
        let delta_line = start.line - line;
        let delta_start = if delta_line == 0 { start.character - column } else { start.character };
        (line, column) = (start.line, start.character);
        data.push(SemanticToken {
            delta_line,
            delta_start,
            length,
            token_type: *token_type,
            token_modifiers_bitset: 0,
        });
    }
    data
}
