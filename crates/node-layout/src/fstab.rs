//! `/etc/fstab`, edited field by field; every other character stays.

use std::ops::Range;

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fstab {
    lines: Vec<String>,
}

/// One line that mounts something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounting {
    /// `UUID=…`, `/dev/…`.
    pub source: String,
    /// Where.
    pub target: String,
    /// Kind of file system.
    pub kind: String,
    /// Options, comma-separated.
    pub options: String,
}

impl Fstab {
    /// Takes the file's text.
    pub fn parse(text: &str) -> Fstab {
        Fstab { lines: text.lines().map(str::to_owned).collect() }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// What is mounted, in order.
    pub fn mountings(&self) -> Vec<Mounting> {
        self.lines.iter().filter_map(|l| mounting(l)).collect()
    }

    /// The line that mounts `target`.
    pub fn at(&self, target: &str) -> Option<Mounting> {
        self.mountings().into_iter().find(|m| m.target == target)
    }

    /// Mounts `target` from `source`; whether there is such a line.
    pub fn set_source(&mut self, target: &str, source: &str) -> bool {
        self.edit(target, 0, |_| source.to_owned())
    }

    /// Adds a mount option where `target` is mounted.
    pub fn add_option(&mut self, target: &str, option: &str) -> bool {
        self.edit(target, 3, |old| {
            if old.split(',').any(|o| o == option) { old.to_owned() } else { format!("{old},{option}") }
        })
    }

    fn edit(&mut self, target: &str, field: usize, new: impl Fn(&str) -> String) -> bool {
        let Some(line) = self.lines.iter_mut().find(|l| mounting(l).is_some_and(|m| m.target == target))
        else {
            return false;
        };
        if let Some(range) = fields(line).get(field).cloned() {
            let text = new(&line[range.clone()]);
            line.replace_range(range, &text);
        }
        true
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

/// Where the fields of a line are.
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
