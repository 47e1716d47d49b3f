//! A power cut after every single write of arming, confirming, rolling back, removing and repairing: the machine boots an image
//! that works, and the next run completes the work.

use crate::model::{Model, NVR};
use crate::trial::{GRUB_CFG, MACHINES, NEW, Quiet, SYSTEMD_BOOT, done, node_of, state_of};
use node_layout::{
    Action, Decision, ImageState, Plan, Resume, Step, arm, confirm, keep, remove, repair, rollback, run,
    started, states,
};
use std::collections::BTreeMap;

const OLDER: &str = "ovirt-node-ng-4.5.6-0.1";
const NEWER: &str = "5.14.0-570.1.1.el9_6.x86_64";

/// The plans that end after the first, the second, … of its writes; each change of a file is one.
fn prefixes(plan: &Plan) -> Vec<Plan> {
    let mut all: Vec<Action> = Vec::new();
    for action in plan.steps.iter().flat_map(|s| &s.actions) {
        match action {
            Action::Change(changes) => all.extend(changes.iter().map(|c| Action::Change(vec![c.clone()]))),
            Action::Copy(copies) => all.extend(copies.iter().map(|c| Action::Copy(vec![c.clone()]))),
            other => all.push(other.clone()),
        }
    }
    let until = |n: usize| Plan {
        steps: vec![Step { name: "until", about: String::new(), actions: all[..n].to_vec() }],
        pending: false,
    };
    (0..=all.len()).map(until).collect()
}

/// Images with their states and tags, entries and files on /boot, and what the boot loader stores.
fn what_counts(model: &Model) -> BTreeMap<String, String> {
    let system = model.running();
    let images = states(&system, system.lvm.as_ref().unwrap());
    let images = images.iter().map(|i| {
        let volume = model.volume(i.nvr.as_str()).unwrap();
        (i.nvr.to_string(), format!("{} {:?} {:?}", i.state, i.reason, volume.tags))
    });
    let boot = model.sysroot().join("boot");
    let files = model.disk().0.into_iter().filter_map(|(path, content)| {
        let path = path.strip_prefix(&boot).ok()?.display().to_string();
        Some((path, String::from_utf8_lossy(&content).into_owned()))
    });
    images.chain(files).collect()
}

/// Cuts the power after every write of what `verb` decides on the machine that `start` makes. After the cut `boots` is what the
/// machine boots; the same verb (or another way, `again`) then completes the work.
fn cut(
    start: impl Fn() -> Model,
    verb: impl Fn(&Model) -> Decision,
    again: impl Fn(&Model, usize),
    skip: usize,
) -> usize {
    let whole = start();
    let decision = verb(&whole);
    let plans = prefixes(&decision.plan).len();
    done(&whole, &decision);
    whole.boots().unwrap();
    again(&whole, plans);
    let expected = what_counts(&whole);
    for number in 0..plans {
        let model = start();
        let plan = prefixes(&verb(&model).plan).swap_remove(number);
        run(&model, &plan, &Resume, &mut Quiet).unwrap();
        let last = plan.steps[0].actions.last().map(|a| format!("{a:?}")).unwrap_or_default();
        let last: String = last.chars().take(200).collect();
        let booted = model.boots().unwrap_or_else(|e| panic!("after {number} writes ({last}): {e}"));
        again(&model, number);
        if number >= skip {
            let found = what_counts(&model);
            let differs = |name: &&String| found.get(*name) != expected.get(*name);
            for name in found.keys().chain(expected.keys()).filter(differs) {
                let [found, expected] = [&found, &expected].map(|of| of.get(name));
                assert_eq!(found, expected, "{name} after {number} writes ({last}), {booted} booted");
            }
        }
    }
    plans
}

fn ready(release: &'static str) -> impl Fn() -> Model {
    move || node_of(release)
}

/// A new image that runs on trial, and an older one that is not kept.
fn trying(release: &'static str) -> impl Fn() -> Model {
    move || {
        let model = node_of(release);
        model.add_image(OLDER);
        model.change(OLDER, |v| v.tags = vec!["imgbased:base".into()]);
        done(&model, &arm(&model.running(), NEW, &model).unwrap());
        model.boots().unwrap();
        done(&model, &started(&model.running()).unwrap());
        model
    }
}

