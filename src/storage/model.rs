//! What a kickstart asks of the disks: its storage commands as values, each with the place it stands at.
//!
//! Invariant: this is what is *asked*; whether it can be had is decided by the plan.

use super::disk::Label;
use crate::dialect::{Command, Kickstart};
use crate::policy::Scheme;
use crate::source::Span;
use crate::units::Bytes;

/// All storage commands of one kickstart, in the order of each kind.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// `ignoredisk`, `clearpart`, `zerombr`
    pub selection: Selection,
    /// `bootloader`
    pub boot_loader: BootLoader,
    /// `autopart`
    pub autopart: Option<Autopart>,
    /// `reqpart`
    pub reqpart: Option<Reqpart>,
    /// `part`
    pub partitions: Vec<Part>,
    /// `raid`
    pub arrays: Vec<Raid>,
    /// `volgroup`
    pub groups: Vec<VolGroup>,
    /// `logvol`
    pub volumes: Vec<LogVol>,
    /// `btrfs`
    pub btrfs: Vec<Btrfs>,
    /// `mount`
    pub mounts: Vec<Mount>,
    /// `snapshot`: origin as `group/volume`, and where it stands.
    pub snapshots: Vec<(String, Span)>,
}

/// A name in a kickstart and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As written, without `/dev/`.
    pub name: String,
    /// Its place.
    pub span: Span,
}

/// Which partitions `clearpart` removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clear {
    /// None.
    #[default]
    None,
    /// Those of Linux.
    Linux,
    /// All.
    All,
    /// Those in the list.
    List,
}

/// Disks used and what is removed from them.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `ignoredisk --drives`
    pub ignored: Vec<Named>,
    /// `ignoredisk --only-use`
    pub only: Vec<Named>,
    /// `clearpart --all`, `--linux`, `--list`
    pub clear: Clear,
    /// `clearpart --drives`
    pub drives: Vec<Named>,
    /// `clearpart --list`
    pub devices: Vec<Named>,
    /// `clearpart --initlabel`
    pub init_labels: bool,
    /// `clearpart --disklabel`
    pub label: Option<Named>,
    /// `zerombr`
    pub zerombr: bool,
}

/// Where the boot loader goes.
#[derive(Clone, Debug, Default)]
pub struct BootLoader {
    /// `--location=none` or `--disabled`
    pub disabled: bool,
    /// `--location=partition`
    pub on_partition: bool,
    /// `--boot-drive`
    pub drive: Option<Named>,
    /// `--driveorder`
    pub order: Vec<Named>,
    /// The command.
    pub span: Option<Span>,
}

/// Encryption of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// `--encrypted`
    pub wanted: bool,
    /// Whether a passphrase is given.
    pub passphrase: bool,
    /// `--luks-version=luks1`
    pub luks1: bool,
}

/// `autopart`
#[derive(Clone, Debug)]
pub struct Autopart {
    /// `--type`; nothing for the profile's.
    pub scheme: Option<Scheme>,
    /// `--fstype`
    pub fstype: Option<Named>,
    /// `--nohome`, `--noboot`, `--noswap`
    pub without: Vec<&'static str>,
    /// Encryption of the members.
    pub encryption: Encryption,
    /// `--hibernation`
    pub hibernation: bool,
    /// The command.
    pub span: Span,
}

/// `reqpart`
#[derive(Clone, Debug)]
pub struct Reqpart {
    /// `--add-boot`
    pub add_boot: bool,
    /// The command.
    pub span: Span,
}

/// Sizes of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// `--size`, unless zero.
    pub size: Option<Bytes>,
    /// A negative `--size`.
    pub negative: bool,
    /// `--grow`
    pub grow: bool,
    /// `--maxsize`, unless zero.
    pub max: Option<Bytes>,
    /// `--recommended`
    pub recommended: bool,
    /// `--hibernation`
    pub hibernation: bool,
}

/// `part`
#[derive(Clone, Debug)]
pub struct Part {
    /// Mount point, `swap`, `biosboot`, `pv.01`, `raid.10`…
    pub mount: String,
    /// `--fstype`
    pub fstype: Option<String>,
    /// Its sizes.
    pub sizes: Sizes,
    /// `--asprimary`
    pub primary: bool,
    /// `--ondisk`
    pub disk: Option<Named>,
    /// `--onpart`
    pub onpart: Option<Named>,
    /// `--onbiosdisk`
    pub onbiosdisk: Option<Named>,
    /// `--noformat`
    pub noformat: bool,
    /// `--resize`
    pub resize: bool,
    /// Encryption.
    pub encryption: Encryption,
    /// The command.
    pub span: Span,
}

