//! LVM's JSON report, and the commands that change something.
//!
//! One `lvm fullreport` shows volume groups, volumes and physical volumes at one moment.

use crate::machine::{Command, ToolError, Tools};
use node_base::names::device_mapper_name;
use node_base::units::Bytes;
use serde::Deserialize;

/// Tag of the volume group with the images. The tags `imgbased:…` are those of the original tools.
pub(crate) const TAG_VG: &str = "imgbased:vg";
/// Tag of the thin pool.
pub(crate) const TAG_POOL: &str = "imgbased:pool";
/// Tag of the installer's root, where imgbased has made its first base of it.
pub(crate) const TAG_INIT: &str = "imgbased:init";
/// Tag of a finished base.
pub(crate) const TAG_BASE: &str = "imgbased:base";
/// Tag of a layer.
pub(crate) const TAG_LAYER: &str = "imgbased:layer";
/// Tag of a base that is being made; `lvcreate` sets it in the same write that creates the volume.
pub(crate) const TAG_UNFINISHED: &str = "node-layout:unfinished";
/// Tag of a base until the layout is complete, followed by the name that root's volume had.
pub(crate) const TAG_ROOT_PREFIX: &str = "node-layout:root=";

/// Tag of a base that is being made by an update; `lvcreate` sets it in the same write that creates the volume.
pub(crate) const TAG_MAKING: &str = "node-layout:state=making";
/// Tag of a complete base whose image is not confirmed yet.
pub(crate) const TAG_READY: &str = "node-layout:state=ready";
/// Tag of a base whose layer has reached its user space in a trial; the trial sets it itself.
pub(crate) const TAG_STARTED: &str = "node-layout:started";
/// Tag of a base whose trial failed, followed by the reason.
pub(crate) const TAG_REASON_PREFIX: &str = "node-layout:reason=";

/// A logical volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogicalVolume {
    /// Name of its volume group.
    pub vg: String,
    /// Name, without the brackets of hidden volumes.
    pub name: String,
    /// LVM's UUID.
    pub uuid: String,
    /// Segment type: `thin`, `thin-pool`, `linear`…
    pub segtype: String,
    /// Size in bytes; of a thin volume the virtual size.
    pub size: Bytes,
    /// Name of its thin pool; `None` if it is not a thin volume.
    pub pool: Option<String>,
    /// Name of the volume it is a snapshot of.
    pub origin: Option<String>,
    /// All its tags, also those of other programs.
    pub tags: Vec<String>,
    /// Whether its permission is read-write.
    pub writable: bool,
    /// Whether it is skipped during normal activation.
    pub skip_activation: bool,
    /// Whether it is active on this machine.
    pub active: bool,
    /// Device number; `None` while it is inactive.
    pub device: Option<(u32, u32)>,
    /// Allocated share of a thin volume, or used share of a pool's data, in percent; `None` while it is inactive.
    pub data_percent: Option<f64>,
    /// Used share of a pool's metadata, in percent; `None` while it is inactive.
    pub metadata_percent: Option<f64>,
    /// Size of a pool's metadata; 0 for other volumes.
    pub metadata_size: Bytes,
    /// Chunk size of a pool; 0 for other volumes.
    pub chunk_size: Bytes,
    /// Number of the thin device inside its pool.
    pub thin_id: Option<u32>,
    /// Name of the LVM profile attached to it.
    pub profile: Option<String>,
    /// Whether dmeventd monitors it; `None` while it is inactive.
    pub monitored: Option<bool>,
    /// LVM's health status; empty if LVM reports no damage.
    pub health: String,
}

impl LogicalVolume {
    /// `VG/LV`, as commands take it. Neither part can begin with a hyphen.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.vg, self.name)
    }

    /// `VG/LV` of its thin pool.
    pub fn pool_name(&self) -> Option<String> {
        self.pool.as_ref().map(|pool| format!("{}/{pool}", self.vg))
    }

    /// Whether it has `tag`.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether it has a tag of the image tools.
    pub fn is_tagged(&self) -> bool {
        self.tags.iter().any(|t| t.starts_with("imgbased:"))
    }

    /// Whether it is a thin volume.
    pub fn is_thin(&self) -> bool {
        self.segtype == "thin"
    }
}

/// Whether LVM accepts `name` as the name of a volume. It is then a single part of a path.
pub(crate) fn is_lv_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+_.-".contains(c);
    !name.is_empty() && !name.starts_with('-') && name != "." && name != ".." && name.chars().all(letter)
}

