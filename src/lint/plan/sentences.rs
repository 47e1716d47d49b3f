//! What the installer says of a line that its parser refuses: the sentence that a person sees on the console, and looks for. Each is
//! the one of pykickstart 3.78 (`commands/*.py`, `base.py`) or of Python's `argparse`; the oldest that is modelled, RHEL 8's 3.16, has
//! the same ones except where it is said.

use crate::lint::read::Read;
use kickstart::syntax::{split_words, unquote};
use kickstart::{Version, vocabulary};
use node_base::diagnostic::Finding;
use node_base::source::{FileId, Span, Spanned, line_at};
use std::ops::Range;

/// Commands that give what is left over to a sentence of their own; the others leave it to `argparse`.
const NAME_WHAT_IS_LEFT: [&str; 16] = [
    "part",
    "partition",
    "raid",
    "logvol",
    "volgroup",
    "btrfs",
    "mount",
    "nvdimm",
    "sshpw",
    "sshkey",
    "rootpw",
    "lang",
    "keyboard",
    "timezone",
    "syspurpose",
    "updates",
];

/// The installer's sentence for a finding of the language; our own where its sentence depends on more than the line.
pub(super) fn of(finding: &Finding, read: &Read<'_>) -> String {
    sentence(finding, read).unwrap_or_else(|| finding.message.clone())
}

/// The words of a refused line.
struct Line<'t> {
    command: &'t str,
    words: Vec<Spanned<'t>>,
    version: Version,
}

impl Line<'_> {
    fn value(&self, option: &str) -> Option<&str> {
        self.words.iter().enumerate().find_map(|(i, word)| match word.text.split_once('=') {
            Some((name, value)) if self.means(name, option) => Some(value),
            None if self.means(&word.text, option) => self.words.get(i + 1).map(|next| next.text.as_ref()),
            _ => None,
        })
    }

    fn has(&self, option: &str) -> bool {
        self.words.iter().any(|word| self.means(word.text.split('=').next().unwrap_or_default(), option))
    }

    /// Whether a word names an option, in full or as far as no other one of the command begins.
    fn means(&self, word: &str, option: &str) -> bool {
        let is_short = || {
            let Some(entry) = vocabulary::command(self.command, self.version) else { return false };
            entry.options().flat_map(|o| o.names).filter(|name| name.starts_with(word)).count() == 1
        };
        word == option || (word.len() > 2 && option.starts_with(word) && is_short())
    }

    /// The option that a value at a place belongs to.
    fn option_at(&self, span: Span) -> Option<&str> {
        let i =
            self.words.iter().position(|word| word.span.start <= span.start && span.start < word.span.end)?;
        let name = |word: &'_ Spanned<'_>| word.text.starts_with('-');
        let at = if name(&self.words[i]) { i } else { i.checked_sub(1)? };
        self.words[at].text.split('=').next().filter(|name| name.starts_with('-'))
    }
}

/// The words of a line, as the parser reads them.
fn words(text: &str, file: FileId, line: Range<usize>) -> Vec<Spanned<'_>> {
    let mut words = Vec::new();
    split_words(text, line.start, line.end, true, &mut words);
    let spanned = words.iter().map(|word| {
        let (start, end) = (word.start as usize, word.end as usize);
        Spanned { text: unquote(&text[start..end]), span: Span::new(file, start, end) }
    });
    spanned.collect()
}

