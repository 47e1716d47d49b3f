//! Lines that include a file, and reading on in that file.

use super::super::codes;
use super::super::kickstart::{Include, SectionKind};
use super::super::values::Words;
use super::Reader;
use crate::include::{DEEPEST, MOST_BYTES, Outcome};
use node_base::diagnostic::{Finding, Reported};
use node_base::source::Span;

/// Most includes that are followed: files that include each other several times would grow without end.
const MOST_FOLLOWED: usize = 1000;
/// Most bytes of files that are read again because they are included again: a small file with many includes of another one must
/// not take the time of a large one.
const MOST_REPEATED_BYTES: usize = 4 << 20;

impl<'s> Reader<'s, '_> {
    pub(super) fn include(&mut self, words: &Words<'s, '_>) {
        let span = words.span(0).to(words.span(words.words.len() - 1));
        match words.texts.get(1) {
            Some(path) if !path.is_empty() => {
                let section = self.open.as_ref().and_then(|o| o.index);
                let outcome = self.includes.outcome(words.file, path);
                self.kickstart.includes.push(Include { path: words.value(1), span, section, outcome });
                self.follow(words, outcome);
            }
            _ => {
                let message = "'%include' needs the path of a file";
                let finding = Finding::new(&codes::INCLUDE_WITHOUT_PATH, message).at(span);
                self.findings.push(finding.help("write %include /tmp/disk.ks"));
            }
        }
    }

    /// Continues in the file that the line includes, if it was found. Its lines count as if they were here.
    pub(super) fn follow(&mut self, words: &Words<'s, '_>, outcome: Option<&Outcome>) {
        match outcome {
            // No file includes itself ([`Includes`] has no cycles), but a few files can include each other a million
            // times.
            Some(&Outcome::File(file)) if self.may_follow() => {
                let length = self.sources.get(file).text().len();
                if !self.seen.insert(file) {
                    self.repeated_bytes += length;
                }
                self.followed += 1;
                self.followed_bytes += length;
                let section = self.open.as_ref().and_then(|open| open.index);
                if let Some(index) = section {
                    let whole = Span::new(file, 0, length);
                    self.kickstart.sections[index].included.push(whole);
                    if self.kickstart.sections[index].kind == SectionKind::Packages {
                        self.packages(index, whole);
                    }
                }
                let last_command = self.last_command.take();
                self.file(file);
                if !self.validates {
                    self.findings.remove_repeated(&mut self.told);
                }
                self.last_command = last_command;
            }
            Some(Outcome::NotFound) => {
                let message = format!("the included file '{}' does not exist", words.texts[1]);
                let help = "name the directory that holds it with --root, or write it in a %pre script";
                self.findings
                    .push(Finding::new(&codes::INCLUDE_MISSING, message).at(words.span(1)).help(help));
            }
            Some(outcome) if self.validates => {
                let mut reported = Reported::AsUsual;
                let why = match outcome {
                    Outcome::Cycle => {
                        // The reference follows it until its stack is full.
                        reported = Reported::ByAccident;
                        "includes the file that this line is in".to_owned()
                    }
                    Outcome::TooMany | Outcome::File(_) => "is one too many or too deep".to_owned(),
                    Outcome::Unreadable(why) => format!("cannot be read: {why}"),
                    Outcome::NotFound | Outcome::WrittenByPre => "does not exist".to_owned(),
                    Outcome::Elsewhere | Outcome::Outside => "is not on this machine".to_owned(),
                };
                let message = format!("the included file '{}' {why}", words.texts[1]);
                let finding = Finding::new(&codes::INCLUDE_MISSING, message).at(words.span(1));
                self.findings.push(finding.reported(reported));
            }
            _ => {}
        }
    }

    fn may_follow(&self) -> bool {
        self.followed < MOST_FOLLOWED
            && self.followed_bytes as u64 <= MOST_BYTES
            && self.repeated_bytes <= MOST_REPEATED_BYTES
            && self.depth < DEEPEST
    }
}