fn confirmed(release: &'static str) -> impl Fn() -> Model {
    move || {
        let model = trying(release)();
        done(&model, &confirm(&model.running(), 3, &model).unwrap());
        model
    }
}

#[test]
fn arming_is_done_or_not_done() {
    for release in MACHINES {
        let arm = |model: &Model| arm(&model.running(), NEW, model).unwrap();
        let again = |model: &Model, _: usize| {
            // Armed before the cut, the new image was booted, on trial; otherwise it is ready still.
            if state_of(&model.running(), NEW).0 != ImageState::Trying {
                done(model, &arm(model));
                assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
            }
        };
        assert!(cut(ready(release), arm, again, 0) > 3);
        if release == "rhel9" {
            let sources_commands = || {
                let model = node_of(release);
                model.put("/sysroot/boot/grub2/grub.cfg", GRUB_CFG);
                model
            };
            assert!(cut(sources_commands, arm, again, 0) > cut(ready(release), arm, again, 0));
        }
    }
}

#[test]
fn a_failed_image_is_armed_again_or_stays_failed() {
    let failed = || {
        let model = trying("rhel9")();
        model.boots().unwrap();
        model
    };
    let arm = |model: &Model| arm(&model.running(), NEW, model).unwrap();
    let again = |model: &Model, _: usize| {
        if state_of(&model.running(), NEW).0 != ImageState::Trying {
            done(model, &arm(model));
            assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
        }
    };
    cut(failed, arm, again, 0);
}

#[test]
fn an_image_is_confirmed_as_soon_as_it_is_the_default() {
    for release in MACHINES {
        let confirm = |model: &Model| confirm(&model.running(), 2, model).unwrap();
        // The first write makes it the default; for GRUB a flush is before it.
        let first = if release == SYSTEMD_BOOT { 1 } else { 2 };
        let again = |model: &Model, number: usize| {
            let state = state_of(&model.running(), NEW);
            if number < first {
                assert_eq!(state, (ImageState::Failed, Some("not-confirmed".into())), "{number}");
            } else {
                done(model, &confirm(model));
                assert_eq!(state_of(&model.running(), NEW).0, ImageState::Good, "{number}");
                assert_eq!(model.boots().unwrap(), format!("{NEW}+1"));
            }
        };
        assert!(cut(trying(release), confirm, again, first) > 8, "{release}");
    }
}

#[test]
fn rolling_back_is_done_or_not_done() {
    for release in MACHINES {
        let back = |model: &Model| rollback(&model.running(), Some(NVR)).unwrap();
        let again = |model: &Model, _: usize| {
            done(model, &back(model));
            assert_eq!(model.boots().unwrap(), format!("{NVR}+1"));
        };
        cut(confirmed(release), back, again, 0);
    }
}

#[test]
fn a_removal_that_was_interrupted_is_completed_by_the_next() {
    for release in MACHINES {
        let remove = |model: &Model| remove(&model.running(), NVR).unwrap();
        let again = |model: &Model, _: usize| {
            if model.volume(NVR).is_some() {
                done(model, &remove(model));
            }
            assert_eq!(model.errors(), Vec::<String>::new());
        };
        assert!(cut(confirmed(release), remove, again, 0) > 4, "{release}");
    }
}