fn sentence(finding: &Finding, read: &Read<'_>) -> Option<String> {
    let span = finding.span?;
    let text = read.sources.get(span.file).text();
    let (line, _) = line_at(text, span.start as usize);
    let words = words(text, span.file, line);
    let command = words.first()?.text.clone();
    let line = Line { command: &command, words: words[1..].to_vec(), version: read.kickstart.version };
    let quoted = |text: &str| format!("'{text}'");
    let value = || {
        let word =
            line.words.iter().find(|word| word.span.start <= span.start && span.start < word.span.end)?;
        Some(match word.text.split_once('=') {
            Some((name, value)) if name.starts_with('-') => value.to_owned(),
            _ => word.text.to_string(),
        })
    };
    match finding.code.id {
        "KS001" => Some(format!("Unknown command: {command}")),
        "KS002" => Some(format!("{command} has been removed.")),
        "KS004" | "KS013" => left_over(finding, &line),
        "KS006" => Some(format!("argument {}: expected one argument", line.option_at(span)?)),
        "KS007" => Some(format!(
            "argument {}: ignored explicit argument {}",
            line.option_at(span)?,
            quoted(&value()?)
        )),
        "KS008" => {
            Some(format!("argument {}: invalid int value: {}", line.option_at(span)?, quoted(&value()?)))
        }
        "KS009" => {
            Some(format!("argument {}: invalid boolean value: {}", line.option_at(span)?, quoted(&value()?)))
        }
        "KS010" => not_a_choice(&line, &value()?, span),
        "KS011" | "KS012" => missing(&line),
        "KS014" | "KS015" | "KS016" => {
            conflict(&line).or_else(|| requirement(&line)).or_else(|| refused(&line))
        }
        "KS017" => commands(finding, &line),
        "KS022" => Some(format!("Unknown kickstart section: {command}")),
        _ => None,
    }
}

/// Options and words that the command does not know.
fn left_over(finding: &Finding, line: &Line<'_>) -> Option<String> {
    if line.command == "autopart" && finding.code.id == "KS013" {
        return Some("Kickstart command autopart does not take any arguments".to_owned());
    }
    let places = || finding.span.into_iter().chain(finding.related.iter().filter_map(|r| r.span));
    let is_left =
        |word: &Spanned<'_>| places().any(|p| word.span.start <= p.start && p.start < word.span.end);
    let mut left: Vec<&str> = Vec::new();
    let mut after_unknown = false;
    for word in &line.words {
        let is_option = word.text.starts_with('-');
        // What follows an unknown option is nobody's value.
        if is_left(word) || (after_unknown && !is_option) {
            left.push(&word.text);
            after_unknown = is_option && !word.text.contains('=');
        } else {
            after_unknown = false;
        }
    }
    if !NAME_WHAT_IS_LEFT.contains(&line.command) {
        return Some(format!("unrecognized arguments: {}", left.join(" ")));
    }
    // The members are left over, too; from pykickstart 3.48 on they are not named.
    if line.command == "raid" && !is_newer(line) {
        left.extend(
            line.words.iter().map(|word| word.text.as_ref()).filter(|word| word.starts_with("raid.")),
        );
    }
    let shown: Vec<String> = left.iter().map(|word| format!("'{word}'")).collect();
    let name = if line.command == "part" { "partition" } else { line.command };
    Some(format!("Unexpected arguments to {name} command: [{}]", shown.join(", ")))
}

/// Whether the installer is newer than those of RHEL 8 and 9.
fn is_newer(line: &Line<'_>) -> bool {
    !matches!(line.version.to_string().as_str(), "RHEL8" | "RHEL9")
}

fn not_a_choice(line: &Line<'_>, value: &str, span: Span) -> Option<String> {
    let option = line.option_at(span)?;
    match (line.command, option) {
        ("autopart", "--type") => Some(format!("Invalid autopart type: {value}")),
        ("raid", "--level") => Some(format!("Invalid raid level: {value}")),
        ("btrfs", "--data" | "--metadata") => Some(format!("Invalid btrfs level: {value}")),
        ("snapshot", "--when") => Some(format!("Invalid parameter to --when= argument: {value}")),
        ("logvol", "--cachemode") => Some(format!("Invalid cache mode given: {value}")),
        _ => Some(format!("argument {option}: invalid choice: '{value}'")),
    }
}

fn missing(line: &Line<'_>) -> Option<String> {
    let sentence = match line.command {
        "logvol" if line.has("--vgname") && line.has("--name") => {
            "No size given for logical volume. Use one of --useexisting, --noformat, --size, --percent, or --hibernation."
        }
        "logvol" if line.has("--vgname") => "the following arguments are required: --name",
        "logvol" => "the following arguments are required: --vgname",
        "snapshot" if !line.has("--when") => "the following arguments are required: --when",
        "snapshot" => "the following arguments are required: --name",
        "volgroup" if line.words.is_empty() => "volgroup must be given a VG name",
        "volgroup" => "volgroup must be given a list of partitions",
        "raid" if !line.has("--level") && line.words.len() > 1 => "RAID Partition defined without RAID level",
        "raid" => "Partitions required for raid",
        "btrfs" => "btrfs must be given a list of partitions",
        _ => return None,
    };
    Some(sentence.to_owned())
}

