//! What Anaconda makes of a kickstart's partitioning on given disks.
//!
//! ```
//! use anaconda_plan::machine::{Firmware, Machine};
//! use anaconda_plan::{Verdict, plan};
//! use kickstart::Version;
//! use node_base::diagnostic::Findings;
//! use node_base::source::Sources;
//! use node_base::units::Bytes;
//!
//! let text = "clearpart --all --initlabel\nautopart --type=thinp\n";
//! let mut sources = Sources::new();
//! let file = sources.add("node.ks", text.to_owned())?;
//! let kickstart = kickstart::parse(&sources, file, Version::rhel(9), &mut Findings::new());
//!
//! let machine = Machine {
//!     disks: vec!["vda=100GiB".parse()?],
//!     firmware: Firmware::Uefi,
//!     memory: Bytes(16 << 30),
//! };
//! let plan = plan(&kickstart, None, &machine);
//! assert_eq!(plan.verdict, Verdict::Proceeds);
//! let tree = plan.tree.ok_or("devices")?;
//! let root = tree.mounted("/").ok_or("a root file system")?;
//! assert_eq!(tree[root].name, "rhel-root");
//! assert_eq!(tree.type_name(root), "lvmthinlv");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`layout`]: what the kickstart asks for, each request with its place.
//! - [`machine`]: disks, partition tables, the releases of Anaconda and their profiles, and the [`machine::Tree`] of all
//!   devices.
//! - [`plan()`] carries the requests out in Anaconda's order; [`refusals`] collects everything that is wrong instead of
//!   stopping at the first message, and [`refused_anywhere`] what is wrong on every machine. [`capacity`] says how many
//!   images fit.
//!
//! Invariant: the arithmetic is the installer's own, release by release; what the installer does not decide is not
//! decided here. Nothing here reads a device: disks are descriptions.

pub mod layout; // what the kickstart asks for
pub mod machine; // disks, tables, releases, devices
mod plan; // order, growth, LVM, check, verdict

pub use plan::{
    Attempt, Boot, Cause, Minimum, MissingVolume, Plan, Refusal, Verdict, capacity, lacks_serial, minimum,
    plan, plan_layout, refusals, refused_anywhere,
};
