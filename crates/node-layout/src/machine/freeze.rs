//! Freezing a file system for a moment, so that its journal is written back to its place.
//!
//! A file system that stays frozen stops every program that writes to it. So one process does both, and nothing else: it runs
//! under a verb of its own, apart from the process that asked for it. A note in `/run` says which file system is frozen, and is
//! locked as long as that process or its `fsfreeze` lives. If even these are killed, the next run, or the unit that started the
//! killed one, thaws it.

use super::tools::{ToolError, Tools, below, freeze_and_thaw};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The verb of the process that freezes and thaws.
pub(crate) const VERB: &str = "freeze-and-thaw";

/// The verb that thaws what a killed run has left frozen.
pub(crate) const THAW_VERB: &str = "thaw-left-over";

/// How long to wait for a process that may still thaw what it has frozen. A freeze waits for writes that have begun, no longer.
const WAIT: Duration = Duration::from_secs(60);

/// Freezes the file system of `path`, and thaws it.
///
/// # Errors
/// That of `fsfreeze`, or of the note.
pub(crate) fn freeze_then_thaw(tools: &dyn Tools, path: &Path) -> io::Result<()> {
    let mut note = Note::open(tools)?;
    if !note.lock(Duration::ZERO) {
        return Err(io::Error::other(format!("another node-layout uses {}", note_path(tools).display())));
    }
    note.lend()?;
    note.write(path)?;
    let failed = |e: ToolError| io::Error::other(e.to_string());
    let [freeze, thaw] = freeze_and_thaw(path);
    let result = match tools.run(&freeze) {
        // The note stays if it is still frozen.
        Ok(_) => return tools.run(&thaw).map_err(failed).and_then(|_| note.clear()),
        // A freeze that did not end in time may still succeed.
        Err(error @ ToolError::Timeout { .. }) => return tools.run(&thaw).and(Err(error)).map_err(failed),
        // With EBUSY another program has frozen it, and thaws it.
        Err(error) => Err(failed(error)),
    };
    note.clear()?;
    result
}

/// Thaws the file system that an earlier run has left frozen, by its note. Waits for processes of that run which are still at it.
///
/// # Errors
/// That of the note, or of `fsfreeze` if the file system stays frozen.
pub(crate) fn thaw_left_over(tools: &dyn Tools) -> io::Result<()> {
    if !note_path(tools).exists() {
        return Ok(());
    }
    let mut note = Note::open(tools)?;
    // A process that does not end will not thaw anything either.
    note.lock(WAIT);
    let Some(path) = note.read()? else { return Ok(()) };
    let [_, thaw] = freeze_and_thaw(&path);
    // fsfreeze says "Invalid argument" of a file system that is not frozen.
    let is_thawed = |error: &ToolError| error.stderr().contains("Invalid argument") || !path.exists();
    match tools.run(&thaw) {
        Err(error) if !is_thawed(&error) => Err(io::Error::other(error.to_string())),
        _ => note.clear(),
    }
}

/// The file that has the path of a frozen file system, and is empty if there is none.
struct Note {
    file: File,
}

