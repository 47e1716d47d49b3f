//! Marks of template engines. A kickstart is one command a line, so most of a template can be checked without rendering it:
//! lines with a mark are blanked, byte for byte, and the rest is read as it is written.

use super::codes::TEMPLATE;
use kickstart::syntax::SECTION_NAMES;
use node_base::diagnostic::Finding;
use node_base::source::bytes::position;
use node_base::source::{FileId, Span, is_line_end, split_lines};
use std::ops::Range;

/// The engines that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
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
    fn name(self) -> &'static str {
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
struct Mark {
    at: Range<usize>,
    engine: Engine,
    /// Whether nothing but a template has such a mark.
    is_certain: bool,
    /// Whether it is in a script, which may write a template of its own.
    is_in_script: bool,
}

/// A text with marks of a template engine.
#[derive(Debug)]
pub(crate) struct Template {
    /// The text with all lines blanked that have a mark; as many bytes, and the same lines.
    pub(crate) masked: String,
    /// The mark that shows it, and the engine that it is of.
    shown_by: Mark,
    /// Where lines are nothing but a value: it may be any number of lines, the end of a section among them.
    pub(crate) lone_values: Vec<usize>,
    /// Where lines begin another branch (`else`): of what is before and behind them only one is left.
    pub(crate) branches: Vec<usize>,
    /// Lines that a mark joins with the line before or behind it (`~}`).
    pub(crate) joined: Vec<Range<usize>>,
    /// What Foreman calls it, when that is not a whole kickstart (`snippet`, `script`).
    other_kind: Option<String>,
}

impl Template {
    /// Reads a text; `None` when it has no mark. Marks count among the commands, in headers of sections and in
    /// `%packages`. Scripts have braces of their own, and may write a template: their control marks (`{% … %}`, `<% … %>`)
    /// are blanked in a template, but do not make one.
    pub(crate) fn read(text: &str) -> Option<Template> {
        if !may_have_marks(text.as_bytes()) {
            return None;
        }
        let mut reader =
            Reader { text, marks: Vec::new(), covered: 0, ends: [None; PAIRS.len()], in_script: false };
        let mut masked: Vec<u8> = Vec::new();
        let mut blank = |line: Range<usize>| {
            if masked.is_empty() {
                masked = text.as_bytes().to_vec();
            }
            masked[line].fill(b' ');
        };
        let (mut lone_values, mut branches, mut joined) = (Vec::new(), Vec::new(), Vec::new());
        // The line before, and whether a mark at its end joins it with this one.
        let (mut line_before, mut is_joined) = (0..0, false);
        let (mut at, mut place) = (0, Place::Commands);
        for line in split_lines(text) {
            let start = at;
            at += line.len();
            let content = line.trim_end_matches(is_line_end);
            let inside = reader.covered > start;
            let first = content.split_ascii_whitespace().next().unwrap_or_default();
            let is_header = !inside && SECTION_NAMES.contains(&first);
            let before = reader.marks.len();
            let from = reader.covered.clamp(start, start + content.len());
            reader.line(from..start + content.len(), if is_header { Place::Commands } else { place });
            let whole = start..start + content.len();
            if content.trim_start().starts_with("%{~") {
                joined.push(line_before);
            }
            if is_joined {
                joined.push(whole.clone());
            }
            is_joined = content.trim_end().ends_with("~}");
            line_before = whole;
            for mark in &reader.marks[before..] {
                let (written, trimmed) = (&text[mark.at.clone()], content.trim());
                // "%<%= section %>" is a header that is not known.
                let is_alone = trimmed.trim_start_matches('%') == written;
                if is_value(written) && is_alone {
                    lone_values.push(start);
                } else if is_branch(written) {
                    branches.push(start);
                }
            }
            if inside || reader.marks.len() > before {
                let keep = if is_header { content.find(first).map_or(0, |n| n + first.len()) } else { 0 };
                // A section ends where its template says so, whatever is behind it.
                if first != "%end" || inside {
                    blank(start + keep..start + content.len());
                }
            }
            if inside {
                continue;
            }
            match first {
                "%packages" => place = Place::Packages,
                "%end" => place = Place::Commands,
                _ if is_header => place = Place::Script,
                _ => {}
            }
        }
        let outside = || reader.marks.iter().filter(|mark| !mark.is_in_script);
        let shown_by = outside().find(|mark| mark.is_certain).or(outside().next())?.clone();
        let masked = String::from_utf8(masked).ok()?;
        let other_kind = other_kind(text);
        Some(Template { masked, shown_by, lone_values, branches, joined, other_kind })
    }

