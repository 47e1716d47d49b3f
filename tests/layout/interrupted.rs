//! Work that ends in the middle: by a failing command (taken back), or by a power cut (completed by the next run).

use crate::model::{Model, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many changing commands one `init` takes.
fn length() -> usize {
    let model = Model::installed("rhel9");
    model.init().unwrap();
    let n = model.commands.borrow().len();
    assert!(n > 10, "only {n} commands were run");
    n
}

#[test]
fn a_command_that_fails_leaves_everything_as_it_was() {
    for number in 0..length() {
        let model = Model::installed("rhel8");
        let before = model.disk();
        model.fails_at.set(Some(number));
        let Err(Outcome::Failed(failure)) = model.init() else {
            panic!("command {number} failed and init did not")
        };
        let command = model.commands.borrow()[number].clone();
        assert_eq!(failure.left, Vec::<String>::new(), "after `{command}` something was not undone");
        let mut after = model.disk();
        // The pool's profile and its larger metadata do no harm and stay.
        for v in &mut after.1 {
            v.profile.clear();
        }
        assert_eq!(after.1, before.1, "volumes after `{command}` failed");
        assert_eq!(after.2, before.2, "tags after `{command}` failed");
        assert_eq!(after.0, before.0, "files after `{command}` failed");
    }
}

#[test]
fn a_power_cut_at_any_command_is_completed_by_the_next_run() {
    let whole = Model::installed("rhel9");
    whole.init().unwrap();
    let expected = whole.disk();
    let files = |m: &Model,
                 d: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>|
     -> Vec<(String, Vec<u8>)> {
        d.into_iter().map(|(p, c)| (p.strip_prefix(m.sysroot()).unwrap().display().to_string(), c)).collect()
    };
    for number in 0..length() {
        let model = Model::installed("rhel9");
        model.ends_at.set(Some(number));
        assert!(catch_unwind(AssertUnwindSafe(|| model.init())).is_err(), "no power cut at command {number}");
        let command = model.commands.borrow()[number].clone();
        model.ends_at.set(None);
        model.init().unwrap_or_else(|e| panic!("after a power cut at `{command}`: {e:?}"));
        let (f, volumes, tags) = model.disk();
        assert_eq!(volumes, expected.1, "volumes after a power cut at `{command}`");
        assert_eq!(tags, expected.2, "tags after a power cut at `{command}`");
        let (f, e) = (files(&model, f), files(&whole, expected.0.clone()));
        assert_eq!(f, e, "files after a power cut at `{command}`");
        assert_eq!(model.errors(), Vec::<String>::new(), "verify after a power cut at `{command}`");
    }
}
