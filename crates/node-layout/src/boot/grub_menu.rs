//! GRUB's menu: where an entry is in its list, and what its configuration does before the list.

use node_base::boot_entry::BootEntry;
use std::cmp::Ordering;

/// The order in which a GRUB lists boot entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By file name, as GNU sort's versions (GRUB 2.14, `grub-core/commands/blsuki.c`).
    Upstream,
    /// By the field `version` if all entries have one, then by file name, as RPM's versions (GRUB of RHEL 8).
    Rhel8,
    /// By file name, as RPM's versions. Of entries that compare equal only the first that is read is listed (GRUB of RHEL 9, RHEL 10
    /// and Fedora, `grub-core/commands/blscfg.c`).
    RedHat,
}

/// The entries as GRUB lists them, newest first. One without a kernel is not listed.
pub(super) fn listed(entries: &[BootEntry], order: Order) -> Vec<&BootEntry> {
    let entries = entries.iter().filter(|e| e.kernel().is_some());
    let with_version = entries.clone().all(|e| e.get("version").is_some());
    let before = |a: &BootEntry, b: &BootEntry| match order {
        Order::Upstream => compare(&b.id, &a.id),
        Order::Rhel8 if with_version => {
            let version = |e: &BootEntry| (String::new(), e.get("version").unwrap_or_default().to_owned());
            compare_packages(&version(b), &version(a), false).then_with(|| compare_ids(&b.id, &a.id, false))
        }
        Order::Rhel8 => compare_ids(&b.id, &a.id, false),
        Order::RedHat => compare_ids(&b.id, &a.id, true),
    };
    // RPM's order is none that a sort can rely on, and GRUB inserts one entry after the other, too.
    let mut list: Vec<&BootEntry> = Vec::new();
    for entry in entries {
        let at = list.partition_point(|other| before(other, entry).is_le());
        list.insert(at, entry);
    }
    list
}

/// The entries as `grubby --info=ALL` of RHEL 8 and newer counts them, from 0: by file name, as RPM's versions, newest first.
pub(crate) fn counted_by_grubby(entries: &[BootEntry]) -> Vec<&BootEntry> {
    let mut list: Vec<&BootEntry> = Vec::new();
    for entry in entries {
        let at = list.partition_point(|other| compare_ids(&entry.id, &other.id, false).is_le());
        list.insert(at, entry);
    }
    list
}

/// Another entry that this GRUB takes for the same one, so that it lists only one of them.
pub(super) fn same_as<'e>(entries: &'e [BootEntry], order: Order, id: &str) -> Option<&'e BootEntry> {
    let is_same = |e: &&BootEntry| e.id != id && e.kernel().is_some() && compare_ids(&e.id, id, true).is_eq();
    entries.iter().find(is_same).filter(|_| order == Order::RedHat)
}

/// The order of ids of the form name-version-release.
fn compare_ids(a: &str, b: &str, with_plus: bool) -> Ordering {
    let split = |id: &str| match id.rsplit_once('-') {
        Some((before, _)) => {
            let name = before.rsplit_once('-').map_or(before, |(name, _)| name);
            (name.to_owned(), id[name.len() + 1..].to_owned())
        }
        None => (id.to_owned(), String::new()),
    };
    compare_packages(&split(a), &split(b), with_plus)
}

/// The order of a name, then of a version-release.
fn compare_packages(a: &(String, String), b: &(String, String), with_plus: bool) -> Ordering {
    let parts = |text: &str| {
        let (version, release) = text.rsplit_once('-').unwrap_or((text, ""));
        (version.to_owned(), release.to_owned())
    };
    let ((version_a, release_a), (version_b, release_b)) = (parts(&a.1), parts(&b.1));
    compare_rpm(&a.0, &b.0, with_plus)
        .then_with(|| compare_rpm(&version_a, &version_b, with_plus))
        .then_with(|| compare_rpm(&release_a, &release_b, with_plus))
}

/// The order of versions as RPM has it: what separates letters and digits does not count, digits are newer than letters, `~` is
/// older than the end. `with_plus`: a `+` is a separator that counts.
fn compare_rpm(a: &str, b: &str, with_plus: bool) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (mut one, mut two) = (a.as_bytes(), b.as_bytes());
    let marks = |c: u8| c == b'~' || (with_plus && c == b'+');
    let skip = |text: &mut &[u8]| {
        let at = text.iter().position(|c| c.is_ascii_alphanumeric() || marks(*c));
        *text = &text[at.unwrap_or(text.len())..];
    };
    while !one.is_empty() || !two.is_empty() {
        skip(&mut one);
        skip(&mut two);
        match (one.first(), two.first()) {
            (Some(b'~'), Some(b'~')) => {}
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'~'), _) => return Ordering::Less,
            (Some(b'+'), Some(b'+')) => {}
            (None, Some(b'+')) | (Some(b'+'), Some(_)) => return Ordering::Less,
            (Some(b'+'), None) | (Some(_), Some(b'+')) => return Ordering::Greater,
            (Some(first), Some(_)) => {
                let is_number = first.is_ascii_digit();
                let segment = |text: &mut &[u8]| {
                    let is_in = |c: &u8| {
                        if is_number { c.is_ascii_digit() } else { c.is_ascii_alphabetic() }
                    };
                    let end = text.iter().position(|c| !is_in(c)).unwrap_or(text.len());
                    let (segment, rest) = text.split_at(end);
                    *text = rest;
                    segment.to_vec()
                };
                let (x, y) = (segment(&mut one), segment(&mut two));
                if y.is_empty() {
                    return if is_number { Ordering::Greater } else { Ordering::Less };
                }
                let digits = |text: &[u8]| {
                    let zeros = text.iter().take_while(|c| is_number && **c == b'0').count();
                    text[zeros..].to_vec()
                };
                let (x, y) = (digits(&x), digits(&y));
                let longer = if is_number { x.len().cmp(&y.len()) } else { Ordering::Equal };
                let order = longer.then_with(|| x.cmp(&y));
                if order.is_ne() {
                    return order;
                }
                continue;
            }
            _ => break,
        }
        (one, two) = (&one[1..], &two[1..]);
    }
    one.len().min(1).cmp(&two.len().min(1))
}

