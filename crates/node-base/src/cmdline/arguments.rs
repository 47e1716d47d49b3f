//! A kernel command line that can be edited. Words that are not edited keep their quoting and their order.

use crate::source::FileId;
use std::fmt;

/// The words of a kernel command line in order, each with its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    /// Splits a text at blanks outside double quotes, as [`parse`](super::parse) does.
    pub fn parse(text: &str) -> Arguments {
        let words = super::parse(text, FileId(0), 0).words;
        Arguments { words: words.iter().map(|word| text[word.span.range()].to_owned()).collect() }
    }

    /// All words, quotes included.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether one of the words is exactly `word`.
    pub fn contains(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// The value of the last `key=`: for the kernel and dracut the last one overrides the others.
    pub fn value<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.values(key).last()
    }

    /// The values of every `key=`.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.words.iter().filter_map(move |w| value_of(w, key))
    }

    /// Makes `key=value` the only word with this key: it replaces the first one and removes the others, or is appended.
    pub fn set(&mut self, key: &str, value: &str) {
        let new = format!("{key}={value}");
        let mut placed = false;
        self.words.retain_mut(|w| {
            if value_of(w, key).is_none() {
                return true;
            }
            let keep = !placed;
            placed = true;
            w.clone_from(&new);
            keep
        });
        if !placed {
            self.words.push(new);
        }
    }

    /// Replaces the first word `old` by `new`. Returns whether there was one.
    pub fn replace(&mut self, old: &str, new: &[&str]) -> bool {
        let Some(at) = self.words.iter().position(|w| w == old) else { return false };
        self.words.splice(at..=at, new.iter().map(|w| (*w).to_owned()));
        true
    }

    /// Removes every word equal to `word`.
    pub fn remove(&mut self, word: &str) {
        self.words.retain(|w| w != word);
    }

    /// Appends the word unless it is already there.
    pub fn add(&mut self, word: &str) {
        if !self.contains(word) {
            self.words.push(word.to_owned());
        }
    }

    /// Adds `flag` to the comma-separated value of `key` (`rootflags=`); appends `key=flag` if there is no value.
    pub fn add_flag(&mut self, key: &str, flag: &str) {
        match self.value(key).map(str::to_owned) {
            Some(v) if v.split(',').any(|f| f == flag) => {}
            Some(v) if !v.is_empty() => self.set(key, &format!("{v},{flag}")),
            _ => self.set(key, flag),
        }
    }

    /// Replaces the first word that is the variable `variable` (`$kernelopts`) by the words of `text`.
    pub fn expand(&mut self, variable: &str, text: &Arguments) {
        if let Some(at) = self.words.iter().position(|w| w == variable) {
            self.words.splice(at..=at, text.words.iter().cloned());
        }
    }
}

fn value_of<'a>(word: &'a str, key: &str) -> Option<&'a str> {
    word.strip_prefix(key)?.strip_prefix('=')
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arguments_keep_their_order_and_quoting() {
        let mut a =
            Arguments::parse(r#"ro  root=/dev/vg/root dyndbg="file a.c +p" rd.lvm.lv=vg/root quiet root=x"#);
        a.set("root", "UUID=1");
        a.replace("rd.lvm.lv=vg/root", &["rd.lvm.vg=vg", "mark"]);
        a.add_flag("rootflags", "discard");
        a.add_flag("rootflags", "pquota");
        a.add_flag("rootflags", "discard");
        assert_eq!(
            a.to_string(),
            r#"ro root=UUID=1 dyndbg="file a.c +p" rd.lvm.vg=vg mark quiet rootflags=discard,pquota"#
        );
    }

    proptest! {
        #[test]
        fn parsing_and_printing_is_stable(text in "[ -~]{0,80}") {
            let once = Arguments::parse(&text).to_string();
            prop_assert_eq!(&Arguments::parse(&once).to_string(), &once);
        }
    }
}
