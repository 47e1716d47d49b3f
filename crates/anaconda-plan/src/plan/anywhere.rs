//! What Anaconda refuses on any disks: the layout is planned on imaginary ones that are large enough and have what
//! the kickstart names, once for each kind of firmware. What both refuse, every machine will refuse. A disk has the
//! slots that a real one has; for partitions that may be on any disk there are as many disks as they need.

use crate::layout::{Clear, Layout};
use crate::machine::device::partition_name;
use crate::machine::disk::{DiskSpec, Label, OldPartition};
use crate::machine::format::FormatKind;
use crate::machine::profile::Profile;
use crate::machine::release::{Firmware, Release};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::select::{glob, is_pattern};
use crate::plan::verdict::refusals_on;
use foldhash::HashSet;
use node_base::diagnostic::Severity;
use node_base::units::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A disk that holds everything and still can have an MBR.
const LARGE: Bytes = Bytes(2_000_000_000_000);
/// What an MBR on such a disk has room for, with something left for metadata. A layout that needs more is planned on larger
/// disks, which need a GPT; a machine with several smaller ones could still have an MBR.
const MBR_HOLDS: Bytes = Bytes(LARGE.0 / 10 * 9);
/// The name of a disk that the kickstart does not name.
const IMAGINARY: &str = "imaginary";
/// An imaginary partition that exists.
const OLD: Bytes = Bytes(64 << 30);
/// The most names with wildcards. Each is compared with every disk; a real kickstart has one or two.
const MOST_PATTERNS: usize = 100;
/// The least memory on which swap may be missing: what is suggested for swap is least, too.
const MEMORY: Bytes = Bytes(600 << 20);

/// What is refused on any disks. Empty where that cannot be known: the kickstart asks for no layout, or builds on
/// volume groups and arrays that exist already.
pub fn refused_anywhere(layout: &Layout, release: Release, profile: &Arc<Profile>) -> Vec<Refusal> {
    let Some(disks) = imaginary_disks(layout, release) else { return Vec::new() };
    let further = further_disk(layout, &disks);
    let on = |firmware, always_gpt: bool| {
        let gpt = always_gpt || release.is_new() || firmware == Firmware::Uefi;
        let disks: Vec<_> = disks.iter().map(|d| labelled(d, gpt)).collect();
        let mut tree = Tree::new(release, firmware, Arc::clone(profile), MEMORY, &disks);
        tree.always_gpt = always_gpt;
        tree.further_disk = further.as_ref().map(|d| labelled(d, gpt));
        let mut found = refusals_on(tree, layout);
        let mbr_is_out = always_gpt || (!release.is_new() && asked_for(layout) > MBR_HOLDS);
        found.retain(|r| {
            let biosboot_unknown = mbr_is_out || layout.selection.clear != Clear::All;
            let unknown = r.cause == Cause::NoSuchDisk || (biosboot_unknown && r.cause == Cause::NoBiosBoot);
            r.severity == Severity::Error && !unknown
        });
        // How much an imaginary disk has is nobody's number.
        for refusal in found.iter_mut().filter(|r| r.cause == Cause::NoSpaceOnDisks) {
            refusal.numbers = None;
        }
        found
    };
    // What one firmware lets pass is not refused everywhere: most kickstarts need no second plan.
    let uefi = on(Firmware::Uefi, false);
    if uefi.is_empty() {
        return Vec::new();
    }
    let is_full = |r: &&Refusal| r.cause == Cause::NoSpaceOnDisks;
    let mut bios = on(Firmware::Bios, false);
    if bios.iter().any(|r| is_full(&r)) && !uefi.iter().any(|r| is_full(&r)) {
        // An MBR has few slots; with inst.gpt the disks of a BIOS machine have more.
        bios = on(Firmware::Bios, true);
    }
    let about_boot = |r: &&Refusal| matches!(r.cause, Cause::BootDevice | Cause::NoBiosBoot);
    // There can be as many as there are lines.
    let on_bios: HashSet<&Refusal> = bios.iter().collect();
    let mut both: Vec<Refusal> = uefi.iter().filter(|r| on_bios.contains(r)).cloned().collect();
    // A GPT has more slots than an MBR: what is too much for it is too much for both, at an earlier partition.
    if let (Some(u), Some(_)) = (uefi.iter().find(is_full), bios.iter().find(is_full))
        && !both.contains(u)
    {
        both.push(u.clone());
    }
    if let (Some(u), Some(b)) = (uefi.iter().find(about_boot), bios.iter().find(about_boot))
        && both.is_empty()
    {
        // Without stage 1 the installer lists every device that it could not use; one sentence says what is missing.
        let on = |r: &Refusal, firmware| match (r.cause, firmware) {
            (Cause::NoBiosBoot, _) => "a GPT boot disk needs a biosboot partition".to_owned(),
            _ if !r.says.starts_with("Failed to find a suitable stage1") => {
                r.says.trim_end_matches('.').to_owned()
            }
            (_, Firmware::Uefi) => "no EFI system partition is mounted on /boot/efi".to_owned(),
            (_, Firmware::Bios) => "no disk can take the boot loader".to_owned(),
        };
        let (on_uefi, on_bios) = (on(u, Firmware::Uefi), on(b, Firmware::Bios));
        let says = format!("neither firmware can start this: on UEFI, {on_uefi}; on BIOS, {on_bios}.");
        both.push(Refusal::stop(Cause::BootDevice, u.span.or(b.span), says));
    }
    both
}

