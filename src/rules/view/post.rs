//! What `%post` does about the layout: which calls initialise it, whether their failure counts, what follows them.

use crate::rules::shell::{Scripts, is_shell, place, place_of};
use kickstart::shell::{Next, ShellWord, Statement};
use kickstart::{Kickstart, Section, SectionKind};
use node_base::source::{Sources, Span};

/// A program that initialises the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// `imgbase layout --init`
    Imgbase,
    /// `nodectl init`
    Nodectl,
    /// `node-layout init`
    NodeLayout,
}

impl Program {
    /// The command as a person would write it.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Program::Imgbase => "imgbase layout --init",
            Program::Nodectl => "nodectl init",
            Program::NodeLayout => "node-layout init",
        }
    }
}

/// Why a failure of the call does not stop the installation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hidden {
    /// The section has no `--erroronfail`: its header's name.
    NoErrorOnFail(Span),
    /// Another statement decides the script's exit status: its words, and the operator after the call.
    Masked(Span, Next),
}

/// What follows the call and is lost, or may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Later {
    /// The words.
    pub(crate) span: Span,
    /// The path outside `/etc` and the separate volumes that is written; `None` if it is not certain.
    pub(crate) lost: Option<String>,
}

/// A call that initialises the layout.
#[derive(Clone, Debug)]
pub(crate) struct InitCall<'a> {
    /// Which program.
    pub(crate) program: Program,
    /// Its words.
    pub(crate) span: Span,
    /// The section's header.
    pub(crate) section: &'a Section<'a>,
    /// The name for the image that it is given, with its place.
    pub(crate) nvr: Option<(String, Span)>,
    /// Why its failure does not stop the installation; `None` if it does.
    pub(crate) hidden: Option<Hidden>,
    /// The first statement after it whose effect is lost.
    pub(crate) later: Option<Later>,
    /// Whether it runs in the installer's system instead of the installed one.
    pub(crate) outside: bool,
    /// Whether it may be skipped: in an `if`, a loop, or after `||`.
    pub(crate) conditional: bool,
}

/// Most calls of one script that are read: the second one is already a mistake.
const MOST_CALLS: usize = 8;

/// What was found in one `%post`.
pub(crate) struct Script<'a> {
    /// The calls that initialise the layout.
    pub(crate) inits: Vec<InitCall<'a>>,
    /// Whether such a program appears in a way that is not understood (in a function, a here-document, another language).
    pub(crate) hidden: bool,
}

impl<'a> Script<'a> {
    /// Reads a section.
    pub(super) fn read(sources: &Sources, scripts: &Scripts, section: &'a Section<'a>) -> Script<'a> {
        let text = sources.text_of(section.body);
        let named = ["imgbase", "nodectl", "node-layout"].iter().any(|p| text.contains(p));
        if !named {
            return Script { inits: Vec::new(), hidden: false };
        }
        if !is_shell(section) {
            return Script { inits: Vec::new(), hidden: true };
        }
        let script = scripts.of(sources, section);
        let list = &script.statements;
        let whole = |s: &Statement| place_of(section, s);
        let mut inits = Vec::new();
        for (i, statement) in list.iter().enumerate() {
            let Some((program, first)) = initialises(statement) else { continue };
            if inits.len() == MOST_CALLS {
                break;
            }
            let words = &statement.words[first..];
            let span = words
                .first()
                .zip(words.last())
                .map_or(section.header_span, |(first, last)| place(section, first.start, last.end));
            inits.push(InitCall {
                program,
                span,
                section,
                nvr: nvr(words).map(|(text, word)| (text, place(section, word.start, word.end))),
                hidden: unseen_because(section, list, i, whole),
                later: later(&list[i + 1..], whole),
                outside: section.has("--nochroot") && first == 0,
                conditional: statement.nested || i.checked_sub(1).is_some_and(|b| list[b].next == Next::Or),
            });
        }
        let hidden = inits.is_empty() && hides_a_call(text);
        Script { inits, hidden }
    }
}

/// Whether an initialising call appears outside comments although no command was recognised as one.
fn hides_a_call(text: &str) -> bool {
    text.lines().map(|line| line.split('#').next().unwrap_or_default()).any(|line| {
        let has = |word| line.contains(word);
        (has("imgbase") && has("--init")) || ((has("nodectl") || has("node-layout")) && has("init"))
    })
}

