//! A choice with its reason.

/// A choice and the reason for it, for the summary line.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<T> {
    /// What was chosen.
    pub value: T,
    /// Completes "RHEL9: …", as in "from its #version header" or "given with --syntax".
    pub because: String,
}

impl<T> Chosen<T> {
    /// A choice with its reason.
    pub fn new(value: T, because: impl Into<String>) -> Self {
        Chosen { value, because: because.into() }
    }
}
