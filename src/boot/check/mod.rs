//! One boot configuration alone: every word, every command line, every entry. Checks that need the
//! kickstart as well are in `lint::together`.

mod line; // several options of one line
mod network; // the network as a whole
mod values; // the value of one option
mod words; // one option at a time: its name, its release

use super::codes;
use super::config::{BootConfig, ConfigFormat, Entry};
use super::legacy;
use super::options::FORMER;
use super::others::is_of_another_installer;
use kickstart::Version;
use node_base::cmdline::CommandLine;
use node_base::diagnostic::{Finding, Findings};

/// What the checks depend on beside the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckOptions {
    /// The release whose installer is started.
    pub version: Version,
    /// Whether that is only an assumption: an entry that names its release is checked as that one.
    pub is_assumed: bool,
    /// Whether the kickstart is known; then `lint::together` checks it with the command line.
    pub with_kickstart: bool,
}

/// Checks all entries. A finding about words that several entries share is reported once.
pub(crate) fn config(config: &BootConfig<'_>, options: CheckOptions, findings: &mut Findings) {
    let mut found = Findings::new();
    for entry in config.entries.iter().filter(|e| e.is_linux() && !is_of_another_installer(e)) {
        check_entry(entry, config.format, options, &mut found);
    }
    let mut sorted = found.into_sorted();
    sorted.dedup_by(|a, b| a.span.is_some() && (a.code, a.span, &a.message) == (b.code, b.span, &b.message));
    findings.extend(sorted);
}

fn check_entry(entry: &Entry<'_>, format: ConfigFormat, mut options: CheckOptions, findings: &mut Findings) {
    if options.is_assumed
        && let Some((version, _)) = entry.release()
    {
        options.version = version;
    }
    let line = &entry.line;
    if legacy::is_legacy(line) {
        legacy::check(line, findings);
        return;
    }
    legacy::mixed(line, findings);
    let installer = is_installer(line);
    words::check(line, installer, options.version, findings);
    network::check(entry, options.version, findings);
    if installer {
        line::check(entry, options, findings);
    }
    if line.length > LONGEST {
        findings.push(
            Finding::new(
                &codes::TOO_LONG,
                format!("{} has {} bytes; the kernel keeps {LONGEST}", entry.name(), line.length),
            )
            .at_opt(line.span)
            .help("move network settings into the kickstart, or shorten URLs"),
        );
    }
    let hidden = line.hides_words();
    if installer && entry.initrd.is_empty() && format != ConfigFormat::Cmdline && !hidden {
        findings.push(
            Finding::new(&codes::NO_INITRD, format!("{} loads no initial RAM disk", entry.name()))
                .at_opt(entry.kernel.as_ref().map(|k| k.span).or(entry.span()))
                .help(match format {
                    ConfigFormat::Pxelinux => "add a line INITRD initrd.img, or initrd=initrd.img to APPEND",
                    _ => "add a line initrd PATH",
                }),
        );
    }
}

/// Bytes of a command line that x86-64 and AArch64 keep: `COMMAND_LINE_SIZE` is 2048, with the final NUL.
const LONGEST: usize = 2047;

/// Whether a command line starts the installer: it has one of Anaconda's options (with or without the prefix), or
/// boots no root file system.
pub(crate) fn is_installer(line: &CommandLine<'_>) -> bool {
    if line.any_starting("inst.") || line.words.iter().any(|w| words::meant_for_installer(&w.name).is_some())
    {
        return true;
    }
    let old = |name: &str| FORMER.iter().any(|f| f.telling && f.name == name);
    let boots_a_system = ["root", "boot", "live"].iter().any(|n| line.last(n).is_some());
    line.words.iter().any(|w| old(&w.name) && w.value.is_some()) && !boots_a_system
}
