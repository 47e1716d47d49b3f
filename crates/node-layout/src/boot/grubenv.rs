//! GRUB's environment block (`grubenv`): 1024 bytes of `name=value` lines, padded with `#`.
//!
//! GRUB reads and writes it by its disk blocks, so it is written in place, never renamed, and never with another size
//! (rhbz#1765250, rhbz#1779661).

/// The size that GRUB expects, in bytes (`GRUB_ENVBLK_DEFAULT_SIZE` in GRUB's util/grub-editenv.c).
pub(super) const SIZE: usize = 1024;
const SIGNATURE: &str = "# GRUB Environment Block";

/// The variables do not fit into the block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GRUB's environment block has {SIZE} bytes; {needed} are needed")]
pub struct Full {
    /// Bytes that the variables need.
    pub needed: usize,
}

/// The variables in order, with the comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GrubEnv {
    lines: Vec<String>,
}

impl GrubEnv {
    /// Reads a block of any size. Anything that is not a line of a block is dropped.
    pub(super) fn parse(block: &[u8]) -> GrubEnv {
        let text = String::from_utf8_lossy(block);
        let mut lines: Vec<String> = Vec::new();
        let mut continued = false;
        for line in text.lines() {
            let escaped = line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
            match lines.last_mut() {
                Some(last) if continued => {
                    last.push('\n');
                    last.push_str(line);
                    continued = escaped;
                }
                // The padding has no end of line. A comment has one and is not continued.
                _ if line.starts_with("##") => {}
                _ if line.starts_with('#') => lines.push(line.to_owned()),
                _ if line.contains('=') => {
                    lines.push(line.to_owned());
                    continued = escaped;
                }
                _ => {}
            }
        }
        // If the block ends inside a value, the next variable must not become a part of it.
        if let Some(last) = lines.last_mut().filter(|_| continued) {
            last.pop();
        }
        if lines.first().is_none_or(|l| l != SIGNATURE) {
            lines.retain(|l| !l.starts_with('#'));
            lines.insert(0, SIGNATURE.to_owned());
        }
        lines.retain(|l| l != "#");
        GrubEnv { lines }
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.lines.iter().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')).map(unescaped)
    }

    /// Sets a variable, in place if it exists.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let line = format!("{name}={}", value.replace('\\', "\\\\").replace('\n', "\\\n"));
        let same_name = |l: &&mut String| l.strip_prefix(name).is_some_and(|r| r.starts_with('='));
        match self.lines.iter_mut().find(same_name) {
            Some(l) => *l = line,
            None => self.lines.push(line),
        }
    }

    /// Removes a variable.
    pub(super) fn unset(&mut self, name: &str) {
        self.lines.retain(|l| l.strip_prefix(name).is_none_or(|r| !r.starts_with('=')));
    }

    /// The block as it is written to the file.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn block(&self) -> Result<Vec<u8>, Full> {
        let mut block: Vec<u8> = self.lines.iter().flat_map(|l| l.bytes().chain([b'\n'])).collect();
        if block.len() > SIZE {
            return Err(Full { needed: block.len() });
        }
        block.resize(SIZE, b'#');
        Ok(block)
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_keeps_its_size_and_its_other_variables() {
        let mut text =
            b"# GRUB Environment Block\n# WARNING: Do not edit\nsaved_entry=old\nboot_success=0\n".to_vec();
        text.resize(SIZE, b'#');
        let mut env = GrubEnv::parse(&text);
        assert_eq!(env.block().unwrap(), text);
        env.set("saved_entry", "new");
        env.set("kernelopts", "root=/dev/x ro ");
        let block = env.block().unwrap();
        assert_eq!(block.len(), SIZE);
        let text = String::from_utf8(block).unwrap();
        assert!(text.starts_with(
            "# GRUB Environment Block\n# WARNING: Do not edit\nsaved_entry=new\nboot_success=0\nkernelopts=root=/dev/x ro \n###"
        ));
        assert_eq!(env.get("kernelopts").unwrap(), "root=/dev/x ro ");
    }

    #[test]
    fn a_truncated_block_is_completed() {
        let env = GrubEnv::parse(b"saved_entry=a\n");
        assert_eq!(env.get("saved_entry").as_deref(), Some("a"));
        assert_eq!(env.block().unwrap().len(), SIZE);
        let mut env = GrubEnv::parse(b"");
        env.set("x", &"y".repeat(SIZE));
        assert_eq!(env.block(), Err(Full { needed: SIZE + 28 }));
    }

    #[test]
    fn a_variable_after_a_broken_value_is_read_back() {
        let mut env = GrubEnv::parse(b"=\\");
        env.set("k", "v");
        assert_eq!(GrubEnv::parse(&env.block().unwrap()).get("k").as_deref(), Some("v"));
    }

    proptest! {
        #[test]
        fn a_variable_that_is_set_is_read_back(value in "[ -~\n]{0,200}", garbage in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut env = GrubEnv::parse(&garbage);
            env.set("k", &value);
            prop_assert_eq!(GrubEnv::parse(&env.block().unwrap()).get("k").unwrap(), value);
        }
    }
}
