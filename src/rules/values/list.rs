//! A list of known names, one a line, sorted by bytes.

use node_base::diagnostic::nearest;
use node_base::source::bytes::position;

/// Known names.
pub(super) struct List(&'static str);

/// The time zones of tzdata, with the names that were given up.
pub(super) static TIME_ZONES: List = List(include_str!("../../../grammar/values/time-zones.txt"));
/// The locales of glibc without their character sets.
pub(super) static LOCALES: List = List(include_str!("../../../grammar/values/locales.txt"));
/// The keyboard layouts of X, with their variants: `cz`, `cz (qwerty)`.
pub(super) static LAYOUTS: List = List(include_str!("../../../grammar/values/layouts.txt"));
/// The keymaps of the console, with those that are made of the layouts of X.
pub(super) static KEYMAPS: List = List(include_str!("../../../grammar/values/keymaps.txt"));
/// Groups and environments of packages, by their ids and names, in lower case: package managers ignore case.
pub(super) static GROUPS: List = List(include_str!("../../../grammar/values/groups.txt"));
/// The services of firewalld.
pub(super) static FIREWALL_SERVICES: List =
    List(include_str!("../../../grammar/values/firewall-services.txt"));

impl List {
    /// Whether a name is in the list. Looks at as many lines as the list's length has bits.
    pub(super) fn contains(&self, name: &str) -> bool {
        let mut rest = self.0.as_bytes();
        while !rest.is_empty() {
            let middle = rest.len() / 2;
            let start = rest[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let end = position(&rest[middle..], b'\n').map_or(rest.len(), |at| middle + at);
            match rest[start..end].cmp(name.as_bytes()) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => rest = rest.get(end + 1..).unwrap_or_default(),
                std::cmp::Ordering::Greater => rest = &rest[..start],
            }
        }
        false
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.lines()
    }

    /// The name that a misspelt one most likely was meant to be.
    pub(super) fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.names())
    }
}

/// Whether two words differ in one letter that was put in, left out or exchanged. A digit makes another name: http2, ldap3.
pub(super) fn differ_in_one_letter(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let head = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let tail = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
    let has_digit = a.bytes().chain(b.bytes()).any(|c| c.is_ascii_digit());
    head + tail + 1 >= a.len().max(b.len()) && !has_digit
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&List; 6] = [&TIME_ZONES, &LOCALES, &LAYOUTS, &KEYMAPS, &GROUPS, &FIREWALL_SERVICES];

    #[test]
    fn every_name_of_a_list_is_found_and_no_other() {
        for list in ALL {
            assert!(list.names().is_sorted(), "a list is not sorted by bytes");
            for name in list.names() {
                assert!(list.contains(name), "{name}");
                for other in ["", &name[1..], &format!("{name}x"), &format!("{name}\n")] {
                    assert_eq!(list.contains(other), list.names().any(|n| n == other), "{other}");
                }
            }
        }
    }
}