#[test]
fn a_repair_that_was_interrupted_is_completed_by_the_next() {
    let start = || {
        let model = trying("rhel9")();
        model.boots().unwrap();
        let path = format!("/sysroot/boot/loader/entries/5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-{NEWER}.conf");
        let entry = format!(
            "title x\nversion {NEWER}\nlinux /vmlinuz-{NEWER}\ninitrd /initramfs-{NEWER}.img\n\
             options root=/dev/onn/{NVR}+1 ro rd.lvm.lv=onn/{NVR}+1 img.bootid={NVR}+1\n"
        );
        model.put(&path, &entry);
        model.put(&format!("/sysroot/boot/vmlinuz-{NEWER}"), "kernel");
        model.put(&format!("/sysroot/boot/initramfs-{NEWER}.img"), "initramfs");
        let one_root = model.read(&format!("boot/loader/entries/{NEW}+1-5.14.0-503.11.1.el9_5.x86_64.conf"));
        let one_root = one_root.replace(&format!("root=/dev/onn/{NEW}"), &format!("root=/dev/onn/{NVR}"));
        model.put(
            &format!("/sysroot/boot/loader/entries/{NEW}+1-5.14.0-503.11.1.el9_5.x86_64.conf"),
            &one_root.replace(&format!("img.bootid={NEW}"), &format!("img.bootid={NVR}")),
        );
        model
    };
    let again = |model: &Model, _: usize| done(model, &repair(&model.running(), model).unwrap());
    assert!(cut(start, |model| repair(&model.running(), model).unwrap(), again, 0) > 6);
}

#[test]
fn a_kernel_that_is_kept_again_is_never_booted_half_written() {
    let start = || {
        let model = node_of("rhel9");
        let kver = "5.14.0-503.11.1.el9_5.x86_64";
        model.put(&format!("/sysroot/boot/initramfs-{kver}.img"), "made again");
        model
    };
    let kver = "5.14.0-503.11.1.el9_5.x86_64";
    let keep_it = |model: &Model| keep(&model.running(), kver).unwrap();
    let again = |model: &Model, _: usize| {
        done(model, &keep_it(model));
    };
    assert!(cut(start, keep_it, again, 0) > 4);
}

/// The power was cut before an entry got its name, or after its old content got the temporary one.
#[test]
fn what_an_interrupted_verb_has_left_half_written_is_removed_by_the_next() {
    type Start = fn() -> Model;
    type Verb = fn(&Model) -> Decision;
    let kver = "5.14.0-503.11.1.el9_5.x86_64";
    let entries = "/sysroot/boot/loader/entries";
    let verbs: [(Start, Verb, &str); 6] = [
        (|| node_of("rhel9"), |m| arm(&m.running(), NEW, m).unwrap(), "armed"),
        (|| trying("rhel9")(), |m| confirm(&m.running(), 3, m).unwrap(), "confirmed"),
        (|| confirmed("rhel9")(), |m| confirm(&m.running(), 3, m).unwrap(), "already-confirmed"),
        (|| confirmed("rhel9")(), |m| rollback(&m.running(), Some(NVR)).unwrap(), "rolled-back"),
        (|| confirmed("rhel9")(), |m| rollback(&m.running(), Some(NEW)).unwrap(), "already-default"),
        (|| confirmed("rhel9")(), |m| remove(&m.running(), NVR).unwrap(), "removed"),
    ];
    for (start, verb, result) in verbs {
        let model = start();
        let of_entry = format!("{entries}/.{NEW}+1-{kver}.conf.new");
        // Its entry is gone, or was never there.
        let of_another = format!("{entries}/.{OLDER}+2-{kver}.conf.new");
        let of_somebody = format!("{entries}/.site.conf.new");
        let directory = "/sysroot/boot/loader/.entries.new/a.conf".to_owned();
        for path in [&of_entry, &of_another, &of_somebody, &directory] {
            model.put(path, "left");
        }
        let decision = verb(&model);
        assert_eq!(decision.result, result);
        done(&model, &decision);
        let is_left = |path: &str| model.path(&path[1..]).exists();
        assert!(!is_left(&of_entry) && !is_left(&of_another), "{result}");
        assert!(!is_left("/sysroot/boot/loader/.entries.new"), "{result}");
        assert!(is_left(&of_somebody), "{result}: it is not one of ours");
        let steps: Vec<&str> = decision.plan.steps.iter().map(|step| step.name).collect();
        assert!(steps.contains(&"remove-half-written"), "{result}: {steps:?}");
        if result == "already-confirmed" {
            assert!(verb(&model).plan.steps.is_empty(), "nothing is left to do");
        }
    }
}
