//! One output format, one file. No rule is known here.
#![allow(clippy::print_stdout, clippy::print_stderr)]