/// A share of a size. LVM's percentages have two decimals, so hundredths of a percent are exact.
pub(crate) fn share(size: Bytes, percent: f64) -> Bytes {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let hundredths = (percent.clamp(0.0, 100.0) * 100.0).round() as u64;
    let bytes = u128::from(size.0) * u128::from(hundredths) / 10_000;
    Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// A volume group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeGroup {
    /// Its name.
    pub name: String,
    /// Size in bytes.
    pub size: Bytes,
    /// Bytes that no volume uses.
    pub free: Bytes,
    /// Extent size in bytes.
    pub extent: Bytes,
    /// All its tags.
    pub tags: Vec<String>,
    /// Number of missing physical volumes.
    pub missing: u32,
    /// Device name and LVM's UUID of each physical volume.
    pub physical: Vec<(String, String)>,
}

/// Everything that LVM sees on this machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lvm {
    /// All volume groups.
    pub groups: Vec<VolumeGroup>,
    /// The volumes of all groups, hidden ones included.
    pub volumes: Vec<LogicalVolume>,
}

const VG_FIELDS: &str = "vg_name,vg_size,vg_free,vg_extent_size,vg_tags,vg_missing_pv_count";
const LV_FIELDS: &str = "lv_name,lv_uuid,lv_size,pool_lv,origin,lv_tags,lv_permissions,lv_skip_activation,lv_active,\
    lv_kernel_major,lv_kernel_minor,data_percent,metadata_percent,lv_metadata_size,lv_profile,lv_health_status,lv_layout";
const SEG_FIELDS: &str = "lv_uuid,segtype,chunk_size,thin_id,seg_monitor";
const PV_FIELDS: &str = "pv_name,pv_uuid";

/// LVM's commands with the global options that each of them gets. For a system that is not running dmeventd must not start: it
/// would keep the file systems of an installation busy (rhbz#1357247).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LvmCommands {
    /// Whether dmeventd may start to monitor the pool.
    pub(crate) monitor: bool,
}

impl LvmCommands {
    /// The command `program` with the global options, then `args`.
    pub(crate) fn command<S: Into<String>>(
        self,
        program: &'static str,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut all: Vec<String> = Vec::new();
        if !self.monitor {
            all.extend(["--config".to_owned(), "activation/monitoring=0".to_owned()]);
        }
        all.extend(args.into_iter().map(Into::into));
        Command::new(program, all)
    }
}

/// Why LVM's report could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LvmError {
    /// The command failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Its output is not the report that was asked for.
    #[error("LVM's report could not be understood: {0}")]
    Report(String),
}

impl Lvm {
    /// Runs `lvm fullreport`.
    ///
    /// # Errors
    /// [`LvmError`].
    pub fn read(tools: &dyn Tools) -> Result<Lvm, LvmError> {
        let output = tools.run(&report_command())?;
        Lvm::from_report(&output.stdout)
    }

    /// Reads the output of [`report_command`].
    ///
    /// # Errors
    /// [`LvmError::Report`].
    fn from_report(json: &str) -> Result<Lvm, LvmError> {
        // Libraries may print something before the JSON (rhbz#1568414).
        let start = json.find('{').unwrap_or(0);
        let full: FullReport =
            serde_json::from_str(&json[start..]).map_err(|e| LvmError::Report(e.to_string()))?;
        let mut lvm = Lvm::default();
        for report in full.report {
            let Some(group) = report.vg.first().filter(|g| !g.vg_name.is_empty()) else { continue };
            lvm.groups.push(VolumeGroup {
                name: group.vg_name.clone(),
                size: bytes(&group.vg_size),
                free: bytes(&group.vg_free),
                extent: bytes(&group.vg_extent_size),
                tags: list(&group.vg_tags),
                missing: group.vg_missing_pv_count.parse().unwrap_or(0),
                physical: report.pv.iter().map(|p| (p.pv_name.clone(), p.pv_uuid.clone())).collect(),
            });
            for lv in &report.lv {
                let seg = report.seg.iter().find(|s| s.lv_uuid == lv.lv_uuid);
                lvm.volumes.push(volume(&group.vg_name, lv, seg));
            }
        }
        Ok(lvm)
    }

    /// The volume group with this name.
    pub fn group(&self, name: &str) -> Option<&VolumeGroup> {
        self.groups.iter().find(|g| g.name == name)
    }

