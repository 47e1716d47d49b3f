//! The boot configuration of an installed system: which boot loader, its entries, its default, and every place that
//! keeps kernel arguments for the next kernel.

use super::efi;
use super::grubenv::GrubEnv;
use super::tools::below;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use std::io;
use std::path::{Path, PathBuf};

/// A boot loader whose entries follow the Boot Loader Specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// GRUB with `blscfg`, on UEFI or BIOS; its default is `saved_entry` of grubenv.
    Grub,
    /// systemd-boot; its default is `LoaderEntryDefault` (UEFI), else `default` of loader.conf.
    SystemdBoot,
}

/// A file and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Where it really is (links followed inside the system).
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The boot configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootConfig {
    /// Which boot loader.
    pub loader: Loader,
    /// The directory that `/` in an entry's paths stands for: /boot or the EFI system partition.
    pub root: PathBuf,
    /// `loader/entries` below it.
    pub entries_dir: PathBuf,
    /// Entries, newest kernel first.
    pub entries: Vec<BootEntry>,
    /// GRUB's environment block, raw.
    pub grubenv: Option<(PathBuf, Vec<u8>)>,
    /// A GRUB configuration that shows the entries and does not ask for `saved_entry` (`GRUB_DEFAULT` is not `saved`):
    /// whatever is set as the default has no effect.
    pub ignores_saved_entry: Option<PathBuf>,
    /// systemd-boot's loader.conf.
    pub loader_conf: Option<TextFile>,
    /// The UEFI variable that overrides loader.conf, when the machine runs and it is set.
    pub efi_default: Option<(PathBuf, String)>,
    /// `/etc/default/grub`.
    pub default_grub: Option<TextFile>,
    /// `/etc/kernel/cmdline`.
    pub kernel_cmdline: Option<TextFile>,
}

/// Why a boot configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A file.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// No entries.
    #[error("no boot entries: none of {0} has a *.conf file")]
    NoEntries(String),
    /// Entries, but nothing that reads them.
    #[error("{0} has boot entries, but neither GRUB's directory nor systemd-boot's loader.conf is there")]
    NoLoader(String),
}

impl BootConfig {
    /// Reads it from the system below `sysroot`; `environment` is where the running kernel's /sys is, when the system
    /// is the running one.
    ///
    /// # Errors
    /// [`LoaderError`].
    pub fn read(sysroot: &Path, environment: Option<&Path>) -> Result<BootConfig, LoaderError> {
        let candidates = ["/boot", "/efi", "/boot/efi"];
        let mut found = None;
        for root in candidates {
            let root = below(sysroot, root);
            let entries = read_entries(&root.join("loader/entries"))?;
            if !entries.is_empty() {
                found = Some((root, entries));
                break;
            }
        }
        let Some((root, mut entries)) = found else {
            return Err(LoaderError::NoEntries(candidates.map(|c| format!("{c}/loader/entries")).join(", ")));
        };
        entries.sort_by(BootEntry::newest_first);
        let loader_conf = candidates
            .iter()
            .find_map(|c| read_text(&below(sysroot, c).join("loader/loader.conf")).transpose())
            .transpose()?;
        let grubenv = grubenv(sysroot)?;
        let efi_default = environment.and_then(efi::loader_default);
        let systemd_boot = environment.is_some_and(efi::runs_systemd_boot) || loader_conf.is_some();
        let loader = match (&grubenv, systemd_boot) {
            (_, true) if environment.is_some_and(efi::runs_systemd_boot) => Loader::SystemdBoot,
            (Some(_), _) => Loader::Grub,
            (None, true) => Loader::SystemdBoot,
            (None, false) => {
                return Err(LoaderError::NoLoader(root.join("loader/entries").display().to_string()));
            }
        };
        Ok(BootConfig {
            loader,
            entries_dir: root.join("loader/entries"),
            root,
            entries,
            ignores_saved_entry: ignores_saved_entry(sysroot),
            grubenv,
            loader_conf,
            efi_default,
            default_grub: read_text(&below(sysroot, "/etc/default/grub"))?,
            kernel_cmdline: read_text(&below(sysroot, "/etc/kernel/cmdline"))?,
        })
    }

