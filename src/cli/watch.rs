//! `--watch`: the work is done again whenever a file changes.

use crate::report::Style;
use node_base::console;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

/// How often the files are looked at: a person does not wait for it, and a disk does not notice it.
const INTERVAL: Duration = Duration::from_millis(300);

/// Clears a terminal, and puts the cursor in its first line.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// What a change of a file changes: when it was written and its size; `None` for a file that is not there.
type Stamps = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

fn stamps(files: Vec<PathBuf>) -> Stamps {
    let stamp = |path: &PathBuf| {
        let metadata = path.metadata().ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.into_iter().map(|path| (path.clone(), stamp(&path))).collect()
}

/// Does the work, and again after each change of one of the files, until the process is interrupted. Mistakes of a configuration
/// are shown and do not end it.
///
/// # Errors
/// Standard output that nobody reads any more, or that cannot be written to.
pub(super) fn forever(
    style: &Style,
    work: impl Fn() -> anyhow::Result<ExitCode>,
    files: impl Fn() -> Vec<PathBuf>,
) -> anyhow::Result<ExitCode> {
    loop {
        // A change during the work is one afterwards.
        let before = stamps(files());
        if style.is_terminal() {
            console::print(CLEAR)?;
        }
        if let Err(error) = work() {
            if error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_about_output)) {
                return Err(error);
            }
            console::error_line("ks-lint", &format!("{error:#}"));
        }
        let count = before.len();
        let files_are = if count == 1 { "file is" } else { "files are" };
        console::note_line("ks-lint", &format!("{count} {files_are} watched; Ctrl-C ends it"));
        loop {
            let begin = Instant::now();
            if stamps(files()) != before {
                break;
            }
            // A large directory is looked at less often.
            std::thread::sleep(INTERVAL.max(begin.elapsed() * 10));
        }
    }
}

fn is_about_output(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::StorageFull | ErrorKind::WriteZero)
}
