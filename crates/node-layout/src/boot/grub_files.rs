//! Where GRUB's configuration and its environment block are: on /boot, or on an EFI system partition; and which of several GRUB reads.

use super::efi::{LoadOption, Variables};
use super::grub_menu::{self, Order};
use super::grubenv::GrubEnv;
use super::loader::{BootDevices, Place};
use super::text_file::BootError;
use crate::files::Files;
use crate::machine::{inside, partition_start};
use std::path::{Path, PathBuf};

/// GRUB's directories on /boot.
const BOOT: [&str; 2] = ["/boot/grub2", "/boot/grub"];
/// The directories of distributions on the EFI system partition.
const VENDORS: &str = "/boot/efi/EFI";

/// The environment block, its name in GRUB's directory and its file: a plain file below /boot, or (UEFI on RHEL 8) a link from there
/// to the EFI system partition.
pub(super) fn environment_block(
    place: &Place<'_>,
    vendor: &str,
) -> Result<Option<(PathBuf, PathBuf, Vec<u8>)>, BootError> {
    let Place { sysroot, files, .. } = *place;
    let own = Path::new(VENDORS).join(vendor);
    let directories = BOOT.map(PathBuf::from).into_iter().chain([own]).chain(vendors(sysroot, VENDORS));
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
pub(super) fn ignores_saved_entry(sysroot: &Path, files: &Files) -> Option<PathBuf> {
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
    let directories = BOOT.map(PathBuf::from).into_iter().chain(vendors(sysroot, VENDORS));
    directories.map(|d| inside(sysroot, d.join("grub.cfg"))).collect()
}

/// The configurations that list entries of the Boot Loader Specification, as far as they can be read.
pub(super) fn menus(sysroot: &Path, files: &Files) -> Vec<(PathBuf, String)> {
    configurations(sysroot).into_iter().filter_map(|path| menu(files, path)).collect()
}

fn menu(files: &Files, path: PathBuf) -> Option<(PathBuf, String)> {
    let text = String::from_utf8_lossy(&files.bytes(&path).ok()??).into_owned();
    text.lines().any(|l| grub_menu::is_command(l, "blscfg")).then_some((path, text))
}

/// The directories of an EFI system partition, one a distribution, in the order of their names, as paths in the system. `all` is the
/// directory that they are in.
fn vendors(sysroot: &Path, all: &str) -> impl Iterator<Item = PathBuf> {
    let listed = std::fs::read_dir(inside(sysroot, all)).into_iter().flatten().flatten();
    listed
        .map(|vendor| Path::new(all).join(vendor.file_name()))
        .collect::<std::collections::BTreeSet<PathBuf>>()
        .into_iter()
}

/// The distribution, by os-release(5).
#[derive(Debug, Default)]
pub(super) struct Distribution {
    /// `ID`, then the words of `ID_LIKE`.
    ids: Vec<String>,
    /// The first number of `VERSION_ID`.
    major: Option<u32>,
}

impl Distribution {
    pub(super) fn read(place: &Place<'_>) -> Distribution {
        let text = ["/etc/os-release", "/usr/lib/os-release"].into_iter().find_map(|file| {
            let bytes = place.files.bytes(&inside(place.sysroot, file)).ok()??;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        });
        let text = text.unwrap_or_default();
        let value = |name: &str| {
            let value = text.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        let ids = [value("ID"), value("ID_LIKE")].join(" ");
        let digits: String = value("VERSION_ID").chars().take_while(char::is_ascii_digit).collect();
        Distribution { ids: ids.split_whitespace().map(str::to_owned).collect(), major: digits.parse().ok() }
    }

    /// Whether it is one of Red Hat's family.
    pub(super) fn is_red_hat(&self) -> bool {
        self.ids.iter().any(|id| ["rhel", "fedora", "centos"].contains(&id.as_str()))
    }

    /// How its GRUB orders boot entries.
    pub(super) fn order(&self) -> Order {
        let is_fedora = self.ids.first().is_some_and(|id| id == "fedora");
        match self.major {
            _ if !self.is_red_hat() => Order::Upstream,
            Some(..=8) if !is_fedora => Order::Rhel8,
            _ => Order::RedHat,
        }
    }

    /// The name of its directory on the EFI system partition.
    pub(super) fn vendor(&self) -> String {
        match self.ids.first().map_or("", String::as_str) {
            "rhel" => "redhat".to_owned(),
            // What is not one name is not a directory of ours.
            id if id.contains('/') || id.starts_with('.') => String::new(),
            id => id.to_owned(),
        }
    }
}

/// The directory on its EFI system partition from which the firmware has started this machine; `None` if it does not say, or has
/// started the default for removable media.
pub(super) fn started_vendor(environment: &Path) -> Option<String> {
    let (option, _) = started(environment)?;
    let file = option.file?;
    let directory = Path::new(&file).parent()?.file_name()?.to_str()?;
    (!directory.eq_ignore_ascii_case("BOOT")).then(|| directory.to_owned())
}

/// The firmware's entry that has started this machine, and the first block of its partition.
fn started(environment: &Path) -> Option<(LoadOption, Option<u64>)> {
    let mut variables = Variables::read(environment)?;
    let option = variables.options.remove(&variables.current?)?;
    let start = option.partition_start;
    Some((option, start))
}

/// A configuration of GRUB on another EFI system partition than the one of this system.
#[derive(Debug)]
pub(super) struct Copy {
    /// Where that partition is mounted.
    pub(super) target: String,
    device: (u32, u32),
    /// The configuration, which lists the boot entries.
    pub(super) config: PathBuf,
    /// The environment block beside it; empty without one.
    pub(super) env: GrubEnv,
}

/// The configurations on other mounted EFI system partitions that list the boot entries. Those that only load another one are not
/// told: that one is read, wherever the firmware starts.
pub(super) fn copies(menus: &[(PathBuf, String)], devices: &BootDevices<'_>) -> Vec<Copy> {
    let files = Files::default();
    let mut copies = Vec::new();
    for mount in devices.mounts.iter().filter(|m| m.kind == "vfat" && m.target != "/boot/efi") {
        let all = Path::new(&mount.target).join("EFI");
        for vendor in vendors(devices.sysroot, &all.display().to_string()) {
            let path = inside(devices.sysroot, vendor.join("grub.cfg"));
            let Some((config, _)) = menu(&files, path).filter(|(path, _)| menus.iter().all(|m| m.0 != *path))
            else {
                continue;
            };
            let block = files.bytes(&config.with_file_name("grubenv")).ok().flatten().unwrap_or_default();
            copies.push(Copy {
                target: mount.target.clone(),
                device: mount.device,
                config,
                env: GrubEnv::parse(&block),
            });
        }
    }
    copies
}

/// The other EFI system partition that the firmware has started this machine from, and the configuration that GRUB has read there.
pub(super) fn started_elsewhere(
    menus: &[(PathBuf, String)],
    devices: &BootDevices<'_>,
) -> Option<(String, PathBuf)> {
    let first = started(devices.environment).filter(|_| devices.running)?.1?;
    let is_there = |copy: &Copy| {
        let start = partition_start(devices.environment, copy.device);
        // In logical blocks of the disk: 512 or 4096 bytes.
        start.is_some_and(|start| [512, 4096].iter().any(|block| first.checked_mul(*block) == Some(start.0)))
    };
    copies(menus, devices).into_iter().find(is_there).map(|copy| (copy.target, copy.config))
}

/// Whether the menu waits until somebody presses a key (`GRUB_TIMEOUT=-1`).
pub(super) fn waits_for_a_key(config: &str) -> bool {
    let set: Vec<&str> = config.lines().filter_map(|l| l.trim().strip_prefix("set timeout=")).collect();
    // Later lines are those that hide the menu, or show it once.
    set.first().is_some_and(|seconds| seconds.trim_matches('"') == "-1")
}
