//! Boot loader and boot entries of an installed system.

use super::loader::{BootLoader, DIRECTORIES, Find, Found, Place};
use super::next_kernel::{ArgumentFiles, KeptArguments};
use super::text_file::{BootError, read_text};
use super::{grub, systemd_boot};
use crate::files::{Change, Files};
use crate::machine::inside;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Every boot loader: how it is found in a system. Of two that are equally sure the first is taken.
const LOADERS: &[Find] = &[grub::find, systemd_boot::find];

/// The boot configuration.
#[derive(Debug)]
pub struct BootConfig {
    sysroot: PathBuf,
    /// The boot loader.
    pub(crate) loader: Box<dyn BootLoader>,
    /// The directory that `/` means in the paths of entries: /boot or the EFI system partition.
    pub root: PathBuf,
    /// `loader/entries` below it.
    pub(crate) entries_dir: PathBuf,
    /// All entries, newest kernel first.
    pub entries: Vec<BootEntry>,
    next_kernel: ArgumentFiles,
}

impl BootConfig {
    /// Reads the system below `sysroot`. `environment` is where the running kernel's /sys is, if the system is the running
    /// one. Its files are those of `files`.
    ///
    /// # Errors
    /// [`BootError`].
    pub(crate) fn read(
        sysroot: &Path,
        environment: Option<&Path>,
        files: &Files,
    ) -> Result<BootConfig, BootError> {
        let mut found = None;
        for root in DIRECTORIES {
            let entries_dir = inside(sysroot, Path::new(root).join("loader/entries"));
            let entries = read_entries(sysroot, files, &entries_dir)?;
            if !entries.is_empty() {
                found = Some((inside(sysroot, root), entries_dir, entries));
                break;
            }
        }
        let Some((root, entries_dir, mut entries)) = found else {
            return Err(BootError::NoEntries(DIRECTORIES.map(|d| format!("{d}/loader/entries")).join(", ")));
        };
        entries.sort_by(BootEntry::newest_first);
        let mut loader: Option<Found> = None;
        for find in LOADERS {
            let candidate = find(&Place { sysroot, environment, files })?;
            if candidate.as_ref().map(|c| c.evidence) > loader.as_ref().map(|l| l.evidence) {
                loader = candidate;
            }
        }
        let Some(Found { loader, .. }) = loader else {
            return Err(BootError::NoLoader(entries_dir.display().to_string()));
        };
        Ok(BootConfig {
            sysroot: sysroot.to_owned(),
            loader,
            root,
            entries_dir,
            entries,
            next_kernel: ArgumentFiles::read(sysroot, files)?,
        })
    }

    /// The entry with this id.
    pub fn entry(&self, id: &str) -> Option<&BootEntry> {
        self.entries.iter().find(|e| e.id == id)
    }

    /// The file of the entry with this id.
    pub(crate) fn entry_path(&self, id: &str) -> PathBuf {
        self.entries_dir.join(format!("{id}.conf"))
    }

    /// The entry that the boot loader boots by default.
    pub fn default_entry(&self) -> Option<&BootEntry> {
        self.loader.default_entry(&self.entries)
    }

    /// An entry's kernel arguments; the boot loader's variables are replaced.
    pub fn arguments(&self, entry: &BootEntry) -> Arguments {
        let mut arguments = entry.options();
        let variables: Vec<String> =
            arguments.words().filter(|w| w.starts_with('$')).map(str::to_owned).collect();
        for variable in variables {
            if let Some(text) = self.loader.variable(&variable) {
                arguments.expand(&variable, &text);
            }
        }
        arguments
    }

    /// The file that a path in an entry means. `..` does not lead out of the directory that `/` means.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        let mut names: Vec<&OsStr> = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => names.push(name),
                Component::ParentDir => {
                    names.pop();
                }
                _ => {}
            }
        }
        let root = self.root.strip_prefix(&self.sysroot).unwrap_or(&self.root);
        inside(&self.sysroot, root.join(names.into_iter().collect::<PathBuf>()))
    }

    /// Every place that keeps kernel arguments for later kernels.
    pub(crate) fn kept_arguments(&self) -> Vec<KeptArguments> {
        let mut kept = self.next_kernel.arguments();
        kept.extend(self.loader.kept_arguments());
        kept
    }

    /// The changes of the host's files that replace kept kernel arguments by what `turn` makes of them. (What the boot loader
    /// keeps itself changes together with the default.)
    pub(crate) fn kept_argument_changes(&self, turn: &dyn Fn(&Arguments) -> Arguments) -> Vec<Change> {
        self.next_kernel.changes(turn)
    }
}

