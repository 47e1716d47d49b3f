//! GRUB with `blscfg`, on UEFI or BIOS. Its default is `saved_entry` of its environment block.

use super::grubenv::{GrubEnv, SIZE};
use super::loader::{BootLoader, Evidence, Found, Place};
use super::next_kernel::KeptArguments;
use super::text_file::BootError;
use crate::files::{Change, Files, Method};
use crate::machine::inside;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Severity, layout};
use std::path::{Path, PathBuf};

/// GRUB's configuration in a system.
#[derive(Debug)]
struct Grub {
    /// The file with the environment block.
    path: PathBuf,
    block: Vec<u8>,
    /// A configuration that lists the entries and does not use `saved_entry` (`GRUB_DEFAULT` is not `saved`).
    ignores_saved_entry: Option<PathBuf>,
}

/// Finds GRUB in a system, by its environment block.
pub(super) fn find(place: &Place<'_>) -> Result<Option<Found>, BootError> {
    let Some((path, block)) = environment_block(place.sysroot, place.files)? else { return Ok(None) };
    let grub = Grub { path, block, ignores_saved_entry: ignores_saved_entry(place.sysroot, place.files) };
    Ok(Some(Found { evidence: Evidence::Installed, loader: Box::new(grub) }))
}

impl Grub {
    fn env(&self) -> GrubEnv {
        GrubEnv::parse(&self.block)
    }
}

impl BootLoader for Grub {
    fn needs_fat(&self) -> bool {
        false
    }

    fn default_entry<'e>(&self, entries: &'e [BootEntry]) -> Option<&'e BootEntry> {
        let saved = self.env().get("saved_entry").unwrap_or_default();
        // GRUB accepts an id, a title, or an index into the list.
        let named = entries.iter().find(|e| e.id == saved);
        named
            .or_else(|| entries.iter().find(|e| e.get("title") == Some(saved.as_str())))
            .or_else(|| saved.parse::<usize>().ok().and_then(|n| entries.get(n)))
            .or_else(|| entries.first())
    }

    fn variable(&self, name: &str) -> Option<Arguments> {
        (name == "$kernelopts").then(|| Arguments::parse(&self.env().get("kernelopts").unwrap_or_default()))
    }

    fn make_default(
        &self,
        _root: &Path,
        id: &str,
        turn: &dyn Fn(&Arguments) -> Option<Arguments>,
    ) -> Result<Vec<Change>, BootError> {
        let mut env = self.env();
        env.set("saved_entry", id);
        // RHEL 8 keeps the arguments of its entries in the same block.
        if let Some(new) = env.get("kernelopts").and_then(|kept| turn(&Arguments::parse(&kept))) {
            env.set("kernelopts", &new.to_string());
        }
        let new = env.block().map_err(|full| BootError::Full { path: self.path.clone(), full })?;
        let method = if self.block.len() == new.len() { Method::InPlace } else { Method::ReplaceForBoot };
        Ok(Change::write(self.path.clone(), new, method).into_iter().collect())
    }

    fn kept_arguments(&self) -> Option<KeptArguments> {
        Some(KeptArguments {
            place: "kernelopts in grubenv".into(),
            text: self.env().get("kernelopts")?,
            help: "grub2-editenv - set \"kernelopts=…\" with everything that grub2-editenv - list shows of it, and these",
        })
    }

    fn ignores_default(&self) -> Option<Finding> {
        let config = self.ignores_saved_entry.as_ref()?.display();
        let message = format!(
            "{config} does not use saved_entry: GRUB boots the first entry of its list, whichever is set as the default"
        );
        let help = format!("GRUB_DEFAULT=saved in /etc/default/grub, then grub2-mkconfig -o {config}");
        Some(Finding::new(&layout::BOOT_DEFAULT, message).help(help).severity(Severity::Warning))
    }

    fn check_default(&self, _entries: &[BootEntry], _layer_entry: &str) -> Vec<Finding> {
        if self.block.len() == SIZE {
            return Vec::new();
        }
        let message =
            format!("{} has {} bytes; GRUB accepts only {SIZE}", self.path.display(), self.block.len());
        vec![
            Finding::new(&layout::BOOT_DEFAULT, message)
                .help("grub2-editenv - create, then grub2-set-default"),
        ]
    }

    fn set_default_command(&self, id: &str) -> String {
        format!("grub2-set-default {id}")
    }
}

/// The environment block: a plain file below /boot, or (UEFI on RHEL 8) a link from there to the EFI system partition.
fn environment_block(sysroot: &Path, files: &Files) -> Result<Option<(PathBuf, Vec<u8>)>, BootError> {
    for dir in ["/boot/grub2", "/boot/grub"] {
        let path = inside(sysroot, Path::new(dir).join("grubenv"));
        if let Some(block) = files.bytes(&path)? {
            return Ok(Some((path, block)));
        }
    }
    for vendor in vendors(sysroot) {
        let path = inside(sysroot, vendor.join("grubenv"));
        if let Some(block) = files.bytes(&path)? {
            return Ok(Some((path, block)));
        }
    }
    Ok(None)
}

/// GRUB's main configuration, if it lists entries of the Boot Loader Specification and does not use `saved_entry`. (On UEFI a
/// second file may exist that only loads the first.)
fn ignores_saved_entry(sysroot: &Path, files: &Files) -> Option<PathBuf> {
    let mut paths: Vec<PathBuf> = ["/boot/grub2", "/boot/grub"]
        .iter()
        .map(|d| inside(sysroot, Path::new(d).join("grub.cfg")))
        .collect();
    paths.extend(vendors(sysroot).map(|v| inside(sysroot, v.join("grub.cfg"))));
    let mut ignores = None;
    for path in paths {
        let bytes = files.bytes(&path).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("saved_entry") {
            return None;
        }
        if text.contains("blscfg") {
            ignores = Some(path);
        }
    }
    ignores
}

/// The directories of the EFI system partition, one a distribution, in the order of their names, as paths in the system.
fn vendors(sysroot: &Path) -> impl Iterator<Item = PathBuf> {
    let all = Path::new("/boot/efi/EFI");
    let listed = std::fs::read_dir(inside(sysroot, all)).into_iter().flatten().flatten();
    listed
        .map(|vendor| all.join(vendor.file_name()))
        .collect::<std::collections::BTreeSet<PathBuf>>()
        .into_iter()
}
