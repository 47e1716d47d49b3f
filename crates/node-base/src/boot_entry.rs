//! Boot Loader Specification entries (`/boot/loader/entries/*.conf`): their lines ([`fields`]), and an entry that can be
//! edited ([`BootEntry`]).

use crate::cmdline::Arguments;
use crate::names::compare_versions;
use std::cmp::Ordering;

/// The keys that systemd-boot and GRUB's `blscfg` know (systemd 257, `src/boot`; GRUB 2.12 of Fedora, `blsuki`).
pub const KEYS: &[&str] = &[
    "title",
    "version",
    "machine-id",
    "sort-key",
    "linux",
    "initrd",
    "efi",
    "options",
    "devicetree",
    "devicetree-overlay",
    "architecture",
    "id",
    "grub_users",
    "grub_hotkey",
    "grub_class",
    "grub_arg",
    "profile",
    "uki",
    "uki-url",
    "extra",
];

/// One line `key value` of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'t> {
    /// The first word of the line.
    pub key: &'t str,
    /// Byte of the text at which the key starts.
    pub key_at: usize,
    /// The rest of the line without the blanks around it; may be empty.
    pub value: &'t str,
    /// Byte of the text at which the value starts.
    pub value_at: usize,
}

/// The fields of an entry in order. Empty lines and comments are left out.
pub fn fields(text: &str) -> impl Iterator<Item = Field<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        field(line).map(|f| Field { key_at: start + f.key_at, value_at: start + f.value_at, ..f })
    })
}

/// The field of one line; its offsets count from the start of the line.
fn field(line: &str) -> Option<Field<'_>> {
    let start = line.trim_start();
    let key_at = line.len() - start.len();
    let (key, rest) = start.split_at(start.find(char::is_whitespace).unwrap_or(start.len()));
    if key.is_empty() || key.starts_with('#') {
        return None;
    }
    let value = rest.trim_start();
    let value_at = line.len() - value.len();
    Some(Field { key, key_at, value: value.trim_end(), value_at })
}

/// An entry that can be edited. Lines that are not edited stay byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootEntry {
    /// File name without `.conf`: what boot loaders call it.
    pub id: String,
    lines: Vec<String>,
    is_edited: bool,
}

impl BootEntry {
    /// Reads the text of an entry's file.
    pub fn parse(id: &str, text: &str) -> BootEntry {
        BootEntry { id: id.to_owned(), lines: text.lines().map(str::to_owned).collect(), is_edited: false }
    }