fn read_entries(sysroot: &Path, files: &Files, dir: &Path) -> Result<Vec<BootEntry>, BootError> {
    let names = files.names(dir).map_err(|error| BootError::Io { path: dir.to_owned(), error })?;
    let mut entries = Vec::new();
    for name in names {
        // Nothing here makes or can name an entry whose name is not UTF-8; it is left alone.
        let Some(id) = name.to_str().and_then(|n| n.strip_suffix(".conf")) else { continue };
        if id.starts_with('.') {
            continue;
        }
        // An entry that is a link is read where the link leads inside the system, and replaced by a file.
        let mut path = dir.join(&name);
        if path.is_symlink() && !files.is_changed(&path) {
            path = inside(sysroot, path.strip_prefix(sysroot).unwrap_or(&path));
        }
        if let Some(file) = read_text(files, &path)? {
            entries.push(BootEntry::parse(id, &file.text));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Method;

    /// An installation whose default is the entry `old`.
    struct Installation {
        loader: &'static str,
        /// Where its entries are.
        root: &'static str,
        /// Its configuration: a file, and its text.
        file: &'static str,
        text: &'static str,
        /// How a person makes the entry `new` its default.
        set_default: &'static str,
    }

    /// One of each boot loader in [`LOADERS`], in the same order.
    const INSTALLATIONS: &[Installation] = &[
        Installation {
            loader: "GRUB",
            root: "/boot",
            file: "boot/grub2/grubenv",
            text: "# GRUB Environment Block\nsaved_entry=old\n",
            set_default: "grub2-set-default new",
        },
        Installation {
            loader: "systemd-boot",
            root: "/efi",
            file: "efi/loader/loader.conf",
            text: "timeout 3\ndefault old.conf\n",
            set_default: "bootctl set-default new.conf",
        },
    ];

    fn write(path: &Path, content: &[u8]) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A new boot loader needs a line above; this test then says what its implementation lacks.
    #[test]
    fn every_boot_loader_is_found_and_boots_what_is_made_its_default() {
        assert_eq!(LOADERS.len(), INSTALLATIONS.len(), "a boot loader has no installation to be tested with");
        for (Installation { loader: name, root, file, text, set_default }, find) in
            INSTALLATIONS.iter().zip(LOADERS)
        {
            let dir = tempfile::tempdir().unwrap();
            let entries = inside(dir.path(), root).join("loader/entries");
            for (id, version) in [("new", "5.1"), ("old", "5.2")] {
                let text = format!("title {id}\nversion {version}\nlinux /{id}\noptions root=/dev/x quiet\n");
                write(&entries.join(format!("{id}.conf")), text.as_bytes());
            }
            write(&dir.path().join(file), text.as_bytes());
            let place = Place { sysroot: dir.path(), environment: None, files: &Files::default() };
            assert!(find(&place).unwrap().is_some(), "{name} is not found by its own function");
            let config = BootConfig::read(dir.path(), None, &Files::default()).unwrap();
            assert_eq!(config.loader.set_default_command("new"), *set_default);
            assert_eq!(config.default_entry().unwrap().id, "old", "{name}");
            assert!(config.loader.ignores_default().is_none(), "{name}: a default has no effect");
            let changes = config.loader.make_default(&config.root, "new", &|_| None).unwrap();
            assert!(!changes.is_empty(), "{name}: nothing would be changed");
            for change in changes {
                assert!(matches!(change.method, Method::InPlace | Method::ReplaceForBoot), "{name}");
                write(&change.path, &change.after.unwrap());
            }
            let config = BootConfig::read(dir.path(), None, &Files::default()).unwrap();
            assert_eq!(config.default_entry().unwrap().id, "new", "{name}: the default was not set");
            assert!(config.loader.check_default(&config.entries, "new").is_empty(), "{name}");
            assert!(config.loader.make_default(&config.root, "new", &|_| None).unwrap().is_empty(), "{name}");
        }
    }

    #[test]
    fn entries_without_a_boot_loader_are_an_error_that_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let error = BootConfig::read(dir.path(), None, &Files::default()).unwrap_err().to_string();
        assert!(error.contains("no boot entries") && error.contains("/efi/loader/entries"), "{error}");
        write(&dir.path().join("boot/loader/entries/a.conf"), b"linux /a\n");
        let error = BootConfig::read(dir.path(), None, &Files::default()).unwrap_err().to_string();
        assert!(error.contains("boot/loader/entries has boot entries, but neither GRUB"), "{error}");
    }
}
