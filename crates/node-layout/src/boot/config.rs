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
            let candidate = find(&Place { sysroot, environment, files, entries: &entries })?;
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

    /// The files that the boot loader loads with an entry: kernel, initramfs, and what it adds itself.
    pub(crate) fn files(&self, entry: &BootEntry) -> Vec<PathBuf> {
        let named = entry.kernel().into_iter().chain(entry.initrds()).map(|name| self.file(name));
        named.chain(self.loader.added_files(entry).iter().map(|name| self.file(name))).collect()
    }

    /// The path in the system of a path in an entry, as people write it.
    pub(crate) fn path_in_system(&self, path: &str) -> String {
        let root = self.root.strip_prefix(&self.sysroot).unwrap_or(&self.root);
        Path::new("/").join(root).join(path.trim_start_matches('/')).display().to_string()
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
    use super::super::loader::{BootDevices, TrialFate, TrialStage};
    use super::*;
    use crate::files::Method;
    use crate::machine::Mount;

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
        /// What it does to its own files when it boots an entry that it was told to boot once.
        boots: fn(&Path),
        /// Somebody tells it to boot the entry `old` once.
        told: fn(&Path),
    }

    const ONE_SHOT: &str = "sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    /// GRUB's `save_env next_entry` after `set next_entry=`, or `grub2-reboot`.
    fn save_next_entry(dir: &Path, value: &str) {
        let path = dir.join("boot/grub2/grubenv");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with("next_entry=") && !l.starts_with("##"));
        let lines: String = lines.map(|l| format!("{l}\n")).collect();
        std::fs::write(&path, format!("{:#<1024}", lines + &format!("next_entry={value}\n"))).unwrap();
    }

    /// One of each boot loader in [`LOADERS`], in the same order.
    const INSTALLATIONS: &[Installation] = &[
        Installation {
            loader: "GRUB",
            root: "/boot",
            file: "boot/grub2/grubenv",
            text: "# GRUB Environment Block\nsaved_entry=old\n",
            set_default: "grub2-set-default new",
            boots: |dir| save_next_entry(dir, ""),
            told: |dir| save_next_entry(dir, "old"),
        },
        Installation {
            loader: "systemd-boot",
            root: "/efi",
            file: "efi/loader/loader.conf",
            text: "timeout 3\ndefault old.conf\n",
            set_default: "bootctl set-default new.conf",
            boots: |dir| std::fs::remove_file(dir.join(ONE_SHOT)).unwrap(),
            told: |dir| std::fs::write(dir.join(ONE_SHOT), super::super::efi::bytes("old.conf")).unwrap(),
        },
    ];

    impl Installation {
        fn make(&self) -> tempfile::TempDir {
            let dir = tempfile::tempdir().unwrap();
            let entries = inside(dir.path(), self.root).join("loader/entries");
            for (id, version) in [("new", "5.1"), ("old", "5.2")] {
                let text = format!("title {id}\nversion {version}\nlinux /{id}\noptions root=/dev/x quiet\n");
                write(&entries.join(format!("{id}.conf")), text.as_bytes());
            }
            write(&dir.path().join(self.file), self.text.as_bytes());
            std::fs::create_dir_all(dir.path().join(ONE_SHOT).parent().unwrap()).unwrap();
            dir
        }
    }

    /// Makes changes one by one; after each of them `check` looks at the boot configuration.
    fn make(dir: &Path, changes: Vec<Change>, check: impl Fn(&BootConfig)) -> BootConfig {
        for change in changes {
            match &change.after {
                Some(content) => write(&change.path, content),
                None => std::fs::remove_file(&change.path).unwrap(),
            }
            check(&read(dir));
        }
        read(dir)
    }

    fn read(dir: &Path) -> BootConfig {
        BootConfig::read(dir, Some(dir), &Files::default()).unwrap()
    }

    fn write(path: &Path, content: &[u8]) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A new boot loader needs a line above; this test then says what its implementation lacks.
    #[test]
    fn every_boot_loader_is_found_and_boots_what_is_made_its_default() {
        assert_eq!(LOADERS.len(), INSTALLATIONS.len(), "a boot loader has no installation to be tested with");
        for (installation, find) in INSTALLATIONS.iter().zip(LOADERS) {
            let Installation { loader: name, set_default, .. } = installation;
            let dir = installation.make();
            let place =
                Place { sysroot: dir.path(), environment: None, files: &Files::default(), entries: &[] };
            assert!(find(&place).unwrap().is_some(), "{name} is not found by its own function");
            let config = BootConfig::read(dir.path(), None, &Files::default()).unwrap();
            assert_eq!(config.loader.set_default_command("new"), *set_default);
            assert_eq!(config.default_entry().unwrap().id, "old", "{name}");
            assert!(config.loader.ignores_default().is_none(), "{name}: a default has no effect");
            let changes =
                config.loader.make_default(&config.root, "new", &|_| None, TrialFate::Ends).unwrap();
            assert!(!changes.is_empty(), "{name}: nothing would be changed");
            for change in changes {
                assert!(matches!(change.method, Method::InPlace | Method::ReplaceForBoot), "{name}");
                write(&change.path, &change.after.unwrap());
            }
            let config = BootConfig::read(dir.path(), None, &Files::default()).unwrap();
            assert_eq!(config.default_entry().unwrap().id, "new", "{name}: the default was not set");
            assert!(config.loader.check_default(&config.entries, "new").is_empty(), "{name}");
            assert!(
                config
                    .loader
                    .make_default(&config.root, "new", &|_| None, TrialFate::Ends)
                    .unwrap()
                    .is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_boot_loader_tries_an_entry_once_and_knows_how_far_the_trial_is() {
        for Installation { loader: name, boots, told, .. } in INSTALLATIONS {
            let installation = INSTALLATIONS.iter().find(|i| i.loader == *name).unwrap();
            let dir = installation.make();
            let dir = dir.path();
            let stage = |config: &BootConfig| config.loader.trial().map(|t| (t.entry, t.stage));
            let on_trial = |stage| Some(("new".to_owned(), stage));
            let default =
                |config: &BootConfig| assert_eq!(config.default_entry().unwrap().id, "old", "{name}");
            let config = read(dir);
            assert_eq!(stage(&config), None, "{name}");
            assert!(config.loader.disarm().unwrap().is_empty(), "{name}: there is nothing to end");
            let arm = |config: &BootConfig| config.loader.arm(&config.entries, "new", 1).unwrap();
            // Cut off in between, the trial is not ordered, or it counts as made.
            let config = make(dir, arm(&config), default);
            assert_eq!(stage(&config), on_trial(TrialStage::Armed), "{name}");
            assert!(arm(&config).is_empty(), "{name}: it is armed already");
            assert!(config.loader.renew_fallback(&config.entries).unwrap().is_empty(), "{name}");
            let config = make(dir, config.loader.disarm().unwrap(), default);
            assert_eq!(stage(&config), None, "{name}: ended before it began");

            let config = make(dir, arm(&config), default);
            told(dir);
            assert_eq!(stage(&read(dir)), on_trial(TrialStage::Replaced("old".into())), "{name}");
            let config = make(dir, arm(&config), default);
            assert_eq!(stage(&config), on_trial(TrialStage::Armed), "{name}");
            // Another kernel of the default's image becomes the default; the trial goes on.
            let another = config.loader.make_default(
                &config.root,
                "new",
                &|_| None,
                TrialFate::GoesOn(&config.entries),
            );
            let config = make(dir, another.unwrap(), |_| {});
            assert_eq!(stage(&config), on_trial(TrialStage::Armed), "{name}");
            let back = config.loader.make_default(
                &config.root,
                "old",
                &|_| None,
                TrialFate::GoesOn(&config.entries),
            );
            make(dir, back.unwrap(), |_| {});
            boots(dir);
            let config = read(dir);
            default(&config);
            assert_eq!(stage(&config), on_trial(TrialStage::Consumed), "{name}");
            let confirm =
                config.loader.make_default(&config.root, "new", &|_| None, TrialFate::Ends).unwrap();
            let config = make(dir, confirm, |config| {
                assert_eq!(config.default_entry().unwrap().id, "new", "{name}: confirmed first of all");
            });
            assert_eq!(stage(&config), None, "{name}: the trial is over");
            assert!(
                config
                    .loader
                    .make_default(&config.root, "new", &|_| None, TrialFate::Ends)
                    .unwrap()
                    .is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn an_order_of_somebody_else_outlives_the_trial() {
        for installation in INSTALLATIONS {
            let dir = installation.make();
            let dir = dir.path();
            let config = read(dir);
            make(dir, config.loader.arm(&config.entries, "new", 1).unwrap(), |_| {});
            (installation.told)(dir);
            make(dir, read(dir).loader.disarm().unwrap(), |_| {});
            let left = [dir.join(ONE_SHOT), dir.join("boot/grub2/grubenv")];
            let left =
                left.into_iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>().concat();
            let left = String::from_utf8_lossy(&left).replace('\0', "");
            assert!(
                left.contains("old.conf") || left.contains("next_entry=old\n"),
                "{}",
                installation.loader
            );
            assert!(!left.contains("new"), "{}: {left}", installation.loader);
        }
    }

    #[test]
    fn grub_falls_back_to_the_default_by_its_id_or_by_its_position() {
        let fallback = |files: &[(&str, &str)]| {
            let dir = INSTALLATIONS[0].make();
            for (path, text) in files {
                write(&dir.path().join(path), text.as_bytes());
            }
            let config = read(dir.path());
            let config = make(dir.path(), config.loader.arm(&config.entries, "new", 1).unwrap(), |_| {});
            let entry = inside(dir.path(), "/boot/loader/entries/zz-another.conf");
            write(&entry, b"linux /a\noptions root=/dev/x\n");
            let env = || {
                let text = std::fs::read_to_string(dir.path().join("boot/grub2/grubenv")).unwrap();
                text.lines().find_map(|l| l.strip_prefix("fallback=").map(str::to_owned))
            };
            let first = env();
            drop(config);
            let config = read(dir.path());
            make(dir.path(), config.loader.renew_fallback(&config.entries).unwrap(), |_| {});
            [first, env()].map(Option::unwrap_or_default)
        };
        let menu = ("boot/grub2/grub.cfg", "set default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n");
        let id = ["old", "old"];
        assert_eq!(
            fallback(&[menu, ("etc/os-release", "NAME=x\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n")]),
            id
        );
        assert_eq!(fallback(&[menu, ("usr/lib/os-release", "ID=fedora\n")]), id);
        assert_eq!(fallback(&[menu, ("etc/os-release", "ID=debian\n")]), ["0", "1"]);
        assert_eq!(fallback(&[("boot/grub2/grub.cfg", "menuentry x {\n}\nblscfg\n")]), ["", ""]);
    }

    #[test]
    fn a_boot_loader_that_cannot_write_is_not_told() {
        let (grub, systemd) = (&INSTALLATIONS[0], &INSTALLATIONS[1]);
        let mount = |target: &str, kind: &str, minor| Mount {
            target: target.into(),
            source: format!("/dev/of{target}"),
            kind: kind.into(),
            device: (252, minor),
            read_only: false,
            options: String::new(),
        };
        let told = |dir: &Path, mounts: &[Mount], running| {
            let devices = BootDevices { environment: dir, sysroot: dir, mounts, running };
            read(dir).loader.cannot_be_told(&devices).unwrap_or_default()
        };
        let root = mount("/", "xfs", 2);
        let ext4 = [root.clone(), mount("/boot", "ext4", 1)];
        let dir = grub.make();
        let dir = dir.path();
        assert!(told(dir, &ext4, true).ends_with("GRUB accepts only 1024"));
        save_next_entry(dir, "");
        assert_eq!(told(dir, &ext4, true), "");
        assert_eq!(told(dir, &ext4, false), "", "in an installer, too");
        let btrfs = [root.clone(), mount("/boot", "btrfs", 1)];
        assert!(told(dir, &btrfs, true).ends_with("grubenv: it is on btrfs"));
        for (file, text, why) in [
            ("dm/uuid", "LVM-abc\n", "/dev/of/boot is a logical volume"),
            ("dm/uuid", "CRYPT-LUKS2-abc\n", "/dev/of/boot is an encrypted device"),
            ("dm/uuid", "part1-mpath-abc\n", ""),
            ("uevent", "MAJOR=9\nDEVNAME=md127\n", "/dev/of/boot is a RAID array"),
            ("uevent", "DEVNAME=vda1\n", ""),
        ] {
            write(&dir.join("sys/dev/block/252:1").join(file), text.as_bytes());
            let said = told(dir, &ext4, true);
            assert!(said.ends_with(why) && said.is_empty() == why.is_empty(), "{text}: {said}");
        }
        write(&dir.join("boot/grub2/grub.cfg"), b"set default=\"${saved_entry}\"\nblscfg\n");
        assert!(told(dir, &ext4, true).contains("grub.cfg does not use next_entry"));
        write(&dir.join("boot/grub2/grub.cfg"), b"set default=\"${saved_entry}\"\nset next_entry=\nblscfg\n");
        assert_eq!(told(dir, &ext4, true), "");
        // imgbase makes this of RHEL 9: a link from /boot to the EFI system partition.
        let block = dir.join("boot/grub2/grubenv");
        write(&dir.join("boot/efi/EFI/centos/grubenv"), &std::fs::read(&block).unwrap());
        std::fs::remove_file(&block).unwrap();
        std::os::unix::fs::symlink("../efi/EFI/centos/grubenv", &block).unwrap();
        let with_efi = [ext4[0].clone(), ext4[1].clone(), mount("/boot/efi", "vfat", 3)];
        assert!(
            told(dir, &with_efi, true).contains("does not follow a link"),
            "{}",
            told(dir, &with_efi, true)
        );

        let dir = systemd.make();
        let dir = dir.path();
        assert_eq!(told(dir, &[], true), "systemd-boot has not started this machine");
        let info = "sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
        write(&dir.join(info), &super::super::efi::bytes("systemd-boot 252"));
        assert_eq!(told(dir, &[], true), "");
        assert!(told(dir, &[], false).contains("only the running system"));
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