/// Adds what later `%post` sections write and lose after the last call.
pub(super) fn judge_order<'a>(
    sources: &Sources,
    scripts: &Scripts,
    kickstart: &'a Kickstart<'a>,
    inits: &mut [InitCall<'a>],
) {
    let Some(last) = inits.iter_mut().rev().find(|i| i.program != Program::NodeLayout) else { return };
    if last.later.as_ref().is_some_and(|l| l.lost.is_some()) {
        return;
    }
    // In the order in which they run: sections of an included file run where it is included.
    let behind =
        kickstart.sections_of(SectionKind::Post).skip_while(|s| !std::ptr::eq(*s, last.section)).skip(1);
    for section in behind {
        if !is_shell(section) || section.has("--nochroot") {
            continue;
        }
        let script = scripts.of(sources, section);
        if let Some(found) = later(&script.statements, |s| place_of(section, s))
            && (found.lost.is_some() || last.later.is_none())
        {
            last.later = Some(found);
        }
    }
}

/// The place of a call whose words contain these in this order, in a shell section.
pub(super) fn call_of(
    sources: &Sources,
    scripts: &Scripts,
    section: &Section<'_>,
    wanted: &[&str],
) -> Option<Span> {
    let text = sources.text_of(section.body);
    if !wanted.iter().all(|w| text.contains(w)) || !is_shell(section) {
        return None;
    }
    scripts.of(sources, section).statements.iter().find_map(|statement| {
        let mut rest = wanted.iter().peekable();
        for (i, word) in statement.words.iter().enumerate() {
            let name = if i == 0 { statement.program() } else { word.text.as_str() };
            if rest.peek().is_some_and(|w| **w == name) {
                rest.next();
            }
        }
        rest.peek().is_none().then(|| place_of(section, statement))
    })
}

/// The program that a statement initialises the layout with, and which word names it (behind `chroot DIR`).
fn initialises(statement: &Statement) -> Option<(Program, usize)> {
    // `chroot /mnt/sysimage imgbase …`
    let first = if statement.program() == "chroot" { 2 } else { 0 };
    let words = statement.words.get(first..)?;
    let path = words.first()?.text.as_str();
    let mut arguments = words[1..].iter().map(|w| w.text.as_str());
    let program = match path.rsplit('/').next()? {
        "imgbase" => {
            let mut layout = false;
            arguments
                .any(|word| {
                    layout |= word == "layout";
                    layout && (word == "--init" || word == "--init-nvr" || word.starts_with("--init-nvr="))
                })
                .then_some(Program::Imgbase)
        }
        "nodectl" => {
            arguments.find(|w| !w.starts_with('-')).filter(|w| *w == "init").map(|_| Program::Nodectl)
        }
        "node-layout" => {
            arguments.find(|w| !w.starts_with('-')).filter(|w| *w == "init").map(|_| Program::NodeLayout)
        }
        _ => None,
    }?;
    Some((program, first))
}

/// The image's name that a call is given: `--init-nvr` of imgbase, `--nvr` of the others.
fn nvr(words: &[ShellWord]) -> Option<(String, &ShellWord)> {
    words.iter().enumerate().find_map(|(i, word)| match word.text.as_str() {
        "--init-nvr" | "--nvr" => words.get(i + 1).map(|value| (value.text.clone(), value)),
        text => text
            .strip_prefix("--init-nvr=")
            .or_else(|| text.strip_prefix("--nvr="))
            .map(|value| (value.to_owned(), word)),
    })
}

/// Why the failure of the call in statement `i` does not stop the installation; `None` if it does.
fn unseen_because(
    section: &Section<'_>,
    list: &[Statement],
    i: usize,
    place: impl Fn(&Statement) -> Span,
) -> Option<Hidden> {
    if !section.has("--erroronfail") {
        return Some(Hidden::NoErrorOnFail(section.header_span));
    }
    let decides = masked_by(section, list, i)?;
    Some(Hidden::Masked(place(decides), list[i].next))
}

/// The statement that decides the exit status of the script although statement `i` has failed; `None` if the failure
/// counts.
fn masked_by<'s>(section: &Section<'_>, list: &'s [Statement], i: usize) -> Option<&'s Statement> {
    let call = &list[i];
    match (call.next, list.get(i + 1)) {
        (Next::Pipe, Some(to)) => {
            let pipefail =
                list[..i].iter().any(|s| s.program() == "set" && s.arguments().any(|a| a == "pipefail"));
            (!pipefail).then_some(to)
        }
        (Next::Background, _) => Some(call),
        (Next::Or, Some(to)) => {
            let carries_on = matches!(to.program(), "true" | ":" | "echo" | "printf" | "logger");
            // `|| { echo failed; exit 1; }`
            let exits =
                || list[i + 1..].iter().take(4).any(|s| matches!(s.program(), "exit" | "false" | "return"));
            (carries_on && !exits()).then_some(to)
        }
        _ if call.condition => None,
        _ if exits_on_error(section, &list[..i]) => None,
        _ => {
            // The script's exit status is that of its last command, or of the chain of && that ends it.
            let chain = list[i..].iter().take_while(|s| s.next == Next::And).count();
            let behind = list.get(i + chain + 1..)?;
            let decides = behind.first()?;
            // `imgbase layout --init` / `rc=$?` … `exit $rc`: the script handles the status itself.
            let handles = behind.iter().any(|s| s.words.iter().any(|w| w.text.contains('$')))
                && behind.iter().any(|s| s.program() == "exit");
            (!handles).then_some(decides)
        }
    }
}

