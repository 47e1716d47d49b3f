//! The report for people: every finding drawn over its lines, and a line at the end of each file that says how it
//! was read.

use super::excerpt::{Excerpt, Mark, excerpts};
use super::style::{Closing, Style};
use super::{Summary, count, direct, fold, harmless};
use crate::lint::FileReport;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Snippet, Title};
use node_base::diagnostic::{Code, Finding, Severity};
use node_base::harmless::harmless_line;
use node_base::source::Places;
use node_base::source::Sources;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// What stands before a finding's message: `warning[NODE003]: `.
const TITLE_MARGIN: usize = 18;
/// What stands before a note or help: line numbers, `= help: `.
const HELP_MARGIN: usize = 12;
/// What further lines of a file's summary are indented by.
const SUMMARY_INDENT: usize = 4;
/// What stands before a line of an excerpt, without its number: ` | `, and what the library keeps free at the end.
const LINE_MARGIN: usize = 10;
/// The shortest underline that is left of one that the terminal is too narrow for.
const SHORTEST_MARK: usize = 10;
/// Most further places of one finding that are drawn.
const MOST_PLACES: usize = 100;

/// One file: its findings, then its summary line.
pub(super) fn file(report: &FileReport, style: &Style) -> String {
    let mut text = String::new();
    let mut places = Places::new(&report.sources);
    let findings = match style.folds {
        true => fold::folded(&report.findings, &report.sources, &mut places),
        false => report.findings.iter().map(Cow::Borrowed).collect(),
    };
    for finding in findings.iter().map(Cow::as_ref) {
        if !style.is_plain() || !direct::draw(&mut text, finding, &report.sources) {
            text.push_str(&draw(finding, &report.sources, &mut places, style));
        }
        text.push_str("\n\n");
    }
    let summary = Summary::of(report, Severity::Error);
    if style.closing == Closing::Never || style.closing == Closing::Found && summary.is_clean() {
        return text;
    }
    let counts = summary.counts();
    let path = report.path().to_string_lossy();
    let path = harmless_line(&path);
    let line = format!(
        "{path}: {counts} (syntax {}: {}; policy {}: {})",
        report.syntax.value,
        harmless_line(&report.syntax.because),
        harmless_line(&report.policy.value),
        harmless_line(&report.policy.because)
    );
    let _ = writeln!(text, "{}", style.headed(&path, &line, SUMMARY_INDENT));
    for (finding, reason) in &report.waived {
        let line = finding.span.map(|s| format!(" at line {}", places.at(s.file, s.start).line));
        let line = line.unwrap_or_default();
        let line = format!("  waived {}{line}: {}", finding.code.id, harmless_line(reason));
        let _ = writeln!(text, "{}", style.folded(&line, SUMMARY_INDENT));
    }
    text
}

/// What closes a run: a total of several files and, where a person looks on, where to read more.
pub(super) fn total(summary: &Summary, seen: Option<&'static Code>, style: &Style) -> String {
    let mut text = String::new();
    if style.closing == Closing::Never {
        return text;
    }
    if summary.files + summary.unreadable.len() > 1 {
        let files = count(summary.files, "file");
        let mut line = format!("{files}: {}", summary.counts());
        if summary.clean > 0 && summary.clean < summary.files {
            let _ = write!(line, "; {} without findings", count(summary.clean, "file"));
        }
        if !summary.unreadable.is_empty() {
            let _ = write!(line, "; {} could not be checked", summary.unreadable.len());
        }
        let _ = writeln!(text, "{}", style.headed(&files, &line, SUMMARY_INDENT));
    }
    if summary.fixable > 0 && style.terminal {
        let _ = writeln!(text, "{} can be fixed with --fix", count(summary.fixable, "finding"));
    }
    if let Some(code) = seen.filter(|_| style.terminal) {
        let _ = writeln!(text, "More about a finding: ks-lint explain {}", code.id);
    }
    text
}

