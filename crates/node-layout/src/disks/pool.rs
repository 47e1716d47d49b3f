//! The thin pool: creating and removing volumes in it also after a power cut between LVM's metadata and the pool's, and the
//! profile by which it extends itself.

use super::{LogicalVolume, Lvm, LvmCommands};
use crate::machine::{Command, ToolError, Tools};
use node_base::names::device_mapper_name;
use node_base::policy::Policy;

/// The name of the pool's LVM profile; the original tools use the same.
pub(crate) const PROFILE: &str = "imgbased-pool";
/// By how much of its size the pool extends itself, in percent (imgbased's figure).
pub(crate) const EXTEND_PERCENT: u8 = 20;
/// Use of the pool, in percent, from which it is extended, when the policy says nothing.
const EXTEND_THRESHOLD: u8 = 70;

/// Where LVM looks for the profile inside a system.
pub(crate) fn profile_path() -> String {
    format!("/etc/lvm/profile/{PROFILE}.profile")
}

/// The text of the profile.
pub(crate) fn profile_text(policy: &Policy) -> String {
    let threshold = policy.pool.autoextend_threshold.unwrap_or(EXTEND_THRESHOLD);
    format!(
        "activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={EXTEND_PERCENT}\n}}\n"
    )
}

/// Whether a pool with this profile extends itself: its threshold is below 100 %.
pub(crate) fn profile_extends(text: &str) -> bool {
    let threshold = || {
        let value = text.split("thin_pool_autoextend_threshold").nth(1)?.trim_start().strip_prefix('=')?;
        value.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    threshold().is_some_and(|percent| percent < 100)
}

/// A thin pool as the device mapper knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDevice {
    /// LVM's name of the pool, `VG/LV`.
    pub(crate) volume: String,
    /// The device-mapper device that takes the pool's messages.
    pub(crate) device: String,
}

impl PoolDevice {
    /// The device of LVM's pool volume.
    pub(crate) fn of(pool: &LogicalVolume) -> PoolDevice {
        PoolDevice::named(&pool.vg, &pool.name)
    }

    /// The device of the pool `vg/name`.
    pub(crate) fn named(vg: &str, name: &str) -> PoolDevice {
        let device = format!("{}-tpool", device_mapper_name(vg, name));
        PoolDevice { volume: format!("{vg}/{name}"), device }
    }

    fn delete(&self, tools: &dyn Tools, thin_id: u32) -> Result<(), ToolError> {
        let message = format!("delete {thin_id}");
        tools.run(&Command::new("dmsetup", ["message", &self.device, "0", &message])).map(|_| ())
    }
}

/// Use of a pool's data, in percent, from which an update stops: what is left is for the guests of the host.
const STOP_DATA: u64 = 97;
/// The same of its metadata.
const STOP_METADATA: u64 = 95;

impl PoolDevice {
    /// The command that shows how full the pool is.
    pub(crate) fn status_command(&self) -> Command {
        Command::new("dmsetup", ["status", &self.device])
    }

    /// Whether more may be written.
    ///
    /// # Errors
    /// Why not, as a sentence: the pool is full, nearly full, or read-only. A pool whose state is unknown counts as writable: writing to
    /// it fails if it is full.
    pub(crate) fn check_room(&self, tools: &dyn Tools) -> Result<(), String> {
        let status = tools.run(&self.status_command());
        let why = status.ok().and_then(|output| why_no_room(&output.stdout));
        why.map_or(Ok(()), |why| Err(format!("thin pool {} {why}", self.volume)))
    }
}

/// Why nothing may be written to a pool, by its status line (kernel documentation, `device-mapper/thin-provisioning`).
fn why_no_room(status: &str) -> Option<String> {
    let words: Vec<&str> = status.split_whitespace().skip_while(|word| *word != "thin-pool").collect();
    if words.get(1) == Some(&"Fail") {
        return Some("has failed".to_owned());
    }
    let used = |word: Option<&&str>| -> Option<(u64, u64)> {
        let (used, all) = word?.split_once('/')?;
        Some((used.parse().ok()?, all.parse().ok()?))
    };
    let is_above =
        |(used, all): (u64, u64), percent: u64| used.saturating_mul(100) >= all.saturating_mul(percent);
    if words.contains(&"out_of_data_space") {
        return Some("is full: it has no space for more data".to_owned());
    }
    if words.contains(&"ro") || words.contains(&"needs_check") {
        return Some("is read-only: its metadata must be checked (lvconvert --repair)".to_owned());
    }
    if used(words.get(2)).is_some_and(|used| is_above(used, STOP_METADATA)) {
        return Some(format!("has used {STOP_METADATA} % of its metadata"));
    }
    let is_full = used(words.get(3)).is_some_and(|used| is_above(used, STOP_DATA));
    is_full.then(|| format!("has used {STOP_DATA} % of its data"))
}