/// Whether the script stops at the first command that fails.
fn exits_on_error(section: &Section<'_>, before: &[Statement]) -> bool {
    let flag = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('e');
    section.value("--interpreter").is_some_and(|v| v.text.split_whitespace().skip(1).any(flag))
        || before.iter().any(|s| {
            s.program() == "set" && (s.arguments().any(flag) || s.arguments().any(|a| a == "errexit"))
        })
}

/// Commands that write nothing that a layer could lose.
const HARMLESS: [&str; 47] = [
    "imgbase",
    "nodectl",
    "node-layout",
    "echo",
    "printf",
    "exit",
    "true",
    "false",
    ":",
    "set",
    "sync",
    "reboot",
    "poweroff",
    "shutdown",
    "halt",
    "sleep",
    "logger",
    "return",
    "cat",
    "cd",
    "ls",
    "umount",
    "mount",
    "test",
    "[",
    "[[",
    "wait",
    "trap",
    "date",
    "df",
    "lsblk",
    "lvs",
    "vgs",
    "pvs",
    "findmnt",
    "grep",
    "head",
    "tail",
    "export",
    "unset",
    "shift",
    "break",
    "continue",
    "journalctl",
    "dmesg",
    "chvt",
    "eject",
];

/// Programs that install or remove software: `/usr` and the package database change.
const PACKAGE_MANAGERS: [&str; 6] = ["dnf", "yum", "microdnf", "pip", "pip3", "gem"];

/// Programs that write what their arguments name; of the first four the last argument.
const WRITERS: [&str; 15] = [
    "cp", "mv", "install", "ln", "mkdir", "touch", "tee", "chmod", "chown", "rm", "rmdir", "truncate", "dd",
    "wget", "curl",
];

/// Places whose content survives the first boot: `/etc` (imgbase leaves the layer's `/etc` mounted over it), separate
/// volumes, `/boot`, and file systems that are not the host's.
const KEPT: [&str; 10] = ["/etc", "/var", "/home", "/tmp", "/boot", "/dev", "/proc", "/sys", "/run", "/mnt"];

/// The first statement whose effect is lost: one that certainly writes to a lost place, else one that may.
fn later(list: &[Statement], place: impl Fn(&Statement) -> Span) -> Option<Later> {
    let mut maybe = None;
    for statement in list {
        if let Some(lost) = certainly_lost(statement) {
            return Some(Later { span: place(statement), lost: Some(lost) });
        }
        let writes_only_kept = !statement.written.is_empty() || only_names_kept_places(statement);
        if maybe.is_none() && !HARMLESS.contains(&statement.program()) && !writes_only_kept {
            maybe = Some(Later { span: place(statement), lost: None });
        }
    }
    maybe
}

/// The path that a statement writes and that is lost.
fn certainly_lost(statement: &Statement) -> Option<String> {
    let program = statement.program();
    if PACKAGE_MANAGERS.contains(&program)
        && statement.arguments().any(|a| {
            matches!(
                a,
                "install"
                    | "update"
                    | "upgrade"
                    | "remove"
                    | "reinstall"
                    | "erase"
                    | "groupinstall"
                    | "distro-sync"
            )
        })
    {
        return Some("/usr".to_owned());
    }
    let is_lost = |path: &str| path.starts_with('/') && !path.contains('$') && !is_kept(path);
    if let Some(path) = statement.written.iter().find(|p| is_lost(p)) {
        return Some(path.clone());
    }
    let at = WRITERS.iter().position(|w| *w == program)?;
    let mut paths = statement.arguments().filter(|a| !a.starts_with('-'));
    let path = if at < 4 { paths.last() } else { paths.find(|p| is_lost(p)) }?;
    is_lost(path).then(|| path.to_owned())
}

/// Whether the arguments name paths, and only in places that are kept.
fn only_names_kept_places(statement: &Statement) -> bool {
    let mut paths = statement.arguments().filter(|a| a.starts_with('/')).peekable();
    paths.peek().is_some() && paths.all(is_kept)
}

fn is_kept(path: &str) -> bool {
    KEPT.iter()
        .any(|kept| path.strip_prefix(kept).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