    /// The text of its file. An entry that was edited has a second blank between two of its kernel arguments where
    /// `overflows_blsuki` says so.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let options = value(line, "options").filter(|options| {
                self.is_edited && self.get("linux").is_some_and(|linux| overflows_blsuki(linux, options))
            });
            match options.and_then(first_blank) {
                Some((first, rest)) => text.push_str(&format!("options {first}  {rest}")),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|l| value(l, key))
    }

    /// Every value of `key`; `initrd` and `options` may appear more than once.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter_map(move |l| value(l, key))
    }

    /// Makes `key new` the only line with this key: it replaces the first one and removes the others, or is appended.
    pub fn set(&mut self, key: &str, new: &str) {
        self.is_edited = true;
        let line = format!("{key} {new}");
        let mut placed = false;
        self.lines.retain_mut(|l| {
            if value(l, key).is_none() {
                return true;
            }
            let keep = !placed;
            placed = true;
            l.clone_from(&line);
            keep
        });
        if !placed {
            self.lines.push(line);
        }
    }

    /// Replaces the word `old` by `new` in every line with this key.
    pub fn replace_word(&mut self, key: &str, old: &str, new: &str) {
        self.is_edited = true;
        for line in &mut self.lines {
            if let Some(words) = value(line, key) {
                let words: Vec<&str> =
                    words.split_whitespace().map(|w| if path(w) == old { new } else { w }).collect();
                *line = format!("{key} {}", words.join(" "));
            }
        }
    }

    /// The kernel arguments: all `options` lines joined, as the specification says.
    pub fn options(&self) -> Arguments {
        Arguments::parse(&self.all("options").collect::<Vec<_>>().join(" "))
    }

    /// The kernel's path as the boot loader sees it.
    pub fn kernel(&self) -> Option<&str> {
        self.get("linux").and_then(|l| l.split_whitespace().next()).map(path)
    }

    /// The paths of the initial RAM disks, variables (`$tuned_initrd`) left out.
    pub fn initrds(&self) -> impl Iterator<Item = &str> {
        self.all("initrd").flat_map(str::split_whitespace).filter(|w| w.starts_with('/')).map(path)
    }

    /// The initramfs, among microcode and the like: the initial RAM disk named after the kernel, else the last one.
    pub fn initramfs(&self) -> Option<&str> {
        let version = self.version();
        self.initrds()
            .filter(|p| version.is_some_and(|v| p.contains(v)))
            .last()
            .or_else(|| self.initrds().last())
    }

    /// The kernel's version: `version`, else from the kernel's path (`/vmlinuz-VERSION`, `/ID/VERSION/linux`).
    pub fn version(&self) -> Option<&str> {
        if let Some(version) = self.get("version").filter(|v| !v.contains(['/', ' '])) {
            return Some(version);
        }
        let kernel = self.kernel()?;
        let (dir, file) = kernel.rsplit_once('/')?;
        file.strip_prefix("vmlinuz-").or_else(|| dir.rsplit('/').next()).filter(|v| !v.is_empty())
    }

    /// Whether it is the rescue image's entry (`…-0-rescue`).
    pub fn is_rescue(&self) -> bool {
        self.id.ends_with("-0-rescue") || self.version().is_some_and(|v| v.starts_with("0-rescue"))
    }

    /// Newer kernels first, as boot loaders list them.
    pub fn newest_first(a: &BootEntry, b: &BootEntry) -> Ordering {
        let version = |e: &BootEntry| e.version().unwrap_or_default().to_owned();
        a.is_rescue().cmp(&b.is_rescue()).then_with(|| compare_versions(&version(b), &version(a)))
    }
}

/// Whether GRUB's `blsuki` would write past its buffer for an entry with this kernel and this line of options.
///
/// It makes the command `linux PATH OPTIONS` in a buffer that is a byte too short (`bls_get_linux`, GRUB 2.14). The byte is
/// lost in the rest of a block of its heap unless the buffer fills its blocks, which are 16 bytes long, or 32 on 64-bit machines:
/// then the command goes on with what is in the next block, the initial RAM disk is not loaded, and the host does not boot.
fn overflows_blsuki(kernel: &str, options: &str) -> bool {
    const BLOCK: usize = 16;
    // Variables are longer or shorter in the end.
    let is_known = !kernel.contains('$') && !options.contains('$');
    is_known && ("linux \0".len() + kernel.len() + options.len() + 1).is_multiple_of(BLOCK)
}

/// The kernel arguments before and after the first blank between two of them. One inside quotes belongs to a value.
fn first_blank(options: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let at = options.find(|c| match (quote, c) {
        (None, '"' | '\'') => {
            quote = Some(c);
            false
        }
        (Some(open), _) => {
            quote = quote.filter(|_| c != open);
            false
        }
        (None, _) => c == ' ',
    })?;
    Some((&options[..at], &options[at + 1..]))
}

/// A path with one slash at its beginning. imgbased writes two (`linux //LAYER/vmlinuz-VERSION`), which mean the same.
fn path(word: &str) -> &str {
    let rest = word.trim_start_matches('/');
    let slash = usize::from(rest.len() < word.len());
    &word[word.len() - rest.len() - slash..]
}