/// `raid`
#[derive(Clone, Debug)]
pub struct Raid {
    /// Mount point, `swap`, `pv.01`…
    pub mount: String,
    /// Members as written.
    pub members: Vec<Named>,
    /// `--device`
    pub device: String,
    /// `--level`
    pub level: String,
    /// `--spares`
    pub spares: usize,
    /// `--chunksize`
    pub chunk: Option<Bytes>,
    /// `--fstype`
    pub fstype: Option<String>,
    /// `--noformat`
    pub noformat: bool,
    /// `--useexisting`
    pub existing: bool,
    /// Encryption.
    pub encryption: Encryption,
    /// The command.
    pub span: Span,
}

/// `volgroup`
#[derive(Clone, Debug)]
pub struct VolGroup {
    /// Its name.
    pub name: String,
    /// Physical volumes as written.
    pub members: Vec<Named>,
    /// `--pesize` in bytes; nothing for the default of 4 MiB.
    pub extent: Option<Bytes>,
    /// `--reserved-percent`
    pub reserved_percent: u64,
    /// `--reserved-space`
    pub reserved_space: Bytes,
    /// `--useexisting` or `--noformat`
    pub existing: bool,
    /// The command.
    pub span: Span,
}

/// `logvol`
#[derive(Clone, Debug)]
pub struct LogVol {
    /// Mount point, `swap` or `none`.
    pub mount: String,
    /// `--name`
    pub name: String,
    /// `--vgname`
    pub group: String,
    /// Where `--vgname` stands.
    pub group_span: Span,
    /// `--fstype`
    pub fstype: Option<String>,
    /// Its sizes.
    pub sizes: Sizes,
    /// `--percent`
    pub percent: u64,
    /// `--thinpool`
    pub pool: bool,
    /// `--thin`
    pub thin: bool,
    /// `--poolname`
    pub pool_name: Option<Named>,
    /// `--metadatasize`
    pub metadata: Bytes,
    /// `--chunksize`
    pub chunk: Bytes,
    /// `--cachesize` with `--cachepvs`
    pub cache: Bytes,
    /// `--cachepvs`
    pub cache_members: Vec<Named>,
    /// `--useexisting` or `--noformat`
    pub existing: bool,
    /// `--noformat`
    pub noformat: bool,
    /// `--resize`
    pub resize: bool,
    /// Encryption.
    pub encryption: Encryption,
    /// The command.
    pub span: Span,
}

/// `btrfs`
#[derive(Clone, Debug)]
pub struct Btrfs {
    /// Mount point or `none`.
    pub mount: String,
    /// Members, or the volume that a subvolume lies in.
    pub members: Vec<Named>,
    /// `--label`
    pub label: Option<String>,
    /// `--name`
    pub name: Option<String>,
    /// `--subvol`
    pub subvolume: bool,
    /// `--useexisting`
    pub existing: bool,
    /// The command.
    pub span: Span,
}

/// `mount`
#[derive(Clone, Debug)]
pub struct Mount {
    /// The device.
    pub device: Named,
    /// Where; `none` for nowhere.
    pub mount: String,
    /// `--reformat`: nothing for no, empty for the same file system.
    pub reformat: Option<String>,
    /// The command.
    pub span: Span,
}

impl Layout {
    /// The storage commands that the language accepts.
    pub fn of(kickstart: &Kickstart<'_>) -> Layout {
        let mut layout = Layout::default();
        for command in kickstart.commands.iter().filter(|c| c.valid) {
            layout.add(command);
        }
        layout
    }

    /// Whether the kickstart leaves the disks to someone else (an included file, a `%pre` script, the person).
    pub fn is_empty(&self) -> bool {
        self.autopart.is_none()
            && self.reqpart.is_none()
            && self.partitions.is_empty()
            && self.arrays.is_empty()
            && self.groups.is_empty()
            && self.volumes.is_empty()
            && self.btrfs.is_empty()
            && self.mounts.is_empty()
    }

