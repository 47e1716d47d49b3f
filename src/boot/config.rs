//! A boot configuration of any format: its entries, each with a kernel, initial RAM disks and a command line.

use super::codes;
use super::{bls, grub, ipxe, pxelinux};
use node_base::cmdline::{self, CommandLine};
use node_base::diagnostic::{Finding, Findings, Severity};
use node_base::source::Spanned;
use node_base::source::{FileId, Sources, Span};

/// How a boot configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
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

/// One choice of a boot configuration.
#[derive(Clone, Debug, Default)]
pub struct Entry<'s> {
    /// Label or title.
    pub title: Option<Spanned<'s>>,
    /// The kernel.
    pub kernel: Option<Spanned<'s>>,
    /// Initial RAM disks.
    pub initrd: Vec<Spanned<'s>>,
    /// What the kernel is told.
    pub line: CommandLine<'s>,
    /// Whether the boot loader adds `BOOTIF=` (pxelinux: `IPAPPEND 2`).
    pub adds_bootif: bool,
    /// Whether the boot loader adds the kernel's own form of `ip=` (pxelinux: `IPAPPEND 1`).
    pub adds_ip: bool,
}

impl<'s> Entry<'s> {
    /// Where to point when something is missing from the entry: at its title, else at the first word of its command
    /// line, else at its kernel.
    pub fn span(&self) -> Option<Span> {
        let title = self.title.as_ref().map(|t| t.span);
        let first = self.line.words.first().map(|w| w.span);
        title.or(first).or(self.kernel.as_ref().map(|k| k.span))
    }

    /// The title as one names the entry in a sentence: `entry 'linux'`, or `the command line`.
    pub fn name(&self) -> String {
        self.title.as_ref().map_or_else(|| "the command line".to_owned(), |t| format!("entry '{}'", t.text))
    }

    /// Whether what is loaded is a Linux kernel, not another boot loader or a memory test.
    pub fn is_linux(&self) -> bool {
        let Some(kernel) = &self.kernel else { return true };
        let path = kernel.text.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
        let other = [".c32", ".0", ".bin", ".com", ".bs", ".bss", ".efi", ".img", ".lkrn", ".ipxe"];
        let is_other = other.iter().any(|e| name.ends_with(e)) && !name.starts_with("vmlinu");
        !is_other
            && !["memdisk", "memtest", "wimboot", "xen", "hypervisor"].iter().any(|n| name.starts_with(n))
    }
}

/// All entries of one file.
#[derive(Clone, Debug)]
pub struct Config<'s> {
    /// How it is written.
    pub format: Format,
    /// Entries in order.
    pub entries: Vec<Entry<'s>>,
}

/// Finds out the format from the content.
pub fn detect(text: &str) -> Format {
    if text.trim_start().starts_with("#!ipxe") || text.trim_start().starts_with("#!gpxe") {
        return Format::Ipxe;
    }
    if is_ipxe_without_signature(text) {
        return Format::Ipxe;
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
        return Format::Grub;
    }
    let most = bls.max(grub).max(pxelinux);
    match most {
        0 => Format::Cmdline,
        n if n == pxelinux => Format::Pxelinux,
        n if n == bls && n > grub => Format::Bls,
        _ => Format::Grub,
    }
}

/// Whether this is a menu of GRUB 0.97: entries that begin with `title` and load with `kernel`, or hand over.
fn is_grub_legacy(text: &str) -> bool {
    let begins = |words: &[&str]| {
        text.lines().any(|line| line.split_whitespace().next().is_some_and(|w| words.contains(&w)))
    };
    begins(&["title"]) && begins(&["kernel", "rootnoverify", "chainloader"]) && !begins(&["options"])
}

/// Whether lines of an iPXE script stand without the first one that makes it a script: a lower-case `kernel` with a URL
/// or a variable, or `imgargs`.
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
pub fn read<'s>(sources: &'s Sources, file: FileId, format: Format, findings: &mut Findings) -> Config<'s> {
    let text = sources.get(file).text();
    let entries = match format {
        Format::Cmdline => command_lines(text, file),
        Format::Pxelinux => pxelinux::read(text, file, findings),
        Format::Grub => grub::read(text, file, findings),
        Format::Ipxe => ipxe::read(text, file, findings),
        Format::Bls => bls::read(text, file, findings),
    };
    if entries.is_empty() && findings.is_empty() {
        let lower = text.to_ascii_lowercase();
        // A script that only sets variables is taken in by another one.
        let sets = matches!(format, Format::Grub | Format::Ipxe)
            && lower.lines().any(|line| line.trim_start().starts_with("set "));
        let elsewhere = sets || LEADS_ELSEWHERE.iter().any(|word| lower.contains(word));
        findings.push(
            Finding::new(&codes::NO_ENTRY, "nothing in this file boots a kernel")
                .severity(if elsewhere { Severity::Info } else { Severity::Warning })
                .help("expected a kernel command line, or a pxelinux, GRUB, iPXE or Boot Loader Specification file; --kind names the format"),
        );
    }
    Config { format, entries }
}

/// Every line that is neither empty nor a comment is a command line.
fn command_lines(text: &str, file: FileId) -> Vec<Entry<'_>> {
    lines(text)
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|(at, line)| Entry { line: cmdline::parse(line, file, at), ..Entry::default() })
        .collect()
}

/// The lines of a boot configuration without their line ends, each with the byte it starts at.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// The blank-separated words of a part of a line, each with its place. `at` is the byte the part starts at.
pub(super) fn words(part: &str, file: FileId, at: usize) -> impl Iterator<Item = Spanned<'_>> {
    let base = part.as_ptr() as usize;
    part.split_whitespace().map(move |word| {
        let start = at + (word.as_ptr() as usize - base);
        Spanned { text: word.into(), span: Span::new(file, start, start + word.len()) }
    })
}

/// What stands behind the first word of a line, without the blanks around it, with its first byte.
pub(super) fn rest(line: &str, at: usize) -> (&str, usize) {
    let line_start = line.len() - line.trim_start().len();
    let word = line[line_start..].find(char::is_whitespace).map_or(line.len(), |n| line_start + n);
    let behind = &line[word..];
    let start = word + (behind.len() - behind.trim_start().len());
    (behind.trim(), at + start)
}