    /// GRUB's environment block, understood.
    pub fn env(&self) -> Option<GrubEnv> {
        self.grubenv.as_ref().map(|(_, block)| GrubEnv::parse(block))
    }

    /// The entry of that id.
    pub fn entry(&self, id: &str) -> Option<&BootEntry> {
        self.entries.iter().find(|e| e.id == id)
    }

    /// The entry that boots by default, as the boot loader will choose it.
    pub fn default_entry(&self) -> Option<&BootEntry> {
        match self.loader {
            Loader::Grub => {
                let saved = self.env().and_then(|e| e.get("saved_entry")).unwrap_or_default();
                // GRUB takes an id, a title, or an index into the list.
                self.entry(&saved)
                    .or_else(|| self.entries.iter().find(|e| e.get("title") == Some(saved.as_str())))
                    .or_else(|| saved.parse::<usize>().ok().and_then(|n| self.entries.get(n)))
                    .or_else(|| self.entries.first())
            }
            Loader::SystemdBoot => {
                let wanted = self.efi_default.as_ref().map(|(_, id)| id.clone()).or_else(|| {
                    self.loader_conf.as_ref().and_then(|c| loader_conf_default(&c.text)).map(str::to_owned)
                });
                wanted.and_then(|w| self.matching(&w)).or_else(|| self.entries.first())
            }
        }
    }

    fn matching(&self, pattern: &str) -> Option<&BootEntry> {
        let pattern = pattern.strip_suffix(".conf").unwrap_or(pattern);
        self.entries.iter().find(|e| glob_match(pattern.as_bytes(), e.id.as_bytes()))
    }

    /// An entry's kernel arguments with GRUB's `$kernelopts` (RHEL 8) put in.
    pub fn arguments(&self, entry: &BootEntry) -> Arguments {
        let mut a = entry.options();
        if a.contains("$kernelopts") {
            let kept = self.env().and_then(|e| e.get("kernelopts")).unwrap_or_default();
            a.expand("$kernelopts", &Arguments::parse(&kept));
        }
        a
    }

    /// Where a path of an entry is.
    pub fn file(&self, path: &str) -> PathBuf {
        below(&self.root, path)
    }
}

/// Sets `default` in loader.conf's text.
pub fn with_loader_conf_default(text: &str, id: &str) -> String {
    let line = format!("default {id}");
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(|l| loader_conf_default(l).is_some()) {
        Some(at) => lines[at] = &line,
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

fn loader_conf_default(text: &str) -> Option<&str> {
    text.lines().find_map(|l| {
        let rest = l.trim_start().strip_prefix("default")?;
        rest.starts_with([' ', '\t']).then(|| rest.trim())
    })
}

/// `GRUB_CMDLINE_LINUX` of `/etc/default/grub`: the text and where it stands between its quotes.
pub fn grub_cmdline_linux(text: &str) -> Option<(std::ops::Range<usize>, &str)> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if let Some(value) = trimmed.strip_prefix("GRUB_CMDLINE_LINUX=") {
            let start = offset + (line.len() - value.len());
            let value = value.trim_end_matches(['\n', '\r']);
            let inner = match value.chars().next() {
                Some(q @ ('"' | '\'')) => {
                    let body = &value[1..];
                    let end = closing(body, q)?;
                    start + 1..start + 1 + end
                }
                _ => start..start + value.find(char::is_whitespace).unwrap_or(value.len()),
            };
            return Some((inner.clone(), &text[inner]));
        }
        offset += line.len();
    }
    None
}

/// Where the quote `q` closes; a backslash keeps the next character.
fn closing(body: &str, q: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if q == '"' => escaped = true,
            c if c == q => return Some(i),
            _ => {}
        }
    }
    None
}

