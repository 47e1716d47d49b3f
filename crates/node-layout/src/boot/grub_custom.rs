//! Our block of commands in GRUB's `custom.cfg`, which the distribution's configuration sources at its end (GRUB's `41_custom`). By
//! then GRUB has taken `next_entry` as the default of this boot, and emptied it.

use super::loader::MOST_TRIES;
use node_base::boot_entry::BootEntry;
use std::fmt::Write;

/// The file, in the directory of GRUB's configuration.
pub(super) const CUSTOM: &str = "custom.cfg";

/// Our own variable: how many more boots the trial has, the next one included.
pub(super) const TRIES: &str = "node_layout_tries";

const BEGIN: &[u8] = b"### BEGIN node-layout ###";
const END: &[u8] = b"### END node-layout ###";

/// The commands that let the default boot when GRUB's own counter of boots has come to its end (`08_fallback_counting`): it would boot
/// the second entry of the list, whichever that is. A health check of the image on trial can have set the counter (greenboot does).
const COUNTER: &str = "\
# Written by node-layout: boot_counter does not choose the entry.
if [ \"${boot_counter}\" = \"-1\" -a \"${default}\" = \"1\" ]; then
  set default=\"${saved_entry}\"
fi
";

/// The content of a `custom.cfg` with the block for the trial of `entry`, for up to `tries` boots; what others have written in it
/// stays. The block of an earlier trial goes.
pub(super) fn with_block(text: &[u8], entry: Option<&BootEntry>, tries: u32) -> Vec<u8> {
    let find = |what: &[u8]| text.windows(what.len()).position(|w| w == what);
    let mut rest = text.to_vec();
    if let (Some(begin), Some(end)) = (find(BEGIN), find(END))
        && begin < end
    {
        let end = text[end..].iter().position(|b| *b == b'\n').map_or(text.len(), |line| end + line + 1);
        rest.drain(begin..end);
    }
    let mut commands = entry.and_then(guard).unwrap_or_default() + &retries(tries);
    if commands.is_empty() {
        return rest;
    }
    commands.insert_str(0, COUNTER);
    if rest.last().is_some_and(|last| *last != b'\n') {
        rest.push(b'\n');
    }
    [&rest, BEGIN, b"\n", commands.as_bytes(), END, b"\n"].concat()
}

/// The commands that let this boot be the default's if a file of the entry on trial does not exist. `fallback` comes too late for
/// that: GRUB 2.14 loses the `initrd` line of the entry that it falls back to (measured, on BIOS and UEFI). `None` if the entry has a
/// name that is not safe in a script.
fn guard(entry: &BootEntry) -> Option<String> {
    let id = &entry.id;
    let files: Vec<&str> = entry.kernel().into_iter().chain(entry.initrds()).collect();
    let is_path = |file: &&str| file.starts_with('/') && is_plain(file);
    if files.is_empty() || !is_plain(id) || !files.iter().all(is_path) {
        return None;
    }
    let mut text =
        "# Written by node-layout: an image on trial that lacks its kernel or initramfs is not booted.\n"
            .to_owned();
    // Writing to a text cannot fail.
    let _ =
        writeln!(text, "if [ \"${{node_layout_trial}}\" = \"{id}\" -a \"${{default}}\" = \"{id}\" ]; then");
    for file in files {
        let _ = writeln!(text, "  if [ ! -f \"{file}\" ]; then\n    set default=\"${{saved_entry}}\"\n  fi");
    }
    text.push_str("fi\n");
    Some(text)
}

/// Whether GRUB's script language takes a word between quotes as it is written.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-~:@=,".contains(&b))
}

/// The commands that set `next_entry`, which is good for one boot, again as often as our own variable says; empty for one boot. They
/// do nothing unless the default of this boot is the entry on trial.
fn retries(tries: u32) -> String {
    if tries <= 1 {
        return String::new();
    }
    let mut text =
        format!("# Written by node-layout: an image on trial is booted as often as {TRIES} says.\n");
    text.push_str("if [ \"${boot_once}\" = \"true\" -a \"${default}\" = \"${node_layout_trial}\" ]; then\n");
    for tries in (2..=MOST_TRIES).rev() {
        let word = if tries == MOST_TRIES { "if" } else { "elif" };
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "  {word} [ \"${{{TRIES}}}\" = \"{tries}\" ]; then\n    set {TRIES}={}\n",
            tries - 1
        );
        text.push_str("    set next_entry=\"${node_layout_trial}\"\n");
    }
    let _ = write!(text, "  else\n    set {TRIES}=\n  fi\n  save_env next_entry {TRIES}\nfi\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, lines: &str) -> BootEntry {
        BootEntry::parse(id, &format!("{lines}options root=/dev/x\n"))
    }

    #[test]
    fn the_block_is_written_once_and_what_others_have_written_stays() {
        let new = entry(
            "n-1-2+1-5.14",
            "linux /n-1-2+1/vmlinuz-5.14\ninitrd /n-1-2+1/initramfs-5.14.img $tuned_initrd\n",
        );
        for (entry, tries) in [(Some(&new), 1), (Some(&new), 3), (None, 3)] {
            let with = |text: &[u8]| with_block(text, entry, tries);
            let block = with(b"");
            let once = with(b"# caf\xe9\nset timeout=3");
            assert_eq!(once, [b"# caf\xe9\nset timeout=3\n".as_slice(), &block].concat());
            assert_eq!(with(&once), once);
            let more = [once.as_slice(), b"set color=red\n"].concat();
            assert_eq!(
                with(&more),
                [b"# caf\xe9\nset timeout=3\nset color=red\n".as_slice(), &block].concat()
            );
            assert_eq!(with_block(&block, None, 1), b"", "a block of an earlier trial goes");
            is_accepted_by_grub(&block);
        }
        assert_eq!(with_block(b"set timeout=3", None, 1), b"set timeout=3");
    }

    #[test]
    fn each_file_of_the_entry_is_looked_for_and_no_name_is_taken_for_a_command() {
        let text =
            |id: &str, lines: &str| String::from_utf8(with_block(b"", Some(&entry(id, lines)), 1)).unwrap();
        let block =
            text("a+1-5", "linux /a+1/vmlinuz-5\ninitrd /ucode.img /a+1/initramfs-5.img\ninitrd /more.img\n");
        for file in ["/a+1/vmlinuz-5", "/ucode.img", "/a+1/initramfs-5.img", "/more.img"] {
            assert!(block.contains(&format!("if [ ! -f \"{file}\" ]; then")), "{file}: {block}");
        }
        for (id, lines) in [
            ("a\"; reboot; \"", "linux /a\n"),
            ("$a", "linux /a\n"),
            ("a", "linux /a\";reboot\n"),
            ("a", "linux /a\ninitrd /$b\n"),
            ("a", "linux (hd0,1)/a\n"),
            ("a", "title no kernel\n"),
        ] {
            assert_eq!(text(id, lines), "", "{id} {lines}");
        }
    }

    /// Asks GRUB's own parser, where it is installed.
    fn is_accepted_by_grub(block: &[u8]) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), block).unwrap();
        for program in ["grub-script-check", "grub2-script-check"] {
            if let Ok(checked) = std::process::Command::new(program).arg(file.path()).output() {
                assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
            }
        }
    }
}
