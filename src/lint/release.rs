//! `--syntax auto`: the version that a kickstart is read as, and why. The command line comes first, then the `#version=`
//! header, then the configuration; only without them what the kickstart itself names, then the default.

use super::chosen::Chosen;
use super::settings::Settings;
use crate::directives::{OTHER_RELEASE, VERSION_DEVEL, VERSION_UNKNOWN, version_header};
use foldhash::HashSet;
use kickstart::codes::MISSING_END;
use kickstart::include::Includes;
use kickstart::{Family, Kickstart, NamedRelease, Version, release_named_in};
use node_base::diagnostic::{Applicability, Category, Finding, Findings, Fix, Severity};
use node_base::source::{FileId, Sources, Span, split_lines};

/// Parses a kickstart as the version that it is for. The findings are those of the language, and remarks about the choice.
pub(super) fn parse<'s>(
    sources: &'s Sources,
    includes: &'s Includes,
    file: FileId,
    settings: &Settings,
    findings: &mut Findings,
) -> (Chosen<Version>, Kickstart<'s>) {
    let read = |version, findings: &mut Findings| {
        kickstart::parse_with_includes(sources, includes, file, version, findings)
    };
    let claimed = Claimed::by(sources, file, settings);
    let mut syntax = claimed.syntax.clone();
    let mut found = Findings::new();
    let mut kickstart = read(syntax.value, &mut found);
    if claimed.is_default {
        let by_sources = named_by_sources(sources, &kickstart);
        // The family that the sources name.
        let family = by_sources.as_ref().map(|(named, _)| named.value.family);
        // Whether remarks may name the release: the sources do not, or name Fedora without a number.
        let is_open = by_sources.as_ref().is_none_or(|(_, has_number)| !has_number);
        if let Some((named, _)) = by_sources {
            if named.value != syntax.value {
                found = Findings::new();
                kickstart = read(named.value, &mut found);
            }
            syntax = named;
        }
        let mut errors = count_errors(&found);
        if errors > 0 && is_open {
            // A remark or a script may speak of other hosts: what it names counts when that release accepts more lines.
            for mut named in named_anywhere(sources, file, family) {
                if named.value == syntax.value || family.is_some_and(|family| family != named.value.family) {
                    continue;
                }
                let mut as_named = Findings::new();
                let other = read(named.value, &mut as_named);
                let left = count_errors(&as_named);
                if left < errors {
                    named.because +=
                        if left == 0 { ", which accepts every line" } else { ", which accepts more lines" };
                    (kickstart, found, syntax, errors) = (other, as_named, named, left);
                }
            }
        }
        if errors > 0 {
            let is_clean = |version: Version| {
                let mut found = Findings::new();
                read(version, &mut found);
                count_errors(&found) == 0
            };
            findings.extend(accepted_elsewhere(file, syntax.value, family, errors, is_clean));
        }
    }
    findings.extend(found);
    findings.extend(claimed.remark(sources, syntax.value));
    (syntax, kickstart)
}

/// The syntax version of a kickstart before it is parsed, and what its header says.
struct Claimed {
    /// The version: given, from the header, from the configuration, or the default.
    syntax: Chosen<Version>,
    /// Whether it is only the default, so that what the kickstart names may replace it.
    is_default: bool,
    /// The version in a header that does not name a release.
    header: Option<Span>,
}

impl Claimed {
    /// The syntax version that a kickstart claims before anything in it is read.
    fn by(sources: &Sources, file: FileId, settings: &Settings) -> Claimed {
        if let Some(given) = &settings.syntax {
            return Claimed { syntax: given.clone(), is_default: false, header: None };
        }
        let header = version_header(sources, file);
        if let Some(Ok(version)) = header.map(|span| Version::from_name(sources.text_of(span))) {
            let syntax = Chosen::new(version, "from its #version header");
            return Claimed { syntax, is_default: false, header: None };
        }
        Claimed {
            syntax: settings.stated_syntax().unwrap_or_else(|| Chosen::new(Version::DEFAULT, "the default")),
            is_default: settings.default_syntax.is_none(),
            header,
        }
    }

