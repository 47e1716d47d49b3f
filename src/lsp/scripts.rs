//! What `shellcheck` says of embedded scripts. It is asked when nothing was typed for a while, in a thread; each text once; and
//! newer edits of the document end what runs for it.

use crate::lint::shellcheck::{self, ShellCheck, ShellCheckAnswer, ShellChecker};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing is typed before it is asked.
const QUIET: Duration = Duration::from_millis(400);

/// How often its answers are looked for.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the scripts of one round may take together.
const LONGEST: Duration = Duration::from_secs(30);

/// Most answers that are kept when a round begins.
const MOST: usize = 256;

/// A script as it is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Script {
    text: String,
    dialect: String,
    level: String,
}

/// Answers that are known, and scripts that a check has asked about without one.
#[derive(Debug, Default)]
struct Known {
    answers: HashMap<Script, Result<String, String>>,
    wanted: Vec<Script>,
}

/// The memory that checks ask.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Known>);

impl Memory {
    /// A way to ask it.
    pub(super) fn shellcheck(self: &Arc<Self>, shows_all: bool) -> ShellCheck {
        ShellCheck { checker: self.clone(), shows_all }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ShellChecker for Memory {
    fn ask(&self, script: &str, dialect: &str, level: &str) -> ShellCheckAnswer {
        let script = Script { text: script.to_owned(), dialect: dialect.to_owned(), level: level.to_owned() };
        let mut known = self.known();
        match known.answers.get(&script) {
            Some(Ok(output)) => ShellCheckAnswer::Output(output.clone()),
            Some(Err(why)) => ShellCheckAnswer::Failed(why.clone()),
            None => {
                known.wanted.push(script);
                ShellCheckAnswer::Later
            }
        }
    }
}

/// A round in its thread; cancelled when it is dropped.
struct Round {
    cancelled: Arc<AtomicBool>,
    answers: Receiver<(Script, Result<String, String>)>,
}

impl Round {
    fn start(scripts: Vec<Script>) -> Round {
        let (sender, answers) = mpsc::channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let is_cancelled = cancelled.clone();
        let begin = Instant::now();
        std::thread::spawn(move || {
            for script in scripts {
                let answer = if begin.elapsed() < LONGEST {
                    shellcheck::run(&script.text, &script.dialect, &script.level, &is_cancelled)
                } else {
                    Err(format!("all scripts together take longer than {} seconds", LONGEST.as_secs()))
                };
                // A cancelled run has no answer, and the round that asked may be gone.
                if is_cancelled.load(Ordering::Relaxed) || sender.send((script, answer)).is_err() {
                    return;
                }
            }
        });
        Round { cancelled, answers }
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Scripts without an answer, and the round that runs.
#[derive(Default)]
pub(super) struct Scripts {
    /// What is known.
    pub(super) memory: Arc<Memory>,
    /// Scripts that are asked about, by the address of their document.
    waiting: BTreeMap<String, Vec<Script>>,
    /// When one of the documents was last changed or checked.
    last: Option<Instant>,
    round: Option<Round>,
}

impl Scripts {
    /// A document was changed or closed: what it waited for is not wanted any more.
    pub(super) fn forget(&mut self, uri: &str) {
        if self.waiting.remove(uri).is_some() {
            self.collect();
            self.round = None;
        }
        self.last = Some(Instant::now());
    }

    /// A document was checked: the scripts without an answer wait.
    pub(super) fn checked(&mut self, uri: &str) {
        let wanted = std::mem::take(&mut self.memory.known().wanted);
        if wanted.is_empty() {
            self.waiting.remove(uri);
        } else {
            self.waiting.insert(uri.to_owned(), wanted);
            self.last = Some(Instant::now());
        }
    }

    /// How long to wait for messages before [`Scripts::advance`] has something to do; `None` for as long as one likes.
    pub(super) fn pause(&self) -> Option<Duration> {
        if self.waiting.is_empty() {
            return None;
        }
        match (&self.round, self.last) {
            (None, Some(last)) => Some(QUIET.saturating_sub(last.elapsed())),
            _ => Some(PAUSE),
        }
    }

    /// Starts a round when nothing has changed for a while, and takes the answers. The documents whose scripts all have one.
    pub(super) fn advance(&mut self) -> Vec<String> {
        if self.round.is_none() {
            if self.last.is_some_and(|last| last.elapsed() < QUIET) {
                return Vec::new();
            }
            let mut known = self.memory.known();
            if known.answers.len() > MOST {
                known.answers.clear();
            }
            drop(known);
            let mut scripts: Vec<Script> = Vec::new();
            for script in self.waiting.values().flatten() {
                if !scripts.contains(script) {
                    scripts.push(script.clone());
                }
            }
            self.round = Some(Round::start(scripts));
        }
        if self.collect() {
            self.round = None;
        }
        let known = self.memory.known();
        let is_answered =
            |scripts: &[Script]| scripts.iter().all(|script| known.answers.contains_key(script));
        let done = self.waiting.iter().filter(|(_, scripts)| is_answered(scripts));
        let done: Vec<String> = done.map(|(uri, _)| uri.clone()).collect();
        drop(known);
        self.waiting.retain(|uri, _| !done.contains(uri));
        done
    }

    /// Remembers the answers that are there; says whether the round has ended.
    fn collect(&mut self) -> bool {
        let Some(round) = &self.round else { return true };
        let mut known = self.memory.known();
        loop {
            match round.answers.try_recv() {
                Ok((script, answer)) => {
                    known.answers.insert(script, answer);
                }
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }
}
