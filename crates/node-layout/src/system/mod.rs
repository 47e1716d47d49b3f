//! Everything that the decisions need to know about a system, read once and before anything is changed.

mod identity; // os-release, SELinux, the image's name

use crate::boot::{BootConfig, BootError, TextFile, efi};
use crate::disks::{Fstab, LogicalVolume, Lvm, LvmError};
use crate::files::{Files, ReadError};
use crate::machine::{Mount, Space, Tools, below, device_path, inside, is_lvm_device, mounts_below};
use node_base::cmdline::Arguments;
use node_base::superblock::Superblock;
use std::path::{Path, PathBuf};

pub(crate) use identity::IMAGE_NVR;

/// The kernel argument that names the image and overrides everything else.
const NVR_ARGUMENT: &str = "ovirt_node.nvr";
/// Directory of the records of `init`.
pub(crate) const CONFIG_DIR: &str = "/etc/node-layout";
/// Directory of systemd's units that are made on this host.
pub(crate) const UNIT_DIR: &str = "/etc/systemd/system";
/// The unit that completes the layout at the first boot.
pub(crate) const UNIT: &str = "node-layout-finish.service";

/// Which system to read, and how the caller names the image.
#[derive(Clone, Debug)]
pub struct Request {
    /// Root of the system: `/`, or `/mnt/sysroot` in an installer.
    pub sysroot: PathBuf,
    /// The image's name in the add-on section of the kickstart.
    pub addon_nvr: Option<String>,
    /// The image's name on the command line.
    pub nvr: Option<String>,
}

/// A system and the machine it is on, at one moment.
#[derive(Debug)]
pub struct System {
    /// Root of the system.
    pub sysroot: PathBuf,
    /// `PRETTY_NAME` of os-release(5).
    pub(crate) os: Option<String>,
    /// Whether it is the running system: not a chroot, not an installer's sysroot.
    pub running: bool,
    /// Arguments of the running kernel.
    pub cmdline: Arguments,
    /// When the running kernel was started, in seconds since the epoch; `None` if the kernel does not say.
    pub(crate) booted_at: Option<i64>,
    /// Mounted file systems, sorted by mount point.
    pub(crate) mounts: Vec<Mount>,
    /// LVM's report.
    pub lvm: Result<Lvm, LvmError>,
    /// `/etc/fstab`; `None` if it does not exist.
    pub(crate) fstab: Result<Option<TextFile>, ReadError>,
    /// The boot configuration.
    pub boot: Result<BootConfig, BootError>,
    /// The firmware's boot entries, if the system is the running one and UEFI has booted it.
    pub efi: Option<efi::Variables>,
    /// Size and free space of /boot.
    pub(crate) boot_space: Option<Space>,
    /// Whether root's device is a logical volume, also if LVM does not report it.
    pub(crate) root_is_lvm: bool,
    /// Superblock of root, if it has a UUID.
    pub(crate) root_super: Option<Superblock>,
    /// Superblock of /boot, if it has a UUID.
    pub(crate) boot_super: Option<Superblock>,
    /// The image's name, and where it comes from.
    pub nvr: Option<(String, &'static str)>,
    /// `SELINUXTYPE`; `None` if SELinux is disabled or not installed.
    pub(crate) selinux: Option<String>,
    /// Path of a `node-layout` inside the system, which its first boot can run.
    pub(crate) program: Option<&'static str>,
}

impl System {
    /// Reads a system. What cannot be read is kept as an error or `None`; the checks report it.
    pub fn read(tools: &dyn Tools, request: &Request) -> System {
        let environment = tools.environment();
        let sysroot = request.sysroot.clone();
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let mounts = read(&below(environment, "/proc/self/mountinfo"))
            .map(|t| mounts_below(&t, &sysroot.display().to_string()))
            .unwrap_or_default();
        let running = tools.is_running(&sysroot);
        let cmdline = Arguments::parse(&read(&below(environment, "/proc/cmdline")).unwrap_or_default());
        let booted_at = read(&below(environment, "/proc/stat"))
            .and_then(|t| t.lines().find_map(|l| l.strip_prefix("btime ")?.trim().parse().ok()));
        let at = |target: &str| mounts.iter().find(|m| m.target == target);
        let superblock = |target: &str| {
            let path = device_path(environment, at(target)?.device)?;
            Superblock::read(&path).ok().flatten().filter(|s| !s.uuid.is_empty())
        };
        let (root_super, boot_super) = (superblock("/"), superblock("/boot"));
        let boot_space = at("/boot").and_then(|_| tools.space(&inside(&sysroot, "/boot")).ok());
        let files = Files::default();
        let nvr = (cmdline
            .value(NVR_ARGUMENT)
            .map(|v| (v.trim_matches('"').to_owned(), "the kernel argument ovirt_node.nvr")))
        .or_else(|| request.addon_nvr.clone().map(|v| (v, "the add-on's section of the kickstart")))
        .or_else(|| request.nvr.clone().map(|v| (v, "--nvr")))
        .or_else(|| identity::image_nvr(&sysroot).map(|v| (v, IMAGE_NVR)));
        System {
            lvm: Lvm::read(tools),
            boot: BootConfig::read(&sysroot, running.then_some(environment), &files),
            efi: running.then(|| efi::Variables::read(environment)).flatten(),
            fstab: read_fstab(&sysroot, &files),
            os: identity::os_name(&sysroot),
            selinux: identity::selinux_type(&sysroot),
            program: ["/usr/sbin/node-layout", "/usr/bin/node-layout", "/usr/local/sbin/node-layout"]
                .into_iter()
                .find(|p| inside(&sysroot, p).exists()),
            root_is_lvm: at("/").is_some_and(|m| is_lvm_device(environment, m.device)),
            running,
            cmdline,
            booted_at,
            mounts,
            boot_space,
            root_super,
            boot_super,
            nvr,
            sysroot,
        }
    }

    /// The file system mounted at `target`.
    pub(crate) fn mount(&self, target: &str) -> Option<&Mount> {
        self.mounts.iter().find(|m| m.target == target)
    }

    /// The logical volume that root is on.
    pub(crate) fn root_volume(&self) -> Option<&LogicalVolume> {
        self.lvm.as_ref().ok()?.by_device(self.mount("/")?.device)
    }

    /// The lines of `/etc/fstab`; `None` if it cannot be read.
    pub fn fstab(&self) -> Option<Fstab> {
        self.fstab.as_ref().ok()?.as_ref().map(|f| Fstab::parse(&f.text))
    }

    /// A path inside the system; its links are followed there.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        inside(&self.sysroot, path)
    }
}

/// `/etc/fstab` of a system.
pub(crate) fn read_fstab(sysroot: &Path, files: &Files) -> Result<Option<TextFile>, ReadError> {
    let path = inside(sysroot, "/etc/fstab");
    Ok(files.text(&path)?.map(|text| TextFile { path, text }))
}
