//! Users and groups of three systems become those of one. Names identify them: the files of the host in /var belong to numbers,
//! so the host's numbers stay, and a number of the image that the host uses for another name becomes a free one.

use super::fields::{Field, merge_fields, three_way};
use super::ids::{IdMap, Texts, ids, is_record, maps, number, split};
use super::lines::{Merged, lines};
use super::outcome::Ancestor;
use super::records::{self, Item, Key, OnConflict};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The files of accounts, with their paths below /etc.
pub(super) const FILES: [&str; 6] = ["passwd", "group", "shadow", "gshadow", "subuid", "subgid"];

/// What becomes of the accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    /// The texts of the merged system. A conflict has the host's record.
    pub(super) texts: HashMap<&'static str, Merged>,
    /// Where the ancestor's numbers differ.
    pub(super) of_base: IdMap,
    /// Where the image's numbers differ.
    pub(super) of_theirs: IdMap,
    /// What does not fit together in the merged system, and did on the host, as sentences.
    pub(super) problems: Vec<String>,
}

/// Merges the accounts of three systems. A file that one of them has in another format is left out.
pub(super) fn merge(mut all: [Texts; 3], ancestor: Ancestor) -> Accounts {
    for file in FILES {
        let is_readable = |texts: &Texts| {
            texts
                .get(file)
                .is_none_or(|text| columns(file).is_some_and(|columns| read(text, columns).is_some()))
        };
        if !all.iter().all(is_readable) {
            all.iter_mut().for_each(|texts| {
                texts.remove(file);
            });
        }
    }
    let [base, ours, theirs] = &all;
    let (of_base, of_theirs) = maps(base, ours, theirs);
    let mut base = renumbered(base, &of_base);
    if ancestor == Ancestor::Installed {
        without_settings(&mut base, ours);
    }
    let theirs = renumbered(theirs, &of_theirs);
    let mut texts: HashMap<&'static str, Merged> = HashMap::new();
    for file in FILES {
        let [base, ours, theirs] = [&base, ours, &theirs].map(|side| side.get(file).map(Vec::as_slice));
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let Some(mut merged) = merge_file(file, base.unwrap_or_default(), ours, theirs) else { continue };
            if ancestor == Ancestor::Installed {
                // Of an account that both have, the host's line is right: the installer may have set it.
                merged.conflicts = 0;
            }
            texts.insert(file, merged);
        }
    }
    for (file, shadow) in [("passwd", "shadow"), ("group", "gshadow")] {
        let Some(all) = texts.get(file).map(|merged| names(&merged.text)) else { continue };
        let present: HashSet<&[u8]> = all.iter().map(Vec::as_slice).collect();
        let [before, brought] = [ours, &theirs].map(|side| -> HashSet<Vec<u8>> {
            side.get(file).map(|text| names(text).into_iter().collect()).unwrap_or_default()
        });
        let is_gone =
            |name: &[u8]| !present.contains(name) && (before.contains(name) || brought.contains(name));
        let new: Vec<&Vec<u8>> = all.iter().filter(|name| !before.contains(*name)).collect();
        if let Some(merged) = texts.get_mut(shadow) {
            complete_shadow(shadow, merged, &is_gone, &new);
        }
    }
    let after = texts.iter().map(|(file, merged)| (*file, merged.text.clone())).collect();
    let before: HashSet<String> = problems(ours).into_iter().collect();
    let problems = problems(&after).into_iter().filter(|problem| !before.contains(problem)).collect();
    Accounts { texts, of_base, of_theirs, problems }
}

/// Removes the accounts from an installed system's texts that the host has unchanged: whether the installer or the image has made
/// them is not known, so they are the host's.
fn without_settings(base: &mut Texts, ours: &Texts) {
    for (file, text) in base {
        let host: HashSet<&[u8]> =
            ours.get(file).map(|text| lines(text).into_iter().collect()).unwrap_or_default();
        *text = lines(text)
            .into_iter()
            .filter(|line| !(is_record(line) && host.contains(line)))
            .collect::<Vec<_>>()
            .concat();
    }
}

