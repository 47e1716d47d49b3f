//! Scripts of the shell: where they do not follow its grammar, and which simple commands they run.
//!
//! The grammar is that of the crate `brush-parser`; `bash -n` agrees with it (`tests/shell.rs`). Calls of functions and `eval` are
//! not followed. Nothing is ever run.

mod fault; // where a script does not follow the grammar
mod grammar; // the parser, and its bounds
mod hazard; // texts that the parser must not be given
mod open; // what is not closed at the end
mod substitution; // the commands of `$(…)`
mod walk; // from the tree to commands

pub use fault::{Fault, FaultKind};
pub use grammar::is_reading;

/// What follows a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A line end, `;`, or the end of the script.
    End,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// A word of a script and its place there.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellWord {
    /// Without its quotes.
    pub text: String,
    /// Offset of its first byte in the script.
    pub start: usize,
    /// Offset of the first byte after it.
    pub end: usize,
}

/// A simple command: its words without assignments, keywords and redirections.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The words; never empty.
    pub words: Vec<ShellWord>,
    /// Files that its output is written to.
    pub written: Vec<String>,
    /// The text of a here-string or a here-document that it reads, with its place where that is known.
    pub input: Option<ShellWord>,
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

/// Why a script was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It has a here-document with an unusual tag, or one in a construct that is not closed before the text begins.
    HereDocument,
    /// It opens more brackets than the parser can take, or thousands of constructs.
    TooDeep,
    /// A `case` in `$(…)` has a pattern without the bracket before it: the parser takes the one after it as the end of the `$(…)`.
    Pattern,
    /// The parser panics on it, which is a fault of the parser.
    ParserFails,
}

/// A script as bash reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Its simple commands, in order; none where it has a fault.
    pub statements: Vec<Statement>,
    /// The simple commands of `$(…)`, `` `…` `` and `<(…)`, whose output becomes part of a word; none where it has a fault. Those
    /// of here-documents are left out.
    pub substituted: Vec<Statement>,
    /// Where it does not follow the grammar.
    pub fault: Option<Fault>,
    /// Why nothing is known of it, if that is so.
    pub unread: Option<Unread>,
    /// Lines, from 1, of here-documents that nothing ends: bash takes all that follows as their text.
    pub open_here_documents: Vec<usize>,
}

impl Script {
    /// Reads a script, unless that is not safe ([`Unread`]).
    pub fn read(script: &str) -> Script {
        let text = grammar::readable(script);
        grammar::with_stack(&text, || {
            let (result, open_here_documents) = grammar::parse_to_the_end(&text);
            match result {
                Ok(program) => match substitution::read(&text) {
                    Ok(mut substituted) => {
                        let commands = walk::statements(&text, &program);
                        substituted.extend(commands.inside);
                        substituted.sort_by_key(|statement| statement.words[0].start);
                        Script {
                            statements: commands.statements,
                            substituted,
                            open_here_documents,
                            ..Script::default()
                        }
                    }
                    Err(fault) => Script { fault: Some(fault), open_here_documents, ..Script::default() },
                },
                Err(error) => {
                    let fault = fault::locate(&text, &error);
                    // bash meets one inside a word before it comes to the end of a command. Where a quote is not closed, what
                    // is inside a word is not known.
                    let earlier = (fault.kind != FaultKind::Unclosed)
                        .then(|| substitution::read(&text).err())
                        .flatten()
                        .filter(|inside| inside.at < fault.at);
                    let fault = Some(earlier.unwrap_or(fault));
                    Script { fault, open_here_documents, ..Script::default() }
                }
            }
        })
        .unwrap_or_else(|unread| Script { unread: Some(unread), ..Script::default() })
    }

    /// Each simple command, as its place in the list that it is in: what follows it there may matter.
    pub fn all(&self) -> impl Iterator<Item = (&[Statement], usize)> {
        let lists = [self.statements.as_slice(), self.substituted.as_slice()];
        lists.into_iter().flat_map(|list| (0..list.len()).map(move |i| (list, i)))
    }
}

/// Offsets of bytes by those of characters.
struct Offsets<'t> {
    text: &'t str,
    /// Where each character begins; empty in a text of ASCII.
    starts: Vec<usize>,
}

impl<'t> Offsets<'t> {
    fn of(text: &'t str) -> Self {
        let starts =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Offsets { text, starts }
    }

