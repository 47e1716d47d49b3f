//! Several tries of an entry. GRUB's `next_entry` is good for one boot; a block of commands in `custom.cfg`, which the distribution's
//! configuration sources at its end (GRUB's `41_custom`), sets it again as often as our own variable says.

use super::loader::MOST_TRIES;
use std::fmt::Write;

/// Our own variable: how many more boots the trial has, the next one included.
pub(super) const TRIES: &str = "node_layout_tries";

const BEGIN: &str = "### BEGIN node-layout ###";
const END: &str = "### END node-layout ###";

/// The text of a `custom.cfg` with the block; what others have written in it stays.
pub(super) fn with_block(text: &str) -> String {
    let mut rest = text.to_owned();
    if let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END))
        && begin < end
    {
        let end = text[end..].find('\n').map_or(text.len(), |line| end + line + 1);
        rest.replace_range(begin..end, "");
    }
    if !rest.is_empty() && !rest.ends_with('\n') {
        rest.push('\n');
    }
    rest + &block()
}

/// The block. By the time it runs, GRUB has taken `next_entry` as the default of this boot and emptied it. It does nothing unless
/// the default of this boot is the entry on trial.
fn block() -> String {
    let mut text =
        format!("{BEGIN}\n# Written by node-layout: an image on trial is booted as often as {TRIES} says.\n");
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
    let _ = write!(text, "  else\n    set {TRIES}=\n  fi\n  save_env next_entry {TRIES}\nfi\n{END}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_written_once_and_what_others_have_written_stays() {
        let once = with_block("set timeout=3");
        assert!(once.starts_with("set timeout=3\n### BEGIN"), "{once}");
        assert_eq!(with_block(&once), once);
        let more = format!("{once}set color=red\n");
        assert_eq!(with_block(&more), format!("set timeout=3\nset color=red\n{}", block()));
        assert_eq!(with_block(&with_block("")), block());
    }
}
