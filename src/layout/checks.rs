//! Everything that can be known to stand in the way, asked before anything is changed.

use super::entry::BootEntry;
use super::loader::BootConfig;
use super::lvm::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG, VolumeGroup};
use super::names::{Layer, Nvr};
use super::notice::{self, Notice};
use super::plan::ROOT_TAG_PREFIX;
use super::superblock::FsKind;
use super::system::{System, device_size};
use super::target::Target;
use super::tools::{Command, Tools};
use crate::policy::{Policy, Presence};
use crate::units::Bytes;
use std::path::Path;

/// How full the pool may be for the work to begin, in percent; the original tools call a pool above it unhealthy.
pub const FULL_PERCENT: f64 = 80.0;

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

/// Finds out how things stand, and everything that stands in the way.
///
/// # Errors
/// The notices, at least one of them an error.
pub fn examine<'a>(
    system: &'a System,
    policy: &Policy,
    tools: &dyn Tools,
) -> Result<(Situation<'a>, Vec<Notice>), Vec<Notice>> {
    let mut notices = Vec::new();
    if tools.architecture() != "x86_64" {
        notices.push(
            notice::ARCHITECTURE
                .notice(format!(
                    "this machine is {}; node-layout knows how x86_64 boots",
                    tools.architecture()
                ))
                .help("nothing was changed; install the node on x86_64"),
        );
    }
    notices.extend(missing_tools(system, tools));
    let lvm = match &system.lvm {
        Ok(lvm) => lvm,
        Err(error) => {
            notices.push(notice::LVM_UNREADABLE.notice(format!("LVM cannot be read: {error}")).help(
                "if another program holds LVM's lock (/run/lock/lvm), let it end, then run this again",
            ));
            return Err(notices);
        }
    };
    let situation = situation(system, lvm, &mut notices);
    if let Some(s) = &situation {
        if s.progress == Progress::Before {
            pool(s, policy, &mut notices);
            names(s, lvm, &mut notices);
        }
        if s.progress != Progress::Done {
            boot_partition(system, s, policy, tools, &mut notices);
            devices(system, s, tools, &mut notices);
        }
        foreign_tags(s, lvm, &mut notices);
    }
    if situation.as_ref().is_none_or(|s| s.progress != Progress::Done) {
        volumes(system, policy, tools, &mut notices);
    }
    notices.sort_by(|a, b| (b.severity, a.code).cmp(&(a.severity, b.code)));
    match situation {
        Some(s) if !notices.iter().any(Notice::is_error) => Ok((s, notices)),
        _ => Err(notices),
    }
}

fn missing_tools(system: &System, tools: &dyn Tools) -> Vec<Notice> {
    let kind = system.mount("/").map(|m| m.kind.as_str());
    let mut needed =
        vec!["lvm", "lvcreate", "lvchange", "lvrename", "lvremove", "lvextend", "vgchange", "dmsetup"];
    match kind {
        Some("ext4") => needed.extend(["e2fsck", "tune2fs"]),
        Some("xfs") => needed.extend(["mount", "umount", "xfs_db"]),
        _ => {}
    }
    if system.mount("/boot").is_some_and(|m| m.kind != "vfat") {
        needed.push("fsfreeze");
    }
    if system.selinux.is_some() {
        needed.push("setfiles");
    }
    let missing: Vec<&str> = needed.into_iter().filter(|p| !tools.has(p)).collect();
    missing
        .iter()
        .map(|p| {
            notice::TOOL_MISSING
                .notice(format!("the program '{p}' is needed and not installed here"))
                .help(format!("install the package that brings '{p}' (lvm2, e2fsprogs, xfsprogs, util-linux, policycoreutils)"))
        })
        .collect()
}

