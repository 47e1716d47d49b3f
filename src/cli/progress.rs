//! A progress bar on the terminal for runs that last longer than a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts the files that are done; after a second a bar appears on standard error, if that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    shown: bool,
    started: Instant,
    /// Whether standard output is the terminal that has the bar.
    shared: bool,
}

impl Progress {
    /// For this number of files.
    pub(super) fn new(total: usize) -> Progress {
        let bar = (total > 1 && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} files, {eta} left");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let shared = std::io::stdout().is_terminal();
        Progress { bar, shown: false, started: Instant::now(), shared }
    }

    /// Another file is done.
    pub(super) fn done_one(&mut self) {
        let Some(bar) = &self.bar else { return };
        if !self.shown && self.started.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
        bar.inc(1);
    }

    /// Writes to standard output, without the bar if both are on the terminal. Hiding the bar for every file would cost
    /// more than checking it.
    pub(super) fn output<T>(&self, print: impl FnOnce() -> T) -> T {
        if self.shared { self.aside(print) } else { print() }
    }

    /// Writes to standard error without the bar.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if self.shown => bar.suspend(print),
            _ => print(),
        }
    }

    /// Removes the bar.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
