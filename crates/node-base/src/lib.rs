//! What `ks-lint` and `node-layout` share. Knows neither kickstarts nor LVM.

pub mod base64; // keys of SSH and OpenPGP
#[cfg(feature = "boot")]
pub mod boot_entry; // Boot Loader Specification entries
#[cfg(feature = "policy")]
pub mod capacity; // how many images fit
#[cfg(feature = "boot")]
pub mod cmdline; // kernel command lines
pub mod console; // what both programs print
pub mod diagnostic; // codes, severities, findings
pub mod fold; // sentences broken to the width of a terminal
pub mod harmless; // untrusted text for a terminal
pub mod names; // names of images and volumes
#[cfg(feature = "policy")]
pub mod policy; // layout constraints as data
pub mod regular; // files that a text names: regular ones, bounded
pub mod source; // text, spans, line numbers
pub mod superblock; // what is on a device, by its magic numbers
pub mod units; // bytes, MiB, extents
