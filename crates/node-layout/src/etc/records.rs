//! Merging files that consist of records with a key: each record is merged on its own, wherever it is in the file.

use super::lines::{Merged, Region, diff3};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// What identifies a record in its file.
pub(super) type Key = Vec<Vec<u8>>;

/// A part of a file: a record, or something between records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// What identifies it; `None` for comments and empty lines.
    pub(super) key: Option<Key>,
    /// The whole of it, with line ends.
    pub(super) text: Cow<'a, [u8]>,
}

/// Merges the texts of one record that both sides have changed; the ancestor may not have had it. `None` is a conflict without
/// marks of its own.
pub(super) type Combine<'c> = &'c dyn Fn(&Key, Option<&[u8]>, &[u8], &[u8]) -> Option<Merged>;

/// What a conflict inside a record does to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// The text has all three versions between marks.
    Mark,
    /// The text has the host's version.
    Ours,
}

/// Merges three versions of a file. A record that appears twice is counted: the first in one file corresponds to the first in the
/// others.
pub(super) fn merge(
    base: Vec<Item<'_>>,
    ours: Vec<Item<'_>>,
    theirs: Vec<Item<'_>>,
    combine: Combine<'_>,
    on_conflict: OnConflict,
) -> Merged {
    let [base, ours, theirs] = [base, ours, theirs].map(counted);
    let by_key = |items: &[Item<'_>]| -> HashMap<Key, usize> {
        items.iter().enumerate().filter_map(|(at, item)| Some((item.key.clone()?, at))).collect()
    };
    let sides = Sides {
        base_keys: by_key(&base),
        ours_keys: by_key(&ours),
        theirs_keys: by_key(&theirs),
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    let mut writer =
        Writer { sides: &sides, combine, on_conflict, done: HashSet::new(), merged: Merged::default() };
    let [base_tokens, ours_tokens, theirs_tokens] =
        [&base, &ours, &theirs].map(|items| items.iter().map(Token::of).collect::<Vec<_>>());
    for region in diff3(&base_tokens, &ours_tokens, &theirs_tokens) {
        match region {
            Region::Same(range) | Region::Ours(range) => writer.items(&ours[range]),
            Region::Theirs(range) => writer.items(&theirs[range]),
            Region::Conflict { base: b, ours: o, theirs: t } => writer.union(&base[b], &ours[o], &theirs[t]),
        }
    }
    // What one side has moved to where the other has none.
    writer.records(&ours);
    writer.records(&theirs);
    writer.merged
}

/// What two items are compared by: a record by its key, anything else by its text.
#[derive(PartialEq, Eq, Hash)]
enum Token<'i> {
    Record(&'i Key),
    Other(&'i [u8]),
}

impl<'i> Token<'i> {
    fn of(item: &'i Item<'_>) -> Token<'i> {
        match &item.key {
            Some(key) => Token::Record(key),
            None => Token::Other(item.text.trim_ascii_end()),
        }
    }
}

/// Makes keys that appear several times different.
fn counted(mut items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    let mut seen: HashMap<Key, usize> = HashMap::new();
    for key in items.iter_mut().filter_map(|item| item.key.as_mut()) {
        let n = seen.entry(key.clone()).and_modify(|n| *n += 1).or_insert(0);
        if *n > 0 {
            key.push(format!("\0{n}").into_bytes());
        }
    }
    items
}

struct Sides<'s> {
    base: &'s [Item<'s>],
    ours: &'s [Item<'s>],
    theirs: &'s [Item<'s>],
    base_keys: HashMap<Key, usize>,
    ours_keys: HashMap<Key, usize>,
    theirs_keys: HashMap<Key, usize>,
}

/// What is in the result of a record.
enum Decision {
    Absent,
    Text(Vec<u8>),
    /// All three have marks around them, or what was merged of them has.
    Conflict(Merged),
}

