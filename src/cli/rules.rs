//! `ks-lint rules`: every finding that there can be.

use crate::catalogue;
use crate::lint::Selector;
use crate::report::{Color, Style, reference};
use anyhow::Context;
use node_base::console;
use node_base::diagnostic::Code;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these: codes, prefixes of codes (SEC), names [default: all]
    #[arg(value_name = "CODE", conflicts_with = "output")]
    codes: Vec<String>,
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// With --format markdown: write rules.md and a page for each finding, rules/CODE.md, below this directory
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

/// How the list is written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// A line each
    #[default]
    Human,
    /// With their documentation, for programs
    Json,
    /// With their documentation, as one document; with --output as pages
    Markdown,
}

/// Prints the list, or writes its pages.
///
/// # Errors
/// When standard output or a page cannot be written, for `--output` with another format than Markdown, and for a word that names no
/// finding.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let codes = catalogue::codes();
    if let Some(directory) = &args.output {
        anyhow::ensure!(
            matches!(args.format, Format::Markdown),
            "--output writes pages: add '--format markdown', or redirect standard output"
        );
        write(directory)?;
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = args.codes.iter().map(|word| Selector::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let is_wanted = |code: &Code| wanted.is_empty() || wanted.iter().any(|selector| selector.matches(code));
    let codes: Vec<_> = codes.iter().copied().filter(|code| is_wanted(code)).collect();
    console::print(&match args.format {
        Format::Human => reference::list(&codes, &Style::of_stdout(args.color)),
        Format::Json => reference::json(&codes)?,
        Format::Markdown => reference::markdown(&codes),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the list and its pages.
fn write(directory: &Path) -> anyhow::Result<()> {
    let codes = catalogue::codes();
    let pages = directory.join(reference::PAGES);
    let failed = |path: &Path| format!("{}: it cannot be written", path.display());
    std::fs::create_dir_all(&pages).with_context(|| failed(&pages))?;
    let list = (directory.join("rules.md"), reference::index(codes));
    let pages = reference::pages(codes).map(|(name, text)| (pages.join(name), text));
    for (path, text) in std::iter::once(list).chain(pages) {
        std::fs::write(&path, text).with_context(|| failed(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::catalogue;
    use crate::report::{Style, reference};

    #[test]
    fn lists_and_pages_fit_the_terminal() {
        let style = Style::of_width(60);
        let wide = |line: &&str| line.chars().count() > 60;
        for code in catalogue::codes() {
            let page = reference::page(code, &style);
            // A line of code stays whole, and so does a word.
            let is_folded = |line: &&str| !line.starts_with(' ') && line.contains(' ');
            assert_eq!(page.lines().filter(is_folded).find(wide), None, "{}", code.id);
        }
        let list = reference::list(catalogue::codes(), &style);
        assert_eq!(list.lines().find(wide), None);
    }
}
