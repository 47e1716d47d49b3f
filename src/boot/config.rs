//! A boot configuration of any format: its entries, each with a kernel, initial RAM disks and a command line.

use super::codes;
use super::entry::lines;
use super::{bls, grub, ipxe, pxelinux};
use node_base::cmdline;
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::source::{FileId, Sources};

pub use super::entry::Entry;

/// How a boot configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigFormat {
    /// Kernel command lines, one a line (/proc/cmdline)
    Cmdline,
    /// pxelinux, syslinux, isolinux
    Pxelinux,
    /// GRUB 2 (and the menus of GRUB 0.97)
    Grub,
    /// iPXE script
    Ipxe,
    /// systemd-boot or Boot Loader Specification entry
    Bls,
}

/// All entries of one file.
#[derive(Clone, Debug)]
pub struct BootConfig<'s> {
    /// How it is written.
    pub format: ConfigFormat,
    /// Entries, in the order of the file.
    pub entries: Vec<Entry<'s>>,
}

/// Finds out the format from the content.
pub fn detect(text: &str) -> ConfigFormat {
    if text.trim_start().starts_with("#!ipxe") || text.trim_start().starts_with("#!gpxe") {
        return ConfigFormat::Ipxe;
    }
    if is_ipxe_without_signature(text) {
        return ConfigFormat::Ipxe;
    }
    let (mut bls, mut grub, mut pxelinux) = (0u32, 0u32, 0u32);
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        let second = words.next();
        match first {
            "menuentry" | "submenu" | "linuxefi" | "linux16" | "initrdefi" | "initrd16" | "insmod" => {
                grub += 2
            }
            "set" if second.is_some_and(|w| w.contains('=')) => grub += 1,
            "linux" | "initrd" => {
                grub += 1;
                bls += 1;
            }
            "title" | "options" | "version" | "machine-id" | "sort-key" | "grub_class" | "grub_users"
            | "efi" => bls += 1,
            _ => {}
        }
        match first.to_ascii_lowercase().as_str() {
            "label" | "append" => pxelinux += 2,
            "kernel" | "default" | "ipappend" | "sysappend" | "timeout" | "prompt" | "menu" | "ontimeout"
                if second.is_some() =>
            {
                pxelinux += 1;
            }
            _ => {}
        }
    }
    if text.lines().any(|l| l.trim_start().starts_with("menuentry")) || is_grub_legacy(text) {
        return ConfigFormat::Grub;
    }
    let most = bls.max(grub).max(pxelinux);
    match most {
        0 if has_settings_of_ipxe(text) => ConfigFormat::Ipxe,
        0 => ConfigFormat::Cmdline,
        n if n == pxelinux => ConfigFormat::Pxelinux,
        n if n == bls && n > grub => ConfigFormat::Bls,
        _ => ConfigFormat::Grub,
    }
}

/// Whether a line has a word of a kernel command line: a parameter with a value, a switch that most have, or a variable or a mark
/// that may stand for one.
pub fn has_command_line(text: &str) -> bool {
    const SWITCHES: [&str; 9] =
        ["ro", "rw", "quiet", "rhgb", "splash", "nomodeset", "debug", "single", "text"];
    let is_parameter = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }) || SWITCHES.contains(&word)
            || word.starts_with("inst.")
            || word.starts_with("rd.")
            || word.contains(['$', '{', '@'])
    };
    text.lines().any(|line| line.split_whitespace().any(is_parameter))
}

/// Whether this is a menu of GRUB 0.97: entries that begin with `title` and load with `kernel`, or hand over.
fn is_grub_legacy(text: &str) -> bool {
    let begins = |words: &[&str]| {
        text.lines().any(|line| line.split_whitespace().next().is_some_and(|w| words.contains(&w)))
    };
    begins(&["title"]) && begins(&["kernel", "rootnoverify", "chainloader"]) && !begins(&["options"])
}

/// Whether this is an iPXE script without its first line: a lower-case `kernel` with a URL or a variable, or `imgargs`.
fn is_ipxe_without_signature(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("kernel"), Some(image)) => image.contains("://") || image.contains("${"),
            (Some("imgargs" | "imgfetch" | "imgstat"), _) => true,
            _ => false,
        }
    }) && !text.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with("append"))
}

/// Whether lines set variables as iPXE does (`set params inst.ks=…`): a fragment that another script loads.
fn has_settings_of_ipxe(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let is_setting = matches!(words.next(), Some("set" | "clear"));
        is_setting && words.next().is_some_and(|name| !name.contains('='))
    })
}

/// Words of a configuration that leads to another one, or to a disk.
const LEADS_ELSEWHERE: &[&str] = &[
    "chain",
    "sanboot",
    "configfile",
    "chainloader",
    "localboot",
    "include",
    "blscfg",
    "efi ",
    "uki ",
    "exit",
    "com32",
];

/// Reads a file. What is wrong with the configuration itself goes to `findings`.
pub fn read<'s>(
    sources: &'s Sources,
    file: FileId,
    format: ConfigFormat,
    findings: &mut Findings,
) -> BootConfig<'s> {
    let text = sources.get(file).text();
    let entries = match format {
        ConfigFormat::Cmdline => command_lines(text, file),
        ConfigFormat::Pxelinux => pxelinux::read(text, file, findings),
        ConfigFormat::Grub => grub::read(text, file, findings),
        ConfigFormat::Ipxe => ipxe::read(text, file, findings),
        ConfigFormat::Bls => bls::read(text, file, findings),
    };
    if entries.is_empty() && findings.is_empty() {
        let lower = text.to_ascii_lowercase();
        // A script that only sets variables is included by another one.
        let sets = matches!(format, ConfigFormat::Grub | ConfigFormat::Ipxe)
            && lower.lines().any(|line| line.trim_start().starts_with("set "));
        let elsewhere = sets || LEADS_ELSEWHERE.iter().any(|word| lower.contains(word));
        findings.push(
            Finding::new(&codes::NO_ENTRY, "nothing in this file boots a kernel")
                .severity(if elsewhere { Severity::Info } else { Severity::Warning })
                .help("expected a kernel command line, or a pxelinux, GRUB, iPXE or Boot Loader Specification file; --kind names the format"),
        );
    }
    BootConfig { format, entries }
}

/// Every line that is neither empty nor a comment is a command line.
fn command_lines(text: &str, file: FileId) -> Vec<Entry<'_>> {
    lines(text)
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(at, line)| Entry { line: cmdline::parse(line, file, at), ..Entry::default() })
        .collect()
}
