//! Files of other installers and programs, by words that only they have.

use super::codes::OTHER_LANGUAGE;
use node_base::diagnostic::Finding;
use node_base::source::{FileId, Span, split_lines};

/// Another language, and what to do with a file in it.
struct Language {
    /// Completes "this is …".
    is: &'static str,
    help: &'static str,
}

const ESXI: Language = Language {
    is: "a scripted installation of VMware ESXi",
    help: "only the installer of ESXi reads it; a kickstart of Anaconda has other commands",
};
const KICKSEED: Language = Language {
    is: "a kickstart for Kickseed of Ubuntu and Debian",
    help: "Kickseed translates it for the installer of Debian and Ubuntu; Anaconda does not know its commands",
};
const PRESEED: Language = Language {
    is: "a preseed file of the Debian installer",
    help: "check it with: debconf-set-selections --checkonly FILE",
};
const AUTOINSTALL: Language = Language {
    is: "an autoinstall configuration of Ubuntu",
    help: "check it with validate-autoinstall-user-data.py of Ubuntu's installer (subiquity)",
};
const CLOUD_CONFIG: Language =
    Language { is: "a cloud-config", help: "check it with: cloud-init schema --config-file FILE" };
const AUTOYAST: Language = Language {
    is: "an AutoYaST profile of SUSE",
    help: "check it with: yast2 autoyast check-profile filename=FILE",
};
const AGAMA: Language = Language {
    is: "a profile of Agama, SUSE's installer",
    help: "check it with: agama config validate FILE",
};
const BUTANE: Language =
    Language { is: "a Butane configuration of CoreOS", help: "check it with: butane --strict FILE" };
const IGNITION: Language =
    Language { is: "an Ignition configuration of CoreOS", help: "check it with: ignition-validate FILE" };
const PHOTON: Language = Language {
    is: "a kickstart of Photon OS, which is JSON",
    help: "only the installer of Photon OS reads it",
};
const JSON: Language =
    Language { is: "a file in JSON", help: "a kickstart has one command a line, without braces around them" };
const WINDOWS: Language =
    Language { is: "an answer file of Windows Setup", help: "only Windows Setup reads it" };
const BLUEPRINT: Language = Language {
    is: "a blueprint of image builder",
    help: "check the text in 'contents' of [customizations.installer.kickstart]",
};
const BOOT: Language = Language { is: "a boot configuration", help: "check it with: ks-lint boot FILE" };
const WEB_PAGE: Language = Language {
    is: "a web page",
    help: "the server sent a page instead of the kickstart: open its address in a browser and read what it says",
};
const SCRIPT: Language =
    Language { is: "a script", help: "a kickstart begins with commands; scripts go into %pre and %post" };

/// Lines at the start of a file that are looked at.
const MOST_LINES: usize = 500;

/// Commands that most kickstarts have, and no other language.
const KICKSTART: [&str; 18] = [
    "autopart",
    "bootloader",
    "clearpart",
    "firewall",
    "ignoredisk",
    "keyboard",
    "lang",
    "liveimg",
    "logvol",
    "network",
    "part",
    "partition",
    "rootpw",
    "selinux",
    "timezone",
    "url",
    "volgroup",
    "zerombr",
];

/// The finding for a file in the language of another installer; `None` for what may be a kickstart with mistakes. Only
/// asked about a file that the kickstart language refuses.
pub(crate) fn other_language(text: &str, file: FileId) -> Option<Finding> {
    let (language, at, word) = find(text)?;
    let message = format!("this is {}, not a kickstart of Anaconda", language.is);
    let span = Span::new(file, at, at + word.len());
    Some(Finding::new(&OTHER_LANGUAGE, message).at(span).label("shows it").help(language.help))
}

