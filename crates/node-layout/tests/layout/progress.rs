//! The progress that is reported while the steps are done, and a verb's own way back.

use crate::model::{Model, Outcome, Recorder};
use node_layout::{Action, Change, Command, Plan, Step, StepState, Tools, Undo, Undone, run};
use std::cell::RefCell;

#[test]
fn every_step_is_reported_when_it_begins_and_when_it_is_done() {
    let (result, events) = Model::installed("rhel9").init_with_progress();
    let steps = result.unwrap().steps;
    let expected: Vec<_> = steps
        .iter()
        .enumerate()
        .flat_map(|(n, step)| {
            [StepState::Start, StepState::Done]
                .map(|state| (n + 1, steps.len(), step.name, state, step.about.clone()))
        })
        .collect();
    assert_eq!(events, expected);
    assert!(steps.len() > 8 && steps.iter().all(|s| !s.about.is_empty()), "{steps:?}");
}

#[test]
fn a_failed_step_is_reported_last_with_its_command_and_the_reason() {
    let model = Model::installed("rhel9");
    model.fails_at.set(Some(3));
    let (result, events) = model.init_with_progress();
    let Err(Outcome::Failed(failure)) = result else { panic!("a command failed and init did not") };
    let (_, _, name, state, message) = events.last().unwrap();
    assert_eq!((*name, *state), (failure.step, StepState::Failed));
    let command = &model.commands.borrow()[3];
    assert!(message.contains(command.as_str()) && message.contains("injected failure"), "{message}");
    let begun = events.iter().filter(|t| t.3 == StepState::Start).count();
    let done = events.iter().filter(|t| t.3 == StepState::Done).count();
    assert_eq!(begun, done + 1, "all others are done: {events:?}");
}

/// The way back of a verb that is not `init`.
struct RemoveTag {
    changed: RefCell<Vec<Change>>,
}

impl Undo for RemoveTag {
    fn undo(&self, tools: &dyn Tools, changed: &[Change]) -> Undone {
        self.changed.borrow_mut().extend(changed.iter().cloned());
        let removed = tools.run(&Command::new("lvchange", ["--deltag", "mine", "onn/root"]));
        Undone { left: removed.err().iter().map(ToString::to_string).collect(), ..Undone::default() }
    }

    fn advice(&self) -> &'static str {
        "Run it again"
    }
}

#[test]
fn a_verb_brings_its_own_steps_and_its_own_way_back() {
    let tag = |volume: &str| Action::Run(Command::new("lvchange", ["--addtag", "mine", volume]));
    let step = |name, actions| Step { name, about: format!("{name} something"), actions };
    let plan = |second: &str| Plan {
        steps: vec![step("tag", vec![tag("onn/root")]), step("more", vec![tag(second)])],
        pending: false,
    };
    let model = Model::installed("rhel9");
    let undo = RemoveTag { changed: RefCell::default() };
    let mut events = Recorder::default();
    run(&model, &plan("onn/var"), &undo, &mut events).unwrap();
    assert_eq!(model.volume("root").unwrap().tags, ["mine"]);
    let failure = run(&model, &plan("onn/gone"), &undo, &mut events).unwrap_err();
    assert_eq!((failure.step, &*failure.undone), ("more", &Undone::default()));
    assert!(model.volume("root").unwrap().tags.is_empty(), "the way back was not taken");
    assert!(failure.to_string().ends_with("everything was undone"), "{failure}");
    let states: Vec<_> = events.0.iter().map(|(.., state, _)| *state).collect();
    use StepState::{Done, Failed, Start};
    assert_eq!(states, [Start, Done, Start, Done, Start, Done, Start, Failed]);
}
