//! `ks-lint` finds what is wrong in a kickstart before a disk is touched.

pub mod boot; // kernel command lines and boot configurations
pub mod cli;
pub mod host; // facts of the machine it runs on
pub mod lint; // one kickstart through all of the above
pub mod report; // one output format, one file
pub mod rules; // one rule, one file
