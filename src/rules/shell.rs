//! The shell scripts of a kickstart, each read once for all rules.

use kickstart::Section;
use kickstart::shell::{Script, ShellWord, Statement};
use node_base::source::{Sources, Span};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Whether a shell runs the script of a section: the default, or named by `--interpreter`.
pub(crate) fn is_shell(section: &Section<'_>) -> bool {
    section.value("--interpreter").is_none_or(|value| {
        let program = value.text.split_whitespace().next().unwrap_or_default();
        matches!(program.rsplit('/').next().unwrap_or_default(), "sh" | "bash" | "dash" | "ash" | "ksh")
    })
}

/// How `shellcheck` is asked.
#[derive(Clone, Debug)]
pub struct ShellCheck {
    /// What answers.
    pub checker: Arc<dyn ShellChecker>,
    /// Whether all that it finds is shown, and not only errors and warnings.
    pub shows_all: bool,
}

/// What answers for `shellcheck`: the program, or a memory of its answers.
pub trait ShellChecker: std::fmt::Debug + Send + Sync {
    /// Its answer about a script of this dialect (`bash`, `dash`, `ksh`), with the least level that is wanted.
    fn ask(&self, script: &str, dialect: &str, level: &str) -> ShellCheckAnswer;
}

/// What `shellcheck` answers about a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellCheckAnswer {
    /// Its output in the format `json1`.
    Output(String),
    /// Why it has no output.
    Failed(String),
    /// It was not asked yet: nothing is said of the script.
    Later,
}

/// Scripts that were read, by the place of their text.
#[derive(Default)]
pub(crate) struct Scripts {
    read: RefCell<HashMap<Span, Rc<Script>>>,
}

impl Scripts {
    /// The script of a section, which [`is_shell`].
    pub(crate) fn of(&self, sources: &Sources, section: &Section<'_>) -> Rc<Script> {
        let mut read = self.read.borrow_mut();
        let script =
            read.entry(section.body).or_insert_with(|| Rc::new(Script::read(sources.text_of(section.body))));
        Rc::clone(script)
    }
}

/// The place of a part of a section's script.
pub(crate) fn place(section: &Section<'_>, start: usize, end: usize) -> Span {
    let at = section.body.start as usize;
    Span::new(section.body.file, at + start, at + end)
}

/// The place of a word.
pub(crate) fn place_of_word(section: &Section<'_>, word: &ShellWord) -> Span {
    place(section, word.start, word.end)
}

/// The place of a command, from its first word on.
pub(crate) fn place_of(section: &Section<'_>, statement: &Statement) -> Span {
    place(section, statement.words[0].start, statement.end)
}
