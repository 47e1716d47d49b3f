//! Names of images.

use super::shown;
use node_base::names;

/// Longest name of an image, in characters: its layer has two more.
const LONGEST: usize = names::LONGEST - 2;

/// What is wrong with an image's name (name, version, release), if anything.
pub(super) fn problem(nvr: &str) -> Option<String> {
    let quoted = shown(nvr);
    if nvr.is_empty() {
        return Some("the image's name is empty".to_owned());
    }
    if let Some(c) = nvr.chars().find(|c| !c.is_ascii_alphanumeric() && !"+_.-".contains(*c)) {
        let c = shown(c.encode_utf8(&mut [0; 4]));
        return Some(format!("'{quoted}' cannot name a volume: LVM does not take '{c}'"));
    }
    if nvr.starts_with(['-', '.']) {
        return Some(format!("'{quoted}' cannot name an image: no - or . stands at its start"));
    }
    // As node-layout reads it: what follows a + is the number of a layer.
    if nvr.contains('+') {
        return Some(format!("'{quoted}' is the name of a layer, not of an image: it has a +"));
    }
    if nvr.len() > LONGEST {
        return Some(format!(
            "the image's name has {} characters; volumes have room for {LONGEST}",
            nvr.len()
        ));
    }
    if let Some(word) = names::reserved_word(nvr) {
        return Some(format!("'{quoted}' cannot name a volume: LVM keeps names with '{word}' for itself"));
    }
    let mut parts = nvr.rsplitn(3, '-');
    let complete = (0..3).all(|_| parts.next().is_some_and(|part| !part.is_empty()));
    (!complete).then(|| format!("'{quoted}' does not consist of name, version and release, separated by -"))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn names_that_volumes_can_bear_are_taken() {
        for nvr in [
            "ovirt-node-ng-4.5.6-0.20261121.0",
            "rhvh-4.4.10.1-0.20220309.0",
            "node-1~".trim_end_matches('~'),
        ] {
            let expected = nvr.matches('-').count() >= 2;
            assert_eq!(problem(nvr).is_none(), expected, "{nvr}: {:?}", problem(nvr));
        }
    }

    #[test]
    fn names_that_volumes_cannot_bear_are_refused_with_the_reason() {
        for (nvr, part) in [
            ("", "empty"),
            ("my node-1-1", "' '"),
            ("-rf-1-1", "at its start"),
            ("node-1-1;reboot", "';'"),
            ("node-1-1/..", "'/'"),
            ("pvmove-1-1", "keeps"),
            ("node-1-1_tmeta", "keeps"),
            ("node-1-1+1", "layer"),
            ("node", "name, version and release"),
            ("node--1", "name, version and release"),
            ("node-1-\u{1b}[2J", "\\u{1b}"),
            (&"n-1-1".repeat(20), "100 characters"),
        ] {
            let message = problem(nvr).unwrap_or_default();
            assert!(message.contains(part), "{nvr:?}: {message:?} does not say {part:?}");
        }
    }
}
