//! Lines of `%packages` that do not ask for what they seem to.

use crate::rules::{Context, Rule};
use foldhash::{HashMap, HashMapExt, HashSet};
use kickstart::{PackageKind, PackageLine, SectionKind};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings, Fix, Severity};
use node_base::harmless::excerpt;

declare_code! {
    /// A line of `%packages` has several words, which the installer reads as the name of one package.
    ///
    /// ## Why
    /// Every line is one package. No package has a space in its name: the installer does not find it, stops and asks. With
    /// `--ignoremissing` it installs none of them and says nothing.
    ///
    /// ## Example
    /// ```text
    /// %packages
    /// vim-enhanced tmux
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %packages
    /// vim-enhanced
    /// tmux
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `Packages.add`; Anaconda asks about packages that are missing.
    static SEVERAL = "UNA017", "several-packages-on-one-line", Unattended, Error;

    /// `%packages` asks for something and leaves it out.
    ///
    /// ## Why
    /// Of a package that is asked for and left out, the later line counts. A group that is left out is taken from the list.
    ///
    /// ## Example
    /// ```text
    /// %packages
    /// @core
    /// -@core
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %packages
    /// @core
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `Packages.add`.
    static CONTRADICTION = "UNA018", "package-wanted-and-not", Unattended, Warning;

    /// Several environments are asked for; the last one is installed.
    ///
    /// ## Why
    /// A host has one environment. A later `@^` line replaces an earlier one without a word.
    ///
    /// ## Example
    /// ```text
    /// %packages
    /// @^minimal-environment
    /// @^server-product-environment
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %packages
    /// @^server-product-environment
    /// %end
    /// ```
    ///
    /// ## Source
    /// pykickstart 3.78, `Packages.environment`.
    static ENVIRONMENTS = "UNA019", "several-environments", Unattended, Warning;
}

pub(super) static RULE: Rule = Rule { codes: &[&SEVERAL, &CONTRADICTION, &ENVIRONMENTS], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let sections = || context.kickstart.sections_of(SectionKind::Packages).filter(|section| section.valid);
    let mut environment: Option<&PackageLine<'_>> = None;
    let mut has_exclusions = false;
    for section in sections() {
        for line in &section.packages {
            has_exclusions |= line.excluded;
            if line.kind == PackageKind::Package
                && let Some(finding) = several(line, section.has("--ignoremissing"))
            {
                findings.push(finding);
            } else if line.kind == PackageKind::Environment && !line.excluded && !context.is_template {
                if let Some(first) = environment.take().filter(|first| first.name != line.name) {
                    findings.push(two_environments(context, first, line));
                }
                environment = Some(line);
            }
        }
    }
    if !has_exclusions || context.is_template {
        return;
    }
    // Packages that are left out somewhere are few; only their lines can contradict each other.
    let lines = || sections().flat_map(|section| &section.packages).filter(|line| is_one(line));
    let excluded: HashSet<String> =
        lines().filter(|l| l.excluded).map(|l| first_word(l).to_owned()).collect();
    let mut last: HashMap<(PackageKind, String), &PackageLine<'_>> = HashMap::new();
    for line in lines() {
        if !excluded.contains(first_word(line)) {
            continue;
        }
        let key = (line.kind, first_word(line).to_owned());
        if let Some(first) = last.get(&key)
            && first.excluded != line.excluded
            // A file that includes another one may take from it what it does not want.
            && first.span.file == line.span.file
        {
            findings.push(contradiction(context, first, line));
        }
        last.insert(key, line);
    }
}

/// Whether a line names one package or group. Patterns may be wanted in part: `kernel*` without `kernel-debug*`.
fn is_one(line: &PackageLine<'_>) -> bool {
    line.kind != PackageKind::Environment
        && !line.name.contains(['*', '?', '['])
        && (line.kind == PackageKind::Group || !line.name.contains(char::is_whitespace))
}

/// What a line asks for; "@group --optional" asks for the group.
fn first_word<'l>(line: &'l PackageLine<'_>) -> &'l str {
    line.name.split_whitespace().next().unwrap_or_default()
}

fn several(line: &PackageLine<'_>, ignores_missing: bool) -> Option<Finding> {
    // Nearly always.
    if line.name.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let words: Vec<&str> = line.name.split_whitespace().collect();
    // dnf understands "kernel >= 5.14" and "(a or b)".
    let is_expression = line.name.starts_with('(') || words.iter().any(|w| w.starts_with(['<', '>', '=']));
    if words.len() < 2 || is_expression {
        return None;
    }
    let shown = excerpt(&line.name);
    let (message, severity) = match (line.excluded, ignores_missing) {
        (true, _) => (format!("no package is named '{shown}', so nothing is left out"), Severity::Warning),
        (_, true) => {
            (format!("no package is named '{shown}', so nothing is installed for it"), Severity::Warning)
        }
        _ => (format!("no package is named '{shown}': the installer stops and asks"), Severity::Error),
    };
    let help = format!("one package a line: write these {} words on {} lines", words.len(), words.len());
    let separate: Vec<String> =
        words
            .iter()
            .map(|word| {
                if line.excluded && !word.starts_with('-') { format!("-{word}") } else { (*word).to_owned() }
            })
            .collect();
    let fix = Fix::replace(line.span, separate.join("\n"), "write one package a line", Applicability::Unsafe);
    Some(Finding::new(&SEVERAL, message).severity(severity).at(line.span).help(help).fix(fix))
}

fn two_environments(context: &Context<'_>, first: &PackageLine<'_>, second: &PackageLine<'_>) -> Finding {
    let line = context.sources.position(second.span).line;
    let is_elsewhere = first.span.file != second.span.file;
    let message = format!(
        "the environment '{}' is not installed: line {line} asks for another one",
        excerpt(&first.name)
    );
    Finding::new(&ENVIRONMENTS, message)
        .severity(if is_elsewhere { Severity::Info } else { Severity::Warning })
        .at(first.span)
        .related(second.span, "the environment that is installed")
        .help("delete one of the two")
}

fn contradiction(context: &Context<'_>, first: &PackageLine<'_>, second: &PackageLine<'_>) -> Finding {
    let line = context.sources.position(second.span).line;
    let name = context.sources.text_of(if first.excluded { second.span } else { first.span });
    let name = excerpt(name);
    let message = if first.kind == PackageKind::Group {
        format!("'{name}' is asked for and left out")
    } else if second.excluded {
        format!("'{name}' is not installed: line {line} leaves it out")
    } else {
        format!("'{name}' is left out here, but line {line} asks for it: it is installed")
    };
    Finding::new(&CONTRADICTION, message)
        .at(first.span)
        .related(second.span, "the other line")
        .help("delete one of the two lines")
}
