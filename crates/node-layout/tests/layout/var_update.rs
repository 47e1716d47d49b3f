//! /var in an update: what an image adds waits for its confirmation.

use crate::model::{Model, NVR, Outcome, is_error, policy};
use crate::trial::{Quiet, done, state_of};
use crate::update_model::NEW;
use node_base::diagnostic::Finding;
use node_layout::{
    Action, AfterUpdate, Decision, Depth, ImageState, Plan, Resume, Step, UpdateRequest, confirm, remove,
    run, started, status, verify,
};

const RECORD: &str = "var/lib/node-layout/additions/ovirt-node-ng-4.5.7-0.20270101.0.json";

/// A node whose old image is known to have had something in /var.
fn node() -> Model {
    let model = Model::node("rhel9");
    model.put(&format!("/volumes/{NVR}/usr/share/factory/var/lib/removed-here"), "x");
    model.put("/image/var/lib/removed-here", "x");
    model.put("/image/var/lib/svc/state", "of the image");
    model.put("/image/var/lib/svc/deep/file", "of the image");
    model.put("/image/var/lib/shared", "of the image");
    model.put("/sysroot/var/lib/shared", "of this host");
    model
}

/// The node in the trial of the new image.
fn trying() -> Model {
    let model = node();
    assert_eq!(model.update().unwrap(), "armed");
    model.boots().unwrap();
    done(&model, &started(&model.running()).unwrap());
    model
}

fn confirmed(model: &Model) -> Decision {
    confirm(&model.running(), 2, model).unwrap()
}

fn var(model: &Model) -> Vec<String> {
    let files = model.files(&model.sysroot().join("var"));
    files
        .into_keys()
        .filter(|name| !name.ends_with('/') && name.starts_with("lib/") && !name.contains("node-layout"))
        .collect()
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|f| f.code.id == "LAY091")
        .map(|f| format!("{}: {}", f.severity, f.message))
        .collect()
}

fn left(model: &Model) -> (Vec<String>, Vec<String>) {
    let found = verify(&model.running(), &policy(), model, Depth::Properties);
    assert!(!found.iter().any(is_error), "{found:?}");
    let sentences = status(&model.running(), &policy(), model).unwrap().sentences;
    (told(&found), sentences.into_iter().filter(|s| s.contains("/var")).collect())
}

