//! The three-way merge of /etc: what the administrator has changed and what the new image has changed are both in the new layer.
//!
//! [`merge`](fn@merge) compares the ancestor (/etc of the old image), ours (/etc of the host) and theirs (/etc of the new image) and decides
//! every file before [`write`](fn@write) changes one. What only one side has changed is that side's. What both have changed is merged by its
//! kind ([`kinds`]): records by their keys, text by its lines as `git merge-file` does, users and groups by their names ([`accounts`]).
//! Owner, mode and each extended attribute are merged like content. What does not go together is a conflict, and the host's version
//! stays until somebody decides.
//!
//! The room knows directories, no node: the same merge works on any three of them. Names are bytes, no link is followed.

mod accounts; // users and groups by their names
mod error; // why it cannot be done
mod fields; // the fields of a record
mod file; // one file of three trees
mod formats; // files that consist of records
mod ids; // numbers of users and groups
mod kinds; // which file is merged how
mod lines; // text, line by line
mod node; // one file of one tree
mod outcome; // what a merge decides
mod owners; // owners outside of /etc
mod parts; // content, owner, mode, attributes
mod records; // records by their keys
mod restore; // what programs of packages have changed
mod store; // conflicts that wait for a decision
#[cfg(test)]
mod tests;
mod tree; // three trees
mod unified; // differences for people
mod write; // the result into a directory

pub use error::EtcError;
pub use ids::IdMap;
pub(crate) use kinds::{PINS, below_etc, read_pins};
pub(crate) use lines::{has_marks, merge_lines};
pub(crate) use outcome::{Ancestor, Choices, FileMerge, Merge, Reason, Trees};
pub use outcome::{Outcome, Side};
pub(crate) use owners::renumber;
pub(crate) use restore::restore;
pub use store::Conflict;
pub(crate) use store::{CONFLICTS, LIST, VERSIONS, conflicts, list_text, place, read_list, save};
pub(crate) use tree::merge;
pub(crate) use unified::unified;
pub(crate) use write::{empty_output, text, version, write};