/// The position of an entry in the menu that upstream's `blscfg` makes, from 0: the entries sorted by their file names, newest
/// version first (GRUB 2.14, `grub-core/commands/blsuki.c`). `None` if `config` adds entries of its own before them, or if the
/// entry does not exist.
pub(super) fn index(config: &str, entries: &[BootEntry], id: &str) -> Option<usize> {
    let before = config.lines().map(str::trim_start).take_while(|l| !is_command(l, "blscfg"));
    if before.into_iter().any(|l| is_command(l, "menuentry") || is_command(l, "submenu")) {
        return None;
    }
    listed(entries, Order::Upstream).into_iter().position(|e| e.id == id)
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
    fn grubby_counts_by_file_name_whatever_the_entries_say() {
        let entry = |id: &str, version: &str| BootEntry::parse(id, &format!("version {version}\n"));
        let machine = "abcdef0123456789abcdef0123456789";
        let entries = [
            entry(&format!("{machine}-6.1.0-56-cloud-amd64"), "9"),
            entry(&format!("{machine}-0-rescue"), "8"),
            entry("other", ""),
            entry("node-4.5.6-0.20261121.0+1-6.1.0-56-cloud-amd64", "6"),
            entry("node-4.5.7-0.20261205.0+1-9.9.2-lab", "5"),
        ];
        let order: Vec<&str> =
            counted_by_grubby(&entries).iter().map(|e| e.get("version").unwrap_or("")).collect();
        assert_eq!(order, ["", "5", "6", "9", "8"]);
    }

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

    /// The expected orders are those of `bls_cmp` in the branches `rhel-8-main` and `rhel-9-main` of Red Hat's GRUB, compiled and run.
    #[test]
    fn red_hats_grub_orders_entries_as_rpm_does() {
        let order = |order, ids: &[&str]| -> Vec<String> {
            listed(&entries(ids), order).into_iter().map(|e| e.id.clone()).collect()
        };
        let ids = [
            "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-0-rescue",
            "f4e5a8b9e3f94cbfb0bd7a0b1c2d3e4f-5.14.0-503.el9.x86_64",
            "5ae5a8b9e3f94cbfb0bd7a0b1c2d3e4f-5.14.0-503.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.1+1-5.14.0-70.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.1+1-5.14.0-503.el9.x86_64",
            "ovirt-node-ng-4.5.6-0.1+2-5.14.0-70.el9.x86_64",
            "ovirt-node-ng-4.5.10-0.1+1-5.14.0-70.el9.x86_64",
        ];
        let sorted = [ids[2], ids[0], ids[6], ids[5], ids[4], ids[3], ids[1]];
        for red_hat in [Order::Rhel8, Order::RedHat] {
            assert_eq!(order(red_hat, &ids), sorted, "{red_hat:?}");
        }
        let with_versions = [("a-1", "5.14.0-1.el9"), ("c-1", "5.14.0-70.el9"), ("b-1", "5.14.0-70.el9")];
        let with_versions =
            with_versions.map(|(id, v)| BootEntry::parse(id, &format!("version {v}\nlinux /a\n")));
        let ids = |list: Vec<&BootEntry>| list.iter().map(|e| e.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(listed(&with_versions, Order::Rhel8)), ["c-1", "b-1", "a-1"]);
        let no_kernel = [BootEntry::parse("z", "title nothing\n"), BootEntry::parse("a", "linux /a\n")];
        assert_eq!(ids(listed(&no_kernel, Order::RedHat)), ["a"]);
        let same = entries(&["n-2026.1-1+1-5.14", "n-2026.01-1+1-5.14", "n-2026.2-1+1-5.14"]);
        let found = |order, id| same_as(&same, order, id).map(|e| e.id.as_str());
        assert_eq!(found(Order::RedHat, "n-2026.1-1+1-5.14"), Some("n-2026.01-1+1-5.14"));
        assert_eq!(found(Order::RedHat, "n-2026.2-1+1-5.14"), None);
        assert_eq!(found(Order::Rhel8, "n-2026.1-1+1-5.14"), None);
    }

    proptest! {
        #[test]
        fn every_entry_is_listed_once(names in proptest::collection::hash_set("[a-c0-2~.+-]{1,9}", 0..9)) {
            let names: Vec<String> = names.into_iter().collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for order in [Order::Upstream, Order::Rhel8, Order::RedHat] {
                let list = entries(&names);
                let mut ids: Vec<&str> = listed(&list, order).iter().map(|e| e.id.as_str()).collect();
                ids.sort_unstable();
                let mut names = names.clone();
                names.sort_unstable();
                prop_assert_eq!(ids, names);
            }
        }

        #[test]
        fn names_are_ordered_the_same_way_round(a in "[a-c0-2~.+-]{0,9}", b in "[a-c0-2~.+-]{0,9}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert!(compare(&a, &b).is_eq() == (a == b));
        }
    }
}
