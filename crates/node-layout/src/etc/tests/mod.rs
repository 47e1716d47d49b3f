//! The merge, from lines to trees.

mod fixture; // directories as data
mod properties; // what holds for every merge
mod table; // every combination, and bugs of others

pub(super) use fixture::acl;
