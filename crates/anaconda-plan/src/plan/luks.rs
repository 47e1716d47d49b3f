//! Encryption that Anaconda does not know.

use crate::layout::Encryption;
use crate::plan::cause::{Cause, Refusal};
use node_base::source::Span;

/// Refuses a version of LUKS that does not exist. pykickstart accepts every word; blivet's `formats/luks.py` refuses.
///
/// # Errors
/// [`Cause::UnknownFileSystem`]
pub(super) fn check(encryption: &Encryption, span: Span) -> Result<(), Refusal> {
    let Some(version) = encryption.unknown_version.as_ref().filter(|_| encryption.wanted) else {
        return Ok(());
    };
    let says = format!("Unknown or unsupported LUKS version '{version}'");
    Err(Refusal::stop(Cause::UnknownFileSystem, Some(span), says))
}
