//! Numbers of users and groups of three systems that become one.

use super::lines::lines;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::Rev;
use std::ops::RangeInclusive;

/// Numbers of users and groups that are different in the merged system. Those that are not in it stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMap {
    /// Numbers of users.
    pub users: BTreeMap<u32, u32>,
    /// Numbers of groups.
    pub groups: BTreeMap<u32, u32>,
}

impl IdMap {
    /// Whether all numbers stay.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// The user in the merged system.
    pub(crate) fn user(&self, id: u32) -> u32 {
        self.users.get(&id).copied().unwrap_or(id)
    }

    /// The group in the merged system.
    pub(crate) fn group(&self, id: u32) -> u32 {
        self.groups.get(&id).copied().unwrap_or(id)
    }

    /// The value of an ACL's attribute in the merged system (`struct posix_acl_xattr_header` of the kernel: a version, then
    /// entries of a tag, permissions and an id, all little-endian).
    pub(crate) fn acl(&self, value: &[u8]) -> Vec<u8> {
        const USER: u16 = 0x02;
        const GROUP: u16 = 0x08;
        let mut value = value.to_vec();
        let Some(entries) = value.get_mut(4..) else { return value };
        for entry in entries.chunks_exact_mut(8) {
            let tag = u16::from_le_bytes([entry[0], entry[1]]);
            let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            let id = match tag {
                USER => self.user(id),
                GROUP => self.group(id),
                _ => id,
            };
            entry[4..].copy_from_slice(&id.to_le_bytes());
        }
        value
    }
}

/// The texts of one system by their names in `accounts::FILES`.
pub(super) type Texts = HashMap<&'static str, Vec<u8>>;

/// The fields of a line.
pub(super) fn split(line: &[u8]) -> Vec<&[u8]> {
    let end = line.strip_suffix(b"\n").unwrap_or(line);
    end.strip_suffix(b"\r").unwrap_or(end).split(|byte| *byte == b':').collect()
}

/// Whether a line is that of an account.
pub(super) fn is_record(line: &[u8]) -> bool {
    // A line with + or - belongs to NIS.
    let line = line.trim_ascii();
    !line.is_empty() && !matches!(line[0], b'#' | b'+' | b'-')
}

/// Names and numbers of a file, in order.
pub(super) fn ids(texts: &Texts, file: &str) -> Vec<(Vec<u8>, u32)> {
    let text = texts.get(file).map(Vec::as_slice).unwrap_or_default();
    let entry = |line: &&[u8]| -> Option<(Vec<u8>, u32)> {
        let fields = split(line);
        Some((fields[0].to_vec(), number(fields.get(2)?)?))
    };
    lines(text).iter().filter(|line| is_record(line)).filter_map(entry).collect()
}

/// A number of an account.
pub(super) fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Where the numbers of ancestor and image differ from those of the merged system.
pub(super) fn maps(base: &Texts, ours: &Texts, theirs: &Texts) -> (IdMap, IdMap) {
    let (mut of_base, mut of_theirs) = (IdMap::default(), IdMap::default());
    let (our_users, our_groups) = (ids(ours, "passwd"), ids(ours, "group"));
    let (their_users, their_groups) = (ids(theirs, "passwd"), ids(theirs, "group"));
    let known = |list: &[(Vec<u8>, u32)]| {
        let mut map: HashMap<Vec<u8>, u32> = HashMap::new();
        for (name, id) in list {
            map.entry(name.clone()).or_insert(*id);
        }
        map
    };
    let (host_users, host_groups) = (known(&our_users), known(&our_groups));
    for (map, list, host) in [
        (&mut of_base.users, ids(base, "passwd"), &host_users),
        (&mut of_base.groups, ids(base, "group"), &host_groups),
    ] {
        for (name, id) in list {
            if let Some(own) = host.get(&name).filter(|own| **own != id) {
                map.entry(id).or_insert(*own);
            }
        }
    }
    // A user and the group of its name have one number, where that is possible.
    let all = |lists: [&[(Vec<u8>, u32)]; 2]| -> BTreeSet<u32> {
        lists.into_iter().flatten().map(|(_, id)| *id).collect()
    };
    let mut users = Numbers::new(host_users, all([&our_users, &their_users]));
    let mut groups = Numbers::new(host_groups, all([&our_groups, &their_groups]));
    let group_of = |name: &Vec<u8>, groups: &Numbers| groups.host.get(name).copied();
    for (name, id) in &their_users {
        let liked = group_of(name, &groups);
        let to = users.number(name, *id, liked, &groups.all);
        if to != *id {
            of_theirs.users.entry(*id).or_insert(to);
        }
    }
    for (name, id) in &their_groups {
        let liked = users.given.get(name).copied();
        let to = groups.number(name, *id, liked, &users.all);
        if to != *id {
            of_theirs.groups.entry(*id).or_insert(to);
        }
    }
    (of_base, of_theirs)
}

/// The first number of people, as in login.defs(5) everywhere.
const FIRST_PERSON: u32 = 1000;
/// Numbers of programs that are given to new ones, from the top (`SYS_UID_MIN`, `SYS_UID_MAX`).
const PROGRAMS: RangeInclusive<u32> = 201..=999;
/// Numbers of people (`UID_MIN`, `UID_MAX`).
const PEOPLE: RangeInclusive<u32> = 1000..=60_000;

/// Numbers of users, or of groups.
struct Numbers {
    /// Those of the host.
    host: HashMap<Vec<u8>, u32>,
    /// The host's, for looking up numbers.
    of_host: BTreeSet<u32>,
    /// Every number that is used.
    all: BTreeSet<u32>,
    /// Numbers that were given to names of the image.
    given: HashMap<Vec<u8>, u32>,
    /// Numbers of programs that may be free.
    programs: Rev<RangeInclusive<u32>>,
    /// Numbers of people that may be free.
    people: RangeInclusive<u32>,
}

impl Numbers {
    fn new(host: HashMap<Vec<u8>, u32>, all: BTreeSet<u32>) -> Numbers {
        let of_host = host.values().copied().collect();
        Numbers { host, of_host, all, given: HashMap::new(), programs: PROGRAMS.rev(), people: PEOPLE }
    }

    /// The number that a name of the image has in the merged system. One that is `liked` is taken if it is free.
    fn number(&mut self, name: &Vec<u8>, id: u32, liked: Option<u32>, others: &BTreeSet<u32>) -> u32 {
        if let Some(own) = self.host.get(name) {
            return *own;
        }
        if !self.of_host.contains(&id) {
            return id;
        }
        let is_free = |id: &u32| !self.all.contains(id) && !others.contains(id);
        let new = liked.filter(|id| !self.all.contains(id)).or_else(|| match id {
            ..FIRST_PERSON => self.programs.by_ref().find(is_free),
            _ => self.people.by_ref().find(is_free),
        });
        // All of them are used: two names share one, as they would without this.
        let new = new.unwrap_or(id);
        self.all.insert(new);
        self.given.insert(name.clone(), new);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_acls_are_those_of_the_merged_system() {
        let entry =
            |tag: u16, id: u32| [&tag.to_le_bytes()[..], &6_u16.to_le_bytes(), &id.to_le_bytes()].concat();
        let acl = |user, group| {
            [&2_u32.to_le_bytes()[..], &entry(1, u32::MAX), &entry(2, user), &entry(8, group)].concat()
        };
        let map = IdMap { users: BTreeMap::from([(5, 6)]), groups: BTreeMap::from([(7, 8)]) };
        assert_eq!(map.acl(&acl(5, 7)), acl(6, 8));
        assert_eq!(map.acl(b"\x02\0"), b"\x02\0");
    }
}
