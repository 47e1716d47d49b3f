//! The marks themselves: where one begins and ends, and which engine has such marks.

use memchr::{memchr2_iter, memchr3_iter};
use node_base::source::split_lines;
use std::ops::Range;

/// The engines that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Jinja,
    Go,
    Erb,
    Cheetah,
    Terraform,
    Variables,
    Xcat,
    Autoconf,
    Hashes,
}

impl Engine {
    /// Completes "this is …".
    pub(super) fn name(self) -> &'static str {
        match self {
            Engine::Jinja => "a Jinja2 template",
            Engine::Go => "a Go template",
            Engine::Erb => "an ERB template",
            Engine::Cheetah => "a Cheetah template (Cobbler)",
            Engine::Terraform => "a template of Terraform or Packer",
            Engine::Variables => "a template with variables ($NAME)",
            Engine::Xcat => "a template of xCAT",
            Engine::Autoconf => "a template with marks such as @NAME@",
            Engine::Hashes => "a template with marks such as ##NAME##",
        }
    }
}

/// One mark.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) at: Range<usize>,
    pub(super) engine: Engine,
    /// Whether nothing but a template has such a mark.
    pub(super) is_certain: bool,
    /// Whether it is in a script, which may write a template of its own.
    pub(super) is_in_script: bool,
}

/// Where a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Commands,
    Packages,
    Script,
}

/// Whether the characters that marks begin with are in a text, before anything is looked at closely.
pub(super) fn may_have_marks(text: &[u8]) -> bool {
    let next = |at: usize| text.get(at + 1).copied();
    let before = |at: usize| at.checked_sub(1).map(|n| text[n]);
    let begins_mark = |at: usize| match text[at] {
        b'{' => matches!(before(at), Some(b'$' | b'%')) || matches!(next(at), Some(b'{' | b'%' | b'#')),
        b'$' => {
            // Inside a word it is a part of a password's hash.
            let is_joined = before(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'));
            !is_joined && next(at).is_some_and(|b| b.is_ascii_alphabetic())
        }
        b'<' => next(at) == Some(b'%'),
        b'@' => next(at).is_some_and(|b| b == b'@' || b.is_ascii_uppercase()),
        _ => {
            let is_name = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_uppercase);
            next(at) == Some(b'#') || text.get(at + 1..at + 4).is_some_and(is_name)
        }
    };
    memchr3_iter(b'{', b'$', b'<', text).any(begins_mark) || memchr2_iter(b'@', b'#', text).any(begins_mark)
}

/// The marks of a text that begin and end on one line and have an end of their own (`{{ … }}`, `{% … %}`, `<% … %>`).
pub(crate) fn marks_of_one_line(text: &str) -> Vec<Range<usize>> {
    let mut marks = Vec::new();
    let mut start = 0;
    for line in split_lines(text) {
        let mut at = 0;
        while let Some(open) = line[at..].find(['{', '<']).map(|n| at + n) {
            let pair = PAIRS.iter().find(|(begin, _)| line[open..].starts_with(begin));
            let end = pair.and_then(|(_, close)| line[open..].find(close).map(|n| open + n + close.len()));
            if let Some(end) = end {
                marks.push(start + open..start + end);
            }
            // Without an end none of this line's later marks has one, either.
            at = end.unwrap_or(if pair.is_some() { line.len() } else { open + 1 });
        }
        start += line.len();
    }
    marks
}

/// Whether a mark begins another branch.
pub(super) fn is_branch(mark: &str) -> bool {
    let inner = mark.trim_start_matches(['{', '%', '<', '-', '~', '#', ' ']);
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    matches!(word, "else" | "elif" | "elsif" | "elseif" | "when")
}

/// Whether a mark gives a value, and not only decides something.
pub(super) fn is_value(mark: &str) -> bool {
    ["{{", "<%=", "<%-=", "$", "@"].iter().any(|open| mark.starts_with(open))
}

