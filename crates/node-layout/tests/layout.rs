//! `init` and `verify` against a model of a machine: LVM in memory, files in a scratch directory.
//!
//! Real LVM and real boots are in `tests/vm`.

// Helpers of tests fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "layout/after_trial.rs"]
mod after_trial;
#[path = "layout/boot_entries.rs"]
mod boot_entries;
#[path = "layout/etc_update.rs"]
mod etc_update;
#[path = "layout/faces.rs"]
mod faces;
#[path = "layout/generated.rs"]
mod generated;
#[path = "layout/grub.rs"]
mod grub;
#[path = "layout/grub_configurations.rs"]
mod grub_configurations;
#[path = "layout/health.rs"]
mod health;
#[path = "layout/helps.rs"]
mod helps;
#[path = "layout/interrupted.rs"]
mod interrupted;
#[path = "layout/kept_files.rs"]
mod kept_files;
#[path = "layout/model.rs"]
mod model;
#[path = "layout/original_host.rs"]
mod original_host;
#[path = "layout/output.rs"]
mod output;
#[path = "layout/packages_update.rs"]
mod packages_update;
#[path = "layout/printed.rs"]
mod printed;
#[path = "layout/programs.rs"]
mod programs;
#[path = "layout/progress.rs"]
mod progress;
#[path = "layout/real_checks.rs"]
mod real_checks;
#[path = "layout/real_packages.rs"]
mod real_packages;
#[path = "layout/refusals.rs"]
mod refusals;
#[path = "layout/safe_files.rs"]
mod safe_files;
#[path = "layout/schemas.rs"]
mod schemas;
#[path = "layout/terminal.rs"]
mod terminal;
#[path = "layout/texts.rs"]
mod texts;
#[path = "layout/trial.rs"]
mod trial;
#[path = "layout/trial_cut.rs"]
mod trial_cut;
#[path = "layout/update.rs"]
mod update;
#[path = "layout/update_model.rs"]
mod update_model;
#[path = "layout/update_refusals.rs"]
mod update_refusals;
#[path = "layout/var_update.rs"]
mod var_update;
#[path = "layout/verified.rs"]
mod verified;