    fn add(&mut self, c: &Command<'_>) {
        match c.name {
            "ignoredisk" => {
                self.selection.ignored = names(c, "--drives");
                self.selection.only = names(c, "--only-use");
            }
            "clearpart" => self.clearpart(c),
            "zerombr" => self.selection.zerombr = true,
            "bootloader" => self.boot_loader = boot_loader(c),
            "autopart" => self.autopart = Some(autopart(c)),
            "reqpart" => self.reqpart = Some(Reqpart { add_boot: c.has("--add-boot"), span: c.span }),
            "part" | "partition" => self.partitions.extend(part(c)),
            "raid" => self.arrays.extend(raid(c)),
            "volgroup" => self.groups.extend(volgroup(c)),
            "logvol" => self.volumes.extend(logvol(c)),
            "btrfs" => self.btrfs.extend(btrfs(c)),
            "mount" => self.mounts.extend(mount(c)),
            "snapshot" => {
                self.snapshots.extend(c.first().map(|o| (o.text.to_string(), o.span)));
            }
            _ => {}
        }
    }

    fn clearpart(&mut self, c: &Command<'_>) {
        let s = &mut self.selection;
        s.devices = names(c, "--list");
        s.clear = match () {
            () if c.has("--all") => Clear::All,
            () if c.has("--linux") => Clear::Linux,
            () if !s.devices.is_empty() => Clear::List,
            () => Clear::None,
        };
        s.drives = names(c, "--drives");
        s.init_labels = c.has("--initlabel");
        s.label = named(c, "--disklabel");
    }
}

fn strip(name: &str) -> &str {
    name.strip_prefix("/dev/").unwrap_or(name)
}

fn named(c: &Command<'_>, option: &str) -> Option<Named> {
    let value = c.value(option)?;
    (!value.text.is_empty()).then(|| Named { name: strip(&value.text).to_owned(), span: value.span })
}

fn text(c: &Command<'_>, option: &str) -> Option<String> {
    c.value(option).map(|v| v.text.to_string()).filter(|t| !t.is_empty())
}

/// A list that is separated by commas.
fn names(c: &Command<'_>, option: &str) -> Vec<Named> {
    let Some(value) = c.value(option) else { return Vec::new() };
    let words = value.text.split(',').map(str::trim).filter(|w| !w.is_empty());
    words.map(|w| Named { name: strip(w).to_owned(), span: value.span }).collect()
}

fn unit(c: &Command<'_>, option: &str, bytes: u64) -> Option<Bytes> {
    let n = c.int(option)?;
    (n != 0).then(|| Bytes(u64::try_from(n).unwrap_or(0).saturating_mul(bytes)))
}

fn mib(c: &Command<'_>, option: &str) -> Option<Bytes> {
    unit(c, option, 1 << 20)
}

