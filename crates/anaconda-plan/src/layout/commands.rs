//! From the commands of a kickstart to the [`model`](crate::layout::model): options become sizes, names and flags.

use crate::layout::{
    Autopart, BootLoader, Btrfs, Clear, Encryption, Layout, LogVol, Mount, Named, Part, Raid, Reqpart, Sizes,
    Snapshot, VolGroup,
};
use kickstart::{Arg, Command, Kickstart, normal_mount_point, python_int};
use node_base::policy::Scheme;
use node_base::source::{Span, Spanned};
use node_base::units::Bytes;

impl Layout {
    /// The first option whose effect on the disks is not computed; a plan without it would be a guess.
    pub fn not_modelled(&self) -> Option<(&'static str, Span)> {
        let part = |p: &Part| match p {
            Part { onbiosdisk: Some(disk), .. } => Some(("--onbiosdisk", disk.span)),
            Part { resize: true, noformat: true, span, .. } => Some(("--resize --noformat", *span)),
            _ => None,
        };
        let kept = self.volumes.iter().filter(|v| v.resize && v.noformat);
        let volumes = kept.map(|v| ("--resize --noformat", v.span));
        self.partitions.iter().filter_map(part).chain(volumes).next()
    }

    /// The storage commands that the language accepts.
    pub fn of(kickstart: &Kickstart<'_>) -> Layout {
        let mut layout = Layout::default();
        for command in kickstart.commands.iter().filter(|c| c.valid) {
            layout.add(command);
        }
        layout
    }

    /// Whether the kickstart asks for no layout: an included file, a `%pre` script or a person decides.
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
                self.snapshots.extend(c.first().map(|o| Snapshot {
                    origin: Named { name: o.text.to_string(), span: o.span },
                    name: text(c, "--name").unwrap_or_default(),
                    after: c.value("--when").is_some_and(|when| when.text == "post-install"),
                }));
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
    c.value(option).and_then(device)
}

fn text(c: &Command<'_>, option: &str) -> Option<String> {
    c.value(option).and_then(filled)
}

/// A list that is separated by commas.
fn names(c: &Command<'_>, option: &str) -> Vec<Named> {
    c.value(option).map(devices).unwrap_or_default()
}

/// A value that is not empty.
fn filled(value: &Spanned<'_>) -> Option<String> {
    (!value.text.is_empty()).then(|| value.text.to_string())
}

/// The device that a value names.
fn device(value: &Spanned<'_>) -> Option<Named> {
    (!value.text.is_empty()).then(|| Named { name: strip(&value.text).to_owned(), span: value.span })
}

/// The devices that a value names, separated by commas.
fn devices(value: &Spanned<'_>) -> Vec<Named> {
    let words = value.text.split(',').map(str::trim).filter(|w| !w.is_empty());
    words.map(|w| Named { name: strip(w).to_owned(), span: value.span }).collect()
}

fn unit(c: &Command<'_>, option: &str, unit: u64) -> Option<Bytes> {
    bytes(c.int(option)?, unit)
}

/// `n` units of `unit` bytes; `None` for zero.
fn bytes(n: i64, unit: u64) -> Option<Bytes> {
    (n != 0).then(|| Bytes(u64::try_from(n).unwrap_or(0).saturating_mul(unit)))
}

fn mib(c: &Command<'_>, option: &str) -> Option<Bytes> {
    unit(c, option, 1 << 20)
}

