//! The `org_ovirt_node` add-on: its arguments, the image that carries it, the profile that belongs to it.

use super::Pair;
use crate::boot::codes;
use crate::boot::options::Release;
use crate::diagnostic::{Finding, Findings, Severity, nearest};
use crate::dialect::{Section, SectionKind};
use crate::policy::Policy;
use crate::source::Span;

pub(super) fn check(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let section = pair
        .context
        .kickstart
        .sections_of(SectionKind::Addon)
        .find(|s| s.positionals().next().is_some_and(|w| w.text == "org_ovirt_node"));
    if let Some(section) = section {
        updates(pair, section, findings);
    }
    arguments(pair, section, findings);
    profile(pair, findings);
}

/// Stage 2 of a distribution carries no add-on: it comes with an updates image (or a product image beside stage 2).
fn updates(pair: &Pair<'_, '_, '_>, section: &Section<'_>, findings: &mut Findings) {
    let line = pair.line();
    let hidden = line.hides_words();
    if hidden
        || line.last("inst.updates").is_some()
        || line.last("updates").is_some()
        || pair.command("updates").is_some()
    {
        return;
    }
    findings.push(
        Finding::new(
            &codes::ADDON_MISSING,
            "the kickstart has %addon org_ovirt_node, but nothing brings the add-on: the section would be ignored without an error",
        )
        .at_opt(pair.entry.span())
        .related(section.header_span, "the section")
        .help("add inst.updates=http://SERVER/updates.img, unless images/product.img beside the installer's image carries it"),
    );
}

fn arguments(pair: &Pair<'_, '_, '_>, section: Option<&Section<'_>>, findings: &mut Findings) {
    let line = pair.line();
    if let Some(word) = line.last("ovirt_node.policy")
        && let Some(name) = word.known_value()
    {
        let known = Policy::builtin_names();
        // A file is read by the add-on, in the installer.
        if !known.contains(&name) && !name.contains('/') && name != "none" {
            let finding = Finding::new(&codes::NODE_ARGUMENT, format!("there is no policy '{name}'"))
                .severity(Severity::Error)
                .at(word.value_span());
            findings.push(match nearest(name, known.iter().copied()) {
                Some(near) => finding.help(format!("did you mean '{near}'?")),
                None => finding.help(format!("one of {}", known.join(", "))),
            });
        } else if let Some((own, at)) =
            section.and_then(|s| option_of(s, "--policy")).filter(|(own, _)| own != name)
        {
            overrides(
                word.span,
                at,
                format!("the policy is '{name}', not '{own}' as the kickstart says"),
                findings,
            );
        }
    }
    if let Some(word) = line.last("ovirt_node.enforce").filter(|w| w.text() == "off") {
        findings.push(
            Finding::new(&codes::NODE_ARGUMENT, "violations of the policy are not looked for on this host")
                .severity(Severity::Info)
                .at(word.span),
        );
    }
    if let (Some(word), Some((own, at))) =
        (line.last("ovirt_node.nvr"), section.and_then(|s| option_of(s, "--nvr")))
        && word.known_value().is_some_and(|v| v != own)
    {
        overrides(
            word.span,
            at,
            format!("the image is called '{}', not '{own}' as the kickstart says", word.text()),
            findings,
        );
    }
    if let Some(word) = line.last("ovirt_node.layout").filter(|w| w.text() == "skip") {
        findings.push(
            Finding::new(
                &codes::NODE_ARGUMENT,
                "the layout is not made on this host: it is no node after the installation",
            )
            .at(word.span)
            .help("leave ovirt_node.layout out, or write init"),
        );
    }
    if section.is_none()
        && let Some(word) = line.words.iter().find(|w| w.name.starts_with("ovirt_node."))
    {
        findings.push(
            Finding::new(
                &codes::NODE_ARGUMENT,
                format!(
                    "'{}' changes a section %addon org_ovirt_node, which the kickstart does not have",
                    word.name
                ),
            )
            .severity(Severity::Info)
            .at(word.span),
        );
    }
}

fn overrides(at: Span, own: Span, message: String, findings: &mut Findings) {
    findings.push(
        Finding::new(&codes::NODE_ARGUMENT, message)
            .severity(Severity::Info)
            .at(at)
            .related(own, "the kickstart"),
    );
}

/// An option in the header of the section, whose words the language does not check.
fn option_of(section: &Section<'_>, name: &str) -> Option<(String, Span)> {
    let mut words = section.positionals();
    while let Some(word) = words.next() {
        if let Some(value) = word.text.strip_prefix(name) {
            return match value.strip_prefix('=') {
                Some(value) => Some((value.to_owned(), word.span)),
                None if value.is_empty() => words.next().map(|v| (v.text.to_string(), v.span)),
                None => continue,
            };
        }
    }
    None
}

/// `inst.profile=` and `inst.product=` against the policy.
fn profile(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let line = pair.line();
    let version = pair.context.kickstart.version;
    let by_profile = Release::at(10, 35).reached(version);
    let option = if by_profile { "inst.profile" } else { "inst.product" };
    let wanted = match pair.context.policy.map(|p| p.name.as_str()) {
        Some(name) if name.starts_with("rhvh") => {
            if by_profile {
                "rhvh"
            } else {
                "Red Hat Virtualization Host"
            }
        }
        Some(_) => {
            if by_profile {
                "ovirt"
            } else {
                "oVirt Node Next"
            }
        }
        None => {
            let node = |v: &str| matches!(v, "ovirt" | "rhvh" | "oVirt Node Next");
            if let Some(word) = line.last(option).filter(|w| node(w.text())) {
                findings.push(
                    Finding::new(
                        &codes::PROFILE_MISMATCH,
                        format!(
                            "'{}' asks for a node's partitioning, but the kickstart makes no node",
                            word.text()
                        ),
                    )
                    .at(word.span),
                );
            }
            return;
        }
    };
    match line.last(option) {
        Some(word) if word.known_value().is_some_and(|v| v != wanted) => findings.push(
            Finding::new(
                &codes::PROFILE_MISMATCH,
                format!(
                    "'{}' is not the {} of a node: its partitioning and its constraints are not used",
                    word.text(),
                    &option[5..]
                ),
            )
            .at(word.span)
            .help(format!("write {option}={}", quoted(wanted))),
        ),
        None => {
            if let Some(autopart) = pair.command("autopart") {
                findings.push(
                    Finding::new(
                        &codes::PROFILE_MISMATCH,
                        format!(
                            "autopart makes a node's volumes only with its {}, which {} does not name",
                            &option[5..],
                            pair.entry.name()
                        ),
                    )
                    .at_opt(pair.entry.span())
                    .related(autopart.span, "the kickstart")
                    .help(format!("add {option}={}, unless the installer is the node's own", quoted(wanted))),
                );
            }
        }
        Some(_) => {}
    }
}

fn quoted(text: &str) -> String {
    if text.contains(' ') { format!("\"{text}\"") } else { text.to_owned() }
}
