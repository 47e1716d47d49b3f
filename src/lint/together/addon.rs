//! The `org_ovirt_node` add-on: the image that carries it, the profile that belongs to it.

use super::Pair;
use crate::boot::options::Release;
use crate::boot::{codes, mend};
use crate::directives;
use kickstart::{Section, SectionKind};
use node_base::diagnostic::{Applicability, Finding, Findings};

pub(super) fn check(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let section = pair
        .context
        .kickstart
        .sections_of(SectionKind::Addon)
        .find(|s| s.positionals().next().is_some_and(|w| w.text == directives::NAME));
    if let Some(section) = section {
        updates(pair, section, findings);
    }
    profile(pair, findings);
}

/// Stage 2 of a distribution does not contain the add-on: it is in an updates image (or a product image beside stage 2).
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
    let fix = mend::add(&line.words, "inst.updates=https://SERVER/updates.img", Applicability::Placeholder);
    let finding = Finding::new(
            &codes::ADDON_MISSING,
            "the kickstart has %addon org_ovirt_node, but nothing loads the add-on: the installer would silently ignore the section",
        )
        .at_opt(pair.entry.span())
        .related(section.header_span, "the section")
        .help("add inst.updates=https://SERVER/updates.img, unless images/product.img beside the installer's image contains it");
    findings.push(Finding { fix, ..finding });
}

/// The product of Red Hat Virtualization Host in RHEL 8 (Anaconda, `data/product.d/rhev.conf`), and in RHEL 9 (`rhvh.conf`).
const RHV: &str = "Red Hat Virtualization";
const RHVH: &str = "RHVH";

/// `inst.profile=` and `inst.product=` against the policy.
fn profile(pair: &Pair<'_, '_, '_>, findings: &mut Findings) {
    let line = pair.line();
    let version = pair.context.kickstart.version;
    let by_profile = Release::at(10, 35).reached(version);
    // RHEL 7 chose by install classes.
    if !Release::at(8, 30).reached(version) {
        return;
    }
    let option = if by_profile { "inst.profile" } else { "inst.product" };
    let (policy, wanted) = match pair.context.policy {
        Some(policy) => {
            let name = if by_profile { &policy.anaconda.profile_id } else { &policy.anaconda.product_name };
            let Some(wanted) = name.as_deref() else { return };
            // RHEL 9 knows the product under a short name.
            let renamed = wanted == RHV && Release::at(9, 34).reached(version);
            (&policy.name, if renamed { RHVH } else { wanted })
        }
        None => {
            let node = |v: &str| matches!(v, "ovirt" | "rhvh" | "oVirt Node Next" | RHV | RHVH);
            if let Some(word) = line.last(option).filter(|w| node(w.text())) {
                findings.push(
                    Finding::new(
                        &codes::PROFILE_MISMATCH,
                        format!(
                            "'{}' asks for a node's partitioning, but the kickstart does not make a node",
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
                    "'{}' is not the {} of the policy {policy}: its partitioning and its constraints are not used",
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