/// The language, and the word that shows it.
fn find(text: &str) -> Option<(&'static Language, usize, &str)> {
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    let start = text.len() - begin.len();
    let first_line = split_lines(begin).next().unwrap_or_default().trim_end();
    let lower = first_line.to_ascii_lowercase();
    if lower.starts_with("#!ipxe") || lower.starts_with("#!gpxe") {
        return Some((&BOOT, start, first_line));
    }
    if lower.starts_with('<') {
        let head: String = begin.chars().take(4096).collect::<String>().to_ascii_lowercase();
        let language = if head.contains("yast2ns") || head.contains("<profile") {
            &AUTOYAST
        } else if head.contains("<unattend") {
            &WINDOWS
        } else if head.contains("<html") || head.contains("<!doctype html") {
            &WEB_PAGE
        } else {
            return None;
        };
        return Some((language, start, first_line));
    }
    if first_line.starts_with('{') || first_line.starts_with("local agama") {
        let has = |word: &str| begin.contains(word);
        let language = if has("\"ignition\"") {
            &IGNITION
        } else if has("agama") || (has("\"product\"") && has("\"id\"")) || has("\"localization\"") {
            &AGAMA
        } else if has("linux_flavor") || has("packagelist_file") {
            &PHOTON
        } else if begin.starts_with("{{") || begin.starts_with("{%") {
            return None; // a mark of a template
        } else {
            &JSON
        };
        return Some((language, start, first_line));
    }
    by_lines(text).or_else(|| {
        let is_script =
            first_line.starts_with("#!") && ["sh", "python", "perl", "env"].iter().any(|p| lower.contains(p));
        (is_script && kickstart_commands(split_lines(text).take(MOST_LINES)) < 3)
            .then_some((&SCRIPT, start, first_line))
    })
}

/// By words at the start of lines. Scripts of sections are left out, because they may write a file of any language.
fn by_lines(text: &str) -> Option<(&'static Language, usize, &str)> {
    let mut at = 0;
    let mut in_script = false;
    let mut cloud_config = None;
    let mut has_langsupport = false;
    // Lines of boot configurations, by the word they begin with.
    let mut boot: Vec<(usize, &str)> = Vec::new();
    for line in split_lines(text).take(MOST_LINES) {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.next() else { continue };
        let rest: Vec<&str> = words.take(4).collect();
        let found = |language| Some((language, start, first));
        match first {
            "%firstboot" => return found(&ESXI),
            "%pre" | "%post" | "%pre-install" | "%onerror" | "%traceback" => in_script = true,
            "%end" => in_script = false,
            _ if in_script => {}
            "vmaccepteula" | "accepteula" => return found(&ESXI),
            "install" | "upgrade" | "installorupgrade" | "autopart" | "clearpart"
                if rest.iter().any(|w| w.starts_with("--firstdisk") || *w == "--overwritevmfs") =>
            {
                return found(&ESXI);
            }
            "preseed" if rest.iter().any(|w| w.contains('/')) => return found(&KICKSEED),
            // Ubuntu's Kickstart Configurator: root is disabled, and a user has a name without an option.
            "langsupport" => has_langsupport = true,
            "rootpw" if has_langsupport && rest.first() == Some(&"--disabled") => return found(&KICKSEED),
            "user" if rest.first().is_some_and(|w| !w.starts_with('-')) && rest.contains(&"--fullname") => {
                return found(&KICKSEED);
            }
            "#_preseed_V1" => return found(&PRESEED),
            "#cloud-config" => cloud_config = Some((start, first)),
            "autoinstall:" => return found(&AUTOINSTALL),
            "variant:" if rest.first().is_some_and(|v| BUTANE_VARIANTS.contains(v)) => return found(&BUTANE),
            "[customizations.installer.kickstart]" => return found(&BLUEPRINT),
            "menuentry" | "linuxefi" | "initrdefi" => return found(&BOOT),
            _ if rest.len() >= 2 && rest[0].contains('/') && DEBCONF_TYPES.contains(&rest[1]) => {
                return found(&PRESEED);
            }
            _ if BOOT_WORDS.iter().any(|w| first.eq_ignore_ascii_case(w))
                && !boot.iter().any(|(_, w)| first.eq_ignore_ascii_case(w)) =>
            {
                boot.push((start, first));
            }
            _ => {}
        }
    }
    if let Some((start, first)) = cloud_config {
        return Some((&CLOUD_CONFIG, start, first));
    }
    // One of these words alone may be a mistake in a kickstart.
    let (start, first) = *boot.first()?;
    (boot.len() >= 3 && kickstart_commands(split_lines(text).take(MOST_LINES)) < 3)
        .then_some((&BOOT, start, first))
}

const BUTANE_VARIANTS: [&str; 5] = ["fcos", "flatcar", "openshift", "fiot", "r4e"];

/// Types of a question of debconf.
const DEBCONF_TYPES: [&str; 8] =
    ["string", "boolean", "select", "multiselect", "password", "note", "seen", "text"];

