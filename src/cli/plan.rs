//! `ks-lint plan`: what Anaconda will make of a kickstart on given disks.

use super::machine::MachineArgs;
use super::settings::{IncludeArgs, SettingsArgs};
use crate::lint::input;
use crate::lint::settings::{Given, SettingsSource};
use crate::lint::{self, plan};
use crate::report::plan_human::{self, Heading};
use crate::report::{Color, Style, plan_json, plan_svg};
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::Release;
use anaconda_plan::{Verdict, minimum};
use anyhow::{Context, bail};
use node_base::console;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 Anaconda proceeds, 1 it stops, 2 could not tell.")]
pub(super) struct Args {
    /// The kickstart; - is standard input
    #[arg(value_name = "FILE")]
    pub(super) path: PathBuf,
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

/// Plans.
///
/// # Errors
/// What cannot be read, and releases and options that are not modelled.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (mut sources, file) = input::read(&args.path).with_context(|| args.path.display().to_string())?;
    let given = Given { includes: args.includes.follow(), ..args.settings.given() };
    let settings = SettingsSource::new(given)?.of(&args.path)?;
    let includes = settings.settings.includes.load(&mut sources, file);
    let read = lint::read_with_includes(&sources, &includes, file, &settings.settings);
    let policy = read.policy.value.as_deref();
    let (path, syntax) = (args.path.display().to_string(), read.syntax.value.to_string());
    let heading =
        Heading { path: &path, syntax: &syntax, policy: policy.map_or("none", |p| p.name.as_str()) };
    let style = Style::of_stdout(args.color);
    // Of a kickstart that is refused there is no minimum: its errors are shown.
    let is_refused = args.minimum && plan::is_refused(&read);
    if args.minimum && !is_refused {
        if let Some(option) = plan::not_modelled(&read) {
            bail!(
                "{path}: the effect of '{option}' on the disks is not modelled; leave it out, or try the kickstart in an installer"
            );
        }
        let machine = args.machine.machine_or_blank()?;
        let images = args.images.or_else(|| policy.and_then(|p| p.images.keep)).unwrap_or(2);
        let release = Release::of(read.syntax.value)?;
        let found = minimum(&Layout::of(&read.kickstart), release, read.profile.as_deref(), &machine, images);
        console::print(&match args.format {
            PlanFormat::Human => plan_human::minimum(heading, &found, &style),
            PlanFormat::Json => plan_json::minimum(&found),
            PlanFormat::Svg => bail!("--minimum has no picture; choose --format human or json"),
        })?;
        return Ok(if found.installs.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let machine = match is_refused {
        true => Some(args.machine.machine_or_blank()?),
        false => args.machine.machine()?,
    };
    let Some(machine) = machine else {
        bail!(
            "no disk is given; describe the machine with --disk NAME=SIZE, once for each disk, or use --host or --machine FILE"
        );
    };
    let planned = plan::plan(&read, &machine);
    let findings = plan::findings(&read, &planned);
    let short = plan::images_missing(&read, &planned, args.images);
    console::print(&match args.format {
        PlanFormat::Human => {
            plan_human::plan(heading, &planned, &findings, policy, short.as_ref(), &sources, &style)
        }
        PlanFormat::Json => plan_json::plan(&planned, &findings, policy, short.as_ref(), &sources),
        PlanFormat::Svg => plan_svg::plan(&path, &planned, policy),
    })?;
    Ok(match planned.verdict {
        Verdict::Proceeds => ExitCode::SUCCESS,
        Verdict::Stops => ExitCode::FAILURE,
        Verdict::Unknown => ExitCode::from(2),
    })
}
