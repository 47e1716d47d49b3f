//! Cards, one below the other: a heading, a bar to scale, a line for each part; lines to other cards in the margin.

use super::cards::{Card, Key, Part};
use super::width;
use crate::report::harmless;
use std::fmt::Write;

/// Width of the picture in its own units; it is shown as wide as the window, up to [`WIDEST`] pixels.
const WIDTH: f64 = 560.0;
const WIDEST: u32 = 1120;
const MARGIN: f64 = 14.0;
/// Size of the letters.
const TEXT: f64 = 13.0;
const TITLE: f64 = 16.0;
/// Height of a line of text.
const ROW: f64 = 19.0;
const BAR: f64 = 26.0;
/// Between two cards.
const GAP: f64 = 16.0;
/// Between two lines in the margin.
const LANE: f64 = 11.0;
const SWATCH: f64 = 10.0;
/// The narrowest box that is seen.
const NARROWEST: f64 = 2.0;

const STYLE: &str = "\
svg{--bg:#fff;--ink:#1c2430;--soft:#525d6b;--line:#7d8896;--free:#eef1f5;--boot:#bcd6fb;--pv:#d3caf3;--pool:#a9dfc0;\
--thin:#d3efdf;--lv:#ffdcb0;--swap:#f6c9d5;--kept:#cdd3da;--other:#fbeb9a;--meta:#7cc9a0;--bad:#b3261e;--good:#1b6e3c;\
--over:#f3b1ab;font-family:system-ui,'DejaVu Sans',sans-serif;font-size:13px}\
@media(prefers-color-scheme:dark){svg{--bg:#12161c;--ink:#e9edf2;--soft:#a9b4c2;--line:#7b8694;--free:#222932;\
--boot:#245593;--pv:#54479a;--pool:#22714a;--thin:#1a5237;--lv:#865315;--swap:#873750;--kept:#424b57;--other:#71631a;\
--meta:#339966;--bad:#ff8f85;--good:#6fd598;--over:#7c2620}}\
.bg{fill:var(--bg)}text{fill:var(--ink)}.soft{fill:var(--soft)}.title{font-size:16px;font-weight:600}\
.name{font-weight:600}.good{fill:var(--good)}.bad{fill:var(--bad)}.box{stroke:var(--line)}.free{fill:var(--free)}\
.boot{fill:var(--boot)}.pv{fill:var(--pv)}.pool{fill:var(--pool)}.thin{fill:var(--thin)}.lv{fill:var(--lv)}\
.swap{fill:var(--swap)}.kept{fill:var(--kept)}.other{fill:var(--other)}.meta{fill:var(--meta)}.over{fill:var(--over);\
stroke:var(--bad);stroke-dasharray:4 3}.mark{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 3}\
.lead{stroke:var(--line);stroke-width:1.5;fill:none}.tip{fill:var(--line)}";

/// The picture so far: everything below the last.
pub(super) struct Canvas {
    lines: String,
    body: String,
    y: f64,
    /// Where the cards begin, to the right of the lines.
    left: f64,
}

/// A line in the margin: from parts to the card that is made of them.
struct Lead {
    /// The places of the parts.
    from: Vec<f64>,
    /// The place of the card's heading.
    end: f64,
}

impl Canvas {
    pub(super) fn new() -> Canvas {
        Canvas { lines: String::new(), body: String::new(), y: MARGIN, left: MARGIN }
    }

    fn text(&mut self, class: &str, x: f64, text: &str) {
        let y = self.y - 5.0;
        let _ =
            write!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
    }

