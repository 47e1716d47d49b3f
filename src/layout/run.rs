//! Carries out a plan: step by step, with progress, and back again when a step fails.

use super::checks::{self, Situation};
use super::content;
use super::files::{self, Change};
use super::lvm::{Lvm, Mode, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG};
use super::names::device_mapper_name;
use super::plan::{Action, Plan, PoolDevice, ROOT_TAG_PREFIX, Step};
use super::system::System;
use super::target::Target;
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
                let left = match situation.progress {
                    checks::Progress::Before => undo(tools, system, situation, &changed),
                    _ => Vec::new(),
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

/// Takes back what was done, from what is on the disk now; gives what could not be taken back. Each part is tried whatever
/// became of the others, but for what the machine would not boot without: as long as root has the layer's name, or LVM does
/// not say which name it has, everything stays, and the entries hold under both names.
fn undo(tools: &dyn Tools, system: &System, s: &Situation<'_>, changed: &[Change]) -> Vec<String> {
    let mode = Mode { monitor: system.running };
    let t = &s.target;
    let layer = t.layer.to_string();
    let before: Vec<Change> = changed.iter().rev().map(Change::reversed).collect();
    let now = match Lvm::read(tools) {
        Ok(now) => now,
        Err(error) => return vec![format!("LVM cannot be read: {error}")],
    };
    let mut left = Vec::new();
    if now.volume(&t.vg, &layer).is_some_and(|v| v.uuid == s.root.uuid) && t.old != layer {
        // First what names the layer goes back to what holds under both names, so that no moment is without an entry.
        let by_uuid: Vec<Change> = under_both_names(changed, t).filter(|c| !c.is_made()).collect();
        if let Err(error) = files::apply(tools, &by_uuid) {
            return vec![error.to_string()];
        }
        let untag = mode.command("lvchange", ["--deltag", TAG_LAYER, &format!("{}/{layer}", t.vg)]);
        if let Err(error) = tools.run(&untag) {
            left.push(format!("layer's tag: {error}"));
        }
        unlink_old_names(tools, t);
        let back = mode.command("lvrename", [&t.vg, &layer, &t.old]);
        if let Err(error) = tools.run(&back) {
            left.push(format!("name of root's volume: {error}"));
            return left;
        }
    }
    let mut attempt = |what: String, result: Result<(), RunError>| {
        if let Err(error) = result {
            left.push(format!("{what}: {error}"));
        }
    };
    // Root has its old name again, nothing needs the base. It goes before the files come back: they may need the room that
    // it takes up in a pool that has filled up.
    let now = Lvm::read(tools).unwrap_or_default();
    let ours = |tags: &[String]| tags.iter().any(|x| x == TAG_UNFINISHED || x.starts_with(ROOT_TAG_PREFIX));
    for v in now.volumes.iter().filter(|v| v.vg == t.vg && ours(&v.tags)) {
        let pool = PoolDevice::of(s.pool);
        attempt(v.full_name(), remove_leftover(tools, &v.full_name(), &pool, v.thin_id));
    }
    for change in before.into_iter().filter(|c| !c.is_made()) {
        let what = change.path.display().to_string();
        attempt(what, files::apply(tools, &[change]).map_err(Into::into));
    }
    let kept = s.boot.root.join(&layer);
    if kept.exists() {
        attempt(kept.display().to_string(), files::remove_directory(&kept).map_err(Into::into));
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

/// What takes the layer's volume out of entries, fstab and kept arguments: each file goes back to the content that the
/// transition gave it, or that it had before all where the transition had nothing to change.
fn under_both_names<'a>(changed: &'a [Change], target: &Target) -> impl Iterator<Item = Change> + 'a {
    let names = [target.device(), format!("rd.lvm.lv={}/{}", target.vg, target.layer)];
    let names_layer = move |c: &Change| {
        let text = c.after.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        names.iter().any(|n| text.contains(n.as_str()))
    };
    changed.iter().enumerate().filter(move |(_, c)| names_layer(c)).map(|(number, last)| {
        let earlier = changed[..number].iter().find(|c| c.path == last.path);
        let after = earlier.map_or_else(|| last.before.clone(), |c| c.after.clone());
        Change { before: last.after.clone(), after, ..last.clone() }
    })
}

fn unlink_old_names(tools: &dyn Tools, target: &Target) {
    let dev = super::tools::below(tools.environment(), "/dev");
    files::unlink_link(&dev.join("mapper").join(device_mapper_name(&target.vg, &target.old)));
    files::unlink_link(&dev.join(&target.vg).join(&target.old));
}
