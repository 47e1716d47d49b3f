//! Where a finding is, for formats that a service reads: paths relative to the directory of the run, lines that are always there,
//! and fingerprints that stay when lines above come and go.

use node_base::diagnostic::Finding;
use node_base::source::{FileId, Sources};
use std::collections::HashMap;

/// The path of a file as services want it: relative to the working directory where it is below it, without `./`.
pub(super) fn relative(path: &str) -> String {
    let mut path = path;
    let here = std::env::current_dir().ok().and_then(|here| here.to_str().map(str::to_owned));
    let below =
        here.as_deref().and_then(|here| path.strip_prefix(here)).and_then(|rest| rest.strip_prefix('/'));
    path = below.unwrap_or(path);
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path.to_owned()
}

/// The path of the file that a finding is in.
pub(super) fn path_of(sources: &Sources, finding: &Finding) -> String {
    let file = finding.span.map_or(FileId(0), |span| span.file);
    relative(&sources.get(file).path().to_string_lossy())
}

/// The line that a finding is on, from 1. A finding about the file as a whole is on the first one.
pub(super) fn line_of(sources: &Sources, finding: &Finding) -> u32 {
    finding.span.map_or(1, |span| sources.position(span).line)
}

/// Makes fingerprints of findings: the code and the text of the line, hashed, and which of several equal ones it is.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<u64, u32>,
}

impl Fingerprints {
    /// The fingerprint of the next finding of a file. `path` is empty where the service compares paths on its own.
    pub(super) fn next(&mut self, sources: &Sources, finding: &Finding, path: &str) -> String {
        let line = finding.span.and_then(|span| {
            let source = sources.get(span.file);
            let range = source.lines().range(sources.position(span).line, source.text())?;
            source.text().get(range)
        });
        let mut hash = Fnv::new();
        for part in [path, finding.code.id, line.unwrap_or_default().trim()] {
            hash.write(part);
        }
        let count = self.seen.entry(hash.0).or_default();
        *count += 1;
        format!("{:016x}:{count}", hash.0)
    }
}

/// FNV-1a with 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): the same in every release, as fingerprints must be.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a text, and an end that no text has.
    fn write(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node_base::source::Span;

    node_base::declare_code! {
        /// A kind of finding for these tests.
        static EXAMPLE = "NODE998", "only-a-place", Node, Warning;
    }

    #[test]
    fn paths_are_relative_to_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(relative(&here.join("a/b.ks").to_string_lossy()), "a/b.ks");
        assert_eq!(relative("././a.ks"), "a.ks");
        assert_eq!(relative("/nowhere/a.ks"), "/nowhere/a.ks");
        assert_eq!(relative("-"), "-");
    }

    #[test]
    fn a_fingerprint_stays_when_lines_above_change_and_is_unique() {
        let of = |text: &str| {
            let mut sources = Sources::new();
            sources.add("x.ks", text.to_owned()).unwrap();
            let mut prints = Fingerprints::default();
            let places: Vec<usize> = text.match_indices("part").map(|(at, _)| at).collect();
            let finding = |at| Finding::new(&EXAMPLE, "x").at(Span::new(FileId(0), at, at + 4));
            places.into_iter().map(|at| prints.next(&sources, &finding(at), "x.ks")).collect::<Vec<_>>()
        };
        let (before, after) = (of("part /\n"), of("lang C\n\n  part /\npart /\n"));
        assert_eq!(before[0], after[0]);
        assert_ne!(after[0], after[1]);
        assert_eq!(before[0].len(), 18);
    }
}
