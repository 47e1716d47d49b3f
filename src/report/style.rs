//! Whether and how output is coloured, and how wide it may be.

use annotate_snippets::Renderer;
use node_base::{console, fold};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR says no or CLICOLOR_FORCE or FORCE_COLOR says yes
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How human output looks.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether escape sequences may be written.
    pub(super) coloured: bool,
    /// Whether a person looks on.
    pub(super) terminal: bool,
    /// Columns that sentences are broken at; none where nobody looks on.
    width: Option<usize>,
    /// Whether a finding that is the same at many places is written once.
    pub(super) folds: bool,
    /// Which files have a line of their own at the end of their findings.
    pub(super) closing: Closing,
    pub(super) renderer: Renderer,
}

/// Which files have a line of their own at the end of their findings: what was found, how the file was read and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    /// Every file.
    #[default]
    Every,
    /// Those in which something was found; the last line of the run counts the others.
    Found,
    /// None, and the run has no last line.
    Never,
}

impl Style {
    /// No colour.
    pub fn plain() -> Style {
        Style::new(false, None)
    }

    /// What standard output and the environment ask for. `NO_COLOR` (<https://no-color.org>),
    /// `CLICOLOR_FORCE` (<https://bixense.com/clicolors>) and `FORCE_COLOR` (<https://force-color.org>) count when they are set and
    /// not empty; `0` switches the last two off.
    pub fn of_stdout(color: Color) -> Style {
        let width = console::columns(std::io::stdout());
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let is_on = |name: &str| std::env::var_os(name).is_some_and(|v| v != "0");
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if set("CLICOLOR_FORCE") => is_on("CLICOLOR_FORCE"),
            Color::Auto if set("FORCE_COLOR") => is_on("FORCE_COLOR"),
            Color::Auto => width.is_some() && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
        };
        Style::new(coloured, width)
    }

    /// Writes a finding that is the same at many places once.
    #[must_use]
    pub fn folding(self, folds: bool) -> Style {
        Style { folds, ..self }
    }

    /// Chooses which files have a line of their own.
    #[must_use]
    pub fn closing(self, closing: Closing) -> Style {
        Style { closing, ..self }
    }

    /// Whether a person looks on.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// `width` is that of the terminal; `None` where nobody looks on.
    fn new(coloured: bool, width: Option<usize>) -> Style {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        // annotate-snippets 0.12.17 fills up to four columns more than it is told.
        let cut_at = width.map_or(console::COLUMNS, |width| width.saturating_sub(4));
        Style {
            coloured,
            terminal: width.is_some(),
            width,
            folds: false,
            closing: Closing::Every,
            renderer: renderer.term_width(cut_at),
        }
    }

    /// Whether there is neither colour nor a person: lines are not broken.
    pub(super) fn is_plain(&self) -> bool {
        !self.coloured && self.width.is_none()
    }

    /// The columns of the terminal; `None` where nobody looks on.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Bold, where there is colour.
    pub fn bold(&self, text: &str) -> String {
        if self.coloured { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A sentence that fits the terminal behind a margin of `margin` columns ([`fold::wrapped`]).
    pub(super) fn wrapped(&self, text: &str, margin: usize) -> String {
        fold::wrapped(text, self.width, margin)
    }

    /// A sentence on one line, or on several where the terminal is too narrow: further ones are indented.
    pub fn folded(&self, text: &str, indent: usize) -> String {
        fold::folded(text, self.width, indent)
    }

    /// As [`Style::folded`]; the text begins with `head`, which is bold.
    pub(super) fn headed(&self, head: &str, text: &str, indent: usize) -> String {
        let folded = self.folded(text, indent);
        match folded.strip_prefix(head) {
            Some(rest) => format!("{}{rest}", self.bold(head)),
            None => folded,
        }
    }
}

#[cfg(test)]
impl Style {
    /// A terminal without colour.
    pub(crate) fn of_width(width: usize) -> Style {
        Style::new(false, Some(width))
    }
}
