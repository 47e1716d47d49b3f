//! Everything that the decisions need to know about a machine, read once and before anything is changed.

use super::efi;
use super::fstab::Fstab;
use super::loader::{BootConfig, LoaderError, TextFile};
use super::lvm::{LogicalVolume, Lvm, LvmError};
use super::tools::{Space, Tools, below};
use node_base::cmdline::Arguments;
use node_base::superblock::Superblock;
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// Where the image says what it is.
pub const IMAGE_NVR: &str = "/usr/share/imgbase/build/meta/nvr";
/// The kernel argument with the operator's last word.
pub const NVR_ARGUMENT: &str = "ovirt_node.nvr";

/// Which system, and how the caller names the image.
#[derive(Clone, Debug)]
pub struct Request {
    /// Root of the system: `/`, or `/mnt/sysroot` in an installer.
    pub sysroot: PathBuf,
    /// Of the add-on's section of the kickstart.
    pub addon_nvr: Option<String>,
    /// Of the command line.
    pub nvr: Option<String>,
}

/// One mounted file system of the system, by its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Mount point inside the system.
    pub target: String,
    /// What the kernel calls the source; an old name after a renaming.
    pub source: String,
    /// Kind of file system.
    pub kind: String,
    /// Device number: right whatever names say.
    pub device: (u32, u32),
    /// Whether it can only be read.
    pub read_only: bool,
    /// Options of the file system, comma-separated.
    pub options: String,
}

/// A machine at one moment.
#[derive(Debug)]
pub struct System {
    /// Root of the system.
    pub sysroot: PathBuf,
    /// What the system calls itself: `PRETTY_NAME` of os-release(5).
    pub os: Option<String>,
    /// Whether the system is the running one (not a chroot, not an installer's sysroot).
    pub running: bool,
    /// Arguments of the running kernel.
    pub cmdline: Arguments,
    /// What is mounted, sorted by target.
    pub mounts: Vec<Mount>,
    /// LVM.
    pub lvm: Result<Lvm, LvmError>,
    /// `/etc/fstab`.
    pub fstab: Option<TextFile>,
    /// The boot configuration.
    pub boot: Result<BootConfig, LoaderError>,
    /// UEFI variables of the running machine, if UEFI has booted it.
    pub efi: Option<efi::Variables>,
    /// Size and free space of /boot.
    pub boot_space: Option<Space>,
    /// Whether root's device is a volume of LVM, also when LVM does not show it.
    pub root_is_lvm: bool,
    /// Superblock of root.
    pub root_super: Option<Superblock>,
    /// Superblock of /boot.
    pub boot_super: Option<Superblock>,
    /// The image's name as asked for, and who asked.
    pub nvr: Option<(String, &'static str)>,
    /// `SELINUXTYPE` if the system uses SELinux.
    pub selinux: Option<String>,
    /// A `node-layout` inside the system, that its first boot can run.
    pub program: Option<&'static str>,
}

impl System {
    /// Reads it. What cannot be read is kept as the reason why, for the checks to tell.
    pub fn read(tools: &dyn Tools, request: &Request) -> System {
        let environment = tools.environment();
        let sysroot = request.sysroot.clone();
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let mounts = read(&below(environment, "/proc/self/mountinfo"))
            .map(|t| mounts(&t, &sysroot.display().to_string()))
            .unwrap_or_default();
        let running = sysroot == Path::new("/") && is_own_root(environment);
        let cmdline = Arguments::parse(&read(&below(environment, "/proc/cmdline")).unwrap_or_default());
        let at = |target: &str| mounts.iter().find(|m| m.target == target);
        let superblock = |target: &str| {
            at(target)
                .and_then(|m| device_path(environment, m.device))
                .and_then(|p| Superblock::read(&p).ok().flatten())
        };
        let (root_super, boot_super) = (superblock("/"), superblock("/boot"));
        let boot_space = at("/boot").and_then(|_| tools.space(&below(&sysroot, "/boot")).ok());
        let fstab_path = below(&sysroot, "/etc/fstab");
        let image = || read(&below(&sysroot, IMAGE_NVR)).map(|t| t.trim().to_owned());
        let nvr = (cmdline
            .value(NVR_ARGUMENT)
            .map(|v| (v.trim_matches('"').to_owned(), "the kernel argument ovirt_node.nvr")))
        .or_else(|| request.addon_nvr.clone().map(|v| (v, "the add-on's section of the kickstart")))
        .or_else(|| request.nvr.clone().map(|v| (v, "--nvr")))
        .or_else(|| image().map(|v| (v, IMAGE_NVR)));
        System {
            lvm: Lvm::read(tools),
            boot: BootConfig::read(&sysroot, running.then_some(environment)),
            efi: running.then(|| efi::Variables::read(environment)).flatten(),
            fstab: read(&fstab_path).map(|text| TextFile { path: fstab_path, text }),
            os: ["/etc/os-release", "/usr/lib/os-release"]
                .into_iter()
                .find_map(|p| read(&below(&sysroot, p)))
                .and_then(|text| pretty_name(&text)),
            selinux: read(&below(&sysroot, "/etc/selinux/config")).and_then(|t| selinux_type(&t)),
            program: ["/usr/sbin/node-layout", "/usr/bin/node-layout", "/usr/local/sbin/node-layout"]
                .into_iter()
                .find(|p| below(&sysroot, p).exists()),
            root_is_lvm: at("/").is_some_and(|m| is_lvm_device(environment, m.device)),
            running,
            cmdline,
            mounts,
            boot_space,
            root_super,
            boot_super,
            nvr,
            sysroot,
        }
    }

