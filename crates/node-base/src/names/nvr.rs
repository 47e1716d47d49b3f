//! Names of images and volumes: the NVR of an image, the base `<nvr>` and the layers `<nvr>+N` made from it.
//!
//! A name is checked once, where it comes in; what has one of these types can be put into a command's arguments.

use super::{LONGEST, NameError, reserved_word};
use crate::harmless::excerpt;
use std::cmp::Ordering;
use std::fmt;

/// The longest device-mapper name (`DM_NAME_LEN` of the kernel's dm-ioctl.h is 128 with its final NUL).
const DM_NAME_MAX: usize = 127;

/// Name, version and release of an image: `ovirt-node-ng-4.5.6-0.20261121.0`. It names the base volume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nvr {
    text: String,
    version_at: usize,
    release_at: usize,
}

impl Nvr {
    /// Takes `NAME-VERSION-RELEASE`; version and release have no hyphen, nothing has a `+`.
    ///
    /// # Errors
    /// [`NameError`]: not of that form, a character too many, a word that LVM keeps.
    pub fn parse(text: &str) -> Result<Nvr, NameError> {
        if let Some(character) =
            text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-'))
        {
            if character == '+' {
                return Err(NameError::Layer(excerpt(text)));
            }
            return Err(NameError::Character { name: excerpt(text), character, allowed: "'.', '_' and '-'" });
        }
        let not = || NameError::NotNvr(excerpt(text));
        let release_at = text.rfind('-').ok_or_else(not)? + 1;
        let version_at = text[..release_at - 1].rfind('-').ok_or_else(not)? + 1;
        if text.starts_with(['-', '.']) {
            return Err(NameError::Start(excerpt(text)));
        }
        if version_at == 1 || version_at + 1 == release_at || release_at == text.len() {
            return Err(not());
        }
        if let Some(part) = reserved_word(text) {
            return Err(NameError::Reserved { name: excerpt(text), part });
        }
        Ok(Nvr { text: text.to_owned(), version_at, release_at })
    }

    /// Whether base and up to 99 layers of this image can be volumes of `vg`.
    ///
    /// # Errors
    /// [`NameError::Long`].
    pub fn fits(&self, vg: &str) -> Result<(), NameError> {
        let longest = device_mapper_name(vg, &format!("{}+99", self.text)).len();
        match longest.checked_sub(DM_NAME_MAX) {
            Some(over) if over > 0 => {
                Err(NameError::Long { name: self.text.clone(), vg: vg.to_owned(), over })
            }
            _ => Ok(()),
        }
    }

    /// Whether Anaconda and imgbased accept the name of this image's first layer, `<nvr>+1`.
    ///
    /// # Errors
    /// [`NameError::LayerTooLong`].
    pub fn check_layer(&self) -> Result<(), NameError> {
        match (self.text.len() + "+1".len()).checked_sub(LONGEST) {
            Some(over) if over > 0 => Err(NameError::LayerTooLong { name: excerpt(&self.text), over }),
            _ => Ok(()),
        }
    }

    /// The whole, as given; the base volume's name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Without version and release.
    pub fn name(&self) -> &str {
        &self.text[..self.version_at - 1]
    }

    /// The version.
    pub fn version(&self) -> &str {
        &self.text[self.version_at..self.release_at - 1]
    }

    /// The release.
    pub fn release(&self) -> &str {
        &self.text[self.release_at..]
    }

    /// The layer `<nvr>+index`.
    pub fn layer(&self, index: u32) -> Layer {
        Layer { nvr: self.clone(), index }
    }
}

impl fmt::Display for Nvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Nvr {
    /// By name, then version and release as RPM orders them.
    fn cmp(&self, other: &Self) -> Ordering {
        self.name()
            .cmp(other.name())
            .then_with(|| compare_versions(self.version(), other.version()))
            .then_with(|| compare_versions(self.release(), other.release()))
    }
}

