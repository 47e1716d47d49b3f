use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Edit, Finding, Findings, Fix};
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
    // Nearly always.
    if context.sources.iter().all(|(_, source)| source.text().is_ascii()) {
        return;
    }
    for command in &context.kickstart.commands {
        let text = context.sources.text_of(command.span);
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
            .help("write \" or '")
            .fix(straight(command.span, text)),
        );
    }
}

/// Straight quotes in the place of all typographic ones of a command.
fn straight(command: Span, text: &str) -> Fix {
    let edits = text.match_indices(QUOTES).map(|(at, quote)| {
        let start = command.start as usize + at;
        let is_single = matches!(quote, "‘" | "’" | "‚");
        Edit {
            span: Span::new(command.file, start, start + quote.len()),
            replacement: if is_single { "'" } else { "\"" }.to_owned(),
        }
    });
    Fix {
        title: "write straight quotes".to_owned(),
        applicability: Applicability::Unsafe,
        edits: edits.collect(),
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
