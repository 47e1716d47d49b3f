//! Plans: what a verb is going to do, as data. A verb decides the steps; [`run`](fn@run) does them, and takes them back when one fails.
//!
//! A second verb brings its own steps and its own [`Undo`]; actions, progress, dry run and JSON are the same.

mod action; // one thing that is done
mod run; // doing the steps of a plan

use crate::files::Change;

pub use action::{Action, Amount, EtcMerge, Operation, Synchronisation, VarAddition, VarRecord};
pub use run::{Failure, Progress, RunError, StepState, Undo, Undone, run};

/// Actions under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// A stable name, for programs.
    pub name: &'static str,
    /// What the step does, for people.
    pub about: String,
    /// In the order in which they are done.
    pub actions: Vec<Action>,
}

/// What is going to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In the order in which they are done. Empty if there is nothing to do.
    pub steps: Vec<Step>,
    /// Whether a later boot must complete the work.
    pub pending: bool,
}

impl Plan {
    /// The changes of files in the steps before the one called `end`, or in all steps if there is none of that name.
    pub(crate) fn changes_before(&self, end: &str) -> Vec<&Change> {
        let steps = self.steps.iter().take_while(|step| step.name != end);
        let actions = steps.flat_map(|step| &step.actions);
        let changes = actions.filter_map(|action| match action {
            Action::Change(changes) => Some(changes),
            _ => None,
        });
        changes.flatten().collect()
    }

    /// Whether a step with this name is in the plan.
    pub(crate) fn has_step(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }
}

/// Collects the steps of a plan.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

impl Steps {
    /// Adds a step, unless its actions do nothing.
    pub(crate) fn add(&mut self, name: &'static str, about: String, actions: Vec<Action>) {
        let actions: Vec<Action> =
            actions.into_iter().filter(|a| !matches!(a, Action::Change(c) if c.is_empty())).collect();
        if !actions.is_empty() {
            self.0.push(Step { name, about, actions });
        }
    }

    /// All actions so far.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &Action> {
        self.0.iter().flat_map(|step| &step.actions)
    }

    /// The steps as a plan.
    pub(crate) fn into_plan(self, pending: bool) -> Plan {
        Plan { steps: self.0, pending }
    }
}
