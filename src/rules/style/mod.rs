//! What is worth saying about the file itself: it is empty, its header names no release.

mod include;

use super::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};

declare_code! {
    /// The file has no command and no section.
    ///
    /// ## Why
    /// The language accepts an empty kickstart, but an installer that gets one asks everything. Most often a
    /// template came out empty or a download was cut off.
    ///
    /// ## Source
    /// pykickstart 3.78 accepts an empty document; its validator refuses an empty file.
    pub static EMPTY = "STY001", "empty-kickstart", Style, Warning;

    /// The header says `#version=DEVEL`, which names no release.
    ///
    /// ## Why
    /// Anaconda writes this header into the kickstart that it leaves on an installed system, on many releases.
    /// It says nothing about which release the file is for, so the file is read as the default version.
    ///
    /// ## Example
    /// ```text
    /// #version=DEVEL
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL9
    /// ```
    pub static VERSION_DEVEL = "STY002", "version-devel", Style, Info;

    /// The `#version=` header names a release that is not known.
    ///
    /// ## Why
    /// The file is read as the default version, which may not be the one that it is written for: options can be
    /// reported that its release has, and others missed that it has not.
    ///
    /// ## Example
    /// ```text
    /// #version=RHEL-9
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// #version=RHEL9
    /// ```
    pub static VERSION_UNKNOWN = "STY003", "version-unknown", Style, Warning;

    /// The file holds NUL bytes.
    ///
    /// ## Why
    /// No editor writes them into a kickstart: they come from a damaged file system, a cut-off download, or a
    /// UTF-16 text. The installer takes them as part of a word.
    pub static NUL_BYTES = "STY004", "nul-bytes", Style, Warning;
}

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[
    Rule { codes: &[&EMPTY], check: empty },
    // The header is read before there is a kickstart to look at: `lint::auto` reports these two.
    Rule { codes: &[&VERSION_DEVEL, &VERSION_UNKNOWN], check: |_, _| {} },
    Rule { codes: &[&NUL_BYTES], check: nul_bytes },
    Rule {
        codes: &[&include::INCLUDE_ELSEWHERE, &include::INCLUDE_MISSING, &include::INCLUDE_CYCLE],
        check: include::check,
    },
];

fn empty(context: &Context<'_>, findings: &mut Findings) {
    let text = context.sources.get(context.kickstart.file).text();
    let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if !node_base::source::split_lines(text).any(is_content) {
        let what = if text.trim().is_empty() { "the file is empty" } else { "the file holds only comments" };
        let help =
            "an installer that gets this kickstart asks everything: check what should have written the file";
        findings.push(Finding::new(&EMPTY, format!("{what}: no command and no section")).help(help));
    }
}

fn nul_bytes(context: &Context<'_>, findings: &mut Findings) {
    let text = context.sources.get(context.kickstart.file).text();
    // Without a way out of the loop the compiler looks at many bytes at a time.
    if !text.bytes().fold(false, |found, b| found | (b == 0)) {
        return;
    }
    if let Some(first) = text.find('\0') {
        let count = text.bytes().filter(|b| *b == 0).count();
        let bytes = if count == 1 { "byte" } else { "bytes" };
        let help =
            "remove them: tr -d '\\000' <FILE; if the file is UTF-16, convert it: iconv -f utf-16 -t utf-8";
        findings.push(
            Finding::new(&NUL_BYTES, format!("the file holds {count} NUL {bytes}"))
                .at(node_base::source::Span::new(context.kickstart.file, first, first + 1))
                .help(help),
        );
    }
}
