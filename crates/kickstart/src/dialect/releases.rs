//! Names of distributions, and the releases that a text names: `centos/7`, `rhel-server-8.4`, `repo=fedora-41`.

use super::distributions::{Distribution, Family, distribution};
use super::version::Version;
use std::ops::Range;

/// What "Red Hat Enterprise Linux 8" names.
static RED_HAT: Distribution = Distribution::rhel("redhat");

/// Fedora's shortest name, which the reference uses, too. In the middle of a text it counts from this release on, with
/// two digits.
const FEDORA_LETTER: &str = "f";

/// A release that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRelease {
    /// The version whose syntax the installer of that release reads.
    pub version: Version,
    /// Where the text names it, in bytes: from the distribution to the number.
    pub at: Range<usize>,
}

/// How many words may be between a distribution and its number: `fedora/linux/releases/41`.
const MOST_BETWEEN: usize = 3;

/// Words that may follow the number of a release without a separator: `7Server`, `9-stream`, `8u4`.
const AFTER_NUMBER: [&str; 7] = ["", "server", "workstation", "client", "computenode", "stream", "x"];

/// The last release that a URL, a path, a label or a title names; `None` when it names none that the tables know.
///
/// ```
/// use kickstart::{Version, release_named_in};
///
/// let named = release_named_in("http://mirror.example.org/centos/7.9.2009/os/x86_64/").unwrap();
/// assert_eq!(named.version, Version::rhel(7));
/// assert_eq!(release_named_in("http://mirror.example.org/debian/12/"), None);
/// ```
pub fn release_named_in(text: &str) -> Option<NamedRelease> {
    let mut found = None;
    // The distribution that was named last, where it begins, and how many words came after it.
    let mut open: Option<(&'static Distribution, usize, usize)> = None;
    let mut words = Words { text: text.as_bytes(), at: 0 }.peekable();
    // Where the word before begins, if it is "Red".
    let mut red = None;
    while let Some(word) = words.next() {
        let run = text.get(word.at.clone()).unwrap_or_default().to_ascii_lowercase();
        if run == "red" {
            red = Some(word.at.start);
            continue;
        }
        if let (Some(start), "hat") = (red.take(), run.as_str()) {
            open = Some((&RED_HAT, start, 0));
            continue;
        }
        let digits_at = run.find(|c: char| c.is_ascii_digit());
        let (name, number, rest) = match digits_at {
            None => (run.as_str(), "", ""),
            Some(at) => {
                let end = run[at..].find(|c: char| !c.is_ascii_digit()).map_or(run.len(), |n| at + n);
                (&run[..at], &run[at..end], &run[end..])
            }
        };
        let mut claim = |family, start: usize| match Version::of_release(family, number) {
            Some(version) => {
                found = Some(NamedRelease { version, at: start..word.at.start + name.len() + number.len() });
                true
            }
            None => false,
        };
        if let Some(distribution) = distribution(name) {
            let fits = !distribution.is_short || (rest.is_empty() && !number.is_empty());
            if fits && !number.is_empty() && claim(distribution.family, word.at.start) {
                open = None;
            } else if number.is_empty() && (!distribution.is_short || distribution.name == "el") {
                open = Some((distribution, word.at.start, 0));
            }
            continue;
        }
        if name == FEDORA_LETTER && number.len() == 2 && rest.is_empty() {
            claim(Family::Fedora, word.at.start);
            continue;
        }
        if matches!(run.as_str(), "rawhide" | "releasever") {
            // Fedora's repositories; those of RHEL's rebuilds have the number in their path.
            if let Some((_, start, _)) = open.take_if(|(d, ..)| d.family == Family::Fedora) {
                found = Some(NamedRelease { version: Version::NEWEST_FEDORA, at: start..word.at.end });
            }
            continue;
        }
        let is_number = word.is_plain_number
            && !number.is_empty()
            && ((name.is_empty() && AFTER_NUMBER.contains(&rest)) || (name == "stream" && rest.is_empty()));
        if is_number {
            let stream = name == "stream"
                || rest == "stream"
                || words.peek().is_some_and(|next| text[next.at.clone()].eq_ignore_ascii_case("stream"));
            let start = open.map_or(word.at.start, |(_, start, _)| start);
            let family = open.map(|(d, ..)| d.family).or(stream.then_some(Family::Rhel));
            if family.is_some_and(|family| claim(family, start)) {
                open = None;
            }
            continue;
        }
        open = match open {
            Some((distribution, start, between)) => {
                let most = if distribution.is_short { 0 } else { MOST_BETWEEN };
                (between < most).then_some((distribution, start, between + 1))
            }
            None => None,
        };
    }
    found
}

/// Runs of letters and digits; a number with its minor parts (`7.9.2009`) is one run that ends at the first dot.
struct Words<'t> {
    text: &'t [u8],
    at: usize,
}

