//! Public keys of `sshkey` and `sshpw --sshkey`.

use crate::kind::filled_in;
use crate::rules::{Context, Rule};
use memchr::memmem;
use node_base::base64;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::source::{FileId, Span, split_lines};

declare_code! {
    /// An ssh key is damaged: cut off, or broken across two lines.
    ///
    /// ## Why
    /// A key is one line. With a line end in it (copied from a terminal, or read from a file with its last newline), the
    /// installer reads the next line as a command and refuses the kickstart when the host boots; or it accepts an
    /// incomplete key, and nobody can log in.
    ///
    /// ## Example
    /// ```text
    /// sshkey --username=root "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE
    /// 8mLqLr7Yb5LzHnb1kHfB0YlYyIVZzFzJZkFxGqOe9H admin@example.com"
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// sshkey --username=root "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8mLqLr7Yb5LzHnb1kHfB0YlYyIVZzFzJZkFxGqOe9H admin@example.com"
    /// ```
    ///
    /// ## Source
    /// osbuild#1789; the format is that of RFC 4253, section 6.6: the type, and what else belongs to it, each
    /// with its length before it.
    static SSH_KEY_BROKEN = "SEC009", "ssh-key-broken", Security, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&SSH_KEY_BROKEN], check };

/// Types of keys that OpenSSH knows (sshd(8), "AUTHORIZED_KEYS FILE FORMAT") and of how many parts each consists.
const TYPES: [(&str, usize); 8] = [
    ("ssh-ed25519", 2),
    ("ssh-rsa", 3),
    ("ecdsa-sha2-nistp256", 3),
    ("ecdsa-sha2-nistp384", 3),
    ("ecdsa-sha2-nistp521", 3),
    ("ssh-dss", 5),
    ("sk-ssh-ed25519@openssh.com", 3),
    ("sk-ecdsa-sha2-nistp256@openssh.com", 4),
];

/// The lines are looked at as text: a key that is broken across lines has no command to look at.
fn check(context: &Context<'_>, findings: &mut Findings) {
    let file = context.kickstart.file;
    let text = context.sources.get(file).text();
    if memmem::find(text.as_bytes(), b"sshkey").is_none() {
        return;
    }
    // Scripts may hold such lines for other purposes.
    let mut sections: Vec<_> =
        context.kickstart.sections.iter().map(|s| s.span).filter(|s| s.file == file).collect();
    sections.sort_unstable();
    let mut lines = split_lines(text).peekable();
    let mut at = 0;
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let is_key_line = matches!(first_word(line), "sshkey" | "sshpw") && line.contains("sshkey");
        let in_section = || {
            let before = sections.partition_point(|s| s.start as usize <= start);
            before.checked_sub(1).is_some_and(|last| start < sections[last].end as usize)
        };
        if is_key_line && !in_section() {
            findings.extend(one(line, lines.peek().copied().unwrap_or_default(), file, start));
        }
    }
}

fn first_word(line: &str) -> &str {
    line.split([' ', '\t', '\r', '\n']).find(|w| !w.is_empty()).unwrap_or_default()
}

fn one(line: &str, next: &str, file: FileId, start: usize) -> Option<Finding> {
    let is_gap = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '"' | '\'' | '=');
    let (kind, parts, offset) = TYPES.iter().find_map(|(kind, parts)| {
        let (offset, _) = line.match_indices(kind).find(|(offset, _)| {
            line[..*offset].chars().next_back().is_none_or(is_gap)
                && line[offset + kind.len()..].chars().next().is_none_or(|c| is_gap(c) && c != '=')
        })?;
        Some((*kind, *parts, offset))
    })?;
    let behind = line[offset + kind.len()..].trim_start_matches([' ', '\t']);
    let data = behind.split([' ', '\t', '\r', '\n', '"', '\'']).next().unwrap_or_default();
    let data_at = start + line.len() - behind.len();
    if filled_in::is_secret(data) || data.contains("...") || data.contains('…') {
        return None;
    }
    let end = start + line.trim_end_matches(node_base::source::is_line_end).len();
    let span = if data.is_empty() {
        Span::new(file, start + offset, end)
    } else {
        Span::new(file, data_at, data_at + data.len())
    };
    let next_span = || {
        let next_start = start + line.len();
        Span::new(file, next_start, next_start + next.trim_end_matches(node_base::source::is_line_end).len())
    };
    let continues = continuation(next);
    let key = inspect(kind, parts, data);
    let finding = |message: &str| {
        Finding::new(&SSH_KEY_BROKEN, message)
            .at(span)
            .help("write the key on one line, in one pair of quotes")
    };
    match (key, continues) {
        (Ok(()), Some(Continuation::Comment)) | (Ok(()), Some(Continuation::Quote)) => Some(
            finding(
                "a line end follows the ssh key inside the command: the next line is taken for a command",
            )
            .related(next_span(), "this belongs to the key"),
        ),
        (Ok(()), _) => None,
        (Err(_), Some(Continuation::Data | Continuation::Comment)) => Some(
            finding("the ssh key is broken across two lines: the next line is taken for a command")
                .related(next_span(), "the rest of the key"),
        ),
        (Err(problem), _) => Some(finding(&format!("the ssh key is damaged: {problem}"))),
    }
}

