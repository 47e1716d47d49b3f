//! What is told while the steps are done: to people, and to the add-on.

use crate::model::{Model, Outcome};
use node_layout::StepState;

#[test]
fn every_step_is_told_when_it_begins_and_when_it_is_done() {
    let (result, told) = Model::installed("rhel9").init_told();
    let steps = result.unwrap().steps;
    let expected: Vec<_> = steps
        .iter()
        .enumerate()
        .flat_map(|(n, step)| {
            [StepState::Start, StepState::Done]
                .map(|state| (n + 1, steps.len(), step.name, state, step.about.clone()))
        })
        .collect();
    assert_eq!(told, expected);
    assert!(steps.len() > 8 && steps.iter().all(|s| !s.about.is_empty()), "{steps:?}");
}

#[test]
fn a_step_that_fails_is_the_last_one_told_and_says_which_command_failed_and_why() {
    let model = Model::installed("rhel9");
    model.fails_at.set(Some(3));
    let (result, told) = model.init_told();
    let Err(Outcome::Failed(failure)) = result else { panic!("a command failed and init did not") };
    let (_, _, name, state, message) = told.last().unwrap();
    assert_eq!((*name, *state), (failure.step, StepState::Failed));
    let command = &model.commands.borrow()[3];
    assert!(message.contains(command.as_str()) && message.contains("injected failure"), "{message}");
    let begun = told.iter().filter(|t| t.3 == StepState::Start).count();
    let done = told.iter().filter(|t| t.3 == StepState::Done).count();
    assert_eq!(begun, done + 1, "all others are done: {told:?}");
}
