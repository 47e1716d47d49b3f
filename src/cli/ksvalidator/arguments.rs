//! The command line of the reference's validator, as Python's argparse reads it (Python 3.11). clap reads command lines otherwise: it
//! takes files between options, and no `--first` for `--firsterror`.

use node_base::fold::folded;

/// The options, and whether one takes a value.
const OPTIONS: &[(char, &str, bool, &str)] = &[
    ('e', "--firsterror", false, "stop at the first error or warning of a file"),
    ('i', "--followincludes", false, "check the files that %include names, too"),
    ('l', "--listversions", false, "list the syntax versions"),
    ('v', "--version", true, "the syntax version to check against (the newest Fedora if not given)"),
    ('h', "--help", false, "show this text"),
];

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Files, patterns of files, URLs.
    pub(super) files: Vec<String>,
    /// Whether a file ends with its first error.
    pub(super) first_error: bool,
    /// Whether included files are read.
    pub(super) follow_includes: bool,
    /// Whether the versions are listed and nothing else is done.
    pub(super) list_versions: bool,
    /// Name of the syntax version, if one is given.
    pub(super) version: Option<String>,
}

/// A command line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Do this.
    Run(Parsed),
    /// Show the help.
    Help,
    /// It cannot be read: why.
    Mistake(String),
}

/// The line that shows how the program is called.
pub(super) fn usage() -> &'static str {
    "usage: ksvalidator [options] ksfile [ksfile...]\n"
}

/// All options, folded as argparse folds them in so many columns.
pub(super) fn help(columns: usize) -> String {
    let width = columns.saturating_sub(2);
    let indent = width.saturating_sub(20).clamp(4, 24);
    let row = |names: &str, what: &str| {
        let what = folded(what, Some(width), indent);
        let room = indent - 4;
        if names.len() > room {
            format!("  {names}\n{:indent$}{what}\n", "")
        } else {
            format!("  {names:room$}  {what}\n")
        }
    };
    let files = row("ksfile", "file, pattern or URL to check");
    let mut text = format!("{}\npositional arguments:\n{files}\noptions:\n", usage());
    for (short, long, takes_value, what) in OPTIONS {
        let value = if *takes_value { " VERSION" } else { "" };
        text += &row(&format!("-{short}{value}, {long}{value}"), what);
    }
    text
}

/// Reads the arguments behind the program's name.
pub(super) fn read(arguments: &[String]) -> Reading {
    match Reader::new(arguments).read() {
        Ok(reading) => reading,
        Err(what) => Reading::Mistake(what),
    }
}

/// What an argument is taken for.
enum Word<'a> {
    /// A file.
    File,
    /// An option, perhaps with letters or a value behind it.
    Option { letter: char, rest: Option<&'a str>, is_long: bool },
    /// It begins with a dash and is not an option.
    Unknown,
}

struct Reader<'a> {
    arguments: &'a [String],
    /// Files of a first group; further groups are not read.
    files: Option<Vec<String>>,
    unknown: Vec<String>,
    parsed: Parsed,
    help: bool,
}

impl<'a> Reader<'a> {
    fn new(arguments: &'a [String]) -> Self {
        let parsed = Parsed {
            files: Vec::new(),
            first_error: false,
            follow_includes: false,
            list_versions: false,
            version: None,
        };
        Reader { arguments, files: None, unknown: Vec::new(), parsed, help: false }
    }

    fn read(mut self) -> Result<Reading, String> {
        let arguments = self.arguments;
        let end = arguments.iter().position(|a| a == "--").unwrap_or(arguments.len());
        // An ambiguous option anywhere is a mistake before anything else is read.
        let words: Vec<Word<'a>> = arguments[..end].iter().map(|a| classify(a)).collect::<Result<_, _>>()?;
        let mut at = 0;
        let mut group: Vec<String> = Vec::new();
        while at < end {
            match &words[at] {
                Word::File => {
                    group.push(arguments[at].clone());
                    at += 1;
                }
                Word::Unknown => {
                    self.close(&mut group);
                    self.unknown.push(arguments[at].clone());
                    at += 1;
                }
                Word::Option { letter, rest, is_long } => {
                    self.close(&mut group);
                    let next = arguments[..end]
                        .get(at + 1)
                        .filter(|_| matches!(words.get(at + 1), Some(Word::File)));
                    at += 1 + usize::from(self.option(*letter, *rest, *is_long, next)?);
                }
            }
        }
        if end < arguments.len() {
            // Behind files that are read already, `--` is left over, too.
            let is_left_over = self.files.is_some() && group.is_empty();
            group.extend_from_slice(&arguments[end + usize::from(!is_left_over)..]);
        }
        self.close(&mut group);
        if !self.unknown.is_empty() {
            return Err(format!("unrecognized arguments: {}", self.unknown.join(" ")));
        }
        self.parsed.files = self.files.unwrap_or_default();
        Ok(if self.help { Reading::Help } else { Reading::Run(self.parsed) })
    }

