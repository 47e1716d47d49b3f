//! `ks-lint` finds what is wrong in a kickstart before a disk is touched; `node-layout` keeps the installed
//! system an image that can be upgraded and rolled back. Both programs are thin faces over this library.
//!
//! The modules are rooms; dependencies point down this list only where a room needs it
//! (see `ARCHITECTURE.md`):

pub mod boot; // kernel command lines and boot configurations
pub mod cli;
pub mod diagnostic; // codes, severities, findings
pub mod dialect; // syntax versions and command tables
pub mod host; // facts of the machine it runs on
pub mod layout; // base, layer, boot entry
pub mod lint; // one kickstart through all of the above
pub mod names; // what LVM lets a volume be called
pub mod policy; // layout constraints as data
pub mod report; // one output format, one file
pub mod rules; // one rule, one file
pub mod source; // text, spans, line numbers
pub mod storage; // what the kickstart asks for, what Anaconda makes of it
pub mod syntax; // lossless tree of lines and sections
pub mod units; // bytes, MiB, extents // two thin faces
