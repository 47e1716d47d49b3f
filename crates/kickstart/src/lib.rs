//! Reads Anaconda kickstarts of every syntax version.

mod dialect;
pub mod syntax; // lossless tree of lines and sections

pub use dialect::*;
