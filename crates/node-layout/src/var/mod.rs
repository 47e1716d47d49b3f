//! /var in an update. All images share it, so an update adds what only the new image has, and replaces nothing.
//!
//! [`compare`](fn@compare) finds what is to be added while the old image, the new one and the live /var can all be read. That is
//! written as a [`Record`] below the live /var, where the old and the new layer see it. When the new image is confirmed,
//! [`add`](fn@add) copies from the /var of its layer, which the live one covers.
//!
//! The room knows directories, no node. Names are bytes, no link is followed.

mod add; // what is missing is copied
mod compare; // what is to be added
mod error; // why it cannot be done
mod record; // what waits for the confirmation
mod rules; // what is left alone
#[cfg(test)]
mod tests;

pub(crate) use add::add;
pub(crate) use compare::{Additions, Differing, VarTrees, compare};
pub use error::VarError;
pub(crate) use record::{RECORDS, Record, file_name};