/// One finding, drawn by the library.
pub(super) fn draw(finding: &Finding, sources: &Sources, places: &mut Places<'_>, style: &Style) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let message = style.wrapped(&harmless(&finding.message), TITLE_MARGIN);
    let page = finding.code.address().filter(|_| style.terminal);
    let mut group = Group::with_title(title(level, message, finding.code, page));
    let primary = finding.span.map(|span| Mark { span, primary: true, label: finding.label.as_deref() });
    let related = finding
        .related
        .iter()
        .filter_map(|r| Some(Mark { span: r.span?, primary: false, label: Some(r.message.as_str()) }));
    let more = related.clone().count().saturating_sub(MOST_PLACES);
    let excerpts = excerpts(sources, primary.into_iter().chain(related.take(MOST_PLACES)).collect());
    if finding.span.is_none() {
        group = group.element(Origin::path(path(sources, node_base::source::FileId(0))));
    }
    for excerpt in &excerpts {
        group = group.element(snippet(excerpt, sources, style));
    }
    if more > 0 {
        group = group.element(Level::NOTE.message(format!("{more} more places are not shown")));
    }
    for note in finding.related.iter().filter(|r| r.span.is_none()) {
        group = group.element(Level::NOTE.message(style.wrapped(&harmless(&note.message), HELP_MARGIN)));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(style.wrapped(&harmless(help), HELP_MARGIN)));
    }
    let mut drawn = style.renderer.render(&[group]);
    for excerpt in &excerpts {
        correct_column(&mut drawn, excerpt, sources, places);
    }
    drawn
}

/// The first line of a finding: its code is a link to its page, where there is one. Only a coloured report has links.
fn title<'a>(level: Level<'a>, message: String, code: &'static Code, page: Option<String>) -> Title<'a> {
    let title = level.primary_title(message).id(code.id);
    match page {
        Some(page) => title.id_url(page),
        None => title,
    }
}

fn path(sources: &Sources, file: node_base::source::FileId) -> String {
    harmless_line(&sources.get(file).path().to_string_lossy()).into_owned()
}

/// Where an excerpt shows a part of a long line, the column that was counted in the part becomes that of the line.
fn correct_column(drawn: &mut String, excerpt: &Excerpt<'_>, sources: &Sources, places: &mut Places<'_>) {
    let Some((mark, place)) = excerpt.marks.iter().min_by_key(|(m, place)| (!m.primary, place.start)) else {
        return;
    };
    let line_start = excerpt.text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let shown = excerpt.text[line_start..place.start].chars().count() + 1;
    let position = places.at(mark.span.file, mark.span.start);
    if position.column as usize != shown {
        let path = path(sources, excerpt.file);
        let wrong = format!("{path}:{}:{shown}\n", position.line);
        let right = format!("{path}:{}:{}\n", position.line, position.column);
        *drawn = drawn.replacen(&wrong, &right, 1);
    }
}

fn snippet<'a>(excerpt: &'a Excerpt<'a>, sources: &Sources, style: &Style) -> Snippet<'a, Annotation<'a>> {
    let last_line = excerpt.first_line as usize + excerpt.text.lines().count();
    let room = style.width().map(|width| width.saturating_sub(LINE_MARGIN + last_line.to_string().len()));
    let annotations = excerpt.marks.iter().map(|(mark, place)| {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = mark.label.map(harmless);
        let shown = match room {
            Some(room) => shortened(&excerpt.text, place, label.as_deref().unwrap_or_default(), room),
            None => place.clone(),
        };
        kind.span(shown).label(label)
    });
    Snippet::source(excerpt.text.as_str())
        .path(path(sources, excerpt.file))
        .line_start(excerpt.first_line as usize)
        .annotations(annotations)
}