/// The value of a line, if its key is `key` and it has one.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    field(line).filter(|f| f.key == key && f.value_at > f.key_at + f.key.len()).map(|f| f.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_what_is_not_edited() {
        let text = "# made by hand\ntitle Node\nversion 5.14.0-1.el9.x86_64\nlinux /vmlinuz-5.14.0-1.el9.x86_64\n\
            initrd /ucode.img\ninitrd /initramfs-5.14.0-1.el9.x86_64.img $tuned_initrd\noptions a\noptions b c\ngrub_users $grub_users\n";
        let mut e = BootEntry::parse("m-5.14.0-1.el9.x86_64", text);
        assert_eq!(e.text(), text);
        assert_eq!(e.options().to_string(), "a b c");
        assert_eq!(e.initramfs(), Some("/initramfs-5.14.0-1.el9.x86_64.img"));
        e.replace_word("initrd", "/initramfs-5.14.0-1.el9.x86_64.img", "/L/i.img");
        e.set("options", "x");
        assert_eq!(e.all("initrd").collect::<Vec<_>>(), ["/ucode.img", "/L/i.img $tuned_initrd"]);
        assert!(e.text().contains("options x\ngrub_users"), "{}", e.text());
    }

    #[test]
    fn the_command_that_grub_makes_of_an_edited_entry_never_fills_its_buffer() {
        let long = "x".repeat(40);
        let mut padded = 0;
        for length in 1..=40 {
            let mut entry = BootEntry::parse("n", "linux /old\ninitrd /i.img\noptions a\n");
            let options = format!("root=/dev/onn/n-1-1+1 {} quiet", &long[..length]);
            entry.set("options", &options);
            entry.replace_word("linux", "/old", "/n-1-1+1/vmlinuz-5.14");
            let text = entry.text();
            let written = text.lines().find_map(|line| line.strip_prefix("options ")).unwrap();
            // The buffer, as bls_get_linux sizes it.
            let buffer = 7 + "/n-1-1+1/vmlinuz-5.14".len() + written.len() + 1;
            assert_ne!(buffer % 16, 0, "{text}");
            padded += usize::from(written != options);
            let again = BootEntry::parse("n", &text);
            assert_eq!(again.options().to_string(), options);
            assert_eq!(again.text(), text, "reading changes nothing");
            let mut same = again.clone();
            same.set("options", &options);
            assert_eq!(same.text(), text, "the same arguments give the same text");
        }
        assert!((2..=3).contains(&padded), "{padded} of 40");
    }

    #[test]
    fn a_blank_inside_quotes_is_never_doubled() {
        assert_eq!(first_blank("a=\"b c\" d e"), Some(("a=\"b c\"", "d e")));
        assert_eq!(first_blank("'a \" b' c"), Some(("'a \" b'", "c")));
        assert_eq!(first_blank("\"a b\""), None);
    }

    #[test]
    fn two_slashes_at_the_beginning_are_one() {
        let text = "linux //n-1-1+1/vmlinuz-5.14\ninitrd //n-1-1+1/initramfs-5.14.img $tuned_initrd\n";
        let mut entry = BootEntry::parse("n-1-1+1-5.14", text);
        assert_eq!(entry.kernel(), Some("/n-1-1+1/vmlinuz-5.14"));
        assert_eq!(entry.initramfs(), Some("/n-1-1+1/initramfs-5.14.img"));
        assert_eq!(entry.text(), text, "reading changes nothing");
        entry.replace_word("linux", "/n-1-1+1/vmlinuz-5.14", "/vmlinuz-5.14");
        entry.replace_word("initrd", "/n-1-1+1/initramfs-5.14.img", "/a.img");
        assert_eq!(entry.text(), "linux /vmlinuz-5.14\ninitrd /a.img $tuned_initrd\n");
        assert_eq!((path("//"), path("/"), path(""), path("a//b")), ("/", "/", "", "a//b"));
    }

    #[test]
    fn the_version_is_found_in_the_path() {
        let e = BootEntry::parse("x", "linux /abc/6.1.0/linux\ninitrd /abc/6.1.0/initrd");
        assert_eq!(e.version(), Some("6.1.0"));
        let e = BootEntry::parse("x-0-rescue", "linux /vmlinuz-0-rescue-x");
        assert!(e.is_rescue());
    }
}