impl Note {
    fn open(tools: &dyn Tools) -> io::Result<Note> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Note { file: file.open(note_path(tools))? })
    }

    /// Takes the lock; false if another process still has it after `limit`.
    fn lock(&self, limit: Duration) -> bool {
        let started = Instant::now();
        while flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if started.elapsed() >= limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Lets the programs that are started from now on inherit the open file, and its lock with it: the lock is free when the last
    /// of them has ended.
    fn lend(&self) -> io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.file, rustix::io::FdFlags::empty())?)
    }

    fn write(&mut self, path: &Path) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(path.as_os_str().as_encoded_bytes())
    }

    /// The path in the note; None if there is none. (A note that was being written is of a file system that is not frozen yet.)
    fn read(&mut self) -> io::Result<Option<PathBuf>> {
        let mut text = String::new();
        self.file.read_to_string(&mut text)?;
        Ok(Some(PathBuf::from(text)).filter(|path| path.is_absolute()))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

fn note_path(tools: &dyn Tools) -> PathBuf {
    below(tools.environment(), "/run/node-layout.frozen")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Command, Output, Space};
    use std::cell::RefCell;

    /// A machine on which `fsfreeze` answers with these messages, and what the note said at each call.
    struct Frozen {
        dir: tempfile::TempDir,
        answers: RefCell<Vec<&'static str>>,
        calls: RefCell<Vec<(String, String)>>,
    }

    impl Frozen {
        fn new(answers: &[&'static str]) -> Frozen {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("run")).unwrap();
            std::fs::create_dir(dir.path().join("boot")).unwrap();
            Frozen { dir, answers: RefCell::new(answers.to_vec()), calls: RefCell::default() }
        }

        fn note(&self) -> String {
            std::fs::read_to_string(note_path(self)).unwrap_or_default()
        }

        fn boot(&self) -> PathBuf {
            self.dir.path().join("boot")
        }

        fn programs(&self) -> Vec<String> {
            self.calls.borrow().iter().map(|(command, _)| command.clone()).collect()
        }
    }

    impl Tools for Frozen {
        fn run(&self, command: &Command) -> Result<Output, ToolError> {
            self.calls.borrow_mut().push((command.to_string(), self.note()));
            match self.answers.borrow_mut().remove(0) {
                "" => Ok(Output::default()),
                stderr => Err(ToolError::Failed {
                    command: command.to_string(),
                    status: "1".into(),
                    stderr: stderr.into(),
                }),
            }
        }
        fn stream(&self, command: &Command, _: std::fs::File) -> Result<Box<dyn io::Read + Send>, ToolError> {
            Err(ToolError::Missing(command.program))
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
        let machine = Frozen::new(&["", ""]);
        let boot = machine.boot().display().to_string();
        freeze_then_thaw(&machine, &machine.boot()).unwrap();
        let calls = ["--freeze", "--unfreeze"].map(|o| (format!("fsfreeze {o} {boot}"), boot.clone()));
        assert_eq!(*machine.calls.borrow(), calls);
        assert_eq!(machine.note(), "");
        let machine = Frozen::new(&["Device or resource busy"]);
        let error = freeze_then_thaw(&machine, &machine.boot()).unwrap_err();
        assert!(error.to_string().contains("busy"), "{error}");
        assert_eq!(machine.note(), "", "the freeze of another program is not ours");
        thaw_left_over(&machine).unwrap();
        assert_eq!(machine.calls.borrow().len(), 1);
    }

    #[test]
    fn a_file_system_that_was_left_frozen_is_thawed_by_the_next_run() {
        let machine = Frozen::new(&["", "killed"]);
        freeze_then_thaw(&machine, &machine.boot()).unwrap_err();
        let boot = machine.boot().display().to_string();
        assert_eq!(machine.note(), boot);
        for (answer, is_thawed) in [("Input/output error", false), ("Invalid argument", true)] {
            machine.answers.borrow_mut().push(answer);
            assert_eq!(thaw_left_over(&machine).is_ok(), is_thawed, "{answer}");
            assert_eq!(machine.programs().pop().unwrap(), format!("fsfreeze --unfreeze {boot}"));
            assert_eq!(machine.note(), if is_thawed { "" } else { &boot }, "{answer}");
        }
        thaw_left_over(&machine).unwrap();
        assert_eq!(machine.calls.borrow().len(), 4);
    }

    #[test]
    fn a_file_system_that_is_gone_is_not_frozen() {
        let machine = Frozen::new(&["", "killed", "No such file or directory"]);
        freeze_then_thaw(&machine, &machine.boot()).unwrap_err();
        std::fs::remove_dir(machine.boot()).unwrap();
        thaw_left_over(&machine).unwrap();
        assert_eq!(machine.note(), "");
    }

    #[test]
    fn the_next_run_waits_for_a_process_that_still_freezes_or_thaws() {
        let machine = Frozen::new(&[]);
        let mut note = Note::open(&machine).unwrap();
        assert!(note.lock(Duration::ZERO));
        let error = freeze_then_thaw(&machine, &machine.boot()).unwrap_err().to_string();
        assert!(error.starts_with("another node-layout uses "), "{error}");
        note.write(&machine.boot()).unwrap();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            note.clear().unwrap();
        });
        thaw_left_over(&machine).unwrap();
        other.join().unwrap();
        assert_eq!(machine.programs(), Vec::<String>::new(), "what another process thaws is left to it");
    }

    #[test]
    fn a_program_that_outlives_the_process_keeps_the_note_locked() {
        let machine = Frozen::new(&[]);
        let note = Note::open(&machine).unwrap();
        assert!(note.lock(Duration::ZERO));
        note.lend().unwrap();
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        drop(note);
        let next = Note::open(&machine).unwrap();
        assert!(!next.lock(Duration::from_millis(50)), "the lock is free although the program runs");
        child.kill().unwrap();
        child.wait().unwrap();
        // (Programs of other tests may have inherited it, too.)
        assert!(next.lock(Duration::from_secs(60)));
    }
}
