//! Fixes applied to texts and files.
//!
//! Invariant: a file is replaced as a whole or not at all; it keeps its mode, owner, line ends and encoding. A fix never makes
//! an error of syntax.

mod apply; // fixes applied to a text
mod diff; // what a fix changes, as a patch
mod waive; // waivers for what is found
mod write; // files replaced at once

pub use apply::{AppliedFix, Fixed, Wanted, apply};
pub use diff::diff;
pub use waive::{Waived, waive};
pub use write::write;
