//! Syntax versions × command tables → typed commands. Knows no policy.
//!
//! Invariant: for every version, a document has a `syntax` error here exactly when the reference parser
//! (pykickstart) raises one, and the first error is on the same line.

mod arguments;
mod checks;
pub mod codes; // KS001 on
pub mod compare; // what changed between two versions
mod include;
mod index;
mod kickstart;
mod packages;
mod perfect_hash;
mod problems;
mod python;
mod quotes;
mod read;
mod state;
mod tables;
mod version;

pub use codes::CODES;
pub use include::{IncludeOptions, load_includes};
pub use kickstart::{Arg, Command, Include, Kickstart, Section, SectionKind, Value};
pub use packages::{PackageKind, PackageLine};
pub use python::{comma_list, normal_mount_point, python_bool, python_int};
pub use version::{Family, UnknownVersion, Version};

use node_base::diagnostic::Findings;
use node_base::source::{FileId, Sources};

/// Reads one file as a kickstart of this version. Syntax findings go to `findings`; what could be read is
/// returned even when there are errors.
pub fn parse<'s>(
    sources: &'s Sources,
    file: FileId,
    version: Version,
    findings: &mut Findings,
) -> Kickstart<'s> {
    read::Reader::new(sources, file, version, findings).read()
}

/// The reference parser that the tables were gathered from, with its version.
pub const REFERENCE: &str = tables::REFERENCE;
