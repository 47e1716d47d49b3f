//! Patterns of file names as Python's `glob` reads them: `*`, `?`, `[…]`, `[!…]`; names that begin with a dot only where the pattern
//! does.

use std::path::Path;

/// The files that a pattern names, sorted. A name without a pattern is itself, if there is such a file.
pub(super) fn expand(pattern: &str) -> Vec<String> {
    let (directory, name) = split(pattern);
    if !is_pattern(pattern) {
        let exists = if name.is_empty() { Path::new(directory).is_dir() } else { exists(pattern) };
        return if exists && !pattern.is_empty() { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let directories = if is_pattern(directory) { expand(directory) } else { vec![directory.to_owned()] };
    let mut found = Vec::new();
    for directory in directories {
        let names = if is_pattern(name) { names(&directory, name) } else { vec![name.to_owned()] };
        found.extend(
            names
                .iter()
                .map(|name| join(&directory, name))
                .filter(|path| is_pattern(name) || expand_plain(path)),
        );
    }
    found.sort();
    found
}

fn expand_plain(path: &str) -> bool {
    if path.ends_with('/') { Path::new(path).is_dir() } else { exists(path) }
}

/// Also a link to nowhere.
fn exists(path: &str) -> bool {
    Path::new(path).symlink_metadata().is_ok()
}

/// As `os.path.split`: the directory without its slash, unless it is the root.
fn split(path: &str) -> (&str, &str) {
    let Some(slash) = path.rfind('/') else { return ("", path) };
    let directory = path[..=slash].trim_end_matches('/');
    (if directory.is_empty() { &path[..=slash] } else { directory }, &path[slash + 1..])
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() || directory.ends_with('/') {
        format!("{directory}{name}")
    } else {
        format!("{directory}/{name}")
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The names in a directory that a pattern matches.
fn names(directory: &str, pattern: &str) -> Vec<String> {
    let directory = if directory.is_empty() { "." } else { directory };
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let parsed = parse(pattern);
    entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| pattern.starts_with('.') || !name.starts_with('.'))
        .filter(|name| matches(&parsed, &name.chars().collect::<Vec<_>>()))
        .collect()
}

/// One element of a pattern.
enum Element {
    Any,
    One,
    Char(char),
    /// Ranges of characters, and whether the character must be in none of them.
    Set(Vec<(char, char)>, bool),
}

fn parse(pattern: &str) -> Vec<Element> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut elements = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        elements.push(match c {
            '*' => Element::Any,
            '?' => Element::One,
            '[' => match set(&chars[at..]) {
                Some((set, length)) => {
                    at += length;
                    set
                }
                None => Element::Char('['),
            },
            c => Element::Char(c),
        });
    }
    elements
}

/// The set behind `[`, and how many characters it takes with its `]`; nothing when it is not closed.
fn set(chars: &[char]) -> Option<(Element, usize)> {
    let negated = chars.first() == Some(&'!');
    let start = usize::from(negated);
    // A bracket at the beginning belongs to the set.
    let close = (start + 1..chars.len()).find(|&i| chars[i] == ']')?;
    let inside = &chars[start..close];
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&first) = inside.get(at) {
        match (inside.get(at + 1), inside.get(at + 2)) {
            (Some('-'), Some(&last)) => {
                ranges.push((first, last));
                at += 3;
            }
            _ => {
                ranges.push((first, first));
                at += 1;
            }
        }
    }
    Some((Element::Set(ranges, negated), close + 1))
}

/// Whether a pattern matches a whole name, in time proportional to the product of both.
fn matches(pattern: &[Element], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(Element::Any) => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(element) if fits(element, name[n]) => {
                p += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        // The last star takes one character more.
        let Some((at, taken)) = star else { return false };
        star = Some((at, taken + 1));
        p = at + 1;
        n = taken + 1;
    }
    pattern[p..].iter().all(|element| matches!(element, Element::Any))
}

fn fits(element: &Element, c: char) -> bool {
    match element {
        Element::Any => false,
        Element::One => true,
        Element::Char(wanted) => *wanted == c,
        Element::Set(ranges, negated) => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *negated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_python() {
        let cases = [
            ("*.ks", "a.ks", true),
            ("*.ks", "a.ksx", false),
            ("n?de[0-9]*", "node7.ks", true),
            ("[!a]*", "abc", false),
            ("[!a]*", "bc", true),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("a*b*c", "aXbXbXc", true),
            ("**", "x", true),
        ];
        for (pattern, name, expected) in cases {
            let found = matches(&parse(pattern), &name.chars().collect::<Vec<_>>());
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }

    #[test]
    fn directories_may_be_patterns_too() {
        let place = tempfile::tempdir().unwrap();
        for name in ["x/a.ks", "x/.b.ks", "y/c.ks", "y/d.txt"] {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let root = place.path().to_str().unwrap();
        assert_eq!(expand(&format!("{root}/*/*.ks")), [format!("{root}/x/a.ks"), format!("{root}/y/c.ks")]);
        assert_eq!(expand(&format!("{root}/*/c.ks")), [format!("{root}/y/c.ks")]);
        assert!(expand(&format!("{root}/z.ks")).is_empty());
    }
}