fn conflict(line: &Line<'_>) -> Option<String> {
    let sentence = match line.command {
        "logvol" if line.has("--thin") && line.has("--thinpool") => {
            "--thin and --thinpool cannot both be specified for the same logvol"
        }
        "logvol" if line.has("--size") && line.has("--percent") => {
            "--size and --percent cannot both be specified for the same logvol"
        }
        "autopart" if line.value("--type") == Some("btrfs") && line.has("--fstype") => {
            "autopart --fstype cannot be used with --type=btrfs"
        }
        _ if line.has("--pbkdf-time") && line.has("--pbkdf-iterations") => {
            "Only one of --pbkdf-time and --pbkdf-iterations can be specified."
        }
        "autopart" if line.has("--noswap") && line.has("--hibernation") => {
            "Only one of --noswap and --hibernation can be specified."
        }
        _ if line.has("--mkfsoptions") && line.has("--fsprofile") => {
            "--mkfsoptions and --fsprofile cannot be used together."
        }
        _ if line.has("--mkfsoptions") && line.has("--noformat") => {
            "--mkfsoptions with --noformat has no effect."
        }
        _ => return None,
    };
    Some(sentence.to_owned())
}

fn requirement(line: &Line<'_>) -> Option<String> {
    let sentence = match line.command {
        "logvol" if line.has("--thin") && !line.has("--poolname") => {
            "--thin requires --poolname to specify pool name"
        }
        "logvol" if !line.has("--thinpool") && (line.has("--chunksize") || line.has("--metadatasize")) => {
            "--chunksize and --metadatasize are for thin pools only"
        }
        "logvol" | "part" | "partition" if line.has("--resize") && !line.has("--size") => {
            "--resize requires --size to indicate new size"
        }
        "logvol" if line.has("--resize") => "--resize can only be used in conjunction with --useexisting",
        "part" | "partition" if line.has("--resize") => {
            "--resize can only be used in conjunction with --onpart"
        }
        "logvol" if line.has("--cachesize") && !line.has("--cachepvs") => {
            "Cache needs to have a list of (fast) PVs specified"
        }
        "logvol" if line.has("--cachepvs") && line.has("--cachesize") => {
            return Some(format!("Invalid cache mode given: {}", line.value("--cachemode")?));
        }
        "logvol" if line.has("--cachepvs") => "Cache needs to have size specified",
        "mount" if line.has("--mkfsoptions") => "'--mkfsoptions' requires --reformat",
        _ => return None,
    };
    Some(sentence.to_owned())
}

fn refused(line: &Line<'_>) -> Option<String> {
    let btrfs = |option| line.value(option).is_some_and(|kind| kind.starts_with("btrfs"));
    let sentence = match line.command {
        "autopart" if btrfs("--fstype") => {
            "autopart --fstype=btrfs is not valid fstype, use --type=btrfs instead"
        }
        "autopart" if btrfs("--type") => "autopart --type=btrfs is not supported",
        "part" | "partition" | "logvol" | "raid"
            if btrfs("--fstype")
                || line.words.first().is_some_and(|word| word.text.starts_with("btrfs.")) =>
        {
            "Btrfs file system is not supported"
        }
        "logvol" if line.has("--cachemode") => {
            return Some(format!("Invalid cache mode given: {}", line.value("--cachemode")?));
        }
        "logvol" if line.has("--percent") => "Percentage must be between 0 and 100.",
        "mount" => return Some(format!("Invalid mount point '{}' given", line.words.get(1)?.text)),
        _ => return None,
    };
    Some(sentence.to_owned())
}

/// Two commands that exclude each other: the one that comes second is named first.
fn commands(finding: &Finding, line: &Line<'_>) -> Option<String> {
    let mut quoted = finding.message.split('\'').skip(1).step_by(2);
    let (this, other) = (quoted.next()?, quoted.next()?);
    let other = if other == line.command { this } else { other };
    let is_partition = |name: &str| matches!(name, "part" | "partition");
    if !is_newer(line) && is_partition(other) {
        return Some(format!(
            "The part/partition and {} commands can't be used at the same time",
            line.command
        ));
    }
    Some(format!("The {} and {other} commands can't be used at the same time.", line.command))
}