/// Runs `command`, which creates a snapshot. A power cut can leave a thin device in the pool that LVM does not know. LVM then
/// assigns the same number again, and the command fails with "File exists" every time. Such a device is deleted and the
/// command run again. It is always one of an interrupted creation: LVM does not use a pool whose transaction number differs
/// from the one in its own metadata, so it knows every volume that it has finished creating.
///
/// # Errors
/// [`ToolError`] of the command or of deleting the device.
pub(crate) fn create_snapshot(
    tools: &dyn Tools,
    command: &Command,
    pool: &PoolDevice,
) -> Result<(), ToolError> {
    let Err(error) = tools.run(command) else { return Ok(()) };
    let Some(id) = refused_number(error.stderr()) else { return Err(error) };
    // What LVM cannot be asked about may be somebody's volume.
    let known = Lvm::read(tools).map_or(true, |lvm| {
        lvm.volumes.iter().any(|v| v.thin_id == Some(id) && v.pool_name().as_ref() == Some(&pool.volume))
    });
    if known {
        return Err(error);
    }
    pool.delete(tools, id)?;
    tools.run(command).map(|_| ())
}

/// The number of the thin device that LVM tried to create and that the pool has already.
fn refused_number(stderr: &str) -> Option<u32> {
    let message = stderr.split("\"create_snap ").nth(1).filter(|_| stderr.contains("File exists"))?;
    message.split(' ').next()?.parse().ok()
}

/// How a thin volume is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    resume: Option<Command>,
    command: Command,
    pool: PoolDevice,
    thin_id: Option<u32>,
}

impl Removal {
    /// Of a volume that was created completely. Monitoring stays off: nothing needs to watch the pool for it.
    pub(crate) fn of(volume: &LogicalVolume) -> Removal {
        let name = volume.full_name();
        Removal {
            resume: None,
            command: LvmCommands { monitor: false }.command("lvremove", ["--yes", "--force", &name]),
            pool: PoolDevice::named(&volume.vg, volume.pool.as_deref().unwrap_or_default()),
            thin_id: volume.thin_id,
        }
    }

    /// Of a snapshot that an interrupted run can have left; its origin is one of `volumes`.
    ///
    /// LVM that was killed while it made the snapshot can leave the origin suspended. A command for the pool does not send the
    /// pool's messages then, but counts the transaction: afterwards the pool cannot be activated any more. So an active origin is
    /// resumed first; that changes nothing for one that runs.
    pub(crate) fn of_unfinished(volume: &LogicalVolume, volumes: &[LogicalVolume]) -> Removal {
        let is_origin =
            |v: &&LogicalVolume| v.active && v.vg == volume.vg && volume.origin.as_ref() == Some(&v.name);
        let resume = volumes.iter().find(is_origin).map(|origin| {
            let device = device_mapper_name(&origin.vg, &origin.name);
            Command::new("dmsetup", ["resume", &device])
        });
        Removal { resume, ..Removal::of(volume) }
    }

    /// The commands, in order.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        self.resume.iter().chain([&self.command])
    }

    /// Removes it. A power cut between the pool's commit of a new thin device and LVM's leaves a volume that LVM still wants to
    /// create and the pool already has: every command fails with "File exists". If LVM names the device of this volume, it is ours
    /// and unused; once it is deleted, the pool and LVM agree again. Any other device is left alone.
    ///
    /// # Errors
    /// [`ToolError`] of a command, or of deleting the device.
    pub(crate) fn run(&self, tools: &dyn Tools) -> Result<(), ToolError> {
        if let Some(resume) = &self.resume {
            tools.run(resume)?;
        }
        let Err(error) = tools.run(&self.command) else { return Ok(()) };
        let Some(id) = self.thin_id.filter(|id| refused_number(error.stderr()) == Some(*id)) else {
            return Err(error);
        };
        self.pool.delete(tools, id)?;
        tools.run(&self.command).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_pool_says_whether_more_may_be_written() {
        let line = |data: &str, metadata: &str, mode: &str| {
            format!(
                "0 83886080 thin-pool 7 {metadata} {data} - {mode} discard_passdown queue_if_no_space - 1024\n"
            )
        };
        let why = |data, metadata, mode| why_no_room(&line(data, metadata, mode)).unwrap_or_default();
        // The transaction's number comes before the metadata.
        assert_eq!(why("1000/40960", "120/30720", "rw"), "");
        assert_eq!(why("39732/40960", "120/30720", "rw"), "has used 97 % of its data");
        assert_eq!(why("1000/40960", "29184/30720", "rw"), "has used 95 % of its metadata");
        assert!(why("40960/40960", "120/30720", "out_of_data_space").starts_with("is full"));
        assert!(why("1000/40960", "120/30720", "ro").starts_with("is read-only"));
        assert_eq!(why_no_room("0 100 thin-pool Fail\n").as_deref(), Some("has failed"));
        assert_eq!(why_no_room("Device onn-pool00-tpool not found\n"), None);
    }

    #[test]
    fn the_profile_that_is_written_extends_the_pool() {
        let policy = Policy::builtin("ovirt-node").unwrap();
        assert!(profile_extends(&profile_text(&policy)));
        assert!(!profile_extends("activation {\n\tthin_pool_autoextend_threshold = 100\n}\n"));
        assert!(!profile_extends(""));
    }
}