    /// A name, and what it is.
    fn named(&mut self, x: f64, name: &str, details: &str) {
        let y = self.y - 5.0;
        let _ = write!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\"><tspan class=\"name\">{}</tspan>",
            escaped(name)
        );
        if !details.is_empty() {
            let _ = write!(self.body, "<tspan class=\"soft\" dx=\"8\">{}</tspan>", escaped(details));
        }
        self.body.push_str("</text>");
    }

    fn text_to(&mut self, class: &str, right: f64, text: &str) {
        let y = self.y - 5.0;
        let _ = write!(
            self.body,
            "<text class=\"{class}\" text-anchor=\"end\" x=\"{right:.1}\" y=\"{y:.1}\">{}</text>",
            escaped(text)
        );
    }

    /// The name of the file, and the verdict below it.
    pub(super) fn title(&mut self, name: &str, verdict: &str, class: &str) {
        self.y += TITLE + 6.0;
        self.text("title", MARGIN, &width::cut(name, TITLE, true, WIDTH - 2.0 * MARGIN));
        self.y += ROW;
        self.text(&format!("name {class}"), MARGIN, verdict);
    }

    /// Words over as many lines as they need.
    pub(super) fn paragraph(&mut self, class: &str, text: &str) {
        for line in width::wrapped(text, TEXT, class == "name", WIDTH - MARGIN - self.left) {
            self.y += ROW;
            let left = self.left;
            self.text(class, left, &line);
        }
    }

    /// The cards and the lines between them.
    pub(super) fn cards(&mut self, cards: &[Card]) {
        let leads = leads(cards);
        let lanes = lanes(&leads);
        let count = lanes.iter().max().map_or(0, |last| last + 1);
        self.left = MARGIN + count as f64 * LANE;
        // Where the places are: the heights do not depend on what is drawn in the margin.
        let mut places: Vec<(Key, f64, Vec<f64>)> = Vec::new();
        for card in cards {
            let (heading, parts) = self.card(card);
            places.push((card.key, heading, parts));
        }
        for (lead, lane) in leads.iter().zip(&lanes) {
            let place_of = |&(card, part): &(usize, usize)| places[card].2[part];
            let from: Vec<f64> = lead.parts.iter().map(place_of).collect();
            let Some((_, end, _)) = places.iter().find(|(key, ..)| *key == lead.to) else { continue };
            self.lead(&Lead { from, end: *end }, *lane, count);
        }
        self.left = MARGIN;
    }

    /// Draws a card; answers with the heights of its heading and its parts.
    fn card(&mut self, card: &Card) -> (f64, Vec<f64>) {
        let (left, right) = (self.left, WIDTH - MARGIN);
        self.y += GAP + ROW;
        let heading = self.y - ROW / 2.0;
        let size_width = width::of(&card.size, TEXT, false);
        let room = right - left - size_width - 12.0;
        let name = width::cut(&card.name, TEXT, true, room);
        let name_width = width::of(&name, TEXT, true) + 8.0;
        let is_short = name_width + width::of(&card.details, TEXT, false) <= room;
        self.named(left, &name, if is_short { &card.details } else { "" });
        self.text_to("soft", right, &card.size);
        if !is_short {
            self.paragraph("soft", &card.details);
        }
        if !card.parts.is_empty() {
            self.y += 4.0;
            self.bar(card);
        }
        let parts = card.parts.iter().map(|part| self.part(part)).collect();
        if let Some((_, label)) = &card.mark {
            self.y += ROW;
            let (x, y) = (left + SWATCH / 2.0, self.y - ROW + 2.0);
            let _ = write!(self.body, "<path class=\"mark\" d=\"M{x:.1} {y:.1}v{:.1}\"/>", ROW - 5.0);
            self.text(
                "soft",
                left + SWATCH + 8.0,
                &width::cut(label, TEXT, false, right - left - SWATCH - 8.0),
            );
        }
        for note in &card.notes {
            self.paragraph("name", note);
        }
        (heading, parts)
    }

    /// The parts of a device, to scale. A box bears its name where that fits.
    fn bar(&mut self, card: &Card) {
        let (left, top) = (self.left, self.y);
        let whole = (WIDTH - MARGIN - left) * card.share;
        let total: f64 = card.parts.iter().map(|part| part.size.0 as f64).sum::<f64>().max(1.0);
        // What is too narrow to be seen is widened at the expense of the others.
        let asked = |part: &Part| whole * part.size.0 as f64 / total;
        let narrow = card.parts.iter().filter(|part| asked(part) < NARROWEST).count() as f64;
        let wide: f64 = card.parts.iter().map(asked).filter(|w| *w >= NARROWEST).sum();
        let shrink = if wide > 0.0 { ((whole - narrow * NARROWEST) / wide).clamp(0.0, 1.0) } else { 1.0 };
        self.y += BAR;
        let mark = card.mark.as_ref().map(|(share, _)| left + whole * share.clamp(0.0, 1.0));
        let mut x = left;
        for part in &card.parts {
            let w = if asked(part) < NARROWEST { NARROWEST } else { asked(part) * shrink };
            let _ = write!(
                self.body,
                "<rect class=\"box {}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{BAR}\"><title>{}</title></rect>",
                part.class,
                escaped(&format!("{} {} {}", part.name, part.details, part.size))
            );
            let name_width = width::of(&part.name, TEXT, true) + 10.0;
            let is_free = mark.is_none_or(|mark| mark < x || x + name_width < mark);
            if name_width < w && is_free {
                self.y -= 3.0;
                self.text("name", x + 5.0, &part.name);
                self.y += 3.0;
            }
            x += w;
        }
        if let Some(x) = mark {
            let _ =
                write!(self.body, "<path class=\"mark\" d=\"M{x:.1} {:.1}v{:.1}\"/>", top - 3.0, BAR + 6.0);
        }
        self.y += 3.0;
    }

    /// One line: swatch, name, what it is, size. Answers with its height.
    fn part(&mut self, part: &Part) -> f64 {
        self.y += ROW;
        let (left, right, middle) = (self.left, WIDTH - MARGIN, self.y - ROW / 2.0);
        let _ = write!(
            self.body,
            "<rect class=\"box {}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{SWATCH}\" height=\"{SWATCH}\"/>",
            part.class,
            middle - SWATCH / 2.0
        );
        let size = if part.is_shared { "shared".to_owned() } else { part.size.to_string() };
        let begin = left + SWATCH + 8.0;
        let end = right - width::of(&size, TEXT, false) - 10.0;
        let name = width::cut(&part.name, TEXT, true, (end - begin) * 0.6);
        let details_at = begin + width::of(&name, TEXT, true) + 8.0;
        let details = width::cut(&part.details, TEXT, false, end - details_at);
        self.named(begin, &name, if details == "…" { "" } else { &details });
        self.text_to(if part.class == "over" { "name bad" } else { "soft" }, right, &size);
        middle
    }

    fn lead(&mut self, lead: &Lead, lane: usize, lanes: usize) {
        // The longest lines are the outermost.
        let x = MARGIN + (lanes - 1 - lane) as f64 * LANE + LANE / 2.0 - 3.0;
        let first = lead.from.iter().copied().fold(lead.end, f64::min);
        let right = self.left - 3.0;
        let _ = write!(
            self.lines,
            "<path class=\"lead\" d=\"M{x:.1} {first:.1}V{:.1}H{:.1}",
            lead.end,
            right - 3.0
        );
        for y in &lead.from {
            let _ = write!(self.lines, "M{x:.1} {y:.1}H{right:.1}");
        }
        let (tip, y) = (right + 1.0, lead.end);
        let _ = write!(self.lines, "\"/><path class=\"tip\" d=\"M{tip:.1} {y:.1}l-6 -3.5v7z\"/>");
    }

    pub(super) fn finish(self, title: &str) -> String {
        let height = self.y + MARGIN;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"100%\" \
             style=\"max-width:{WIDEST}px;height:auto\" role=\"img\"><title>Storage plan of {}</title><style>{STYLE}</style>\
             <rect class=\"bg\" width=\"100%\" height=\"100%\"/>{}{}</svg>\n",
            escaped(title),
            self.lines,
            self.body
        )
    }
}

