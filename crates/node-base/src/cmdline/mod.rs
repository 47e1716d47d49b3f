//! Kernel command lines: read with the place of every word ([`parse`]), or edited word by word ([`Arguments`]).
//!
//! Invariant: knows no option. `grammar/cmdline.pest` is the only place that says where a word ends.

use crate::source::{FileId, Span, Spanned};
use pest::Parser;
use std::borrow::Cow;

mod arguments;
pub use arguments::Arguments;

mod grammar {
    #![allow(missing_docs)]
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/cmdline.pest"]
    pub(super) struct CommandLineParser;
}
use grammar::{CommandLineParser, Rule};

/// One word of a command line: `inst.text`, `ip=dhcp`.
#[derive(Clone, Debug, PartialEq)]
pub struct Word<'s> {
    /// What stands before the first `=`, unquoted.
    pub name: Cow<'s, str>,
    /// The name as written.
    pub name_span: Span,
    /// What stands behind the first `=`, unquoted; nothing for a word without `=`.
    pub value: Option<Spanned<'s>>,
    /// The whole word with its quotes.
    pub span: Span,
    /// A variable of the boot loader in the word (`${base}`), or a placeholder of a template (`@BASE@`). What it holds
    /// is not known here, so such a value is left alone.
    pub variable: Option<String>,
    /// A variable that the configuration itself sets, and where: what it holds is in the word.
    pub taken: Option<(String, Span)>,
}

impl<'s> Word<'s> {
    /// A word from an unquoted text, split at its first `=`. `span` covers the word as written; when `text` is
    /// what stands there, name and value get spans of their own.
    pub fn from_unquoted(text: impl Into<Cow<'s, str>>, span: Span) -> Word<'s> {
        let text = text.into();
        let variable = placeholder(&text);
        let verbatim = text.len() == (span.end - span.start) as usize;
        let Some(equals) = text.find('=') else {
            return Word { name: text, name_span: span, value: None, span, variable, taken: None };
        };
        let (name, value) = match text {
            Cow::Borrowed(t) => (Cow::Borrowed(&t[..equals]), Cow::Borrowed(&t[equals + 1..])),
            Cow::Owned(t) => (Cow::Owned(t[..equals].to_owned()), Cow::Owned(t[equals + 1..].to_owned())),
        };
        let at = if verbatim { span.start as usize + equals } else { span.start as usize };
        let name_span = if verbatim { Span::new(span.file, span.start as usize, at) } else { span };
        let value_span = if verbatim { Span::new(span.file, at + 1, span.end as usize) } else { span };
        let value = Some(Spanned { text: value, span: value_span });
        Word { name, name_span, value, span, variable, taken: None }
    }

    /// A word that variables were filled into: all of it stands where the variables stand.
    pub fn from_filled(
        text: &str,
        span: Span,
        taken: Option<(String, Span)>,
        unknown: Option<String>,
    ) -> Word<'s> {
        let word = Word::from_unquoted(text.to_owned(), span);
        let value = word.value.map(|v| Spanned { span, ..v });
        let variable = unknown.filter(|_| text.contains("${")).or(word.variable);
        Word { name_span: span, value, variable, taken, ..word }
    }

    /// The value, or nothing when there is none, it is empty, or a variable hides it.
    pub fn known_value(&self) -> Option<&str> {
        match &self.value {
            Some(v) if self.variable.is_none() && !v.text.is_empty() => Some(&v.text),
            _ => None,
        }
    }

    /// The value as written, `""` without one.
    pub fn text(&self) -> &str {
        self.value.as_ref().map_or("", |v| &v.text)
    }

    /// Whether this word switches its option on: without a value, or with any value but `0`, `no`, `off`
    /// (dracut's `getargbool`, Anaconda's `store_true`).
    pub fn is_on(&self) -> bool {
        !matches!(self.value.as_ref().map(|v| v.text.as_ref()), Some("0" | "no" | "off"))
    }

    /// Where to point when the value is wrong: at the value, else at the word.
    pub fn value_span(&self) -> Span {
        match &self.value {
            Some(v) if v.span.end > v.span.start => v.span,
            _ => self.span,
        }
    }
}