#[test]
fn additions_are_shown_before_wait_for_the_confirmation_and_replace_nothing() {
    let model = node();
    let system = model.running();
    let decided = model.decide(&system, &model.request()).unwrap();
    let differs = format!(
        "info: image {NEW} has other versions of files in /var; those of this host stay: /var/lib/shared (another content)"
    );
    assert_eq!(told(&decided.findings), std::slice::from_ref(&differs));
    let step = decided.plan.steps.iter().find(|step| step.name == "layer-var").unwrap();
    let Action::RecordVar(record) = &step.actions[0] else { panic!("{step:?}") };
    assert!(format!("{record:?}").contains(r#"add: ["lib/svc"]"#), "{record:?}");
    decided.close(&model).unwrap();
    assert!(!model.sysroot().join(RECORD).exists(), "nothing is written before");

    let model = trying();
    assert_eq!(var(&model), ["lib/shared"], "the trial has nothing of it");
    assert!(model.read(RECORD).contains("lib/svc"));
    assert_eq!(left(&model), (Vec::new(), Vec::new()), "it is not late before the confirmation");
    let decision = confirmed(&model);
    assert_eq!(told(&decision.findings), [differs]);
    let names: Vec<&str> = decision.plan.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["default", "plain-arguments", "good", "settings", "var"]);
    done(&model, &decision);
    assert_eq!(var(&model), ["lib/shared", "lib/svc/deep/file", "lib/svc/state"]);
    assert_eq!(model.read("var/lib/shared"), "of this host");
    assert!(!model.sysroot().join(RECORD).exists());
    model.assert_nothing_is_mounted();
    assert_eq!(left(&model), (Vec::new(), Vec::new()));
    assert!(confirmed(&model).plan.steps.is_empty());
}

#[test]
fn a_power_cut_at_any_write_of_a_confirmation_is_completed_by_the_next() {
    let whole = trying();
    done(&whole, &confirmed(&whole));
    let expected = var(&whole);
    let actions = |plan: &Plan| plan.steps.iter().flat_map(|step| step.actions.clone()).collect::<Vec<_>>();
    let length = actions(&confirmed(&trying()).plan).len();
    let mut unfinished = 0;
    for number in 0..=length {
        let model = trying();
        let actions = actions(&confirmed(&model).plan)[..number].to_vec();
        let plan =
            Plan { steps: vec![Step { name: "until", about: String::new(), actions }], pending: false };
        run(&model, &plan, &Resume, &mut Quiet).unwrap();
        model.power_cut();
        if number == 0 {
            continue;
        }
        let state = state_of(&model.running(), NEW).0;
        let (found, sentences) = left(&model);
        if state == ImageState::Good && model.sysroot().join(RECORD).exists() {
            let what = format!("what only {NEW} has in /var is not added yet (node-layout confirm)");
            assert_eq!((found, sentences), (vec![format!("warning: {what}")], vec![what]));
            unfinished += 1;
        } else {
            assert_eq!((found, sentences), (Vec::new(), Vec::new()), "after {number} actions");
        }
        if model.boots().unwrap() == format!("{NEW}+1") {
            done(&model, &confirmed(&model));
            assert_eq!(var(&model), expected, "after {number} actions");
            assert!(!model.sysroot().join(RECORD).exists());
            assert_eq!(state_of(&model.running(), NEW).0, ImageState::Good);
        }
    }
    assert!(unfinished >= 2, "{unfinished}");
}

#[test]
fn a_program_that_fails_while_var_is_completed_leaves_a_confirmed_image() {
    let whole = trying();
    whole.commands.borrow_mut().clear();
    done(&whole, &confirmed(&whole));
    let commands = whole.commands.borrow().clone();
    let ours: Vec<usize> =
        (0..commands.len()).filter(|n| commands[*n].contains("run/node-layout/root")).collect();
    assert_eq!(ours.len(), 3, "{commands:?}");
    for number in ours {
        let model = trying();
        model.commands.borrow_mut().clear();
        model.fails_at.set(Some(number));
        let decision = confirmed(&model);
        let failure = run(&model, &decision.plan, &Resume, &mut Quiet).unwrap_err();
        assert_eq!(failure.step, "var", "{failure}");
        model.fails_at.set(None);
        assert_eq!(state_of(&model.running(), NEW).0, ImageState::Good);
        assert!(model.sysroot().join(RECORD).exists());
        model.power_cut();
        done(&model, &confirmed(&model));
        assert_eq!(var(&model).len(), 3);
    }
}

#[test]
fn a_record_goes_with_its_image_with_a_failed_update_and_with_what_an_interrupted_one_has_left() {
    let model = node();
    let request = UpdateRequest { after: AfterUpdate::Nothing, ..model.request() };
    model.update_with(&request, &mut Quiet).unwrap();
    assert!(model.sysroot().join(RECORD).exists());
    done(&model, &remove(&model.running(), NEW).unwrap());
    assert!(!model.sysroot().join(RECORD).exists());

    let whole = node();
    whole.update().unwrap();
    let complete =
        whole.commands.borrow().iter().position(|c| c.contains("--deltag node-layout:state=making")).unwrap();
    let model = node();
    model.fails_at.set(Some(complete));
    assert!(matches!(model.update(), Err(Outcome::Failed(_))));
    assert!(!model.sysroot().join(RECORD).exists() && model.volume(NEW).is_none());

    let model = node();
    model.ends_at.set(Some(complete));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.update())).is_err());
    model.ends_at.set(None);
    model.power_cut();
    assert!(model.sysroot().join(RECORD).exists());
    let request = UpdateRequest { nvr: Some("other-1-1".into()), ..model.request() };
    model.update_with(&request, &mut Quiet).unwrap();
    assert!(!model.sysroot().join(RECORD).exists() && model.volume(NEW).is_none());
}

#[test]
fn without_a_trial_the_additions_wait_for_somebody() {
    let model = node();
    let request = UpdateRequest { after: AfterUpdate::Default, ..model.request() };
    assert_eq!(model.update_with(&request, &mut Quiet).unwrap(), "updated");
    model.boots().unwrap();
    assert_eq!(left(&model).1.len(), 1);
    assert_eq!(confirmed(&model).result, "already-confirmed");
    done(&model, &confirmed(&model));
    assert_eq!((var(&model).len(), left(&model).1.len()), (3, 0));
}

#[test]
fn a_var_without_room_refuses_and_one_that_is_no_file_system_needs_nothing() {
    let mut model = node();
    model.put("/image/var/lib/svc/large", &"x".repeat(3000));
    model.boot_free = 2000;
    match model.update() {
        Err(Outcome::Refused(findings)) => {
            assert!(findings.iter().any(|f| f.message.contains(" to /var, which has ")), "{findings:?}");
        }
        other => panic!("{other:?}"),
    }
    let model = node();
    model.unmount("/var");
    assert_eq!(model.update().unwrap(), "armed");
    assert!(!model.sysroot().join(RECORD).exists());
}

#[test]
fn a_record_that_cannot_be_read_does_not_keep_an_image_from_its_confirmation() {
    let model = trying();
    model.put(&format!("/sysroot/{RECORD}"), "{");
    let decision = confirmed(&model);
    assert!(told(&decision.findings)[0].starts_with("warning: "), "{:?}", decision.findings);
    done(&model, &decision);
    assert_eq!(state_of(&model.running(), NEW).0, ImageState::Good);
    assert_eq!(left(&model).0.len(), 1);
}
