//! Reads Anaconda kickstarts of every syntax version (Fedora Core 3 to Fedora 46, RHEL 3 to 10) as the reference
//! parser, pykickstart, does.
//!
//! ```
//! use kickstart::Version;
//! use node_base::diagnostic::Findings;
//! use node_base::source::Sources;
//!
//! let text = "part pv.01 --size=1 --grow\n\
//!             volgroup vg pv.01\n\
//!             logvol / --vgname=vg --name=root --size=10240\n\
//!             logvol swap --vgname=vg --name=swap --sise=4096\n";
//! let mut sources = Sources::new();
//! let file = sources.add("node.ks", text.to_owned())?;
//! let mut findings = Findings::new();
//! let kickstart = kickstart::parse(&sources, file, Version::rhel(9), &mut findings);
//!
//! let volumes: Vec<String> = kickstart
//!     .all("logvol")
//!     .filter_map(|c| Some(format!("{}: {} MiB", c.first()?.text, c.int("--size")?)))
//!     .collect();
//! assert_eq!(volumes, ["/: 10240 MiB"], "the second volume has a mistake");
//!
//! let mistakes = findings.into_sorted();
//! assert_eq!(mistakes[0].message, "'logvol' has no option '--sise' in RHEL9");
//! assert_eq!(mistakes[0].label.as_deref(), Some("did you mean '--size'?"));
//! # Ok::<(), node_base::source::SourceError>(())
//! ```
//!
//! - [`parse`] reads one text; [`parse_with_includes`] also what it includes, which an [`include::Loader`] brings.
//! - [`Kickstart`] holds the result: [`Command`]s with their options and places, and [`Section`]s.
//! - [`codes`] lists the codes of the findings, with their documentation. [`compare`] says what changed from one [`Version`] to another; [`vocabulary`] lists the commands and options of one.
//! - [`syntax`] is the layer below: lines, words and sections of any text, without loss. [`shell`] reads the scripts of
//!   sections.
//!
//! Nothing here opens a file, starts a process or knows a policy.

mod dialect;
pub mod include; // included files, brought by a loader
pub mod shell; // commands of a script
pub mod syntax; // lossless tree of lines and sections

pub use dialect::{
    Arg, Command, Family, Include, Kickstart, NamedRelease, PackageKind, PackageLine, REFERENCE, Repeats,
    Section, SectionKind, Setter, Slot, UnknownVersion, Version, normal_mount_point, parse,
    parse_with_includes, python_int, release_named_in, validate,
};
pub use dialect::{codes, compare, vocabulary};