fn read_entries(dir: &Path) -> Result<Vec<BootEntry>, LoaderError> {
    let error = |error| LoaderError::Io { path: dir.to_owned(), error };
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(e) => return Err(error(e)),
    };
    let mut entries = Vec::new();
    for item in listing {
        let path = item.map_err(error)?.path();
        // A name that is no UTF-8 cannot be one that anything here made or could name; it is left alone.
        let Some(id) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".conf")) else {
            continue;
        };
        if id.starts_with('.') {
            continue;
        }
        if let Some(file) = read_text(&path)? {
            entries.push(BootEntry::parse(id, &file.text));
        }
    }
    Ok(entries)
}

fn read_text(path: &Path) -> Result<Option<TextFile>, LoaderError> {
    Ok(read_bytes(path)?
        .map(|b| TextFile { path: path.to_owned(), text: String::from_utf8_lossy(&b).into_owned() }))
}

fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, LoaderError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(LoaderError::Io { path: path.to_owned(), error }),
    }
}

/// grubenv is a plain file below /boot, or (UEFI on RHEL 8) a link from there to the EFI system partition.
fn grubenv(sysroot: &Path) -> Result<Option<(PathBuf, Vec<u8>)>, LoaderError> {
    for dir in ["/boot/grub2", "/boot/grub"] {
        let path = below(sysroot, dir).join("grubenv");
        let path = match std::fs::read_link(&path) {
            Ok(to) if to.is_absolute() => below(sysroot, to),
            Ok(to) => below(sysroot, dir).join(to),
            Err(_) => path,
        };
        if let Some(block) = read_bytes(&path)? {
            return Ok(Some((path, block)));
        }
    }
    let vendors = below(sysroot, "/boot/efi/EFI");
    for vendor in std::fs::read_dir(&vendors).into_iter().flatten().flatten() {
        let path = vendor.path().join("grubenv");
        if let Some(block) = read_bytes(&path)? {
            return Ok(Some((path, block)));
        }
    }
    Ok(None)
}

/// The main configuration of GRUB, if it shows entries of the Boot Loader Specification without asking for `saved_entry`.
/// (On UEFI there can be a second file that only leads to the first.)
fn ignores_saved_entry(sysroot: &Path) -> Option<PathBuf> {
    let mut paths: Vec<PathBuf> =
        ["/boot/grub2", "/boot/grub"].iter().map(|d| below(sysroot, d).join("grub.cfg")).collect();
    let vendors = std::fs::read_dir(below(sysroot, "/boot/efi/EFI")).into_iter().flatten().flatten();
    paths.extend(vendors.map(|v| v.path().join("grub.cfg")));
    let mut ignores = None;
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains("saved_entry") {
            return None;
        }
        if text.contains("blscfg") {
            ignores = Some(path);
        }
    }
    ignores
}

/// Shell patterns as systemd-boot takes them: `*` and `?`.
fn glob_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((sp, st)) => {
                    p = sp + 1;
                    t = st + 1;
                    star = Some((sp, st + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(glob_match(b"abc-*", b"abc-5.14"));
        assert!(glob_match(b"*", b""));
        assert!(glob_match(b"a?c*d", b"abcxxd"));
        assert!(!glob_match(b"a?c*d", b"abcxx"));
    }

    #[test]
    fn grub_cmdline_linux_is_found_between_its_quotes() {
        let text = "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"a=\\\"b c\\\" rd.lvm.lv=onn/root\"\nX=1\n";
        let (range, value) = grub_cmdline_linux(text).unwrap();
        assert_eq!(value, "a=\\\"b c\\\" rd.lvm.lv=onn/root");
        assert_eq!(&text[range.end..range.end + 2], "\"\n");
        assert_eq!(grub_cmdline_linux("GRUB_CMDLINE_LINUX=quiet\n").unwrap().1, "quiet");
        assert_eq!(grub_cmdline_linux("GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n"), None);
    }

    #[test]
    fn the_default_of_loader_conf_is_set_in_its_place() {
        assert_eq!(
            with_loader_conf_default("timeout 3\ndefault old-*\n", "new.conf"),
            "timeout 3\ndefault new.conf\n"
        );
        assert_eq!(with_loader_conf_default("timeout 3\n", "n.conf"), "default n.conf\ntimeout 3\n");
    }
}
