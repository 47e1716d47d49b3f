//! Freezing a file system for a moment, so that its journal is written back to its place.
//!
//! A file system that stays frozen stops every program that writes to it. So one process does both, and nothing else: it runs
//! under a verb of its own, apart from the process that asked for it. A note in `/run` says which file system is frozen; if even
//! that process is killed, the next run thaws it.

use super::tools::{ToolError, Tools, below, freeze_and_thaw};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The verb of the process that freezes and thaws.
pub(crate) const VERB: &str = "freeze-and-thaw";

/// Freezes the file system of `path`, and thaws it.
///
/// # Errors
/// That of `fsfreeze`, or of the note.
pub(crate) fn freeze_then_thaw(tools: &dyn Tools, path: &Path) -> io::Result<()> {
    let note = note(tools);
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&note)?;
    file.write_all(path.as_os_str().as_encoded_bytes())?;
    let failed = |e: ToolError| io::Error::other(e.to_string());
    let [freeze, thaw] = freeze_and_thaw(path);
    let result = match tools.run(&freeze) {
        // The note stays if it is still frozen.
        Ok(_) => return tools.run(&thaw).map_err(failed).and_then(|_| std::fs::remove_file(&note)),
        // A freeze that did not end in time may still succeed.
        Err(error @ ToolError::Timeout { .. }) => return tools.run(&thaw).and(Err(error)).map_err(failed),
        // With EBUSY another program has frozen it, and thaws it.
        Err(error) => Err(failed(error)),
    };
    std::fs::remove_file(&note)?;
    result
}

/// Thaws the file system that an earlier run has left frozen, by its note.
pub(crate) fn thaw_left_over(tools: &dyn Tools) {
    let note = note(tools);
    let Ok(text) = std::fs::read_to_string(&note) else { return };
    let path = Path::new(&text);
    let thawed = path.is_absolute().then(|| {
        let [_, thaw] = freeze_and_thaw(path);
        tools.run(&thaw)
    });
    // fsfreeze says so of a file system that is not frozen.
    let is_thawed = |error: &ToolError| error.stderr().contains("Invalid argument");
    if thawed.is_none_or(|thawed| thawed.as_ref().err().is_none_or(is_thawed)) {
        let _ = std::fs::remove_file(&note);
    }
}

fn note(tools: &dyn Tools) -> PathBuf {
    below(tools.environment(), "/run/node-layout.frozen")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Command, Output, Space};
    use std::cell::RefCell;

    /// A machine on which `fsfreeze` answers with these messages, and whether the note existed at each call.
    struct Frozen {
        dir: tempfile::TempDir,
        answers: RefCell<Vec<&'static str>>,
        calls: RefCell<Vec<(String, bool)>>,
    }

    impl Frozen {
        fn new(answers: &[&'static str]) -> Frozen {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("run")).unwrap();
            Frozen { dir, answers: RefCell::new(answers.to_vec()), calls: RefCell::default() }
        }
    }

    impl Tools for Frozen {
        fn run(&self, command: &Command) -> Result<Output, ToolError> {
            self.calls.borrow_mut().push((command.to_string(), note(self).exists()));
            match self.answers.borrow_mut().remove(0) {
                "" => Ok(Output::default()),
                stderr => Err(ToolError::Failed {
                    command: command.to_string(),
                    status: "1".into(),
                    stderr: stderr.into(),
                }),
            }
        }
        fn has(&self, _: &str) -> bool {
            true
        }
        fn environment(&self) -> &Path {
            self.dir.path()
        }
        fn space(&self, _: &Path) -> io::Result<Space> {
            Ok(Space { total: 0, free: 0 })
        }
        fn flush(&self, _: &Path, _: bool) -> io::Result<()> {
            Ok(())
        }
        fn architecture(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn a_freeze_is_noted_until_it_is_thawed() {
        let boot = Path::new("/boot");
        let machine = Frozen::new(&["", ""]);
        freeze_then_thaw(&machine, boot).unwrap();
        let calls =
            [("fsfreeze --freeze /boot".to_owned(), true), ("fsfreeze --unfreeze /boot".to_owned(), true)];
        assert_eq!(*machine.calls.borrow(), calls);
        assert!(!note(&machine).exists());
        let machine = Frozen::new(&["Device or resource busy"]);
        assert!(freeze_then_thaw(&machine, boot).unwrap_err().to_string().contains("busy"));
        assert!(!note(&machine).exists(), "the freeze of another program is not ours");
        thaw_left_over(&machine);
        assert_eq!(machine.calls.borrow().len(), 1);
    }

    #[test]
    fn a_file_system_that_was_left_frozen_is_thawed_by_the_next_run() {
        let machine = Frozen::new(&["", "killed"]);
        freeze_then_thaw(&machine, Path::new("/boot")).unwrap_err();
        assert!(note(&machine).exists());
        for (answer, note_stays) in [("Input/output error", true), ("Invalid argument", false)] {
            machine.answers.borrow_mut().push(answer);
            thaw_left_over(&machine);
            assert_eq!(machine.calls.borrow().last().unwrap().0, "fsfreeze --unfreeze /boot");
            assert_eq!(note(&machine).exists(), note_stays, "{answer}");
        }
        thaw_left_over(&machine);
        assert_eq!(machine.calls.borrow().len(), 4);
    }
}
