//! The state of a node: root, pool, the image's name, boot entries. Without them nothing else can be checked.

use crate::boot::{BootConfig, BootError, Target};
use crate::disks::{
    LogicalVolume, Lvm, RootFs, TAG_LAYER, TAG_ROOT_PREFIX, TAG_UNFINISHED, VolumeGroup, is_lv_name,
};
use crate::system::{IMAGE_NVR, System};
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::{Finding, Findings, Severity, layout};
use node_base::names::{LONGEST, Layer, Nvr};
use std::path::PathBuf;

/// The number of the layer that `init` makes of an installed system.
pub(crate) const FIRST_LAYER: u32 = 1;

/// How far `init` has come, by what is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitStage {
    /// Root's volume still has its old name.
    NotStarted,
    /// Root's volume is the layer; later steps are not complete.
    Renamed,
    /// Complete, except for what the first boot does.
    Complete,
}

/// An installed system as a node: the volumes it is made of, and the layer that root is or becomes.
#[derive(Clone, Debug)]
pub struct NodeState<'a> {
    /// The volume group of root.
    pub(crate) group: &'a VolumeGroup,
    /// The thin pool of root.
    pub(crate) pool: &'a LogicalVolume,
    /// Root's volume.
    pub root: &'a LogicalVolume,
    /// Root's file system.
    pub(crate) root_fs: RootFs,
    /// The layer that root is or becomes, and its names.
    pub target: Target,
    /// The base of that layer, if a volume of its name exists.
    pub(crate) base: Option<&'a LogicalVolume>,
    /// Bases that an interrupted run has left.
    pub(crate) leftovers: Vec<&'a LogicalVolume>,
    /// Whether the directory of the kept kernel and initramfs existed, and was not made by an earlier run: its files are
    /// somebody else's.
    pub(crate) kept_is_foreign: bool,
    /// How far `init` has come.
    pub(crate) stage: InitStage,
    /// When the running system was booted, in seconds since the epoch; `None` if root is not that of the running system, or if
    /// it is not known.
    pub(crate) booted_at: Option<i64>,
    /// The boot configuration.
    pub boot: &'a BootConfig,
    /// The boot entry that the layer's own entry is made from.
    pub template: &'a BootEntry,
}

impl NodeState<'_> {
    /// The id of the layer's boot entry, as the original tools name its file.
    pub fn layer_entry_id(&self) -> String {
        let layer = self.target.layer.to_string();
        let own = self.boot.entries.iter().find(|e| {
            e.id.starts_with(&format!("{layer}-")) && e.options().value("img.bootid") == Some(&layer)
        });
        match own {
            Some(e) if self.stage != InitStage::NotStarted => e.id.clone(),
            _ => format!("{layer}-{}", self.template.version().unwrap_or("0")),
        }
    }

    /// The layer's boot entry.
    pub(crate) fn layer_entry(&self) -> Option<&BootEntry> {
        self.boot.entry(&self.layer_entry_id())
    }

    /// The directory of the kernel and initramfs kept for the image.
    pub(crate) fn kept_dir(&self) -> PathBuf {
        self.boot.file(&self.target.layer.to_string())
    }

    /// Whether the layer's entry still boots the system's own kernel, which the first boot replaces by the kept one.
    pub(crate) fn is_pending(&self) -> bool {
        let dir = format!("/{}/", self.target.layer);
        self.layer_entry().and_then(BootEntry::kernel).is_some_and(|k| !k.starts_with(&dir))
    }
}

/// Whether a volume is a base whose making was begun and is not complete.
pub(crate) fn is_unfinished(v: &LogicalVolume) -> bool {
    v.has_tag(TAG_UNFINISHED) || v.tags.iter().any(|t| t.starts_with(TAG_ROOT_PREFIX))
}

/// Whether a volume is such a base in the pool of `root`, by everything that `init` gives it together: a tag alone can be set
/// by anybody, and what is left over is removed.
pub(crate) fn is_leftover(v: &LogicalVolume, root: &LogicalVolume) -> bool {
    is_unfinished(v)
        && v.is_thin()
        && v.vg == root.vg
        && v.pool == root.pool
        && v.uuid != root.uuid
        && v.skip_activation
        && Nvr::parse(&v.name).is_ok()
}

