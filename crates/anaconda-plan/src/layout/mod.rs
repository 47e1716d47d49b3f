//! What a kickstart asks of the disks: its storage commands as values, each with its place.
//!
//! Invariant: this is what is *asked*; the plan decides whether it can be had.

mod commands; // from the commands of a kickstart
mod model; // the values

pub use model::{
    Autopart, BootLoader, Btrfs, Clear, Encryption, Layout, LogVol, Mount, Named, Part, Raid, Reqpart,
    Selection, Sizes, Snapshot, VolGroup,
};
