//! The difference of two texts, as `diff -u` shows it.

use super::lines::{Hunk, diff, lines};

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// The lines of the difference; none if the texts are the same. `names` are those of the two texts.
pub(crate) fn unified(names: [&str; 2], before: &[u8], after: &[u8]) -> Vec<String> {
    let (before, after) = (lines(before), lines(after));
    let hunks = diff(&before, &after);
    let mut shown = Vec::new();
    let text = |sign: char, line: &[u8]| {
        let end = line.strip_suffix(b"\n").unwrap_or(line);
        format!("{sign}{}", String::from_utf8_lossy(end))
    };
    // Changes whose context touches are one part.
    for part in hunks.chunk_by(|a, b| b.0.start - a.0.end <= 2 * CONTEXT) {
        if let (Some(first), Some(last)) = (part.first(), part.last()) {
            shown.extend(show(&before, &after, [first, last], part, &text));
        }
    }
    if !shown.is_empty() {
        shown.insert(0, format!("--- {}", names[0]));
        shown.insert(1, format!("+++ {}", names[1]));
    }
    shown
}

fn show(
    before: &[&[u8]],
    after: &[&[u8]],
    [first, last]: [&Hunk; 2],
    part: &[Hunk],
    text: &dyn Fn(char, &[u8]) -> String,
) -> Vec<String> {
    let start = first.0.start.saturating_sub(CONTEXT);
    let end = (last.0.end + CONTEXT).min(before.len());
    let lead = first.0.start - start;
    let after_start = first.1.start - lead;
    let after_length = last.1.end + (end - last.0.end) - after_start;
    // An empty range is named by the line before it.
    let range =
        |start: usize, length: usize| format!("{},{length}", if length == 0 { start } else { start + 1 });
    let mut shown =
        vec![format!("@@ -{} +{} @@", range(start, end - start), range(after_start, after_length))];
    let mut at = start;
    for (old, new) in part {
        shown.extend(before[at..old.start].iter().map(|line| text(' ', line)));
        shown.extend(before[old.clone()].iter().map(|line| text('-', line)));
        shown.extend(after[new.clone()].iter().map(|line| text('+', line)));
        at = old.end;
    }
    shown.extend(before[at..end].iter().map(|line| text(' ', line)));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_far_apart_are_parts_of_their_own() {
        let before: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let after = before.replace("3\n4\n", "3\nnew\n4\n").replace("18\n", "");
        let shown = unified(["a", "b"], before.as_bytes(), after.as_bytes());
        let expected = [
            "--- a",
            "+++ b",
            "@@ -1,6 +1,7 @@",
            " 1",
            " 2",
            " 3",
            "+new",
            " 4",
            " 5",
            " 6",
            "@@ -15,6 +16,5 @@",
            " 15",
            " 16",
            " 17",
            "-18",
            " 19",
            " 20",
        ];
        assert_eq!(shown, expected);
        assert_eq!(unified(["a", "b"], b"", b"x"), ["--- a", "+++ b", "@@ -0,0 +1,1 @@", "+x"]);
        assert!(unified(["a", "b"], b"x\n", b"x\n").is_empty());
    }
}
