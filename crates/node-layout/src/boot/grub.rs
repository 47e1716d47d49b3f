//! GRUB with `blscfg`, on UEFI or BIOS. Its default is `saved_entry` of its environment block.

use super::grub_custom::{self, CUSTOM, TRIES};
use super::grub_files::{
    Copy, Distribution, copies, environment_block, ignores_saved_entry, menus, started_elsewhere,
    started_vendor, waits_for_a_key,
};
use super::grub_menu::{self, Order};
use super::grubenv::{GrubEnv, SIZE};
use super::loader::{
    BootDevices, BootLoader, Evidence, Found, MOST_TRIES, Place, Trial, TrialFate, TrialStage,
};
use super::next_kernel::KeptArguments;
use super::text_file::BootError;
use crate::files::{Change, Files, Method};
use crate::machine::{below, device_path, dm_uuid};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::{Finding, Severity, layout};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The entry that the next boot boots, and no later one (GRUB's `00_header`; `grub2-reboot` sets it).
const NEXT: &str = "next_entry";
/// What GRUB boots if an entry cannot be loaded.
const FALLBACK: &str = "fallback";
/// GRUB's own counter of boots (`08_fallback_counting`), made for systems whose second entry is the one to go back to.
const COUNTER: &str = "boot_counter";
/// The kernel arguments of entries of RHEL 8.
const KERNELOPTS: &str = "$kernelopts";
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
    /// How it orders the entries.
    order: Order,
    /// The name of the distribution's directory on the EFI system partition.
    vendor: String,
    /// Whether an entry takes its arguments from `$kernelopts`.
    uses_kernelopts: bool,
}

