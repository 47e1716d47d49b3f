use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::Span;

declare_code! {
    /// A command has typographic quotes.
    ///
    /// ## Why
    /// Word processors and web pages replace `"` and `'` by “ ” ‘ ’ « ». The installer takes them as characters of the word: nothing
    /// is quoted, and the value begins and ends with them.
    ///
    /// ## Example
    /// ```text
    /// bootloader --append=“console=ttyS0”
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// bootloader --append="console=ttyS0"
    /// ```
    static CODE = "STY020", "typographic-quotes", Style, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Quotes that are not those of the language.
const QUOTES: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];

fn check(context: &Context<'_>, findings: &mut Findings) {
    for command in &context.kickstart.commands {
        let text = context.sources.text_of(command.span);
        // Nearly always.
        if text.is_ascii() {
            continue;
        }
        // Inside real quotes they are text, as in a comment of a user.
        let Some(at) = text.find(QUOTES).filter(|at| !is_quoted(&text[..*at])) else { continue };
        let quote = text[at..].chars().next().unwrap_or('“');
        let start = command.span.start as usize + at;
        findings.push(
            Finding::new(
                &CODE,
                format!("'{quote}' is a typographic quote: it is part of the word, and quotes nothing"),
            )
            .at(Span::new(command.span.file, start, start + quote.len_utf8()))
            .help("write \" or '"),
        );
    }
}

/// Whether a quote of the language is open at the end of a text.
fn is_quoted(before: &str) -> bool {
    let mut open = None;
    for c in before.chars().filter(|c| matches!(c, '"' | '\'')) {
        open = match open {
            None => Some(c),
            Some(quote) if quote == c => None,
            other => other,
        };
    }
    open.is_some()
}
