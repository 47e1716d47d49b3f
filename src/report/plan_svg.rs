//! A plan as a picture: disks, what is on them, volume groups, pools and volumes, each column to scale.
//!
//! One file without references to others; readable in light and dark (it asks the browser which), and in black and
//! white: every box bears its name and size, boxes too small for words are named beside the bar.

use super::plan_human::short_name;
use anaconda_plan::machine::{DeviceId, FormatKind, Kind, Role, Slot, Tree, Volume};
use anaconda_plan::{Plan, Verdict, capacity};
use node_base::capacity::images;
use node_base::policy::Policy;
use node_base::units::Bytes;
use std::fmt::Write;

const WIDTH: f64 = 1000.0;
const MARGIN: f64 = 24.0;
const BAR: f64 = 46.0;
const HEADING: f64 = 26.0;
const GAP: f64 = 20.0;
/// Width of a character of the labels, roughly.
const LETTER: f64 = 6.6;

const STYLE: &str = "\
svg{--bg:#fff;--ink:#1c2430;--soft:#5b6675;--line:#8a94a3;--free:#eef1f5;--boot:#cfe3ff;--pv:#d9d2f3;--pool:#c9ecd8;\
--thin:#e3f6ea;--lv:#ffe6c7;--swap:#f6d3dc;--kept:#d5dae1;--other:#fff3b8;--meta:#9fd8b8;font-family:system-ui,\
'DejaVu Sans',sans-serif;font-size:12px}\
@media(prefers-color-scheme:dark){svg{--bg:#12161c;--ink:#e9edf2;--soft:#a5b0bf;--line:#66717f;--free:#1d232b;\
--boot:#1f4a80;--pv:#4a3f80;--pool:#1f6340;--thin:#174a31;--lv:#7a4a12;--swap:#7a2f44;--kept:#3a424d;--other:#6a5a10;\
--meta:#2f8a5b}}\
.bg{fill:var(--bg)}text{fill:var(--ink)}.soft{fill:var(--soft)}.title{font-size:16px;font-weight:600}\
.name{font-weight:600}rect.box{stroke:var(--line);stroke-width:1}.free{fill:var(--free)}.boot{fill:var(--boot)}\
.pv{fill:var(--pv)}.pool{fill:var(--pool)}.thin{fill:var(--thin)}.lv{fill:var(--lv)}.swap{fill:var(--swap)}\
.kept{fill:var(--kept)}.other{fill:var(--other)}.meta{fill:var(--meta)}.mark{stroke:var(--ink);stroke-dasharray:4 3}\
.lead{stroke:var(--line);fill:none}";

/// One box of a bar.
struct Segment {
    name: String,
    detail: String,
    class: &'static str,
    size: Bytes,
}

/// The picture. A layout that was never computed is only its message.
pub fn plan(path: &str, plan: &Plan, policy: Option<&Policy>) -> String {
    let mut canvas = Canvas { body: String::new(), y: MARGIN, bar_top: MARGIN };
    let verdict = match plan.verdict {
        Verdict::Proceeds => "Anaconda proceeds",
        Verdict::Stops => "Anaconda stops",
        Verdict::Unknown => "cannot tell",
    };
    canvas.line("title", MARGIN, &format!("{path}: {verdict}"));
    for m in plan.messages.iter().take(6) {
        for line in wrapped(&m.says, 130) {
            canvas.line("soft", MARGIN, &line);
        }
    }
    if let Some(tree) = &plan.tree {
        draw_tree(&mut canvas, tree, policy);
    }
    canvas.finish(path)
}