    /// What is mounted at `target`.
    pub fn mount(&self, target: &str) -> Option<&Mount> {
        self.mounts.iter().find(|m| m.target == target)
    }

    /// The volume that holds root.
    pub fn root_volume(&self) -> Option<&LogicalVolume> {
        self.lvm.as_ref().ok()?.by_device(self.mount("/")?.device)
    }

    /// fstab, understood.
    pub fn fstab(&self) -> Option<Fstab> {
        self.fstab.as_ref().map(|f| Fstab::parse(&f.text))
    }

    /// A path inside the system.
    pub fn path(&self, path: &str) -> PathBuf {
        below(&self.sysroot, path)
    }
}

/// The path of a block device by its number: the kernel's own name, which no renaming changes.
pub fn device_path(environment: &Path, device: (u32, u32)) -> Option<PathBuf> {
    let uevent = below(environment, format!("/sys/dev/block/{}:{}/uevent", device.0, device.1));
    let text = std::fs::read_to_string(uevent).ok()?;
    let name = text.lines().find_map(|l| l.strip_prefix("DEVNAME="))?;
    Some(below(environment, "/dev").join(name))
}

/// Whether a device is a volume of LVM, whatever LVM says of it now: LVM gives its devices this kind of UUID.
pub fn is_lvm_device(environment: &Path, device: (u32, u32)) -> bool {
    let path = below(environment, format!("/sys/dev/block/{}:{}/dm/uuid", device.0, device.1));
    std::fs::read_to_string(path).is_ok_and(|uuid| uuid.starts_with("LVM-"))
}

/// Where a partition begins on its disk; nothing for what is no partition.
pub fn partition_start(environment: &Path, device: (u32, u32)) -> Option<Bytes> {
    let path = below(environment, format!("/sys/dev/block/{}:{}/start", device.0, device.1));
    let sectors: u64 = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
    Some(Bytes(sectors.saturating_mul(512)))
}

/// The size of a block device.
pub fn device_size(environment: &Path, device: (u32, u32)) -> Option<Bytes> {
    let path = below(environment, format!("/sys/dev/block/{}:{}/size", device.0, device.1));
    let sectors: u64 = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
    Some(Bytes(sectors.saturating_mul(512)))
}

/// Whether this process sees the root that the machine's first process sees: a chroot of an installer does not.
fn is_own_root(environment: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |p: PathBuf| std::fs::metadata(p).map(|m| (m.dev(), m.ino()));
    matches!((id(below(environment, "/proc/1/root/.")), id(PathBuf::from("/"))), (Ok(a), Ok(b)) if a == b)
}

/// The mounts of the system at `sysroot` from the text of `/proc/self/mountinfo` (proc(5)).
fn mounts(text: &str, sysroot: &str) -> Vec<Mount> {
    let sysroot = sysroot.trim_end_matches('/');
    let mut mounts: Vec<Mount> = Vec::new();
    for line in text.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let before: Vec<&str> = before.split(' ').collect();
        let after: Vec<&str> = after.split(' ').collect();
        let (Some(device), Some(target), Some(options)) = (before.get(2), before.get(4), before.get(5))
        else {
            continue;
        };
        let target = unescaped(target);
        let Some(inside) = target.strip_prefix(sysroot).filter(|r| r.is_empty() || r.starts_with('/')) else {
            continue;
        };
        let Some(device) = device.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
        else {
            continue;
        };
        let target = if inside.is_empty() { "/" } else { inside }.to_owned();
        let super_options = after.get(2).copied().unwrap_or_default();
        let read_only = |o: &str| o.split(',').any(|w| w == "ro");
        // What is mounted later hides what was there before.
        mounts.retain(|m| m.target != target);
        mounts.push(Mount {
            target,
            source: after.get(1).map(|s| unescaped(s)).unwrap_or_default(),
            kind: after.first().copied().unwrap_or_default().to_owned(),
            device,
            read_only: read_only(options) || read_only(super_options),
            options: format!("{options},{super_options}"),
        });
    }
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    mounts
}