/// The state of a node; `None` with at least one error among the findings.
pub(crate) fn node_state<'a>(
    system: &'a System,
    lvm: &'a Lvm,
    findings: &mut Findings,
) -> Option<NodeState<'a>> {
    let (root, pool) = root_in_pool(system, lvm, findings)?;
    let group = lvm.group(&root.vg)?;
    let root_fs = root_filesystem(system, findings);
    let (layer, base, stage) = image(system, lvm, root, findings)?;
    let boot = boot_configuration(system, findings)?;
    let old_name = |b: &LogicalVolume| {
        b.tags
            .iter()
            .filter_map(|t| t.strip_prefix(TAG_ROOT_PREFIX))
            .find(|n| is_lv_name(n))
            .map(str::to_owned)
    };
    let old = match stage {
        InitStage::NotStarted => root.name.clone(),
        _ => base.and_then(old_name).unwrap_or_else(|| root.name.clone()),
    };
    let target = Target {
        vg: root.vg.clone(),
        old,
        layer,
        root_uuid: system.root_super.as_ref()?.uuid.clone(),
        root_label: system.root_super.as_ref()?.label.clone(),
        boot_uuid: system.boot_super.as_ref()?.uuid.clone(),
    };
    let Some(template) = template(boot, &target) else {
        let message =
            format!("no boot entry in {} boots / ({})", boot.entries_dir.display(), root.full_name());
        findings.push(
            Finding::new(&layout::BOOT_ENTRY, message)
                .help("make one (kernel-install add, grubby --add-kernel), then run this again"),
        );
        return None;
    };
    let leftovers: Vec<_> = lvm.volumes.iter().filter(|v| is_leftover(v, root)).collect();
    let kept_dir = boot.file(&target.layer.to_string());
    // A run makes the base first, then the directory.
    let begun =
        stage != InitStage::NotStarted || leftovers.iter().any(|v| v.name == target.layer.nvr.as_str());
    let kept_is_foreign = !begun && kept_dir.exists();
    Some(NodeState {
        group,
        pool,
        root,
        root_fs: root_fs?,
        target,
        base,
        leftovers,
        kept_is_foreign,
        stage,
        booted_at: system.booted_at.filter(|_| system.running),
        boot,
        template,
    })
}

const THIN_HELP: &str =
    "a node needs / on a thin logical volume: autopart --type=thinp, or logvol / --thin --poolname=POOL";

/// Root's volume and its thin pool.
fn root_in_pool<'a>(
    system: &'a System,
    lvm: &'a Lvm,
    findings: &mut Findings,
) -> Option<(&'a LogicalVolume, &'a LogicalVolume)> {
    let root_mount = system.mount("/");
    let Some(root) = system.root_volume() else {
        if let Some(m) = root_mount.filter(|_| system.root_is_lvm) {
            let message = format!(
                "/ is on {}, a logical volume that LVM does not show here: its devices file or filter leaves out the disk",
                m.source
            );
            findings.push(Finding::new(&layout::DEVICES, message).help(
                "lvmdevices --adddev DISK (or vgimportdevices VG), or correct the filter in /etc/lvm/lvm.conf; `pvs` must list the disk",
            ));
            return None;
        }
        let mut message = match root_mount {
            Some(m) => format!("/ is on {} ({}), not on a logical volume", m.source, m.kind),
            None => format!("nothing is mounted at {}", system.sysroot.display()),
        };
        if !lvm.volumes.iter().any(|v| v.segtype == "thin-pool") {
            message.push_str("; no volume group here has a thin pool");
        }
        findings.push(Finding::new(&layout::ROOT_NOT_THIN, message).help(THIN_HELP));
        return None;
    };
    let pool = root.pool.as_ref().filter(|_| root.is_thin()).and_then(|p| lvm.volume(&root.vg, p));
    if pool.is_none() {
        let pools = lvm.volumes.iter().filter(|v| v.vg == root.vg && v.segtype == "thin-pool").count();
        let also =
            if pools == 0 { format!("; volume group '{}' has no thin pool", root.vg) } else { String::new() };
        let message =
            format!("/ is on {}, a {} volume, not a thin one{also}", root.full_name(), root.segtype);
        findings.push(Finding::new(&layout::ROOT_NOT_THIN, message).help(THIN_HELP));
    }
    Some((root, pool?))
}

fn root_filesystem(system: &System, findings: &mut Findings) -> Option<RootFs> {
    let mount = system.mount("/")?;
    let kind = system.root_super.as_ref().and_then(|s| RootFs::of(&mount.kind, s.kind));
    if kind.is_none() {
        let message = format!(
            "the file system of / ({}) is {}; a base can be made of ext4 or xfs",
            mount.source, mount.kind
        );
        findings.push(
            Finding::new(&layout::ROOT_FILESYSTEM, message)
                .help("install with --fstype=xfs or --fstype=ext4 for /"),
        );
    }
    if kind.is_some() && mount.read_only {
        let message = format!("/ ({}) is mounted read-only", mount.source);
        findings.push(Finding::new(&layout::ROOT_FILESYSTEM, message).help(
            "remount it for writing (mount -o remount,rw); if the kernel made it read-only after an error, run fsck",
        ));
    }
    kind
}

