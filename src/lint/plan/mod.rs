//! The plan of a parsed kickstart, with our findings about it.

mod sentences; // what the installer says of a line that it refuses

use super::read::Read;
use crate::rules::{node, storage};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, Release};
use anaconda_plan::{Cause, Plan, Refusal, Verdict};
use node_base::diagnostic::{Category, Code, Finding, Severity};

/// Plans a parsed kickstart. An error of syntax stops the installer before anything else.
pub fn plan(read: &Read<'_>, machine: &Machine) -> Plan {
    let rejected: Vec<Refusal> =
        rejected(read).map(|f| Refusal::stop(Cause::Language, f.span, sentences::of(f, read))).collect();
    match Release::of(read.kickstart.version) {
        Ok(_) if !rejected.is_empty() => Plan::without_devices(Verdict::Stops, rejected),
        _ => anaconda_plan::plan(&read.kickstart, read.profile.as_deref(), machine),
    }
}

/// The findings because of which the installer does not read on.
fn rejected<'r>(read: &'r Read<'_>) -> impl Iterator<Item = &'r Finding> {
    read.findings.iter().filter(|f| f.code.category == Category::Syntax && f.severity == Severity::Error)
}

/// Whether the language refuses the kickstart, so that nothing is planned.
pub fn is_refused(read: &Read<'_>) -> bool {
    rejected(read).next().is_some()
}

/// An option of the kickstart that is not modelled, so that a plan would be wrong; `None` if all are.
pub fn not_modelled(read: &Read<'_>) -> Option<&'static str> {
    Layout::of(&read.kickstart).not_modelled().map(|(option, _)| option)
}

/// The messages of a plan as findings, one for each, in the same order.
pub fn findings(read: &Read<'_>, plan: &Plan) -> Vec<Finding> {
    if plan.messages.iter().any(|m| m.cause == Cause::Language) {
        return rejected(read).cloned().collect();
    }
    storage::findings(plan.messages.iter(), read.sources, &read.kickstart)
}

/// The code that stands for a message of the installer.
pub fn code(cause: Cause) -> &'static Code {
    storage::code(cause)
}

/// The finding that fewer images fit than the caller (`images`) or the section of the add-on wants. `None` when enough fit,
/// no number is wanted, or the file waives the finding.
pub fn images_missing(read: &Read<'_>, plan: &Plan, images: Option<u32>) -> Option<Finding> {
    let policy = read.policy.value.as_deref()?;
    let section = read.directives.section.as_ref();
    let wanted = images.or_else(|| section.and(policy.images.keep))?;
    let tree = plan.tree.as_ref().filter(|_| plan.verdict == Verdict::Proceeds)?;
    let found = node::on_machine(tree, policy, section, wanted)?.severity(Severity::Error);
    read.directives.apply_waivers(vec![found]).findings.into_iter().next()
}
