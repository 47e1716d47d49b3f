//! `ks-lint plan`: what Anaconda will make of kickstarts on given disks.

use super::machine::MachineArgs;
use super::settings::{IncludeArgs, SettingsArgs};
use super::show;
use crate::lint::input;
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{self, Fragments, plan};
use crate::report::plan_human::{self, Heading};
use crate::report::{Color, Style, plan_json, plan_svg};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::{Machine, Release};
use anaconda_plan::{Verdict, minimum};
use anyhow::{Context, bail};
use node_base::console;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 Anaconda proceeds, 1 it stops, 2 could not tell. Of several plans, the worst."
)]
pub(super) struct Args {
    /// Kickstarts, or directories to search for them; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The syntax version, and the installer's profile
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Which included files are read
    #[command(flatten)]
    pub(super) includes: IncludeArgs,
    /// The machine
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// Find the smallest disks on which the kickstart installs, and on which --images fit
    #[arg(long, help_heading = "Plan")]
    pub(super) minimum: bool,
    /// Images that must fit [default: what %addon org_ovirt_node asks for, else the policy's, else for --minimum
    /// 2]
    #[arg(long, value_name = "N", help_heading = "Plan")]
    pub(super) images: Option<u32>,
    /// How to write the plan
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(super) format: PlanFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: Color,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum PlanFormat {
    /// For people: a tree
    Human,
    /// For programs: one object
    Json,
    /// A picture
    Svg,
}

/// Plans one kickstart after the other.
///
/// # Errors
/// No disk; a single kickstart that cannot be read or planned; standard output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let given = Given { includes: args.includes.follow(), ..args.settings.given() };
    let settings = Arc::new(SettingsSource::new(given)?);
    let machine = args.machine.machine_or_blank()?;
    if machine.disks.is_empty() && !args.minimum {
        bail!(
            "no disk is given; describe the machine with --disk NAME=SIZE, once for each disk, or use --host or --machine FILE"
        );
    }
    if args.minimum && args.format == PlanFormat::Svg {
        bail!("--minimum has no picture; choose --format human or json");
    }
    let planner = Planner { args, settings, machine, style: Style::of_stdout(args.color) };
    match args.paths.as_slice() {
        [path] if !path.is_dir() => {
            let planned = planner.one(path, None).with_context(|| path.display().to_string())?;
            console::print(&planned.text)?;
            Ok(planned.status.code())
        }
        _ => planner.several(),
    }
}

/// What a plan says, as an exit status; the last one is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Proceeds,
    Stops,
    CannotTell,
}

impl Status {
    fn code(self) -> ExitCode {
        match self {
            Status::Proceeds => ExitCode::SUCCESS,
            Status::Stops => ExitCode::FAILURE,
            Status::CannotTell => ExitCode::from(console::COULD_NOT),
        }
    }
}

/// One plan as it is printed.
struct Planned {
    text: String,
    status: Status,
}

/// What kickstarts are planned with.
struct Planner<'a> {
    args: &'a Args,
    settings: Arc<SettingsSource>,
    machine: Machine,
    style: Style,
}

impl Planner<'_> {
    /// Several kickstarts: the plans that can be made; the others are named on standard error.
    fn several(&self) -> anyhow::Result<ExitCode> {
        let format = self.args.format;
        if format == PlanFormat::Svg {
            bail!("a picture shows one plan; give one kickstart, or choose --format human or json");
        }
        let found = input::expand(&self.args.paths, &self.settings);
        let readable = found.files.iter().filter(|(_, found)| found.is_ok()).map(|(path, _)| path.as_path());
        let fragments = Fragments::among(readable);
        let (mut status, mut plans, mut unreadable) = (Status::Proceeds, Vec::new(), Vec::new());
        for (path, found) in &found.files {
            // What a part of another kickstart lacks is planned there.
            if fragments.contain(path) && !self.args.paths.contains(path) {
                console::note_line(
                    "ks-lint",
                    &format!("{}: not planned: another file includes it", path.display()),
                );
                continue;
            }
            let planned = match found {
                Ok(()) => self.one(path, Some(path)).map_err(|error| format!("{error:#}")),
                Err(error) => Err(error.to_string()),
            };
            match planned {
                Ok(planned) => {
                    status = status.max(planned.status);
                    let needs_line = |before: &String| !before.ends_with("\n\n");
                    let separator = if plans.last().is_some_and(needs_line) { "\n" } else { "" };
                    if format == PlanFormat::Human {
                        console::print(&format!("{separator}{}", planned.text))?;
                    }
                    plans.push(planned.text);
                }
                Err(message) => {
                    console::error_line("ks-lint", &format!("{}: {message}", path.display()));
                    status = Status::CannotTell;
                    unreadable.push((path.display().to_string(), message));
                }
            }
        }
        if format == PlanFormat::Json {
            console::print(&plan_json::several(&plans, &unreadable))?;
        }
        show::skipped(&found);
        Ok(status.code())
    }

    /// Plans one kickstart; as one of several, JSON names it.
    fn one(&self, path: &Path, of_several: Option<&Path>) -> anyhow::Result<Planned> {
        let args = self.args;
        let (mut sources, file) = input::read(path)?;
        let settings = self.settings.of(path)?;
        let includes = settings.settings.load_includes(&mut sources, file);
        let read = lint::read_with_includes(&sources, &includes, file, &settings.settings);
        let policy = read.policy.value.as_deref();
        let (name, syntax) = (path.display().to_string(), read.syntax.value.to_string());
        let heading =
            Heading { path: &name, syntax: &syntax, policy: policy.map_or("none", |p| p.name.as_str()) };
        // A kickstart that is refused has no minimum: its errors are shown.
        if args.minimum && !plan::is_refused(&read) {
            if let Some(option) = plan::not_modelled(&read) {
                bail!(
                    "the effect of '{option}' on the disks is not modelled; leave it out, or try the kickstart in an installer"
                );
            }
            let images = args.images.or_else(|| policy.and_then(|p| p.images.keep)).unwrap_or(2);
            let release = Release::of(read.syntax.value)?;
            let layout = Layout::of(&read.kickstart);
            let found = minimum(&layout, release, read.profile.as_deref(), &self.machine, images);
            let text = match args.format == PlanFormat::Human {
                true => plan_human::minimum(heading, &found, &self.style),
                false => plan_json::minimum(&found, of_several),
            };
            let status = if found.installs.is_some() { Status::Proceeds } else { Status::Stops };
            return Ok(Planned { text, status });
        }
        let planned = plan::plan(&read, &self.machine);
        let findings = plan::findings(&read, &planned);
        let short = plan::images_missing(&read, &planned, args.images);
        let short = short.as_ref();
        let text = match args.format {
            PlanFormat::Human => {
                plan_human::plan(heading, &planned, &findings, policy, short, &sources, &self.style)
            }
            PlanFormat::Json => plan_json::plan(&planned, &findings, policy, short, &sources, of_several),
            PlanFormat::Svg => plan_svg::plan(&name, &planned, policy),
        };
        let status = match planned.verdict {
            Verdict::Proceeds => Status::Proceeds,
            Verdict::Stops => Status::Stops,
            Verdict::Unknown => Status::CannotTell,
        };
        Ok(Planned { text, status })
    }
}
