//! The lines of a file that a finding is about, ready to be drawn: harmless to a terminal, and cut to a window
//! where a line is too long to be shown.

use foldhash::{HashMap, HashMapExt};
use node_base::harmless::stand_in;
use node_base::source::{FileId, Sources, Span, is_line_end};
use std::ops::Range;

/// A line of more bytes than this is cut to a window around what is marked.
const WHOLE_LINE: usize = 400;
/// Bytes shown before the first mark of a line that is cut.
const BEFORE: usize = 60;
/// Bytes shown of a line that is cut.
const WINDOW: usize = 300;
/// A mark over more lines than this is shown by its first line.
const TALL: u32 = 12;
/// Marks farther apart than this many lines are drawn apart.
const NEAR: u32 = 12;

/// A place to underline.
#[derive(Clone, Debug)]
pub(super) struct Mark<'a> {
    pub(super) span: Span,
    pub(super) primary: bool,
    pub(super) label: Option<&'a str>,
}

/// Neighbouring lines of one file with marks in them.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    pub(super) file: FileId,
    /// Number of the first line of `text`.
    pub(super) first_line: u32,
    /// The lines, each ended by `\n`.
    pub(super) text: String,
    /// The marks, each with its place in `text`.
    pub(super) marks: Vec<(Mark<'a>, Range<usize>)>,
}

/// The excerpts that show these marks: the first mark's first, near ones joined.
pub(super) fn excerpts<'a>(sources: &Sources, marks: Vec<Mark<'a>>) -> Vec<Excerpt<'a>> {
    let mut groups: Vec<(Range<u32>, Vec<Mark<'a>>)> = Vec::new();
    for mut mark in marks {
        let lines = lines_of(sources, &mut mark);
        let near = groups.iter_mut().find(|(range, group)| {
            group[0].span.file == mark.span.file
                && lines.start <= range.end.saturating_add(NEAR)
                && range.start <= lines.end.saturating_add(NEAR)
        });
        match near {
            Some((range, group)) => {
                *range = range.start.min(lines.start)..range.end.max(lines.end);
                group.push(mark);
            }
            None => groups.push((lines, vec![mark])),
        }
    }
    groups.into_iter().map(|(lines, marks)| excerpt(sources, lines, marks)).collect()
}

/// First line and the line behind the last one of a mark; one that is too tall is cut to its first line.
fn lines_of(sources: &Sources, mark: &mut Mark<'_>) -> Range<u32> {
    let source = sources.get(mark.span.file);
    let index = source.lines();
    let first = index.line(mark.span.start as usize).max(1);
    // A span that ends with a line end does not reach into the next line.
    let last = index.line((mark.span.end.max(mark.span.start + 1) - 1) as usize).max(first);
    if last - first < TALL {
        return first..last + 1;
    }
    let end = index.start_of(first + 1).unwrap_or(source.text().len());
    mark.span.end = end as u32;
    first..first + 1
}

fn excerpt<'a>(sources: &Sources, lines: Range<u32>, marks: Vec<Mark<'a>>) -> Excerpt<'a> {
    let file = marks[0].span.file;
    let source = sources.get(file);
    let mut text = String::new();
    let mut places: Vec<Option<Range<usize>>> = vec![None; marks.len()];
    let near = marks_near_lines(sources, &marks);
    for line in lines.clone() {
        let near = near.get(&line).map_or(&[][..], Vec::as_slice);
        let Some(start) = source.lines().start_of(line) else { break };
        let end = source.lines().start_of(line + 1).unwrap_or(source.text().len());
        let content = source.text()[start..end].trim_end_matches(is_line_end);
        let inside = |mark: &Mark<'_>| {
            let from = (mark.span.start as usize).saturating_sub(start).min(content.len());
            let to = (mark.span.end as usize).saturating_sub(start).min(content.len());
            (mark.span.start as usize) < end.max(start + 1) && mark.span.end as usize >= start && from <= to
                || mark.span.start as usize == end && end == source.text().len()
        };
        let first_mark = near
            .iter()
            .map(|&n| &marks[n])
            .filter(|m| inside(m))
            .map(|m| (m.span.start as usize).saturating_sub(start).min(content.len()))
            .min();
        let window = window(content, first_mark.unwrap_or(0));
        let line_at = text.len();
        let shown = push_harmless(&mut text, content, &window);
        for &n in near {
            let (mark, place) = (&marks[n], &mut places[n]);
            if inside(mark) {
                let at = |offset: u32| {
                    let offset = (offset as usize).saturating_sub(start).clamp(window.start, window.end);
                    line_at + shown.place_of(offset - window.start)
                };
                let (from, to) = (at(mark.span.start), at(mark.span.end));
                *place = Some(place.take().map_or(from, |p| p.start)..to);
            }
        }
        text.push('\n');
    }
    let len = text.len();
    let marks =
        marks.into_iter().zip(places).map(|(mark, place)| (mark, place.unwrap_or(len..len))).collect();
    Excerpt { file, first_line: lines.start, text, marks }
}