/// Blanks and the like are octal in mountinfo.
fn unescaped(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let octal = bytes.get(i + 1..i + 4).and_then(|d| std::str::from_utf8(d).ok());
        match octal.and_then(|d| u8::from_str_radix(d, 8).ok()) {
            Some(b) if bytes[i] == b'\\' => {
                out.push(b);
                i += 4;
            }
            _ => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `PRETTY_NAME` of os-release(5): an assignment of a shell, with or without quotes.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().filter_map(|l| l.trim().strip_prefix("PRETTY_NAME=")).next_back()?;
    let mut name = String::new();
    let mut kept = false;
    for c in value.trim().trim_matches(['"', '\'']).chars() {
        // A backslash keeps what is behind it.
        kept = c == '\\' && !kept;
        if !kept {
            name.push(c);
        }
    }
    Some(name).filter(|n| !n.is_empty())
}

fn selinux_type(config: &str) -> Option<String> {
    let value = |key: &str| {
        config
            .lines()
            .find_map(|l| l.trim().strip_prefix(key)?.strip_prefix('=').map(|v| v.trim().to_owned()))
    };
    if value("SELINUX")? == "disabled" {
        return None;
    }
    // It becomes part of a path.
    value("SELINUXTYPE")
        .filter(|t| !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_seen_from_inside_the_system() {
        let text = "22 1 0:21 / /proc rw - proc proc rw\n\
            30 1 253:2 / /mnt/sysroot rw,relatime shared:1 - xfs /dev/mapper/onn-root rw,seclabel\n\
            31 30 252:2 / /mnt/sysroot/boot rw - ext4 /dev/vda2 ro\n\
            32 30 252:9 / /mnt/sysroot/a\\040b rw - ext4 /dev/x rw\n\
            33 1 8:1 / /mnt/sysroot2 rw - ext4 /dev/y rw\n";
        let seen = mounts(text, "/mnt/sysroot");
        let list: Vec<_> = seen.iter().map(|m| (m.target.as_str(), m.device, m.read_only)).collect();
        assert_eq!(list, [("/", (253, 2), false), ("/a b", (252, 9), false), ("/boot", (252, 2), true)]);
        assert_eq!(mounts(text, "/").len(), 5);
    }

    #[test]
    fn a_system_is_called_what_its_os_release_says() {
        let text = "NAME=\"CentOS Stream\"\nVERSION=\"9\"\nVARIANT_ID=\"ovirt-node\"\nPRETTY_NAME=\"oVirt Node 4.5.6\"\n";
        assert_eq!(pretty_name(text).as_deref(), Some("oVirt Node 4.5.6"));
        assert_eq!(pretty_name("PRETTY_NAME='Node'\n").as_deref(), Some("Node"));
        assert_eq!(
            pretty_name("PRETTY_NAME=\"A \\\"node\\\" at \\$5\"\n").as_deref(),
            Some("A \"node\" at $5")
        );
        assert_eq!(pretty_name("NAME=x\nPRETTY_NAME=\n"), None);
    }

    #[test]
    fn selinux_counts_unless_it_is_disabled() {
        assert_eq!(selinux_type("SELINUX=permissive\nSELINUXTYPE=targeted\n").as_deref(), Some("targeted"));
        assert_eq!(selinux_type("SELINUX=disabled\nSELINUXTYPE=targeted\n"), None);
        assert_eq!(selinux_type("SELINUX=enforcing\nSELINUXTYPE=../x\n"), None);
    }
}
