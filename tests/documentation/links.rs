//! Links between pages lead somewhere, and the book has every page.

use super::pages::{all, root};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = all();
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in &pages {
        let directory = Path::new(&page.name).parent().unwrap_or(Path::new(""));
        for (line, target) in page.links() {
            if target.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = if path.is_empty() { page.name.clone() } else { joined(directory, path) };
            if !root().join(&to).exists() {
                broken.push(format!("{}:{line}: {target} does not exist", page.name));
                continue;
            }
            let known = pages.iter().find(|p| p.name == to);
            if !anchor.is_empty() && known.is_none_or(|p| !p.anchors().iter().any(|a| a == anchor)) {
                broken.push(format!("{}:{line}: {to} has no heading '{anchor}'", page.name));
            }
        }
    }
    assert!(seen > 300, "only {seen} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `a/b` and `../c` as `a/c`.
fn joined(directory: &Path, path: &str) -> String {
    let mut parts: Vec<&str> = directory.iter().filter_map(|part| part.to_str()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn the_book_has_every_page_once() {
    let pages = all();
    let summary = pages.iter().find(|p| p.name == "docs/SUMMARY.md").expect("the book has a summary");
    let listed: Vec<String> = summary.links().into_iter().map(|(_, target)| target).collect();
    let once: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice: {listed:?}");
    for page in &pages {
        let name = page.name.strip_prefix("docs/").filter(|n| !n.contains('/') && *n != "SUMMARY.md");
        assert!(name.is_none_or(|n| once.contains(n)), "docs/SUMMARY.md does not list {}", page.name);
    }
}

/// What a stranger reads first fits on a few screens.
#[test]
fn the_readme_is_short() {
    let pages = all();
    let readme = pages.iter().find(|p| p.name == "README.md").expect("there is a README");
    let lines = readme.text.lines().count();
    assert!(lines < 150, "README.md has {lines} lines: a page of docs/ is the place for more");
}
