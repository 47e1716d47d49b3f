//! What a run would check, and against what: `--show-files` and `--show-settings`.

use super::settings::FileArgs;
use crate::lint::Chosen;
use crate::lint::input::{Found, Skipped};
use crate::lint::settings::SettingsSource;
use node_base::console;
use node_base::harmless::harmless_line;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// Most names of skipped files in one line.
const MOST_NAMES: usize = 3;

/// Lists the files, one a line; those that are skipped go to standard error.
pub(super) fn files(found: &Found) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    let mut status = ExitCode::SUCCESS;
    for (path, checked) in &found.files {
        match checked {
            Ok(()) => writeln!(text, "{}", shown(path))?,
            Err(error) => {
                console::error_line("ks-lint", &format!("{}: {error}", path.display()));
                status = ExitCode::from(console::COULD_NOT);
            }
        }
    }
    console::print(&text)?;
    for (path, skipped) in &found.skipped {
        console::warning_line("ks-lint", &format!("{}: skipped: {}", path.display(), skipped.reason()));
    }
    Ok(status)
}

/// Says which templates a search has left out.
pub(super) fn skipped(found: &Found) {
    let templates: Vec<_> = found.skipped.iter().filter(|(_, why)| *why == Skipped::Template).collect();
    if templates.is_empty() {
        return;
    }
    let mut names: Vec<String> =
        templates.iter().take(MOST_NAMES).map(|(path, _)| path.display().to_string()).collect();
    if templates.len() > MOST_NAMES {
        names.push("…".to_owned());
    }
    let what = if templates.len() == 1 { "template is" } else { "templates are" };
    let message = format!(
        "{} {what} skipped ({}): name a template to check its lines without marks",
        templates.len(),
        names.join(", ")
    );
    console::warning_line("ks-lint", &message);
}

/// Shows the settings of each file.
pub(super) fn settings(found: &Found, source: &SettingsSource, args: &FileArgs) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    let mut status = ExitCode::SUCCESS;
    for (path, _) in &found.files {
        let settings = match source.of(args.name_of(path)) {
            Ok(settings) => settings,
            Err(error) => {
                console::error_line("ks-lint", &format!("{}: {error}", path.display()));
                status = ExitCode::from(console::COULD_NOT);
                continue;
            }
        };
        let of_file = &settings.settings;
        writeln!(text, "{}", shown(args.name_of(path)))?;
        let config = settings.config.as_deref().map_or_else(|| "none".to_owned(), shown);
        writeln!(text, "  configuration: {config}")?;
        let syntax = match &of_file.syntax {
            Some(Chosen { value, because }) => format!("{value} ({})", harmless_line(because)),
            None => match &of_file.default_syntax {
                Some(Chosen { value, because }) => {
                    format!("its #version header, else {value} ({})", harmless_line(because))
                }
                None => "auto".to_owned(),
            },
        };
        writeln!(text, "  syntax: {syntax}")?;
        let policy = match &of_file.policy {
            Some(Chosen { value, because }) => {
                let name = value.as_ref().map_or("none", |policy| &policy.name);
                format!("{} ({})", harmless_line(name), harmless_line(because))
            }
            None => "auto".to_owned(),
        };
        writeln!(text, "  policy: {policy}")?;
        writeln!(text, "  fail-on: {}", settings.fail_on)?;
        for line in of_file.choice.lines() {
            writeln!(text, "  {}", harmless_line(&line))?;
        }
        for patterns in settings.excluded() {
            writeln!(text, "  exclude: {}", harmless_line(&patterns))?;
        }
        writeln!(text, "  respect-gitignore: {}", settings.respect_gitignore)?;
        if let Some(baseline) = &settings.baseline {
            writeln!(text, "  baseline: {} findings", baseline.len())?;
        }
    }
    console::print(&text)?;
    Ok(status)
}

fn shown(path: &Path) -> String {
    harmless_line(&path.to_string_lossy()).into_owned()
}
