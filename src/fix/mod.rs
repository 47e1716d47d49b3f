//! Fixes applied to files.
//!
//! Invariant: a file is replaced as a whole or not at all; it keeps its mode, owner, line ends and encoding.

mod write; // files replaced at once

pub use write::write;
