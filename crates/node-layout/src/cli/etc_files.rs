//! The files of a merge of /etc, as text and as JSON.

use crate::etc::{FileMerge, Merge, Outcome, Side, text, unified, version};
use crate::plan::EtcMerge;
use serde_json::{Value, json};

/// The files of a merge for programs.
pub(super) fn files_json(merge: &Merge) -> Value {
    let file = |file: &FileMerge| {
        let mut object =
            json!({"path": file.path.to_string_lossy(), "result": file.outcome.as_str(), "kind": file.kind});
        if let Some(reason) = &file.reason {
            object["reason"] = json!(reason.to_string());
        }
        object
    };
    json!(merge.files.iter().map(file).collect::<Vec<_>>())
}

/// The files of a merge for people: one a line, without those that are the same on both sides; then how many there are.
pub(super) fn human(merge: &Merge) -> Vec<String> {
    let line = |file: &FileMerge| {
        let why = file.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{:<8}  {}{why}", file.outcome.as_str(), file.path.display())
    };
    let count = |outcome| merge.files.iter().filter(|file| file.outcome == outcome).count();
    let mut lines: Vec<String> =
        merge.files.iter().filter(|file| file.outcome != Outcome::Same).map(line).collect();
    lines.push(format!(
        "{} file{}: {} the same, {} of the host, {} of the image, {} merged, {} deleted, {} in conflict",
        merge.files.len(),
        if merge.files.len() == 1 { "" } else { "s" },
        count(Outcome::Same),
        count(Outcome::Ours),
        count(Outcome::Theirs),
        count(Outcome::Merged),
        count(Outcome::Deleted),
        count(Outcome::Conflict),
    ));
    lines
}

/// Files whose differences are not shown.
const HIDDEN: [&str; 2] = ["shadow", "gshadow"];

/// What changes in the files of this host, a difference a file; a conflict has its marks.
fn changes(merge: &EtcMerge) -> Vec<(&FileMerge, Vec<String>)> {
    let EtcMerge { trees, planned, .. } = merge;
    let change = |file: &'_ FileMerge| {
        let before = version(trees, Side::Ours, &file.path).ok().flatten();
        let after = match &file.marked {
            Some(marked) => Some(marked.clone()),
            None => text(planned, trees, &file.path).ok().flatten(),
        };
        let name = format!("/etc/{}", file.path.display());
        let both = [&before, &after].map(|text| text.as_deref().unwrap_or_default());
        let is_text = both.iter().all(|text| !text.contains(&0));
        let title = |whose: &str, text: &Option<Vec<u8>>| match text {
            Some(_) => format!("{name} ({whose})"),
            None => "/dev/null".to_owned(),
        };
        match is_text {
            // Logs are read by more people than these files.
            _ if before != after && HIDDEN.iter().any(|hidden| file.path == std::path::Path::new(hidden)) => {
                vec![format!("{name}: changed; not shown, because it has passwords")]
            }
            true => unified([&title("this host", &before), &title("new layer", &after)], both[0], both[1]),
            false => vec![format!("{name}: not text")],
        }
    };
    let is_other = |file: &&FileMerge| !matches!(file.outcome, Outcome::Same | Outcome::Ours);
    let files = planned.files.iter().filter(is_other).map(|file| (file, change(file)));
    files.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The same as lines.
pub(super) fn differences(merge: &EtcMerge) -> Vec<String> {
    changes(merge).into_iter().flat_map(|(_, lines)| lines).collect()
}

/// The same for programs.
pub(super) fn differences_json(merge: &EtcMerge) -> Vec<Value> {
    let difference = |(file, lines): (&FileMerge, Vec<String>)| json!({"path": file.path.to_string_lossy(), "diff": lines});
    changes(merge).into_iter().map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etc::{Choices, Trees, merge};
    use std::path::Path;

    #[test]
    fn differences_show_conflicts_with_marks_and_no_passwords() {
        let directory = tempfile::tempdir().unwrap();
        let put = |tree: &str, file: &str, text: &str| {
            let at = directory.path().join(tree);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join(file), text).unwrap();
        };
        for (tree, motd, shadow) in [
            ("base", "1\n", "root:*:1::::::\n"),
            ("ours", "2\n", "root:$6$secret:1::::::\n"),
            ("theirs", "3\n", "root:*:9::::::\nnew:!:9::::::\n"),
        ] {
            put(tree, "motd", motd);
            put(tree, "shadow", shadow);
        }
        let at = |tree: &str| directory.path().join(tree);
        let trees = Trees { base: at("base"), ours: at("ours"), theirs: at("theirs") };
        let planned = merge(&trees, Choices::default()).unwrap();
        let choices = Choices::default();
        let to = Path::new("/none").to_owned();
        let merge = EtcMerge { trees, choices, kept: to.clone(), to, stops: false, planned };
        assert_eq!(
            differences(&merge),
            [
                "--- /etc/motd (this host)",
                "+++ /etc/motd (new layer)",
                "@@ -1,1 +1,7 @@",
                "+<<<<<<< this host",
                " 2",
                "+||||||| old image",
                "+1",
                "+=======",
                "+3",
                "+>>>>>>> new image",
                "/etc/shadow: changed; not shown, because it has passwords",
            ]
        );
        assert_eq!(differences_json(&merge).len(), 2);
    }
}