fn count(c: &Command<'_>, option: &str) -> u64 {
    c.int(option).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

fn encryption(c: &Command<'_>) -> Encryption {
    Encryption {
        wanted: c.has("--encrypted"),
        passphrase: text(c, "--passphrase").is_some(),
        luks1: text(c, "--luks-version").as_deref() == Some("luks1"),
    }
}

fn sizes(c: &Command<'_>) -> Sizes {
    Sizes {
        size: mib(c, "--size"),
        negative: c.int("--size").is_some_and(|n| n < 0),
        grow: c.has("--grow"),
        max: mib(c, "--maxsize"),
        recommended: c.has("--recommended"),
        hibernation: c.has("--hibernation"),
    }
}

fn mount_point(c: &Command<'_>) -> Option<String> {
    Some(normalized(&c.first()?.text))
}

/// A path as the language's reference normalises mount points: no empty or dot parts, `..` resolved. Words that
/// are no absolute path stay as they are.
pub fn normalized(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    // POSIX gives two leading slashes a meaning of their own; three are one.
    let two = path.starts_with("//") && !path.starts_with("///");
    format!("{}{}", if two { "//" } else { "/" }, parts.join("/"))
}

fn members(c: &Command<'_>) -> Vec<Named> {
    c.positionals().skip(1).map(|v| Named { name: strip(&v.text).to_owned(), span: v.span }).collect()
}

fn boot_loader(c: &Command<'_>) -> BootLoader {
    let location = text(c, "--location");
    BootLoader {
        disabled: c.has("--disabled") || location.as_deref() == Some("none"),
        on_partition: location.as_deref() == Some("partition"),
        drive: named(c, "--boot-drive"),
        order: names(c, "--driveorder"),
        span: Some(c.span),
    }
}

fn autopart(c: &Command<'_>) -> Autopart {
    let scheme = match text(c, "--type").as_deref() {
        Some("lvm") => Some(Scheme::Lvm),
        Some("thinp") => Some(Scheme::LvmThinp),
        Some("plain" | "partition") => Some(Scheme::Plain),
        Some("btrfs") => Some(Scheme::Btrfs),
        _ if c.has("--nolvm") => Some(Scheme::Plain),
        _ => None,
    };
    let flags = [("--nohome", "/home"), ("--noboot", "/boot"), ("--noswap", "swap")];
    Autopart {
        scheme,
        fstype: named(c, "--fstype"),
        without: flags.iter().filter(|(f, _)| c.has(f)).map(|(_, m)| *m).collect(),
        encryption: encryption(c),
        hibernation: c.has("--hibernation"),
        span: c.span,
    }
}

fn part(c: &Command<'_>) -> Option<Part> {
    Some(Part {
        mount: mount_point(c)?,
        fstype: text(c, "--fstype"),
        sizes: sizes(c),
        primary: c.has("--asprimary"),
        disk: named(c, "--ondisk"),
        onpart: named(c, "--onpart"),
        onbiosdisk: named(c, "--onbiosdisk"),
        noformat: c.has("--noformat"),
        resize: c.has("--resize"),
        encryption: encryption(c),
        span: c.span,
    })
}

fn raid(c: &Command<'_>) -> Option<Raid> {
    let device = text(c, "--device").unwrap_or_default();
    let device = strip(&device);
    Some(Raid {
        mount: mount_point(c)?,
        members: members(c),
        device: device.strip_prefix("md/").unwrap_or(device).to_owned(),
        level: text(c, "--level").unwrap_or_default(),
        spares: usize::try_from(count(c, "--spares")).unwrap_or(usize::MAX),
        chunk: unit(c, "--chunksize", 1 << 10),
        fstype: text(c, "--fstype"),
        noformat: c.has("--noformat"),
        existing: c.has("--useexisting") || c.has("--noformat"),
        encryption: encryption(c),
        span: c.span,
    })
}

fn volgroup(c: &Command<'_>) -> Option<VolGroup> {
    Some(VolGroup {
        name: c.first()?.text.to_string(),
        members: members(c),
        extent: unit(c, "--pesize", 1 << 10),
        reserved_percent: count(c, "--reserved-percent"),
        reserved_space: mib(c, "--reserved-space").unwrap_or_default(),
        existing: c.has("--useexisting") || c.has("--noformat"),
        span: c.span,
    })
}

fn logvol(c: &Command<'_>) -> Option<LogVol> {
    let group = c.value("--vgname")?;
    Some(LogVol {
        mount: mount_point(c)?,
        name: text(c, "--name").unwrap_or_default(),
        group: group.text.to_string(),
        group_span: group.span,
        fstype: text(c, "--fstype"),
        sizes: sizes(c),
        percent: count(c, "--percent"),
        pool: c.has("--thinpool"),
        thin: c.has("--thin"),
        pool_name: c.value("--poolname").map(|v| Named { name: v.text.to_string(), span: v.span }),
        metadata: mib(c, "--metadatasize").unwrap_or_default(),
        chunk: unit(c, "--chunksize", 1 << 10).unwrap_or_default(),
        cache: mib(c, "--cachesize").unwrap_or_default(),
        cache_members: names(c, "--cachepvs"),
        existing: c.has("--useexisting") || c.has("--noformat"),
        noformat: c.has("--noformat"),
        resize: c.has("--resize"),
        encryption: encryption(c),
        span: c.span,
    })
}

fn btrfs(c: &Command<'_>) -> Option<Btrfs> {
    Some(Btrfs {
        mount: mount_point(c)?,
        members: members(c),
        label: text(c, "--label"),
        name: text(c, "--name"),
        subvolume: c.has("--subvol"),
        existing: c.has("--useexisting") || c.has("--noformat"),
        span: c.span,
    })
}

fn mount(c: &Command<'_>) -> Option<Mount> {
    let mut words = c.positionals();
    let device = words.next()?;
    Some(Mount {
        device: Named { name: strip(&device.text).to_owned(), span: device.span },
        mount: normalized(&words.next()?.text),
        reformat: c.has("--reformat").then(|| text(c, "--reformat").unwrap_or_default()),
        span: c.span,
    })
}

/// The table that `clearpart --disklabel` names, where it is one for PCs.
pub fn label_of(name: &str) -> Option<Label> {
    match name {
        "gpt" => Some(Label::Gpt),
        "msdos" | "mbr" => Some(Label::Msdos),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn mount_points_lose_what_says_nothing() {
        for (given, wanted) in
            [("/x/", "/x"), ("/var//log/", "/var/log"), ("/a/../b/.", "/b"), ("/", "/"), ("pv.01", "pv.01")]
        {
            assert_eq!(normalized(given), wanted);
        }
    }
}
