//! What Anaconda makes of a layout on a machine: the order of its steps, the sizes, the storage check, the verdict.

mod anywhere; // what is refused on any disks
mod autopart; // autopart and reqpart
mod bootloader; // boot disk, stage 1, stage 2
pub mod capacity; // how many images fit
mod cause; // why the installer refuses
mod check; // the storage checker
mod chunk; // free regions, the partitions in them
mod custom; // part, raid, volgroup, logvol, btrfs
mod disk_space; // what partitions need, in numbers
mod groups; // volumes in their groups
mod growth; // shares of free space
mod luks; // versions of LUKS
mod manual; // mount
mod minimum; // the smallest disk that will do
mod outcome; // verdict, messages, devices
mod partitions; // places and sizes of partitions
mod select; // ignoredisk, clearpart, zerombr
mod swap; // suggested swap
mod unknown; // what a plan cannot know
mod verdict; // the order of it all, the verdict

pub use anywhere::refused_anywhere;
pub use bootloader::Boot;
pub use cause::{Cause, Refusal};
pub use minimum::{Minimum, minimum};
pub use outcome::{Attempt, MissingVolume, Plan, Verdict};
pub use unknown::lacks_serial;
pub use verdict::{plan, plan_layout, refusals};
