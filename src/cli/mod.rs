//! The command lines of the two programs: data (clap structures) and thin verbs.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod ks_lint;
pub mod node_layout;