    /// The volume `vg/name`.
    pub fn volume(&self, vg: &str, name: &str) -> Option<&LogicalVolume> {
        self.volumes.iter().find(|v| v.vg == vg && v.name == name)
    }

    /// The active volume with this device number.
    pub fn by_device(&self, device: (u32, u32)) -> Option<&LogicalVolume> {
        self.volumes.iter().find(|v| v.device == Some(device))
    }

    /// The volume that a path names: `/dev/VG/LV` or `/dev/mapper/VG-LV`.
    pub fn by_path(&self, path: &str) -> Option<&LogicalVolume> {
        let rest = path.strip_prefix("/dev/")?;
        if let Some(mapped) = rest.strip_prefix("mapper/") {
            return self.volumes.iter().find(|v| device_mapper_name(&v.vg, &v.name) == mapped);
        }
        let (vg, lv) = rest.split_once('/')?;
        self.volume(vg, lv)
    }
}

/// The command whose output [`Lvm::from_report`] reads.
fn report_command() -> Command {
    let args = ["fullreport", "--reportformat", "json", "--units", "b", "--nosuffix", "--all"];
    let mut args: Vec<&str> = args.to_vec();
    for (report, fields) in [("vg", VG_FIELDS), ("lv", LV_FIELDS), ("seg", SEG_FIELDS), ("pv", PV_FIELDS)] {
        args.extend(["--configreport", report, "-o", fields]);
    }
    args.extend(["--configreport", "pvseg", "-o", "pvseg_start"]);
    Command::new("lvm", args)
}

#[derive(Deserialize)]
struct FullReport {
    report: Vec<Report>,
}

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    vg: Vec<VgRow>,
    #[serde(default)]
    lv: Vec<LvRow>,
    #[serde(default)]
    seg: Vec<SegRow>,
    #[serde(default)]
    pv: Vec<PvRow>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct VgRow {
    vg_name: String,
    vg_size: String,
    vg_free: String,
    vg_extent_size: String,
    vg_tags: String,
    vg_missing_pv_count: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LvRow {
    lv_name: String,
    lv_uuid: String,
    lv_size: String,
    pool_lv: String,
    origin: String,
    lv_tags: String,
    lv_permissions: String,
    lv_skip_activation: String,
    lv_active: String,
    lv_kernel_major: String,
    lv_kernel_minor: String,
    data_percent: String,
    metadata_percent: String,
    lv_metadata_size: String,
    lv_profile: String,
    lv_health_status: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SegRow {
    lv_uuid: String,
    segtype: String,
    chunk_size: String,
    thin_id: String,
    seg_monitor: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PvRow {
    pv_name: String,
    pv_uuid: String,
}

fn volume(vg: &str, lv: &LvRow, seg: Option<&SegRow>) -> LogicalVolume {
    let number = |text: &str| text.parse::<u32>().ok();
    let monitored = match seg.map(|s| s.seg_monitor.as_str()) {
        Some("monitored") => Some(true),
        Some("not monitored") => Some(false),
        _ => None,
    };
    LogicalVolume {
        vg: vg.to_owned(),
        name: unbracketed(&lv.lv_name).to_owned(),
        uuid: lv.lv_uuid.clone(),
        segtype: seg.map(|s| s.segtype.clone()).unwrap_or_default(),
        size: bytes(&lv.lv_size),
        pool: named(&lv.pool_lv),
        origin: named(&lv.origin),
        tags: list(&lv.lv_tags),
        writable: lv.lv_permissions.starts_with("writeable"),
        skip_activation: !lv.lv_skip_activation.is_empty(),
        active: lv.lv_active == "active",
        device: number(&lv.lv_kernel_major).zip(number(&lv.lv_kernel_minor)),
        data_percent: lv.data_percent.parse().ok(),
        metadata_percent: lv.metadata_percent.parse().ok(),
        metadata_size: bytes(&lv.lv_metadata_size),
        chunk_size: seg.map(|s| bytes(&s.chunk_size)).unwrap_or_default(),
        thin_id: seg.and_then(|s| number(&s.thin_id)),
        profile: named(&lv.lv_profile),
        monitored,
        health: lv.lv_health_status.clone(),
    }
}

/// Hidden volumes are reported in brackets.
fn unbracketed(name: &str) -> &str {
    name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name)
}

fn named(text: &str) -> Option<String> {
    Some(unbracketed(text)).filter(|t| !t.is_empty()).map(str::to_owned)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

fn bytes(text: &str) -> Bytes {
    Bytes(text.parse().unwrap_or(0))
}
