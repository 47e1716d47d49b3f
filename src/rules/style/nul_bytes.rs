use crate::rules::{Context, Rule};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Edit, Finding, Findings, Fix};
use node_base::source::Span;

declare_code! {
    /// The file contains NUL bytes.
    ///
    /// ## Why
    /// They come from a damaged file system, a cut-off download, or a UTF-16 text. The installer reads them as part of a
    /// word.
    static NUL_BYTES = "STY004", "nul-bytes", Style, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&NUL_BYTES], check };

/// Most NUL bytes that an edit deletes.
const MOST_EDITS: usize = 64;

fn check(context: &Context<'_>, findings: &mut Findings) {
    let text = context.sources.get(context.kickstart.file).text();
    if let Some(first) = memchr::memchr(0, text.as_bytes()) {
        let count = text.bytes().filter(|b| *b == 0).count();
        let bytes = if count == 1 { "byte" } else { "bytes" };
        let help =
            "remove them: tr -d '\\000' <FILE; if the file is UTF-16, convert it: iconv -f utf-16 -t utf-8";
        let mut finding = Finding::new(&NUL_BYTES, format!("the file contains {count} NUL {bytes}"))
            .at(Span::new(context.kickstart.file, first, first + 1))
            .help(help);
        // More of them are not an accident: the file is binary, or in another encoding.
        if count <= MOST_EDITS {
            let deleted = memchr::memchr_iter(0, text.as_bytes()).map(|at| Edit {
                span: Span::new(context.kickstart.file, at, at + 1),
                replacement: String::new(),
            });
            let title = format!("delete {count} NUL {bytes}");
            finding =
                finding.fix(Fix { title, applicability: Applicability::Unsafe, edits: deleted.collect() });
        }
        findings.push(finding);
    }
}
