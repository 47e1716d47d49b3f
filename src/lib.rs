//! `ks-lint` finds what is wrong in a kickstart before a disk is touched.

pub mod boot; // kernel command lines and boot configurations
pub mod catalogue; // every kind of finding
pub mod cli; // the command line
pub mod directives; // what a kickstart says to this project: version, add-on section, waivers
pub mod host; // facts of the machine it runs on
pub mod lint; // one file through readers and rules
pub mod report; // one output format, one file
mod rules; // one rule, one file
