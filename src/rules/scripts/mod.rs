//! What is written in scripts: line ends, the wrong root, options of another tool.

mod authselect; // UNA042
mod carriage_return; // UNA040
mod downloads; // SEC012, SEC013
mod failure_unseen; // UNA046
mod reboot; // UNA045
mod secrets; // SEC011
mod shellcheck; // STY023
mod syntax; // UNA043, UNA044, UNA047
mod wrong_root; // UNA041

use crate::rules::Rule;
use kickstart::SectionKind;

/// The rules of this family, in the order of their codes.
pub(crate) static RULES: &[&Rule] = &[
    &carriage_return::RULE,
    &wrong_root::RULE,
    &authselect::RULE,
    &syntax::RULE,
    &reboot::RULE,
    &failure_unseen::RULE,
    &secrets::RULE,
    &downloads::RULE,
    &shellcheck::RULE,
];

/// The sections that are scripts.
const SCRIPTS: &[SectionKind] = &[
    SectionKind::Pre,
    SectionKind::PreInstall,
    SectionKind::Post,
    SectionKind::OnError,
    SectionKind::Traceback,
];