/// The parts that one card is made of.
struct Parts {
    to: Key,
    /// Numbers of cards and of their parts.
    parts: Vec<(usize, usize)>,
    /// The card that it leads to.
    card: usize,
}

/// For each card that is made of parts of earlier ones, these parts.
fn leads(cards: &[Card]) -> Vec<Parts> {
    let mut leads: Vec<Parts> = Vec::new();
    for (n, card) in cards.iter().enumerate() {
        for (p, part) in card.parts.iter().enumerate() {
            let Some(to) = part.leads_to else { continue };
            let Some(target) = cards.iter().position(|c| c.key == to).filter(|target| *target > n) else {
                continue;
            };
            match leads.iter_mut().find(|lead| lead.to == to) {
                Some(lead) => lead.parts.push((n, p)),
                None => leads.push(Parts { to, parts: vec![(n, p)], card: target }),
            }
        }
    }
    leads
}

/// A lane in the margin for each line, so that no two lines share a place; the innermost is 0.
fn lanes(leads: &[Parts]) -> Vec<usize> {
    let from = |lead: &Parts| lead.parts.first().copied().unwrap_or_default();
    let mut order: Vec<usize> = (0..leads.len()).collect();
    // Short ones first: they are the innermost.
    order.sort_by_key(|&n| (leads[n].card - from(&leads[n]).0, from(&leads[n])));
    let mut lanes = vec![0; leads.len()];
    let mut taken: Vec<(usize, (usize, usize), usize)> = Vec::new();
    for n in order {
        let (begin, end) = (from(&leads[n]), leads[n].card);
        let is_free = |lane: usize| {
            taken.iter().all(|(other, first, last)| *other != lane || *last <= begin.0 || end <= first.0)
        };
        let lane = (0..).find(|&lane| is_free(lane)).unwrap_or_default();
        lanes[n] = lane;
        taken.push((lane, begin, end));
    }
    lanes
}

/// Text inside XML: names come from the kickstart.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in harmless(text).chars() {
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
