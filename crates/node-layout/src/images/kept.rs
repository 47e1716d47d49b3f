//! The kernel and initramfs that are kept for an image in `/boot/<layer>/`, independent of the system's own.

use super::NodeState;
use crate::boot::BootConfig;
use crate::files::{fat, same_content, xfs};
use node_base::boot_entry::BootEntry;
use node_base::names::{Layer, Nvr};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file of the system and its copy for an image, as paths in a boot entry (`/` is /boot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The key in a boot entry that names the file (`linux`, `initrd`); `None` for the kernel's checksum.
    pub(crate) key: Option<&'static str>,
    /// The system's own file.
    pub(crate) own: String,
    /// The copy.
    pub(crate) kept: String,
}

/// Kernel, initramfs and the kernel's checksum of an entry, with their copies for `layer`.
pub(crate) fn pairs(entry: &BootEntry, layer: &str) -> Vec<Pair> {
    let version = entry.version().unwrap_or("0");
    let kept = |name: &str| format!("/{layer}/{name}");
    let mut pairs = Vec::new();
    if let Some(own) = entry.kernel() {
        let name = format!("vmlinuz-{version}");
        // With fips=1 dracut (057, 01fips/fips.sh) stops the boot unless this file is next to the kernel. It contains the
        // kernel's name, so it is valid only for that name.
        if let Some(directory) = own.strip_suffix(&name) {
            let (own, kept) = (checksum(directory, &name), kept(&checksum("", &name)));
            pairs.push(Pair { key: None, own, kept });
        }
        pairs.push(Pair { key: Some("linux"), own: own.to_owned(), kept: kept(&name) });
    }
    if let Some(own) = entry.initramfs() {
        let name = format!("initramfs-{version}.img");
        pairs.push(Pair { key: Some("initrd"), own: own.to_owned(), kept: kept(&name) });
    }
    pairs
}

/// The title of an image's entry for a kernel. The original tools recognise an entry as theirs only if its title has "node" or
/// "rhvh".
pub(crate) fn title(nvr: &Nvr, version: &str) -> String {
    let nvr = nvr.as_str();
    let prefix = if nvr.contains("node") || nvr.contains("rhvh") { "" } else { "node " };
    format!("{prefix}{nvr} ({version})")
}

/// The file with the checksum of a kernel in `directory` (which ends with a slash, or is empty).
fn checksum(directory: &str, kernel: &str) -> String {
    format!("{directory}.{kernel}.hmac")
}

/// Whether kernel and initramfs of an entry exist, as the system's own files or as copies.
pub(crate) fn is_complete(s: &NodeState<'_>, entry: &BootEntry) -> bool {
    let exists = |path: &str| s.boot.file(path).exists();
    let pairs = pairs(entry, &s.target.layer.to_string());
    pairs.iter().filter(|p| p.key.is_some()).all(|p| exists(&p.own) || exists(&p.kept))
}

/// Files of which the layer boots a copy although the system's own has changed since: `dracut -f` in the running layer writes
/// `/boot/initramfs-KVER.img`. Empty while the layer boots the system's own files.
pub(crate) fn outdated(s: &NodeState<'_>) -> Vec<Pair> {
    let layer = s.target.layer.to_string();
    let directory = format!("/{layer}/");
    let Some(entry) = s.layer_entry() else { return Vec::new() };
    if !entry.kernel().is_some_and(|k| k.starts_with(&directory)) {
        return Vec::new();
    }
    let is_newer = |own: &Path, kept: &Path| {
        let (Ok(o), Ok(k)) = (fs::metadata(own), fs::metadata(kept)) else { return false };
        o.is_file()
            && (o.mtime(), o.mtime_nsec()) > (k.mtime(), k.mtime_nsec())
            && same_content(own, kept).is_ok_and(|same| !same)
    };
    // Another image may have written the files of a kernel that both have, unless they are newer than this boot.
    let shared = s.boot.entries.iter().any(|e| {
        let of = e.options().value("img.bootid").map(str::to_owned);
        e.version() == entry.version() && of.is_some_and(|of| of != layer)
    });
    let is_own = |own: &Path| {
        let written = fs::metadata(own).map(|m| m.mtime());
        !shared || s.booted_at.is_some_and(|booted| written.is_ok_and(|written| written >= booted))
    };
    let mut pairs = own_pairs(s, entry, &layer);
    pairs.retain(|p| {
        let own = s.boot.file(&p.own);
        is_own(&own) && is_newer(&own, &s.boot.file(&p.kept))
    });
    pairs
}

