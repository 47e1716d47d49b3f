//! Base, layer and boot entry of an installed node: read the system, plan steps, run them, verify.
//!
//! Invariant: what is to be done is decided from what is on the disk ([`system`], [`checks`], [`plan`]), and nothing is
//! changed but by the actions of a plan ([`run`]). Programs and the kernel are met only in [`tools`].

pub mod checks; // what stands in the way, before anything is changed
pub mod cli;
pub mod content; // the content of a base as a number
pub mod efi; // UEFI variables
pub mod fat; // files on FAT, in an order that survives a power cut
pub mod files; // changing files so that a power cut does no harm
pub mod fstab; // /etc/fstab, edited field by field
pub mod grubenv; // GRUB's environment block
pub mod kept; // kernel and initramfs kept for an image
pub mod list; // the images of a machine
pub mod loader; // the boot configuration as a whole
pub mod lvm; // LVM's report and its commands
pub mod notice; // what is found on a machine
pub mod plan; // the steps
pub mod run; // carrying them out
pub mod system; // everything about a machine, read once
pub mod target; // kernel arguments turned to the layer
pub mod thin; // what a thin volume uses of its pool
pub mod tools; // the boundary to the machine
pub mod undo; // taking them back
pub mod verify; // every property looked at again
pub mod xfs; // directories on XFS, exchanged so that a power cut does no harm
