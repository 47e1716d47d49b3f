//! "Did you mean …?": the known word that an unknown one was most likely meant to be.

/// Longest word (in characters) that is compared; a longer one is no misspelling of a known word.
const LONGEST: usize = 64;

/// The candidate nearest to `word`, when it is near enough to be suggested: at most one edit in three characters,
/// letter case aside. Of equally near ones the first. An edit is a character put in, left out or exchanged, or
/// two neighbours swapped.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST * 4 {
        return None;
    }
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    if word.len() > LONGEST {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if letters.len().abs_diff(word.len()) > allowed || letters.len() > LONGEST {
            continue;
        }
        let distance = distance(&word, &letters);
        // A word of one or two letters is near to every other one.
        if distance <= allowed && distance < letters.len() && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edits between two words (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_the_one_it_was_meant_to_be() {
        let known = ["layout", "require", "waive", "keep-images"];
        assert_eq!(nearest("layuot", known), Some("layout"), "two neighbours swapped are one edit");
        assert_eq!(nearest("Waive", known), Some("waive"));
        assert_eq!(nearest("keepimages", known), Some("keep-images"));
        assert_eq!(nearest("partition", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"l".repeat(10_000_000), known), None, "a word that long is no misspelling");
    }
}
