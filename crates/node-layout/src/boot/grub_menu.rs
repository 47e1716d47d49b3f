//! GRUB's menu: where an entry is in its list, and what its configuration does before the list.

use node_base::boot_entry::BootEntry;
use std::cmp::Ordering;

/// The position of an entry in the menu that upstream's `blscfg` makes, from 0: the entries sorted by their file names, newest
/// version first (GRUB 2.14, `grub-core/commands/blsuki.c`). `None` if `config` adds entries of its own before them, or if the
/// entry does not exist.
pub(super) fn index(config: &str, entries: &[BootEntry], id: &str) -> Option<usize> {
    let before = config.lines().map(str::trim_start).take_while(|l| !is_command(l, "blscfg"));
    if before.into_iter().any(|l| is_command(l, "menuentry") || is_command(l, "submenu")) {
        return None;
    }
    let mut ids: Vec<&str> = entries.iter().map(|e| e.id.as_str()).collect();
    ids.sort_by(|a, b| compare(b, a));
    ids.into_iter().position(|i| i == id)
}

/// Whether a line of a configuration begins with this command.
pub(super) fn is_command(line: &str, command: &str) -> bool {
    line.trim_start()
        .strip_prefix(command)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == ';'))
}

/// The order of file names by the versions in them, as gnulib's `filevercmp` has it (GNU coreutils manual, "Version sort
/// ordering"): the name without its suffixes decides first.
fn compare(a: &str, b: &str) -> Ordering {
    let (short_a, short_b) = (without_suffix(a), without_suffix(b));
    if short_a == short_b {
        return compare_versions(a.as_bytes(), b.as_bytes()).then_with(|| a.cmp(b));
    }
    compare_versions(short_a.as_bytes(), short_b.as_bytes()).then_with(|| a.cmp(b))
}

/// A name without everything at its end that looks like `.conf` or `.tar.gz`: a dot, a letter or `~`, letters, digits and `~`.
fn without_suffix(name: &str) -> &str {
    let mut rest = name;
    while let Some((before, suffix)) = rest.rsplit_once('.') {
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '~';
        let is_suffix =
            suffix.starts_with(is_letter) && suffix.chars().all(|c| is_letter(c) || c.is_ascii_digit());
        if before.is_empty() || !is_suffix {
            break;
        }
        rest = before;
    }
    rest
}

/// Texts and numbers in turn: numbers by their value, letters before everything else, `~` before the end.
fn compare_versions(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let weight = |text: &[u8]| match text.first() {
        None => -1,
        Some(c) if c.is_ascii_digit() => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
        Some(b'~') => -2,
        Some(c) => i32::from(*c) + 256,
    };
    let is_text = |text: &[u8]| text.first().is_some_and(|c| !c.is_ascii_digit());
    let number = |text: &mut &[u8]| {
        let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        *text = rest;
        let zeros = digits.iter().take_while(|c| **c == b'0').count();
        digits[zeros..].to_vec()
    };
    while !a.is_empty() || !b.is_empty() {
        while is_text(a) || is_text(b) {
            let order = weight(a).cmp(&weight(b));
            if order.is_ne() {
                return order;
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
        let (x, y) = (number(&mut a), number(&mut b));
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(&y));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(ids: &[&str]) -> Vec<BootEntry> {
        ids.iter().map(|id| BootEntry::parse(id, "linux /a\n")).collect()
    }

    /// The first list of names is in the order of `printf '%s.conf\n' … | sort -rV` (GNU coreutils 9.1).
    #[test]
    fn entries_are_in_the_order_of_their_versions() {
        let sorted = [
            "ovirt-node-ng-4.5.10-0.1+1-5.14.0-503.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.2+1-5.14.0-503.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.1+1-5.14.0-503.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.1+1-5.14.0-70.el9.x86_64",
            "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-5.14.0-503.el9.x86_64",
            "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-0-rescue",
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        for (position, id) in sorted.iter().enumerate() {
            assert_eq!(index("insmod blscfg\nblscfg\n", &entries(&shuffled), id), Some(position), "{id}");
        }
        assert_eq!(index("", &entries(&sorted), "gone"), None);
    }

    #[test]
    fn an_entry_of_the_configuration_itself_makes_positions_unknown() {
        let list = entries(&["a-1", "a-2"]);
        let config = |before: &str, after: &str| format!("{before}\ninsmod blscfg\nblscfg\n{after}\n");
        assert_eq!(index(&config("set x=1", "menuentry 'firmware' {"), &list, "a-1"), Some(1));
        assert_eq!(index(&config("menuentry 'memtest' {", ""), &list, "a-1"), None);
        assert_eq!(index(&config("if true; then\n  submenu 'more' {", ""), &list, "a-1"), None);
    }

    proptest! {
        #[test]
        fn names_are_ordered_the_same_way_round(a in "[a-c0-2~.+-]{0,9}", b in "[a-c0-2~.+-]{0,9}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert!(compare(&a, &b).is_eq() == (a == b));
        }
    }
}
