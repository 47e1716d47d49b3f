//! Pages as a reader has them: their blocks of code, their links, their headings.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the repository.
pub(crate) struct Page {
    /// Below the repository, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A block of code.
pub(crate) struct Block<'t> {
    pub(crate) language: &'t str,
    /// Where it begins in the page, from 1.
    pub(crate) line: usize,
    pub(crate) lines: Vec<&'t str>,
}

impl Page {
    fn read(path: &Path) -> Page {
        let name = path.strip_prefix(root()).expect("it is below").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"));
        Page { name, text }
    }

    /// Its blocks of code.
    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<Block<'_>> = None;
        for (number, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), open.as_mut()) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block { language, line: number + 1, lines: Vec::new() });
                }
                (None, Some(block)) => block.lines.push(line),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block of code is not closed", self.name);
        blocks
    }

    /// Its lines outside blocks of code, with their numbers.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut in_code = false;
        let numbered = self.text.lines().enumerate().map(|(number, line)| (number + 1, line));
        numbered
            .filter(|(_, line)| {
                let fence = line.starts_with("```");
                in_code ^= fence;
                !in_code && !fence
            })
            .collect()
    }

    /// What is between backticks in its prose, with the line.
    pub(crate) fn spans(&self) -> Vec<(usize, &str)> {
        let prose = self.prose().into_iter();
        prose
            .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |s| (number, s)))
            .collect()
    }

    /// The targets of its links, with the line. Code between backticks has none.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (number, line) in self.prose() {
            let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("CODE");
            for rest in text.split("](").skip(1) {
                links.extend(rest.split_once(')').map(|(target, _)| (number, target.to_owned())));
            }
        }
        links
    }

    /// The anchors of its headings, as forges and mdBook make them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose().into_iter().filter_map(|(_, line)| {
            let text = line.trim_start_matches('#');
            (text.len() < line.len()).then_some(text.trim())
        });
        headings
            .map(|heading| {
                let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
                kept.collect::<String>().to_lowercase().replace(' ', "-")
            })
            .collect()
    }
}

fn below(directory: &str, deep: bool) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(root().join(directory)).max_depth((!deep).then_some(1)).build();
    let mut paths: Vec<PathBuf> = walk
        .map(|entry| entry.expect("the directory can be read").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    paths
}

/// The pages with commands that people copy: the README and the book without the pages of findings, which are generated.
pub(crate) fn read_by_people() -> Vec<Page> {
    let others = ["README.md", "schemas/README.md"].map(|name| root().join(name));
    let book = below("docs", false).into_iter().filter(|path| !path.ends_with("docs/rules.md"));
    others.into_iter().chain(book).map(|path| Page::read(&path)).collect()
}

/// Every page of the repository.
pub(crate) fn all() -> Vec<Page> {
    below(".", true).iter().map(|path| Page::read(path)).collect()
}
