//! Boot configurations among the files of a directory: by their name, and by what is in them.

use crate::boot::config::{self, ConfigFormat, Entry};
use crate::kind;
use node_base::diagnostic::Findings;
use node_base::source::{Sources, split_lines};
use std::path::Path;

/// What the name of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BootName {
    /// Boot loaders look for it: whatever is in it, it is one of theirs.
    OfLoader,
    /// Other programs have files of such names, too.
    Possible,
}

/// What the name says of a file: its directory, and its parts between dots, in lower case and without those of a template engine.
pub(super) fn by_name(path: &Path, parts: &[&str]) -> Option<BootName> {
    const OF_LOADERS: [&[&str]; 5] = [
        &["isolinux", "cfg"],
        &["syslinux", "cfg"],
        &["extlinux", "conf"],
        &["menu", "lst"],
        &["grub", "conf"],
    ];
    let directory = path.parent().and_then(Path::file_name);
    let is_of_loader = directory.is_some_and(|name| name == "pxelinux.cfg")
        || OF_LOADERS.contains(&parts)
        || parts == ["pxelinux", "cfg"]
        // grub.cfg, grub.cfg-01-52-54-00-12-34-56, grub-efi.cfg
        || matches!(parts, [first, second, ..] if first.starts_with("grub") && second.starts_with("cfg"))
        || matches!(parts, [_, .., "ipxe"]);
    if is_of_loader {
        return Some(BootName::OfLoader);
    }
    matches!(parts, [_, .., "cfg" | "conf" | "pxe"]).then_some(BootName::Possible)
}

/// Whether a file of this name with a text that begins so is a boot configuration.
pub(super) fn is_one(name: BootName, head: &str) -> bool {
    let is_kickstart = || kind::kickstart_commands(split_lines(head)) >= 3;
    if head.contains('\0') || config::detect(head) == ConfigFormat::Cmdline || is_kickstart() {
        return false;
    }
    name == BootName::OfLoader || has_kernel(head)
}

/// Whether an entry loads a kernel and has a command line.
fn has_kernel(head: &str) -> bool {
    let mut sources = Sources::new();
    let Ok(file) = sources.add("", head.to_owned()) else { return false };
    let config = config::read(&sources, file, config::detect(head), &mut Findings::new());
    let is_complete = |entry: &Entry<'_>| entry.kernel.is_some() && !entry.line.words.is_empty();
    config.entries.iter().any(|entry| entry.is_linux() && is_complete(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_configurations_are_told_by_their_names() {
        for (path, name) in [
            ("/srv/tftp/pxelinux.cfg/default", Some(BootName::OfLoader)),
            ("pxelinux.cfg/01-52-54-00-12-34-56", Some(BootName::OfLoader)),
            ("EFI/BOOT/grub.cfg", Some(BootName::OfLoader)),
            ("grub.cfg-01-52-54-00-12-34-56", Some(BootName::OfLoader)),
            ("grub-efi.cfg", Some(BootName::OfLoader)),
            ("isolinux.cfg", Some(BootName::OfLoader)),
            ("pxelinux.cfg", Some(BootName::OfLoader)),
            ("boot/menu.lst", Some(BootName::OfLoader)),
            ("node.ipxe", Some(BootName::OfLoader)),
            ("loader/entries/node.conf", Some(BootName::Possible)),
            ("node.cfg", Some(BootName::Possible)),
            ("vmlinuz", None),
            ("cfg", None),
            ("node.ks", None),
            ("README", None),
        ] {
            let file = path.rsplit('/').next().unwrap();
            let parts: Vec<&str> = file.split('.').collect();
            assert_eq!(by_name(Path::new(path), &parts), name, "{path}");
        }
    }

    #[test]
    fn files_of_other_programs_are_told_by_what_is_in_them() {
        let bls = "title node\nversion 5.14\nlinux /vmlinuz\ninitrd /initrd.img\noptions root=/dev/sda1 ro\n";
        assert!(is_one(BootName::Possible, bls));
        let chained = "LABEL next\n  KERNEL chain.c32\n  APPEND hd0\n";
        assert!(is_one(BootName::OfLoader, chained) && !is_one(BootName::Possible, chained));
        for text in [
            "",
            "[defaults]\ninventory = hosts\n",
            "title = x\nversion = 1\n",
            "default yes\ntimeout 5\n",
            "lang C\nkeyboard us\ntimezone UTC\nbootloader --append=quiet\n",
            "\u{7f}ELF\0kernel x\nappend y\n",
        ] {
            assert!(!is_one(BootName::Possible, text), "{text:?}");
        }
    }
}
