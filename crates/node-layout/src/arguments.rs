//! A kernel command line that is edited and otherwise kept as it is: every argument, its quoting and its place.

use std::fmt;

/// Arguments in order, each as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    /// Splits at white space outside double quotes, as the kernel does (lib/cmdline.c, `next_arg`).
    pub fn parse(text: &str) -> Arguments {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut quoted = false;
        for c in text.chars() {
            if c.is_whitespace() && !quoted {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            quoted ^= c == '"';
            word.push(c);
        }
        if !word.is_empty() {
            words.push(word);
        }
        Arguments { words }
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether this very word is there.
    pub fn contains(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// The value of the last `key=` (the kernel's and dracut's last one wins).
    pub fn value<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.values(key).last()
    }

    /// The values of every `key=`.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.words.iter().filter_map(move |w| value_of(w, key))
    }

    /// Makes `key=value` the only one of that key: in the first one's place, else at the end.
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

    /// Puts `new` in the place of the word `old`; whether it was there.
    pub fn replace(&mut self, old: &str, new: &[&str]) -> bool {
        let Some(at) = self.words.iter().position(|w| w == old) else { return false };
        self.words.splice(at..=at, new.iter().map(|w| (*w).to_owned()));
        true
    }

    /// Takes the word away, wherever it is.
    pub fn remove(&mut self, word: &str) {
        self.words.retain(|w| w != word);
    }

    /// Adds the word if it is not there.
    pub fn add(&mut self, word: &str) {
        if !self.contains(word) {
            self.words.push(word.to_owned());
        }
    }

    /// Adds an option to a comma-separated value (`rootflags=`), or makes it.
    pub fn add_flag(&mut self, key: &str, flag: &str) {
        match self.value(key).map(str::to_owned) {
            Some(v) if v.split(',').any(|f| f == flag) => {}
            Some(v) if !v.is_empty() => self.set(key, &format!("{v},{flag}")),
            _ => self.set(key, flag),
        }
    }

    /// Puts `text` in the place of a word that is a variable (`$kernelopts`).
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
