//! What an image adds to /var, as text and as JSON.

use crate::plan::VarRecord;
use serde_json::{Value, json};

/// What is added when the image is confirmed, one a line, and what differs.
pub(super) fn human(record: &VarRecord) -> Vec<String> {
    let planned = &record.planned;
    let live = &record.trees.live;
    let mut lines = vec![format!(
        "# write {}: what is added to {} when the image is confirmed",
        record.to.display(),
        live.display()
    )];
    lines.extend(planned.add.iter().map(|path| format!("#   add      {}", live.join(path).display())));
    let stays = planned.differing.iter();
    lines
        .extend(stays.map(|file| {
            format!("#   differs  {}: {}; it stays", live.join(&file.path).display(), file.what)
        }));
    lines
}

/// The same for programs.
pub(super) fn json(record: &VarRecord) -> Value {
    let planned = &record.planned;
    let live = &record.trees.live;
    let differ: Vec<Value> = planned
        .differing
        .iter()
        .map(|file| json!({"path": live.join(&file.path), "what": file.what}))
        .collect();
    json!({
        "record": record.to,
        "add": planned.add.iter().map(|path| live.join(path)).collect::<Vec<_>>(),
        "differ": differ,
        "bytes": planned.bytes,
    })
}
