//! A plan as JSON (schema 1): verdict, devices, messages, images.

use anaconda_plan::machine::{DeviceId, Kind, Role, Tree, Volume};
use anaconda_plan::{Minimum, Plan, Verdict, capacity};
use node_base::capacity::Capacity;
use node_base::diagnostic::Finding;
use node_base::diagnostic::json::{Diagnostic, Diagnostics, SCHEMA};
use node_base::harmless::harmless_json;
use node_base::policy::Policy;
use node_base::source::Sources;
use node_base::units::Bytes;
use serde::Serialize;
use std::borrow::Cow;
use std::path::Path;

#[derive(Serialize)]
struct Report<'a> {
    /// The kickstart, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    schema: u32,
    verdict: Verdict,
    devices: Vec<Device<'a>>,
    messages: Vec<Message<'a>>,
    /// The same messages in the shape of every other verb's findings.
    diagnostics: Vec<Diagnostic<'a>>,
    /// Nothing when it stops before sizes are known.
    images: Option<Capacity>,
}

#[derive(Serialize)]
struct Device<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    size: Bytes,
    parents: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mountpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fstype: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_size: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_size: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extent_size: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Bytes>,
    /// Whether the device was there before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exists: bool,
    /// Whether its content is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    kept: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    severity: node_base::diagnostic::Severity,
    code: &'static str,
    text: &'a str,
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// The plan as one line. `findings` has one for each message; `short` is what is missing for the images that are wanted:
/// not Anaconda's message but ours. `path` is named where there are several plans.
pub fn plan<'f>(
    plan: &'f Plan,
    findings: &'f [Finding],
    policy: Option<&Policy>,
    short: Option<&'f Finding>,
    sources: &Sources,
    path: Option<&Path>,
) -> String {
    let devices = plan.tree.as_ref().map(|tree| tree.ids().map(|id| device(tree, id)).collect());
    let message = |severity, text, finding: &'f Finding| Message {
        severity,
        code: finding.code.id,
        text,
        help: finding.help.clone(),
        line: finding.span.map(|s| sources.position(s).line),
        file: finding.span.map(|s| sources.get(s.file).path().to_string_lossy().into_owned()),
    };
    let messages = plan.messages.iter().zip(findings).map(|(m, f)| message(m.severity, &m.says, f));
    let short_message = short.map(|f| message(f.severity, &f.message, f));
    let mut diagnostics = Diagnostics::new(sources);
    let report = Report {
        path: path.map(Path::to_string_lossy),
        schema: SCHEMA,
        verdict: plan.verdict,
        devices: devices.unwrap_or_default(),
        messages: messages.chain(short_message).collect(),
        diagnostics: findings.iter().chain(short).map(|f| diagnostics.of(f)).collect(),
        images: plan.tree.as_ref().map(|tree| capacity::planned(tree, policy)),
    };
    line(&report)
}

/// The plans of several kickstarts, each as [`plan`] or [`minimum`] writes it: one object, a line for each plan. `unreadable` has the
/// paths that have no plan, each with the reason.
pub fn several(plans: &[String], unreadable: &[(String, String)]) -> String {
    let plans: Vec<&str> = plans.iter().map(|plan| plan.trim_end()).collect();
    let unreadable: Vec<_> = unreadable
        .iter()
        .map(|(path, message)| serde_json::json!({ "path": path, "message": message }))
        .collect();
    let unreadable = line(&unreadable);
    let plans = plans.join(",\n");
    format!("{{\"schema\":{SCHEMA},\"plans\":[\n{plans}\n],\"unreadable\":{}}}\n", unreadable.trim_end())
}

/// The smallest disks as one line. `path` is named where there are several.
pub fn minimum(minimum: &Minimum, path: Option<&Path>) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<Cow<'a, str>>,
        schema: u32,
        minimum: &'a Minimum,
    }
    line(&Report { path: path.map(Path::to_string_lossy), schema: SCHEMA, minimum })
}

/// Serialising plain structures to a string cannot fail.
fn line(value: &impl Serialize) -> String {
    let mut text = harmless_json(serde_json::to_string(value).unwrap_or_default());
    text.push('\n');
    text
}

fn device(tree: &Tree, id: DeviceId) -> Device<'_> {
    let d = &tree[id];
    let (metadata_size, chunk_size) = match &d.kind {
        Kind::Volume(Volume { role: Role::Pool { metadata, chunk }, .. }) => (Some(*metadata), Some(*chunk)),
        _ => (None, None),
    };
    let fstype = match &d.kind {
        Kind::Disk(_) => tree.table(id).map(|_| "disklabel"),
        _ => Some(d.format.kind.name()).filter(|n| !n.is_empty()),
    };
    let group = d.group();
    let table = tree.disk_of(id).and_then(|disk| tree.table(disk));
    let start = table.and_then(|t| Some(t.bytes(t.entry(id)?.region.start)));
    Device {
        name: &d.name,
        kind: tree.type_name(id),
        size: tree.size(id),
        parents: d.parents.iter().map(|&p| tree[p].name.as_str()).collect(),
        mountpoint: d.format.mountpoint.as_deref(),
        fstype,
        metadata_size,
        chunk_size,
        extent_size: group.map(|g| g.extent),
        free: group.map(|_| {
            Bytes(u64::try_from(tree.group_free(id) + i128::from(tree.group_reserved(id).0)).unwrap_or(0))
        }),
        start,
        exists: d.exists,
        kept: d.exists && d.format.exists,
    }
}