/// The disks that the kickstart names, or one; `None` if the kickstart builds on existing groups, arrays or labels.
fn imaginary_disks(layout: &Layout, release: Release) -> Option<Vec<DiskSpec>> {
    let builds_on_old = layout.is_empty()
        || !layout.mounts.is_empty()
        || layout.groups.iter().any(|g| g.existing)
        || layout.volumes.iter().any(|v| v.existing)
        || layout.arrays.iter().any(|a| a.existing)
        || layout.btrfs.iter().any(|b| b.existing)
        || layout.selection.clear == Clear::List
        || layout.partitions.iter().any(|p| p.onbiosdisk.is_some() || p.resize);
    if builds_on_old {
        return None;
    }
    let mut disks: BTreeMap<String, BTreeMap<u32, OldPartition>> = BTreeMap::new();
    let s = &layout.selection;
    let named =
        s.only.iter().chain(&s.drives).chain(&layout.boot_loader.drive).chain(&layout.boot_loader.order);
    let mut patterns = 0;
    for disk in named.chain(layout.partitions.iter().filter_map(|p| p.disk.as_ref())) {
        patterns += usize::from(is_pattern(&disk.name));
        if disk.name.contains('|') || patterns > MOST_PATTERNS {
            return None;
        }
        disks.entry(disk.name.clone()).or_default();
    }
    for part in &layout.partitions {
        let Some(onpart) = &part.onpart else { continue };
        let (disk, number) = split_partition(&onpart.name)?;
        let fstype = part.fstype.as_deref().unwrap_or("ext4");
        let format = match part.mount.as_str() {
            "/boot/efi" => "efi",
            name @ ("swap" | "biosboot" | "prepboot") => name,
            m if m.starts_with("pv.") => "lvmpv",
            m if m.starts_with("raid.") => "mdmember",
            _ => fstype,
        };
        let old = OldPartition {
            size: old_size(format, layout, release),
            number: Some(number),
            format: format.to_owned(),
            ..OldPartition::default()
        };
        disks.entry(disk).or_default().insert(number, old);
    }
    let ignored: HashSet<&str> = s.ignored.iter().map(|i| i.name.as_str()).collect();
    if disks.keys().all(|name| ignored.contains(name.as_str())) {
        disks.insert(IMAGINARY.to_owned(), BTreeMap::new());
    }
    let size = match asked_for(layout) {
        needed if needed <= MBR_HOLDS => LARGE,
        needed => Bytes(needed.0.saturating_mul(2).min(MOST)).max(LARGE),
    };
    let spec = |(name, partitions): (String, BTreeMap<u32, OldPartition>)| {
        let partitions: Vec<OldPartition> = partitions.into_values().collect();
        let kept: u64 = partitions.iter().fold(0, |sum, p| p.size.0.saturating_add(sum));
        let size = Bytes(size.0.saturating_add(kept).min(MOST));
        DiskSpec { name, size, sector: 512, label: None, partitions, removable: false }
    };
    Some(disks.into_iter().map(spec).collect())
}

/// Largest imaginary disk.
const MOST: u64 = 1 << 60;

/// The size of an imaginary partition that exists: its real one is not known, so this is one that nothing is too large or too
/// small for.
fn old_size(format: &str, layout: &Layout, release: Release) -> Bytes {
    match format {
        "efi" => Bytes(1 << 30),
        // What is made of them must fit.
        "lvmpv" | "mdmember" => {
            Bytes(asked_for(layout).0.saturating_mul(2).saturating_add(OLD.0).min(MOST >> 8))
        }
        _ => match FormatKind::from_name(format, release) {
            Some(kind) => OLD.min(kind.max_size().unwrap_or(OLD)).max(kind.min_size(release)),
            None => OLD,
        },
    }
}

