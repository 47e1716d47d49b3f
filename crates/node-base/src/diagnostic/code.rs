//! Stable codes and their documentation.

use std::fmt;

/// What a finding is about. The letters are the prefix of its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// `KS`: the language of that version rejects or deprecates it.
    Syntax,
    /// `STO`: Anaconda's partitioning or storage check will fail.
    Storage,
    /// `NODE`: the layout policy.
    Node,
    /// `UNA`: the installer will stop and ask.
    Unattended,
    /// `BOOT`: kernel command line, PXE.
    Boot,
    /// `SEC`: passwords, unverified downloads.
    Security,
    /// `STY`: everything else worth saying about the file.
    Style,
    /// `LAY`: the storage layout of an installed machine (`node-layout`).
    Layout,
}

impl Category {
    /// The letters that codes of this category start with.
    pub fn prefix(self) -> &'static str {
        match self {
            Category::Syntax => "KS",
            Category::Storage => "STO",
            Category::Node => "NODE",
            Category::Unattended => "UNA",
            Category::Boot => "BOOT",
            Category::Security => "SEC",
            Category::Style => "STY",
            Category::Layout => "LAY",
        }
    }

    /// The name in the JSON output.
    pub fn name(self) -> &'static str {
        match self {
            Category::Syntax => "syntax",
            Category::Storage => "storage",
            Category::Node => "node",
            Category::Unattended => "unattended",
            Category::Boot => "boot",
            Category::Security => "security",
            Category::Style => "style",
            Category::Layout => "layout",
        }
    }

    /// What its findings are about, as one sentence.
    pub fn description(self) -> &'static str {
        match self {
            Category::Syntax => "The language of the syntax version rejects it, or warns about it.",
            Category::Storage => "Anaconda's partitioning or its storage check will fail.",
            Category::Node => "The layout policy of the node, and what sets the node up.",
            Category::Unattended => "The installer will stop and ask.",
            Category::Boot => "Kernel command lines and the boot configurations that carry them.",
            Category::Security => "Secrets in the clear, downloads that nobody verifies.",
            Category::Style => "The file itself.",
            Category::Layout => "The storage layout of an installed machine, as node-layout finds it.",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing has to change.
    Info,
    /// Installs, but not as one would want.
    Warning,
    /// Does not install, or not as a node.
    Error,
}

impl Severity {
    /// Its name in reports and options.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of finding: its stable code, its name, and its documentation.
#[derive(Debug)]
pub struct Code {
    /// `NODE003`; never reused.
    pub id: &'static str,
    /// `var-not-separate`.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad it usually is; a finding may differ from it.
    pub severity: Severity,
    /// Markdown, with the headings "What it says", "Why", "Example", "Write instead", "Source".
    pub documentation: &'static str,
}

/// Where the book that `scripts/book` makes is published, with a `/` at its end. While it is empty, no address is printed.
pub const BOOK: &str = "";

impl Code {
    /// The address of its page, if the pages are published.
    pub fn address(&self) -> Option<String> {
        (!BOOK.is_empty()).then(|| format!("{BOOK}rules/{}.html", self.id))
    }

    /// The text before its first heading, on one line a paragraph.
    pub fn description(&self) -> String {
        let text = self.text();
        let before = text.split("\n## ").next().unwrap_or_default();
        let paragraphs = before.split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "));
        paragraphs.collect::<Vec<_>>().join("\n\n").trim().to_owned()
    }

    /// The first paragraph of the documentation, on one line.
    pub fn summary(&self) -> String {
        let text = self.text();
        let first = text.split("\n\n").next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The documentation as Markdown, without the blank that a doc comment has before each line.
    pub fn text(&self) -> String {
        let lines: Vec<_> = self
            .documentation
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        lines.join("\n").trim().to_owned()
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Declares a [`Code`]; its doc comment is its documentation.
///
/// ```
/// node_base::declare_code! {
///     /// One sentence that says what is found.
///     ///
///     /// ## Why
///     /// …
///     pub static VAR_NOT_SEPARATE = "NODE003", "var-not-separate", Node, Error;
/// }
/// ```
#[macro_export]
macro_rules! declare_code {
    ($($(#[doc = $doc:literal])+ $vis:vis static $ident:ident = $id:literal, $name:literal, $category:ident, $severity:ident;)+) => {$(
        $(#[doc = $doc])+
        $vis static $ident: $crate::diagnostic::Code = $crate::diagnostic::Code {
            id: $id,
            name: $name,
            category: $crate::diagnostic::Category::$category,
            severity: $crate::diagnostic::Severity::$severity,
            documentation: concat!($($doc, "\n"),+),
        };
    )+};
}
