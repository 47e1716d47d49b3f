//! What a kickstart says to this project itself: the `%addon org_ovirt_node` section, and waivers in comments.
//!
//! ```text
//! %addon org_ovirt_node --policy=ovirt-node --enforce=error --nvr=ovirt-node-ng-4.5.6-0.20261121.0
//! layout --init                       # or --no-init
//! require /var/log --min-size=8192    # tighten or add a constraint, MiB
//! waive NODE012 --reason="lab host"
//! keep-images 2
//! %end
//! ```
//!
//! It is read before any rule runs, because it says which policy holds and which findings are waived
//! ([`Directives::read`]); the mistakes in it are findings of category `node`.

mod arguments;
mod codes;
mod effective;
mod nvr;
mod options;
mod parse;
mod requirements;
mod section;
mod waivers;

pub use arguments::KernelArguments;
pub use codes::*;
pub use effective::Effective;
pub use requirements::apply_requirements;
pub use section::{AddonSection, Enforce, Given, Requirement, Waiver};

use super::Rule;
use kickstart::{Kickstart, SectionKind};
use node_base::diagnostic::{Category, Finding, Findings, Severity};
use node_base::source::Sources;

/// The name of the section, which is that of the add-on's Python package.
pub const NAME: &str = "org_ovirt_node";

/// The rules of this family, in the order of their codes. [`Directives::read`] reports all of them, before the
/// rules run.
pub static RULES: &[Rule] = &[Rule { codes: CODES, check: |_, _| {} }];

/// What a kickstart says to this project itself.
#[derive(Debug, Default)]
pub struct Directives {
    /// The add-on's section, if there is one.
    pub section: Option<AddonSection>,
    /// Waivers of the section and of comments, in the order of the file.
    pub waivers: Vec<Waiver>,
}

impl Directives {
    /// Reads the section and the comments of a kickstart. What is wrong in them goes to `findings`; what could
    /// be read is returned all the same.
    pub fn read(sources: &Sources, kickstart: &Kickstart<'_>, findings: &mut Findings) -> Directives {
        let mut mistakes = Mistakes::new(findings);
        let mut section: Option<AddonSection> = None;
        for candidate in kickstart.sections_of(SectionKind::Addon) {
            if candidate.positionals().next().is_none_or(|name| name.text != NAME) {
                continue;
            }
            match &section {
                None => section = Some(parse::section(sources, candidate, &mut mistakes)),
                Some(first) => mistakes.push(
                    Finding::new(
                        &ADDON_REPEATED,
                        format!("a second %addon {NAME}; only the first one counts"),
                    )
                    .at(candidate.header_span)
                    .related(first.header, "the first one")
                    .help("move its lines into the first section"),
                ),
            }
        }
        let mut waivers = section.as_ref().map(|s| s.waivers.clone()).unwrap_or_default();
        waivers.extend(waivers::in_comments(sources, kickstart.file, &mut mistakes));
        waivers.sort_by_key(|w| w.span);
        Directives { section, waivers }
    }

    /// Splits findings into those that count and those that a waiver silences, with its reason. Findings about
    /// the waivers and the section themselves always count, and so do errors of the language.
    pub fn apply_waivers(&self, findings: Vec<Finding>) -> (Vec<Finding>, Vec<(Finding, String)>) {
        let mut waived = Vec::new();
        let mut counting = Vec::with_capacity(findings.len());
        for finding in findings {
            let refused = finding.code.category == Category::Syntax && finding.severity == Severity::Error;
            match self.waivers.iter().find(|w| w.code == finding.code.id && !refused) {
                Some(waiver) => waived.push((finding, waiver.reason.clone())),
                None => counting.push(finding),
            }
        }
        (counting, waived)
    }
}

/// How many mistakes are listed: who hands in ten megabytes of nonsense is told so in a few sentences.
const MOST_MISTAKES: usize = 50;

/// Where mistakes go: the findings, up to [`MOST_MISTAKES`].
struct Mistakes<'f> {
    findings: &'f mut Findings,
    count: usize,
}

impl<'f> Mistakes<'f> {
    fn new(findings: &'f mut Findings) -> Self {
        Mistakes { findings, count: 0 }
    }

    /// Whether reading on would help nobody.
    fn are_too_many(&self) -> bool {
        self.count > MOST_MISTAKES
    }

    fn push(&mut self, finding: Finding) {
        self.count += 1;
        match self.count.cmp(&(MOST_MISTAKES + 1)) {
            std::cmp::Ordering::Less => self.findings.push(finding),
            std::cmp::Ordering::Equal => {
                let message = format!("more than {MOST_MISTAKES} mistakes; the rest is not read");
                self.findings.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at_opt(finding.span));
            }
            std::cmp::Ordering::Greater => {}
        }
    }
}

/// Longest piece of the input that a message repeats, in characters.
const LONGEST_SHOWN: usize = 60;

/// A word of the input as a message may show it: control characters (a terminal would obey them) escaped, and
/// cut to a length that a line can hold.
pub(super) fn shown(word: &str) -> String {
    let mut out = String::with_capacity(word.len().min(LONGEST_SHOWN) + 8);
    for (i, c) in word.chars().enumerate() {
        if i == LONGEST_SHOWN {
            out.push('…');
            break;
        }
        if node_base::harmless::is_control(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}
