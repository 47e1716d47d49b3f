//! A plan as a picture: a card for each disk, array, volume group and thin pool, with a bar to scale and a line for each
//! part; lines in the margin lead from what a device is made of to its own card.
//!
//! One file without references to others. It is as wide as the window and legible from 360 pixels on: all words are lines of
//! text beside a swatch, so none overlaps another. Readable in light and dark (it asks the browser which), and in black and
//! white.

mod canvas; // text, lines and boxes
mod cards; // what is drawn of a tree
mod width; // how wide words are

use anaconda_plan::{Plan, Verdict};
use canvas::Canvas;
use node_base::diagnostic::Severity;
use node_base::policy::Policy;
use std::path::Path;

/// Most messages that are drawn.
const MOST_MESSAGES: usize = 6;

/// The picture. A plan that stops shows what was there, and what does not fit; a layout that was never computed is only its
/// message.
pub fn plan(path: &str, plan: &Plan, policy: Option<&Policy>) -> String {
    let cards = match (&plan.tree, &plan.attempt) {
        (Some(tree), _) => cards::of_tree(tree, policy),
        (None, Some(attempt)) => cards::of_attempt(attempt),
        (None, None) => Vec::new(),
    };
    let mut canvas = Canvas::new();
    let name = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
    let (verdict, class) = match plan.verdict {
        Verdict::Proceeds => ("Anaconda proceeds", "good"),
        Verdict::Stops => ("Anaconda stops", "bad"),
        Verdict::Unknown => ("cannot tell", "soft"),
    };
    canvas.title(&name, verdict, class);
    for message in plan.messages.iter().take(MOST_MESSAGES) {
        let class = if message.severity == Severity::Error { "bad" } else { "soft" };
        let numbers = message.numbers.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
        canvas.paragraph(class, &format!("{}{numbers}", message.says.trim()));
    }
    let further = plan.messages.len().saturating_sub(MOST_MESSAGES);
    if further > 0 {
        canvas.paragraph("soft", &format!("and {further} more"));
    }
    canvas.cards(&cards);
    canvas.finish(path)
}
