//! Marks of template engines. A kickstart is one command a line, so most of a template can be checked without rendering it:
//! lines with a mark are blanked, byte for byte, and the rest is read as it is written.

mod marks; // where marks begin and end, and whose they are

pub(crate) use self::marks::marks_of_one_line;
use self::marks::{Mark, Place, Reader, is_branch, is_value, may_have_marks};
use super::codes::TEMPLATE;
use kickstart::syntax::SECTION_NAMES;
use node_base::diagnostic::Finding;
use node_base::source::{FileId, Span, is_line_end, split_lines};
use std::ops::Range;

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
        let mut reader = Reader::new(text);
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

#[cfg(test)]
mod tests {
    use super::marks::Engine;
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
            "# mkdir -p $HOME/.kube\n#url --url=$tree\n# ksflatten > ${tempfile}\nlang C\n",
            "ostreesetup --url=https://x/ --ref=fedora/rawhide/${basearch}/iot\n",
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
