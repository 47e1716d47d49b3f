//! What the parts of a translation share.

use super::Node;

/// Whether a value can be written into a kickstart or a script unquoted: no blank, no quote, nothing special to a shell.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '@' | ',' | '=' | '+' | '-')
        })
}

/// A kickstart that is being written.
pub(super) struct Writer<'n> {
    pub(super) node: &'n Node,
    /// Parameters that are translated.
    pub(super) done: Vec<&'static str>,
    /// Remarks about parameters that are not.
    pub(super) left: Vec<String>,
    /// Whether the second group has a swap volume.
    pub(super) has_second_swap: bool,
}

impl Writer<'_> {
    /// The value of a parameter, marked as translated; `None` if it is not given or would need quotes.
    pub(super) fn plain(&mut self, name: &'static str) -> Option<String> {
        let value = self.node.get(name).filter(|v| is_plain(v))?.to_owned();
        self.done.push(name);
        Some(value)
    }
}
