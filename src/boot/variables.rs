//! Variables of a boot loader that its configuration sets itself. One that gets a literal once, and nowhere else a value,
//! holds that literal; every other one is left alone.

use node_base::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What one variable is known to hold.
#[derive(Clone, Debug)]
enum Held {
    /// A literal, and the place where it is set.
    Literal(String, Span),
    /// A value that is only known at boot.
    Unknown,
}

/// Longest literal that is filled in, in bytes: longer than any kernel command line.
const LONGEST: usize = 4096;

/// How many bytes are filled in for one file, beside its own length: a variable of variables grows fast.
const MOST_FILLED: usize = 1 << 20;

/// Bytes that may still be filled in for a file.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    /// For a file of this length.
    pub(super) fn new(length: usize) -> Budget {
        Budget(length.saturating_add(MOST_FILLED))
    }

    /// Fills variables in, or leaves all of them alone when that would be too much.
    pub(super) fn fill(&mut self, variables: &Variables, text: &str) -> Filled {
        let nothing = Variables::default();
        let filled = (if self.0 == 0 { &nothing } else { variables }).fill(text);
        self.0 = self.0.saturating_sub(filled.text.len());
        filled
    }
}

/// The known values of variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    held: BTreeMap<String, Held>,
    /// Values that these override.
    before: Option<Rc<Variables>>,
}

/// A text with the variables filled in that are known.
#[derive(Debug)]
pub(super) struct Filled {
    /// The text with the values of known variables.
    pub(super) text: String,
    /// The first variable that was filled in, and where it is set.
    pub(super) taken: Option<(String, Span)>,
    /// The first variable that was not filled in.
    pub(super) unknown: Option<String>,
}

impl Variables {
    /// What holds before anything else is set.
    pub(super) fn after(before: &Rc<Variables>) -> Variables {
        Variables { held: BTreeMap::new(), before: Some(Rc::clone(before)) }
    }

    /// The variable gets a literal. A second one that differs makes it unknown.
    pub(super) fn set(&mut self, name: &str, value: &str, at: Span) {
        let held = match self.held.get(name) {
            _ if value.len() > LONGEST => Held::Unknown,
            None => Held::Literal(value.to_owned(), at),
            Some(Held::Literal(before, first)) if before == value => Held::Literal(value.to_owned(), *first),
            Some(_) => Held::Unknown,
        };
        self.held.insert(name.to_owned(), held);
    }

    /// The variable gets a literal, whatever it held before.
    pub(super) fn replace(&mut self, name: &str, value: &str, at: Span) {
        let held = if value.len() > LONGEST { Held::Unknown } else { Held::Literal(value.to_owned(), at) };
        self.held.insert(name.to_owned(), held);
    }

    /// The variable may change.
    pub(super) fn change(&mut self, name: &str) {
        self.held.insert(name.to_owned(), Held::Unknown);
    }

    /// Any variable may change.
    pub(super) fn forget(&mut self) {
        self.held.values_mut().for_each(|held| *held = Held::Unknown);
        self.before = None;
    }

    /// Leaves only some of them.
    pub(super) fn only(&self, names: &[String]) -> Variables {
        let kept = self.held.iter().filter(|(name, _)| names.contains(name));
        Variables { held: kept.map(|(name, held)| (name.clone(), held.clone())).collect(), before: None }
    }

    fn held(&self, name: &str) -> Option<&Held> {
        self.held.get(name).or_else(|| self.before.as_ref()?.held(name))
    }

    /// Fills in every `${NAME}`.
    pub(super) fn fill(&self, text: &str) -> Filled {
        let mut filled = Filled { text: String::with_capacity(text.len()), taken: None, unknown: None };
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            filled.text.push_str(&rest[..at]);
            rest = &rest[at + 2..];
            let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
            match self.held(name) {
                Some(Held::Literal(value, set)) if filled.text.len() <= LONGEST => {
                    filled.text.push_str(value);
                    filled.taken.get_or_insert_with(|| (name.to_owned(), *set));
                }
                _ => {
                    filled.text.push_str("${");
                    filled.text.push_str(name);
                    filled.text.push('}');
                    filled.unknown.get_or_insert_with(|| name.to_owned());
                }
            }
            rest = behind;
        }
        filled.text.push_str(rest);
        filled
    }
}
