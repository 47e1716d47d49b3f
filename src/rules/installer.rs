//! What is known of the installer that reads the kickstart: its interface, and what its command line adds.

use super::commands::{is_image_source, is_package_source};
use aho_corasick::packed::Searcher;
use kickstart::{Family, Kickstart, SectionKind, Version};
use memchr::memmem;
use node_base::source::Sources;
use std::sync::LazyLock;

/// The interface of the installer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    /// Text: `text`, `cmdline`, `inst.text`, `inst.cmdline`, `console=`.
    Text,
    /// Graphical, as requested by `graphical`, `vnc`, `inst.graphical`, `inst.vnc`, `inst.rdp`.
    Graphical,
    /// Neither is requested. Anaconda starts the graphical interface where it can; the rules assume text.
    Unspecified,
}

/// What is known of the installer.
#[derive(Clone, Debug)]
pub(crate) struct Installer {
    /// Its interface.
    pub(crate) interface: Interface,
    /// Whether it ends instead of asking: `cmdline`, `inst.cmdline`, `inst.noninteractive`.
    pub(crate) noninteractive: bool,
    /// Whether the command line names an installation source (`inst.repo=`).
    pub(crate) has_repository: bool,
    /// Whether the command line is known at all.
    pub(crate) knows_command_line: bool,
    /// Whether the kickstart includes a file that was not read: what seems to be missing may be in it.
    pub(crate) has_unread_files: bool,
}

impl Installer {
    /// What the kickstart alone says; `None` for releases whose installer the rules do not know.
    pub(super) fn of(kickstart: &Kickstart<'_>) -> Option<Installer> {
        if !is_modelled(kickstart.version) {
            return None;
        }
        let has = |name: &str| kickstart.last(name).is_some();
        let quiet = |name: &str| kickstart.last(name).is_some_and(|c| c.has("--non-interactive"));
        let interface = if has("vnc") || has("rdp") || has("graphical") {
            Interface::Graphical
        } else if has("text") || has("cmdline") {
            Interface::Text
        } else {
            Interface::Unspecified
        };
        Some(Installer {
            interface,
            noninteractive: has("cmdline") || quiet("text") || quiet("graphical"),
            has_repository: false,
            knows_command_line: false,
            has_unread_files: kickstart.first_unread_file().is_some(),
        })
    }

    /// What happens when something mandatory is missing.
    pub(crate) fn stops(&self) -> &'static str {
        if self.noninteractive {
            "the installation ends with an error"
        } else {
            "the installer stops and asks"
        }
    }
}

/// Words that only kickstarts for image builders have: the programs themselves, variables that they give to scripts, packages
/// and services of a live system.
const OF_IMAGE_BUILDERS: [&str; 10] = [
    "livecd-creator",
    "appliance-creator",
    "appliance-tools",
    "ami-creator",
    "$INSTALL_ROOT",
    "$LIVE_ROOT",
    "anaconda-live",
    " --debuginfo", // an option of repo that only mic has
    "livesys",
    "uboot-images-",
];

/// Whether a kickstart is for a program that builds an image of a system (livecd-creator, appliance-creator): it has no disks
/// of a host, nobody answers questions, and the first boot is elsewhere. livemedia-creator runs the installer itself, and
/// its kickstarts have what the installer asks for.
pub(super) fn builds_image(sources: &Sources, kickstart: &Kickstart<'_>) -> bool {
    let has_word = || sources.iter().any(|(_, source)| has_word_of_image_builders(source.text()));
    let has = |name: &str| kickstart.written(name).next().is_some();
    let prepares_disks = || has("clearpart") || has("zerombr");
    let has_source =
        || kickstart.commands.iter().any(|c| is_package_source(c.name) || is_image_source(c.name));
    // What has all that the installer needs is read as for it. Most kickstarts do, and need no search for words. The tables
    // have poweroff, shutdown and halt as reboot.
    let is_complete = || has("rootpw") && prepares_disks() && has("reboot") && has_source();
    // An image for boards is made on an empty file, and asks at its first boot for all that the kickstart leaves out.
    let asks_later = || kickstart.last("firstboot").is_some_and(|c| c.has("--reconfig"));
    let installs = kickstart.sections_of(SectionKind::Packages).next().is_some() || has("repo");
    installs && !is_complete() && (has_word() || asks_later() && !prepares_disks() && !has("ignoredisk"))
}

/// Whether a text has a word of image builders. A script that gives the variable a value means something else.
fn has_word_of_image_builders(text: &str) -> bool {
    // All at once where the processor has the instructions for that.
    static WORDS: LazyLock<Option<Searcher>> = LazyLock::new(|| Searcher::new(OF_IMAGE_BUILDERS));
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let mut found = [false; OF_IMAGE_BUILDERS.len()];
    match WORDS.as_ref() {
        Some(words) => words.find_iter(text).for_each(|word| found[word.pattern().as_usize()] = true),
        None => found = OF_IMAGE_BUILDERS.map(has),
    }
    let found = OF_IMAGE_BUILDERS.iter().zip(found).filter(|(_, found)| *found);
    found.map(|(word, _)| word.strip_prefix('$')).any(|variable| match variable {
        Some(name) => !has(&format!("{name}=")),
        None => true,
    })
}

/// Whether the rules know the installer of this version: RHEL 7 and Fedora 18 on.
fn is_modelled(version: Version) -> bool {
    match version.family {
        Family::Rhel => version.release >= 7,
        Family::Fedora => version.release >= 18,
    }
}