/// Finds GRUB in a system, by its environment block.
pub(super) fn find(place: &Place<'_>) -> Result<Option<Found>, BootError> {
    let distribution = Distribution::read(place);
    let vendor = distribution.vendor();
    let Some((name, path, block)) = environment_block(place, &vendor)? else { return Ok(None) };
    let grub = Grub {
        path,
        name,
        block,
        ignores_saved_entry: ignores_saved_entry(place.sysroot, place.files),
        menus: menus(place.sysroot, place.files),
        falls_back_to_ids: distribution.is_red_hat(),
        order: distribution.order(),
        uses_kernelopts: place.entries.iter().any(|e| e.options().words().any(|w| w == KERNELOPTS)),
        vendor,
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

    /// The configurations that GRUB can read on this machine. After a boot by BIOS not those on the EFI system partition; after one
    /// by UEFI the one that the firmware starts, which on RHEL 8 lists the entries, and later only loads the one on /boot.
    fn menus_read(&self, devices: &BootDevices<'_>) -> Vec<&(PathBuf, String)> {
        if !devices.running {
            return self.menus.iter().collect();
        }
        let on_esp = |menu: &&(PathBuf, String)| devices.mount_of(&menu.0).is_some_and(|m| m.kind == "vfat");
        let (esp, others): (Vec<_>, Vec<_>) = self.menus.iter().partition(on_esp);
        if !below(devices.environment, "/sys/firmware/efi").exists() {
            return others;
        }
        let started = started_vendor(devices.environment).unwrap_or_else(|| self.vendor.clone());
        let of_vendor = |path: &Path| {
            let name = path.parent().and_then(Path::file_name).and_then(OsStr::to_str);
            name.is_some_and(|name| name.eq_ignore_ascii_case(&started))
        };
        match esp.iter().find(|(path, _)| of_vendor(path)) {
            Some(menu) => vec![*menu],
            None if others.is_empty() => esp,
            None => others,
        }
    }

    /// A configuration that is read while the environment block beside it is not the one that is written here, or is a link to another
    /// file system, which GRUB does not follow. imgbase makes such a link on UEFI, in the form of RHEL 8, whatever the release.
    fn leads_away<'m>(&self, menus: &[&'m (PathBuf, String)], devices: &BootDevices<'_>) -> Option<&'m Path> {
        let device = |path: &Path| devices.mount_of(path).map(|m| m.device);
        let beside = |menu: &&&(PathBuf, String)| {
            let directory = menu.0.parent();
            let linked = self.name.parent() == directory && device(&menu.0) == device(&self.path);
            self.path.parent() == directory || linked
        };
        menus.first().filter(|_| !menus.iter().any(|menu| beside(&menu))).map(|(config, _)| config.as_path())
    }

    /// The kernel arguments that `$kernelopts` has: those of the environment block, else those that the configuration sets.
    fn kernelopts(&self) -> Option<String> {
        let stored = self.env().get("kernelopts").filter(|text| !text.is_empty());
        let set = |line: &str| {
            Some(line.trim_start().strip_prefix("set kernelopts=")?.trim_end().trim_matches('"').to_owned())
        };
        stored.or_else(|| self.menu()?.1.lines().find_map(set).filter(|_| self.uses_kernelopts))
    }

    /// The entry that a default of this name boots: GRUB accepts an id, a title, or an index into its list, and boots the first
    /// entry of the list for anything else.
    fn named<'e>(&self, entries: &'e [BootEntry], name: &str) -> Option<&'e BootEntry> {
        if let Some(entry) = entries.iter().find(|e| e.id == name) {
            return Some(entry);
        }
        let list = grub_menu::listed(entries, self.order);
        let titled = list.iter().find(|e| e.get("title") == Some(name));
        let indexed = || name.parse::<usize>().ok().and_then(|index| list.get(index));
        titled.or_else(indexed).or_else(|| list.first()).copied()
    }

    /// Whether a trial is stored that the boot loader has not started yet.
    fn is_trial_ahead(&self) -> bool {
        self.trial().is_some_and(|t| t.stage != TrialStage::Consumed)
    }

    /// The change of `custom.cfg` for the trial of an entry. It is made before the order for the trial is written, and starts no
    /// trial without it. None where GRUB's configuration does not source the file.
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
        self.named(entries, &self.env().get("saved_entry").unwrap_or_default())
    }

    fn variable(&self, name: &str) -> Option<Arguments> {
        (name == KERNELOPTS).then(|| Arguments::parse(&self.kernelopts().unwrap_or_default()))
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
        env.unset(COUNTER);
        // RHEL 8 keeps the arguments of its entries in the same block.
        if let Some(new) = self.kernelopts().and_then(|kept| turn(&Arguments::parse(&kept))) {
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
        env.unset(COUNTER);
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

    fn counter(&self, entries: &[BootEntry]) -> Result<Option<(Finding, Vec<Change>)>, BootError> {
        let mut env = self.env();
        let Some(left) = env.get(COUNTER).filter(|left| !left.is_empty()) else { return Ok(None) };
        let second = grub_menu::listed(entries, self.order).get(1).map_or("none", |e| e.id.as_str());
        let block = self.path.display();
        let is_over = ["0", "-1"].contains(&left.as_str());
        let message = match is_over {
            true => format!(
                "{block} has {COUNTER}={left}: GRUB boots the second entry of its list ({second}) whichever is the default"
            ),
            false => format!(
                "{block} has {COUNTER}={left}: after as many boots GRUB boots the second entry of its list ({second}), whichever is the default"
            ),
        };
        let severity = if is_over { Severity::Error } else { Severity::Warning };
        let finding = Finding::new(&layout::BOOT_DEFAULT, message)
            .help(format!("node-layout verify --repair, or grub2-editenv - unset {COUNTER}"))
            .severity(severity);
        env.unset(COUNTER);
        Ok(Some((finding, self.write(&env)?)))
    }

    fn added_files(&self, entry: &BootEntry) -> Vec<String> {
        // GRUB loads them from the directory of the entry's initramfs.
        let early = self.env().get("early_initrd").unwrap_or_default();
        let beside = entry.initrds().next().or(entry.kernel()).and_then(|file| file.rsplit_once('/'));
        let directory = beside.map_or("", |(directory, _)| directory);
        early.split_whitespace().map(|name| format!("{directory}/{name}")).collect()
    }

    fn hidden_by(&self, entries: &[BootEntry], id: &str) -> Option<String> {
        grub_menu::same_as(entries, self.order, id).map(|other| other.id.clone())
    }

    fn other_defaults(&self, entries: &[BootEntry], devices: &BootDevices<'_>) -> Vec<Finding> {
        let Some(default) = self.default_entry(entries) else { return Vec::new() };
        let copies = copies(&self.menus, devices);
        let differs = copies.into_iter().filter_map(|copy| {
            let other = self.named(entries, &copy.env.get("saved_entry").unwrap_or_default())?;
            let options = copy.env.get("kernelopts").filter(|_| self.uses_kernelopts);
            let is_same = other.id == default.id && (!self.uses_kernelopts || options == self.kernelopts());
            (!is_same).then_some((copy, other))
        });
        differs
            .map(|(copy, other)| {
                let config = copy.config.display();
                let message = match other.id == default.id {
                    true => format!(
                        "{config} is another configuration of GRUB, with other kernel arguments (kernelopts): a boot from {} uses them",
                        copy.target
                    ),
                    false => format!(
                        "{config} is another configuration of GRUB, and its default is {}, not {}: a boot from {} boots it",
                        other.id, default.id, copy.target
                    ),
                };
                let help = format!(
                    "node-layout does not write to it: copy {} there whenever the default has changed, or remove {config}",
                    self.path.display()
                );
                Finding::new(&layout::BOOT_DEFAULT, message).help(help).severity(Severity::Warning)
            })
            .collect()
    }

    fn unwritten(&self, devices: &BootDevices<'_>) -> Vec<Finding> {
        let finding = |copy: Copy| {
            let config = copy.config.display();
            let message = format!(
                "{config} is another configuration of GRUB, which node-layout does not write to: a boot from {} does not know the layer",
                copy.target
            );
            let help = format!(
                "copy {} there afterwards, and whenever the default has changed; or remove {config}",
                self.path.display()
            );
            Finding::new(&layout::BOOT_DEFAULT, message).help(help).severity(Severity::Warning)
        };
        copies(&self.menus, devices).into_iter().map(finding).collect()
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
            let is_link = self.name.parent() == config.parent();
            let config = config.display();
            return Some(match is_link {
                true => format!(
                    "{block} is not on the file system of {config}: GRUB does not follow a link to another file system"
                ),
                false => format!(
                    "GRUB reads {config}, and {block} is not beside it: what is stored there has no effect"
                ),
            });
        }
        if let Some(config) =
            menus.iter().find(|(_, text)| waits_for_a_key(text)).map(|(path, _)| path.display())
        {
            return Some(format!(
                "{config} waits in the menu until a key is pressed (timeout=-1): no boot begins by itself"
            ));
        }
        if let Some((target, config)) = started_elsewhere(&self.menus, devices) {
            return Some(format!(
                "the firmware has started the boot loader on {target}, and {} there is not {block}: what is stored here has no effect",
                config.display()
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
