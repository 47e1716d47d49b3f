//! Kernel arguments that the host keeps for the next kernel: the scripts of kernel packages copy them into new boot entries.

use super::text_file::{BootError, TextFile, read_text};
use crate::files::{Change, Files, Method};
use crate::machine::inside;
use node_base::cmdline::Arguments;
use std::path::Path;

/// Kernel arguments kept for later kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptArguments {
    /// Where they are kept, for a message.
    pub(crate) place: String,
    /// The arguments as one text.
    pub(crate) text: String,
    /// Whether all images have this place in common: the boot loader's own, not a file of the layer.
    pub(crate) is_shared: bool,
    /// How missing arguments are added there.
    pub(crate) help: &'static str,
}

impl KeptArguments {
    /// Whether a quote in them is not closed on its line.
    pub(crate) fn is_unclosed(&self) -> bool {
        // A value with its opening quote is one whose closing quote is not there.
        self.text.starts_with('\'') || Arguments::parse(&self.text).unclosed().is_some()
    }
}

/// The files in which the host keeps kernel arguments, whichever boot loader it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArgumentFiles {
    /// `/etc/default/grub`, for grub2-mkconfig.
    default_grub: Option<TextFile>,
    /// `/etc/kernel/cmdline`, for kernel-install.
    kernel_cmdline: Option<TextFile>,
}

impl ArgumentFiles {
    /// Reads the files of a system.
    pub(super) fn read(sysroot: &Path, files: &Files) -> Result<ArgumentFiles, BootError> {
        Ok(ArgumentFiles {
            default_grub: read_text(files, &inside(sysroot, "/etc/default/grub"))?,
            kernel_cmdline: read_text(files, &inside(sysroot, "/etc/kernel/cmdline"))?,
        })
    }

    /// The kept arguments.
    pub(super) fn arguments(&self) -> Vec<KeptArguments> {
        let mut kept = Vec::new();
        if let Some(file) = &self.default_grub
            && let Some(last) = grub_cmdline_linux(&file.text).pop()
        {
            kept.push(KeptArguments {
                place: format!("GRUB_CMDLINE_LINUX in {}", file.path.display()),
                text: file.text[last].to_owned(),
                is_shared: false,
                help: "add them between the quotes of GRUB_CMDLINE_LINUX, in place of those that name an older volume",
            });
        }
        if let Some(file) = &self.kernel_cmdline {
            kept.push(KeptArguments {
                place: file.path.display().to_string(),
                text: file.text.clone(),
                is_shared: false,
                help: "add them to its one line, in place of those that name an older volume",
            });
        }
        kept
    }

    /// The changes that replace the kept arguments by what `turn` makes of them.
    pub(super) fn changes(&self, turn: &dyn Fn(&Arguments) -> Arguments) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some(file) = &self.default_grub
            && let values = grub_cmdline_linux(&file.text)
            && !values.is_empty()
        {
            let mut text = file.text.clone();
            // From the last to the first, so that the earlier ranges stay valid.
            for range in values.into_iter().rev() {
                let new = turn(&Arguments::parse(&text[range.clone()])).to_string();
                // A value without quotes needs them as soon as it has a second word.
                let quoted = text[..range.start].ends_with(['"', '\'']);
                let new = if quoted { new } else { format!("\"{new}\"") };
                text.replace_range(range, &new);
            }
            changes.extend(Change::write(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        if let Some(file) = &self.kernel_cmdline {
            let text = format!("{}\n", turn(&Arguments::parse(&file.text)));
            changes.extend(Change::write(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        changes
    }
}

/// `GRUB_CMDLINE_LINUX` of `/etc/default/grub`: the ranges of its values in the text, without their quotes. The last assignment
/// is the one that counts.
fn grub_cmdline_linux(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut values = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if let Some(value) = trimmed.strip_prefix("GRUB_CMDLINE_LINUX=") {
            let start = offset + (line.len() - value.len());
            let value = value.trim_end_matches(['\n', '\r']);
            values.push(match value.chars().next() {
                Some(q @ ('"' | '\'')) => {
                    // A value that does not end on its line is an unclosed one.
                    let end = closing_quote(&value[1..], q);
                    end.map_or(start..start + value.len(), |end| start + 1..start + 1 + end)
                }
                _ => start..start + value.find(char::is_whitespace).unwrap_or(value.len()),
            });
        }
        offset += line.len();
    }
    values
}

/// The position of the closing quote `q`; between double quotes a backslash escapes the next character.
fn closing_quote(body: &str, q: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if q == '"' => escaped = true,
            c if c == q => return Some(i),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grub_cmdline_linux_is_found_between_its_quotes() {
        let text = "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"a=\\\"b c\\\" rd.lvm.lv=onn/root\"\nX=1\n";
        let values = |text: &'static str| -> Vec<&str> {
            grub_cmdline_linux(text).into_iter().map(|range| &text[range]).collect()
        };
        let range = grub_cmdline_linux(text).remove(0);
        assert_eq!(values(text)[0], "a=\\\"b c\\\" rd.lvm.lv=onn/root");
        assert_eq!(&text[range.end..range.end + 2], "\"\n");
        assert_eq!(values("GRUB_CMDLINE_LINUX=quiet\n"), ["quiet"]);
        assert!(values("GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n").is_empty());
        assert_eq!(values("GRUB_CMDLINE_LINUX=a\n GRUB_CMDLINE_LINUX='b c'\n"), ["a", "b c"]);
        for text in ["GRUB_CMDLINE_LINUX=\"a b \\\n c\"\n", "GRUB_CMDLINE_LINUX='a\n"] {
            let text = values(text)[0].to_owned();
            assert!(KeptArguments { place: String::new(), text, is_shared: false, help: "" }.is_unclosed());
        }
    }
}
