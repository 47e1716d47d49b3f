//! Kickstarts and boot configurations through readers, rules and waivers.
//!
//! [`path`] checks a file as `ks-lint FILE` does; [`lint`] checks a text. [`boot`] checks boot configurations, [`addon`]
//! reads the add-on's section alone, [`plan`] plans the storage.
//!
//! Invariant: what is found depends on the text of a file, the files it includes, and the [`Settings`] (with
//! [`shellcheck`] also on that program); nothing here prints or knows an output format.

pub mod addon; // the section of the add-on alone
mod auto; // the policy that a kickstart asks for
pub mod baseline; // findings that are known
pub mod boot; // boot configurations, alone or with their kickstart
mod boot_files; // boot configurations in a directory
mod check; // one kickstart through every rule
mod choice; // which findings are reported
mod chosen; // a choice with its reason
pub mod config; // .ks-lint.toml
mod file_report; // what was found in one file
mod fragments; // files of a run that others include
pub mod include; // files that a kickstart includes
pub mod input; // reading paths
mod language; // what the language of one release says
mod overlaps; // findings that repeat others
mod patterns; // patterns of files
pub mod plan; // the storage plan of a parsed kickstart
mod read; // a parsed kickstart with its directives
mod refusal; // findings because of which a kickstart is refused
mod release; // the version that a kickstart is read as
mod served; // URLs as files below a directory
pub mod settings; // options, configuration, defaults
pub mod shellcheck; // the program of that name
mod surroundings; // codes and policies that directives name
pub mod text; // files as text
mod together; // a command line with the kickstart that it fetches
pub mod validator; // what the reference's validator says of a file

pub use check::{Linted, PathError, lint, path, path_of_run, text_of_run};
pub use choice::{Choice, Selector, UnknownSelector};
pub use chosen::Chosen;
pub use file_report::FileReport;
pub use fragments::Fragments;
pub use language::{header_release, language};
pub use read::{Read, read, read_with_includes};
pub(crate) use refusal::{can_be_waived, is_refusal};
pub use settings::Settings;
pub use surroundings::ThisMachine;
