//! Merging the fields of one record.

use std::collections::{HashMap, HashSet};

/// How a field is merged that both sides have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// It is one value.
    Value,
    /// The host's is right: a number by which files that no image brings are owned.
    Host,
    /// It is a list, separated by commas, each word of which is added or removed.
    Words,
    /// It is a list of options, separated by commas; `name=value` is one value for a name.
    Options,
}

/// The value that only one side has changed, or that both have; `Err` if both have changed it differently.
pub(super) fn three_way<T: PartialEq + Copy>(base: Option<T>, ours: T, theirs: T) -> Result<T, ()> {
    match base {
        _ if ours == theirs => Ok(ours),
        Some(base) if ours == base => Ok(theirs),
        Some(base) if theirs == base => Ok(ours),
        _ => Err(()),
    }
}

impl Field {
    /// Merges a field; `None` is a conflict.
    pub(super) fn merge(self, base: Option<&[u8]>, ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
        match (three_way(base, ours, theirs), self) {
            (_, Field::Host) => Some(ours.to_vec()),
            (Ok(value), _) => Some(value.to_vec()),
            (Err(()), Field::Value) => None,
            (Err(()), Field::Words) => Some(words(base.unwrap_or_default(), ours, theirs)),
            (Err(()), Field::Options) => options(base.unwrap_or_default(), ours, theirs),
        }
    }
}

fn listed(list: &[u8]) -> Vec<&[u8]> {
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty()).collect()
}

/// What is left of a list, then what theirs adds to it.
pub(super) fn united<'w>(base: &[&[u8]], ours: &[&'w [u8]], theirs: &[&'w [u8]]) -> Vec<&'w [u8]> {
    let [of_base, of_theirs] = [base, theirs].map(|words| words.iter().copied().collect::<HashSet<_>>());
    let mut all: Vec<&[u8]> =
        ours.iter().copied().filter(|word| !of_base.contains(word) || of_theirs.contains(word)).collect();
    let mut present: HashSet<&[u8]> = all.iter().copied().collect();
    all.extend(theirs.iter().copied().filter(|word| !of_base.contains(word) && present.insert(word)));
    all
}

fn words(base: &[u8], ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    united(&listed(base), &listed(ours), &listed(theirs)).join(&b',')
}

/// The name of an option, and its value.
fn option(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|byte| *byte == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    }
}

/// Options that contradict each other, of mount(8) and crypttab(5).
const OPPOSITES: [[&[u8]; 2]; 7] = [
    [b"ro", b"rw"],
    [b"auto", b"noauto"],
    [b"discard", b"nodiscard"],
    [b"suid", b"nosuid"],
    [b"dev", b"nodev"],
    [b"exec", b"noexec"],
    [b"fail", b"nofail"],
];

fn options(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let (base, ours, theirs) = (listed(base), listed(ours), listed(theirs));
    let all = united(&base, &ours, &theirs);
    let mut values: HashMap<&[u8], Option<&[u8]>> = HashMap::new();
    for word in &all {
        let (name, value) = option(word);
        if values.insert(name, value).is_some_and(|earlier| earlier != value) {
            return None;
        }
    }
    let contradicts = |pair: &[&[u8]; 2]| pair.iter().all(|name| values.contains_key(*name));
    if OPPOSITES.iter().any(contradicts) {
        return None;
    }
    // Only a field that has to be there is not empty.
    Some(if all.is_empty() { b"defaults".to_vec() } else { all.join(&b',') })
}

/// Merges the fields of a record; one that a version does not have is empty there. `None` is a conflict.
pub(super) fn merge_fields(
    how: &[Field],
    base: Option<&[&[u8]]>,
    ours: &[&[u8]],
    theirs: &[&[u8]],
) -> Option<Vec<Vec<u8>>> {
    let of = |fields: &[&[u8]], n: usize| -> Option<Vec<u8>> { fields.get(n).map(|f| f.to_vec()) };
    let count = ours.len().max(theirs.len());
    let mut merged = Vec::with_capacity(count);
    for n in 0..count {
        let how = how.get(n).copied().unwrap_or(Field::Value);
        let (ours, theirs) = (of(ours, n).unwrap_or_default(), of(theirs, n).unwrap_or_default());
        let base = base.map(|base| of(base, n).unwrap_or_default());
        merged.push(how.merge(base.as_deref(), &ours, &theirs)?);
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_merged_one_by_one_and_do_not_contradict_each_other() {
        let merged = |base: &str, ours: &str, theirs: &str| {
            let merged = Field::Options.merge(Some(base.as_bytes()), ours.as_bytes(), theirs.as_bytes());
            merged.map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(
            merged("defaults", "defaults,discard", "defaults,nofail").unwrap(),
            "defaults,discard,nofail"
        );
        assert_eq!(merged("defaults,acl", "defaults,acl,ro", "defaults").unwrap(), "defaults,ro");
        assert_eq!(merged("a,b", "a", "b").unwrap(), "defaults");
        assert_eq!(merged("size=1", "size=2", "size=3"), None);
        assert_eq!(merged("defaults", "defaults,ro", "defaults,rw"), None);
    }
}