/// The part of a mark that is underlined in `room` columns with its label. The library cuts a line that is too long around what is
/// marked, but draws the mark and the label in full.
fn shortened(text: &str, place: &Range<usize>, label: &str, room: usize) -> Range<usize> {
    let marked = &text[place.clone()];
    let line_start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    // Columns before the mark: the start of the line, or the dots that replace it.
    let begin = if line.chars().count() > room { 5 } else { text[line_start..place.start].chars().count() };
    let most = room.saturating_sub(begin + 1 + label.chars().count()).max(SHORTEST_MARK);
    if marked.contains('\n') || label.is_empty() && begin + marked.chars().count() <= room {
        return place.clone();
    }
    let length = marked.char_indices().nth(most).map_or(marked.len(), |(at, _)| at);
    place.start..place.start + length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Chosen;
    use kickstart::Version;
    use node_base::source::{FileId, Span};

    node_base::declare_code! {
        /// A kind of finding for these tests.
        static EXAMPLE = "NODE999", "only-an-example", Node, Error;
    }

    const NODE: &str =
        "part /boot --size=1000\nvolgroup node pv.01\n\n%include storage.ks\nlang en_US.UTF-8\n";
    const LONG: &str = "logvol / --vgname=onn --name=root --thin --poolname=pool --fstype=xfs --fsoptions=defaults,discard --size=10240\n";
    const INCLUDED: &str =
        "logvol none --name=pool --thinpool\t--size=40000\r\nlogvol / --name=rööt --thin\r\n";

    /// A report about two files; `finding` gets a function from words to the first place where they stand.
    fn drawn(finding: impl FnOnce(&dyn Fn(&str) -> Span) -> Finding) -> String {
        drawn_for(&Style::plain(), finding)
    }

    fn drawn_for(style: &Style, finding: impl FnOnce(&dyn Fn(&str) -> Span) -> Finding) -> String {
        let mut sources = Sources::new();
        sources.add("node.ks", NODE.to_owned()).unwrap();
        sources.add("storage.ks", INCLUDED.to_owned()).unwrap();
        sources.add("long.ks", LONG.to_owned()).unwrap();
        let place = |words: &str| {
            let found =
                [NODE, INCLUDED, LONG].iter().enumerate().find_map(|(n, text)| Some((n, text.find(words)?)));
            let (file, at) = found.map(|(n, at)| (FileId(u32::try_from(n).unwrap()), at)).unwrap();
            Span::new(file, at, at + words.len())
        };
        let findings = vec![finding(&place)];
        let report = FileReport {
            sources,
            syntax: Chosen::new(Version::DEFAULT, "the default"),
            policy: Chosen::new("ovirt-node".to_owned(), "it has %addon org_ovirt_node"),
            findings,
            waived: Vec::new(),
            baselined: 0,
            is_template: false,
            includes: Vec::new(),
        };
        file(&report, style)
    }

    /// Nothing is wider than the terminal, whatever is marked. Below 60 columns the library's own cuts may be.
    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for width in [60, 80, 100, 200] {
            let marked = [&LONG[..LONG.len() - 1], "logvol", "--size=10240", "--fsoptions=defaults,discard"];
            for words in [&marked[..], &["logvol none --name=pool --thinpool\t--size=40000"]].concat() {
                for label in ["", "/var would be on root"] {
                    let drawn = drawn_for(&Style::of_width(width), |place| {
                        let finding = Finding::new(&EXAMPLE, "this is wrong").at(place(words));
                        if label.is_empty() { finding } else { finding.label(label) }
                    });
                    let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap_or_default();
                    assert!(widest <= width, "{widest} columns of {width}:\n{drawn}");
                    assert!(drawn.contains("^^^^^^") && drawn.contains(label), "{drawn}");
                }
            }
        }
    }

    #[test]
    fn waived_findings_and_the_total_are_folded() {
        let mut sources = Sources::new();
        let file_id = sources.add("kickstart-examples/minimal.ks", NODE.to_owned()).unwrap();
        let waived = Finding::new(&EXAMPLE, "wrong").at(Span::new(file_id, 0, 4));
        let report = FileReport {
            sources,
            syntax: Chosen::new(Version::DEFAULT, "the default"),
            policy: Chosen::new("ovirt-node".to_owned(), "it has %addon org_ovirt_node"),
            findings: Vec::new(),
            waived: vec![(waived, "a lab host does without the recommended volumes".to_owned())],
            baselined: 0,
            is_template: false,
            includes: Vec::new(),
        };
        assert!(
            file(&report, &Style::of_width(60)).ends_with(
                "  waived NODE999 at line 1: a lab host does without the\n    recommended volumes\n"
            )
        );
        assert!(
            file(&report, &Style::of_width(80))
                .ends_with("  waived NODE999 at line 1: a lab host does without the recommended volumes\n")
        );
        let mut summary = Summary::of(&report, Severity::Error);
        summary.files = 12;
        summary.clean = 3;
        summary.unreadable = vec![("a.ks".to_owned(), "gone".to_owned())];
        let total = total(&summary, None, &Style::of_width(60));
        assert!(
            total.lines().count() == 2 && total.lines().all(|line| line.chars().count() <= 60),
            "{total}"
        );
    }

    #[test]
    fn places_in_two_files_are_shown_with_their_paths() {
        insta::assert_snapshot!(drawn(|place| {
            Finding::new(&EXAMPLE, "the pool is larger than the volume group")
                .at(place("--size=40000"))
                .label("40000 MiB")
                .related(place("pv.01"), "the volume group has 30000 MiB")
                .related(place("rööt"), "a volume in the pool")
                .help("make the pool smaller:\n    logvol none --name=pool --thinpool --size=20000")
        }), @r"
        error[NODE999]: the pool is larger than the volume group
         --> storage.ks:1:36
          |
        1 | logvol none --name=pool --thinpool    --size=40000
          |                                       ^^^^^^^^^^^^ 40000 MiB
        2 | logvol / --name=rööt --thin
          |                 ---- a volume in the pool
          |
         ::: node.ks:2:15
          |
        2 | volgroup node pv.01
          |               ----- the volume group has 30000 MiB
          |
          = help: make the pool smaller:
                      logvol none --name=pool --thinpool --size=20000

        node.ks: 1 error (syntax RHEL9: the default; policy ovirt-node: it has %addon org_ovirt_node)
        ");
    }

    /// The pages are not published yet, so no run shows a link.
    #[test]
    fn a_code_is_a_link_to_its_page_where_there_is_colour() {
        let drawn = |renderer: annotate_snippets::Renderer, page: Option<&str>| {
            let title = title(Level::ERROR, "wrong".to_owned(), &EXAMPLE, page.map(str::to_owned));
            renderer.render(&[Group::with_title(title)])
        };
        let page = "https://docs.example.org/rules/NODE999.html";
        let link = format!("\x1b]8;;{page}\x1b\\NODE999\x1b]8;;\x1b\\");
        assert!(drawn(annotate_snippets::Renderer::styled(), Some(page)).contains(&link));
        assert!(!drawn(annotate_snippets::Renderer::styled(), None).contains("\x1b]8"));
        assert_eq!(drawn(annotate_snippets::Renderer::plain(), Some(page)), "error[NODE999]: wrong");
    }

    #[test]
    fn a_finding_about_the_file_has_no_excerpt_but_its_notes() {
        insta::assert_snapshot!(drawn(|_| {
            Finding::new(&EXAMPLE, "there is no thin pool").note("the policy asks for one")
        }), @r"
        error[NODE999]: there is no thin pool
        --> node.ks
         = note: the policy asks for one

        node.ks: 1 error (syntax RHEL9: the default; policy ovirt-node: it has %addon org_ovirt_node)
        ");
    }

    #[test]
    fn a_span_over_lines_is_drawn_over_lines() {
        insta::assert_snapshot!(drawn(|place| {
            Finding::new(&EXAMPLE, "these belong together").at(place("volgroup node pv.01\n\n%include"))
        }), @r"
        error[NODE999]: these belong together
         --> node.ks:2:1
          |
        2 | / volgroup node pv.01
        3 | |
        4 | | %include storage.ks
          | |________^

        node.ks: 1 error (syntax RHEL9: the default; policy ovirt-node: it has %addon org_ovirt_node)
        ");
    }
}