    /// The byte at which character `index` begins; the end of the text for one after it.
    fn byte(&self, index: usize) -> usize {
        if self.starts.is_empty() {
            index.min(self.text.len())
        } else {
            self.starts.get(index).copied().unwrap_or(self.text.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `program argument … [> file] <operator>` a line.
    fn shown(script: &str) -> Vec<String> {
        Script::read(script)
            .statements
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
    fn the_place_of_a_word_is_its_own_on_joined_lines_too() {
        for script in ["a b \\\n  c", "a \\\nb c\n", "a\\\n\\\n b \\\n \\\n\tc && d", "echo é \\\n ü"] {
            for statement in Script::read(script).statements {
                for word in statement.words {
                    assert_eq!(&script[word.start..word.end], word.text, "{script:?}");
                }
            }
        }
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
        assert_eq!(shown("a $(b; (c d)) `e; f`\n"), ["a $(b; (c d)) `e; f` End"]);
    }

    #[test]
    fn commands_whose_output_is_a_word_are_known() {
        let shown = |script: &str| {
            let read = Script::read(script);
            assert_eq!((&read.fault, read.unread), (&None, None), "{script}");
            let words =
                |s: &Statement| s.words.iter().map(|w| script[w.start..w.end].to_owned()).collect::<Vec<_>>();
            read.substituted.iter().map(|s| words(s).join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(shown("a $(b; c d) `e; f`\n"), ["b", "c d", "e", "f"]);
        assert_eq!(shown("X=$(a \"$(b 'c)')\" | d)\n"), ["a \"$(b 'c)')\"", "b 'c)'", "d"]);
        assert_eq!(shown("for i in $(a); do b >$(c) <(d $(e)); done"), ["a", "c", "d $(e)", "e"]);
        assert_eq!(shown("x=( $(a) ) y=${z:-$(b)}; [[ $(c) ]]\né \"ü $(d)\"\n"), ["a", "b", "c", "d"]);
        assert_eq!(shown("echo '$(a)' \\\\$(b) \"\\$(c)\" # $(d)\n$((1 + (2)))"), ["b"]);
    }

    #[test]
    fn a_fault_inside_a_word_is_one_of_the_script() {
        for (script, line, kind) in [
            ("a\nx=$(if b; fi)\n", 2, FaultKind::Unexpected("fi".to_owned())),
            ("a $(b\n  if c\n)\n", 3, FaultKind::Unexpected(")".to_owned())),
            ("a \"$(b $(c &&\n; d))\"\n", 2, FaultKind::Unexpected(";".to_owned())),
        ] {
            let fault = Script::read(script).fault.unwrap();
            assert_eq!((fault.line, &fault.kind), (line, &kind), "{script}: {fault:?}");
        }
        for fine in ["`if`", "$(case a in (a) b ;; esac)", "echo '$(if)' # $(if)", "cat <<E\n$(if)\nE\n"] {
            assert_eq!(Script::read(fine).fault, None, "{fine}");
        }
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
            let _ = Script::read(script);
        }
    }

    #[test]
    fn a_number_that_no_file_descriptor_has_is_a_word() {
        for (script, words) in [
            ("echo a 2147483648>f", vec!["echo", "a", "_147483648"]),
            ("echo 99999999999999999999 >f", vec!["echo", "99999999999999999999"]),
            ("echo 99999999999999999999<f", vec!["echo", "_9999999999999999999"]),
            ("echo 2147483647>f", vec!["echo"]),
            ("echo 0000000000002>f", vec!["echo"]),
        ] {
            let read = Script::read(script);
            assert_eq!((read.fault, read.unread), (None, None), "{script}");
            let found: Vec<&str> = read.statements[0].words.iter().map(|w| w.text.as_str()).collect();
            assert_eq!(found, words, "{script}");
        }
    }

    #[test]
    fn a_script_that_is_not_read_says_why() {
        let unread = |script: &str| Script::read(script).unread;
        assert_eq!(unread("x=$(cat <<E\na\nE\n)\n"), None);
        assert_eq!(unread("x=$(cat <<E)\na\nE\n"), Some(Unread::HereDocument));
        assert_eq!(unread(&"(".repeat(10_000)), Some(Unread::TooDeep));
        assert_eq!(unread("x=$(case a in a) b ;; esac)"), Some(Unread::Pattern));
        assert_eq!(unread("x=$(case a in (a) b ;; esac); case a in a) $(b) ;; esac"), None);
    }
}
