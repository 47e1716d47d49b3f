//! One rule, one file: its documentation, its check, its fix. The registry below is the only list of rules.
//!
//! Invariant: a rule only reads its [`Context`] and pushes findings; it prints nothing and touches no file.

use crate::diagnostic::{Code, Findings};
use crate::dialect::Kickstart;
use crate::policy::Policy;
use crate::source::Sources;

/// All that a rule may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The kickstart.
    pub kickstart: &'a Kickstart<'a>,
    /// The layout policy; rules of category `node` run only with one.
    pub policy: Option<&'a Policy>,
}

/// A rule: the codes it reports and the function that looks.
pub struct Rule {
    /// The codes, each with its documentation.
    pub codes: &'static [&'static Code],
    /// Looks, and pushes what it finds.
    pub check: fn(&Context<'_>, &mut Findings),
}

/// Every rule, in the order of its code.
pub static RULES: &[Rule] = &[];