/// For each line the marks that can be in it: by their places, from the line before to the line behind.
fn marks_near_lines(sources: &Sources, marks: &[Mark<'_>]) -> HashMap<u32, Vec<usize>> {
    let mut near: HashMap<u32, Vec<usize>> = HashMap::new();
    for (n, mark) in marks.iter().enumerate() {
        let index = sources.get(mark.span.file).lines();
        let (first, last) = (index.line(mark.span.start as usize), index.line(mark.span.end as usize));
        for line in first.saturating_sub(1)..=last.saturating_add(1) {
            near.entry(line).or_default().push(n);
        }
    }
    near
}

/// The part of a line that is shown.
fn window(content: &str, mark: usize) -> Range<usize> {
    if content.len() <= WHOLE_LINE {
        return 0..content.len();
    }
    let start = content.floor_char_boundary(mark.saturating_sub(BEFORE));
    start..content.floor_char_boundary(start + WINDOW)
}

/// Where the bytes of a window stand in the text that is shown.
struct Shown {
    /// Offset in the window and in the shown line, at each place where the difference between them changes.
    shifts: Vec<(usize, usize)>,
}

impl Shown {
    fn place_of(&self, offset: usize) -> usize {
        let i = self.shifts.partition_point(|(from, _)| *from <= offset);
        let (from, to) = self.shifts[i - 1];
        to + (offset - from)
    }
}

/// Appends the window of a line, with stand-ins for what a terminal would act on and `…` where it is cut.
fn push_harmless(text: &mut String, content: &str, window: &Range<usize>) -> Shown {
    let at = text.len();
    if window.start > 0 {
        text.push('…');
    }
    let mut shifts = vec![(0, text.len() - at)];
    for (offset, c) in content[window.clone()].char_indices() {
        match stand_in(c).filter(|_| c != '\t') {
            Some(stand_in) => {
                text.push(stand_in);
                if stand_in.len_utf8() != c.len_utf8() {
                    shifts.push((offset + c.len_utf8(), text.len() - at));
                }
            }
            None => text.push(c),
        }
    }
    if window.end < content.len() {
        text.push('…');
    }
    Shown { shifts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, words: &[&str]) -> Vec<(u32, String, Vec<String>)> {
        let mut sources = Sources::new();
        let file = sources.add("x.ks", text.to_owned()).unwrap();
        let marks = words.iter().map(|w| {
            let at = text.find(w).unwrap();
            Mark { span: Span::new(file, at, at + w.len()), primary: true, label: None }
        });
        excerpts(&sources, marks.collect())
            .into_iter()
            .map(|e| {
                let marked = e.marks.iter().map(|(_, r)| e.text[r.clone()].to_owned()).collect();
                (e.first_line, e.text, marked)
            })
            .collect()
    }

    #[test]
    fn near_places_are_drawn_together_and_far_ones_apart() {
        let text = format!("part /a\nlang C\npart /b\n{}part /c\n", "text\n".repeat(100));
        let drawn = marked(&text, &["/b", "/a", "/c"]);
        assert_eq!(drawn.len(), 2);
        assert_eq!(
            drawn[0],
            (1, "part /a\nlang C\npart /b\n".to_owned(), vec!["/b".to_owned(), "/a".to_owned()])
        );
        assert_eq!(drawn[1], (104, "part /c\n".to_owned(), vec!["/c".to_owned()]));
    }

    #[test]
    fn control_characters_become_visible_and_marks_stay_on_their_words() {
        let drawn = marked("a\x1b[31m \u{202e}part\r\nlang C\n", &["part"]);
        assert_eq!(drawn[0].1, "a\u{241b}[31m \u{fffd}part\n");
        assert_eq!(drawn[0].2, ["part"]);
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_mark() {
        let text = format!("{}needle{}", "é".repeat(1_000_000), "x".repeat(1_000_000));
        let drawn = marked(&text, &["needle"]);
        assert!(drawn[0].1.len() < 400, "shown: {} bytes", drawn[0].1.len());
        assert!(drawn[0].1.starts_with('…') && drawn[0].1.ends_with("…\n"));
        assert_eq!(drawn[0].2, ["needle"]);
    }

    #[test]
    fn the_end_of_a_file_can_be_marked() {
        for text in ["", "lang C", "lang C\n", "lang C\r\n\r\n"] {
            let mut sources = Sources::new();
            let file = sources.add("x.ks", text.to_owned()).unwrap();
            let mark = Mark { span: Span::new(file, text.len(), text.len()), primary: true, label: None };
            let drawn = excerpts(&sources, vec![mark]);
            let (_, place) = &drawn[0].marks[0];
            assert!(place.end <= drawn[0].text.len() && place.start <= place.end, "{text:?}: {drawn:?}");
        }
    }

    #[test]
    fn a_span_over_thousands_of_lines_is_shown_by_its_first_one() {
        let text = "%post\n".to_owned() + &"echo\n".repeat(10_000) + "%end\n";
        let mut sources = Sources::new();
        let file = sources.add("x.ks", text.clone()).unwrap();
        let mark = Mark { span: Span::new(file, 0, text.len()), primary: true, label: None };
        let drawn = excerpts(&sources, vec![mark]);
        assert_eq!(drawn[0].text, "%post\n");
        assert_eq!(drawn[0].marks[0].1, 0..5);
    }
}
