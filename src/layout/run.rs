//! Carries out a plan: step by step, with progress, and back again when a step fails.

use super::checks::{self, Situation};
use super::content;
use super::files::{self, Change};
use super::lvm::{Lvm, Mode, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG};
use super::names::device_mapper_name;
use super::plan::{Action, Plan, PoolDevice, ROOT_TAG_PREFIX, Step};
use super::system::System;
use super::tools::{Command, ToolError, Tools};

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
    /// What could not be taken back; empty: all is as before.
    pub left: Vec<String>,
}

/// Does the steps. When one fails, what was done is taken back; but nothing of what the first boot completes.
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
                // What a first boot does is complete at every step, and the layer is running.
                let left = match situation.progress {
                    checks::Progress::Done => Vec::new(),
                    _ => undo(tools, system, situation, &changed),
                };
                return Err(Failure { step: step.name, error, left });
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
fn remove_leftover(
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

/// Takes back what was done, from what is on the disk now. Each part is tried whatever became of the others.
fn undo(tools: &dyn Tools, system: &System, s: &Situation<'_>, changed: &[Change]) -> Vec<String> {
    let mut left = Vec::new();
    let mode = Mode { monitor: system.running };
    let mut attempt = |what: String, result: Result<(), RunError>| {
        if let Err(error) = result {
            left.push(format!("{what}: {error}"));
        }
    };
    let t = &s.target;
    let layer = t.layer.to_string();
    let now = Lvm::read(tools).unwrap_or_default();
    // The entries that hold under both names come back first, so that no moment is without one.
    let transition: Vec<Change> = changed.iter().rev().map(Change::reversed).collect();
    let renamed = now.volume(&t.vg, &layer).is_some_and(|v| v.uuid == s.root.uuid) && t.old != layer;
    if renamed {
        let by_uuid = changed.iter().filter(|c| holds_under_both_names(c, t)).cloned().collect::<Vec<_>>();
        attempt("boot entries".into(), files::apply(tools, &by_uuid).map_err(Into::into));
        let untag = mode.command("lvchange", ["--deltag", TAG_LAYER, &format!("{}/{layer}", t.vg)]);
        attempt("layer's tag".into(), tools.run(&untag).map(|_| ()).map_err(Into::into));
        unlink_old_names(tools, t);
        let back = mode.command("lvrename", [&t.vg, &layer, &t.old]);
        attempt("name of root's volume".into(), tools.run(&back).map(|_| ()).map_err(Into::into));
    }
    // Root has its old name again, nothing needs the base. It goes before the files come back: they may need the room that
    // it takes up in a pool that has filled up.
    let now = Lvm::read(tools).unwrap_or_default();
    let ours = |tags: &[String]| tags.iter().any(|x| x == TAG_UNFINISHED || x.starts_with(ROOT_TAG_PREFIX));
    for v in now.volumes.iter().filter(|v| v.vg == t.vg && ours(&v.tags)) {
        let pool = PoolDevice::of(s.pool);
        attempt(v.full_name(), remove_leftover(tools, &v.full_name(), &pool, v.thin_id));
    }
    for change in transition {
        let what = change.path.display().to_string();
        attempt(what, files::apply(tools, &[change]).map_err(Into::into));
    }
    let kept = s.boot.root.join(&layer);
    if kept.exists() {
        attempt(
            kept.display().to_string(),
            std::fs::remove_dir_all(&kept).map_err(|error| files::FileError { path: kept, error }.into()),
        );
    }
    if !s.group.tags.iter().any(|x| x == TAG_VG) {
        let command = mode.command("vgchange", ["--deltag", TAG_VG, &t.vg]);
        attempt("tag of the volume group".into(), tools.run(&command).map(|_| ()).map_err(Into::into));
    }
    if !s.pool.has_tag(TAG_POOL) {
        let command = mode.command("lvchange", ["--deltag", TAG_POOL, &s.pool.full_name()]);
        attempt("tag of the pool".into(), tools.run(&command).map(|_| ()).map_err(Into::into));
    }
    left
}

/// Whether a change of a boot entry or fstab made it name root by UUID.
fn holds_under_both_names(change: &Change, target: &super::target::Target) -> bool {
    let uuid = format!("UUID={}", target.root_uuid);
    change.after.as_ref().is_some_and(|a| String::from_utf8_lossy(a).contains(&uuid))
        && change.before.as_ref().is_none_or(|b| !String::from_utf8_lossy(b).contains(&uuid))
}

fn unlink_old_names(tools: &dyn Tools, target: &super::target::Target) {
    let dev = super::tools::below(tools.environment(), "/dev");
    files::unlink_link(&dev.join("mapper").join(device_mapper_name(&target.vg, &target.old)));
    files::unlink_link(&dev.join(&target.vg).join(&target.old));
}