/// What the line behind a key can be, if it belongs to it.
enum Continuation {
    /// More of its Base64.
    Data,
    /// `user@host`.
    Comment,
    /// Only the closing quote.
    Quote,
}

fn continuation(line: &str) -> Option<Continuation> {
    let mut words = line.split_whitespace();
    let word = words.next()?;
    let bare = word.trim_end_matches(['"', '\'']);
    if bare.is_empty() {
        return words.next().is_none().then_some(Continuation::Quote);
    }
    let behind = words.next().is_some();
    // No command of the language has an @ in its name.
    if bare.contains('@') && !bare.starts_with(['#', '%']) {
        return Some(Continuation::Comment);
    }
    let is_data = bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    // Command names are short words of small letters; the rest of a key hardly ever is.
    let is_word = bare.len() < 16 && bare.bytes().all(|b| b.is_ascii_lowercase());
    (is_data && !is_word && (bare.len() >= 4 || !behind)).then_some(Continuation::Data)
}

/// Whether the Base64 is a whole key of this type; else what is wrong with it.
fn inspect(kind: &str, parts: usize, data: &str) -> Result<(), &'static str> {
    if data.is_empty() {
        return Err("only its type is given");
    }
    let bytes = base64::decode(data).ok_or("it is not Base64, or a part of it is missing")?;
    let mut rest = bytes.as_slice();
    let mut count = 0;
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<4>().ok_or("its end is missing")?;
        let length = u32::from_be_bytes(*length) as usize;
        let part = behind.get(..length).ok_or("its end is missing")?;
        if count == 0 && part != kind.as_bytes() {
            return Err("its data is of another type than its name");
        }
        rest = &behind[length..];
        count += 1;
    }
    if count == parts { Ok(()) } else { Err("its end is missing") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIE8mLqLr7Yb5LzHnb1kHfB0YlYyIVZzFzJZkFxGqOe9H";

    fn message(line: &str, next: &str) -> Option<String> {
        one(line, next, FileId(0), 0).map(|finding| finding.message)
    }

    #[test]
    fn whole_keys_are_right_in_any_quotes() {
        for line in [
            format!("sshkey --username=root \"ssh-ed25519 {KEY} a@b\"\n"),
            format!("sshkey --username root 'ssh-ed25519 {KEY}'\n"),
            format!("sshpw --username=root --sshkey ssh-ed25519 {KEY} a@b\n"),
            format!("sshkey --username=root \"from=\\\"10.0.0.0/8\\\" ssh-ed25519 {KEY}\"\n"),
        ] {
            assert_eq!(message(&line, "network --bootproto=dhcp\n"), None, "{line}");
            assert_eq!(message(&line, "text\n"), None, "{line}");
            assert_eq!(message(&line, "# for admin@example.com\n"), None, "{line}");
        }
    }

    #[test]
    fn a_key_broken_anywhere_is_found() {
        for cut in 1..KEY.len() {
            let (first, rest) = KEY.split_at(cut);
            let line = format!("sshkey --username=root \"ssh-ed25519 {first}\n");
            let message = message(&line, &format!("{rest} a@b\"\n"));
            assert!(message.is_some(), "broken behind {cut} characters: not found");
        }
    }

    #[test]
    fn a_newline_behind_the_key_is_found() {
        let line = format!("sshkey --username=root \"ssh-ed25519 {KEY}\n");
        assert!(message(&line, "\"\n").unwrap().contains("a line end follows"));
        assert!(message(&line, "admin@example.com\"\n").unwrap().contains("a line end follows"));
    }

    #[test]
    fn placeholders_are_left_alone() {
        for data in ["AAAA...", "{{ key }}", "AAAAB3…"] {
            assert_eq!(message(&format!("sshkey --username=root \"ssh-rsa {data} me@here\""), ""), None);
        }
    }
}
