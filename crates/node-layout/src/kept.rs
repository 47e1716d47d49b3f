//! The kernel and initramfs that are kept for an image in `/boot/<layer>/`, whatever becomes of the system's own.

use super::checks::Situation;
use super::fat;
use super::files;
use super::plan::entry_id;
use super::xfs;
use node_base::boot_entry::BootEntry;
use node_base::names::Layer;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file of the system and the copy that is kept of it, as paths of a boot entry (`/` is /boot).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key of a boot entry that names it (`linux`, `initrd`); none for the kernel's checksum.
    pub key: Option<&'static str>,
    /// The system's own.
    pub own: String,
    /// The copy.
    pub kept: String,
}

/// Kernel, initramfs and the kernel's checksum of an entry, and where they are kept.
pub fn pairs(entry: &BootEntry, layer: &str) -> Vec<Pair> {
    let version = entry.version().unwrap_or("0");
    let kept = |name: &str| format!("/{layer}/{name}");
    let mut pairs = Vec::new();
    if let Some(own) = entry.kernel() {
        let name = format!("vmlinuz-{version}");
        // With fips=1 dracut (057, 01fips/fips.sh) stops the boot unless this stands beside the kernel that was booted. It
        // says the kernel's name, so it holds only for that name.
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

/// The file with the checksum of a kernel that stands in `directory` (with its slash).
pub fn checksum(directory: &str, kernel: &str) -> String {
    format!("{directory}.{kernel}.hmac")
}

/// Whether kernel and initramfs of an entry are there, the system's own or the copies.
pub fn is_whole(s: &Situation<'_>, entry: &BootEntry) -> bool {
    let there = |path: &str| s.boot.file(path).exists();
    let pairs = pairs(entry, &s.target.layer.to_string());
    pairs.iter().filter(|p| p.key.is_some()).all(|p| there(&p.own) || there(&p.kept))
}

/// What the layer boots a copy of although the system's own was made anew since: `dracut -f` in the running layer writes
/// `/boot/initramfs-KVER.img`. Empty while the layer boots the system's own.
pub fn outdated(s: &Situation<'_>) -> Vec<Pair> {
    let layer = s.target.layer.to_string();
    let directory = format!("/{layer}/");
    let Some(entry) = s.boot.entry(&entry_id(s)) else { return Vec::new() };
    if !entry.kernel().is_some_and(|k| k.starts_with(&directory)) {
        return Vec::new();
    }
    let is_newer = |own: &Path, kept: &Path| {
        let (Ok(o), Ok(k)) = (fs::metadata(own), fs::metadata(kept)) else { return false };
        (o.mtime(), o.mtime_nsec()) > (k.mtime(), k.mtime_nsec())
            && files::same(own, kept).is_ok_and(|same| !same)
    };
    let mut pairs = own_pairs(s, entry, &layer);
    pairs.retain(|p| is_newer(&s.boot.file(&p.own), &s.boot.file(&p.kept)));
    pairs
}

/// The system's own files of the kernel that the layer's entry boots a copy of, with the copies that the entry names.
pub fn own_pairs(s: &Situation<'_>, entry: &BootEntry, layer: &str) -> Vec<Pair> {
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

/// Files and directories that a power cut has left half-written or half-exchanged, under the names that [`files`] gives them:
/// beside what is kept, and beside boot entries.
pub fn half_written(s: &Situation<'_>) -> Vec<PathBuf> {
    let hidden = |directory: &Path| -> BTreeSet<(String, PathBuf)> {
        let listed = fs::read_dir(directory).into_iter().flatten().flatten();
        let files = listed.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let named = files.filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            let name = name.strip_prefix('.')?.strip_suffix(".new")?.to_owned();
            Some((name, file.path()))
        });
        named.collect()
    };
    let kept = hidden(&s.boot.root.join(s.target.layer.to_string()));
    let on_fat = fat::left_beside(&s.boot.entries_dir);
    let entries = hidden(&s.boot.entries_dir).into_iter().filter(|(name, _)| {
        name.strip_suffix(".conf").is_some_and(|id| s.boot.entry(id).is_some() || is_of_layer(id))
    });
    let directories = [s.boot.root.join(s.target.layer.to_string()), s.boot.entries_dir.clone()];
    let on_xfs = directories.iter().filter_map(|d| xfs::left_beside(d));
    kept.into_iter().chain(entries).map(|(_, path)| path).chain(on_fat).chain(on_xfs).collect()
}

/// Copies of another kernel than these in the layer's directory that no entry boots: an interrupted run made them, and another
/// kernel was installed since.
pub fn of_another_kernel(s: &Situation<'_>, kept: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let directory = s.boot.root.join(s.target.layer.to_string());
    let booted = |name: &str| {
        let path = format!("/{}/{name}", s.target.layer);
        s.boot.entries.iter().any(|e| e.kernel() == Some(&path) || e.initrds().any(|i| i == path))
    };
    let listed = fs::read_dir(directory).into_iter().flatten().flatten();
    let copies = listed.filter(|file| {
        let name = file.file_name();
        let Some(name) = name.to_str() else { return false };
        // The checksum goes with its kernel.
        let of = name.strip_prefix('.').and_then(|n| n.strip_suffix(".hmac")).unwrap_or(name);
        (of.starts_with("vmlinuz-") || of.starts_with("initramfs-")) && !booted(of)
    });
    let mut paths: Vec<PathBuf> = copies.map(|f| f.path()).filter(|p| !kept.contains(p)).collect();
    paths.sort();
    paths
}

/// Whether an entry's id begins with the name of a layer, as those that `init` makes do.
fn is_of_layer(id: &str) -> bool {
    let number = |rest: &str| rest.split('-').next().map(str::to_owned);
    id.split_once('+').and_then(|(nvr, rest)| Layer::parse(&format!("{nvr}+{}", number(rest)?))).is_some()
}
