//! The commands of one kickstart by name. Rules ask more often than a kickstart has commands, so that each
//! question is answered without looking at the other commands.

use super::tables;

/// The place of a command that the kickstart does not have.
const NONE: u32 = u32::MAX;

/// The places of commands in the list of all commands, by name.
#[derive(Clone, Debug)]
pub(super) struct CommandIndex {
    /// By the name's number in the tables.
    places: Vec<Places>,
    /// For each command the next one of the same name.
    next: Vec<u32>,
}

/// The commands of one name.
#[derive(Clone, Copy, Debug)]
struct Places {
    first: u32,
    last: u32,
    last_valid: u32,
}

impl Default for CommandIndex {
    fn default() -> Self {
        let nowhere = Places { first: NONE, last: NONE, last_valid: NONE };
        CommandIndex { places: vec![nowhere; tables::WORDS.len()], next: Vec::with_capacity(64) }
    }
}

impl CommandIndex {
    /// Notes the next command of the list.
    pub(super) fn push(&mut self, number: u8, valid: bool) {
        let at = self.next.len() as u32;
        self.next.push(NONE);
        let places = &mut self.places[usize::from(number)];
        match places.last {
            NONE => places.first = at,
            before => self.next[before as usize] = at,
        }
        places.last = at;
        if valid {
            places.last_valid = at;
        }
    }

    /// The commands of this name, in order.
    pub(super) fn of(&self, name: &str) -> impl Iterator<Item = usize> {
        let mut next = self.places(name).map_or(NONE, |places| places.first);
        std::iter::from_fn(move || {
            let at = next as usize;
            next = *self.next.get(at)?;
            Some(at)
        })
    }

    /// The last accepted command of this name.
    pub(super) fn last_valid(&self, name: &str) -> Option<usize> {
        self.places(name).map(|places| places.last_valid).filter(|&at| at != NONE).map(|at| at as usize)
    }

    /// The numbers of the names that have commands, and whether they have more than one.
    pub(super) fn given(&self) -> impl Iterator<Item = (usize, bool)> {
        let given = self.places.iter().enumerate().filter(|(_, places)| places.first != NONE);
        given.map(|(number, places)| (number, places.first != places.last))
    }

    /// Commands are listed under their first name in the tables, so an alias finds nothing.
    fn places(&self, name: &str) -> Option<&Places> {
        tables::number(name).map(|number| &self.places[usize::from(number)])
    }
}

/// The numbers of these names, as bits.
pub(super) fn numbers(names: &[&str]) -> u128 {
    names.iter().filter_map(|name| tables::number(name)).fold(0, |set, number| set | 1 << number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_their_name_in_order() {
        let number = |name: &str| tables::word(name).unwrap().canonical;
        let mut index = CommandIndex::default();
        for (name, valid) in
            [("part", true), ("user", true), ("partition", true), ("part", false), ("url", false)]
        {
            index.push(number(name), valid);
        }
        let of = |name: &str| index.of(name).collect::<Vec<_>>();
        assert_eq!(of("part"), [0, 2, 3], "an alias is listed under the first name");
        assert_eq!((of("user"), of("url")), (vec![1], vec![4]));
        for name in ["partition", "lang", "no-such-command"] {
            assert!(of(name).is_empty(), "{name}");
        }
        assert_eq!(
            [index.last_valid("part"), index.last_valid("url"), index.last_valid("lang")],
            [Some(2), None, None]
        );
        assert_eq!(numbers(&["part", "partition", "nothing"]), 1 << number("part"));
    }
}
