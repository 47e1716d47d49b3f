//! Values of boot options: small words that several forms share, and what can be wrong with one.

use node_base::diagnostic::Severity;
use node_base::source::Span;
use node_base::source::Spanned;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueIssue {
    /// What was seen and what was expected.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Error: refused or ignored; warning: read, but not as intended; info: perhaps not as intended.
    pub severity: Severity,
    /// Which bytes of the value it is about; nothing for the whole.
    pub part: Option<Range<usize>>,
    /// The whole value that was meant, where the text leaves one reading.
    pub meant: Option<String>,
}

impl ValueIssue {
    /// The program that reads the value refuses or ignores it.
    pub fn error(message: impl Into<String>) -> ValueIssue {
        ValueIssue { message: message.into(), help: None, severity: Severity::Error, part: None, meant: None }
    }

    /// The program reads it, but probably not as intended.
    pub fn warning(message: impl Into<String>) -> ValueIssue {
        ValueIssue { severity: Severity::Warning, ..ValueIssue::error(message) }
    }

    /// The program reads it in another way than it looks, which may be intended.
    pub fn info(message: impl Into<String>) -> ValueIssue {
        ValueIssue { severity: Severity::Info, ..ValueIssue::error(message) }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> ValueIssue {
        self.help = Some(help.into());
        self
    }

    /// Says which value to write, in the help and as what was meant.
    #[must_use]
    pub fn write(self, value: impl Into<String>) -> ValueIssue {
        let value = value.into();
        self.help(format!("write {value}")).meant(value)
    }

    /// Says which value was meant; the help names it.
    #[must_use]
    pub fn meant(mut self, value: impl Into<String>) -> ValueIssue {
        self.meant = Some(value.into());
        self
    }

    /// Restricts it to these bytes of the value.
    #[must_use]
    pub fn part(mut self, part: Range<usize>) -> ValueIssue {
        self.part = Some(part);
        self
    }

    /// The place of it in the file, when `value` was written without quotes; else the whole value.
    pub fn span(&self, value: &Spanned<'_>) -> Span {
        let verbatim = value.text.len() == (value.span.end - value.span.start) as usize;
        match &self.part {
            Some(part) if verbatim && part.start < part.end && part.end <= value.text.len() => Span::new(
                value.span.file,
                value.span.start as usize + part.start,
                value.span.start as usize + part.end,
            ),
            _ => value.span,
        }
    }
}

/// One of the fields of a value that are separated by colons.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field<'v> {
    /// Without the brackets around it, if the whole field stands in brackets.
    pub text: &'v str,
    /// Whether it stood in brackets.
    pub bracketed: bool,
    /// Its bytes in the value, brackets included.
    pub at: Range<usize>,
}

/// Splits at `separator`, which does not count between square brackets (NetworkManager's `get_word`, dracut's
/// `ip_to_var`): an IPv6 address contains colons.
pub(crate) fn fields(value: &str, separator: char) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let (mut start, mut depth) = (0usize, 0u32);
    for (at, c) in value.char_indices() {
        match c {
            '[' => depth = depth.saturating_add(1),
            ']' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                fields.push(field(value, start..at));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    fields.push(field(value, start..value.len()));
    fields
}

fn field(value: &str, at: Range<usize>) -> Field<'_> {
    let text = &value[at.clone()];
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(inner) if !inner.contains(['[', ']']) => Field { text: inner, bracketed: true, at },
        _ => Field { text, bracketed: false, at },
    }
}

/// An address, with its prefix length if it has one (`192.0.2.1/24`, `[2001:db8::1]/64`).
pub(crate) fn address(field: &Field<'_>) -> Option<(IpAddr, Option<u8>)> {
    let (text, prefix) = match field.text.split_once('/') {
        Some((text, prefix)) => (text, Some(prefix)),
        None => (field.text, None),
    };
    let (text, inner) = match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(inner) => (inner, true),
        None => (text, field.bracketed),
    };
    let address = if inner {
        IpAddr::V6(text.parse::<Ipv6Addr>().ok()?)
    } else {
        IpAddr::V4(text.parse::<Ipv4Addr>().ok()?)
    };
    let prefix = match prefix {
        Some(p) => Some(p.parse::<u8>().ok().filter(|p| *p <= bits(address))?),
        None => None,
    };
    Some((address, prefix))
}

