//! `/etc/fstab`, edited field by field; every other character is kept.

use std::ops::Range;

/// A file system table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fstab {
    lines: Vec<String>,
}

/// A line that mounts a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounting {
    /// The device: `UUID=…`, `/dev/…`.
    pub source: String,
    /// The mount point.
    pub target: String,
    /// Type of file system.
    pub kind: String,
    /// Options, comma-separated.
    pub options: String,
}

impl Fstab {
    /// Reads the text of the file.
    pub fn parse(text: &str) -> Fstab {
        Fstab { lines: text.lines().map(str::to_owned).collect() }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// Everything that is mounted, in order.
    pub fn mountings(&self) -> Vec<Mounting> {
        self.lines.iter().filter_map(|l| mounting(l)).collect()
    }

    /// The line that mounts `target`.
    pub fn at(&self, target: &str) -> Option<Mounting> {
        self.mountings().into_iter().find(|m| m.target == target)
    }

    /// Mounts `target` from `source`, in every line that mounts it. False if no line does.
    pub(crate) fn set_source(&mut self, target: &str, source: &str) -> bool {
        self.edit(target, 0, |_| source.to_owned())
    }

    /// Adds an option to every line that mounts `target`. False if there is none.
    pub(crate) fn add_option(&mut self, target: &str, option: &str) -> bool {
        self.edit(target, 3, |old| {
            if old.split(',').any(|o| o == option) { old.to_owned() } else { format!("{old},{option}") }
        })
    }

    fn edit(&mut self, target: &str, field: usize, new: impl Fn(&str) -> String) -> bool {
        let mut found = false;
        for line in self.lines.iter_mut().filter(|l| mounting(l).is_some_and(|m| m.target == target)) {
            found = true;
            if let Some(range) = fields(line).get(field).cloned() {
                let text = new(&line[range.clone()]);
                line.replace_range(range, &text);
            }
        }
        found
    }
}

fn mounting(line: &str) -> Option<Mounting> {
    let fields = fields(line);
    if line.trim_start().starts_with('#') || fields.len() < 3 {
        return None;
    }
    let field = |n: usize| fields.get(n).map(|r| line[r.clone()].to_owned());
    Some(Mounting {
        source: field(0)?,
        target: field(1)?,
        kind: field(2)?,
        options: field(3).unwrap_or_else(|| "defaults".to_owned()),
    })
}

/// The ranges of a line's fields.
fn fields(line: &str) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    let mut start = None;
    for (i, c) in line.char_indices() {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(i),
            (true, Some(s)) => {
                fields.push(s..i);
                start = None;
            }
            _ => {}
        }
    }
    fields.extend(start.map(|s| s..line.len()));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_field_changes() {
        let text = "# /etc/fstab\n\n/dev/mapper/onn-root   /       xfs     defaults        0 0\nUUID=1\t/boot\text4\tdefaults\t1 2\nnone swap\n";
        let mut fstab = Fstab::parse(text);
        assert_eq!(fstab.text(), text);
        assert!(fstab.set_source("/", "UUID=ab"));
        assert!(fstab.add_option("/", "discard"));
        assert!(fstab.add_option("/", "discard"));
        assert!(!fstab.set_source("/var", "x"));
        assert_eq!(
            fstab.text(),
            text.replace("/dev/mapper/onn-root", "UUID=ab")
                .replace("xfs     defaults ", "xfs     defaults,discard ")
        );
    }
}