/// The layer that root is or becomes, its base, and how far `init` has come.
fn image<'a>(
    system: &System,
    lvm: &'a Lvm,
    root: &LogicalVolume,
    findings: &mut Findings,
) -> Option<(Layer, Option<&'a LogicalVolume>, InitStage)> {
    if let Some(layer) = Layer::parse(&root.name) {
        let base = lvm.volume(&root.vg, layer.nvr.as_str());
        if let Some(b) = base.filter(|b| b.is_thin() && b.pool == root.pool) {
            let stage = if is_unfinished(b) { InitStage::Renamed } else { InitStage::Complete };
            return Some((layer, base, stage));
        }
        if root.has_tag(TAG_LAYER) {
            let message =
                format!("/ is layer {}, and its base {} does not exist", root.full_name(), layer.nvr);
            findings.push(Finding::new(&layout::BASE, message).help(
                "the layer boots without it, but no upgrade can be made from it: reinstall, or restore the base from a backup of LVM's metadata (vgcfgrestore) before the pool has changed",
            ));
            return None;
        }
    }
    let nvr = image_name(system, root, findings)?;
    let base = lvm.volume(&root.vg, nvr.as_str());
    Some((nvr.layer(FIRST_LAYER), base, InitStage::NotStarted))
}

/// The name that the image is to have.
fn image_name(system: &System, root: &LogicalVolume, findings: &mut Findings) -> Option<Nvr> {
    let Some((text, source)) = &system.nvr else {
        let message = format!(
            "the image has no name: none is given by a kernel argument, the add-on, --nvr or {IMAGE_NVR}"
        );
        findings.push(Finding::new(&layout::NVR, message).help("give --nvr NAME-VERSION-RELEASE"));
        return None;
    };
    let help = "give a name like ovirt-node-ng-4.5.6-0.20261121.0";
    usable_name(text, source, &root.vg, help, findings)
}

/// The name of an image if it fits in the volume group. `source` says where it comes from, `help` how to give another.
pub(crate) fn usable_name(
    text: &str,
    source: &str,
    vg: &str,
    help: &str,
    findings: &mut Findings,
) -> Option<Nvr> {
    match Nvr::parse(text).and_then(|nvr| nvr.fits(vg).map(|()| nvr)) {
        Ok(nvr) => {
            let layer = nvr.layer(FIRST_LAYER);
            if layer.to_string().len() > LONGEST {
                let message = format!(
                    "the layer's name '{layer}' is longer than {LONGEST} characters: imgbase refuses to work with it"
                );
                findings.push(
                    Finding::new(&layout::NVR, message)
                        .help("choose a shorter name if imgbase is to be used on this host; node-layout does not need it")
                        .severity(Severity::Warning),
                );
            }
            Some(nvr)
        }
        Err(error) => {
            let message = format!("the image's name from {source} cannot be used: {error}");
            findings.push(Finding::new(&layout::NVR, message).help(help));
            None
        }
    }
}

fn boot_configuration<'a>(system: &'a System, findings: &mut Findings) -> Option<&'a BootConfig> {
    if system.boot_super.is_none() {
        let message = match system.mount("/boot") {
            Some(m) => format!("/boot is {} on {}, and its UUID cannot be read", m.kind, m.source),
            None => "/boot is not a file system of its own".to_owned(),
        };
        findings.push(Finding::new(&layout::BOOT, message).help(
            "give /boot a standard partition with ext4 or xfs (kickstart: part /boot --fstype=ext4 --size=1024); it has the kernels of all images",
        ));
    }
    match &system.boot {
        Ok(boot) => Some(boot),
        // Without /boot it cannot exist.
        Err(_) if system.boot_super.is_none() => None,
        Err(error) => {
            let message = format!("the boot configuration cannot be used: {error}");
            let help = match error {
                BootError::Io { .. } | BootError::Read(_) => {
                    "correct or remove the file that is named, then run this again"
                }
                _ => {
                    "node-layout needs Boot Loader Specification entries, for GRUB (GRUB_ENABLE_BLSCFG=true) or for systemd-boot"
                }
            };
            findings.push(Finding::new(&layout::BOOT_CONFIG, message).help(help));
            None
        }
    }
}

/// The default entry if it boots root, else the newest entry that does; never a rescue entry.
fn template<'a>(boot: &'a BootConfig, target: &Target) -> Option<&'a BootEntry> {
    let boots_root =
        |e: &&BootEntry| !e.is_rescue() && e.kernel().is_some() && target.boots(&boot.arguments(e));
    boot.default_entry().filter(boots_root).or_else(|| boot.entries.iter().find(boots_root))
}
