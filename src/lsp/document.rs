//! An open text: what it is, and how it changes.

use super::analysis::Analysis;
use super::position::{Encoding, Lines};
use super::settings::Known;
use super::uri;
use crate::boot::config::ConfigFormat;
use crate::lint::config::FILE_NAME;
use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What a text is checked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A kickstart.
    Kickstart,
    /// A boot configuration of this format.
    Boot(ConfigFormat),
    /// `.ks-lint.toml`
    Config,
    /// A policy.
    Policy,
    /// Other TOML, about which nothing is known.
    Other,
}

/// An open text.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) uri: Uri,
    /// `None` for a text that is not a file.
    pub(super) path: Option<PathBuf>,
    /// The path without links; `None` for a text that is not on disk.
    pub(super) identity: Option<PathBuf>,
    pub(super) kind: Kind,
    pub(super) version: i32,
    pub(super) text: String,
    pub(super) lines: Lines,
    /// The settings that it was checked with.
    pub(super) settings: Option<Arc<Known>>,
    /// What was found in this text; `None` until it is checked.
    pub(super) analysis: Option<Arc<Analysis>>,
}

impl Document {
    /// A text as the client opens it.
    pub(super) fn new(uri: Uri, language: &str, version: i32, text: String) -> Document {
        let path = uri::path(&uri);
        let kind = kind(path.as_deref(), language, &text);
        let lines = Lines::new(&text);
        let identity = path.as_ref().and_then(|path| path.canonicalize().ok());
        Document { uri, path, identity, kind, version, text, lines, settings: None, analysis: None }
    }

    /// The path that findings name.
    pub(super) fn name(&self) -> PathBuf {
        self.path.clone().unwrap_or_else(|| PathBuf::from(&self.uri.0))
    }

    /// Applies changes in their order.
    pub(super) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change) => {
                    let start = self.lines.offset(&self.text, change.range.start, encoding);
                    let end = self.lines.offset(&self.text, change.range.end, encoding).max(start);
                    self.text.replace_range(start..end, &change.text);
                    self.lines.replace(&self.text, start, end - start, change.text.len());
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(change) => {
                    self.text = change.text;
                    self.lines = Lines::new(&self.text);
                }
            }
        }
        if matches!(self.kind, Kind::Policy | Kind::Other) {
            self.kind = if is_policy(&self.text) { Kind::Policy } else { Kind::Other };
        }
        self.version = version;
        self.analysis = None;
    }
}

/// The open texts, by their address.
pub(super) type Documents = BTreeMap<String, Document>;

/// The address of a file: that of the open document if it is open, as an editor knows no other spelling of it.
pub(super) fn address(path: &Path, identity: Option<&Path>, documents: &Documents) -> Option<Uri> {
    let is_it = |document: &&Document| identity.is_some() && document.identity.as_deref() == identity;
    if let Some(open) = documents.values().find(is_it) {
        return Some(open.uri.clone());
    }
    let has_detours = path.components().any(|part| part == Component::ParentDir);
    uri::of(identity.filter(|_| has_detours).unwrap_or(path))
}

/// What a file is: by the language that the client calls it, then by its name. A policy says so by the schema on its first line.
fn kind(path: Option<&Path>, language: &str, text: &str) -> Kind {
    let name = path.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let is_in =
        |directory: &str| path.and_then(Path::parent).is_some_and(|parent| parent.ends_with(directory));
    match language {
        "pxelinux" | "syslinux" => return Kind::Boot(ConfigFormat::Pxelinux),
        "grub" => return Kind::Boot(ConfigFormat::Grub),
        "ipxe" => return Kind::Boot(ConfigFormat::Ipxe),
        "kickstart" if name != FILE_NAME => return Kind::Kickstart,
        _ => {}
    }
    if name == FILE_NAME {
        Kind::Config
    } else if name.ends_with(".toml") || language == "toml" {
        if is_policy(text) { Kind::Policy } else { Kind::Other }
    } else if name.ends_with(".ipxe") {
        Kind::Boot(ConfigFormat::Ipxe)
    } else if is_in("pxelinux.cfg") || ["isolinux.cfg", "syslinux.cfg", "extlinux.conf"].contains(&name) {
        Kind::Boot(ConfigFormat::Pxelinux)
    } else if name.starts_with("grub.cfg") {
        Kind::Boot(ConfigFormat::Grub)
    } else if is_in("loader/entries") && name.ends_with(".conf") {
        Kind::Boot(ConfigFormat::Bls)
    } else {
        Kind::Kickstart
    }
}

