//! `ks-lint plan`: what Anaconda will make of a kickstart on given disks.

use super::check::{IncludeArgs, SettingsArgs};
use super::input;
use super::machine::MachineArgs;
use crate::lint::plan::plan as plan_read;
use crate::lint::{self, Read};
use crate::report::plan_human::{self, Heading};
use crate::report::{Color, Style, plan_json, plan_svg};
use crate::rules::node::on_machine;
use anaconda_plan::layout::Layout;
use anaconda_plan::machine::Release;
use anaconda_plan::{Plan, Verdict, minimum};
use anyhow::{Context, bail};
use node_base::console;
use node_base::diagnostic::{Finding, Severity};
use std::path::PathBuf;
use std::process::ExitCode;

/// The command line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 Anaconda proceeds, 1 it stops, 2 could not tell.")]
pub struct Args {
    /// The kickstart; - is standard input
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// What the kickstart is read as, and the installer's profile
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// What is read beside it
    #[command(flatten)]
    pub includes: IncludeArgs,
    /// The machine
    #[command(flatten)]
    pub machine: MachineArgs,
    /// Find the smallest disks on which the kickstart installs, and on which --images fit
    #[arg(long)]
    pub minimum: bool,
    /// Images that have to fit [default: what %addon org_ovirt_node asks for, else the policy's, else for --minimum
    /// 2]
    #[arg(long, value_name = "N")]
    pub images: Option<u32>,
    /// How to write the plan
    #[arg(long, value_enum, default_value = "human")]
    pub format: PlanFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
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
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (mut sources, file) = input::read(&args.path).with_context(|| args.path.display().to_string())?;
    let settings = args.settings.source()?.with_includes(&args.includes).of(&args.path)?;
    let includes = settings.settings.includes.load(&mut sources, file);
    let read = lint::read_with_includes(&sources, &includes, file, &settings.settings);
    let policy = read.policy.value.as_deref();
    let (path, syntax) = (args.path.display().to_string(), read.syntax.value.to_string());
    let heading =
        Heading { path: &path, syntax: &syntax, policy: policy.map_or("none", |p| p.name.as_str()) };
    let style = Style::of_stdout(args.color);
    if let Some(option) = Layout::of(&read.kickstart).not_modelled() {
        bail!(
            "{path}: what '{option}' makes of the disks is not modelled; leave it out, or try the kickstart in an installer"
        );
    }
    if args.minimum {
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
    let Some(machine) = args.machine.machine()? else {
        bail!(
            "no disk is given; describe the machine with --disk NAME=SIZE, once for each disk, or use --host or --machine FILE"
        );
    };
    let plan = plan_read(&read, &machine)?;
    let short = images_missing(&read, &plan, args.images);
    console::print(&match args.format {
        PlanFormat::Human => plan_human::plan(heading, &plan, policy, short.as_ref(), &sources, &style),
        PlanFormat::Json => plan_json::plan(&plan, policy, short.as_ref(), &sources),
        PlanFormat::Svg => plan_svg::plan(&path, &plan, policy),
    })?;
    Ok(match plan.verdict {
        Verdict::Proceeds => ExitCode::SUCCESS,
        Verdict::Stops => ExitCode::FAILURE,
    })
}

/// What the add-on of this kickstart, or whoever gives a number, will object to: fewer images fit than are wanted.
fn images_missing(read: &Read<'_>, plan: &Plan, images: Option<u32>) -> Option<Finding> {
    let policy = read.policy.value.as_deref()?;
    let section = read.directives.section.as_ref();
    let wanted = images.or_else(|| section.and(policy.images.keep))?;
    let tree = plan.tree.as_ref().filter(|_| plan.verdict == Verdict::Proceeds)?;
    let found = on_machine(tree, policy, section, wanted)?.severity(Severity::Error);
    let (counting, _waived) = read.directives.apply_waivers(vec![found]);
    counting.into_iter().next()
}