/// The system's own files of the kernel that the layer's entry boots a copy of, with the copies that the entry names.
pub(crate) fn own_pairs(s: &NodeState<'_>, entry: &BootEntry, layer: &str) -> Vec<Pair> {
    let directory = format!("/{layer}/");
    let version = entry.version();
    let own = |e: &&BootEntry| {
        let copies = e.kernel().is_none_or(|k| k.starts_with(&directory));
        !copies && !e.is_rescue() && e.version() == version && s.target.boots(&s.boot.arguments(e))
    };
    match s.boot.entries.iter().find(own) {
        Some(own) => pairs(own, layer),
        // Where every distribution with GRUB has them.
        None => pairs(entry, layer)
            .into_iter()
            .map(|p| Pair { own: p.kept.replacen(&directory, "/", 1), ..p })
            .collect(),
    }
}

/// Files and directories that an interrupted run has left under temporary names, in the layer's directory and among the boot
/// entries.
pub(crate) fn half_written(s: &NodeState<'_>) -> Vec<PathBuf> {
    let kept = if s.kept_is_foreign { BTreeSet::new() } else { hidden(&s.kept_dir()) };
    let kept = kept.into_iter().map(|(_, path)| path).chain(xfs::left_over(&s.kept_dir()));
    kept.chain(half_written_entries(s.boot)).collect()
}

/// The same among the boot entries only.
pub(crate) fn half_written_entries(boot: &BootConfig) -> Vec<PathBuf> {
    let directory = &boot.entries_dir;
    let entries = hidden(directory).into_iter().filter(|(name, _)| {
        name.strip_suffix(".conf").is_some_and(|id| boot.entry(id).is_some() || is_layer_entry(id))
    });
    let entries = entries.map(|(_, path)| path);
    entries.chain(fat::left_over(directory)).chain(xfs::left_over(directory)).collect()
}

/// The files of a directory under temporary names, each with the name that it was to get.
fn hidden(directory: &Path) -> BTreeSet<(String, PathBuf)> {
    let listed = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = listed.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let named = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let name = name.strip_prefix('.')?.strip_suffix(".new")?.to_owned();
        Some((name, file.path()))
    });
    named.collect()
}

/// What is kept in the directory of `layer`: copies by their names, also half-written ones, that none of `entries` boots. And
/// whether the directory has nothing else.
pub(crate) fn made(boot: &BootConfig, entries: &[BootEntry], layer: &str) -> (Vec<PathBuf>, bool) {
    let booted = |name: &str| {
        let path = format!("/{layer}/{name}");
        entries.iter().any(|e| e.kernel() == Some(&path) || e.initrds().any(|i| i == path))
    };
    let is_ours = |file: &fs::DirEntry| {
        let name = file.file_name();
        let Some(name) = name.to_str().filter(|_| file.file_type().is_ok_and(|kind| kind.is_file())) else {
            return false;
        };
        let hidden = |suffix: &str| name.strip_prefix('.').and_then(|n| n.strip_suffix(suffix));
        let of = hidden(".new").unwrap_or(name);
        // A checksum belongs to its kernel.
        let of = of.strip_prefix('.').and_then(|n| n.strip_suffix(".hmac")).unwrap_or(of);
        (of.starts_with("vmlinuz-") || of.starts_with("initramfs-")) && !booted(of)
    };
    let listed = fs::read_dir(boot.file(layer)).into_iter().flatten().flatten();
    let (ours, others): (Vec<_>, Vec<_>) = listed.partition(is_ours);
    let mut paths: Vec<PathBuf> = ours.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    (paths, others.is_empty())
}

/// Copies in the layer's directory other than `expected` that no entry boots: an interrupted run has made them, and another
/// kernel was installed since. None if the directory was there before the first run.
pub(crate) fn of_another_kernel(s: &NodeState<'_>, expected: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    if s.kept_is_foreign {
        return Vec::new();
    }
    let (mut paths, _) = made(s.boot, &s.boot.entries, &s.target.layer.to_string());
    paths.retain(|p| !expected.contains(p));
    paths
}

/// Whether an entry's id begins with the name of a layer, as the ids that `init` makes do.
fn is_layer_entry(id: &str) -> bool {
    let number = |rest: &str| rest.split('-').next().map(str::to_owned);
    id.split_once('+').and_then(|(nvr, rest)| Layer::parse(&format!("{nvr}+{}", number(rest)?))).is_some()
}
