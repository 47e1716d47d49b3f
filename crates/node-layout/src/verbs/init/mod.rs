//! `init`: an installed system becomes base and layer.
//!
//! [`examine`] collects everything that blocks it, [`plan`](fn@plan) decides the steps, [`TakeBack`] is the way back.

mod boot_partition; // /boot: kind, size, free space
mod checks; // everything that blocks init
mod dracut; // what an initramfs waits for
mod entries; // steps that change boot entries and kept kernels
mod files; // steps that change other files
mod packages; // packages whose database the base will not have
mod plan; // the order of the steps
mod planner; // what all steps are decided from
mod texts; // what is going to be written
mod undo; // the way back
mod volumes; // steps that change volumes

pub use checks::examine;
pub use packages::recorded_packages;
pub use plan::plan;
pub use planner::{Choices, PlanError};
pub use undo::TakeBack;
