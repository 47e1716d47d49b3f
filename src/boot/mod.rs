//! Kernel command lines and the boot configurations that carry them.

/// The codes of the findings about kernel command lines and boot configurations.
pub static CODES: &[&crate::diagnostic::Code] = &[];
