//! The plan's verdict above the storage commands, and the plan as a picture.

use crate::lint::plan;
use crate::lsp::capabilities::SHOW_PLAN;
use crate::lsp::view::View;
use crate::report::plan_svg;
use anaconda_plan::{Verdict, capacity};
use gen_lsp_types::{CodeLens, Command, Uri};
use serde_json::json;

/// The commands that a plan begins with.
const STORAGE: [&str; 8] = ["autopart", "reqpart", "part", "raid", "volgroup", "logvol", "btrfs", "mount"];

/// One lens, above the first storage command; none without disks in the settings.
pub(crate) fn lenses(view: &View<'_>) -> Vec<CodeLens> {
    let Some(machine) = view.settings.machine.as_deref() else { return Vec::new() };
    let Some(first) = view.commands().find(|command| STORAGE.contains(&command.name)) else {
        return Vec::new();
    };
    let Some(range) = view.range(first.name_span) else { return Vec::new() };
    let plan = plan::plan(view.read, machine);
    let disks: Vec<String> =
        machine.disks.iter().map(|disk| format!("{} {}", disk.name, disk.size)).collect();
    let mut title = format!("{}: ", disks.join(", "));
    match plan.verdict {
        Verdict::Proceeds => {
            title += "Anaconda proceeds";
            if let (Some(tree), Some(policy)) = (&plan.tree, view.read.policy.value.as_deref()) {
                let fit = capacity::planned(tree, Some(policy)).fit;
                title += &format!(" · {fit} {} fit", if fit == 1 { "image" } else { "images" });
            }
        }
        Verdict::Stops => {
            let why = plan.messages.first().map(|m| m.says.split('\n').next().unwrap_or_default().to_owned());
            title += &format!("Anaconda stops: {}", why.unwrap_or_default());
        }
        Verdict::Unknown => title += "whether Anaconda proceeds is not in the kickstart",
    }
    let command = Command {
        title,
        tooltip: Some("show the plan as a picture".to_owned()),
        command: SHOW_PLAN.to_owned(),
        arguments: Some(vec![json!(view.document.uri)]),
    };
    vec![CodeLens { range, command: Some(command), data: None }]
}

/// The plan as SVG; nothing without disks in the settings.
pub(crate) fn picture(view: &View<'_>) -> Option<String> {
    let machine = view.settings.machine.as_deref()?;
    let planned = plan::plan(view.read, machine);
    let name = view.document.name().display().to_string();
    Some(plan_svg::plan(&name, &planned, view.read.policy.value.as_deref()))
}

/// The name of a file with the picture: that of the document, in plain letters.
pub(crate) fn picture_name(document: &Uri) -> String {
    let name = document.0.rsplit(['/', ':']).next().unwrap_or_default();
    let plain = name.chars().filter(|c| c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(c)).take(100);
    format!("plan-{}.svg", plain.collect::<String>())
}