/// Root, pool, names, boot entries: without them nothing else can be asked.
pub(super) fn situation<'a>(
    system: &'a System,
    lvm: &'a Lvm,
    notices: &mut Vec<Notice>,
) -> Option<Situation<'a>> {
    let root_mount = system.mount("/");
    let Some(root) = system.root_volume() else {
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

const THIN_HELP: &str =
    "a node needs / on a thin logical volume: autopart --type=thinp, or logvol / --thin --poolname=POOL";

/// A base that was begun and whose making has not come to its end.
fn is_leftover(v: &LogicalVolume) -> bool {
    v.has_tag(TAG_UNFINISHED) || v.tags.iter().any(|t| t.starts_with(ROOT_TAG_PREFIX))
}

fn root_filesystem(system: &System, notices: &mut Vec<Notice>) -> Option<FsKind> {
    let mount = system.mount("/")?;
    let kind = match (mount.kind.as_str(), &system.root_super) {
        ("ext4", Some(s)) if s.kind == FsKind::Ext4 => Some(FsKind::Ext4),
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
    }
    let Some((text, source)) = &system.nvr else {
        notices.push(
            notice::NVR
                .notice(format!("the image has no name: neither a kernel argument, nor the add-on, nor --nvr, nor {} gives one", super::system::IMAGE_NVR))
                .help("give --nvr NAME-VERSION-RELEASE"),
        );
        return None;
    };
    let nvr = Nvr::parse(text).and_then(|n| n.fits(&root.vg).map(|()| n));
    match nvr {
        Ok(nvr) => {
            let base = lvm.volume(&root.vg, nvr.as_str());
            Some((nvr.layer(1), base, Progress::Before))
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

/// Room in the pool, of data and of metadata.
fn pool(s: &Situation<'_>, policy: &Policy, notices: &mut Vec<Notice>) {
    for (what, used) in [("data", s.pool.data_percent), ("metadata", s.pool.metadata_percent)] {
        if let Some(used) = used.filter(|u| *u >= FULL_PERCENT) {
            notices.push(
                notice::POOL_FULL
                    .notice(format!(
                        "thin pool {} has used {used:.1} % of its {what}; images need it below {FULL_PERCENT:.0} %",
                        s.pool.full_name()
                    ))
                    .help(match what {
                        "data" => format!("free or add space: lvextend --size +SIZE {}", s.pool.full_name()),
                        _ => format!("lvextend --poolmetadatasize +SIZE {}", s.pool.full_name()),
                    }),
            );
        }
    }
    if let Err(short) = metadata_growth(s, policy) {
        notices.push(
            notice::POOL_METADATA
                .notice(format!(
                    "the metadata of thin pool {} is {} and has to grow to {} for further images; volume group '{}' has {} free and {} are needed (LVM keeps a spare of the same size)",
                    s.pool.full_name(), s.pool.metadata_size, short.wanted, s.group.name, s.group.free, short.room
                ))
                .help("leave space in the volume group (kickstart: volgroup --reserved-percent=20), or add a physical volume (vgextend)"),
        );
    }
    if s.group.missing > 0 {
        notices.push(
            notice::VOLUME_HEALTH
                .notice(format!(
                    "volume group '{}' lacks {} physical volume(s)",
                    s.group.name, s.group.missing
                ))
                .help("attach the missing disk, or vgreduce --removemissing"),
        );
    }
    if !s.pool.health.is_empty() {
        notices.push(
            notice::VOLUME_HEALTH
                .notice(format!("thin pool {} is '{}'", s.pool.full_name(), s.pool.health))
                .help("repair it first (lvconvert --repair)"),
        );
    }
}

/// Metadata that cannot grow as far as it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// The least size that further images need.
    pub wanted: Bytes,
    /// Free space that growing to it takes.
    pub room: Bytes,
}

/// What the pool's metadata should grow to (`None`: it is large enough).
///
/// LVM estimates 64 bytes a chunk for a pool whose every chunk is mapped once; snapshots map a chunk again as soon as they
/// differ. Four times that is room for a full set of images, twice that is the least; the policy's figure bounds both.
///
/// # Errors
/// [`Short`]: not even the least fits into the volume group.
pub fn metadata_growth(s: &Situation<'_>, policy: &Policy) -> Result<Option<Bytes>, Short> {
    let chunks = s.pool.size.0.div_ceil(s.pool.chunk_size.0.max(64 << 10));
    let limit = policy.pool.metadata.map_or(Bytes::GIB, |m| m.bytes());
    let rounded = |b: u64| s.group.extent.0.max(1).saturating_mul(b.div_ceil(s.group.extent.0.max(1)));
    let size = |times: u64| Bytes(rounded(chunks.saturating_mul(64 * times).min(limit.0)));
    let (good, least) = (size(4), size(2));
    let now = s.pool.metadata_size;
    // The pool's spare grows with it.
    let room = |to: Bytes| Bytes((to - now).0.saturating_mul(2));
    if now >= good || (now >= least && room(good) > s.group.free) {
        Ok(None)
    } else if room(good) <= s.group.free {
        Ok(Some(good))
    } else if room(least) <= s.group.free {
        Ok(Some(least))
    } else {
        Err(Short { wanted: least, room: room(least) })
    }
}

fn names(s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    for name in [s.target.layer.nvr.to_string(), s.target.layer.to_string()] {
        if let Some(v) = lvm.volume(&s.target.vg, &name).filter(|v| !is_leftover(v) && v.uuid != s.root.uuid)
        {
            notices.push(
                notice::NAME_TAKEN
                    .notice(format!("a volume {} exists already ({}, {}); the image needs that name", v.full_name(), v.segtype, v.size))
                    .help(format!("rename it (lvrename {} NEWNAME) or remove it if it is not needed, or use another --nvr", v.full_name())),
            );
        }
    }
}

/// Images of another installation that the machine still sees: tools would take them for this one's.
pub(super) fn foreign_tags(s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    for group in &lvm.groups {
        let tagged: Vec<&LogicalVolume> =
            lvm.volumes.iter().filter(|v| v.vg == group.name && v.is_tagged()).collect();
        let is_tagged = group.tags.iter().any(|t| t == TAG_VG);
        if group.name != s.group.name && (is_tagged || !tagged.is_empty()) {
            let what = if is_tagged {
                format!("volume group '{}' has the tag {TAG_VG}", group.name)
            } else {
                format!("volume {} has image tags ({})", tagged[0].full_name(), tagged[0].tags.join(", "))
            };
            notices.push(
                notice::TAGS_FOREIGN
                    .notice(format!("{what}: it belongs to another installation, and / is in '{}'", s.group.name))
                    .help(format!("disconnect that disk, or take its tags away: vgchange --deltag {TAG_VG} {} (and lvchange --deltag for its volumes)", group.name)),
            );
        }
        // In root's own group, before the work: tags of images that are not there any more.
        if group.name == s.group.name && s.progress == Progress::Before {
            for v in tagged.iter().filter(|v| v.has_tag(TAG_BASE) || v.has_tag(TAG_LAYER)) {
                if !is_leftover(v) && v.uuid != s.root.uuid {
                    notices.push(
                        notice::TAGS_FOREIGN
                            .notice(format!("volume {} has image tags ({}) although / ({}) is no layer: it is left from an older installation", v.full_name(), v.tags.join(", "), s.root.name))
                            .help(format!("lvremove {}, or take its tags away: lvchange --deltag TAG {}", v.full_name(), v.full_name())),
                    );
                }
            }
            let other_pool = tagged.iter().find(|v| v.has_tag(TAG_POOL) && v.name != s.pool.name);
            if let Some(v) = other_pool {
                notices.push(
                    notice::TAGS_FOREIGN
                        .notice(format!(
                            "thin pool {} has the tag {TAG_POOL}, and / is in pool {}",
                            v.full_name(),
                            s.pool.full_name()
                        ))
                        .help(format!("lvchange --deltag {TAG_POOL} {}", v.full_name())),
                );
            }
        }
    }
}

/// /boot: of its own, writable, and large enough for two images.
fn boot_partition(
    system: &System,
    s: &Situation<'_>,
    policy: &Policy,
    tools: &dyn Tools,
    notices: &mut Vec<Notice>,
) {
    let Some(mount) = system.mount("/boot") else { return };
    if mount.read_only {
        notices.push(
            notice::BOOT
                .notice(format!("/boot ({}) is mounted read-only", mount.source))
                .help("mount it for writing: mount -o remount,rw /boot"),
        );
    }
    let allowed = &policy.boot.filesystems;
    let systemd_boot = s.boot.loader == super::loader::Loader::SystemdBoot;
    let fits = allowed.is_empty() || allowed.contains(&mount.kind) || (systemd_boot && mount.kind == "vfat");
    if !fits {
        notices.push(
            notice::BOOT
                .notice(format!(
                    "/boot ({}) is {}; policy '{}' has {}",
                    mount.source,
                    mount.kind,
                    policy.name,
                    allowed.join(" or ")
                ))
                .help("install with --fstype=ext4 or --fstype=xfs for /boot"),
        );
    }
    let size = device_size(tools.environment(), mount.device);
    if let (Some(size), Some(min)) = (size, policy.boot.min)
        && size < min.bytes()
    {
        notices.push(
            notice::BOOT_SPACE
                .notice(format!(
                    "/boot ({}) is {size}; policy '{}' asks for {}",
                    mount.source,
                    policy.name,
                    min.bytes()
                ))
                .help("install with a larger /boot: part /boot --size=1024"),
        );
    }
    let Some(space) = system.boot_space else { return };
    let (image, measured) = image_size(s, policy);
    // This image's copy and the next image's.
    let needed = Bytes(image.0.saturating_mul(2));
    let have = Bytes(space.free) + kept_already(s);
    if have < needed {
        let how = if measured {
            "the kernel and initramfs of the default entry"
        } else {
            "the policy's figure for an image"
        };
        notices.push(
            notice::BOOT_SPACE
                .notice(format!(
                    "/boot ({}) has {} free; two images need {needed} ({image} each, by {how})",
                    mount.source,
                    Bytes(space.free)
                ))
                .help("remove kernels that are not needed, or install with a larger /boot"),
        );
    }
}

/// Bytes of a kernel and an initramfs: of the template's files, or the policy's figure while there is no initramfs yet.
fn image_size(s: &Situation<'_>, policy: &Policy) -> (Bytes, bool) {
    let size = |p: Option<&str>| p.and_then(|p| std::fs::metadata(s.boot.file(p)).ok()).map(|m| m.len());
    match (size(s.template.kernel()), size(s.template.initramfs())) {
        (Some(k), Some(i)) => (Bytes(k.saturating_add(i)), true),
        _ => (policy.images.boot_content.map_or(Bytes(0), |m| m.bytes()), false),
    }
}

/// What an interrupted work has copied already.
fn kept_already(s: &Situation<'_>) -> Bytes {
    let dir = s.boot.root.join(s.target.layer.to_string());
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    Bytes(files.filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum())
}

/// The volumes of the policy.
pub(super) fn volumes(system: &System, policy: &Policy, tools: &dyn Tools, notices: &mut Vec<Notice>) {
    for volume in &policy.volumes {
        let Some(mount) = system.mount(&volume.mount) else {
            match volume.presence {
                Presence::Required => notices.push(
                    notice::VOLUME
                        .notice(format!("{} is not a volume of its own; policy '{}' requires one", volume.mount, policy.name))
                        .help(format!("install with logvol {} --thin --poolname=POOL", volume.mount)),
                ),
                Presence::Recommended => notices.push(
                    notice::VOLUME_RECOMMENDED
                        .notice(format!("{} is not a volume of its own; policy '{}' recommends one", volume.mount, policy.name))
                        .help("it works without; what is written there stays in the layer and is not carried to the next image"),
                ),
                Presence::Optional => {}
            }
            continue;
        };
        let size = device_size(tools.environment(), mount.device);
        if let (Some(size), Some(min)) = (size, volume.min)
            && size < min.bytes()
        {
            notices.push(
                notice::VOLUME
                    .notice(format!(
                        "{} ({}) is {size}; policy '{}' asks for {}",
                        volume.mount,
                        mount.source,
                        policy.name,
                        min.bytes()
                    ))
                    .help(format!("lvextend --resizefs --size {}b {}", min.bytes().0, mount.source)),
            );
        }
    }
    for path in &policy.not_separate {
        if let Some(m) = system.mount(path) {
            notices.push(
                notice::VOLUME_SEPARATE
                    .notice(format!(
                        "{path} is a volume of its own ({}); it has to be part of the image",
                        m.source
                    ))
                    .help(format!("install without a logvol or part for {path}")),
            );
        }
    }
}

/// Whether the installed system's own LVM configuration (devices file, filter) lets it see the disks that it boots from.
pub(super) fn devices(system: &System, s: &Situation<'_>, tools: &dyn Tools, notices: &mut Vec<Notice>) {
    let own = system.path("/etc/lvm");
    if own.join("lvm.conf").exists() && system.sysroot != Path::new("/") {
        let command = Command::new("lvm", ["pvs", "--reportformat", "json", "-o", "pv_uuid"])
            .env("LVM_SYSTEM_DIR", own.display().to_string());
        let seen = tools.run(&command).map(|o| o.stdout).unwrap_or_default();
        for (device, _) in s.group.physical.iter().filter(|(_, uuid)| !seen.contains(uuid.as_str())) {
            notices.push(
                notice::DEVICES
                    .notice(format!("the installed system's LVM will not see {device}: {} or its filter leaves it out", own.join("devices/system.devices").display()))
                    .help(format!("in the system: lvmdevices --adddev {device}, or mend the filter of /etc/lvm/lvm.conf; else its next boot ends in the emergency shell")),
            );
        }
    }
    for (device, _) in &s.group.physical {
        if let Some(map) = multipath_above(tools, device) {
            notices.push(
                notice::DEVICES
                    .notice(format!("physical volume {device} is a path of the multipath device {map}, but LVM uses the path itself"))
                    .help("set up multipathd before LVM (mpathconf --enable), then vgimportdevices or lvmdevices --update"),
            );
        }
    }
}

/// The multipath device that a disk, or the disk of a partition, is a path of.
fn multipath_above(tools: &dyn Tools, device: &str) -> Option<String> {
    let name = device.strip_prefix("/dev/")?;
    let own = super::tools::below(tools.environment(), format!("/sys/class/block/{name}"));
    // The kernel shows a partition inside its disk; /sys/class/block has links to both.
    let real = std::fs::canonicalize(&own).unwrap_or_else(|_| own.clone());
    let disk = own.join("partition").exists().then(|| real.parent().map(Path::to_owned)).flatten();
    [Some(real), disk].into_iter().flatten().find_map(|d| multipath_holder(&d))
}

fn multipath_holder(device: &Path) -> Option<String> {
    for holder in std::fs::read_dir(device.join("holders")).ok()?.flatten() {
        let dm = holder.path().join("dm");
        if std::fs::read_to_string(dm.join("uuid")).is_ok_and(|u| u.starts_with("mpath-")) {
            return std::fs::read_to_string(dm.join("name")).ok().map(|n| n.trim().to_owned());
        }
    }
    None
}