fn draw_tree(canvas: &mut Canvas, tree: &Tree, policy: Option<&Policy>) {
    let largest = tree.disks().iter().map(|&d| tree.size(d)).max().unwrap_or_default();
    for disk in tree.disks() {
        let label = tree.table(disk).map_or("no partition table", |t| t.label.name());
        canvas.heading(&tree[disk].name, &format!("disk, {}, {label}", tree.size(disk)));
        canvas.bar(&partitions(tree, disk), tree.size(disk), scaled(tree.size(disk), largest));
    }
    let groups: Vec<_> = tree.ids().filter(|&id| !tree[id].gone).collect();
    let arrays =
        groups.iter().copied().filter(|&id| matches!(tree[id].kind, Kind::Array(_) | Kind::Btrfs(_)));
    for id in arrays {
        canvas.heading(&tree[id].name, &format!("{}, {}", tree.type_name(id), tree.size(id)));
        let inside = Segment {
            name: tree[id].format.mountpoint.clone().unwrap_or_else(|| tree[id].name.clone()),
            detail: format!("{} {}", tree[id].format.kind.name(), tree.size(id)),
            class: class_of(tree, id),
            size: tree.size(id),
        };
        canvas.bar(&[inside], tree.size(id), scaled(tree.size(id), largest));
    }
    let group_ids = groups.iter().copied().filter(|&id| tree[id].group().is_some());
    for group in group_ids {
        let size = tree.size(group);
        canvas
            .heading(&tree[group].name, &format!("volume group, {size}, extents of {}", extent(tree, group)));
        canvas.bar(&volumes(tree, group), size, WIDTH - 2.0 * MARGIN);
        for pool in pools(tree, group) {
            draw_pool(canvas, tree, pool, policy);
        }
    }
}

fn draw_pool(canvas: &mut Canvas, tree: &Tree, pool: DeviceId, policy: Option<&Policy>) {
    let size = tree.size(pool);
    let promised = tree.pool_promised(pool);
    let name = short_name(tree, pool).to_owned();
    canvas.heading(&name, &format!("thin pool, {size}, {promised} promised to its volumes"));
    let whole = size.max(promised);
    canvas.bar(&thin_volumes(tree, pool, whole), whole, WIDTH - 2.0 * MARGIN);
    if capacity::root_pool(tree) != Some(pool) {
        return;
    }
    let Some(room) = capacity::room(tree, policy) else { return };
    let images = images(&room);
    let share = f64::from(room.threshold) / 100.0 * size.0 as f64 / whole.0.max(1) as f64;
    canvas.mark(share * (WIDTH - 2.0 * MARGIN), &format!("{} %: counts as full", room.threshold));
    let s = if images.fit == 1 { "" } else { "s" };
    let limit = images.limited_by.described();
    canvas.line(
        "name",
        MARGIN,
        &format!(
            "{} image{s} of {} fit, the installed one included; limited by {limit}",
            images.fit, room.image
        ),
    );
}

fn scaled(size: Bytes, largest: Bytes) -> f64 {
    ((WIDTH - 2.0 * MARGIN) * size.0 as f64 / largest.0.max(1) as f64).max(60.0)
}

fn extent(tree: &Tree, group: DeviceId) -> Bytes {
    tree[group].group().map_or(Bytes(0), |g| g.extent)
}

fn class_of(tree: &Tree, id: DeviceId) -> &'static str {
    let d = &tree[id];
    if d.exists && d.format.exists {
        return "kept";
    }
    let boot = d.format.mountpoint.as_deref().is_some_and(|m| m.starts_with("/boot"));
    match d.format.kind {
        FormatKind::BiosBoot | FormatKind::PrepBoot => "boot",
        _ if boot => "boot",
        FormatKind::LvmPv | FormatKind::MdMember | FormatKind::Luks | FormatKind::Btrfs => "pv",
        FormatKind::Swap => "swap",
        FormatKind::None => "free",
        _ => "other",
    }
}

fn words(tree: &Tree, id: DeviceId) -> String {
    let f = &tree[id].format;
    let what = f.mountpoint.as_deref().unwrap_or(f.kind.name());
    if what.is_empty() || what == short_name(tree, id) {
        tree.size(id).to_string()
    } else {
        format!("{what} {}", tree.size(id))
    }
}

