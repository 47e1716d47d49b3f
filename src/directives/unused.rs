//! Waivers that waive nothing, and comments that waived more in earlier releases.

use super::codes::{UNUSED_WAIVER, WAIVER_OF_ONE_PLACE};
use super::waivers::{Waiver, WaiverPlace};
use node_base::diagnostic::{Applicability, Edit, Finding, Fix};
use node_base::source::{Sources, Span};
use std::collections::HashMap;

/// Most lines that a message lists.
const MOST_LINES: usize = 5;

/// Findings about waivers: `used` says for each whether it waives something, `counting` are the findings that no waiver
/// covers. Of the codes that `is_judged` refuses it is not known whether they would be found elsewhere.
pub(super) fn remarks(
    waivers: &[Waiver],
    used: &[bool],
    counting: &[Finding],
    sources: &Sources,
    is_judged: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    if waivers.is_empty() {
        return Vec::new();
    }
    let mut elsewhere: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in counting {
        elsewhere.entry(finding.code.id).or_default().push(finding);
    }
    // Thousands of waivers may have missed the same findings.
    let mut missed_places: HashMap<&str, String> = HashMap::new();
    let mut remarks = Vec::new();
    // The waivers of a comment follow each other.
    for comment in waivers.iter().zip(used).collect::<Vec<_>>().chunk_by(|(a, _), (b, _)| a.span == b.span) {
        let unused: Vec<&Waiver> = comment
            .iter()
            .filter(|(waiver, used)| !**used && is_judged(&waiver.code))
            .map(|(waiver, _)| *waiver)
            .collect();
        let missed = |waiver: &Waiver| waiver.form.alone.and(elsewhere.get(waiver.code.as_str()));
        if !unused.is_empty() {
            let kept: Vec<&Waiver> =
                comment.iter().map(|(w, _)| *w).filter(|w| !unused.contains(w)).collect();
            let mut finding = unused_finding(&unused);
            // Where the whole file was meant, removing the comment is not what the author wants.
            if unused.iter().all(|waiver| missed(waiver).is_none()) {
                finding = finding.fix(removal(comment, &kept, sources));
            }
            remarks.push(finding);
        }
        for (waiver, _) in comment {
            if let (Some(missed), Some(keyword)) = (missed(waiver), waiver.form.alone) {
                let missed_places =
                    missed_places.entry(&waiver.code).or_insert_with(|| places(missed, sources));
                remarks.push(one_place(waiver, keyword, missed_places));
            }
        }
    }
    remarks
}

fn unused_finding(unused: &[&Waiver]) -> Finding {
    let codes: Vec<&str> = unused.iter().map(|waiver| waiver.code.as_str()).collect();
    let first = unused[0];
    let what = match first.place {
        WaiverPlace::File => "the file has no such finding",
        WaiverPlace::Line(_) | WaiverPlace::Section(_) => "there is no such finding at its place",
        WaiverPlace::Nothing => "no command and no section follows it",
    };
    let span = if unused.len() == 1 { first.code_span } else { first.span };
    Finding::new(&UNUSED_WAIVER, format!("this waiver of {} waives nothing: {what}", codes.join(", ")))
        .at(span)
        .help("remove it, or write it at the end of the line of the finding, or alone on the line above")
}

fn removal(comment: &[(&Waiver, &bool)], kept: &[&Waiver], sources: &Sources) -> Fix {
    let first = comment[0].0;
    let applicability = if first.form.is_in_body { Applicability::Unsafe } else { Applicability::Safe };
    let edit = match (kept.is_empty(), comment.last()) {
        (false, Some((last, _))) => Edit {
            span: first.code_span.to(last.code_span),
            replacement: kept.iter().map(|w| sources.text_of(w.code_span)).collect::<Vec<_>>().join(", "),
        },
        _ => Edit { span: first.form.removal, replacement: String::new() },
    };
    Fix { title: "remove the waiver".to_owned(), applicability, edits: vec![edit] }
}

/// The lines of findings, in words.
fn places(missed: &[&Finding], sources: &Sources) -> String {
    let mut lines: Vec<u32> =
        missed.iter().filter_map(|f| f.span).map(|span| sources.position(span).line).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut places: Vec<String> = lines.iter().take(MOST_LINES).map(|line| format!("line {line}")).collect();
    if lines.len() > MOST_LINES {
        places.push(format!("{} more", lines.len() - MOST_LINES));
    }
    if missed.iter().any(|f| f.span.is_none()) {
        places.push("the file as a whole".to_owned());
    }
    places.join(", ")
}

fn one_place(waiver: &Waiver, keyword: Span, missed: &str) -> Finding {
    let message =
        format!("this comment waives {} only at the next command or section, not for {missed}", waiver.code);
    Finding::new(&WAIVER_OF_ONE_PLACE, message)
        .at(waiver.code_span)
        .help("to waive it in the whole file, write waive-file instead of waive")
        .fix(Fix {
            title: "waive it in the whole file".to_owned(),
            applicability: Applicability::Unsafe,
            edits: vec![Edit { span: keyword, replacement: "waive-file".to_owned() }],
        })
}
