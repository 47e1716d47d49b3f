//! `--syntax auto` and `--policy auto`: the version and the policy that a kickstart asks for.

use super::chosen::Chosen;
use super::settings::Settings;
use super::surroundings::ThisMachine;
use crate::directives::{AddonSection, VERSION_DEVEL, VERSION_UNKNOWN, version_header};
use crate::rules::makes_a_node;
use kickstart::{Kickstart, Version};
use node_base::diagnostic::{Finding, Findings};
use node_base::policy::Policy;
use node_base::source::{FileId, Sources};
use std::sync::Arc;

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
    let Some(span) = version_header(sources, file) else {
        return settings.syntax_without_header();
    };
    let name = sources.text_of(span);
    if name.eq_ignore_ascii_case("DEVEL") {
        // Anaconda writes DEVEL into the kickstart it leaves behind, whatever release it is.
        let chosen = settings.syntax_without_header();
        let message =
            format!("'#version=DEVEL' does not name a release; the file is read as {}", chosen.value);
        let help = format!("write '#version={}', or the release that will install it", chosen.value);
        findings.push(Finding::new(&VERSION_DEVEL, message).at(span).help(help));
        return chosen;
    }
    match Version::from_name(name) {
        Ok(version) => Chosen::new(version, "from its #version header"),
        Err(unknown) => {
            let chosen = settings.syntax_without_header();
            let help = match &unknown.nearest {
                Some(near) => format!("write '#version={near}'"),
                None => format!("write '#version={}', or the release that will install it", chosen.value),
            };
            let message = format!("unknown syntax version '{name}'; the file is read as {}", chosen.value);
            findings.push(Finding::new(&VERSION_UNKNOWN, message).at(span).help(help));
            chosen
        }
    }
}

/// The policy that a kickstart asks for: the one that its add-on section names; `ovirt-node` for another kickstart that
/// makes a node; else none.
pub(super) fn policy(
    sources: &Sources,
    kickstart: &Kickstart<'_>,
    section: Option<&AddonSection>,
) -> Chosen<Option<Arc<Policy>>> {
    let Some(mut because) = makes_a_node(sources, kickstart) else {
        return Chosen::new(None, "nothing in it makes a node");
    };
    let policy = match section {
        Some(section) if section.policy.is_some() => {
            because = "named by its %addon org_ovirt_node";
            section.policy(&ThisMachine)
        }
        _ => Policy::builtin(AddonSection::DEFAULT_POLICY).map(Arc::new),
    };
    match policy {
        Ok(policy) => Chosen::new(Some(policy), because),
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
    fn the_header_gives_the_version_wherever_it_is() {
        let (version, findings) = chosen("# made by hand\n#version=rhel8.9  \r\nlang C\n");
        assert_eq!((version.value, findings.len()), (Version::rhel(8), 0));
    }

    #[test]
    fn a_header_that_does_not_name_a_release_gives_the_default_and_a_remark() {
        assert_eq!(
            chosen("#version=DEVEL\n"),
            (Chosen::new(Version::DEFAULT, "the default"), vec!["version-devel"])
        );
        assert_eq!(chosen("#version=RHEL99\n").1, ["version-unknown"]);
        assert_eq!(chosen("echo #version=RHEL8\n").0.value, Version::DEFAULT);
    }
}
