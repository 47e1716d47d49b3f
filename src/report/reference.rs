//! The documentation of findings: for a terminal, as Markdown, as JSON. One source, the doc comment of each code.

use super::style::Style;
use node_base::diagnostic::json::SCHEMA;
use node_base::diagnostic::{Category, Code, Severity};
use std::fmt::Write;

/// The head of `docs/rules.md`.
const HEAD: &str = "\
# Findings

<!-- Generated from the documentation in the source: ks-lint rules --format markdown --output docs -->

Every finding has a stable code: letters for the category and three digits, never reused. The severity is the usual
one; a finding says where it differs. `ks-lint explain CODE` prints the page of a code. A finding that is right and
accepted is waived in the kickstart, with a reason: `# ks-lint: waive CODE -- reason` at the end of its line, or alone
above the command or section; `# ks-lint: waive-file CODE -- reason` for the file; in the add-on's section
`waive CODE --reason=\"…\"`. Findings of category `layout` are about an installed machine and cannot be waived.
";

/// The directory of the pages, beside [`index`].
pub const PAGES: &str = "rules";

/// All pages as one Markdown document: a table a category, then the pages.
pub fn markdown(codes: &[&'static Code]) -> String {
    let mut text = tables(codes, |id| format!("#{}", id.to_ascii_lowercase()));
    for code in codes {
        let _ = write!(
            text,
            "\n### {}\n\n`{}`, {}\n\n{}\n",
            code.id,
            code.name,
            code.severity,
            demoted(&code.text())
        );
    }
    text
}

/// The tables alone, with links to the pages: `rules.md` beside the directory [`PAGES`].
pub fn index(codes: &[&'static Code]) -> String {
    tables(codes, |id| format!("{PAGES}/{id}.md"))
}

/// The pages of the directory [`PAGES`]: the name of each file and its text.
pub fn pages<'c>(codes: &'c [&'static Code]) -> impl Iterator<Item = (String, String)> + 'c {
    codes.iter().map(|code| {
        let title = format!("# {}: {}", code.id, code.name);
        let kind = format!("{} ({}), {}", code.category.name(), code.category.prefix(), code.severity);
        (format!("{}.md", code.id), format!("{title}\n\n{kind}\n\n{}\n", code.text()))
    })
}

/// A table a category; `link` makes the target of a code's link.
fn tables(codes: &[&'static Code], link: impl Fn(&str) -> String) -> String {
    let mut text = HEAD.to_owned();
    for category in categories(codes) {
        let _ = write!(
            text,
            "\n## {} ({})\n\n{}\n\n",
            category.prefix(),
            category.name(),
            category.description()
        );
        text.push_str("| code | name | severity | |\n| --- | --- | --- | --- |\n");
        for code in of(codes, category) {
            let (id, target) = (code.id, link(code.id));
            let summary = code.summary().replace('|', "\\|");
            let _ = writeln!(text, "| [{id}]({target}) | {} | {} | {summary} |", code.name, code.severity);
        }
    }
    text
}

/// The page's headings, below the heading that the document gives the page. Lines in a code block stay.
fn demoted(page: &str) -> String {
    let mut in_code = false;
    let lines = page.lines().map(|line| {
        in_code ^= line.starts_with("```");
        if !in_code && line.starts_with("## ") { format!("##{line}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// One page for a terminal: headings stand out, code is indented.
pub fn page(code: &Code, style: &Style) -> String {
    let title = format!("{} {}", code.id, code.name);
    let mut text = format!("{} ({}, {})\n\n", style.bold(&title), code.category.name(), code.severity);
    let mut in_code = false;
    let mut paragraph = String::new();
    // A paragraph is broken where the terminal ends, not where the source was.
    let flush = |text: &mut String, paragraph: &mut String| {
        if !paragraph.is_empty() {
            let _ = writeln!(text, "{}", style.folded(paragraph, 0));
            paragraph.clear();
        }
    };
    for line in code.text().lines() {
        let is_code = in_code || line.starts_with("```");
        let is_prose = !is_code && !line.starts_with(['#', '-', '|', ' ']) && !line.is_empty();
        if is_prose && style.is_terminal() {
            let gap = if paragraph.is_empty() { "" } else { " " };
            let _ = write!(paragraph, "{gap}{line}");
            continue;
        }
        flush(&mut text, &mut paragraph);
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            let _ = writeln!(text, "    {line}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(text, "{}", style.bold(heading));
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    flush(&mut text, &mut paragraph);
    text
}

/// One line a code, for a terminal.
pub fn list(codes: &[&'static Code], style: &Style) -> String {
    let widest = codes.iter().map(|c| c.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for category in categories(codes) {
        let separator = if text.is_empty() { "" } else { "\n" };
        let heading = format!("{}: {}", category.name(), category.description());
        let _ = writeln!(text, "{separator}{}", style.headed(category.name(), &heading, 2));
        for code in of(codes, category) {
            let severity = code.severity.to_string();
            let before = format!("  {:<8} {:<widest$}  {severity:<7}  ", code.id, code.name);
            let indent = before.chars().count();
            // Where there is no room beside the name, the sentence is below it.
            let is_narrow = style.width().is_some_and(|width| width < indent + 30);
            let summary = code.summary();
            let _ = match is_narrow {
                true => writeln!(text, "{}\n      {}", before.trim_end(), style.folded(&summary, 6)),
                false => writeln!(text, "{before}{}", style.folded(&summary, indent)),
            };
        }
    }
    text
}

/// All pages for a program: a list of objects with `code`, `name`, `category`, `severity`, `summary`,
/// `documentation` (Markdown).
///
/// # Errors
/// None in practice: plain structures are serialised.
pub fn json(codes: &[&'static Code]) -> serde_json::Result<String> {
    #[derive(serde::Serialize)]
    struct Page {
        code: &'static str,
        name: &'static str,
        category: Category,
        severity: Severity,
        summary: String,
        documentation: String,
    }
    let pages: Vec<_> = codes
        .iter()
        .map(|code| Page {
            code: code.id,
            name: code.name,
            category: code.category,
            severity: code.severity,
            summary: code.summary(),
            documentation: code.text(),
        })
        .collect();
    serde_json::to_string_pretty(&serde_json::json!({"schema": SCHEMA, "rules": pages}))
        .map(|text| text + "\n")
}

/// The categories that have codes, in order.
fn categories(codes: &[&'static Code]) -> Vec<Category> {
    let mut categories: Vec<_> = codes.iter().map(|c| c.category).collect();
    categories.dedup();
    categories
}

fn of<'c>(codes: &'c [&'static Code], category: Category) -> impl Iterator<Item = &'static Code> + 'c {
    codes.iter().copied().filter(move |c| c.category == category)
}
