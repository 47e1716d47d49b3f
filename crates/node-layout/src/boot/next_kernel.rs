//! Kernel arguments that the host keeps for the next kernel: the scripts of kernel packages copy them into new boot entries.

use super::text_file::{BootError, TextFile, read_text};
use crate::files::{Change, Method};
use crate::machine::below;
use node_base::cmdline::Arguments;
use std::path::Path;

/// Kernel arguments kept for later kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptArguments {
    /// Where they are kept, for a message.
    pub(crate) place: String,
    /// The arguments as one text.
    pub(crate) text: String,
    /// How missing arguments are added there.
    pub(crate) help: &'static str,
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
    pub(super) fn read(sysroot: &Path) -> Result<ArgumentFiles, BootError> {
        Ok(ArgumentFiles {
            default_grub: read_text(&below(sysroot, "/etc/default/grub"))?,
            kernel_cmdline: read_text(&below(sysroot, "/etc/kernel/cmdline"))?,
        })
    }

    /// The kept arguments.
    pub(super) fn arguments(&self) -> Vec<KeptArguments> {
        let mut kept = Vec::new();
        if let Some(file) = &self.default_grub
            && let Some((_, value)) = grub_cmdline_linux(&file.text)
        {
            kept.push(KeptArguments {
                place: format!("GRUB_CMDLINE_LINUX in {}", file.path.display()),
                text: value.to_owned(),
                help: "add them between the quotes of GRUB_CMDLINE_LINUX, in place of those that name an older volume",
            });
        }
        if let Some(file) = &self.kernel_cmdline {
            kept.push(KeptArguments {
                place: file.path.display().to_string(),
                text: file.text.clone(),
                help: "add them to its one line, in place of those that name an older volume",
            });
        }
        kept
    }

    /// The changes that replace the kept arguments by what `turn` makes of them.
    pub(super) fn changes(&self, turn: &dyn Fn(&Arguments) -> Arguments) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some(file) = &self.default_grub
            && let Some((range, value)) = grub_cmdline_linux(&file.text)
        {
            let new = turn(&Arguments::parse(value)).to_string();
            let mut text = file.text.clone();
            // A value without quotes needs them as soon as it has a second word.
            let quoted = text[..range.start].ends_with(['"', '\'']);
            let new = if quoted { new } else { format!("\"{new}\"") };
            text.replace_range(range, &new);
            changes.extend(Change::write(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        if let Some(file) = &self.kernel_cmdline {
            let text = format!("{}\n", turn(&Arguments::parse(&file.text)));
            changes.extend(Change::write(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        changes
    }
}

/// `GRUB_CMDLINE_LINUX` of `/etc/default/grub`: the value without its quotes, and its range in the text.
fn grub_cmdline_linux(text: &str) -> Option<(std::ops::Range<usize>, &str)> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if let Some(value) = trimmed.strip_prefix("GRUB_CMDLINE_LINUX=") {
            let start = offset + (line.len() - value.len());
            let value = value.trim_end_matches(['\n', '\r']);
            let inner = match value.chars().next() {
                Some(q @ ('"' | '\'')) => {
                    let end = closing_quote(&value[1..], q)?;
                    start + 1..start + 1 + end
                }
                _ => start..start + value.find(char::is_whitespace).unwrap_or(value.len()),
            };
            return Some((inner.clone(), &text[inner]));
        }
        offset += line.len();
    }
    None
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
        let (range, value) = grub_cmdline_linux(text).unwrap();
        assert_eq!(value, "a=\\\"b c\\\" rd.lvm.lv=onn/root");
        assert_eq!(&text[range.end..range.end + 2], "\"\n");
        assert_eq!(grub_cmdline_linux("GRUB_CMDLINE_LINUX=quiet\n").unwrap().1, "quiet");
        assert_eq!(grub_cmdline_linux("GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\n"), None);
    }
}
