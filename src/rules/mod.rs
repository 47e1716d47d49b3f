//! One rule, one file: its documentation, its check, its fix. The registry below is the only list of rules.
//!
//! Invariant: a rule only reads its [`Context`] and pushes findings; it prints nothing and touches no file.

pub mod addon; // the %addon org_ovirt_node section, waivers
pub mod node; // the layout policy
pub mod security; // passwords, unverified downloads
pub mod storage; // what holds on any disks: Anaconda's own errors
pub mod style; // the file itself: empty, its header
pub mod unattended; // where the installer would stop and ask

use anaconda_plan::machine::Machine;
use kickstart::Kickstart;
use node_base::diagnostic::{Code, Findings};
use node_base::policy::Policy;
use node_base::source::Sources;
use std::cell::OnceCell;

/// All that a rule may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The kickstart.
    pub kickstart: &'a Kickstart<'a>,
    /// The layout policy; rules of category `node` run only with one.
    pub policy: Option<&'a Policy>,
    /// The machine that it is for, if one is given: then storage is planned on its disks.
    pub machine: Option<&'a Machine>,
    /// The section `%addon org_ovirt_node`, if the kickstart has one.
    pub section: Option<&'a addon::AddonSection>,
    /// What the rules of the family `node` see of the kickstart, made when the first of them asks.
    node_view: OnceCell<node::View<'a>>,
    /// What the rules of the family `unattended` know of the installer, likewise.
    setting: OnceCell<unattended::Setting>,
}

impl<'a> Context<'a> {
    /// A kickstart of `sources`, held against a policy.
    pub fn new(sources: &'a Sources, kickstart: &'a Kickstart<'a>, policy: Option<&'a Policy>) -> Self {
        Context {
            sources,
            kickstart,
            policy,
            machine: None,
            section: None,
            node_view: OnceCell::new(),
            setting: OnceCell::new(),
        }
    }

    /// The kickstart by mount point, pool and volume group.
    pub(crate) fn node_view(&self) -> &node::View<'a> {
        self.node_view.get_or_init(|| node::View::new(self.sources, self.kickstart))
    }

    /// What the kickstart alone says about the installer.
    pub(crate) fn setting(&self) -> &unattended::Setting {
        self.setting.get_or_init(|| unattended::Setting::of(self))
    }
}

/// A rule: the codes it reports and the function that looks.
pub struct Rule {
    /// The codes, each with its documentation.
    pub codes: &'static [&'static Code],
    /// Looks, and pushes what it finds.
    pub check: fn(&Context<'_>, &mut Findings),
}

/// Every rule, a family a row. A family's list stands in its own `mod.rs`. The storage rules look last: what the
/// policy's rules have said, they leave out.
pub static FAMILIES: &[&[Rule]] =
    &[node::RULES, addon::RULES, unattended::RULES, security::RULES, style::RULES, storage::RULES];

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().copied().flatten()
}

/// Every code there is, sorted: those of the rules, and those that other rooms report.
pub fn codes() -> Vec<&'static Code> {
    let elsewhere = [kickstart::codes::CODES, crate::boot::CODES, node_base::diagnostic::layout::CODES];
    let mut codes: Vec<_> =
        all().flat_map(|rule| rule.codes).chain(elsewhere.into_iter().flatten()).copied().collect();
    codes.sort_by_key(|code| (code.category, code.id));
    codes
}

/// The code with this id or name, in any case.
pub fn code(word: &str) -> Option<&'static Code> {
    codes().into_iter().find(|c| c.id.eq_ignore_ascii_case(word) || c.name.eq_ignore_ascii_case(word))
}
