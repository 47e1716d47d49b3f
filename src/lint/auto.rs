//! What `--syntax auto` and `--policy auto` come to for one kickstart.

use super::{Chosen, Settings};
use crate::rules::addon::AddonSection;
use crate::rules::{node, style};
use kickstart::{Kickstart, Version};
use node_base::diagnostic::{Finding, Findings};
use node_base::policy::Policy;
use node_base::source::{FileId, Sources, Span};
use std::sync::Arc;

/// The line that says which syntax a kickstart is written in. The reference takes the first line of the file
/// that starts with it, wherever it stands (pykickstart 3.78, `versionFromFile`).
const HEADER: &str = "#version=";

/// The syntax version of a kickstart: given, from its header, from the configuration, or the default.
pub(super) fn syntax(
    sources: &Sources,
    file: FileId,
    settings: &Settings,
    findings: &mut Findings,
) -> Chosen<Version> {
    if let Some(given) = &settings.syntax {
        return given.clone();
    }
    let fallback =
        || settings.default_syntax.clone().unwrap_or_else(|| Chosen::new(Version::DEFAULT, "the default"));
    let Some(span) = header(sources, file) else {
        return fallback();
    };
    let name = sources.text_of(span);
    if name.eq_ignore_ascii_case("DEVEL") {
        // Anaconda writes DEVEL into the kickstart it leaves behind, whatever release it is.
        let chosen = fallback();
        let message = format!("'#version=DEVEL' names no release; the file is read as {}", chosen.value);
        let help = format!("write '#version={}', or the release that will install it", chosen.value);
        findings.push(Finding::new(&style::VERSION_DEVEL, message).at(span).help(help));
        return chosen;
    }
    match Version::from_name(name) {
        Ok(version) => Chosen::new(version, "from its #version header"),
        Err(unknown) => {
            let chosen = fallback();
            let help = match &unknown.nearest {
                Some(near) => format!("write '#version={near}'"),
                None => format!("write '#version={}', or the release that will install it", chosen.value),
            };
            let message = format!("unknown syntax version '{name}'; the file is read as {}", chosen.value);
            findings.push(Finding::new(&style::VERSION_UNKNOWN, message).at(span).help(help));
            chosen
        }
    }
}

/// The name in the first header line.
fn header(sources: &Sources, file: FileId) -> Option<Span> {
    let text = sources.get(file).text();
    // A byte order mark is a finding, and no reason to read the file as another version.
    let text_start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let is_line_start = |at: usize| {
        at == text_start || text[..at].chars().next_back().is_none_or(node_base::source::is_line_end)
    };
    let (at, _) = text.match_indices(HEADER).find(|(at, _)| is_line_start(*at))?;
    let start = at + HEADER.len();
    let line = node_base::source::split_lines(&text[start..]).next().unwrap_or_default();
    Some(Span::new(file, start, start + line.trim_end().len()))
}

/// The policy that follows from a kickstart: the one that its add-on section names, `ovirt-node` for another one that
/// makes a node, else none.
pub(super) fn policy(
    sources: &Sources,
    kickstart: &Kickstart<'_>,
    section: Option<&AddonSection>,
) -> Chosen<Option<Arc<Policy>>> {
    let Some(mut because) = node::makes_a_node(sources, kickstart) else {
        return Chosen::new(None, "nothing in it makes a node");
    };
    let policy = match section {
        Some(section) if section.policy.is_some() => {
            because = "named by its %addon org_ovirt_node";
            section.load_policy()
        }
        _ => Policy::builtin(AddonSection::DEFAULT_POLICY),
    };
    match policy {
        Ok(policy) => Chosen::new(Some(Arc::new(policy)), because),
        Err(error) => Chosen::new(None, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> (Chosen<Version>, Vec<&'static str>) {
        let mut sources = Sources::new();
        let file = sources.add("x.ks", text.to_owned()).unwrap();
        let mut findings = Findings::new();
        let chosen = syntax(&sources, file, &Settings::default(), &mut findings);
        (chosen, findings.iter().map(|f| f.code.name).collect())
    }

    #[test]
    fn the_header_says_the_version_wherever_it_stands() {
        let (version, findings) = chosen("# made by hand\n#version=rhel8.9  \r\nlang C\n");
        assert_eq!((version.value, findings.len()), (Version::rhel(8), 0));
    }

    #[test]
    fn a_header_that_names_no_release_is_the_default_and_a_remark() {
        assert_eq!(
            chosen("#version=DEVEL\n"),
            (Chosen::new(Version::DEFAULT, "the default"), vec!["version-devel"])
        );
        assert_eq!(chosen("#version=RHEL99\n").1, ["version-unknown"]);
        assert_eq!(chosen("echo #version=RHEL8\n").0.value, Version::DEFAULT);
    }
}
