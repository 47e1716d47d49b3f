//! Carries out a plan: step by step, with progress, and back again ([`undo`]) when a step fails.

use super::checks::{self, Situation};
use super::content;
use super::files::{self, Change};
use super::lvm::{Lvm, Mode};
use super::plan::{Action, Plan, PoolDevice, Step};
use super::system::System;
use super::tools::{Command, ToolError, Tools};
use super::undo::{self, Undone};

/// A step that failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A program.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// A base.
    #[error(transparent)]
    Content(#[from] content::ContentError),
}

/// How a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Begins.
    Start,
    /// Has succeeded.
    Done,
    /// Has failed.
    Failed,
}

/// Is told how the work goes.
pub trait Progress {
    /// Step `number` (from 1) `of` all.
    fn step(&mut self, number: usize, of: usize, step: &Step, state: StepState, message: &str);
}

/// A failed run.
#[derive(Debug)]
pub struct Failure {
    /// The step's name.
    pub step: &'static str,
    /// Why it failed.
    pub error: RunError,
    /// How the way back went.
    pub undone: Box<Undone>,
}

/// Does the steps. When one fails, what was done is taken back; but not by a run that has found root to be the layer
/// already: every step of it leaves a machine that boots, and the way back would have to undo what it has not seen.
///
/// # Errors
/// [`Failure`].
pub fn run(
    tools: &dyn Tools,
    system: &System,
    situation: &Situation<'_>,
    plan: &Plan,
    progress: &mut dyn Progress,
) -> Result<(), Failure> {
    let mut changed: Vec<Change> = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let (number, of) = (index + 1, plan.steps.len());
        progress.step(number, of, step, StepState::Start, &step.about);
        for action in &step.actions {
            if let Err(error) = perform(tools, action, &mut changed) {
                progress.step(number, of, step, StepState::Failed, &error.to_string());
                let undone = match situation.progress {
                    checks::Progress::Before => undo::undo(tools, system, situation, &changed),
                    _ => Undone::default(),
                };
                return Err(Failure { step: step.name, error, undone: Box::new(undone) });
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
        Action::Freeze { command, pool } => freeze(tools, command, pool)?,
        Action::RemoveLeftover { volume, pool, thin_id } => remove_leftover(tools, volume, pool, *thin_id)?,
        Action::Change(changes) => {
            // Noted before: a change that fails half-way is taken back as well.
            changed.extend(changes.iter().cloned());
            files::apply(tools, changes)?;
        }
        Action::RecordContent { base, mode } => content::record(tools, *mode, base)?,
        Action::Flush(paths) => {
            for path in paths {
                let failed = |error| files::FileError { path: path.clone(), error };
                tools.flush(path, false).map_err(failed)?;
            }
        }
        Action::EmptyJournal(path) => files::empty_journal(tools, path)?,
        Action::Copy(copies) => files::copy_for_boot(copies)?,
        Action::RemoveDirectory(path) => files::remove_directory(path)?,
        Action::Link { path, to } => files::link(path, to)?,
    }
    Ok(())
}

/// Takes the snapshot. A power cut can leave the pool a thin device that LVM does not know: LVM gives the same number again,
/// and its command fails with "File exists" for ever. The device can only be what is left of an interrupted creation: LVM
/// does not use a pool whose transaction number is not the one that LVM has noted, so nothing that LVM ever finished
/// making is unknown to it.
fn freeze(tools: &dyn Tools, command: &Command, pool: &PoolDevice) -> Result<(), RunError> {
    let Err(error) = tools.run(command) else { return Ok(()) };
    let Some(id) = refused_snapshot(error.stderr()) else { return Err(error.into()) };
    let known = Lvm::read(tools).is_ok_and(|lvm| {
        lvm.volumes.iter().any(|v| v.thin_id == Some(id) && v.pool_name() == Some(pool.volume.clone()))
    });
    if known {
        return Err(error.into());
    }
    delete_device(tools, pool, id)?;
    tools.run(command)?;
    Ok(())
}

/// The number of the thin device that LVM wanted to make and the pool has already.
fn refused_snapshot(stderr: &str) -> Option<u32> {
    let message = stderr.split("\"create_snap ").nth(1).filter(|_| stderr.contains("File exists"))?;
    message.split(' ').next()?.parse().ok()
}

fn delete_device(tools: &dyn Tools, pool: &PoolDevice, id: u32) -> Result<(), ToolError> {
    tools.run(&Command::new("dmsetup", ["message", &pool.name, "0", &format!("delete {id}")])).map(|_| ())
}

/// Between the pool's commit of a new thin device and its new transaction number, a power cut leaves LVM with a volume
/// that it wants to make and the pool already has: every command then fails with "File exists". The device is ours and
/// unused; without it the pool and LVM agree again.
pub(super) fn remove_leftover(
    tools: &dyn Tools,
    volume: &str,
    pool: &PoolDevice,
    thin_id: Option<u32>,
) -> Result<(), RunError> {
    let remove = Mode { monitor: false }.command("lvremove", ["--yes", "--force", volume]);
    let Err(error) = tools.run(&remove) else { return Ok(()) };
    let Some(id) = thin_id.filter(|_| error.stderr().contains("File exists")) else {
        return Err(error.into());
    };
    delete_device(tools, pool, id)?;
    tools.run(&remove)?;
    Ok(())
}
