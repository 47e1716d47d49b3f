//! The imports of a package, from its sources: every path that starts with `crate`, `super`, `self`, or a package's name.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::Path;

/// One path in a source file, resolved: `["ks_lint", "rules", "node", "View"]`.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// Line from 1.
    pub(crate) line: usize,
}

/// One source file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Path as a person would name it.
    pub(crate) path: String,
    /// Its module path below the package: `["rules", "node", "view"]`; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    pub(crate) imports: Vec<Import>,
    /// `pub use` and `pub(crate) use`: the name, and the path that it stands for.
    reexports: Vec<(String, Vec<String>)>,
}

/// All source files of one package.
#[derive(Debug)]
pub(crate) struct Package {
    /// The name that paths start with.
    pub(crate) library: String,
    pub(crate) files: Vec<SourceFile>,
}

impl Package {
    /// Reads `directory/src` below `root`.
    pub(crate) fn read(library: &str, root: &Path, directory: &str) -> Package {
        let source = root.join(directory).join("src");
        let mut files = Vec::new();
        for entry in ignore::WalkBuilder::new(&source).sort_by_file_path(Path::cmp).build() {
            let path = entry.unwrap().into_path();
            // A program's main file is not part of the library.
            if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("src/main.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let below = path.strip_prefix(&source).unwrap().to_str().unwrap();
                let shown = path.strip_prefix(root).unwrap().display().to_string();
                files.push(read_file(library, &shown, below, &text));
            }
        }
        assert!(!files.is_empty(), "no sources below {}", source.display());
        Package { library: library.to_owned(), files }
    }

    /// A package of texts, for the test of this reader.
    pub(crate) fn of_texts(library: &str, texts: &[(&str, &str)]) -> Package {
        let files = texts.iter().map(|(path, text)| read_file(library, path, path, text)).collect();
        Package { library: library.to_owned(), files }
    }

    /// The other files that a file imports something from. A folder's `mod.rs` lists its files, so its own arrows to
    /// them do not count; what it re-exports counts as an import of the file that has it.
    pub(crate) fn files_imported_by(&self, file: &SourceFile) -> BTreeSet<String> {
        let own = |import: &&Import| import.path.first() == Some(&self.library);
        let target = |import: &Import| self.defining_file(&import.path[1..]);
        file.imports
            .iter()
            .filter(own)
            .filter_map(target)
            .filter(|to| to.path != file.path && !(is_folder(file) && to.module.starts_with(&file.module)))
            .map(|to| to.path.clone())
            .collect()
    }

    fn defining_file(&self, path: &[String]) -> Option<&SourceFile> {
        let mut path = path.to_vec();
        // A chain of re-exports ends; a circle of them would not compile.
        for _ in 0..8 {
            let file = self.module_of(&path)?;
            let Some(name) = path.get(file.module.len()) else { return Some(file) };
            match file.reexports.iter().find(|(known, _)| known == name) {
                Some((_, stands_for)) if stands_for.first() == Some(&self.library) => {
                    path = stands_for[1..].to_vec();
                }
                _ => return Some(file),
            }
        }
        None
    }

    fn module_of(&self, path: &[String]) -> Option<&SourceFile> {
        let fits = |f: &&SourceFile| path.starts_with(&f.module);
        self.files.iter().filter(fits).max_by_key(|f| f.module.len())
    }
}

fn is_folder(file: &SourceFile) -> bool {
    file.path.ends_with("mod.rs") || file.path.ends_with("lib.rs")
}

fn read_file(library: &str, shown: &str, below: &str, text: &str) -> SourceFile {
    let mut module: Vec<String> = below.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let mut reader = Reader { library, module: &module, imports: Vec::new(), reexports: Vec::new() };
    reader.tokens(&tokens.into_iter().collect::<Vec<_>>(), 0);
    let Reader { imports, reexports, .. } = reader;
    SourceFile { path: shown.to_owned(), module, imports, reexports }
}

struct Reader<'a> {
    library: &'a str,
    module: &'a [String],
    imports: Vec<Import>,
    reexports: Vec<(String, Vec<String>)>,
}