/// First words of lines of pxelinux and of Boot Loader Specification entries.
const BOOT_WORDS: [&str; 11] = [
    "default", "label", "kernel", "append", "timeout", "prompt", "title", "linux", "initrd", "options",
    "ipappend",
];

/// How many of the commands that most kickstarts have begin one of the lines.
pub(crate) fn kickstart_commands<'t>(lines: impl Iterator<Item = &'t str>) -> usize {
    let mut seen = [false; KICKSTART.len()];
    for line in lines {
        let first = line.split_ascii_whitespace().next().unwrap_or_default();
        if let Ok(n) = KICKSTART.binary_search(&first) {
            seen[n] = true;
        }
    }
    seen.iter().filter(|s| **s).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(text: &str) -> Option<&'static str> {
        find(text).map(|(language, ..)| language.is)
    }

    #[test]
    fn languages_are_known_by_their_words() {
        for (text, is) in [
            ("# x\nvmaccepteula\nrootpw x\n", ESXI.is),
            ("install --firstdisk --overwritevmfs\nrootpw x\n", ESXI.is),
            ("lang en_US\npreseed partman/confirm boolean true\n", KICKSEED.is),
            ("langsupport en_US\nrootpw --disabled\n", KICKSEED.is),
            ("user a --fullname \"A\" --iscrypted --password x\n", KICKSEED.is),
            ("d-i debian-installer/locale string en_US\n", PRESEED.is),
            ("#_preseed_V1\n# x\n", PRESEED.is),
            ("#cloud-config\nautoinstall:\n  version: 1\n", AUTOINSTALL.is),
            ("#cloud-config\nusers:\n  - name: a\n", CLOUD_CONFIG.is),
            ("autoinstall:\n  version: 1\n", AUTOINSTALL.is),
            (
                "<?xml version=\"1.0\"?>\n<!DOCTYPE profile>\n<profile xmlns=\"http://www.suse.com/1.0/yast2ns\">\n",
                AUTOYAST.is,
            ),
            ("<!DOCTYPE html>\n<html><body>404\n", WEB_PAGE.is),
            (
                "<?xml version=\"1.0\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n",
                WINDOWS.is,
            ),
            ("{\n  \"product\": { \"id\": \"Tumbleweed\" }\n}\n", AGAMA.is),
            ("local agama = import 'hw.libsonnet';\n{ }\n", AGAMA.is),
            ("{ \"ignition\": { \"version\": \"3.4.0\" } }\n", IGNITION.is),
            ("{\n  \"hostname\": \"a\",\n  \"linux_flavor\": \"linux\"\n}\n", PHOTON.is),
            ("{ \"a\": 1 }\n", JSON.is),
            ("variant: fcos\nversion: 1.5.0\n", BUTANE.is),
            (
                "[[packages]]\nname = \"x\"\n[customizations.installer.kickstart]\ncontents = \"\"\n",
                BLUEPRINT.is,
            ),
            ("DEFAULT linux\nLABEL linux\n  KERNEL vmlinuz\n  APPEND inst.ks=x\n", BOOT.is),
            ("menuentry 'x' {\n linux /vmlinuz\n}\n", BOOT.is),
            ("title Fedora\nlinux /vmlinuz\noptions root=x\n", BOOT.is),
            ("#!ipxe\nkernel http://x/vmlinuz\n", BOOT.is),
            ("#!/bin/bash\nset -e\necho hello\n", SCRIPT.is),
        ] {
            assert_eq!(language(text), Some(is), "{text}");
        }
    }

    #[test]
    fn a_kickstart_with_mistakes_is_a_kickstart() {
        for text in [
            "lang en_US\nkeybord us\n",
            "#!/bin/bash\nlang en_US\nkeyboard us\ntimezone UTC\nrotpw x\n",
            "lang C\nkeyboard us\ntimezone UTC\ndefault linux\nlabel x\nkernel y\n",
            "%post\ncat >x <<EOF\nd-i a/b string c\nautoinstall:\nvmaccepteula\nmenuentry x\nEOF\n%end\nfoo\n",
            "install\nautopart --typ=lvm\n",
            "timeout 5\n",
            "langsupport en_US\nrootpw x\nuser --name=a --fullname b\n",
            "rootpw --disabled\n",
            "{{ foo }}\n",
        ] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
