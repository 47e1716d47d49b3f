//! `require` and `keep-images` applied to a policy.

use super::codes::ADDON_CONFLICTS_WITH_POLICY;
use super::mistakes::Mistakes;
use super::section::AddonSection;
use node_base::diagnostic::{Applicability, Finding, Fix, Severity};
use node_base::policy::Policy;
use node_base::source::{Sources, Span};
use std::collections::HashSet;

/// The policy as the section tightens it: a required volume must exist with at least that size, and never with less
/// than the policy asks for; `keep-images` replaces the number of images that must fit.
pub fn apply_requirements(policy: &Policy, section: &AddonSection) -> Policy {
    let mut policy = policy.clone();
    for requirement in &section.requirements {
        policy.require(&requirement.mount, Some(requirement.min_size));
    }
    if let Some(images) = &section.keep_images {
        policy.images.keep = Some(images.value);
    }
    policy
}

/// Reports requirements that the section's own policy makes pointless or impossible. `repeated` has the mount points that are
/// required more than once: without one of those lines, the next is pointless.
pub(super) fn check(
    sources: &Sources,
    section: &AddonSection,
    repeated: &HashSet<String>,
    policy: &Policy,
    mistakes: &mut Mistakes<'_>,
) {
    let delete_line =
        |span: Span, applicability| Fix::delete_line(sources.get(span.file).text(), span, applicability);
    for requirement in &section.requirements {
        let mount = requirement.mount.as_str();
        if policy.not_separate.iter().any(|m| m == mount) {
            let message = format!("the policy {} forbids a separate {mount}", policy.name);
            mistakes.push(
                Finding::new(&ADDON_CONFLICTS_WITH_POLICY, message)
                    .at(requirement.span)
                    .help("remove the line, or use a policy of your own")
                    .fix(delete_line(requirement.span, Applicability::Unsafe)),
            );
            continue;
        }
        let wanted = match mount {
            "/" => policy.root.min,
            "/boot" => policy.boot.min,
            _ => policy.volume(mount).and_then(|v| v.min),
        };
        if let Some(wanted) = wanted.filter(|w| *w > requirement.min_size) {
            let message = format!(
                "requiring {} for {mount} changes nothing: the policy {} already requires {wanted}",
                requirement.min_size, policy.name
            );
            let finding = Finding::new(&ADDON_CONFLICTS_WITH_POLICY, message)
                .severity(Severity::Warning)
                .at(requirement.span)
                .help("remove the line: 'require' can only raise a minimum; to lower one, use a policy of your own");
            mistakes.push(match repeated.contains(mount) {
                true => finding,
                false => finding.fix(delete_line(requirement.span, Applicability::Safe)),
            });
        }
    }
    let wanted = policy.images.keep.unwrap_or(1);
    if let Some(images) = section.keep_images.as_ref().filter(|i| i.value < wanted) {
        let message = format!(
            "keep-images {} is less than the {wanted} images of the policy {}",
            images.value, policy.name
        );
        mistakes.push(
            Finding::new(&ADDON_CONFLICTS_WITH_POLICY, message)
                .severity(Severity::Warning)
                .at(images.span)
                .help(
                    "an upgrade installs the next image beside the running one: write keep-images 2 or more",
                ),
        );
    }
}
