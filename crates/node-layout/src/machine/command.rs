//! A program with its arguments, as a list: no shell ever sees it.

use std::fmt;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program's name, looked up in `PATH`.
    pub program: &'static str,
    /// Its arguments, unquoted.
    pub args: Vec<String>,
    /// Exit statuses that mean success besides 0 (`e2fsck` exits with 1 after it has corrected something).
    pub also_ok: &'static [i32],
    /// Environment variables set for it.
    pub env: Vec<(&'static str, String)>,
}

impl Command {
    /// A program with its arguments.
    pub fn new<S: Into<String>>(program: &'static str, args: impl IntoIterator<Item = S>) -> Command {
        Command { program, args: args.into_iter().map(Into::into).collect(), also_ok: &[], env: Vec::new() }
    }

    /// Counts these exit statuses as success, too.
    #[must_use]
    pub(crate) fn also_ok(mut self, statuses: &'static [i32]) -> Command {
        self.also_ok = statuses;
        self
    }

    /// Sets an environment variable for the program.
    #[must_use]
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Command {
        self.env.push((name, value.into()));
        self
    }

    /// Program and arguments in one list, as `execve` takes them.
    pub(crate) fn argv(&self) -> Vec<&str> {
        std::iter::once(self.program).chain(self.args.iter().map(String::as_str)).collect()
    }
}

impl fmt::Display for Command {
    /// As one would type it into a shell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(self.program)?;
        self.args.iter().try_for_each(|a| write!(f, " {}", quoted(a)))
    }
}

/// A word with the quotes that a POSIX shell needs.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_print_so_that_they_can_be_typed() {
        let c = Command::new("lvs", ["-o", "it's", "", "vg/a+1"]).env("LVM_SYSTEM_DIR", "/a b");
        assert_eq!(c.to_string(), r"LVM_SYSTEM_DIR='/a b' lvs -o 'it'\''s' '' vg/a+1");
    }
}