    /// The first group holds the files; what is in a later one is left over.
    fn close(&mut self, group: &mut Vec<String>) {
        if group.is_empty() {
            return;
        }
        match &self.files {
            None => self.files = Some(std::mem::take(group)),
            Some(_) => self.unknown.append(group),
        }
    }

    /// Reads one option with the letters or the value behind it; returns whether it took the next argument.
    fn option(
        &mut self,
        letter: char,
        rest: Option<&str>,
        is_long: bool,
        next: Option<&String>,
    ) -> Result<bool, String> {
        let (mut letter, mut rest) = (letter, rest);
        loop {
            match letter {
                'v' => {
                    let Some(value) = rest.or(next.map(String::as_str)) else {
                        return Err("argument -v/--version: expected one argument".to_owned());
                    };
                    self.parsed.version = Some(value.to_owned());
                    return Ok(rest.is_none());
                }
                'e' => self.parsed.first_error = true,
                'i' => self.parsed.follow_includes = true,
                'l' => self.parsed.list_versions = true,
                _ => self.help = true,
            }
            let Some(more) = rest else { return Ok(false) };
            // Letters of further options, as in -eiv.
            let following = more.chars().next().filter(|c| !is_long && OPTIONS.iter().any(|o| o.0 == *c));
            let Some(following) = following else {
                let long = OPTIONS.iter().find(|o| o.0 == letter).map_or("", |o| o.1);
                return Err(format!("argument -{letter}/{long}: ignored explicit argument '{more}'"));
            };
            let behind = &more[following.len_utf8()..];
            letter = following;
            rest = if behind.is_empty() { None } else { Some(behind.strip_prefix('=').unwrap_or(behind)) };
        }
    }
}

fn classify(argument: &str) -> Result<Word<'_>, String> {
    if !argument.starts_with('-') || argument.len() == 1 {
        return Ok(Word::File);
    }
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let matching: Vec<_> = OPTIONS.iter().filter(|o| o.1[2..].starts_with(name)).collect();
        return match matching[..] {
            [option] => Ok(Word::Option { letter: option.0, rest: value, is_long: true }),
            [] => Ok(not_an_option(argument)),
            _ => {
                let all: Vec<&str> = matching.iter().map(|o| o.1).collect();
                Err(format!("ambiguous option: {argument} could match {}", all.join(", ")))
            }
        };
    }
    let mut letters = argument[1..].chars();
    let letter = letters.next().unwrap_or_default();
    let rest = letters.as_str();
    if !OPTIONS.iter().any(|o| o.0 == letter) {
        return Ok(not_an_option(argument));
    }
    let rest = if rest.is_empty() { None } else { Some(rest.strip_prefix('=').unwrap_or(rest)) };
    Ok(Word::Option { letter, rest, is_long: false })
}

/// A number or a word with a space is a file although it begins with a dash.
fn not_an_option(argument: &str) -> Word<'_> {
    let digits = &argument[1..];
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_number = !digits.is_empty() && is_digits(whole) && is_digits(fraction) && !fraction.is_empty();
    if is_number || argument.contains(' ') { Word::File } else { Word::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Reading {
        read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_in_every_form() {
        for line in
            ["-v RHEL9 -e -i a b", "-vRHEL9 -ei a b", "a b -eivRHEL9", "--ver=RHEL9 --fir --fo -- a b"]
        {
            let Reading::Run(parsed) = run(line) else { panic!("{line}") };
            assert_eq!(parsed.files, ["a", "b"], "{line}");
            assert_eq!(parsed.version.as_deref(), Some("RHEL9"), "{line}");
            assert!(parsed.first_error && parsed.follow_includes, "{line}");
        }
    }

    #[test]
    fn the_help_is_two_columns_narrower_than_the_terminal() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for columns in [40, 50, 60, 80, 200] {
            let help = help(columns);
            let options = help.lines().skip_while(|line| !line.is_empty());
            let widest = options.map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= columns - 2, "{widest} of {columns} columns:\n{help}");
            assert_eq!(words(&help), words(&super::help(80)));
        }
        assert!(
            help(200).contains("\n  -e, --firsterror      stop at the first error or warning of a file\n")
        );
        let folded = "\n  -e, --firsterror      stop at the first error or warning\n                        of a file\n";
        assert!(help(60).contains(folded), "{}", help(60));
    }

    #[test]
    fn what_the_reference_does_not_take_is_a_mistake() {
        for line in [
            "a -e b",
            "--f a",
            "-v",
            "-v -e a",
            "--list=x",
            "-ex a",
            "--nonsense a",
            "-x",
            "-v -- a",
            "a -e --",
        ] {
            assert!(matches!(run(line), Reading::Mistake(_)), "{line}: {:?}", run(line));
        }
    }
}
