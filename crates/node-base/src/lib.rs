//! What `ks-lint` and `node-layout` share. Knows neither kickstarts nor LVM.

#[cfg(feature = "policy")]
pub mod capacity; // how many images fit
pub mod console; // what both programs print
pub mod diagnostic; // codes, severities, findings
pub mod harmless; // untrusted text for a terminal
pub mod names; // names of images and volumes
#[cfg(feature = "policy")]
pub mod policy; // layout constraints as data
pub mod source; // text, spans, line numbers
pub mod units; // bytes, MiB, extents