/// Bits of an address: 32 for IPv4, 128 for IPv6.
pub(crate) fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A netmask (`255.255.255.0`) or a prefix length (`24`), as a prefix length.
pub(crate) fn prefix_length(text: &str, bits: u8) -> Option<u8> {
    if let Ok(prefix) = text.parse::<u8>() {
        return (prefix <= bits).then_some(prefix);
    }
    let mask = text.parse().ok()?;
    (bits == 32).then_some(mask).and_then(prefix_of_netmask)
}

/// The prefix length of a netmask, whose ones are contiguous.
pub(crate) fn prefix_of_netmask(mask: Ipv4Addr) -> Option<u8> {
    let mask = u32::from(mask);
    (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(mask.leading_ones() as u8)
}

/// The netmask of a prefix length: `255.255.255.0` for 24.
pub(crate) fn netmask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0))
}

/// Whether two addresses are in the same network of this prefix length.
pub(crate) fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let shift = 32u32.saturating_sub(u32::from(prefix));
            shift >= 32 || u32::from(a) >> shift == u32::from(b) >> shift
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let shift = 128u32.saturating_sub(u32::from(prefix));
            shift >= 128 || u128::from(a) >> shift == u128::from(b) >> shift
        }
        _ => false,
    }
}

/// Whether this can be the name of a network interface: 1 to 15 letters, digits and `. _ - + @ ~`, not `.` or `..`. The
/// kernel (`dev_valid_name`) allows more, but names with quotes or shell characters do not survive dracut's and
/// NetworkManager's configuration files.
pub(crate) fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name != "."
        && name != ".."
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '~'))
}

/// A MAC address of six bytes with colons or dashes between them, as lower-case text with colons.
pub(crate) fn mac(text: &str) -> Option<String> {
    let separator = if text.contains('-') { '-' } else { ':' };
    let parts: Vec<_> = text.split(separator).collect();
    let byte = |p: &&str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    (parts.len() == 6 && parts.iter().all(byte)).then(|| parts.join(":").to_ascii_lowercase())
}

/// Whether this is a hardware address of Ethernet (6 bytes) or InfiniBand (20 bytes) with dashes.
pub(crate) fn is_dashed_address(text: &str) -> bool {
    let byte = |p: &str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    matches!(text.split('-').count(), 6 | 20) && text.split('-').all(byte)
}

/// Whether this is a host name or an address without brackets.
pub(crate) fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        })
}

/// Splits `HOST`, `HOST:PORT` or `[ADDRESS]:PORT` and checks both halves.
pub(crate) fn host_port(text: &str) -> Result<(&str, Option<u16>), ValueIssue> {
    let parts = fields(text, ':');
    if parts.len() > 2 {
        return Err(ValueIssue::error(format!("'{text}' is not a HOST or HOST:PORT"))
            .help("put an IPv6 address in square brackets: [2001:db8::1]:514"));
    }
    let host = &parts[0];
    let good = if host.bracketed { host.text.parse::<Ipv6Addr>().is_ok() } else { is_host(host.text) };
    if !good {
        return Err(ValueIssue::error(format!("'{}' is neither a host name nor an address", host.text))
            .part(host.at.clone()));
    }
    match parts.get(1) {
        None => Ok((host.text, None)),
        Some(port) => match port.text.parse::<u16>() {
            Ok(p) if p > 0 => Ok((host.text, Some(p))),
            _ => Err(ValueIssue::error(format!("'{}' is not a port: expected 1 to 65535", port.text))
                .part(port.at.clone())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_protect_the_colons_of_an_address() {
        let parts = fields("[2001:db8::1]::gw:64", ':');
        let texts: Vec<_> = parts.iter().map(|f| f.text).collect();
        assert_eq!(texts, ["2001:db8::1", "", "gw", "64"]);
        assert!(parts[0].bracketed);
        assert_eq!(parts[2].at, 15..17);
    }

    #[test]
    fn masks_are_contiguous() {
        assert_eq!(prefix_length("255.255.255.0", 32), Some(24));
        assert_eq!(prefix_length("0.0.0.0", 32), Some(0));
        assert_eq!(prefix_length("255.0.255.0", 32), None);
        assert_eq!(prefix_length("33", 32), None);
        assert_eq!(prefix_length("64", 128), Some(64));
    }

    #[test]
    fn names_of_interfaces_have_no_quotes_and_no_shell_characters() {
        assert!(is_interface("enp3s0f1np1") && is_interface("bond0.12"));
        for name in ["", "averyveryverylongname", "a b", "eth0/1", "..", "A'", "a\"", "a#", "$a"] {
            assert!(!is_interface(name), "'{name}' must be refused");
        }
    }
}
