//! The command lines of the two programs: data (clap structures) and thin verbs.
//!
//! Invariant: a verb reads its input, calls the library, and gives what came of it to [`report`](crate::report);
//! it decides nothing about a kickstart.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod addon;
pub mod boot;
pub mod check;
pub mod diff_versions;
pub mod explain;
pub mod host;
pub mod input;
pub mod ks_lint;
pub mod machine;
pub mod output;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod rules;
mod values;
pub mod versions;
