//! Doing the steps of a plan, one after the other, with progress; and back again when a step fails.

use super::{Action, EtcMerge, Plan, Step, Synchronisation, VarAddition, VarRecord};
use crate::disks::content::ContentError;
use crate::disks::pool;
use crate::etc::{self, EtcError};
use crate::files::{self, Change, FileError, Method};
use crate::machine::{ToolError, Tools};
use crate::sync::{self, SyncError};
use crate::var::{self, VarError};
use std::fmt;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A program.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The content of a base.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A tree of files.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// /etc of the layer.
    #[error(transparent)]
    Etc(#[from] EtcError),
    /// /var of the image or of this host.
    #[error(transparent)]
    Var(#[from] VarError),
    /// Numbers of users or groups are other ones than those that were decided.
    #[error("the users and groups of this host were changed since this began; run it again")]
    AccountsChanged,
    /// Conflicts in /etc that were not there when the work was decided.
    #[error(
        "{count} files of /etc were changed since this began, and are conflicts now, among them {first}; run it again"
    )]
    NewConflicts {
        /// How many.
        count: usize,
        /// The first one.
        first: String,
    },
}

/// What happens to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It begins.
    Start,
    /// It has succeeded.
    Done,
    /// It has failed.
    Failed,
}

/// Receives the progress of a run.
pub trait Progress {
    /// Step `number` (from 1) `of` all. `message` says what the step does, or why it failed.
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str);
}

/// A verb's way back: what happens after a step has failed.
pub trait Undo {
    /// Takes back what was done. `changed` are the changes of files so far, in order; the last ones may not be made.
    fn undo(&self, tools: &dyn Tools, changed: &[Change]) -> Undone;

    /// What a person must do if not everything was taken back, as a sentence without its full stop.
    fn advice(&self) -> &'static str;
}

/// What an [`Undo`] has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Why nothing was to be taken back, if so: the state in which the machine is.
    pub kept: Option<&'static str>,
    /// What could not be taken back. Empty if everything is as before.
    pub left: Vec<String>,
    /// Changes that taking back made necessary, and that stay.
    pub changed: Vec<String>,
}

/// A run that failed. Its text says which step failed and why, what was taken back, and what to do.
#[derive(Debug)]
pub struct Failure {
    /// Name of the step.
    pub step: &'static str,
    /// Why it failed.
    pub error: RunError,
    /// What was taken back.
    pub undone: Box<Undone>,
    /// What a person must do if not everything was taken back.
    advice: &'static str,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}; ", self.step, self.error)?;
        match self.undone.kept {
            Some(state) => write!(f, "{state}. {}", self.advice)?,
            None if self.undone.left.is_empty() => f.write_str("everything was undone")?,
            None => write!(f, "not undone: {}. {}", self.undone.left.join("; "), self.advice)?,
        }
        self.undone.changed.iter().try_for_each(|changed| write!(f, "; {changed}"))
    }
}

/// Does the steps of a plan. When one fails, `undo` takes back what was done.
///
/// # Errors
/// [`Failure`].
pub fn run(
    tools: &dyn Tools,
    plan: &Plan,
    undo: &dyn Undo,
    progress: &mut dyn Progress,
) -> Result<(), Failure> {
    let mut changed: Vec<Change> = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let (number, of) = (index + 1, plan.steps.len());
        progress.step(number, of, step, StepState::Start, &step.about);
        for action in &step.actions {
            if let Err(error) = perform(tools, action, &mut changed) {
                progress.step(number, of, step, StepState::Failed, &error.to_string());
                let undone = Box::new(undo.undo(tools, &changed));
                return Err(Failure { step: step.name, error, undone, advice: undo.advice() });
            }
        }
        progress.step(number, of, step, StepState::Done, &step.about);
    }
    Ok(())
}

fn perform(tools: &dyn Tools, action: &Action, changed: &mut Vec<Change>) -> Result<(), RunError> {
    match action {
        Action::Run(command) => {
            tools.run(command)?;
        }
        Action::CreateSnapshot { command, pool } => pool::create_snapshot(tools, command, pool)?,
        Action::RemoveVolume(removal) => removal.run(tools)?,
        Action::RecordContent(reading) => reading.record(tools)?,
        Action::Change(changes) => {
            // Noted first: a change that fails half-way is taken back as well.
            changed.extend(changes.iter().cloned());
            files::apply(tools, changes)?;
        }
        Action::Flush(paths) => {
            for path in paths {
                let failed = |error| FileError { path: path.clone(), error };
                tools.flush(path, false).map_err(failed)?;
            }
        }
        Action::FlushJournal(path) => files::flush_journal(tools, path)?,
        Action::Copy(copies) => files::copy_for_boot(copies)?,
        Action::RemoveDirectory(path) => files::remove_directory(path)?,
        Action::Synchronise(trees) => synchronise(tools, trees)?,
        Action::MergeEtc(merge) => merge_etc(tools, merge)?,
        Action::RestoreEtc(merge) => {
            etc::restore(&merge.planned, &merge.trees, &merge.to)?;
        }
        Action::Renumber { root, ids } => etc::renumber(root, ids)?,
        Action::RecordVar(record) => record_var(tools, record)?,
        Action::AddToVar(addition) => add_to_var(tools, addition)?,
        Action::PlaceVersion { from, path, to } => etc::place(from, path, to)?,
        Action::Link { path, to } => files::link(path, to)?,
    }
    Ok(())
}