fn partitions(tree: &Tree, disk: DeviceId) -> Vec<Segment> {
    let Some(table) = tree.table(disk) else { return Vec::new() };
    let mut segments = Vec::new();
    let mut end = 0;
    let free = |from: u64, to: u64, segments: &mut Vec<Segment>| {
        let size = table.bytes(to.saturating_sub(from));
        if size.0 > 64 << 20 {
            segments.push(Segment { name: "free".into(), detail: size.to_string(), class: "free", size });
        }
    };
    for e in table.entries.iter().filter(|e| e.slot != Slot::Extended) {
        free(end, e.region.start, &mut segments);
        if let Some(id) = e.device {
            let name = tree[id].name.clone();
            let size = table.bytes(e.region.sectors());
            segments.push(Segment { name, detail: words(tree, id), class: class_of(tree, id), size });
        }
        end = e.region.end + 1;
    }
    free(end, table.sectors, &mut segments);
    segments
}

fn pools(tree: &Tree, group: DeviceId) -> Vec<DeviceId> {
    let is_pool = |v: &&DeviceId| matches!(tree[**v].volume(), Some(Volume { role: Role::Pool { .. }, .. }));
    tree[group].group().map_or(Vec::new(), |g| g.volumes.iter().filter(is_pool).copied().collect())
}

fn volumes(tree: &Tree, group: DeviceId) -> Vec<Segment> {
    let Some(g) = tree[group].group() else { return Vec::new() };
    let mut segments = Vec::new();
    let mut used = Bytes(0);
    for &id in &g.volumes {
        let Some(v) = tree[id].volume() else { continue };
        let name = short_name(tree, id).to_owned();
        let (class, metadata) = match v.role {
            Role::Thin { .. } => continue,
            Role::Pool { metadata, .. } => ("pool", metadata),
            Role::Linear if tree[id].format.kind == FormatKind::Swap => ("swap", Bytes(0)),
            Role::Linear => ("lv", v.cache.data + v.cache.metadata),
        };
        let detail = if class == "pool" { format!("thin pool {}", v.size) } else { words(tree, id) };
        segments.push(Segment { name: name.clone(), detail, class, size: v.size });
        if metadata.0 > 0 {
            let (name, detail) = (format!("{name} metadata"), metadata.to_string());
            segments.push(Segment { name, detail, class: "meta", size: metadata });
        }
        used = used + v.size + metadata;
    }
    let kept = tree.group_reserved(group);
    if kept.0 > 0 {
        segments.push(Segment {
            name: "kept back".into(),
            detail: kept.to_string(),
            class: "free",
            size: kept,
        });
    }
    let free = tree.size(group) - used - kept;
    if free.0 > extent(tree, group).0 {
        segments.push(Segment { name: "free".into(), detail: free.to_string(), class: "free", size: free });
    }
    segments
}

fn thin_volumes(tree: &Tree, pool: DeviceId, whole: Bytes) -> Vec<Segment> {
    let thin = |&id: &DeviceId| matches!(tree[id].volume(), Some(Volume { role: Role::Thin { pool: p }, .. }) if *p == pool);
    let mut segments: Vec<Segment> = tree
        .ids()
        .filter(thin)
        .map(|id| Segment {
            name: short_name(tree, id).to_owned(),
            detail: words(tree, id),
            class: "thin",
            size: tree.size(id),
        })
        .collect();
    let rest = whole - segments.iter().map(|s| s.size).sum();
    if rest.0 > 0 {
        let detail = rest.to_string();
        segments.push(Segment { name: "for images".into(), detail, class: "free", size: rest });
    }
    segments
}

/// The picture so far: everything below the last.
struct Canvas {
    body: String,
    y: f64,
    bar_top: f64,
}

