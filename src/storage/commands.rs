//! From the commands of a kickstart to the [`model`](super::model): options become sizes, names and flags.

use super::disk::Label;
use super::model::{
    Autopart, BootLoader, Btrfs, Clear, Encryption, Layout, LogVol, Mount, Named, Part, Raid, Reqpart, Sizes,
    VolGroup,
};
use crate::dialect::{Command, Kickstart, normal_mount_point};
use crate::policy::Scheme;
use crate::units::Bytes;

impl Layout {
    /// An option whose effect on the disks is not computed: a plan that left it out would be a guess.
    pub fn not_modelled(&self) -> Option<&'static str> {
        let resized = self.partitions.iter().any(|p| p.resize) || self.volumes.iter().any(|v| v.resize);
        let numbered = self.partitions.iter().any(|p| p.onbiosdisk.is_some());
        resized.then_some("--resize").or(numbered.then_some("--onbiosdisk"))
    }

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