/// Merges /etc once more, because it is in use, and writes it and its conflicts.
fn merge_etc(tools: &dyn Tools, merge: &EtcMerge) -> Result<(), RunError> {
    let EtcMerge { trees, choices, to, kept, stops, planned } = merge;
    let mut tries = TRIES;
    let merged = loop {
        tries -= 1;
        let merged = etc::merge(trees, *choices)?;
        match etc::write(&merged, trees, to) {
            // A file has gone between the two.
            Err(error) if tries > 0 && error.is_of_change() => {}
            other => {
                other?;
                break merged;
            }
        }
    };
    let conflicts = etc::conflicts(&merged);
    if let Some(first) = conflicts.first().filter(|_| *stops) {
        return Err(RunError::NewConflicts {
            count: conflicts.len(),
            first: first.path.display().to_string(),
        });
    }
    // Owners of the whole layer follow from what was decided.
    if merged.ids != planned.ids {
        return Err(RunError::AccountsChanged);
    }
    if kept.exists() {
        files::remove_directory(kept)?;
    }
    if !conflicts.is_empty() {
        etc::save(&merged, trees, kept)?;
        let text = etc::list_text(&conflicts).into_bytes();
        let list = Change::write(kept.join(etc::LIST), text, Method::Replace);
        files::apply(tools, &list.into_iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Writes down what the layer adds to /var; nothing if it adds nothing.
fn record_var(tools: &dyn Tools, record: &VarRecord) -> Result<(), RunError> {
    let VarRecord { trees, to, .. } = record;
    let mut tries = TRIES;
    let additions = loop {
        tries -= 1;
        match var::compare(trees) {
            // A file has gone between listing and reading it.
            Err(error) if tries > 0 && error.is_of_change() => {}
            other => break other?,
        }
    };
    let change = match additions.is_empty() {
        true => Change::remove(to.clone(), Method::Replace),
        false => Change::write(to.clone(), var::Record::text(&additions).into_bytes(), Method::Replace),
    };
    Ok(files::apply(tools, &change.into_iter().collect::<Vec<_>>())?)
}

/// Adds to /var what was written down. The layer's own /var is shown for that time only.
fn add_to_var(tools: &dyn Tools, addition: &VarAddition) -> Result<(), RunError> {
    let VarAddition { mount, from, to, paths, unmount } = addition;
    tools.run(mount)?;
    let added = var::add(from, to, paths);
    let unmounted = tools.run(unmount);
    added?;
    unmounted?;
    Ok(())
}

/// How many bytes are written before the pool is asked again.
const STRIDE: u64 = 64 << 20;
/// How often files that are in use are compared, if they change meanwhile.
const TRIES: usize = 5;

fn synchronise(tools: &dyn Tools, trees: &Synchronisation) -> Result<(), SyncError> {
    let Synchronisation { from, to, difference, pool } = trees;
    let mut asked = 0;
    let mut watch = |written: u64| {
        if written < asked + STRIDE {
            return Ok(());
        }
        asked = written;
        pool.check_room(tools)
    };
    sync::apply(from, to, difference, &mut watch)?;
    // What the kernel could not write is known only now.
    pool.check_room(tools).map_err(SyncError::Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_was_undone_and_what_to_do() {
        let failure = |undone: Undone| Failure {
            step: "rename",
            error: ToolError::Missing("lvrename").into(),
            undone: Box::new(undone),
            advice: "Run it again",
        };
        let text = |undone| failure(undone).to_string();
        let why = "rename failed: the program 'lvrename' is not installed here; ";
        assert_eq!(text(Undone::default()), format!("{why}everything was undone"));
        let left = Undone { left: vec!["a: no".into(), "b: no".into()], ..Undone::default() };
        assert_eq!(text(left), format!("{why}not undone: a: no; b: no. Run it again"));
        let kept = Undone { kept: Some("the layer boots"), ..Undone::default() };
        assert_eq!(text(kept), format!("{why}the layer boots. Run it again"));
        let changed = Undone { changed: vec!["the pool is larger".into()], ..Undone::default() };
        assert_eq!(text(changed), format!("{why}everything was undone; the pool is larger"));
    }
}