    /// Whether its lines are those of a kickstart.
    pub(crate) fn is_kickstart(&self) -> bool {
        self.other_kind.is_none()
    }

    /// The remark that the file is a template.
    pub(crate) fn finding(&self, file: FileId) -> Finding {
        let engine = self.shown_by.engine.name();
        let message = match &self.other_kind {
            Some(kind) => format!(
                "this is {engine} of Foreman for a {kind}, not for a whole kickstart: it is not checked"
            ),
            None => format!("this is {engine}: lines with a mark are not checked"),
        };
        let help = "render it first, and check what the engine writes";
        let at = &self.shown_by.at;
        Finding::new(&TEMPLATE, message).at(Span::new(file, at.start, at.end)).label("a mark").help(help)
    }
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
fn is_branch(mark: &str) -> bool {
    let inner = mark.trim_start_matches(['{', '%', '<', '-', '~', '#', ' ']);
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    matches!(word, "else" | "elif" | "elsif" | "elseif" | "when")
}

/// Whether a mark gives a value, and not only decides something.
fn is_value(mark: &str) -> bool {
    ["{{", "<%=", "<%-=", "$", "@"].iter().any(|open| mark.starts_with(open))
}

/// Where a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Commands,
    Packages,
    Script,
}

/// Whether the characters that marks begin with are in a text, before anything is looked at closely.
fn may_have_marks(text: &[u8]) -> bool {
    let any = |byte: u8, is_mark: fn(&[u8], usize) -> bool| {
        let mut at = 0;
        while let Some(found) = position(&text[at..], byte) {
            if is_mark(text, at + found) {
                return true;
            }
            at += found + 1;
        }
        false
    };
    any(b'{', |text, at| {
        let (before, next) = (at.checked_sub(1).map(|n| text[n]), text.get(at + 1));
        matches!(before, Some(b'$' | b'%')) || matches!(next, Some(b'{' | b'%' | b'#'))
    }) || any(b'$', |text, at| {
        // Inside a word it is a part of a password's hash.
        let is_joined =
            at > 0 && (text[at - 1].is_ascii_alphanumeric() || matches!(text[at - 1], b'.' | b'/'));
        !is_joined && text.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
    }) || any(b'<', |text, at| text.get(at + 1) == Some(&b'%'))
        || any(b'@', |text, at| text.get(at + 1).is_some_and(|b| *b == b'@' || b.is_ascii_uppercase()))
        || any(b'#', |text, at| {
            let behind = &text[at + 1..];
            let is_name = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_uppercase);
            behind.first() == Some(&b'#') || behind.get(..3).is_some_and(is_name)
        })
}

/// What Foreman calls a template that is not a whole kickstart: the metadata in its first comment say `kind: snippet`, or a
/// partition table is a script (`#Dynamic`).
fn other_kind(text: &str) -> Option<String> {
    let head = text.strip_prefix("<%#")?;
    let metadata = &head[..head.find("%>")?];
    let kind = metadata.lines().find_map(|line| line.trim().strip_prefix("kind:"))?.trim();
    match kind {
        "provision" => None,
        "ptable" if !split_lines(text).any(|line| line.starts_with("#Dynamic")) => None,
        // The name is shown: letters only.
        other if other.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => Some(other.to_owned()),
        _ => None,
    }
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

struct Reader<'t> {
    text: &'t str,
    marks: Vec<Mark>,
    /// Everything before this byte belongs to a mark.
    covered: usize,
    /// For each pair the place of an end that was found behind its begin: `Some(None)` when there is none any more.
    ends: [Option<Option<usize>>; PAIRS.len()],
    /// Whether the line that is read is one of a script.
    in_script: bool,
}

