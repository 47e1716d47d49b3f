//! Just enough of the shell's grammar to say which simple commands a script runs and what follows them.
//!
//! Quoting, comments, line continuation, here-documents, `$(…)` and redirections are understood; functions,
//! `eval` and loops are not followed. Nothing is ever run.

mod lexer;

use lexer::{Lexer, Token};
pub use lexer::{Next, ShellWord};

/// A simple command: its words without assignments, keywords and redirections.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The words; never empty.
    pub words: Vec<ShellWord>,
    /// Files that its output is written to.
    pub written: Vec<String>,
    /// Offset of the first byte after the last word or redirection.
    pub end: usize,
    /// What follows it.
    pub next: Next,
    /// Whether it is the condition of an `if` or `while`, or negated: the script handles its failure.
    pub condition: bool,
    /// Whether it is in an `if`, a loop or a `case`: it may never run.
    pub nested: bool,
}

impl Statement {
    /// The last part of the command's path: `imgbase` of `/usr/sbin/imgbase`.
    pub fn program(&self) -> &str {
        let first = self.words[0].text.as_str();
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The words after the command.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words[1..].iter().map(|w| w.text.as_str())
    }
}

/// Words before a command that do not change what it does.
const PREFIXES: [&str; 7] = ["exec", "time", "sudo", "command", "env", "nice", "builtin"];

/// Reserved words that a command may follow directly.
const OPENERS: [&str; 10] = ["if", "then", "elif", "else", "do", "while", "until", "!", "{", "("];

/// Reserved words that close a compound command.
const CLOSERS: [&str; 5] = ["fi", "done", "esac", "}", ")"];

/// The simple commands of a script, in order.
pub fn statements(script: &str) -> Vec<Statement> {
    let mut reader = Lexer::new(script);
    let mut list = Vec::new();
    let mut current = Pending::default();
    loop {
        match reader.token() {
            Token::Word(word) => current.word(word),
            Token::Redirect(target) => {
                current.written.extend(target);
                current.end = reader.at;
            }
            Token::Operator(next) => current.finish(next, &mut list),
            Token::End => {
                current.finish(Next::End, &mut list);
                return list;
            }
        }
    }
}

/// A command whose end is not reached yet.
#[derive(Default)]
struct Pending {
    words: Vec<ShellWord>,
    written: Vec<String>,
    end: usize,
    condition: bool,
    /// How many compound commands are open.
    depth: usize,
}

impl Pending {
    fn word(&mut self, word: ShellWord) {
        if self.words.is_empty() {
            let text = word.text.as_str();
            match text {
                "if" | "while" | "until" | "for" | "case" => self.depth += 1,
                "fi" | "done" | "esac" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if OPENERS.contains(&text) {
                self.condition |= matches!(text, "if" | "elif" | "while" | "until" | "!");
                return;
            }
            if CLOSERS.contains(&text) || PREFIXES.contains(&text) || is_assignment(text) {
                return;
            }
        }
        self.end = word.end;
        self.words.push(word);
    }

    fn finish(&mut self, next: Next, list: &mut Vec<Statement>) {
        let depth = self.depth;
        let done = std::mem::replace(self, Pending { depth, ..Pending::default() });
        if done.words.is_empty() {
            // `{ a; } || b` and `( a ) || b`: what follows the bracket follows the command in it.
            if next != Next::End
                && let Some(last) = list.last_mut()
            {
                last.next = next;
            }
            return;
        }
        list.push(Statement {
            words: done.words,
            written: done.written,
            end: done.end,
            next,
            condition: done.condition,
            nested: depth > 0,
        });
    }
}

/// `NAME=value`
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `program argument … [> file] <operator>` a line.
    fn shown(script: &str) -> Vec<String> {
        statements(script)
            .iter()
            .map(|s| {
                let words: Vec<_> = s.words.iter().map(|w| w.text.as_str()).collect();
                let mut line = words.join(" ");
                for file in &s.written {
                    line.push_str(&format!(" > {file}"));
                }
                if s.condition {
                    line.insert_str(0, "? ");
                }
                format!("{line} {:?}", s.next)
            })
            .collect()
    }

    #[test]
    fn commands_end_at_operators_and_line_ends() {
        assert_eq!(
            shown("set -x; a b \\\n  c && d || exit 1\ne | f &\n"),
            ["set -x End", "a b c And", "d Or", "exit 1 End", "e Pipe", "f Background"]
        );
    }

    #[test]
    fn comments_quotes_and_here_documents_hold_no_commands() {
        assert_eq!(
            shown(
                "# no; not this\ncat > /etc/x <<EOF\nimgbase layout --init\nEOF\necho 'a; b' \"c && d\" # e\nf#g\n"
            ),
            ["cat > /etc/x End", "echo a; b c && d End", "f#g End"]
        );
        assert_eq!(shown("cat <<-'E'\n\tx\n\tE\ny\n"), ["cat End", "y End"]);
        assert_eq!(shown("a $(b; c (d)) `e; f`\n"), ["a $(b; c (d)) `e; f` End"]);
    }

    #[test]
    fn keywords_assignments_and_prefixes_are_no_commands() {
        assert_eq!(
            shown("if ! A=1 exec a; then b; fi\nX=1\n( c ) || d\n{ e; } || f\n"),
            ["? a End", "b End", "c Or", "d End", "e Or", "f End"]
        );
    }

    #[test]
    fn files_that_are_written_are_known() {
        assert_eq!(
            shown("a >b 2>&1\nc >>d 2>/dev/null\ne &>f\ng < h\n"),
            ["a > b End", "c > d > /dev/null End", "e > f End", "g End"]
        );
    }

    #[test]
    fn broken_scripts_end_somewhere() {
        for script in
            ["'", "\"", "`", "$(", "<<", "a <<E", "\\", "${", "((((", "))))", "é > ü", "a && ", "||"]
        {
            let _ = statements(script);
        }
    }
}
