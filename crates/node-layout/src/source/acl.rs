//! ACLs: as archives have them, in words; as the kernel takes them, in numbers.

use std::collections::BTreeMap;

/// Version of the kernel's form (`POSIX_ACL_XATTR_VERSION`).
const VERSION: u32 = 2;
/// The number of an entry that needs none.
const NO_ID: u32 = u32::MAX;

/// Names and numbers of users or groups.
pub(super) type Ids = BTreeMap<String, u32>;

/// The names of passwd(5) or group(5), with their numbers.
pub(super) fn ids(text: &str) -> Ids {
    let id = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(id).collect()
}

/// Turns the text of an ACL into the value of its extended attribute. A name that `users` and `groups` do not have, and that has
/// no number beside it, is an error: the name.
pub(super) fn value(text: &[u8], users: &Ids, groups: &Ids) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "an ACL that is not UTF-8".to_owned())?;
    let mut entries: Vec<(u16, u32, u16)> = Vec::new();
    for line in text.split([',', '\n']) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let line = line.strip_prefix("default:").unwrap_or(line);
        let bad = || format!("the ACL entry '{line}'");
        let fields: Vec<&str> = line.split(':').map(str::trim).collect();
        let (kind, name, permissions) = match fields[..] {
            [kind, name, permissions] | [kind, name, permissions, _] => (kind, name, permissions),
            // The form without an empty name.
            [kind, permissions] => (kind, "", permissions),
            _ => return Err(bad()),
        };
        let number = |ids: &Ids| -> Result<u32, String> {
            let beside = fields.get(3).and_then(|id| id.parse().ok());
            let known = beside.or_else(|| name.parse().ok()).or_else(|| ids.get(name).copied());
            known.ok_or_else(bad)
        };
        let (tag, id) = match (kind, name.is_empty()) {
            ("user" | "u", true) => (0x01, NO_ID),
            ("user" | "u", false) => (0x02, number(users)?),
            ("group" | "g", true) => (0x04, NO_ID),
            ("group" | "g", false) => (0x08, number(groups)?),
            ("mask" | "m", _) => (0x10, NO_ID),
            ("other" | "o", _) => (0x20, NO_ID),
            _ => return Err(bad()),
        };
        let mut bits = 0;
        for letter in permissions.chars() {
            bits |= match letter {
                'r' => 4,
                'w' => 2,
                'x' => 1,
                '-' => 0,
                _ => return Err(bad()),
            };
        }
        entries.push((tag, id, bits));
    }
    entries.sort_unstable();
    let mut value = VERSION.to_le_bytes().to_vec();
    for (tag, id, bits) in entries {
        value.extend(tag.to_le_bytes());
        value.extend(bits.to_le_bytes());
        value.extend(id.to_le_bytes());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_gnu_tar_and_star_become_the_kernels_form() {
        let users = ids("root:x:0:0:root:/root:/bin/sh\nqemu:x:107:107::/:/sbin/nologin\n");
        let groups = ids("kvm:x:36:qemu\n");
        let text = b"user::rwx\nuser:qemu:r-x\ngroup::r--,group:kvm:rw-,group:adm:r--:4\nmask::rwx,other::--- # nobody\n";
        let value = value(text, &users, &groups).unwrap();
        let entry = |tag: u16, bits: u16, id: u32| {
            [tag.to_le_bytes().to_vec(), bits.to_le_bytes().to_vec(), id.to_le_bytes().to_vec()].concat()
        };
        let expected = [
            2_u32.to_le_bytes().to_vec(),
            entry(1, 7, NO_ID),
            entry(2, 5, 107),
            entry(4, 4, NO_ID),
            entry(8, 4, 4),
            entry(8, 6, 36),
            entry(16, 7, NO_ID),
            entry(32, 0, NO_ID),
        ];
        assert_eq!(value, expected.concat());
        for wrong in ["user:nobody-known:r--", "user::rwz", "x::rwx", "user"] {
            assert!(super::value(wrong.as_bytes(), &users, &groups).is_err(), "{wrong}");
        }
    }
}
