//! A plan prints what is run: the same programs with the same arguments, in the same order.

use crate::model::{Model, NVR, policy};
use crate::trial::{NEW, done, node};
use node_layout::{Decision, Operation, Plan, System, arm, confirm, examine, remove, rollback, started};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

/// The programs and flushes of a plan, as it prints them.
fn printed(plan: &Plan) -> Vec<String> {
    let operations = plan.steps.iter().flat_map(|step| &step.actions).flat_map(|a| a.operations());
    let line = |operation| match operation {
        Operation::Run(command) => Some(command.to_string()),
        Operation::Sync(path) => Some(format!("sync -f {}", path.display())),
        _ => None,
    };
    operations.filter_map(line).collect()
}

/// Runs what a verb has decided; what was done is what was printed.
#[track_caller]
fn assert_decided(model: &Model, decide: impl Fn(&System) -> Decision, word: &str) {
    let decision = decide(&model.running());
    let from = model.done.borrow().len();
    let expected = printed(&decision.plan);
    assert!(expected.iter().any(|line| line.contains(word)), "'{word}' is not in {expected:#?}");
    done(model, &decision);
    assert_eq!(model.done.borrow()[from..], expected);
}

#[test]
fn verbs_about_images_run_what_their_plans_print() {
    let model = node();
    assert_decided(&model, |s| arm(s, NEW, &model).unwrap(), "fsfreeze --freeze");
    model.boots().unwrap();
    assert_decided(&model, |s| started(s).unwrap(), "--addtag node-layout:started onn/");
    assert_decided(&model, |s| confirm(s, 2, &model).unwrap(), "sysctl --quiet --system");
    assert_decided(&model, |s| rollback(s, None).unwrap(), "fsfreeze --unfreeze");
    model.boots().unwrap();
    assert_decided(&model, |s| remove(s, NEW).unwrap(), "--yes --force onn/");
}

/// Plans and runs on this system; what was done is what was printed.
#[track_caller]
fn assert_printed(model: &Model, system: &System, word: &str) {
    let policy = policy();
    let (state, _) = examine(system, &policy, model).unwrap();
    let plan = model.plan(system, &state, &policy);
    let from = model.done.borrow().len();
    let expected = printed(&plan);
    assert!(expected.iter().any(|line| line.contains(word)), "'{word}' is not in {expected:#?}");
    model.run(system, &state, &plan).unwrap();
    // The checksum of a base is known when it was read.
    let checksum = |line: &String| match line.split_once("content=crc64-") {
        Some((before, after)) => format!("{before}content=crc64-CHECKSUM{}", &after[16..]),
        None => line.clone(),
    };
    let done: Vec<String> = model.done.borrow()[from..].iter().map(checksum).collect();
    assert_eq!(done, expected);
}

#[test]
fn init_runs_what_its_plan_prints() {
    for (release, word) in [("rhel8", "xfs_db"), ("rhel9", "fsfreeze --freeze"), ("rhel10", "lvrename")] {
        let model = Model::installed(release);
        model.put("/sysroot/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
        assert_printed(&model, &model.system(), word);
    }
}

#[test]
fn an_init_after_a_power_cut_runs_what_its_plan_prints() {
    let cut_at = |word: &str| {
        let whole = Model::installed("rhel9");
        whole.init().unwrap();
        let at = whole.commands.borrow().iter().position(|c| c.starts_with(word)).unwrap();
        let model = Model::installed("rhel9");
        model.ends_at.set(Some(at + 1));
        assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut");
        model.ends_at.set(None);
        model
    };
    let model = cut_at("lvcreate");
    assert_printed(
        &model,
        &model.system(),
        &format!("lvremove --config activation/monitoring=0 --yes --force onn/{NVR}"),
    );
    let model = cut_at("lvrename");
    assert_printed(&model, &model.system(), "--addtag imgbased:layer");
}

#[test]
fn the_first_boot_and_a_later_init_run_what_their_plans_print() {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    assert_printed(&model, &model.booted(), "thin_dump");
    let initramfs = "/sysroot/boot/initramfs-5.14.0-503.11.1.el9_5.x86_64.img";
    model.put(initramfs, "generated in the running layer");
    let file = std::fs::File::options().append(true).open(model.path(initramfs)).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    assert_printed(&model, &model.booted(), "fsfreeze --unfreeze");
}
