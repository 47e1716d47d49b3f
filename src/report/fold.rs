//! The same advice at many places, told once: the first place is drawn, the others are listed.

use node_base::diagnostic::Finding;
use node_base::harmless::harmless_line;
use node_base::source::{FileId, Places, Sources};
use std::borrow::Cow;
use std::collections::HashMap;

/// From how many places on they are told once.
const MANY: usize = 3;

/// Most places that are listed; lines that follow each other count as one.
const MOST_LISTED: usize = 12;

/// What makes two findings the same.
type Words<'f> = (&'static str, u8, &'f str, Option<&'f str>);

/// The findings in their order, each of many same ones only once, with a note where the others are.
pub(super) fn folded<'f>(
    findings: &'f [Finding],
    sources: &Sources,
    places: &mut Places<'_>,
) -> Vec<Cow<'f, Finding>> {
    let mut same: HashMap<Words<'f>, Vec<usize>> = HashMap::new();
    for (n, finding) in findings.iter().enumerate() {
        if let Some(words) = words(finding) {
            same.entry(words).or_default().push(n);
        }
    }
    same.retain(|_, at| at.len() >= MANY);
    let mut shown = Vec::with_capacity(findings.len());
    for (n, finding) in findings.iter().enumerate() {
        let others = words(finding).and_then(|words| same.get(&words));
        match others.map(|at| at.split_first()) {
            None => shown.push(Cow::Borrowed(finding)),
            Some(Some((first, rest))) if *first == n => {
                let note = format!("the same {}", at(rest.iter().map(|&n| &findings[n]), sources, places));
                shown.push(Cow::Owned(finding.clone().note(note)));
            }
            Some(_) => {}
        }
    }
    shown
}

/// `None` for what is drawn at its own place always: findings with further places, and those about the file.
fn words(finding: &Finding) -> Option<Words<'_>> {
    let has_places = finding.related.iter().any(|r| r.span.is_some());
    (finding.span.is_some() && !has_places).then_some((
        finding.code.id,
        finding.severity as u8,
        finding.message.as_str(),
        finding.help.as_deref(),
    ))
}

/// `in lines 3, 7 to 9 and 12`
fn at<'f>(findings: impl Iterator<Item = &'f Finding>, sources: &Sources, places: &mut Places<'_>) -> String {
    let mut lines: Vec<(FileId, u32)> = findings
        .filter_map(|f| f.span)
        .map(|span| (span.file, places.at(span.file, span.start).line))
        .collect();
    lines.sort_unstable_by_key(|(file, line)| (*file, *line));
    lines.dedup();
    let mut ranges: Vec<(FileId, u32, u32)> = Vec::new();
    for (file, line) in lines {
        match ranges.last_mut() {
            Some((of, _, last)) if *of == file && *last + 1 == line => *last = line,
            _ => ranges.push((file, line, line)),
        }
    }
    let count: usize = ranges.iter().map(|(_, first, last)| (last - first + 1) as usize).sum();
    let listed: usize =
        ranges.iter().take(MOST_LISTED).map(|(_, first, last)| (last - first + 1) as usize).sum();
    let mut words: Vec<String> = Vec::new();
    let mut in_file = FileId(0);
    for (file, first, last) in ranges.into_iter().take(MOST_LISTED) {
        let path = match file == in_file {
            true => String::new(),
            false => format!("{}:", harmless_line(&sources.get(file).path().to_string_lossy())),
        };
        in_file = file;
        words.push(if first == last { format!("{path}{first}") } else { format!("{path}{first} to {last}") });
    }
    let lines = if count == 1 { "line" } else { "lines" };
    match (count - listed, words.as_slice()) {
        (0, [head @ .., last]) if !head.is_empty() => format!("in {lines} {} and {last}", head.join(", ")),
        (0, words) => match words.first() {
            Some(only) => format!("in {lines} {only}"),
            None => "again in its line".to_owned(),
        },
        (further, words) => format!("in {lines} {} and {further} more", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node_base::source::Span;

    node_base::declare_code! {
        /// A kind of finding for these tests.
        static EXAMPLE = "NODE999", "only-an-example", Node, Warning;
    }

    fn shown(lines: &[u32]) -> Vec<String> {
        let mut sources = Sources::new();
        sources.add("a.ks", "x\n".repeat(200)).unwrap();
        let findings: Vec<Finding> = lines
            .iter()
            .map(|line| {
                let at = (*line as usize - 1) * 2;
                Finding::new(&EXAMPLE, "same").help("do it").at(Span::new(FileId(0), at, at + 1))
            })
            .collect();
        let mut places = Places::new(&sources);
        let folded = folded(&findings, &sources, &mut places);
        folded.iter().map(|f| f.related.first().map_or(String::new(), |r| r.message.clone())).collect()
    }

    #[test]
    fn the_same_advice_is_told_once_from_three_places_on() {
        assert_eq!(shown(&[1, 9]), ["", ""]);
        assert_eq!(shown(&[1, 3, 9]), ["the same in lines 3 and 9"]);
        assert_eq!(shown(&[1, 2, 3, 4, 9]), ["the same in lines 2 to 4 and 9"]);
        assert_eq!(shown(&[5, 5, 5]), ["the same in line 5"]);
        let every_second: Vec<u32> = (1..=60).map(|n| n * 2).collect();
        assert_eq!(
            shown(&every_second),
            ["the same in lines 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26 and 47 more"]
        );
    }
}
