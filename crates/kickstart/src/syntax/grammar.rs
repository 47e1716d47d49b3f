//! The tree as `grammar/kickstart.pest` defines it. Slow, and the specification: the scanner must agree.

use super::scanner::{Line, LineKind};
use super::tree::{Builder, Tree, TreeLine};
use super::words::{QuoteError, Word};
use pest::Parser;
use pest::iterators::Pair;

mod rules {
    #![allow(missing_docs, reason = "the rules are described in the grammar")]

    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/kickstart.pest"]
    pub(crate) struct KickstartParser;
}
use rules::{KickstartParser, Rule};

impl Tree {
    /// Reads a text with the grammar.
    ///
    /// # Errors
    /// The parser generator's message when the grammar does not match; it matches every text.
    pub fn parse_with_grammar(text: &str) -> Result<Tree, String> {
        let mut builder = Builder::default();
        let pairs = KickstartParser::parse(Rule::kickstart, text).map_err(|e| e.to_string())?;
        for pair in pairs.flat_map(Pair::into_inner) {
            match pair.as_rule() {
                Rule::section => pair.into_inner().for_each(|line| builder.push(tree_line(line))),
                Rule::EOI => {}
                _ => builder.push(tree_line(pair)),
            }
        }
        Ok(builder.finish())
    }
}

fn tree_line(pair: Pair<'_, Rule>) -> TreeLine {
    let kind = match pair.as_rule() {
        Rule::blank => LineKind::Blank,
        Rule::comment_line => LineKind::Comment,
        Rule::header => LineKind::Header,
        Rule::content => LineKind::Content,
        Rule::include_line => LineKind::ContentInclude,
        Rule::end_line => LineKind::End,
        _ => LineKind::Words,
    };
    let span = pair.as_span();
    let mut line = Line {
        kind,
        start: span.start() as u32,
        end: span.end() as u32,
        cuts_section: false,
        comment: None,
        error: None,
    };
    let mut words = Vec::new();
    for inner in pair.into_inner() {
        let span = inner.as_span();
        let (start, end) = (span.start() as u32, span.end() as u32);
        match inner.as_rule() {
            Rule::comment => line.comment = Some(start),
            Rule::word | Rule::last_word | Rule::bare_word | Rule::bare_last_word => {
                let plain = !span.as_str().contains(['\'', '"', '\\']);
                words.push(Word { start, end, plain });
                line.error = inner.into_inner().next().map(|error| {
                    let at = error.as_span().start() as u32;
                    match error.as_rule() {
                        Rule::unclosed => QuoteError::Unclosed(at),
                        _ => QuoteError::NothingEscaped(at),
                    }
                });
            }
            _ => {}
        }
    }
    TreeLine::new(line, words)
}