/// Marks that have an end of their own.
const PAIRS: [(&str, &str); 4] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>")];
/// The pairs that count in scripts, too.
const IN_SCRIPTS: [usize; 2] = [1, 3];
/// Most bytes from the begin of a mark to its end.
const LONGEST: usize = 4096;

/// Variables of package managers, which kickstarts have in URLs.
const NOT_MARKS: [&str; 8] = [
    "releasever",
    "basearch",
    "arch",
    "infra",
    "stream",
    "contentdir",
    "releasever_major",
    "releasever_minor",
];

pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) marks: Vec<Mark>,
    /// Everything before this byte belongs to a mark.
    pub(super) covered: usize,
    /// For each pair the place of an end that was found behind its begin: `Some(None)` when there is none any more.
    ends: [Option<Option<usize>>; PAIRS.len()],
    /// Whether the line that is read is one of a script.
    in_script: bool,
    /// Whether the line that is read is a comment: a `$NAME` there is a remark about a script, not a value to fill in.
    in_comment: bool,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Reader<'t> {
        Reader {
            text,
            marks: Vec::new(),
            covered: 0,
            ends: [None; PAIRS.len()],
            in_script: false,
            in_comment: false,
        }
    }

    /// Finds the marks of one line.
    pub(super) fn line(&mut self, line: Range<usize>, place: Place) {
        let text = self.text;
        let content = &text[line.clone()];
        self.in_script = place == Place::Script;
        self.in_comment = content.trim_start().starts_with('#');
        if place != Place::Script {
            self.directive(content, line.start);
        }
        let mut at = 0;
        while let Some(found) = content[at..].find(['{', '<', '$', '@', '#', '%']) {
            let here = at + found;
            let rest = &content[here..];
            at = here + 1;
            let Some(end) = self.mark(rest, &content[..here], line.start + here, place) else { continue };
            if end > line.end {
                return;
            }
            at = (end - line.start).max(at);
        }
    }

    /// A mark that begins here; returns where it ends.
    fn mark(&mut self, rest: &str, before: &str, at: usize, place: Place) -> Option<usize> {
        for (n, (open, _)) in PAIRS.iter().enumerate() {
            if rest.starts_with(open) && (place != Place::Script || IN_SCRIPTS.contains(&n)) {
                let end = self.end_of(n, at + open.len()).filter(|end| end - at <= LONGEST)?;
                let engine = match n {
                    3 => Engine::Erb,
                    0 if is_go(&self.text[at..end]) => Engine::Go,
                    _ => Engine::Jinja,
                };
                return Some(self.push(at..end, engine, true));
            }
        }
        if place == Place::Script {
            return None;
        }
        let name_of = |text: &str| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            text.find(|c| !is_name(c)).unwrap_or(text.len())
        };
        if let Some(inner) = rest.strip_prefix("${").or_else(|| rest.strip_prefix("%{")) {
            let end = at + 2 + inner.find('}')? + 1;
            let engine = if rest.starts_with('%') { Engine::Terraform } else { Engine::Variables };
            let is_fixed = NOT_MARKS.contains(&&self.text[at + 2..end - 1]);
            if engine == Engine::Variables && (self.in_comment || is_fixed) {
                return None;
            }
            return Some(self.push(at..end, engine, engine == Engine::Terraform));
        }
        if let Some(inner) = rest.strip_prefix('$') {
            let name = &inner[..name_of(inner)];
            let is_call = inner[name.len()..].starts_with('(');
            let joined =
                before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '$' | '.'));
            let is_variable = name.len() >= 3
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && !NOT_MARKS.contains(&name)
                // A password's hash: $6$salt$…, $y$j9T$….
                && !inner[name.len()..].starts_with('$')
                && !before.rsplit([' ', '\t', '=', '"', '\'']).next().unwrap_or_default().contains('$');
            let is_remark = self.in_comment && !is_call;
            if !is_variable || joined || is_remark || place == Place::Packages && !is_call {
                return None;
            }
            let engine = if is_call { Engine::Cheetah } else { Engine::Variables };
            return Some(self.push(at..at + 1 + name.len(), engine, is_call));
        }
        if let Some(inner) = rest.strip_prefix('@') {
            let doubled = inner.strip_prefix('@');
            let inner = doubled.unwrap_or(inner);
            let name = &inner[..name_of(inner)];
            let close = if doubled.is_some() { "@@" } else { "@" };
            let is_name =
                name.len() >= 2 && (doubled.is_some() || !name.contains(|c: char| c.is_ascii_lowercase()));
            if !is_name
                || name.starts_with(|c: char| c.is_ascii_digit())
                || !inner[name.len()..].starts_with(close)
            {
                return None;
            }
            let end = at + (rest.len() - inner.len()) + name.len() + close.len();
            let engine = if doubled.is_some() { Engine::Cheetah } else { Engine::Autoconf };
            return Some(self.push(at..end, engine, true));
        }
        // ##Host-Name##
        if let Some(inner) = rest.strip_prefix("##") {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let name = inner.find(|c| !is_name(c)).filter(|n| *n >= 2)?;
            inner[name..].strip_prefix("##")?;
            return Some(self.push(at..at + name + 4, Engine::Hashes, true));
        }
        // xCAT: #TABLE:site:key=master:value#
        let inner = rest.strip_prefix('#')?;
        let name = inner.find(|c: char| !c.is_ascii_uppercase()).filter(|n| *n >= 3)?;
        let close = inner[name..].strip_prefix(':')?.find('#')?;
        Some(self.push(at..at + 1 + name + 1 + close + 1, Engine::Xcat, true))
    }

    fn push(&mut self, at: Range<usize>, engine: Engine, is_certain: bool) -> usize {
        let end = at.end;
        self.covered = self.covered.max(end);
        self.marks.push(Mark { at, engine, is_certain, is_in_script: self.in_script });
        end
    }

    /// Where the pair that begins before `from` ends. Every end is searched for once.
    fn end_of(&mut self, pair: usize, from: usize) -> Option<usize> {
        let close = PAIRS[pair].1;
        let known = self.ends[pair].filter(|end| end.is_none_or(|end| end >= from + close.len()));
        let end = known.unwrap_or_else(|| self.text[from..].find(close).map(|n| from + n + close.len()));
        self.ends[pair] = Some(end);
        end
    }

    /// A line that is a directive of Cheetah: `#if $big`, `#end if`. Without a variable it may be a remark.
    fn directive(&mut self, content: &str, start: usize) {
        let trimmed = content.trim_start();
        let Some(inner) = trimmed.strip_prefix('#') else { return };
        let mut words = inner.split_ascii_whitespace();
        let is_directive = match words.next() {
            Some("if" | "elif" | "for" | "set" | "while" | "unless" | "silent" | "echo") => {
                inner.contains('$')
            }
            Some("end") => {
                matches!(words.next(), Some("if" | "for" | "while" | "raw" | "unless" | "def"))
                    && words.next().is_none()
            }
            Some("template=jinja2" | "template=cheetah") => true,
            _ => false,
        };
        if is_directive && inner.starts_with(|c: char| c.is_ascii_lowercase()) {
            let at = start + (content.len() - trimmed.len());
            self.push(at..start + content.trim_end().len(), Engine::Cheetah, true);
        }
    }
}

/// Whether a mark in double braces is one of Go: a field, a pipeline with a keyword, a comment.
fn is_go(mark: &str) -> bool {
    let inner = mark.trim_start_matches(['{', '-', ' ']);
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    inner.starts_with(['.', '$'])
        || inner.starts_with("/*")
        || matches!(
            word,
            "if" | "range" | "with" | "template" | "end" | "else" | "block" | "define" | "include"
        )
}
