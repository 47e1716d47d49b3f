//! `--policy auto`: the policy that a kickstart asks for.

use super::chosen::Chosen;
use super::surroundings::ThisMachine;
use crate::directives::AddonSection;
use crate::rules::makes_a_node;
use kickstart::Kickstart;
use node_base::policy::Policy;
use node_base::source::Sources;
use std::sync::Arc;

/// The policy that a kickstart asks for: the one that its add-on section names; `ovirt-node` for another kickstart that
/// makes a node; else none.
pub(super) fn policy(
    sources: &Sources,
    kickstart: &Kickstart<'_>,
    section: Option<&AddonSection>,
) -> Chosen<Option<Arc<Policy>>> {
    let Some(mut because) = makes_a_node(sources, kickstart) else {
        return Chosen::new(None, "nothing in it makes a node");
    };
    let policy = match section {
        Some(section) if section.policy.is_some() => {
            because = "named by its %addon org_ovirt_node";
            section.policy(&ThisMachine)
        }
        _ => Policy::builtin(AddonSection::DEFAULT_POLICY).map(Arc::new),
    };
    match policy {
        Ok(policy) => Chosen::new(Some(policy), because),
        Err(error) => Chosen::new(None, error.to_string()),
    }
}
