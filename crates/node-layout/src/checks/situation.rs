//! How things stand: root, pool, names, boot entries. Without them nothing else can be asked.

use crate::loader::BootConfig;
use crate::lvm::{LogicalVolume, Lvm, TAG_LAYER, TAG_UNFINISHED, VolumeGroup};
use crate::notice::{self, Notice};
use crate::plan::ROOT_TAG_PREFIX;
use crate::system::{IMAGE_NVR, System};
use crate::target::Target;
use node_base::boot_entry::BootEntry;
use node_base::diagnostic::Severity;
use node_base::names::{Layer, Nvr};
use node_base::superblock::Kind as FsKind;

/// How far the layout has come, by what is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Root still has its old name.
    Before,
    /// Root is the layer; what comes after the renaming is still to be done.
    Renamed,
    /// All is done, but perhaps for what the first boot does.
    Done,
}

/// What is there, and what is to be made of it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The volume group.
    pub group: &'a VolumeGroup,
    /// The thin pool.
    pub pool: &'a LogicalVolume,
    /// The volume that is root.
    pub root: &'a LogicalVolume,
    /// Root's file system.
    pub root_fs: FsKind,
    /// Names.
    pub target: Target,
    /// The base, if there is one of that name.
    pub base: Option<&'a LogicalVolume>,
    /// Volumes that an interrupted work has left.
    pub leftovers: Vec<&'a LogicalVolume>,
    /// How far it has come.
    pub progress: Progress,
    /// The boot configuration.
    pub boot: &'a BootConfig,
    /// The entry that the layer's entry is made after.
    pub template: &'a BootEntry,
}

/// Root, pool, names, boot entries: without them nothing else can be asked.
pub(crate) fn situation<'a>(
    system: &'a System,
    lvm: &'a Lvm,
    notices: &mut Vec<Notice>,
) -> Option<Situation<'a>> {
    let root_mount = system.mount("/");
    let Some(root) = system.root_volume() else {
        if let Some(m) = root_mount.filter(|_| system.root_is_lvm) {
            notices.push(
                notice::DEVICES
                    .notice(format!("/ is on {}, a logical volume that LVM does not show here: its devices file or filter leaves out the disk", m.source))
                    .help("lvmdevices --adddev DISK (or vgimportdevices VG), or mend the filter of /etc/lvm/lvm.conf; `pvs` has to show the disk"),
            );
            return None;
        }
        let seen = match root_mount {
            Some(m) => format!("/ is on {} ({}), not on a logical volume", m.source, m.kind),
            None => format!("nothing is mounted at {}", system.sysroot.display()),
        };
        let mut notice = notice::ROOT_NOT_THIN.notice(seen);
        if !lvm.volumes.iter().any(|v| v.segtype == "thin-pool") {
            notice.message.push_str("; no volume group here has a thin pool");
        }
        notices.push(notice.help(THIN_HELP));
        return None;
    };
    let pool = root.pool.as_ref().filter(|_| root.is_thin()).and_then(|p| lvm.volume(&root.vg, p));
    let Some(pool) = pool else {
        let pools = lvm.volumes.iter().filter(|v| v.vg == root.vg && v.segtype == "thin-pool").count();
        let also =
            if pools == 0 { format!("; volume group '{}' has no thin pool", root.vg) } else { String::new() };
        notices.push(
            notice::ROOT_NOT_THIN
                .notice(format!(
                    "/ is on {}, a {} volume, not a thin one{also}",
                    root.full_name(),
                    root.segtype
                ))
                .help(THIN_HELP),
        );
        return None;
    };
    let group = lvm.group(&root.vg)?;
    let root_fs = root_filesystem(system, notices);
    let (layer, base, progress) = image(system, lvm, root, notices)?;
    if system.boot_super.is_none() {
        let seen = match system.mount("/boot") {
            Some(m) => format!("/boot is {} on {}, which has no UUID that can be read", m.kind, m.source),
            None => "/boot is not a file system of its own".to_owned(),
        };
        notices.push(notice::BOOT.notice(seen).help(
            "give /boot a standard partition with ext4 or xfs (kickstart: part /boot --fstype=ext4 --size=1024); it holds the kernels of all images",
        ));
    }
    let boot = match &system.boot {
        Ok(boot) => boot,
        // Without /boot there can be none.
        Err(_) if system.boot_super.is_none() => return None,
        Err(error) => {
            notices.push(
                notice::BOOT_CONFIG
                    .notice(format!("the boot configuration cannot be used: {error}"))
                    .help("node-layout needs Boot Loader Specification entries, for GRUB (GRUB_ENABLE_BLSCFG=true) or for systemd-boot"),
            );
            return None;
        }
    };
    let old_name =
        |b: &LogicalVolume| b.tags.iter().find_map(|t| t.strip_prefix(ROOT_TAG_PREFIX)).map(str::to_owned);
    let old = match progress {
        Progress::Before => root.name.clone(),
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
        notices.push(
            notice::BOOT_ENTRY
                .notice(format!(
                    "no boot entry in {} boots / ({})",
                    boot.entries_dir.display(),
                    root.full_name()
                ))
                .help("make one (kernel-install add, grubby --add-kernel), then run this again"),
        );
        return None;
    };
    let leftovers = lvm.volumes.iter().filter(|v| v.vg == root.vg && is_leftover(v)).collect();
    Some(Situation {
        group,
        pool,
        root,
        root_fs: root_fs?,
        target,
        base,
        leftovers,
        progress,
        boot,
        template,
    })
}

