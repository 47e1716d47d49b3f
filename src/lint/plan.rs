//! The plan of a kickstart that is already parsed.

use super::Read;
use anaconda_plan::machine::{Machine, NotModelled, Release};
use anaconda_plan::{Boot, Cause, Plan, Refusal, Verdict};
use node_base::diagnostic::{Category, Severity};

/// Plans a kickstart that is parsed; what the language rejects stops the installer before anything else.
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