/// What a disk beside the imaginary ones is like; `None` if the kickstart would not use it.
fn further_disk(layout: &Layout, disks: &[DiskSpec]) -> Option<DiskSpec> {
    let s = &layout.selection;
    let ignored = s.ignored.iter().any(|i| glob(i.name.as_bytes(), IMAGINARY.as_bytes()));
    let like = disks.first().filter(|_| s.only.is_empty() && !ignored)?;
    Some(DiskSpec { name: IMAGINARY.to_owned(), partitions: Vec::new(), ..like.clone() })
}

/// What the disks must hold: the partitions, or the volumes that are made in growing ones.
fn asked_for(layout: &Layout) -> Bytes {
    let partitions: Bytes = layout.partitions.iter().filter_map(|p| p.sizes.size).sum();
    let volumes: Bytes = layout.volumes.iter().filter_map(|v| v.sizes.size).sum();
    partitions.max(volumes)
}

/// `sda2` → `sda`, 2; `nvme0n1p3` → `nvme0n1`, 3. `None` for labels, UUIDs and paths.
fn split_partition(name: &str) -> Option<(String, u32)> {
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (disk, number) = name.split_at(name.len() - digits);
    let number: u32 = number.parse().ok().filter(|n| (1..=128).contains(n))?;
    let stem = disk.strip_suffix('p').filter(|d| d.ends_with(|c: char| c.is_ascii_digit()));
    let disk = stem.unwrap_or(disk);
    let plain = !disk.is_empty() && disk.chars().all(|c| c.is_ascii_alphanumeric());
    (plain && partition_name(disk, number) == name).then(|| (disk.to_owned(), number))
}

/// With a table that is there, which the kickstart may rely on: a GPT, or an MBR where that can hold the partitions.
fn labelled(disk: &DiskSpec, gpt: bool) -> DiskSpec {
    let gpt = gpt || disk.size > LARGE || disk.partitions.iter().any(|p| p.number > Some(4));
    DiskSpec { label: Some(if gpt { Label::Gpt } else { Label::Msdos }), ..disk.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kickstart::Version;
    use node_base::diagnostic::Findings;
    use node_base::source::Sources;

    /// Whether this many partitions, each by such a line, are refused because no disk has room for them.
    fn have_no_room(version: Version, first_lines: &str, line: &str, count: usize) -> bool {
        let lines: String = (0..count).map(|n| line.replace('#', &n.to_string()) + "\n").collect();
        let mut sources = Sources::new();
        let file = sources.add("node.ks", format!("{first_lines}{lines}")).unwrap();
        let kickstart = kickstart::parse(&sources, file, version, &mut Findings::new());
        let release = Release::of(version).unwrap();
        let refused = refused_anywhere(&Layout::of(&kickstart), release, &Arc::new(Profile::plain(release)));
        assert!(!refused.is_empty(), "a kickstart without a root file system is refused");
        refused.iter().any(|r| r.cause == Cause::NoSpaceOnDisks)
    }

    #[test]
    fn partitions_for_any_disk_are_on_as_many_disks_as_they_need() {
        for version in [Version::rhel(8), Version::rhel(9), Version::rhel(10)] {
            for head in ["", "clearpart --all --initlabel\n", "part /home --size=100 --ondisk=sda\n"] {
                assert!(!have_no_room(version, head, "part /m# --size=100", 400), "{version} {head}");
                assert!(!have_no_room(version, head, "part /m# --size=100 --grow", 400), "{version} {head}");
                assert!(
                    !have_no_room(version, head, "part /m# --size=100 --asprimary", 400),
                    "{version} {head}"
                );
            }
        }
    }

    #[test]
    fn no_disk_has_more_than_128_partitions() {
        for version in [Version::rhel(8), Version::rhel(9), Version::rhel(10)] {
            for (head, line) in [
                ("", "part /m# --size=100 --ondisk=sda"),
                ("clearpart --all --initlabel\n", "part /m# --size=100 --ondisk=sda --grow"),
                ("ignoredisk --only-use=sda\n", "part /m# --size=100"),
            ] {
                assert!(!have_no_room(version, head, line, 128), "{version} {line}");
                assert!(have_no_room(version, head, line, 129), "{version} {line}");
            }
        }
    }

    #[test]
    fn a_partition_is_a_disk_and_a_number() {
        assert_eq!(split_partition("sda2"), Some(("sda".to_owned(), 2)));
        assert_eq!(split_partition("nvme0n1p3"), Some(("nvme0n1".to_owned(), 3)));
        assert_eq!(split_partition("LABEL=x1"), None);
        assert_eq!(split_partition("sda"), None);
    }
}