/// The longest name that imgbase takes for a volume (its lvm.py).
const ORIGINAL_LONGEST: usize = 55;

const THIN_HELP: &str =
    "a node needs / on a thin logical volume: autopart --type=thinp, or logvol / --thin --poolname=POOL";

/// A base that was begun and whose making has not come to its end.
pub(super) fn is_leftover(v: &LogicalVolume) -> bool {
    v.has_tag(TAG_UNFINISHED) || v.tags.iter().any(|t| t.starts_with(ROOT_TAG_PREFIX))
}

fn root_filesystem(system: &System, notices: &mut Vec<Notice>) -> Option<FsKind> {
    let mount = system.mount("/")?;
    let kind = match (mount.kind.as_str(), &system.root_super) {
        ("ext4", Some(s)) if s.kind.is_ext() => Some(FsKind::Ext4),
        ("xfs", Some(s)) if s.kind == FsKind::Xfs => Some(FsKind::Xfs),
        _ => None,
    };
    if kind.is_none() {
        notices.push(
            notice::ROOT_FILESYSTEM
                .notice(format!(
                    "the file system of / ({}) is {}; a base can be made of ext4 and xfs",
                    mount.source, mount.kind
                ))
                .help("install with --fstype=xfs or --fstype=ext4 for /"),
        );
    }
    if kind.is_some() && mount.read_only {
        notices.push(
            notice::ROOT_FILESYSTEM.notice(format!("/ ({}) is mounted read-only", mount.source)).help(
                "remount it for writing (mount -o remount,rw), or run fsck if it went read-only by itself",
            ),
        );
    }
    kind
}

/// Which image this is, and how far it has come.
fn image<'a>(
    system: &System,
    lvm: &'a Lvm,
    root: &LogicalVolume,
    notices: &mut Vec<Notice>,
) -> Option<(Layer, Option<&'a LogicalVolume>, Progress)> {
    if let Some(layer) = Layer::parse(&root.name) {
        let base = lvm.volume(&root.vg, layer.nvr.as_str());
        if let Some(b) = base.filter(|b| b.is_thin() && b.pool == root.pool) {
            let progress = if is_leftover(b) { Progress::Renamed } else { Progress::Done };
            return Some((layer, base, progress));
        }
        if root.has_tag(TAG_LAYER) {
            notices.push(
                notice::BASE
                    .notice(format!("/ is layer {}, and its base {} is not there", root.full_name(), layer.nvr))
                    .help("the layer boots without it, but no upgrade can be made from it: reinstall, or restore the base from a backup of LVM's metadata (vgcfgrestore) before the pool has changed"),
            );
            return None;
        }
    }
    let Some((text, source)) = &system.nvr else {
        notices.push(
            notice::NVR
                .notice(format!("the image has no name: neither a kernel argument, nor the add-on, nor --nvr, nor {} gives one", IMAGE_NVR))
                .help("give --nvr NAME-VERSION-RELEASE"),
        );
        return None;
    };
    let nvr = Nvr::parse(text).and_then(|n| n.fits(&root.vg).map(|()| n));
    match nvr {
        Ok(nvr) => {
            let base = lvm.volume(&root.vg, nvr.as_str());
            let layer = nvr.layer(1);
            if layer.to_string().len() > ORIGINAL_LONGEST {
                notices.push(
                    notice::NVR
                        .notice(format!("the layer's name '{layer}' is longer than {ORIGINAL_LONGEST} characters: imgbase refuses to work with it"))
                        .help("node-layout works with it; take a shorter name if imgbase is to be used on this host")
                        .severity(Severity::Warning),
                );
            }
            Some((layer, base, Progress::Before))
        }
        Err(error) => {
            notices.push(
                notice::NVR
                    .notice(format!("the image's name from {source} cannot be used: {error}"))
                    .help("give a name like ovirt-node-ng-4.5.6-0.20261121.0"),
            );
            None
        }
    }
}

/// The default entry if it boots root, else the newest that does; never the rescue image.
fn template<'a>(boot: &'a BootConfig, target: &Target) -> Option<&'a BootEntry> {
    let ours = |e: &&BootEntry| !e.is_rescue() && e.kernel().is_some() && target.boots(&boot.arguments(e));
    boot.default_entry().filter(ours).or_else(|| boot.entries.iter().find(ours))
}