    /// The remark about a header that does not name a release, when the version is settled.
    fn remark(&self, sources: &Sources, chosen: Version) -> Option<Finding> {
        let span = self.header?;
        let name = sources.text_of(span);
        if name.eq_ignore_ascii_case("DEVEL") {
            // Anaconda writes DEVEL into the kickstart it leaves behind, whatever release it is.
            let message = format!("'#version=DEVEL' does not name a release; the file is read as {chosen}");
            let help = format!("write '#version={chosen}', or the release that will install it");
            let fix = named(span, &chosen.to_string());
            return Some(Finding::new(&VERSION_DEVEL, message).at(span).help(help).fix(fix));
        }
        let unknown = Version::from_name(name).err()?;
        let help = match &unknown.nearest {
            Some(near) => format!("write '#version={near}'"),
            None => format!("write '#version={chosen}', or the release that will install it"),
        };
        let message = format!("unknown syntax version '{name}'; the file is read as {chosen}");
        let fix = named(span, unknown.nearest.as_deref().unwrap_or(&chosen.to_string()));
        Some(Finding::new(&VERSION_UNKNOWN, message).at(span).help(help).fix(fix))
    }
}

/// Names a release in the header.
fn named(span: Span, name: &str) -> Fix {
    Fix::replace(span, name, format!("write #version={name}"), Applicability::Unsafe)
}

/// The commands that say where the system comes from, the most telling first: the installation source, then images, then
/// further repositories.
const SOURCES: [&[&str]; 3] =
    [&["url", "nfs", "harddrive"], &["liveimg", "ostreesetup", "ostreecontainer", "bootc"], &["repo"]];

/// The release that the sources of a kickstart name, read as any version, and whether they name its number: not with
/// `$releasever` and `rawhide`. Sources of one kind that name different releases name none.
fn named_by_sources(sources: &Sources, kickstart: &Kickstart<'_>) -> Option<(Chosen<Version>, bool)> {
    SOURCES.iter().find_map(|names| {
        let mut found: Option<(Version, Span)> = None;
        for command in kickstart.among(names) {
            let Some(named) = release_named_in(sources.text_of(command.span)) else { continue };
            match found {
                None => {
                    let start = command.span.start as usize;
                    let at = Span::new(command.span.file, start + named.at.start, start + named.at.end);
                    found = Some((named.version, at));
                }
                Some((version, _)) if version != named.version => return None,
                Some(_) => {}
            }
        }
        let (version, at) = found?;
        let line = sources.position(at).line;
        let text = sources.text_of(at);
        Some((
            Chosen::new(version, format!("line {line} names '{text}'")),
            text.contains(|c: char| c.is_ascii_digit()),
        ))
    })
}

/// Most releases that remarks may name before they are taken to say nothing about the kickstart.
const MOST_NAMED: usize = 3;

/// How many parts of the path of a kickstart may name its release: `centos7/http/ks.cfg`.
const PARTS_OF_PATH: usize = 3;

/// Environments of packages that only RHEL 7 has under this name.
const ENVIRONMENTS_OF_RHEL_7: [&str; 4] = [
    "@^minimal",
    "@^infrastructure-server-environment",
    "@^compute-node-environment",
    "@^file-print-server-environment",
];

/// The release whose environment a line of `%packages` asks for.
fn release_of_environment(line: &str) -> Option<NamedRelease> {
    let at = line.len() - line.trim_start().len();
    let name = line.split_whitespace().next()?;
    ENVIRONMENTS_OF_RHEL_7
        .contains(&name)
        .then(|| NamedRelease { version: Version::rhel(7), at: at..at + name.len() })
}

/// The releases, of this family where one is known, that the path of a kickstart, its remarks, scripts and names of files
/// name, in this order; none when the remarks name releases of two families, or many.
fn named_anywhere(sources: &Sources, file: FileId, family: Option<Family>) -> Vec<Chosen<Version>> {
    let mut found: Vec<Chosen<Version>> = Vec::new();
    for (number, line) in split_lines(sources.get(file).text()).enumerate() {
        let Some(named) = release_named_in(line).or_else(|| release_of_environment(line)) else { continue };
        let is_other = family.is_some_and(|family| family != named.version.family);
        if is_other || found.iter().any(|known| known.value == named.version) {
            continue;
        }
        if found.len() == MOST_NAMED || found.iter().any(|known| known.value.family != named.version.family) {
            found.clear();
            break;
        }
        let because = format!("line {} names '{}'", number + 1, &line[named.at]);
        found.push(Chosen::new(named.version, because));
    }
    let path = sources.get(file).path();
    let parts = path.iter().rev().take(PARTS_OF_PATH).filter_map(|part| part.to_str());
    let by_path = parts.filter_map(|part| Some((part, release_named_in(part)?))).next();
    if let Some((part, named)) = by_path {
        found.retain(|known| known.value != named.version);
        found.insert(0, Chosen::new(named.version, format!("its path names '{}'", &part[named.at])));
    }
    found
}

