use crate::rules::shell::place_of;
use crate::rules::{Context, Rule, mend};
use kickstart::SectionKind;
use kickstart::shell::Statement;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// A script ends on a failure, and the installer does not look at it.
    ///
    /// ## Why
    /// `set -e` and `exit 1` say that what follows must not go on. Without `--erroronfail` the installer writes the failure to its
    /// log and goes on: the host is installed, with half of the script's work done.
    ///
    /// ## Example
    /// ```text
    /// %post
    /// set -e
    /// curl --fail -o /etc/site.conf https://deploy.example.org/site.conf
    /// %end
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// %post --erroronfail
    /// set -e
    /// curl --fail -o /etc/site.conf https://deploy.example.org/site.conf
    /// %end
    /// ```
    ///
    /// ## Source
    /// Anaconda, `AnacondaKSScript.run` in `pyanaconda/kickstart.py`.
    static CODE = "UNA046", "script-failure-unseen", Unattended, Info;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

/// Commands that initialise a node; whether their failure is seen is another finding.
const INITS: [&str; 3] = ["layout --init", "nodectl init", "node-layout init"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let kinds = &[SectionKind::Pre, SectionKind::PreInstall, SectionKind::Post];
    for section in context.shell_sections(kinds).filter(|section| !section.has("--erroronfail")) {
        let text = context.sources.text_of(section.body);
        if !["set -", "exit "].iter().any(|word| text.contains(word))
            || INITS.iter().any(|init| text.contains(init))
        {
            continue;
        }
        let script = context.script(section);
        let Some(statement) = script.statements.iter().find(|s| ends_on_failure(s)) else { continue };
        let header = context.sources.text_of(section.name_span);
        let words: Vec<&str> = statement.words.iter().map(|w| w.text.as_str()).collect();
        let message = format!(
            "'{}' ends the script on a failure, and the installer goes on as if nothing had happened",
            words.join(" ")
        );
        findings.push(
            Finding::new(&CODE, message)
                .at(place_of(section, statement))
                .related(section.header_span, "without --erroronfail")
                .help(format!("write {header} --erroronfail"))
                .fix(mend::add_to_header(section, "--erroronfail", Applicability::Unsafe)),
        );
    }
}

/// `set -e`, also among other switches, `set -o errexit`, and `exit` with a number that is not zero.
fn ends_on_failure(statement: &Statement) -> bool {
    // What follows '--' are arguments of the script.
    let words: Vec<&str> = statement.arguments().take_while(|word| *word != "--").collect();
    match statement.program() {
        "set" => {
            let is_switch =
                |word: &&&str| word.starts_with('-') && !word.starts_with("--") && word.contains('e');
            let is_named = words.windows(2).any(|pair| pair[0].ends_with('o') && pair[1] == "errexit");
            words.iter().any(|word| is_switch(&word)) || is_named
        }
        "exit" => words.first().and_then(|word| word.parse::<u8>().ok()).is_some_and(|status| status != 0),
        _ => false,
    }
}
