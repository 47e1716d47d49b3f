//! Syntax versions × command tables → typed commands. Knows no policy.
//!
//! Invariant: for every version, a document has a `syntax` error here exactly when the reference parser
//! (pykickstart) raises one, and the first error is on the same line.

mod addons; // add-ons of the releases
mod arguments; // words of a line → options and arguments
mod array_names; // `raid --device` in each version
mod checks; // conditions on the arguments together
pub mod codes; // KS001 on
pub mod compare; // what changed between two versions
mod distributions; // names of distributions
mod hints; // what was meant by words that are refused
mod index; // commands by name
mod kickstart; // what parsing gives
mod mend; // fixes of findings about the language
mod packages; // lines of %packages
mod perfect_hash;
mod problems; // findings about single lines
mod python; // values as Python reads them
mod quotes; // quotes and comments that were not meant
mod read; // lines → kickstart
mod releases; // releases that a text names
mod repeated; // commands that are given again
mod repeats; // what is left of them, gathered
mod state; // what earlier lines mean for later ones
mod tables; // the command tables
mod value_problems; // findings about values of options
mod values; // words with their places
mod version; // RHEL9, F46
pub mod vocabulary; // commands and options of a version

pub use kickstart::{Command, Include, Kickstart, Section, SectionKind};
pub use packages::{PackageKind, PackageLine};
pub use python::{normal_mount_point, python_int};
pub use read::{parse, parse_with_includes, validate};
pub use releases::{NamedRelease, release_named_in};
pub use repeated::{Repeats, Setter, Slot};
pub use values::Arg;
pub use version::{Family, UnknownVersion, Version};

/// The reference parser that the tables were gathered from, with its version: `pykickstart 3.78`.
pub const REFERENCE: &str = tables::REFERENCE;