/// All words of one command line, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandLine<'s> {
    /// The words.
    pub words: Vec<Word<'s>>,
    /// Where it stands, from the first to the last word; nothing for an empty one.
    pub span: Option<Span>,
    /// Number of bytes that the boot loader hands to the kernel.
    pub length: usize,
}

impl<'s> CommandLine<'s> {
    /// A command line from words that a boot loader's own grammar has already split and unquoted.
    pub fn from_words(words: Vec<Word<'s>>) -> CommandLine<'s> {
        let span = match (words.first(), words.last()) {
            (Some(first), Some(last)) if first.span.file == last.span.file => Some(first.span.to(last.span)),
            (Some(first), _) => Some(first.span),
            _ => None,
        };
        let length = words
            .iter()
            .map(|w| w.name.len() + w.value.as_ref().map_or(0, |v| v.text.len() + 1) + 1)
            .sum::<usize>()
            .saturating_sub(1);
        CommandLine { words, span, length }
    }

    /// All words of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Word<'s>> {
        self.words.iter().filter(move |w| w.name == name)
    }

    /// The last word of this name: the one that counts for most options.
    pub fn last(&self, name: &str) -> Option<&Word<'s>> {
        self.words.iter().rev().find(|w| w.name == name)
    }

    /// Whether an option is switched on by its last word.
    pub fn is_on(&self, name: &str) -> bool {
        self.last(name).is_some_and(Word::is_on)
    }

    /// Whether a whole word is a variable: then nothing can be concluded from what is missing.
    pub fn hides_words(&self) -> bool {
        self.words.iter().any(|w| w.variable.is_some() && w.value.is_none())
    }

    /// Whether any word's name starts with this.
    pub fn any_starting(&self, prefix: &str) -> bool {
        self.words.iter().any(|w| w.name.starts_with(prefix))
    }
}

/// Reads a command line that stands at byte `at` of a file. Any text is one; nothing is refused.
pub fn parse<'s>(text: &'s str, file: FileId, at: usize) -> CommandLine<'s> {
    let mut words = Vec::new();
    // The grammar accepts every text; an empty list is the answer to what cannot happen.
    let Ok(pairs) = CommandLineParser::parse(Rule::line, text) else {
        return CommandLine::default();
    };
    for word in pairs.flatten().filter(|p| p.as_rule() == Rule::word) {
        let place = |span: pest::Span<'_>| Span::new(file, at + span.start(), at + span.end());
        let mut name = (Cow::Borrowed(""), place(word.as_span()));
        let mut value = None;
        let span = place(word.as_span());
        for part in word.into_inner().flat_map(pest::iterators::Pair::into_inner) {
            let part_span = place(part.as_span());
            match part.as_rule() {
                Rule::name | Rule::wrapped_name => name = (unquote(part.as_str()), part_span),
                Rule::value | Rule::wrapped_value => {
                    value = Some(Spanned { text: unquote(part.as_str()), span: part_span });
                }
                _ => {}
            }
        }
        let variable = placeholder(&text[span.start as usize - at..span.end as usize - at]);
        words.push(Word { name: name.0, name_span: name.1, value, span, variable, taken: None });
    }
    inside_placeholders(&mut words);
    let mut line = CommandLine::from_words(words);
    line.length = text.trim().len();
    line
}

