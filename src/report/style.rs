//! Whether and how output is coloured, and how wide it may be.

use annotate_snippets::Renderer;
use std::io::IsTerminal;

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

/// Columns where there is no terminal to ask: lines of a CI log are not cut at 80.
pub(super) const WIDTH: usize = 120;

impl Style {
    /// No colour.
    pub fn plain() -> Style {
        Style::new(false, false, WIDTH)
    }

    /// What standard output and the environment ask for. `NO_COLOR` (<https://no-color.org>),
    /// `CLICOLOR_FORCE` (<https://bixense.com/clicolors>) and `FORCE_COLOR` (<https://force-color.org>) count when they are set and
    /// not empty; `0` switches the last two off.
    pub fn of_stdout(color: Color) -> Style {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let is_on = |name: &str| std::env::var_os(name).is_some_and(|v| v != "0");
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if set("CLICOLOR_FORCE") => is_on("CLICOLOR_FORCE"),
            Color::Auto if set("FORCE_COLOR") => is_on("FORCE_COLOR"),
            Color::Auto => terminal && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
        };
        let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
        // Narrower than this, an excerpt shows nothing.
        Style::new(coloured, terminal, if columns == 0 { WIDTH } else { columns.max(40) })
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

    fn new(coloured: bool, terminal: bool, width: usize) -> Style {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        // annotate-snippets 0.12.17 fills up to four columns more than it is told.
        let cut_at = if terminal { width.saturating_sub(4) } else { width };
        Style {
            coloured,
            terminal,
            width: terminal.then_some(width),
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

    /// Breaks a sentence between words, so that behind a margin of `margin` columns it fits the terminal. What stands
    /// on further lines (lines to write) stays whole.
    pub(super) fn wrapped(&self, text: &str, margin: usize) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let width = width.saturating_sub(margin).max(20);
        let mut out = String::with_capacity(text.len() + 8);
        let sentence = text.split('\n').next().unwrap_or_default();
        let mut column = 0;
        for word in sentence.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > width {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out + &text[sentence.len()..]
    }

    /// A sentence on one line, or on several where the terminal is too narrow: further ones are indented.
    pub fn folded(&self, text: &str, indent: usize) -> String {
        self.wrapped(text, indent).replace('\n', &format!("\n{:indent$}", ""))
    }
}

#[cfg(test)]
impl Style {
    /// A terminal without colour.
    pub(crate) fn of_width(width: usize) -> Style {
        Style::new(false, true, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words_on_a_terminal_only() {
        let text =
            "the volume group needs 81000 MiB of physical volumes\nvolgroup vg pv.01 --reserved-percent=20";
        assert_eq!(Style::plain().wrapped(text, 4), text);
        let narrow = Style::new(false, true, 40);
        assert_eq!(
            narrow.wrapped(text, 4),
            "the volume group needs 81000 MiB of\nphysical volumes\nvolgroup vg pv.01 --reserved-percent=20"
        );
    }
}
