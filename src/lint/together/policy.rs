//! Kernel arguments that override the add-on's section (`ovirt_node.policy=`, `.enforce=`, `.nvr=`, `.layout=`), and what
//! the rules then find in the kickstart.

use super::{Known, Pair};
use crate::boot::codes;
use crate::directives::{AddonSection, Enforce, apply_requirements};
use crate::lint::check::run;
use crate::rules::{Context, node, storage};
use node_base::cmdline::CommandLine;
use node_base::diagnostic::{Category, Finding, Findings, Severity, nearest};
use node_base::policy::{Policy, PolicyName};
use node_base::source::Span;

/// The built-in policy that a command line names, as the section tightens it; nothing when it names none, one that there is
/// not, or a file of the installer's.
pub(super) fn of(line: &CommandLine<'_>, section: Option<&AddonSection>) -> Option<Policy> {
    let policy = Policy::builtin(line.last("ovirt_node.policy")?.known_value()?).ok()?;
    Some(match section {
        Some(section) => apply_requirements(&policy, section),
        None => policy,
    })
}

/// `pair` has the policy that counts on this host, `known` the one that the kickstart asks for.
pub(super) fn check(pair: &Pair<'_, '_, '_>, known: &Known<'_, '_>, findings: &mut Findings) {
    let section = known.directives.section.as_ref();
    policy(pair, known, section, findings);
    enforcement(pair, known, section, findings);
    let line = pair.line();
    if let (Some(word), Some(own)) = (line.last("ovirt_node.nvr"), section.and_then(|s| s.nvr.as_ref()))
        && word.known_value().is_some_and(|v| v != own.value)
    {
        overrides(
            word.span,
            own.span,
            format!("the image has the name '{}', not '{}' as in the kickstart", word.text(), own.value),
            findings,
        );
    }
    if let Some(word) = line.last("ovirt_node.layout") {
        let own = section.and_then(|s| s.layout.as_ref());
        match (word.text(), own) {
            ("skip", _) => findings.push(
                Finding::new(
                    &codes::NODE_ARGUMENT,
                    "the layout is not made on this host: it is not a node after the installation",
                )
                .at(word.span)
                .help("leave ovirt_node.layout out, or write init"),
            ),
            ("init", Some(own)) if !own.value => {
                let message = "the layout is made on this host, although the kickstart has --no-init";
                overrides(word.span, own.span, message.to_owned(), findings);
            }
            _ => {}
        }
    }
    if section.is_none()
        && let Some(word) = line.words.iter().find(|w| w.name.starts_with("ovirt_node."))
    {
        findings.push(
            Finding::new(
                &codes::NODE_ARGUMENT,
                format!(
                    "'{}' overrides a setting of %addon org_ovirt_node, but the kickstart has no such section",
                    word.name
                ),
            )
            .severity(Severity::Info)
            .at(word.span),
        );
    }
}