/// The versions that a kickstart without a claim may have been written for, the most likely first.
const OTHERS: [Version; 7] = [
    Version::rhel(8),
    Version::rhel(7),
    Version::rhel(10),
    Version::NEWEST_FEDORA,
    Version::rhel(6),
    Version::rhel(5),
    Version::rhel(9),
];

/// How many releases of Fedora are tried, every second one.
const FEDORAS: u8 = 20;

/// The remark that other versions, of this family where one is known, accept a kickstart that has errors of syntax as
/// `version`.
fn accepted_elsewhere(
    file: FileId,
    version: Version,
    family: Option<Family>,
    errors: usize,
    is_clean: impl Fn(Version) -> bool,
) -> Option<Finding> {
    let clean: Vec<Version> = if family == Some(Family::Fedora) {
        let newest = Version::NEWEST_FEDORA.release;
        let older = (1..=FEDORAS).filter_map(|n| newest.checked_sub(2 * n)).map(Version::fedora);
        older.filter(|other| *other != version).find(|other| is_clean(*other)).into_iter().collect()
    } else {
        let fits = |other: &Version| *other != version && family.is_none_or(|family| family == other.family);
        OTHERS.into_iter().filter(|other| fits(other) && is_clean(*other)).collect()
    };
    let first = clean.first()?;
    let names: Vec<String> = clean.iter().map(Version::to_string).collect();
    let count = if errors == 1 { "an error".to_owned() } else { format!("{errors} errors") };
    let message = format!("this file has {count} as {version}, and none as {}", names.join(", "));
    let help = format!(
        "if it is for another release, write '#version={first}' as its first line, or give --syntax {first}"
    );
    Some(Finding::new(&OTHER_RELEASE, message).at(Span::new(file, 0, 0)).help(help))
}

/// Releases that a template may have lines for.
const OF_TEMPLATES: [Version; 7] = [
    Version::rhel(5),
    Version::rhel(6),
    Version::rhel(7),
    Version::rhel(8),
    Version::rhel(9),
    Version::rhel(10),
    Version::NEWEST_FEDORA,
];

/// Keeps only the errors of syntax that every release reports, when nothing says which one a kickstart is for: a template may
/// choose between lines of several releases.
pub(super) fn keep_errors_of_every_release(
    sources: &Sources,
    includes: &Includes,
    file: FileId,
    settings: &Settings,
    findings: &mut Findings,
) {
    let is_claimed = !Claimed::by(sources, file, settings).is_default;
    if is_claimed || !findings.iter().any(is_syntax_error) {
        return;
    }
    for version in OF_TEMPLATES {
        let mut found = Findings::new();
        kickstart::parse_with_includes(sources, includes, file, version, &mut found);
        let places: HashSet<Option<Span>> =
            found.iter().filter(|f| is_syntax_error(f)).map(|f| f.span).collect();
        // Only RHEL 5 does without %end; that its lines are among others is no reason to leave one out.
        let is_kept = |f: &Finding| f.code == &MISSING_END || places.contains(&f.span);
        findings.retain(|f| !is_syntax_error(f) || is_kept(f));
    }
}

/// How many errors of the language there are.
fn count_errors(found: &Findings) -> usize {
    found.iter().filter(|finding| is_syntax_error(finding)).count()
}

