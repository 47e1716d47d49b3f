//! One entry of a boot configuration, and what readers of every format share.

use kickstart::{Version, release_named_in};
use node_base::cmdline::CommandLine;
use node_base::source::{FileId, Span, Spanned};

/// Options that say where the installer or the system comes from.
const SOURCES: [&str; 7] = ["inst.repo", "repo", "inst.method", "method", "inst.stage2", "stage2", "root"];

/// One choice of a boot configuration.
#[derive(Clone, Debug, Default)]
pub struct Entry<'s> {
    /// Label or title; `None` for a bare command line.
    pub title: Option<Spanned<'s>>,
    /// What the menu shows for it, where that is not the title (pxelinux: `MENU LABEL`).
    pub shown: Option<Spanned<'s>>,
    /// Path or URL of the kernel.
    pub kernel: Option<Spanned<'s>>,
    /// Paths or URLs of initial RAM disks.
    pub initrd: Vec<Spanned<'s>>,
    /// The kernel command line.
    pub line: CommandLine<'s>,
    /// Whether the boot loader adds `BOOTIF=` (pxelinux: `IPAPPEND 2`).
    pub adds_bootif: bool,
    /// Whether the boot loader adds the kernel's own form of `ip=` (pxelinux: `IPAPPEND 1`).
    pub adds_ip: bool,
}

impl<'s> Entry<'s> {
    /// The place of a finding about something that is missing from the entry: at its title, else at the first word of its command
    /// line, else at its kernel.
    pub fn span(&self) -> Option<Span> {
        let title = self.title.as_ref().map(|t| t.span);
        let first = self.line.words.first().map(|w| w.span);
        title.or(first).or(self.kernel.as_ref().map(|k| k.span))
    }

    /// The name of the entry in a sentence: `entry 'linux'`, or `the command line`.
    pub fn name(&self) -> String {
        self.title.as_ref().map_or_else(|| "the command line".to_owned(), |t| format!("entry '{}'", t.text))
    }

    /// The release that the entry names, with the words that name it: where the system comes from, then the paths of
    /// kernel and initial RAM disks, then what the menu shows.
    pub fn release(&self) -> Option<(Version, String)> {
        let sources = SOURCES.iter().filter_map(|name| self.line.last(name)?.known_value());
        let paths = self.kernel.iter().chain(&self.initrd).map(|path| path.text.as_ref());
        let titles = self.shown.iter().chain(&self.title).map(|title| title.text.as_ref());
        sources.chain(paths).chain(titles).find_map(|text| {
            // Labels of file systems have their spaces escaped.
            let text = text.replace("\\x20", " ");
            let named = release_named_in(&text)?;
            Some((named.version, text[named.at].to_owned()))
        })
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

/// The part of a line after its first word, without the blanks around it, and the byte it begins at.
pub(super) fn rest(line: &str, at: usize) -> (&str, usize) {
    let line_start = line.len() - line.trim_start().len();
    let word = line[line_start..].find(char::is_whitespace).map_or(line.len(), |n| line_start + n);
    let behind = &line[word..];
    let start = word + (behind.len() - behind.trim_start().len());
    (behind.trim(), at + start)
}