impl PartialOrd for Nvr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A writable layer over a base: `<nvr>+1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    /// The image.
    pub nvr: Nvr,
    /// From 1.
    pub index: u32,
}

impl Layer {
    /// Reads `<nvr>+N`.
    pub fn parse(text: &str) -> Option<Layer> {
        let (nvr, index) = text.rsplit_once('+')?;
        let index = index.parse().ok().filter(|i| *i > 0)?;
        Some(Layer { nvr: Nvr::parse(nvr).ok()?, index })
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.nvr, self.index)
    }
}

/// The name of a volume's device below `/dev/mapper`: hyphens inside the names are doubled.
pub fn device_mapper_name(vg: &str, lv: &str) -> String {
    format!("{}-{}", vg.replace('-', "--"), lv.replace('-', "--"))
}

/// Orders two versions segment by segment, digits as numbers, letters before digits, `~` before everything
/// (`rpmvercmp` of RPM). Also used for kernel versions.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        a = skip_separators(a);
        b = skip_separators(b);
        match (a.first() == Some(&b'~'), b.first() == Some(&b'~')) {
            (true, true) => {
                a = &a[1..];
                b = &b[1..];
                continue;
            }
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (Some(first_a), Some(first_b)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        let digits = first_a.is_ascii_digit();
        if digits != first_b.is_ascii_digit() {
            return if digits { Ordering::Greater } else { Ordering::Less };
        }
        let (x, rest_a) = segment(a, digits);
        let (y, rest_b) = segment(b, digits);
        let order = if digits {
            let (x, y) = (trim_zeros(x), trim_zeros(y));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            x.cmp(y)
        };
        if order != Ordering::Equal {
            return order;
        }
        a = rest_a;
        b = rest_b;
    }
}

fn skip_separators(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|c| !c.is_ascii_alphanumeric() && **c != b'~').count();
    &text[n..]
}

fn segment(text: &[u8], digits: bool) -> (&[u8], &[u8]) {
    let n =
        text.iter().take_while(|c| if digits { c.is_ascii_digit() } else { c.is_ascii_alphabetic() }).count();
    text.split_at(n)
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let n = digits.iter().take_while(|c| **c == b'0').count();
    &digits[n..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_nvr_has_a_name_a_version_and_a_release() {
        let nvr = Nvr::parse("ovirt-node-ng-4.5.6-0.20261121.0").unwrap();
        assert_eq!((nvr.name(), nvr.version(), nvr.release()), ("ovirt-node-ng", "4.5.6", "0.20261121.0"));
        assert_eq!(nvr.layer(1).to_string(), "ovirt-node-ng-4.5.6-0.20261121.0+1");
        assert_eq!(Layer::parse("ovirt-node-ng-4.5.6-0.20261121.0+12").unwrap().index, 12);
        assert_eq!(Layer::parse("ovirt-node-ng-4.5.6-0.20261121.0"), None);
        assert_eq!(Layer::parse("root+1"), None, "a volume with a '+' in its name is not always a layer");
    }

    #[test]
    fn what_is_not_an_nvr_is_refused_with_the_reason() {
        for (text, part) in [
            ("-rf", "not NAME-VERSION-RELEASE"),
            ("--help", "begins with"),
            ("node", "not NAME-VERSION-RELEASE"),
            ("node-1", "not NAME-VERSION-RELEASE"),
            ("node--1", "not NAME-VERSION-RELEASE"),
            ("node-1-", "not NAME-VERSION-RELEASE"),
            ("-1-2", "begins with"),
            ("node-1-2+1", "contains '+'"),
            ("node 1-2-3", "contains ' '"),
            ("node/../x-1-2", "contains '/'"),
            ("snapshot-1-2", "LVM reserves"),
            ("node_tmeta-1-2", "LVM reserves"),
            ("", "not NAME-VERSION-RELEASE"),
        ] {
            let error = Nvr::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_fits_by_the_length_of_its_device_mapper_name() {
        let nvr = Nvr::parse(&format!("{}-1-2", "n".repeat(115))).unwrap();
        assert_eq!(nvr.fits("vg"), Ok(()));
        assert_eq!(
            nvr.fits("vg-x").unwrap_err().to_string(),
            format!("'{nvr}' is too long by 3 characters for a volume in volume group 'vg-x'")
        );
    }

    #[test]
    fn images_are_ordered_as_rpm_orders_versions() {
        let order = ["n-2-0", "n-13-0", "n-13-0.a", "n-13-0.1", "n-13-10"];
        for pair in order.windows(2) {
            assert!(Nvr::parse(pair[0]).unwrap() < Nvr::parse(pair[1]).unwrap(), "{} < {}", pair[0], pair[1]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_nvr_or_an_error(text in "\\PC{0,60}") {
            if let Ok(nvr) = Nvr::parse(&text) {
                prop_assert_eq!(nvr.as_str(), text);
            }
        }

        #[test]
        fn versions_are_ordered_the_same_way_round(a in "[0-9a-z.~]{0,12}", b in "[0-9a-z.~]{0,12}") {
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
        }
    }
}
