//! The plan of a parsed kickstart, with our findings about it.

use super::read::Read;
use crate::rules::{node, storage};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, NotModelled, Release};
use anaconda_plan::{Boot, Cause, Plan, Refusal, Verdict};
use node_base::diagnostic::{Category, Code, Finding, Severity};

/// Plans a parsed kickstart. An error of syntax stops the installer before anything else.
///
/// # Errors
/// [`NotModelled`] for a release whose installer is not modelled.
pub fn plan(read: &Read<'_>, machine: &Machine) -> Result<Plan, NotModelled> {
    let rejected: Vec<_> = read
        .findings
        .iter()
        .filter(|f| f.code.category == Category::Syntax && f.severity == Severity::Error)
        .map(|f| Refusal::stop(Cause::Language, f.span, f.message.clone()))
        .collect();
    if !rejected.is_empty() {
        Release::of(read.kickstart.version)?;
        return Ok(Plan { verdict: Verdict::Stops, messages: rejected, tree: None, boot: Boot::default() });
    }
    anaconda_plan::plan(&read.kickstart, read.profile.as_deref(), machine)
}

/// An option of the kickstart that is not modelled, so that a plan would be wrong; `None` if all are.
pub fn not_modelled(read: &Read<'_>) -> Option<&'static str> {
    Layout::of(&read.kickstart).not_modelled()
}

/// The installer's messages as findings, one for each, in the same order.
pub fn findings(plan: &Plan) -> Vec<Finding> {
    plan.messages.iter().map(storage::finding).collect()
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
    let (counting, _waived) = read.directives.apply_waivers(vec![found]);
    counting.into_iter().next()
}