/// Whether this is an error of the language.
pub(super) fn is_syntax_error(finding: &Finding) -> bool {
    finding.code.category == Category::Syntax && finding.severity == Severity::Error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> (Chosen<Version>, Vec<&'static str>) {
        let mut sources = Sources::new();
        let file = sources.add("x.ks", text.to_owned()).unwrap();
        let read = super::super::read::read(&sources, file, &Settings::default());
        let style = |f: &&Finding| f.code.category == Category::Style;
        (read.syntax, read.findings.iter().filter(style).map(|f| f.code.name).collect())
    }

    #[test]
    fn the_header_gives_the_version_wherever_it_is() {
        let (version, findings) = chosen("# made by hand\n#version=rhel8.9  \r\nlang C\n");
        assert_eq!((version.value, findings.len()), (Version::rhel(8), 0));
        assert_eq!(chosen("#version=OL8\nurl --url=http://x/centos/7/os\n").0.value, Version::rhel(8));
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

    #[test]
    fn without_a_header_the_source_names_the_release() {
        let (version, findings) = chosen("#version=DEVEL\nlang C\nurl --url=http://x/centos/7/os\n");
        assert_eq!(version, Chosen::new(Version::rhel(7), "line 3 names 'centos/7'"));
        assert_eq!(findings, ["version-devel"]);
        let text = "repo --name=a --baseurl=http://x/epel/7/\nurl --url=http://x/el8/\n";
        assert_eq!(chosen(text).0.value, Version::rhel(8), "the installation source comes first");
        let text = "repo --name=a --baseurl=http://x/el7/\nrepo --name=b --baseurl=http://x/el8/\n";
        assert_eq!(chosen(text).0, Chosen::new(Version::DEFAULT, "the default"), "no agreement");
        assert_eq!(chosen("# url --url=http://x/centos/7/os\n").0.value, Version::DEFAULT);
    }

    #[test]
    fn a_remark_names_the_release_when_that_accepts_every_line() {
        let (version, findings) = chosen("# CentOS 7 for the lab\ninstall\ncdrom\n");
        let because = "line 1 names 'CentOS 7', which accepts every line";
        assert_eq!((version, findings), (Chosen::new(Version::rhel(7), because), vec![]));
        assert_eq!(chosen("# CentOS 7 for the lab\nlang C\n").0.value, Version::DEFAULT, "there is no error");
        assert_eq!(chosen("# CentOS 7\n# as Fedora 20\ninstall\n").0.value, Version::DEFAULT, "two releases");
        let (version, findings) = chosen("# CentOS 7\ninstall\nno-such-command\n");
        let because = "line 1 names 'CentOS 7', which accepts more lines";
        assert_eq!((version, findings), (Chosen::new(Version::rhel(7), because), vec![]));
        assert_eq!(chosen("# CentOS 7\nno-such-command\n").0.value, Version::DEFAULT, "no fewer errors");
        let text = "# Fedora 18/19\n# see https://docs.example.org/Fedora/19/\ninstall\n";
        assert_eq!(chosen(text).0.value, Version::fedora(18), "the first that accepts it");
        let many = "# CentOS 5\n# CentOS 6\n# CentOS 7\n# CentOS 8\ninstall\n";
        assert_eq!(chosen(many).0.value, Version::DEFAULT, "a list of releases");
    }

    #[test]
    fn a_remark_gives_the_number_that_the_sources_leave_open() {
        let text = "# Fedora 29\nurl --mirrorlist=http://x/?repo=fedora-$releasever\nauth --useshadow\n";
        assert_eq!(chosen(text).0.value, Version::fedora(29));
        let text = "# CentOS 7\nurl --mirrorlist=http://x/?repo=fedora-$releasever\nauth --useshadow\n";
        assert_eq!(chosen(text).0.value, Version::NEWEST_FEDORA, "another family");
        let text = "# CentOS 6\nurl --url=http://x/centos/9-stream/\ninstall\n";
        assert_eq!(chosen(text).0.value, Version::rhel(9), "the source has a number");
    }

    #[test]
    fn an_environment_of_one_release_names_it() {
        let text = "install\ncdrom\n%packages\n@^minimal\n@core\n%end\n";
        let because = "line 4 names '@^minimal', which accepts every line";
        assert_eq!(chosen(text).0, Chosen::new(Version::rhel(7), because));
        assert_eq!(chosen(&text.replace("minimal", "minimal-environment")).0.value, Version::DEFAULT);
    }

    #[test]
    fn the_path_names_the_release_when_that_accepts_more_lines() {
        let at = |path: &str, text: &str| {
            let mut sources = Sources::new();
            let file = sources.add(path, text.to_owned()).unwrap();
            super::super::read::read(&sources, file, &Settings::default()).syntax
        };
        let because = "its path names 'centos7', which accepts every line";
        assert_eq!(at("centos7/http/ks.cfg", "install\n"), Chosen::new(Version::rhel(7), because));
        assert_eq!(at("centos7/http/ks.cfg", "lang C\n").value, Version::DEFAULT, "there is no error");
        assert_eq!(at("centos7/a/b/http/ks.cfg", "install\n").value, Version::DEFAULT, "too far away");
        assert_eq!(at("centos7.ks", "# RHEL 6\ninstall\n").value, Version::rhel(7), "it comes first");
    }

    #[test]
    fn a_kickstart_that_another_release_accepts_is_told_so() {
        assert_eq!(chosen("install\n").1, ["other-release"]);
        assert!(chosen("install\npart / --sise=1\n").1.is_empty(), "no release accepts it");
        assert!(chosen("#version=RHEL9\ninstall\n").1.is_empty(), "it says what it is for");
    }
}