/// What does not fit together in the accounts of a system, as sentences.
fn problems(texts: &Texts) -> Vec<String> {
    let mut found = Vec::new();
    let show = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let of = |file: &str| texts.get(file).map(|text| names(text)).unwrap_or_default();
    for file in ["passwd", "group", "shadow", "gshadow"] {
        let mut seen = HashSet::new();
        for name in of(file) {
            if !seen.insert(name.clone()) {
                found.push(format!("/etc/{file} has {} twice", show(&name)));
            }
        }
    }
    let groups: HashSet<u32> = ids(texts, "group").into_iter().map(|(_, id)| id).collect();
    let mut users: HashMap<u32, Vec<u8>> = HashMap::new();
    for (name, id) in ids(texts, "passwd") {
        if let Some(other) = users.insert(id, name.clone()) {
            found.push(format!("the users {} and {} have one number, {id}", show(&other), show(&name)));
        }
    }
    let text = texts.get("passwd").map(Vec::as_slice).unwrap_or_default();
    for line in lines(text).into_iter().filter(|line| is_record(line)) {
        let fields = split(line);
        let group = fields.get(3).and_then(|field| number(field));
        if let Some(group) = group.filter(|id| texts.contains_key("group") && !groups.contains(id)) {
            found.push(format!("the group {group} of user {} does not exist", show(fields[0])));
        }
    }
    if texts.contains_key("shadow") {
        let shadow: HashSet<Vec<u8>> = of("shadow").into_iter().collect();
        let lacking = of("passwd").into_iter().filter(|name| !shadow.contains(name));
        found.extend(lacking.map(|name| format!("user {} has no line in /etc/shadow", show(&name))));
    }
    found
}

/// How many fields a line of a file has.
fn columns(file: &str) -> Option<std::ops::RangeInclusive<usize>> {
    Some(match file {
        "passwd" => 7..=7,
        "group" | "gshadow" => 4..=4,
        "shadow" => 8..=9,
        "subuid" | "subgid" => 3..=3,
        _ => return None,
    })
}

fn read(text: &[u8], columns: std::ops::RangeInclusive<usize>) -> Option<Vec<Item<'_>>> {
    let item = |line| {
        if !is_record(line) {
            return Some(Item { key: None, text: Cow::Borrowed(line) });
        }
        let fields = split(line);
        let is_right = columns.contains(&fields.len()) && !fields[0].is_empty();
        is_right.then(|| Item { key: Some(vec![fields[0].to_vec()]), text: Cow::Borrowed(line) })
    };
    lines(text).into_iter().map(item).collect()
}

/// The names in a file, in order.
fn names(text: &[u8]) -> Vec<Vec<u8>> {
    lines(text).into_iter().filter(|line| is_record(line)).map(|line| split(line)[0].to_vec()).collect()
}

/// The texts with the numbers of the merged system.
fn renumbered(texts: &Texts, map: &IdMap) -> Texts {
    let mut texts = texts.clone();
    let mut change = |file: &str, columns: &[(usize, &dyn Fn(u32) -> u32)]| {
        let Some(text) = texts.get_mut(file) else { return };
        let mut new = Vec::with_capacity(text.len());
        for line in lines(text) {
            let mut fields: Vec<Cow<'_, [u8]>> = split(line).into_iter().map(Cow::Borrowed).collect();
            let mut is_changed = false;
            for (column, to) in columns.iter().filter(|_| is_record(line)) {
                if let Some(field) = fields.get_mut(*column)
                    && let Some(id) = number(field)
                    && to(id) != id
                {
                    *field = Cow::Owned(to(id).to_string().into_bytes());
                    is_changed = true;
                }
            }
            if is_changed {
                new.extend(fields.join(&b':'));
                new.extend(if line.ends_with(b"\n") { &b"\n"[..] } else { b"" });
            } else {
                new.extend(line);
            }
        }
        *text = new;
    };
    change("passwd", &[(2, &|id| map.user(id)), (3, &|id| map.group(id))]);
    change("group", &[(2, &|id| map.group(id))]);
    texts
}

