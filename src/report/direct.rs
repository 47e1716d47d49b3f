//! The commonest findings without colour: about the file as a whole, or with one place on one ordinary line. They are
//! written straight into the report, in the form that the drawing library gives them, which costs it most of the time of
//! a run over thousands of kickstarts. A test holds the two against each other.

use super::harmless;
use node_base::console::COLUMNS;
use node_base::diagnostic::Finding;
use node_base::harmless::harmless_line;
use node_base::source::{FileId, Source, Sources};
use std::ops::Range;

/// Leading blanks from which on the library cuts them.
const INDENTED: usize = 20;

/// The most columns that stand before a line: the ten digits of the largest number of a line, and ` | `.
const MARGIN: usize = 13;

/// A place on one line.
struct Place<'a> {
    number: u32,
    line: &'a str,
    mark: Range<usize>,
    label: Option<&'a str>,
}

/// Appends the finding to `out`; `false` if it is none of the common ones, with nothing appended.
pub(super) fn draw(out: &mut String, finding: &Finding, sources: &Sources) -> bool {
    if finding.related.iter().any(|r| r.span.is_some()) || finding.message.contains('\t') {
        return false;
    }
    let (file, place) = match finding.span {
        None => (FileId(0), None),
        Some(span) => {
            let source = sources.get(span.file);
            let Some(place) = place(source, span.range(), finding.label.as_deref()) else { return false };
            (span.file, Some(place))
        }
    };
    let begin = out.len();
    out.extend([finding.severity.name(), "[", finding.code.id, "]: "]);
    let margin = out.len() - begin;
    indented(out, &harmless(&finding.message), margin);
    let path = sources.get(file).path().to_string_lossy();
    let path = harmless_line(&path);
    let digits = place.as_ref().map_or(0, |p| p.number.ilog10() as usize + 1);
    let edge = |out: &mut String| out.extend(std::iter::repeat_n(' ', digits));
    out.push('\n');
    edge(out);
    out.extend(["--> ", &path]);
    let notes = finding.related.iter().map(|r| ("note", r.message.as_str()));
    let mut notes = notes.chain(finding.help.as_deref().map(|help| ("help", help))).peekable();
    if let Some(Place { number, line, mark, label }) = place {
        let number = number.to_string();
        out.extend([":", &number, ":", &(mark.start + 1).to_string(), "\n"]);
        edge(out);
        out.extend([" |\n", &number, " | ", line, "\n"]);
        edge(out);
        out.push_str(" | ");
        out.extend(std::iter::repeat_n(' ', mark.start));
        out.extend(std::iter::repeat_n('^', mark.len()));
        if let Some(label) = label {
            out.push(' ');
            out.push_str(label);
        }
        if notes.peek().is_some() {
            out.push('\n');
            edge(out);
            out.push_str(" |");
        }
    }
    for (what, text) in notes {
        out.push('\n');
        edge(out);
        out.extend([" = ", what, ": "]);
        indented(out, &harmless(text), digits + " = : ".len() + what.len());
    }
    true
}

/// Appends lines, all but the first behind a margin.
fn indented(out: &mut String, text: &str, margin: usize) {
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', margin));
        }
        out.push_str(line);
    }
}

/// The place, if its line is shown as it stands: ASCII without control characters, no wider than the report, not
/// indented far.
fn place<'a>(source: &'a Source, range: Range<usize>, label: Option<&'a str>) -> Option<Place<'a>> {
    let number = source.lines().line(range.start).max(1);
    let start = source.lines().start_of(number)?;
    let end = source.lines().start_of(number + 1).unwrap_or(source.text().len());
    let line = source.text().get(start..end)?.trim_end_matches(node_base::source::is_line_end);
    let mark = range.start.checked_sub(start)?..range.end.checked_sub(start)?;
    let is_shown = |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b));
    let label_is_shown = label.is_none_or(|label| !label.is_empty() && is_shown(label));
    let ordinary = mark.start < mark.end
        && mark.end <= line.len()
        && line.len() <= COLUMNS - MARGIN
        && label_is_shown
        && is_shown(line)
        && line.len() - line.trim_start_matches(' ').len() <= INDENTED;
    ordinary.then_some(Place { number, line, mark, label })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::human;
    use crate::report::style::Style;
    use node_base::source::Places;
    use node_base::source::Span;
    use proptest::prelude::*;

    node_base::declare_code! {
        /// A kind of finding for these tests.
        static EXAMPLE = "NODE999", "only-an-example", Node, Warning;
    }

    /// The finding as both draw it; nothing from here if it is not a common one.
    fn both(text: &str, finding: &Finding) -> (Option<String>, String) {
        let mut sources = Sources::new();
        sources.add("node.ks", text.to_owned()).unwrap();
        let mut direct = String::new();
        let is_common = draw(&mut direct, finding, &sources);
        assert!(is_common || direct.is_empty(), "what is not drawn leaves nothing behind: {direct:?}");
        let mut places = Places::new(&sources);
        (is_common.then_some(direct), human::draw(finding, &sources, &mut places, &Style::plain()))
    }

    fn at(range: Range<usize>) -> Finding {
        Finding::new(&EXAMPLE, "too small").at(Span::new(FileId(0), range.start, range.end))
    }

    #[test]
    fn the_common_ones_are_written_here() {
        let text = "lang C\n  part / --size=1  # root\r\n";
        let common = [
            Finding::new(&EXAMPLE, "no thin pool")
                .note("the policy asks for one")
                .help("add:\n    logvol none"),
            at(9..13),
            at(16..24).label("1 MiB").help("write --size=10000"),
            at(0..6).note("two lines\n\nand one"),
        ];
        for finding in common {
            let (direct, library) = both(text, &finding);
            assert_eq!(direct.as_deref(), Some(library.as_str()), "{finding:?}");
        }
    }

    #[test]
    fn what_the_library_changes_is_left_to_it() {
        let long = format!("part / {}\n", "--grow ".repeat(30));
        let left = [
            ("part\t/\n", at(5..6)),
            ("part /é\n", at(0..4)),
            ("part /\nlang C\n", at(0..10)),
            ("part /\n", at(3..3)),
            (long.as_str(), at(0..4)),
            ("part /\n", at(0..4).related(Span::new(FileId(0), 5, 6), "and this")),
        ];
        for (text, finding) in left {
            assert_eq!(both(text, &finding).0, None, "{text:?} {finding:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_here_is_what_the_library_draws(
            text in "(?s)([ a-z/=#\u{e9}\t-]{0,24}\r?\n|[ ]{0,30}[a-z]{100,125}\n){0,12}",
            from in 0usize..300,
            len in 0usize..30,
            message in "[a-z \n\u{202e}\u{1b}]{1,20}",
            label in proptest::option::of("[a-z \n\u{e9}]{0,9}"),
            note in proptest::option::of("[a-z \n\u{1b}]{0,20}"),
            help in proptest::option::of("[a-z \n\t]{0,20}"),
            about_file in any::<bool>(),
        ) {
            let from = text.floor_char_boundary(from.min(text.len()));
            let to = text.floor_char_boundary((from + len).min(text.len()));
            let mut finding = Finding::new(&EXAMPLE, message);
            if !about_file {
                finding = finding.at(Span::new(FileId(0), from, to));
            }
            finding = label.into_iter().fold(finding, Finding::label);
            finding = note.into_iter().fold(finding, Finding::note);
            finding = help.into_iter().fold(finding, Finding::help);
            if let (Some(direct), library) = both(&text, &finding) {
                prop_assert_eq!(direct, library);
            }
        }
    }
}