fn count(c: &Command<'_>, option: &str) -> u64 {
    c.int(option).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

fn encryption(c: &Command<'_>) -> Encryption {
    let mut encryption = Encryption::default();
    for (option, value) in options(c) {
        encryption.apply(option, value);
    }
    encryption
}

impl Sizes {
    /// Applies an option about the size; a later one overrides an earlier one.
    fn apply(&mut self, option: &str, value: Option<&Spanned<'_>>) {
        match option {
            "--size" => {
                let size = value.and_then(|v| python_int(&v.text)).unwrap_or(0);
                self.size = bytes(size, 1 << 20);
                self.negative = size < 0;
            }
            "--maxsize" => self.max = value.and_then(|v| python_int(&v.text)).and_then(|n| bytes(n, 1 << 20)),
            "--grow" => self.grow = true,
            "--recommended" => self.recommended = true,
            "--hibernation" => self.hibernation = true,
            _ => {}
        }
    }
}

impl Encryption {
    /// Applies an option about encryption; a later one overrides an earlier one.
    fn apply(&mut self, option: &str, value: Option<&Spanned<'_>>) {
        match option {
            "--encrypted" => self.wanted = true,
            "--passphrase" => self.passphrase = value.is_some_and(|v| !v.text.is_empty()),
            "--luks-version" => {
                let version = value.map_or("", |v| &v.text);
                self.luks1 = version == "luks1";
                let known = ["", "luks1", "luks2", "luks2-hw-opal", "luks2-hw-opal-only"];
                self.unknown_version = (!known.contains(&version)).then(|| version.to_owned());
            }
            _ => {}
        }
    }
}

/// The options of a command in order.
fn options<'c, 's>(c: &'c Command<'s>) -> impl Iterator<Item = (&'static str, Option<&'c Spanned<'s>>)> {
    c.args.iter().filter_map(|arg| match arg {
        Arg::Option { name, value, .. } => Some((*name, value.as_ref())),
        Arg::Positional(_) => None,
    })
}

fn mount_point(c: &Command<'_>) -> Option<String> {
    Some(normalized(&c.first()?.text))
}

/// A path as the language's reference normalises mount points: no empty or dot parts, `..` resolved. Words that
/// are not an absolute path are kept.
pub(super) fn normalized(path: &str) -> String {
    normal_mount_point(path).into_owned()
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
    let mut part = Part {
        mount: mount_point(c)?,
        fstype: None,
        sizes: Sizes::default(),
        primary: false,
        disk: None,
        onpart: None,
        onbiosdisk: None,
        noformat: false,
        resize: false,
        encryption: Encryption::default(),
        span: c.span,
    };
    for (option, value) in options(c) {
        match option {
            "--fstype" => part.fstype = value.and_then(filled),
            "--asprimary" => part.primary = true,
            "--ondisk" => part.disk = value.and_then(device),
            "--onpart" => part.onpart = value.and_then(device),
            "--onbiosdisk" => part.onbiosdisk = value.and_then(device),
            "--noformat" => part.noformat = true,
            "--resize" => part.resize = true,
            _ => {
                part.sizes.apply(option, value);
                part.encryption.apply(option, value);
            }
        }
    }
    Some(part)
}

fn raid(c: &Command<'_>) -> Option<Raid> {
    Some(Raid {
        mount: mount_point(c)?,
        members: members(c),
        device: text(c, "--device").unwrap_or_default(),
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
    let mut volume = LogVol {
        mount: mount_point(c)?,
        name: String::new(),
        group: group.text.to_string(),
        group_span: group.span,
        fstype: None,
        sizes: Sizes::default(),
        percent: 0,
        pool: false,
        thin: false,
        pool_name: None,
        metadata: Bytes(0),
        chunk: Bytes(0),
        cache: Bytes(0),
        cache_members: Vec::new(),
        existing: false,
        noformat: false,
        resize: false,
        encryption: Encryption::default(),
        span: c.span,
    };
    let number = |value: Option<&Spanned<'_>>| value.and_then(|v| python_int(&v.text)).unwrap_or(0);
    let size = |value, unit| bytes(number(value), unit).unwrap_or_default();
    for (option, value) in options(c) {
        match option {
            "--name" => volume.name = value.and_then(filled).unwrap_or_default(),
            "--fstype" => volume.fstype = value.and_then(filled),
            "--percent" => volume.percent = u64::try_from(number(value)).unwrap_or(0),
            "--thinpool" => volume.pool = true,
            "--thin" => volume.thin = true,
            "--poolname" => {
                volume.pool_name = value.map(|v| Named { name: v.text.to_string(), span: v.span });
            }
            "--metadatasize" => volume.metadata = size(value, 1 << 20),
            "--chunksize" => volume.chunk = size(value, 1 << 10),
            "--cachesize" => volume.cache = size(value, 1 << 20),
            "--cachepvs" => volume.cache_members = value.map(devices).unwrap_or_default(),
            "--useexisting" => volume.existing = true,
            "--noformat" => (volume.noformat, volume.existing) = (true, true),
            "--resize" => volume.resize = true,
            _ => {
                volume.sizes.apply(option, value);
                volume.encryption.apply(option, value);
            }
        }
    }
    Some(volume)
}

fn btrfs(c: &Command<'_>) -> Option<Btrfs> {
    Some(Btrfs {
        mount: mount_point(c)?,
        members: members(c),
        label: text(c, "--label"),
        name: text(c, "--name"),
        data: text(c, "--data"),
        metadata: text(c, "--metadata"),
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

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn mount_points_are_normalised() {
        for (given, wanted) in
            [("/x/", "/x"), ("/var//log/", "/var/log"), ("/a/../b/.", "/b"), ("/", "/"), ("pv.01", "pv.01")]
        {
            assert_eq!(normalized(given), wanted);
        }
    }
}
