//! Plans the layout, and reports what Anaconda refuses.

use super::codes;
use super::finding;
use crate::rules::{Context, Rule};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, Profile, Release};
use anaconda_plan::{Cause, Refusal, refusals, refused_anywhere};
use node_base::diagnostic::Findings;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule { codes: codes::ALL, check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Ok(release) = Release::of(context.kickstart.version) else { return };
    if !context.kickstart.includes.is_empty() {
        return; // what an included file adds is not known
    }
    if context.syntax_errors().next().is_some() {
        return; // the installer stops before it looks at the disks
    }
    let layout = Layout::of(context.kickstart);
    let profile = Arc::new(match context.policy {
        Some(policy) => Profile::of_policy(policy, release),
        None => Profile::plain(release),
    });
    let refused = match context.machine {
        Some(machine) => on_machine(&layout, release, profile, machine),
        None => refused_anywhere(&layout, release, &profile),
    };
    // The policy's own rules report these, with the line to write.
    let told_by_policy = |cause| {
        context.policy.is_some()
            && matches!(
                cause,
                Cause::RootDeviceType
                    | Cause::MustNotBeOnRoot
                    | Cause::TooSmallForProfile
                    | Cause::NoSuchPool
            )
    };
    let told = refused.iter().filter(|r| !told_by_policy(r.cause));
    findings.extend(finding::findings(told, context.sources, context.kickstart));
}

fn on_machine(layout: &Layout, release: Release, profile: Arc<Profile>, machine: &Machine) -> Vec<Refusal> {
    if layout.is_empty() || layout.not_modelled().is_some() {
        Vec::new()
    } else {
        refusals(layout, release, profile, machine)
    }
}