impl Canvas {
    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let _ =
            write!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
    }

    fn line(&mut self, class: &str, x: f64, text: &str) {
        self.y += 18.0;
        self.text(class, x, self.y, text);
    }

    fn heading(&mut self, name: &str, detail: &str) {
        self.y += GAP + HEADING;
        self.text("name", MARGIN, self.y - 8.0, name);
        self.text("soft", MARGIN + (name.chars().count() as f64 + 2.0) * LETTER * 1.15, self.y - 8.0, detail);
    }

    /// A bar of segments; those too narrow for their words get them below, on lines of their own.
    fn bar(&mut self, segments: &[Segment], whole: Bytes, width: f64) {
        let (top, total) = (self.y, whole.0.max(1) as f64);
        let mut below: Vec<(f64, String)> = Vec::new();
        let mut x = MARGIN;
        for s in segments {
            let w = (width * s.size.0 as f64 / total).max(1.5).min((MARGIN + width - x).max(1.5));
            let _ = write!(
                self.body,
                "<rect class=\"box {}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{BAR}\"><title>{} {}</title></rect>",
                s.class,
                escaped(&s.name),
                escaped(&s.detail)
            );
            let fits = |text: &str| text.chars().count() as f64 * LETTER + 10.0 < w;
            if fits(&s.name) && fits(&s.detail) {
                self.text("name", x + 6.0, top + 19.0, &s.name);
                self.text("soft", x + 6.0, top + 36.0, &s.detail);
            } else {
                below.push((x + w / 2.0, format!("{}  {}", s.name, s.detail)));
            }
            x += w;
        }
        self.bar_top = top;
        self.y = top + BAR;
        self.labels_below(&below);
    }

    /// Labels with a line up to their box, in as few rows as they need.
    fn labels_below(&mut self, labels: &[(f64, String)]) {
        let mut rows: Vec<f64> = Vec::new();
        let top = self.y;
        for (x, label) in labels.iter().rev() {
            let length = label.chars().count() as f64 * LETTER;
            let from = x.min(WIDTH - MARGIN - length).max(MARGIN);
            // From right to left: a label may stand in a row if it ends before the ones already there begin.
            let row = rows.iter().position(|&start| from + length + 12.0 < start && x + 6.0 < start);
            let row = row.unwrap_or_else(|| {
                rows.push(f64::MAX);
                rows.len() - 1
            });
            rows[row] = from.min(*x);
            let y = top + 16.0 + row as f64 * 16.0;
            let _ = write!(self.body, "<path class=\"lead\" d=\"M{x:.1} {top:.1}V{:.1}\"/>", y - 11.0);
            self.text("soft", from, y, label);
        }
        if !rows.is_empty() {
            self.y += 6.0 + rows.len() as f64 * 16.0;
        }
    }

    /// A dashed line through the last bar, named above it.
    fn mark(&mut self, x: f64, label: &str) {
        let (x, top) = (MARGIN + x, self.bar_top);
        let _ = write!(self.body, "<path class=\"mark\" d=\"M{x:.1} {:.1}v{:.1}\"/>", top - 5.0, BAR + 10.0);
        let length = label.chars().count() as f64 * LETTER;
        self.text("soft", (x - length / 2.0).clamp(MARGIN, WIDTH - MARGIN - length), top - 9.0, label);
    }

    fn finish(self, title: &str) -> String {
        let height = self.y + MARGIN;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\"><title>Storage plan of {}</title><style>{STYLE}</style>\
             <rect class=\"bg\" width=\"100%\" height=\"100%\"/>{}</svg>\n",
            escaped(title),
            self.body
        )
    }
}

/// Text inside XML: names come from the kickstart.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in super::harmless(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Words in lines of so many characters at most.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + word.chars().count() >= columns {
            lines.push(String::new());
        }
        let last = lines.len() - 1;
        if !lines[last].is_empty() {
            lines[last].push(' ');
        }
        lines[last].push_str(word);
    }
    lines
}