struct Word {
    /// The run, without the minor parts of a number.
    at: Range<usize>,
    /// Whether it is not a part of an IPv4 address.
    is_plain_number: bool,
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let start = self.at + self.text[self.at..].iter().position(u8::is_ascii_alphanumeric)?;
        let end_of_run = |from: usize| {
            let rest = &self.text[from..];
            from + rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len())
        };
        let end = end_of_run(start);
        let is_digits =
            |range: Range<usize>| !range.is_empty() && self.text[range].iter().all(u8::is_ascii_digit);
        let (mut next, mut parts) = (end, 1);
        if self.text[start..end].last().is_some_and(u8::is_ascii_digit) {
            while self.text.get(next) == Some(&b'.') {
                let part = end_of_run(next + 1);
                if !is_digits(next + 1..part) {
                    break;
                }
                (next, parts) = (part, parts + 1);
            }
        }
        self.at = next;
        Some(Word { at: start..end, is_plain_number: parts < 4 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_found_in_urls_labels_and_titles() {
        let rhel = |n| Some(Version::rhel(n));
        let fedora = |n| Some(Version::fedora(n));
        for (text, version) in [
            ("https://mirror.example.org/centos/7/os/x86_64", rhel(7)),
            ("http://vault.centos.org/7.9.2009/os/x86_64", rhel(7)),
            ("http://mirror.centos.org/centos/8-stream/BaseOS/x86_64/os", rhel(8)),
            ("https://mirror.stream.centos.org/9-stream/BaseOS/", rhel(9)),
            ("http://mirror.centos.org/centos-7/7/os", rhel(7)),
            ("hd:LABEL=CentOS 7 x86_64", rhel(7)),
            ("Install Red Hat Enterprise Linux 8.4", rhel(8)),
            ("http://x/rhel-server-7.9-x86_64/", rhel(7)),
            ("http://x/content/dist/rhel/server/7/7Server/x86_64/kickstart", rhel(7)),
            ("http://cdn.redhat.com/content/dist/rhel9/9/x86_64/baseos/os", rhel(9)),
            ("http://yum.oracle.com/repo/OracleLinux/OL8/baseos/latest/x86_64", rhel(8)),
            ("http://x/rocky/9.4/BaseOS/", rhel(9)),
            ("repo=rocky-BaseOS-9.0&arch=x86_64", rhel(9)),
            ("https://mirrors.almalinux.org/mirrorlist/10/baseos", rhel(10)),
            ("http://x/el9/BaseOS", rhel(9)),
            ("ovirt-node-ng-4.5.5-2023113015.el9.squashfs.img", rhel(9)),
            ("http://rpmfusion.org/free/el/8/", rhel(8)),
            ("quay.io/centos-bootc/centos-bootc:stream9", rhel(9)),
            ("http://x/scientific/6x/x86_64/os", rhel(6)),
            ("https://x/metalink?repo=epel-7&arch=x86_64", rhel(7)),
            ("http://x/fedora-epel/8/Everything", rhel(8)),
            ("http://dl.fedoraproject.org/pub/fedora/linux/releases/41/Everything/x86_64/os", fedora(41)),
            ("mirrorlist?repo=fedora-41&arch=x86_64", fedora(41)),
            ("mirrorlist?repo=updates-released-f38&arch=x86_64", fedora(38)),
            ("mirrorlist?repo=fedora-$releasever&arch=$basearch", Some(Version::NEWEST_FEDORA)),
            ("http://x/fedora/linux/development/rawhide/", Some(Version::NEWEST_FEDORA)),
            ("quay.io/fedora/fedora-bootc:41", fedora(41)),
            ("centos7/vmlinuz", rhel(7)),
            ("centos/6.10/vmlinuz", rhel(6)),
            ("http://rhel8-mirror.example/centos/7/os", rhel(7)),
        ] {
            assert_eq!(release_named_in(text).map(|n| n.version), version, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_releases() {
        for text in [
            "http://192.0.2.1/ks/9/",
            "http://centos.example/",
            "ftp://rocky.example/10.9.8.7/ks",
            "http://x/centos/2009/os",
            "http://x/debian/10/",
            "http://x/ubuntu-9.10/",
            "http://x/image-f41c3a.img",
            "http://x/centos/x86_64/",
            "http://x/sles/15/",
            "http://x/model8/el/a/9",
            "",
            "é7",
        ] {
            assert_eq!(release_named_in(text), None, "{text}");
        }
    }

    #[test]
    fn the_place_is_from_the_distribution_to_the_number() {
        let text = "url --url=http://x/CentOS/7.9/os";
        let named = release_named_in(text).unwrap();
        assert_eq!(&text[named.at], "CentOS/7");
    }
}
