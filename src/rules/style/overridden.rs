//! Commands that are given again: the later line replaces the earlier one without a word.

use crate::rules::{Context, Rule, mend};
use kickstart::{Command, Repeats, Setter, Slot};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Severity};
use node_base::harmless::excerpt;
use node_base::source::Span;

declare_code! {
    /// A later line replaces what this one says.
    ///
    /// ## Why
    /// Of most commands the installer keeps one set of values. A command that is given again does not add to the first
    /// line: the same option replaces its value, and a switch that the later line does not have is off again. The
    /// installer says nothing about it.
    ///
    /// A file that includes defaults and overrides some of them does so on purpose: then it is only a remark.
    ///
    /// ## Example
    /// ```text
    /// services --enabled=chronyd
    /// services --enabled=sshd
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// services --enabled=chronyd,sshd
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, the objects that its commands fill; `grammar/repeats.py` asks for them.
    static OVERRIDDEN = "STY013", "overridden", Style, Warning;

    /// Two sources of packages are given, and the installer uses one of them.
    ///
    /// ## Why
    /// Of `cdrom`, `harddrive`, `nfs`, `url` and `hmc` the installer takes the first in this order that is in the
    /// kickstart, whatever their order in the file.
    ///
    /// ## Example
    /// ```text
    /// url --url=http://192.0.2.1/el9/BaseOS
    /// cdrom
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// url --url=http://192.0.2.1/el9/BaseOS
    /// ```
    ///
    /// ## Source
    /// Anaconda, `get_rpm_type_for_kickstart` in `pyanaconda/modules/payloads/source/factory.py`; before, pykickstart's
    /// `method` command with the same order.
    static SECOND_SOURCE = "STY014", "second-source", Style, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&OVERRIDDEN, &SECOND_SOURCE], check };

/// Sources of packages, in the order in which the installer looks for them.
const SOURCES: [&str; 5] = ["cdrom", "harddrive", "nfs", "url", "hmc"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.is_template {
        return; // two lines may be in branches of which one is kept
    }
    for (repeats, commands) in context.kickstart.given_again() {
        overridden(context, repeats, &commands, findings);
    }
    let mut sources = SOURCES.iter().filter_map(|name| context.kickstart.last(name));
    if let Some(used) = sources.next() {
        for unused in sources {
            let message =
                format!("'{}' is not used: '{}' comes first in the installer", unused.name, used.name);
            findings.push(
                Finding::new(&SECOND_SOURCE, message)
                    .at(unused.span)
                    .related(used.span, "the source that is used")
                    .help("delete one of the two")
                    .fix(mend::delete_line(context.sources, unused.span, Applicability::Unsafe)),
            );
        }
    }
}

/// What a line gives for a slot.
struct Given<'k> {
    /// The value; for a switch the option's name.
    value: String,
    span: Span,
    slot: &'k Slot,
}

/// A line that is replaced in part or whole.
struct Lost<'k> {
    given: Given<'k>,
    /// The line that decides, by its place in the list.
    by: usize,
    /// Whether that line says something else; otherwise it is only silent.
    by_value: bool,
}

fn overridden(
    context: &Context<'_>,
    repeats: &'static Repeats,
    commands: &[&Command<'_>],
    findings: &mut Findings,
) {
    let mut lost: Vec<Vec<Lost<'_>>> = commands.iter().map(|_| Vec::new()).collect();
    let mut attributes: Vec<&str> = repeats.slots.iter().map(|slot| slot.attribute).collect();
    attributes.sort_unstable();
    attributes.dedup();
    for attribute in attributes {
        let slots = || repeats.slots.iter().filter(move |slot| slot.attribute == attribute);
        let resets = slots().any(|slot| slot.resets);
        // The value in the end, and the line that made it so.
        let mut last: Option<(usize, Option<String>)> = None;
        let given: Vec<Option<Given<'_>>> =
            commands.iter().map(|command| slots().find_map(|slot| value(context, command, slot))).collect();
        for (n, given) in given.iter().enumerate() {
            match given {
                Some(given) => last = Some((n, Some(given.value.clone()))),
                None if resets && last.as_ref().is_some_and(|(_, value)| value.is_some()) => {
                    last = Some((n, None))
                }
                None => {}
            }
        }
        let Some((by, end)) = last else { continue };
        for (n, given) in given.into_iter().enumerate().take(by) {
            let Some(given) = given else { continue };
            if !end.as_ref().is_some_and(|end| holds(end, &given.value)) {
                lost[n].push(Lost { given, by, by_value: end.is_some() });
            }
        }
    }
    for (command, mut lost) in commands.iter().zip(lost) {
        lost.sort_by_key(|lost| lost.given.span);
        if let Some(finding) = finding(context, commands, command, &lost) {
            findings.push(finding);
        }
    }
}

/// What a command gives for a slot; `None` when it says nothing about it.
fn value<'k>(context: &Context<'_>, command: &Command<'_>, slot: &'k Slot) -> Option<Given<'k>> {
    let (value, span) = match slot.setter {
        Setter::Option(name) => {
            let span = command.option_span(name)?;
            (command.value(name).map_or_else(|| name.to_owned(), |v| v.text.to_string()), span)
        }
        Setter::Positional => {
            let first = command.first()?;
            let all: Vec<&str> = command.positionals().map(|v| v.text.as_ref()).collect();
            (all.join(" "), first.span)
        }
        Setter::Word => (context.sources.text_of(command.name_span).to_owned(), command.name_span),
    };
    Some(Given { value, span, slot })
}