impl Sides<'_> {
    fn texts(&self, key: &Key) -> [Option<&[u8]>; 3] {
        [(self.base, &self.base_keys), (self.ours, &self.ours_keys), (self.theirs, &self.theirs_keys)]
            .map(|(items, keys)| keys.get(key).map(|at| items[*at].text.as_ref()))
    }

    fn decide(&self, key: &Key, combine: Combine<'_>) -> Decision {
        let [base, ours, theirs] = self.texts(key);
        let kept = |text: Option<&[u8]>| text.map_or(Decision::Absent, |text| Decision::Text(text.to_vec()));
        // A last line without line end is the same as one that has it.
        let same = |a: Option<&[u8]>, b: Option<&[u8]>| {
            a.map(<[u8]>::trim_ascii_end) == b.map(<[u8]>::trim_ascii_end)
        };
        if same(ours, theirs) || same(theirs, base) {
            return kept(ours);
        }
        if same(ours, base) {
            return kept(theirs);
        }
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            match combine(key, base, ours, theirs) {
                Some(merged) if merged.conflicts == 0 => return Decision::Text(merged.text),
                Some(merged) => return Decision::Conflict(merged),
                None => {}
            }
        }
        let list = |text: Option<&[u8]>| text.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let mut marked = Merged::default();
        marked.conflict(&list(base), &list(ours), &list(theirs));
        Decision::Conflict(marked)
    }
}

struct Writer<'w> {
    sides: &'w Sides<'w>,
    combine: Combine<'w>,
    on_conflict: OnConflict,
    /// Records that were written.
    done: HashSet<&'w Key>,
    merged: Merged,
}

impl<'w> Writer<'w> {
    fn items(&mut self, items: &'w [Item<'w>]) {
        for item in items {
            match &item.key {
                Some(key) => self.record(key),
                None => self.merged.add(&[&item.text]),
            }
        }
    }

    fn records(&mut self, items: &'w [Item<'w>]) {
        items.iter().filter_map(|item| item.key.as_ref()).for_each(|key| self.record(key));
    }

    fn record(&mut self, key: &'w Key) {
        if !self.done.insert(key) {
            return;
        }
        match self.sides.decide(key, self.combine) {
            Decision::Absent => {}
            Decision::Text(text) => self.merged.add(&[text]),
            Decision::Conflict(marked) if self.on_conflict == OnConflict::Mark => {
                self.merged.add(&[marked.text]);
                self.merged.conflicts += marked.conflicts;
            }
            Decision::Conflict(marked) => {
                let [_, ours, _] = self.sides.texts(key);
                self.merged.add(ours.as_slice());
                self.merged.conflicts += marked.conflicts;
            }
        }
    }

    /// Writes a place that both sides have changed: the order of records does not matter, so both changes are made.
    fn union(&mut self, base: &'w [Item<'w>], ours: &'w [Item<'w>], theirs: &'w [Item<'w>]) {
        if self.replaced_by_both(base, ours, theirs) {
            let texts = |items: &'w [Item<'w>]| items.iter().map(|i| i.text.as_ref()).collect::<Vec<_>>();
            self.merged.conflict(&texts(base), &texts(ours), &texts(theirs));
            let all = base.iter().chain(ours).chain(theirs);
            self.done.extend(all.filter_map(|item| item.key.as_ref()));
            return;
        }
        let tokens = |items: &'w [Item<'w>]| items.iter().map(Token::of).collect::<HashSet<_>>();
        let (of_base, of_ours, of_theirs) = (tokens(base), tokens(ours), tokens(theirs));
        for item in ours {
            let token = Token::of(item);
            match &item.key {
                Some(key) => self.record(key),
                // One that theirs has removed.
                None if of_base.contains(&token) && !of_theirs.contains(&token) => {}
                None => self.merged.add(&[&item.text]),
            }
        }
        for item in theirs {
            let token = Token::of(item);
            match &item.key {
                Some(key) => self.record(key),
                None if of_base.contains(&token) || of_ours.contains(&token) => {}
                None => self.merged.add(&[&item.text]),
            }
        }
    }

    /// Whether both sides have put a new record in the place of the same one: a renamed mount point is not two mounts.
    fn replaced_by_both(&self, base: &[Item<'_>], ours: &[Item<'_>], theirs: &[Item<'_>]) -> bool {
        let sides = self.sides;
        let is_gone = |key: &Key| !sides.ours_keys.contains_key(key) && !sides.theirs_keys.contains_key(key);
        let is_new_in = |key: &Key, others: &HashMap<Key, usize>| {
            !sides.base_keys.contains_key(key) && !others.contains_key(key)
        };
        let is_one = |items: &[Item<'_>], is: &dyn Fn(&Key) -> bool| {
            items.iter().filter_map(|item| item.key.as_ref()).filter(|key| is(key)).count() == 1
        };
        self.on_conflict == OnConflict::Mark
            && is_one(base, &is_gone)
            && is_one(ours, &|key| is_new_in(key, &sides.theirs_keys))
            && is_one(theirs, &|key| is_new_in(key, &sides.ours_keys))
    }
}
