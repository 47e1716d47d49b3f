//! GRUB with `blscfg`, on UEFI or BIOS. Its default is `saved_entry` of its environment block.

use super::grub_custom::{self, CUSTOM, TRIES};
use super::grub_menu;
use super::grubenv::{GrubEnv, SIZE};
use super::loader::{
    BootDevices, BootLoader, Evidence, Found, MOST_TRIES, Place, Trial, TrialFate, TrialStage,
};
use super::next_kernel::KeptArguments;
use super::text_file::BootError;
use crate::files::{Change, Files, Method};
use crate::machine::{below, device_path, dm_uuid, inside};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Severity, layout};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The entry that the next boot boots, and no later one (GRUB's `00_header`; `grub2-reboot` sets it).
const NEXT: &str = "next_entry";
/// What GRUB boots if an entry cannot be loaded.
const FALLBACK: &str = "fallback";
/// Our own variable: the entry on trial. GRUB empties `next_entry` when it uses it, and leaves this one.
const TRIAL: &str = "node_layout_trial";

/// GRUB's configuration in a system.
#[derive(Debug)]
struct Grub {
    /// The file with the environment block; links are followed.
    path: PathBuf,
    /// Its name in GRUB's directory, which can be a link.
    name: PathBuf,
    block: Vec<u8>,
    /// A configuration that lists the entries and does not use `saved_entry` (`GRUB_DEFAULT` is not `saved`).
    ignores_saved_entry: Option<PathBuf>,
    /// The configurations that list the entries, and their texts. A disk that boots on BIOS and UEFI can have two.
    menus: Vec<(PathBuf, String)>,
    /// Whether `fallback` may be the id of an entry, as in the GRUB of Red Hat's family. Upstream's takes an index only.
    falls_back_to_ids: bool,
}

/// Finds GRUB in a system, by its environment block.
pub(super) fn find(place: &Place<'_>) -> Result<Option<Found>, BootError> {
    let Some((name, path, block)) = environment_block(place.sysroot, place.files)? else { return Ok(None) };
    let grub = Grub {
        path,
        name,
        block,
        ignores_saved_entry: ignores_saved_entry(place.sysroot, place.files),
        menus: menus(place.sysroot, place.files),
        falls_back_to_ids: is_red_hat(place),
    };
    Ok(Some(Found { evidence: Evidence::Installed, loader: Box::new(grub) }))
}

impl Grub {
    fn env(&self) -> GrubEnv {
        GrubEnv::parse(&self.block)
    }

    /// The change that writes the block.
    fn write(&self, env: &GrubEnv) -> Result<Vec<Change>, BootError> {
        let new = env.block().map_err(|full| BootError::Full { path: self.path.clone(), full })?;
        let method = if self.block.len() == new.len() { Method::InPlace } else { Method::ReplaceForBoot };
        Ok(Change::write(self.path.clone(), new, method).into_iter().collect())
    }

    /// Removes everything of a trial.
    fn end_trial(&self, env: &mut GrubEnv) {
        let Some(trial) = self.trial() else { return };
        // Somebody else's order stays.
        if !matches!(trial.stage, TrialStage::Replaced(_)) {
            env.unset(NEXT);
        }
        env.unset(FALLBACK);
        env.unset(TRIES);
        env.unset(TRIAL);
    }

    /// The configuration that lists the entries: the one beside the environment block, if there are several.
    fn menu(&self) -> Option<&(PathBuf, String)> {
        let beside = self.menus.iter().find(|(path, _)| path.parent() == self.path.parent());
        beside.or_else(|| self.menus.first())
    }

    /// The configurations that GRUB can read on this machine: after a boot by BIOS not those on the EFI system partition.
    fn menus_read(&self, devices: &BootDevices<'_>) -> Vec<&(PathBuf, String)> {
        let bios = devices.running && !below(devices.environment, "/sys/firmware/efi").exists();
        let is_read =
            |menu: &&(PathBuf, String)| !bios || devices.mount_of(&menu.0).is_none_or(|m| m.kind != "vfat");
        self.menus.iter().filter(is_read).collect()
    }

    /// A configuration that looks for the environment block and finds a link to another file system, which GRUB does not follow.
    /// imgbase makes such a link on UEFI, in the form of RHEL 8, whatever the release.
    fn leads_away<'m>(&self, menus: &[&'m (PathBuf, String)], devices: &BootDevices<'_>) -> Option<&'m Path> {
        let device = |path: &Path| devices.mount_of(path).map(|m| m.device);
        let beside = |menu: &&&(PathBuf, String)| device(&menu.0) == device(&self.path);
        menus.first().filter(|_| !menus.iter().any(|menu| beside(&menu))).map(|(config, _)| config.as_path())
    }

    /// Whether a trial is stored that the boot loader has not started yet.
    fn is_trial_ahead(&self) -> bool {
        self.trial().is_some_and(|t| t.stage != TrialStage::Consumed)
    }

    /// The change of `custom.cfg` for the trial of an entry. It is made before the order for the trial is written, and does nothing
    /// without it. None where GRUB's configuration does not source the file.
    fn custom(&self, entry: Option<&BootEntry>, tries: u32) -> Result<Option<Change>, BootError> {
        let Some((config, _)) = self.menu().filter(|_| self.cannot_retry().is_none()) else {
            return Ok(None);
        };
        let path = config.with_file_name(CUSTOM);
        let text = match Files::default().bytes(&path) {
            Ok(text) => text.unwrap_or_default(),
            // A single try works without the file.
            Err(_) if tries <= 1 => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let new = grub_custom::with_block(&text, entry, tries);
        if new.is_empty() && text.is_empty() {
            return Ok(None);
        }
        Ok(Change::write(path, new, Method::ReplaceForBoot))
    }

    /// Lets GRUB boot the entry `id`, which is the default, if an entry cannot be loaded. Where it wants an index and the index is
    /// not known, the menu appears instead.
    fn set_fallback(&self, env: &mut GrubEnv, entries: &[BootEntry], id: &str) {
        let config = self.menu().map_or("", |(_, text)| text);
        let index = || grub_menu::index(config, entries, id).map(|index| index.to_string());
        let fallback = if self.falls_back_to_ids { Some(id.to_owned()) } else { index() };
        match fallback {
            Some(fallback) => env.set(FALLBACK, &fallback),
            None => env.unset(FALLBACK),
        }
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
        trial: TrialFate<'_>,
    ) -> Result<Vec<Change>, BootError> {
        let mut env = self.env();
        env.set("saved_entry", id);
        // RHEL 8 keeps the arguments of its entries in the same block.
        if let Some(new) = env.get("kernelopts").and_then(|kept| turn(&Arguments::parse(&kept))) {
            env.set("kernelopts", &new.to_string());
        }
        match trial {
            TrialFate::Ends => self.end_trial(&mut env),
            TrialFate::GoesOn(entries) if self.is_trial_ahead() => self.set_fallback(&mut env, entries, id),
            TrialFate::GoesOn(_) => {}
        }
        self.write(&env)
    }

    fn kept_arguments(&self) -> Option<KeptArguments> {
        Some(KeptArguments {
            place: "kernelopts in grubenv".into(),
            text: self.env().get("kernelopts")?,
            is_shared: true,
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

    fn trial(&self) -> Option<Trial> {
        let env = self.env();
        let get = |name| env.get(name).filter(|value| !value.is_empty());
        let entry = get(TRIAL)?;
        let stage = match get(NEXT) {
            None => TrialStage::Consumed,
            Some(next) if next == entry => TrialStage::Armed,
            Some(next) => TrialStage::Replaced(next),
        };
        Some(Trial { entry, stage })
    }

    fn arm(&self, entries: &[BootEntry], id: &str, tries: u32) -> Result<Vec<Change>, BootError> {
        let mut env = self.env();
        let entry = entries.iter().find(|e| e.id == id);
        let mut changes: Vec<Change> = self.custom(entry, tries)?.into_iter().collect();
        env.unset(TRIES);
        if tries > 1 && self.cannot_retry().is_none() {
            env.set(TRIES, &tries.min(MOST_TRIES).to_string());
        }
        env.set(NEXT, id);
        env.set(TRIAL, id);
        if let Some(default) = self.default_entry(entries) {
            self.set_fallback(&mut env, entries, &default.id);
        }
        changes.extend(self.write(&env)?);
        Ok(changes)
    }

    fn disarm(&self) -> Result<Vec<Change>, BootError> {
        if self.trial().is_none() {
            return Ok(Vec::new());
        }
        let mut env = self.env();
        self.end_trial(&mut env);
        self.write(&env)
    }

    fn renew_fallback(&self, entries: &[BootEntry]) -> Result<Vec<Change>, BootError> {
        let mut env = self.env();
        if let Some(default) = self.default_entry(entries).filter(|_| self.is_trial_ahead()) {
            self.set_fallback(&mut env, entries, &default.id);
        } else {
            return Ok(Vec::new());
        }
        self.write(&env)
    }

    fn cannot_be_told(&self, devices: &BootDevices<'_>) -> Option<String> {
        let block = self.path.display();
        if self.block.len() != SIZE {
            return Some(format!("{block} has {} bytes; GRUB accepts only {SIZE}", self.block.len()));
        }
        // A file without blocks of its own: a hole, or content inside the inode.
        if std::fs::metadata(&self.path).is_ok_and(|m| m.blocks().saturating_mul(512) < m.len()) {
            return Some(format!("{block} is a sparse file, which GRUB cannot write"));
        }
        let mount = devices.mount_of(&self.path);
        let menus = self.menus_read(devices);
        if let Some((config, _)) = menus.iter().find(|(_, text)| !text.contains(NEXT)) {
            let config = config.display();
            return Some(format!("{config} does not use {NEXT}: GRUB cannot boot an entry once"));
        }
        if let Some(config) = self.leads_away(&menus, devices) {
            let config = config.display();
            return Some(format!(
                "{block} is not on the file system of {config}: GRUB does not follow a link to another file system"
            ));
        }
        let mount = mount?;
        if !matches!(mount.kind.as_str(), "ext2" | "ext3" | "ext4" | "xfs" | "vfat") {
            return Some(format!("GRUB cannot write {block}: it is on {}", mount.kind));
        }
        let kind = match dm_uuid(devices.environment, mount.device) {
            Some(uuid) if uuid.starts_with("LVM-") => "a logical volume",
            Some(uuid) if uuid.starts_with("CRYPT-") => "an encrypted device",
            _ => match device_path(devices.environment, mount.device)?.file_name()?.to_str()? {
                name if name.starts_with("md") => "a RAID array",
                _ => return None,
            },
        };
        Some(format!("GRUB cannot write {block}: {} is {kind}", mount.source))
    }

    fn mend(&self, devices: &BootDevices<'_>) -> Option<Change> {
        let config = self.leads_away(&self.menus_read(devices), devices)?;
        // The file belongs where the configuration looks for it.
        let is_there = self.name.parent() == config.parent() && self.name != self.path;
        let (path, block) = (self.name.clone(), Some(self.block.clone()));
        let (before, after, method) = (block.clone(), block, Method::ReplaceForBoot);
        is_there.then_some(Change { path, before, after, method, like: None })
    }

    fn cannot_retry(&self) -> Option<String> {
        let Some((config, text)) = self.menu() else {
            return Some(
                "GRUB's configuration cannot be read: whether it sources custom.cfg is not known".to_owned(),
            );
        };
        let config = config.display();
        (!text.contains(CUSTOM))
            .then(|| format!("{config} does not source custom.cfg, which would try an image again"))
    }
}

/// The environment block, its name in GRUB's directory and its file: a plain file below /boot, or (UEFI on RHEL 8) a link from there
/// to the EFI system partition.
fn environment_block(
    sysroot: &Path,
    files: &Files,
) -> Result<Option<(PathBuf, PathBuf, Vec<u8>)>, BootError> {
    let directories = ["/boot/grub2", "/boot/grub"].map(PathBuf::from).into_iter().chain(vendors(sysroot));
    for directory in directories {
        let path = inside(sysroot, directory.join("grubenv"));
        if let Some(block) = files.bytes(&path)? {
            return Ok(Some((inside(sysroot, directory).join("grubenv"), path, block)));
        }
    }
    Ok(None)
}

/// GRUB's main configuration, if it lists entries of the Boot Loader Specification and does not use `saved_entry`. (On UEFI a
/// second file may exist that only loads the first.)
fn ignores_saved_entry(sysroot: &Path, files: &Files) -> Option<PathBuf> {
    let mut ignores = None;
    for path in configurations(sysroot) {
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

/// Where GRUB's main configuration can be.
fn configurations(sysroot: &Path) -> Vec<PathBuf> {
    let directories = ["/boot/grub2", "/boot/grub"].map(PathBuf::from).into_iter().chain(vendors(sysroot));
    directories.map(|d| inside(sysroot, d.join("grub.cfg"))).collect()
}

/// The configurations that list entries of the Boot Loader Specification, as far as they can be read.
fn menus(sysroot: &Path, files: &Files) -> Vec<(PathBuf, String)> {
    let menu = |path: PathBuf| {
        let text = String::from_utf8_lossy(&files.bytes(&path).ok()??).into_owned();
        text.lines().any(|l| grub_menu::is_command(l, "blscfg")).then_some((path, text))
    };
    configurations(sysroot).into_iter().filter_map(menu).collect()
}

/// Whether the system is one of Red Hat's family, by `ID` and `ID_LIKE` of os-release(5).
fn is_red_hat(place: &Place<'_>) -> bool {
    let text = ["/etc/os-release", "/usr/lib/os-release"].into_iter().find_map(|file| {
        let bytes = place.files.bytes(&inside(place.sysroot, file)).ok()??;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    let is_id = |line: &str| {
        let value = line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE="));
        let ids = value.unwrap_or_default().trim_matches(['"', '\'']);
        ids.split_whitespace().any(|id| ["rhel", "fedora", "centos"].contains(&id))
    };
    text.is_some_and(|text| text.lines().any(|l| is_id(l.trim())))
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
