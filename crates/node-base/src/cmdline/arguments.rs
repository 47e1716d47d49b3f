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

    /// Whether one of the words is `word`, with or without double quotes.
    pub fn contains(&self, word: &str) -> bool {
        self.words.iter().any(|w| is_word(w, word))
    }

    /// The first word with a double quote that is not closed. The kernel takes everything after it as a part of the word.
    pub fn unclosed(&self) -> Option<&str> {
        self.words().find(|w| w.matches('"').count() % 2 == 1)
    }

    /// The value of the last `key=`, without double quotes around it: for the kernel and dracut the last one overrides the
    /// others.
    pub fn value<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.values(key).last()
    }

    /// The values of every `key=`.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.words.iter().filter_map(move |w| value_of(w, key))
    }

    /// Makes `key=value` the only word with this key: it replaces the first one and removes the others, or is appended.
    pub fn set(&mut self, key: &str, value: &str) {
        let new = match value.contains(char::is_whitespace) {
            true => format!("{key}=\"{value}\""),
            false => format!("{key}={value}"),
        };
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

    /// Replaces the first of the words `old` by `new` and removes the others, with or without double quotes.
    pub fn replace(&mut self, old: &[&str], new: &[&str]) {
        let is_old = |w: &String| old.iter().any(|old| is_word(w, old));
        let Some(at) = self.words.iter().position(is_old) else { return };
        let mut rest = self.words.split_off(at);
        rest.retain(|w| !is_old(w));
        self.words.extend(new.iter().map(|w| (*w).to_owned()));
        self.words.append(&mut rest);
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

/// The kernel takes double quotes around a word or around its value away. In a shell's assignment a backslash precedes them.
fn value_of<'a>(word: &'a str, key: &str) -> Option<&'a str> {
    let word = word.trim_start_matches("\\\"").trim_start_matches('"');
    let value = word.strip_prefix(key)?.strip_prefix('=')?;
    Some(value.trim_start_matches("\\\"").trim_end_matches("\\\"").trim_matches('"'))
}

/// Whether a word is `expected` without its double quotes.
fn is_word(word: &str, expected: &str) -> bool {
    word == expected || word.contains('"') && word.replace("\\\"", "").replace('"', "") == expected
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
        a.replace(&["rd.lvm.lv=vg/root"], &["rd.lvm.vg=vg", "mark"]);
        a.add_flag("rootflags", "discard");
        a.add_flag("rootflags", "pquota");
        a.add_flag("rootflags", "discard");
        assert_eq!(
            a.to_string(),
            r#"ro root=UUID=1 dyndbg="file a.c +p" rd.lvm.vg=vg mark quiet rootflags=discard,pquota"#
        );
    }

    #[test]
    fn every_occurrence_of_a_word_is_replaced_with_or_without_quotes() {
        let mut a = Arguments::parse(r#"x lv=a "lv=a" y lv="a" old=a z"#);
        a.replace(&["lv=a", "old=a"], &["lv=b", "mark"]);
        assert_eq!(a.to_string(), "x lv=b mark y z");
        let mut a = Arguments::parse(r#""root=/dev/a" root="/dev/b" rootflags="a b""#);
        assert_eq!(a.values("root").collect::<Vec<_>>(), ["/dev/a", "/dev/b"]);
        a.set("root", "/dev/c");
        a.add_flag("rootflags", "c");
        assert_eq!(a.to_string(), r#"root=/dev/c rootflags="a b,c""#);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_found() {
        assert_eq!(Arguments::parse(r#"ro a="b c" d"#).unclosed(), None);
        assert_eq!(Arguments::parse(r#"ro a="b c d"#).unclosed(), Some(r#"a="b c d"#));
    }

    proptest! {
        #[test]
        fn parsing_and_printing_is_stable(text in "[ -~]{0,80}") {
            let once = Arguments::parse(&text).to_string();
            prop_assert_eq!(&Arguments::parse(&once).to_string(), &once);
        }
    }
}
