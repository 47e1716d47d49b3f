//! Entries that start another installer: a menu often has several, and their words are not Anaconda's.

use super::entry::Entry;

/// Words of a command line that only other installers have: Debian and Ubuntu, live systems of Debian, SUSE, CoreOS, Arch,
/// Alpine. Each is the begin of a word.
const WORDS: [&str; 31] = [
    "preseed/",
    "preseed=",
    "debian-installer",
    "debconf/",
    "netcfg/",
    "hw-detect/",
    "priority=",
    "auto=true",
    "auto-install/",
    "boot=casper",
    "boot=live",
    "casper",
    "autoinstall",
    "cloud-config-url=",
    "ds=nocloud",
    "url=http",
    "autoyast=",
    "autoyast2=",
    "inst.auto=",
    "install=http",
    "install=ftp",
    "install=nfs",
    "install=cd",
    "install=hd",
    "install=smb",
    "netsetup=",
    "ignition.",
    "coreos.",
    "archiso",
    "alpine_repo=",
    "modloop=",
];

/// Names of distributions in the path of a kernel or an initial RAM disk whose installer is not Anaconda.
const PATHS: [&str; 18] = [
    "debian",
    "ubuntu",
    "casper",
    "kubuntu",
    "linuxmint",
    "suse",
    "opensuse",
    "sles",
    "leap",
    "tumbleweed",
    "coreos",
    "fcos",
    "rhcos",
    "archlinux",
    "alpine",
    "nixos",
    "proxmox",
    "esxi",
];

/// Whether the entry starts an installer or a live system that is not Anaconda's. An option of Anaconda's own (`inst.…`)
/// says the contrary.
pub(super) fn is_of_another_installer(entry: &Entry<'_>) -> bool {
    // SUSE's installer has inst.auto= and inst.install=, Anaconda does not.
    if entry.line.words.iter().any(|w| w.name.starts_with("inst.") && w.name != "inst.auto") {
        return false;
    }
    let begins = |word: &str| WORDS.iter().any(|known| word.starts_with(known));
    let by_words = entry.line.words.iter().any(|word| match &word.value {
        Some(value) => begins(&format!("{}={}", word.name, value.text)),
        None => begins(&word.name),
    });
    let paths = || entry.kernel.iter().chain(&entry.initrd);
    let is_named = |path: &str| {
        let lower = path.to_ascii_lowercase();
        let mut parts = lower.split(|c: char| !c.is_ascii_alphabetic());
        parts.any(|part| PATHS.contains(&part))
    };
    by_words || paths().any(|path| is_named(&path.text))
}