fn merge_file(file: &'static str, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merged> {
    if ours == theirs || theirs == base {
        return Some(Merged { text: ours.to_vec(), conflicts: 0 });
    }
    if ours == base {
        return Some(Merged { text: theirs.to_vec(), conflicts: 0 });
    }
    let columns = columns(file)?;
    let (base, ours) = (read(base, columns.clone())?, read(ours, columns.clone())?);
    let moved = if file.starts_with("sub") { free_ranges(&ours, theirs) } else { theirs.to_vec() };
    let theirs = read(&moved, columns)?;
    let combine =
        |_: &Key, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]| combine(file, base, ours, theirs);
    Some(records::merge(base, ours, theirs, &combine, OnConflict::Ours))
}

/// Merges the lines of a name that both sides have changed.
fn combine(file: &str, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Option<Merged> {
    use Field::{Host, Value, Words};
    let how: &[Field] = match file {
        "passwd" => &[Value, Value, Host, Host, Value, Value, Value],
        "group" => &[Value, Value, Host, Words],
        "gshadow" => &[Value, Value, Words, Words],
        // The day of the last change belongs to the password; every build of an image has another one.
        "shadow" => &[Value, Value, Host, Value, Value, Value, Value, Value, Value],
        _ => &[Host, Host, Host],
    };
    let base = base.map(split);
    let (ours, mut theirs) = (split(ours), split(theirs));
    if matches!(file, "shadow" | "gshadow") && theirs.len() > 2 && ours.len() > 2 {
        let before = base.as_ref().and_then(|fields| fields.get(1).copied());
        let is_theirs = three_way(before, ours[1], theirs[1]) == Ok(theirs[1]) && ours[1] != theirs[1];
        if is_theirs && file == "shadow" {
            let mut fields = ours.clone();
            fields[2] = theirs[2];
            return merged_line(how, base.as_deref(), &fields, &theirs);
        }
        // Two ways to write that there is no password.
        if is_locked(ours[1]) && is_locked(theirs[1]) {
            theirs[1] = ours[1];
        }
    }
    merged_line(how, base.as_deref(), &ours, &theirs)
}

fn merged_line(how: &[Field], base: Option<&[&[u8]]>, ours: &[&[u8]], theirs: &[&[u8]]) -> Option<Merged> {
    let mut text = merge_fields(how, base, ours, theirs)?.join(&b':');
    text.push(b'\n');
    Some(Merged { text, conflicts: 0 })
}

/// Whether nobody can log in with this password.
fn is_locked(password: &[u8]) -> bool {
    matches!(password, b"" | b"!" | b"!!" | b"*" | b"!*" | b"x")
}

/// The image's ranges of subordinate ids; one of a new name that overlaps with the host's moves behind all others.
fn free_ranges(ours: &[Item<'_>], theirs: &[u8]) -> Vec<u8> {
    let range = |line: &[u8]| -> Option<(u32, u32)> {
        let fields = split(line);
        Some((number(fields.get(1)?)?, number(fields.get(2)?)?))
    };
    let known: HashSet<&Key> = ours.iter().filter_map(|item| item.key.as_ref()).collect();
    let mut used: Vec<(u32, u32)> = ours.iter().filter_map(|item| range(&item.text)).collect();
    let all = used.iter().copied().chain(lines(theirs).into_iter().filter_map(range));
    let mut free = all.map(|(start, count)| start.saturating_add(count)).max().unwrap_or_default();
    used.sort_unstable();
    // Up to where the ranges reach that begin no later.
    let mut reach = 0;
    let reaches: Vec<u32> = used
        .iter()
        .map(|(start, count)| {
            reach = reach.max(start.saturating_add(*count));
            reach
        })
        .collect();
    let overlaps = |(start, count): (u32, u32)| {
        let before = used.partition_point(|(from, _)| *from < start.saturating_add(count));
        before.checked_sub(1).is_some_and(|last| reaches[last] > start)
    };
    let mut text = Vec::with_capacity(theirs.len());
    for line in lines(theirs) {
        let is_new = is_record(line) && !known.contains(&vec![split(line)[0].to_vec()]);
        match range(line).filter(|range| is_new && overlaps(*range)) {
            Some((_, count)) => {
                let fields = split(line);
                text.extend([fields[0], free.to_string().as_bytes(), fields[2]].join(&b':'));
                text.push(b'\n');
                free = free.saturating_add(count);
            }
            None => text.extend(line),
        }
    }
    text
}

/// Removes the lines of names that are gone, and adds locked ones of new names that have none.
fn complete_shadow(file: &str, merged: &mut Merged, is_gone: &dyn Fn(&[u8]) -> bool, new: &[&Vec<u8>]) {
    let present: HashSet<Vec<u8>> = names(&merged.text).into_iter().collect();
    if present.iter().any(|name| is_gone(name)) {
        let kept = |line: &&[u8]| !is_record(line) || !is_gone(split(line)[0]);
        merged.text = lines(&merged.text).into_iter().filter(kept).collect::<Vec<_>>().concat();
    }
    for name in new.iter().filter(|name| !present.contains(**name)) {
        let rest: &[u8] = if file == "shadow" { b":!*:::::::\n" } else { b":!::\n" };
        merged.add(&[[name.as_slice(), rest].concat()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn texts(passwd: &str, group: &str, shadow: &str) -> Texts {
        [("passwd", passwd), ("group", group), ("shadow", shadow)]
            .into_iter()
            .map(|(file, text)| (file, text.as_bytes().to_vec()))
            .collect()
    }

    fn text(accounts: &Accounts, file: &str) -> String {
        String::from_utf8(accounts.texts[file].text.clone()).unwrap()
    }

    #[test]
    fn a_number_of_the_image_that_the_host_uses_becomes_a_free_one() {
        let base = texts("root:x:0:0::/:/bin/sh\n", "root:x:0:\n", "root:*:1::::::\n");
        let ours = texts(
            "root:x:0:0::/:/bin/sh\nalice:x:990:990::/:/bin/sh\n",
            "root:x:0:\nalice:x:990:\n",
            "root:$6$a:2::::::\nalice:!:2::::::\n",
        );
        let theirs = texts(
            "root:x:0:0::/:/bin/sh\nsvc:x:990:990::/:/bin/sh\nother:x:999:999::/:/bin/sh\n",
            "root:x:0:\nsvc:x:990:\nother:x:999:\n",
            "root:*:9::::::\nother:!:9::::::\n",
        );
        let merged = merge([base.clone(), ours.clone(), theirs.clone()], Ancestor::Image);
        assert_eq!(merged.of_theirs.users, BTreeMap::from([(990, 998)]));
        assert_eq!(merged.of_theirs.groups, BTreeMap::from([(990, 998)]));
        assert_eq!(
            text(&merged, "passwd"),
            "root:x:0:0::/:/bin/sh\nalice:x:990:990::/:/bin/sh\nsvc:x:998:998::/:/bin/sh\nother:x:999:999::/:/bin/sh\n"
        );
        // The image has no line for svc.
        assert_eq!(
            text(&merged, "shadow"),
            "root:$6$a:2::::::\nalice:!:2::::::\nother:!:9::::::\nsvc:!*:::::::\n"
        );
        assert!(merged.texts.values().all(|m| m.conflicts == 0));
    }

    #[test]
    fn the_numbers_of_the_host_stay() {
        let base = texts("svc:x:994:994::/:/s\n", "svc:x:994:\n", "svc:!:1::::::\n");
        let theirs = texts("svc:x:991:991::/new:/s\n", "svc:x:991:\n", "svc:!:9::::::\n");
        let merged = merge([base.clone(), base.clone(), theirs.clone()], Ancestor::Image);
        assert_eq!(text(&merged, "passwd"), "svc:x:994:994::/new:/s\n");
        assert_eq!(merged.of_theirs.users, BTreeMap::from([(991, 994)]));
        // Renumbered by an earlier update: neither a change of the host nor one of the image.
        let ours = texts("svc:x:996:996::/:/s\n", "svc:x:996:\n", "svc:!:1::::::\n");
        let merged = merge([base.clone(), ours.clone(), base.clone()], Ancestor::Image);
        assert_eq!(text(&merged, "passwd"), "svc:x:996:996::/:/s\n");
        assert_eq!((&merged.of_base, &merged.of_theirs), (&merged.of_theirs, &merged.of_base));
    }

    #[test]
    fn members_are_merged_one_by_one() {
        let line = |members: &str| texts("", &format!("wheel:x:10:{members}\n"), "");
        let merged =
            merge([line("a,b").clone(), line("a,b,alice").clone(), line("b,svc").clone()], Ancestor::Image);
        assert_eq!(text(&merged, "group"), "wheel:x:10:b,alice,svc\n");
    }
}