/// Whether every item of a list is in another one, in any order.
fn holds(list: &str, other: &str) -> bool {
    let items = |text: &str| -> Vec<String> {
        text.split([',', ' ']).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    list == other || {
        let all: std::collections::HashSet<String> = items(list).into_iter().collect();
        let other = items(other);
        !other.is_empty() && other.iter().all(|item| all.contains(item))
    }
}

/// Attributes whose values are secrets: no message repeats them.
const SECRETS: [&str; 3] = ["password", "passphrase", "backuppassphrase"];

fn finding(
    context: &Context<'_>,
    commands: &[&Command<'_>],
    command: &Command<'_>,
    lost: &[Lost<'_>],
) -> Option<Finding> {
    let first = lost.first()?;
    let by = commands[first.by];
    let shown: Vec<String> = lost.iter().map(|lost| format!("'{}'", shown(command, &lost.given))).collect();
    let (what, verb) = match shown.as_slice() {
        [one] => (one.clone(), "has"),
        [rest @ .., last] => (format!("{} and {last}", rest.join(", ")), "have"),
        [] => return None,
    };
    let is_elsewhere = by.span.file != command.span.file;
    let line = context.sources.position(by.span).line;
    let place = if is_elsewhere {
        format!("line {line} of {}", context.sources.get(by.span.file).path().display())
    } else {
        format!("line {line}")
    };
    let how = match (first.by_value, first.given.slot.setter) {
        (true, Setter::Word) => format!("says '{}'", context.sources.text_of(by.name_span)),
        (true, _) => format!("sets {} again", if lost.len() == 1 { "it" } else { "them" }),
        (false, _) => {
            format!("gives '{}' again without {}", command.name, if lost.len() == 1 { "it" } else { "them" })
        }
    };
    let help = match first.given.slot.setter {
        Setter::Option(_) if first.by_value && first.given.value.len() > 1 && is_list(&first.given) => {
            "write all values in one line, with commas between them"
        }
        Setter::Option("--append") => "write all arguments in one --append",
        Setter::Option(_) if !first.by_value => "write one line with all options",
        _ => "delete one of the two lines",
    };
    let finding = Finding::new(&OVERRIDDEN, format!("{what} {verb} no effect: {place} {how}"))
        .at(first.given.span)
        .related(by.span, "the line that counts")
        .help(help);
    Some(if is_elsewhere { finding.severity(Severity::Info) } else { finding })
}

/// What is lost, as it is written; a secret by its option alone.
fn shown(command: &Command<'_>, given: &Given<'_>) -> String {
    let is_secret = SECRETS.contains(&given.slot.attribute);
    match given.slot.setter {
        Setter::Option(name) if is_secret || given.value == name => name.to_owned(),
        Setter::Option(name) => format!("{name}={}", excerpt(&given.value)),
        Setter::Positional if is_secret => format!("{} …", command.name),
        Setter::Positional | Setter::Word => excerpt(&given.value).to_string(),
    }
}

/// Whether the option takes a list.
fn is_list(given: &Given<'_>) -> bool {
    let lists = [
        "--enabled",
        "--disabled",
        "--service",
        "--remove-service",
        "--port",
        "--trust",
        "--drives",
        "--only-use",
        "--list",
        "--addsupport",
        "--xlayouts",
        "--switch",
        "--ntpservers",
        "--driveorder",
        "--addon",
    ];
    matches!(given.slot.setter, Setter::Option(name) if lists.contains(&name))
}