/// Whether a TOML file names the schema of policies, as editors want it: `#:schema …/policy.schema.json`.
fn is_policy(text: &str) -> bool {
    let mut comments = text.lines().take_while(|line| line.starts_with('#'));
    comments.any(|line| line.starts_with("#:schema") && line.trim_end().ends_with("policy.schema.json"))
}

#[cfg(test)]
#[allow(deprecated, reason = "the protocol's type has the member")]
mod tests {
    use super::*;
    use gen_lsp_types::{
        Position, Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument,
    };
    use proptest::prelude::*;

    #[test]
    fn files_are_told_by_language_and_name() {
        let of = |path: &str, language: &str| kind(Some(Path::new(path)), language, "");
        assert_eq!(of("/a/node.ks", "kickstart"), Kind::Kickstart);
        assert_eq!(of("/a/node.cfg", "plaintext"), Kind::Kickstart);
        assert_eq!(of("/a/.ks-lint.toml", "toml"), Kind::Config);
        assert_eq!(of("/t/pxelinux.cfg/default", "plaintext"), Kind::Boot(ConfigFormat::Pxelinux));
        assert_eq!(of("/t/grub.cfg-01-52", ""), Kind::Boot(ConfigFormat::Grub));
        assert_eq!(of("/boot/loader/entries/a.conf", ""), Kind::Boot(ConfigFormat::Bls));
        assert_eq!(of("/t/boot.ipxe", ""), Kind::Boot(ConfigFormat::Ipxe));
        let policy = "# Ours.\n#:schema ../schemas/policy.schema.json\nname = \"ours\"\n";
        assert_eq!(kind(Some(Path::new("/a/ours.toml")), "toml", policy), Kind::Policy);
        assert_eq!(of("/a/Cargo.toml", "toml"), Kind::Other);
        assert_eq!(kind(None, "toml", ""), Kind::Other, "a text without a name");
    }

    #[test]
    fn toml_becomes_a_policy_when_its_schema_is_typed() {
        let mut document = Document::new(Uri("file:///a/ours.toml".to_owned()), "toml", 0, String::new());
        for (text, expected) in [("#:schema x/policy.schema.json\n", Kind::Policy), ("x = 1\n", Kind::Other)]
        {
            let whole = TextDocumentContentChangeWholeDocument { text: text.to_owned() };
            let change = TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole);
            document.change(1, vec![change], Encoding::Utf8);
            assert_eq!(document.kind, expected);
        }
    }

    proptest! {
        /// Edits given as increments make the same text as edits of a string.
        #[test]
        fn increments_make_the_full_text(
            text in "([a-zé𐐀 =-]|\r\n|\n|\r){0,60}",
            edits in proptest::collection::vec((0usize..80, 0usize..8, "([a-zé𐐀]|\n|\r\n){0,6}"), 1..12),
            utf8 in any::<bool>(),
        ) {
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let mut document = Document::new(Uri("untitled:x".to_owned()), "kickstart", 0, text.clone());
            let mut whole = text;
            for (number, (at, length, new)) in edits.into_iter().enumerate() {
                let legal = |text: &str, at: usize| {
                    let at = text.floor_char_boundary(at.min(text.len()));
                    // No position is between \r and \n.
                    if text[..at].ends_with('\r') && text[at..].starts_with('\n') { at - 1 } else { at }
                };
                let start = legal(&whole, at);
                let end = legal(&whole, start + length).max(start);
                let lines = Lines::new(&whole);
                let change = TextDocumentContentChangePartial {
                    range: Range {
                        start: lines.position(&whole, start, encoding),
                        end: lines.position(&whole, end, encoding),
                    },
                    range_length: None,
                    text: new.clone(),
                };
                whole.replace_range(start..end, &new);
                let change = TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change);
                document.change(number as i32, vec![change], encoding);
                prop_assert_eq!(&document.text, &whole);
                prop_assert_eq!(&document.lines, &Lines::new(&whole));
            }
        }

        /// No position of a client makes it panic.
        #[test]
        fn any_position_is_taken(text in "([a-zé𐐀]|\r\n|\n){0,20}", line in 0u32..9, column in 0u32..40, back in 0u32..9) {
            let mut document = Document::new(Uri("untitled:x".to_owned()), "", 0, text);
            let range = Range {
                start: Position { line, character: column },
                end: Position { line: back, character: column / 2 },
            };
            let change = TextDocumentContentChangePartial { range, range_length: None, text: "x".to_owned() };
            document.change(1, vec![TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change)], Encoding::Utf16);
            prop_assert!(document.text.contains('x'));
        }
    }
}
