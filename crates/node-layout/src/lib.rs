//! The storage layout of a node: base, layer and boot entry.
//!
//! A node is a hypervisor host whose root file system is on a thin logical volume. `node-layout init` freezes the installed
//! system as a read-only *base* and makes root its first *layer*: a base is what the next image is compared with, and a layer
//! is what boots. This package reads such a system, decides what has to be done, does it so that the machine boots after every
//! single write, and checks it again.
//!
//! A system is read once; everything else is decided from what was read:
//!
//! ```
//! use node_base::policy::Policy;
//! use node_layout::{Depth, RealTools, Request, System, verify};
//!
//! let tools = RealTools::default();
//! let request = Request { sysroot: "/mnt/sysroot".into(), addon_nvr: None, nvr: None };
//! let system = System::read(&tools, &request);
//! let policy = Policy::builtin("ovirt-node")?;
//! for finding in verify(&system, &policy, &tools, Depth::Properties) {
//!     println!("{}[{}]: {}", finding.severity, finding.code.id, finding.message);
//! }
//! # Ok::<(), node_base::policy::PolicyError>(())
//! ```
//!
//! Invariants: everything is checked before anything is changed ([`examine`]); changes are data ([`Plan`]) and made only by
//! [`run`]; programs and the kernel are reached only through [`Tools`]; no shell sees an argument.

mod boot; // boot loader, entries, default
mod checks; // checks that several verbs make
pub mod cli; // the program
mod disks; // LVM, thin pool, fstab
mod etc; // the three-way merge of /etc
mod faces; // what the original programs answer
mod files; // changes of files that survive a power cut
mod images; // what belongs to an image
mod machine; // programs, devices, mounts
mod packages; // packages that were installed on this host
mod plan; // plans and their execution
mod source; // images as people have them
mod sync; // trees of files made equal
mod system; // everything about a system, read once
mod var; // what an image adds to /var
mod verbs; // what node-layout can do

pub use boot::efi::{LoadOption, Variables};
pub use boot::{BootConfig, BootError, Target};
pub use disks::{Fstab, LogicalVolume, Lvm, LvmError, Mounting, VolumeGroup};
pub use etc::{Conflict, EtcError, IdMap, Outcome, Side};
pub use files::{Change, FileError, Method, ReadError};
pub use images::{
    CONFIRM_WITHIN, Fit, Image, ImageList, ImageState, ImageStatus, InitStage, NodeState, Pool, Reason,
    TrialContent, TrialFile, TrialUnit, Volume, list, states, trial_files, units,
};
pub use machine::{Command, Output, RealTools, Space, ToolError, Tools};
pub use packages::PackageError;
pub use plan::{
    Action, Amount, EtcMerge, Failure, Operation, Plan, Progress, RunError, Step, StepState, Synchronisation,
    Undo, Undone, VarAddition, VarRecord, run,
};
pub use source::{Compression, ImageKind, ImageRequest, Proof, Proved, Source, SourceError};
pub use sync::SyncError;
pub use system::{Request, System};
pub use var::VarError;
pub use verbs::arm::{arm, arm_times};
pub use verbs::confirm::confirm;
pub use verbs::etc::{Resolution, Waiting, pin, resolve, waiting};
pub use verbs::fail::{fail, started, state_of_units};
pub use verbs::health::{FailedCheck, health};
pub use verbs::init::{Choices, PlanError, TakeBack, examine, plan, recorded_packages};
pub use verbs::kernel::{drop_kernel, keep};
pub use verbs::node::{Decision, Resume};
pub use verbs::remove::remove;
pub use verbs::rollback::rollback;
pub use verbs::status::{ImageSummary, MoreRoom, Status, TrialStatus, Verdict, brief_status, status};
pub use verbs::update::{AfterUpdate, Needs, OnConflict, Update, UpdateRequest, check_host, update};
pub use verbs::verify::{Depth, repair, verify};