fn policy(
    pair: &Pair<'_, '_, '_>,
    known: &Known<'_, '_>,
    section: Option<&AddonSection>,
    findings: &mut Findings,
) {
    let Some(word) = pair.line().last("ovirt_node.policy") else { return };
    let Some(name) = word.known_value() else { return };
    let names = Policy::builtin_names();
    let parsed = PolicyName::parse_absolute(name);
    // A file is read by the add-on, in the installer.
    if matches!(parsed, Ok(PolicyName::File(_))) {
        return;
    }
    if parsed.is_err() {
        let finding = Finding::new(&codes::NODE_ARGUMENT, format!("there is no policy '{name}'"))
            .severity(Severity::Error)
            .at(word.value_span());
        findings.push(match nearest(name, names.iter().copied()) {
            Some(near) => finding.help(format!("did you mean '{near}'?")),
            None if matches!(name, "none" | "off") => {
                finding.help("to check nothing, write ovirt_node.enforce=off")
            }
            None => finding.help(format!(
                "write one of {}, or the absolute path of a TOML file in the installer",
                names.join(", ")
            )),
        });
        return;
    }
    let Some(section) = section else { return };
    if section.policy_name() == name {
        return;
    }
    // What the add-on will find, against what `ks-lint check` finds in the kickstart.
    let own = judged(known, known.context);
    let here = judged(known, pair.context);
    let is_in = |finding: &Finding, list: &[Finding]| {
        list.iter()
            .any(|f| (f.code.id, f.span, &f.message) == (finding.code.id, finding.span, &finding.message))
    };
    let again = |f: &Finding| here.iter().any(|h| (h.code.id, h.span) == (f.code.id, f.span));
    let mut gone: Vec<&str> = own.iter().filter(|f| !again(f)).map(|f| f.code.id).collect();
    gone.dedup();
    let message = format!("the policy is '{name}', not '{}' as in the kickstart", section.policy_name());
    let at = section.policy.as_ref().map_or(section.header, |p| p.span);
    let finding = Finding::new(&codes::NODE_ARGUMENT, message)
        .severity(Severity::Info)
        .at(word.span)
        .related(at, "the kickstart");
    findings.push(match gone.as_slice() {
        [] => finding,
        codes => finding.help(format!("it removes these findings of the kickstart: {}", codes.join(", "))),
    });
    if pair.line().last("ovirt_node.enforce").is_some_and(|w| w.text() == "off") {
        return;
    }
    let start = Span::new(known.context.kickstart.file, 0, 0);
    for finding in here.into_iter().filter(|f| !is_in(f, &own)) {
        let finding = if finding.span.is_none() { finding.at(start) } else { finding };
        findings
            .push(Finding { fix: None, ..finding }.related(word.span, "the effective policy of this host"));
    }
}

/// `ovirt_node.enforce=`: what a violated policy does.
fn enforcement(
    pair: &Pair<'_, '_, '_>,
    known: &Known<'_, '_>,
    section: Option<&AddonSection>,
    findings: &mut Findings,
) {
    let Some(word) = pair.line().last("ovirt_node.enforce") else { return };
    let Some(here) = word.known_value().and_then(Enforce::from_name) else { return };
    let note =
        |message: String| Finding::new(&codes::NODE_ARGUMENT, message).severity(Severity::Info).at(word.span);
    let own = section.map(|s| (s.enforce.as_ref().map_or_else(Enforce::default, |e| e.value), s));
    let place = |s: &AddonSection| s.enforce.as_ref().map_or(s.header, |e| e.span);
    match (here, own) {
        (Enforce::Off, _) => {
            findings.push(note("the policy is not checked on this host".to_owned()));
        }
        (Enforce::Warn, Some((Enforce::Error, s))) => findings.push(
            note(
                "violations of the policy are only logged on this host, and do not end the installation"
                    .to_owned(),
            )
            .related(place(s), "the kickstart"),
        ),
        (Enforce::Error, Some((own @ (Enforce::Warn | Enforce::Off), s))) => {
            let counting = known.directives.apply_waivers(judged(known, pair.context)).findings;
            let errors: Vec<&Finding> = counting.iter().filter(|f| f.severity == Severity::Error).collect();
            let Some(first) = errors.first() else {
                findings.push(
                    note(format!("a violation of the policy ends the installation on this host; the kickstart has '{own}'"))
                        .related(place(s), "the kickstart"),
                );
                return;
            };
            let more = match errors.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            let finding = Finding::new(
                &codes::NODE_ARGUMENT,
                format!(
                    "with it the add-on ends the installation: {}: {}{more}",
                    first.code.id, first.message
                ),
            )
            .severity(Severity::Error)
            .at(word.span)
            .related(place(s), "the kickstart lets it continue");
            findings.push(match first.span {
                Some(span) => finding.related(span, "the violation"),
                None => finding,
            });
        }
        _ => {}
    }
}

/// What the rules of the policy find in the kickstart, sorted.
fn judged(known: &Known<'_, '_>, context: &Context<'_>) -> Vec<Finding> {
    let mut found = run(node::RULES.iter().chain(storage::RULES).copied(), context);
    found.extend(known.parsed.iter().cloned());
    let of_policy = |f: &Finding| matches!(f.code.category, Category::Node | Category::Storage);
    found.into_sorted().into_iter().filter(of_policy).collect()
}

fn overrides(at: Span, own: Span, message: String, findings: &mut Findings) {
    findings.push(
        Finding::new(&codes::NODE_ARGUMENT, message)
            .severity(Severity::Info)
            .at(at)
            .related(own, "the kickstart"),
    );
}