/// Words between `{{` and `}}` belong to the placeholder, not to the command line.
fn inside_placeholders(words: &mut [Word<'_>]) {
    let mut open: Option<(&str, String)> = None;
    for word in words {
        let has = |mark: &str| word.name.contains(mark) || word.text().contains(mark);
        if let Some((end, name)) = &open {
            let ends = has(end);
            word.variable = Some(name.clone());
            if ends {
                open = None;
            }
            continue;
        }
        let begun = [("{{", "}}"), ("{%", "%}"), ("<%", "%>")].into_iter().find(|(mark, _)| has(mark));
        if let (Some((_, end)), Some(name)) = (begun, &word.variable)
            && !has(end)
        {
            open = Some((end, name.clone()));
        }
    }
}

/// What the tool that writes the configuration would have filled in: `@NAME@` (configure), `@@name@@` (Cobbler),
/// `{{ … }}` (Jinja), `<% … %>` (ERB).
fn placeholder(text: &str) -> Option<String> {
    for mark in ["{{", "{%", "<%"] {
        if text.contains(mark) {
            return Some(format!("{mark} …"));
        }
    }
    let name = |part: &str, letter: fn(char) -> bool| {
        !part.is_empty() && part.chars().all(|c| letter(c) || c.is_ascii_digit() || c == '_')
    };
    let parts: Vec<&str> = text.split('@').collect();
    let between = parts.get(1..parts.len().max(2) - 1).unwrap_or_default();
    between.iter().enumerate().find_map(|(n, part)| {
        let doubled = n > 0 && between[n - 1].is_empty() && between.get(n + 1).is_some_and(|p| p.is_empty());
        let found =
            name(part, |c| c.is_ascii_uppercase()) || doubled && name(part, |c| c.is_ascii_alphabetic());
        found.then(|| (*part).to_owned())
    })
}

/// Without its double quotes.
fn unquote(text: &str) -> Cow<'_, str> {
    if text.contains('"') { Cow::Owned(text.replace('"', "")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, Option<String>)> {
        parse(text, FileId(0), 0)
            .words
            .into_iter()
            .map(|w| (w.name.into_owned(), w.value.map(|v| v.text.into_owned())))
            .collect()
    }

    #[test]
    fn blanks_separate_words_and_the_first_equals_sign_ends_the_name() {
        assert_eq!(
            words("  quiet\tinst.ks=http://h/a?b=c  ip=\n"),
            [
                ("quiet".into(), None),
                ("inst.ks".into(), Some("http://h/a?b=c".into())),
                ("ip".into(), Some(String::new())),
            ]
        );
    }

    #[test]
    fn quotes_protect_blanks_wherever_they_stand() {
        assert_eq!(words("a=\"b c\"d e"), [("a".into(), Some("b cd".into())), ("e".into(), None)]);
        assert_eq!(words("\"a=b c\" d"), [("a".into(), Some("b c".into())), ("d".into(), None)]);
        assert_eq!(words("a=\"b c"), [("a".into(), Some("b c".into()))], "an open quote reaches to the end");
    }

    #[test]
    fn spans_cover_what_is_written() {
        let text = "quiet ip=\"dhcp\"";
        let line = parse(text, FileId(0), 100);
        let word = &line.words[1];
        assert_eq!(&text[word.span.start as usize - 100..word.span.end as usize - 100], "ip=\"dhcp\"");
        let value = word.value.as_ref().unwrap();
        assert_eq!(&text[value.span.start as usize - 100..value.span.end as usize - 100], "\"dhcp\"");
    }

    #[test]
    fn what_a_template_fills_in_is_not_known() {
        let variable = |text: &str| parse(text, FileId(0), 0).words[0].variable.clone();
        assert_eq!(variable("@ROOT@").as_deref(), Some("ROOT"));
        assert_eq!(variable("inst.repo=http://@SERVER_1@/el").as_deref(), Some("SERVER_1"));
        assert_eq!(variable("inst.ks=http://@@http_server@@/ks").as_deref(), Some("http_server"));
        assert!(variable("inst.ks={{ url }}").is_some() && variable("<%= ks %>").is_some());
        for plain in ["netroot=iscsi:user:secret@192.0.2.1::::iqn.2009-06.com.example:t", "a@b@c", "@@", "@"]
        {
            assert_eq!(variable(plain), None, "'{plain}' is no placeholder");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_is_a_command_line(text in "[ \ta-c=\"'$\\\\é]{0,40}") {
            let line = parse(&text, FileId(0), 0);
            for word in &line.words {
                proptest::prop_assert!(text.get(word.span.range()).is_some(), "a span lies outside the text");
            }
            let plain = !text.contains('"');
            if plain {
                let expected: Vec<_> = text.split_whitespace().collect();
                proptest::prop_assert_eq!(line.words.len(), expected.len());
            }
        }
    }
}
