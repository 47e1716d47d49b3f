//! What a rule is, and all that it may look at.

use super::installer::{Installer, builds_image};
use super::shell::{Scripts, ShellCheck, is_shell};
use super::view::View;
use crate::directives::AddonSection;
use anaconda_plan::machine::Machine;
use kickstart::codes::DUPLICATE;
use kickstart::shell::Script;
use kickstart::{Kickstart, Section, SectionKind};
use node_base::diagnostic::{Category, Code, Finding, Findings, Severity};
use node_base::policy::Policy;
use node_base::source::Sources;
use std::cell::OnceCell;
use std::rc::Rc;

/// A rule: the codes it reports, and its check.
pub(crate) struct Rule {
    /// The codes, each with its documentation.
    pub(crate) codes: &'static [&'static Code],
    /// Reads the context and pushes what it finds.
    pub(crate) check: fn(&Context<'_>, &mut Findings),
}

/// All that a rule may look at. What other rules find is not part of it.
pub(crate) struct Context<'a> {
    /// The files that spans point into.
    pub(crate) sources: &'a Sources,
    /// The kickstart.
    pub(crate) kickstart: &'a Kickstart<'a>,
    /// What the parser found in the kickstart.
    parsed: &'a Findings,
    /// The layout policy; rules of the category `node` report nothing without one.
    pub(crate) policy: Option<&'a Policy>,
    /// The machine that the kickstart is for; with one, storage is planned on its disks.
    pub(crate) machine: Option<&'a Machine>,
    /// How the program `shellcheck` is asked; `None` where it is not.
    pub(crate) shellcheck: Option<&'a ShellCheck>,
    /// The section `%addon org_ovirt_node`; `None` in a kickstart without one.
    pub(crate) section: Option<&'a AddonSection>,
    /// Whether the kickstart is a template: what seems to be missing or to be given twice may depend on a mark.
    pub(crate) is_template: bool,
    /// Whether it is a part that another kickstart includes: what seems to be missing is there.
    pub(crate) is_fragment: bool,
    /// The scripts that were read.
    scripts: Rc<Scripts>,
    /// The kickstart by mount point, pool and volume group, made when a rule first asks for it.
    view: OnceCell<View<'a>>,
    /// What is known of the installer, likewise.
    installer: OnceCell<Option<Installer>>,
}

impl<'a> Context<'a> {
    /// A kickstart of `sources`, checked against a policy.
    pub(crate) fn new(
        sources: &'a Sources,
        kickstart: &'a Kickstart<'a>,
        parsed: &'a Findings,
        policy: Option<&'a Policy>,
    ) -> Self {
        Context {
            sources,
            kickstart,
            parsed,
            policy,
            machine: None,
            shellcheck: None,
            section: None,
            is_template: false,
            is_fragment: false,
            scripts: Rc::default(),
            view: OnceCell::new(),
            installer: OnceCell::new(),
        }
    }

    /// The same kickstart, checked against another policy.
    pub(crate) fn with_policy<'b>(&self, policy: Option<&'b Policy>) -> Context<'b>
    where
        'a: 'b,
    {
        Context {
            machine: self.machine,
            shellcheck: self.shellcheck,
            section: self.section,
            is_template: self.is_template,
            is_fragment: self.is_fragment,
            scripts: Rc::clone(&self.scripts),
            ..Context::new(self.sources, self.kickstart, self.parsed, policy)
        }
    }

    /// The same kickstart, read by an installer of which more is known.
    pub(crate) fn with_installer(&self, installer: Installer) -> Context<'a> {
        Context { installer: OnceCell::from(Some(installer)), ..self.with_policy(self.policy) }
    }

    /// The kickstart by mount point, pool and volume group.
    pub(crate) fn view(&self) -> &View<'a> {
        self.view.get_or_init(|| View::new(self.sources, self.kickstart, &self.scripts))
    }

    /// The script of a section that a shell runs ([`is_shell`]).
    pub(crate) fn script(&self, section: &Section<'_>) -> Rc<Script> {
        self.scripts.of(self.sources, section)
    }

    /// The sections of these kinds that a shell runs, in the order of the kinds.
    pub(crate) fn shell_sections<'k>(
        &'k self,
        kinds: &'static [SectionKind],
    ) -> impl Iterator<Item = &'a Section<'a>> + use<'a, 'k> {
        kinds.iter().flat_map(|kind| self.kickstart.sections_of(*kind)).filter(|section| is_shell(section))
    }

    /// What is known of the installer, by default what the kickstart says; `None` for an installer that the rules do not
    /// know, and for programs that build an image.
    pub(crate) fn installer(&self) -> Option<&Installer> {
        self.installer
            .get_or_init(|| {
                if builds_image(self.sources, self.kickstart) {
                    return None;
                }
                let mut installer = Installer::of(self.kickstart)?;
                installer.has_unread_files |= self.is_template || self.is_fragment;
                Some(installer)
            })
            .as_ref()
    }

    /// Whether the language found something defined twice.
    pub(crate) fn has_duplicates(&self) -> bool {
        self.parsed.iter().any(|f| f.code == &DUPLICATE)
    }

    /// The errors of syntax: lines that the installer refuses.
    pub(crate) fn syntax_errors(&self) -> impl Iterator<Item = &'a Finding> + use<'a> {
        self.parsed.iter().filter(|f| f.code.category == Category::Syntax && f.severity == Severity::Error)
    }
}