impl Reader<'_> {
    /// Finds the marks of one line.
    fn line(&mut self, line: Range<usize>, place: Place) {
        let text = self.text;
        let content = &text[line.clone()];
        self.in_script = place == Place::Script;
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
            if !is_variable || joined || place == Place::Packages && !is_call {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<(&'static str, String)> {
        let template = Template::read(text)?;
        assert_eq!(template.masked.len(), text.len());
        let lines = |text: &str| split_lines(text).map(str::len).collect::<Vec<_>>();
        assert_eq!(lines(&template.masked), lines(text));
        Some((template.shown_by.engine.name(), text[template.shown_by.at.clone()].to_owned()))
    }

    #[test]
    fn engines_are_known_by_their_marks() {
        for (text, engine, mark) in [
            ("lang {{ lang }}\n", Engine::Jinja, "{{ lang }}"),
            ("{% if x -%}\nlang C\n{% endif %}\n", Engine::Jinja, "{% if x -%}"),
            ("{# remark\nof two lines #}\nlang C\n", Engine::Jinja, "{# remark\nof two lines #}"),
            ("# {{ ansible_managed }}\nlang C\n", Engine::Jinja, "{{ ansible_managed }}"),
            ("url --url={{.ProvisionerURL}}/x\n", Engine::Go, "{{.ProvisionerURL}}"),
            ("{{ range $n := .Nics }}\n{{end}}\n", Engine::Go, "{{ range $n := .Nics }}"),
            ("{{template \"part\"}}\n", Engine::Go, "{{template \"part\"}}"),
            ("<%#\nkind: provision\n-%>\nlang C\n", Engine::Erb, "<%#\nkind: provision\n-%>"),
            ("part / --size=<%= size %>\n", Engine::Erb, "<%= size %>"),
            ("url --url=$tree\n$SNIPPET('network')\n", Engine::Cheetah, "$SNIPPET"),
            ("#if $getVar('x', False)\nautopart\n#end if\n", Engine::Cheetah, "#if $getVar('x', False)"),
            ("rootpw --iscrypted @@pw@@\n", Engine::Cheetah, "@@pw@@"),
            ("%{ if uefi ~}\npart /boot/efi --size=600\n%{ endif ~}\n", Engine::Terraform, "%{ if uefi ~}"),
            ("network --hostname=${name}\n", Engine::Variables, "${name}"),
            ("network --hostname=$hostname --ip=$ip\n", Engine::Variables, "$hostname"),
            ("url @KSTEST_URL@\n", Engine::Autoconf, "@KSTEST_URL@"),
            ("timezone #TABLE:site:key=timezone:value#\n", Engine::Xcat, "#TABLE:site:key=timezone:value#"),
            (
                "%packages\n{% for p in packages %}\n{{ p }}\n{% endfor %}\n%end\n",
                Engine::Jinja,
                "{% for p in packages %}",
            ),
            ("disk ##Disk-Label##\n", Engine::Hashes, "##Disk-Label##"),
        ] {
            assert_eq!(shown(text), Some((engine.name(), mark.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_a_plain_kickstart_has_is_not_a_mark() {
        for text in [
            "rootpw --iscrypted $6$abcdefgh$ijklmnop.qrstuv/wxyz\n",
            "rootpw --iscrypted $y$j9T$abc$def\n",
            "user --name=a --iscrypted --password=$2b$12$abcdefghijk\n",
            "rootpw Pa$word\n",
            "repo --name=x --mirrorlist=http://x/?repo=fedora-$releasever&arch=$basearch\n",
            "%packages\n@core\n@^minimal-environment\n-@standard\n%end\n",
            "%post\ncat >x.tmpl <<EOF\n<% f = \"x\" %>\n{% if x %}\nEOF\n%end\n",
            "## a remark ##\nlang C ## another ##\n",
            "%post\necho ${x} $HOME {{.Name}} ${x%.*} @NAME@ $(date) #end if\n%end\n",
            "# if you want more\n# else\n#else\n#if this were so\nlang C\n",
            "sshkey --username=a \"ssh-ed25519 AAAA a@HOST\"\n",
            "rootpw --iscrypted #ROOTPASS#\n",
            "lang C # {{ open\n",
            "part / --fsoptions={x}\n",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn lines_with_a_mark_are_blank_and_headers_keep_their_name() {
        let masked = |text: &str| Template::read(text).unwrap().masked;
        assert_eq!(
            masked("lang C\ntimezone {{ tz }}\r\n%post --log={{ x }}\nrm {{ y }}\n%end\n"),
            "lang C\n                 \r\n%post              \nrm {{ y }}\n%end\n"
        );
        assert_eq!(masked("<% a\n%post\nb %>\nlang C\n"), "    \n     \n    \nlang C\n");
    }

    /// Found by fuzzing: the length alone was compared, and a mark can go on in the next line.
    #[test]
    fn a_mark_over_two_lines_is_not_alone_on_its_line() {
        for text in [
            "ne%post --log={{ log }/\r\necho {{ x }}\r\n%end\r\n",
            "ne%post --log={{ log }/\necho {{ x }}\n%end\n",
        ] {
            assert_eq!(Template::read(text).unwrap().lone_values, [0; 0]);
        }
        assert_eq!(Template::read("lang C\n%<%= section %>\n").unwrap().lone_values, [7]);
    }

    #[test]
    fn many_marks_cost_no_more_than_their_length() {
        for part in ["{%", "{{", "<%", "${", "@A", "#A:", "{% %}", "$a("] {
            shown(&part.repeat(20_000));
            shown(&format!("{part}\n").repeat(10_000));
        }
    }
}
