//! A refusal of Anaconda as a finding: our code, and what to do about it.

use super::advice::Adviser;
use super::codes;
use anaconda_plan::{Cause, Refusal};
use kickstart::Kickstart;
use node_base::diagnostic::{Finding, Severity};
use node_base::source::Sources;

/// Messages of the installer as findings, one for each, in the same order, with what to do about them.
pub(crate) fn findings<'r>(
    refusals: impl Iterator<Item = &'r Refusal>,
    sources: &Sources,
    kickstart: &Kickstart<'_>,
) -> Vec<Finding> {
    let adviser = Adviser::new(sources, kickstart);
    refusals.map(|refusal| finding(refusal, &adviser)).collect()
}

fn finding(refusal: &Refusal, adviser: &Adviser<'_, '_>) -> Finding {
    let code = codes::code(refusal.cause);
    let says = refusal.says.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = match refusal.cause {
        Cause::ExtentSize => shorten(&says),
        Cause::BootDevice => each_once(&says),
        _ => says,
    };
    let (message, severity) = match refusal.severity {
        Severity::Error => (format!("Anaconda stops: {says}"), Severity::Error),
        Severity::Info => (says, Severity::Info),
        _ => (format!("Anaconda warns: {says}"), Severity::Info),
    };
    let message = match &refusal.numbers {
        Some(numbers) => format!("{message} ({numbers})"),
        None => message,
    };
    let advice = adviser.advice(refusal);
    let mut finding = Finding::new(code, message).severity(severity).at_opt(refusal.span).help(advice.help);
    finding.fix = advice.fix;
    finding
}

/// Says each reason once: Anaconda says it once for each partition.
fn each_once(says: &str) -> String {
    let Some((what, reasons)) = says.split_once(": ") else { return says.to_owned() };
    let all: Vec<&str> = reasons.split("; ").map(|reason| reason.trim_end_matches('.')).collect();
    let mut once: Vec<&str> = Vec::new();
    for reason in &all {
        if !once.contains(reason) {
            once.push(reason);
        }
    }
    if once.len() == all.len() { says.to_owned() } else { format!("{what}: {}.", once.join("; ")) }
}

/// Leaves out the list of all extent sizes.
fn shorten(says: &str) -> String {
    let at = says.find("must be one of").map_or(says.len(), |at| at + "must be one of".len());
    format!("{} the powers of two from 1 KiB to 16 GiB.", &says[..at])
}
