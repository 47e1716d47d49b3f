//! What is said about a place: codes with their documentation, severities, findings, fixes. Knows no kickstart.
//!
//! Every code is declared with [`declare_code!`](crate::declare_code), whose doc comment is the text that
//! `ks-lint explain CODE` prints and `docs/rules.md` is generated from.

mod code;
mod finding;
pub mod json;
pub mod layout; // codes of node-layout
mod nearest;

pub use code::{BOOK, Category, Code, Severity};
pub use finding::{Applicability, Edit, Finding, Findings, Fix, Related, Reported, Told};
pub use nearest::nearest;