impl Reader<'_> {
    /// Walks tokens; `inline` is how many inline modules (`mod x { … }`) they are inside of.
    fn tokens(&mut self, tokens: &[TokenTree], inline: usize) {
        let mut at = 0;
        while at < tokens.len() {
            if let Some(behind) = test_item(tokens, at) {
                at = behind;
                continue;
            }
            match &tokens[at] {
                TokenTree::Ident(word) if *word == "use" => {
                    let end = (at..tokens.len()).find(|i| is_punct(&tokens[*i], ';')).unwrap_or(tokens.len());
                    let public = at > 0 && follows_pub(&tokens[..at]);
                    self.use_tree(&tokens[at + 1..end], &[], inline, public);
                    at = end;
                }
                TokenTree::Ident(word) if *word == "mod" => {
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                        self.tokens(&body.stream().into_iter().collect::<Vec<_>>(), inline + 1);
                        at += 2;
                    }
                }
                TokenTree::Ident(_) if !(at > 0 && is_punct(&tokens[at - 1], ':')) => {
                    at = self.path(tokens, at, inline);
                }
                TokenTree::Group(group) => {
                    self.tokens(&group.stream().into_iter().collect::<Vec<_>>(), inline);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// A path in an expression or a type; gives the index of its last token.
    fn path(&mut self, tokens: &[TokenTree], start: usize, inline: usize) -> usize {
        let line = tokens[start].span().start().line;
        let mut words = vec![tokens[start].to_string()];
        let mut at = start;
        while let [a, b, TokenTree::Ident(word), ..] = &tokens[at + 1..]
            && is_punct(a, ':')
            && is_punct(b, ':')
        {
            words.push(word.to_string());
            at += 3;
        }
        if words.len() > 1 {
            self.push(&words, line, inline);
        }
        at
    }

    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], inline: usize, public: bool) {
        for part in tokens.split(|t| is_punct(t, ',')) {
            let mut path = prefix.to_vec();
            let mut name = None;
            let line = part.first().map_or(0, |t| t.span().start().line);
            let mut group = false;
            for (i, token) in part.iter().enumerate() {
                match token {
                    TokenTree::Ident(word) if *word == "as" => {
                        name = part.get(i + 1).map(ToString::to_string);
                        break;
                    }
                    TokenTree::Ident(word) if *word == "self" && !path.is_empty() => {}
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Group(g) if g.delimiter() == Delimiter::Brace => {
                        self.use_tree(&g.stream().into_iter().collect::<Vec<_>>(), &path, inline, public);
                        group = true;
                    }
                    _ => {}
                }
            }
            if group || path.is_empty() {
                continue;
            }
            if public && let Some(resolved) = self.resolve(&path, inline) {
                let name = name.unwrap_or_else(|| path[path.len() - 1].clone());
                self.reexports.push((name, resolved));
            }
            self.push(&path, line, inline);
        }
    }

    fn push(&mut self, words: &[String], line: usize, inline: usize) {
        if let Some(path) = self.resolve(words, inline) {
            self.imports.push(Import { path, line });
        }
    }

    /// The path from a package's name on.
    fn resolve(&self, words: &[String], inline: usize) -> Option<Vec<String>> {
        let library = self.library.to_owned();
        let ups = words.iter().take_while(|w| *w == "super").count();
        match words.first()?.as_str() {
            "crate" => Some([vec![library], words[1..].to_vec()].concat()),
            "super" => {
                // From an inline module the first step up is the file itself.
                let ups_from_file = ups.checked_sub(inline)?;
                let base = self.module.get(..self.module.len().checked_sub(ups_from_file)?)?;
                Some([vec![library], base.to_vec(), words[ups..].to_vec()].concat())
            }
            "self" => Some([vec![library], self.module.to_vec(), words[1..].to_vec()].concat()),
            // A child module of a folder (`pub use child::Name`), or another package.
            _ => Some(words.to_vec()).map(|words| match words[0].as_str() {
                "std" | "core" | "alloc" => words,
                first if PACKAGE_NAMES.contains(&first) => words,
                _ => [vec![library], self.module.to_vec(), words].concat(),
            }),
        }
    }
}

/// The packages of the workspace, and the others whose use is a matter of rooms.
const PACKAGE_NAMES: &[&str] = &[
    "node_base",
    "kickstart",
    "anaconda_plan",
    "node_layout",
    "ks_lint",
    "clap",
    "rustix",
    "serde_json",
    "toml",
];

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == c)
}

/// Whether what precedes `use` makes it visible to other modules.
fn follows_pub(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] => *word == "pub",
        [.., TokenTree::Ident(word), TokenTree::Group(_)] => *word == "pub",
        _ => false,
    }
}

/// The index behind an item of tests (`#[cfg(test)] …`), if one starts here.
fn test_item(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let TokenTree::Group(attribute) = tokens.get(at + 1)? else { return None };
    if !is_punct(tokens.get(at)?, '#') || attribute.stream().to_string().replace(' ', "") != "cfg(test)" {
        return None;
    }
    let ends = |t: &TokenTree| {
        is_punct(t, ';') || matches!(t, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
    };
    (at + 2..tokens.len()).find(|i| ends(&tokens[*i])).map(|i| i + 1)
}
