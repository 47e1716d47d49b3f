//! What a system says about itself: its name, its image, SELinux.

use crate::files::read_text;
use crate::machine::inside;
use std::path::Path;

/// The file of an image that has its name.
pub(crate) const IMAGE_NVR: &str = "/usr/share/imgbase/build/meta/nvr";

/// The image's name in the image itself.
pub(super) fn image_nvr(sysroot: &Path) -> Option<String> {
    let text = read_text(&inside(sysroot, IMAGE_NVR)).ok()??;
    Some(text.trim().to_owned())
}

/// `PRETTY_NAME` of os-release(5).
pub(super) fn os_name(sysroot: &Path) -> Option<String> {
    let files = ["/etc/os-release", "/usr/lib/os-release"];
    let text = files.into_iter().find_map(|p| read_text(&inside(sysroot, p)).ok()?)?;
    pretty_name(&text)
}

/// `SELINUXTYPE`; `None` if SELinux is disabled or not installed.
pub(super) fn selinux_type(sysroot: &Path) -> Option<String> {
    parse_selinux_type(&read_text(&inside(sysroot, "/etc/selinux/config")).ok()??)
}

/// The value is a shell assignment, with or without quotes.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().filter_map(|l| l.trim().strip_prefix("PRETTY_NAME=")).next_back()?;
    let mut name = String::new();
    let mut escape = false;
    for c in value.trim().trim_matches(['"', '\'']).chars() {
        // A backslash escapes the next character.
        escape = c == '\\' && !escape;
        if !escape {
            name.push(c);
        }
    }
    Some(name).filter(|n| !n.is_empty())
}

fn parse_selinux_type(config: &str) -> Option<String> {
    let value = |key: &str| {
        config
            .lines()
            .find_map(|l| l.trim().strip_prefix(key)?.strip_prefix('=').map(|v| v.trim().to_owned()))
    };
    if value("SELINUX")? == "disabled" {
        return None;
    }
    // It becomes a part of a path.
    value("SELINUXTYPE")
        .filter(|t| !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_system_is_in_its_os_release() {
        let text = "NAME=\"CentOS Stream\"\nVERSION=\"9\"\nVARIANT_ID=\"ovirt-node\"\nPRETTY_NAME=\"oVirt Node 4.5.6\"\n";
        assert_eq!(pretty_name(text).as_deref(), Some("oVirt Node 4.5.6"));
        assert_eq!(pretty_name("PRETTY_NAME='Node'\n").as_deref(), Some("Node"));
        assert_eq!(
            pretty_name("PRETTY_NAME=\"A \\\"node\\\" at \\$5\"\n").as_deref(),
            Some("A \"node\" at $5")
        );
        assert_eq!(pretty_name("NAME=x\nPRETTY_NAME=\n"), None);
    }

    #[test]
    fn selinux_counts_unless_it_is_disabled() {
        assert_eq!(
            parse_selinux_type("SELINUX=permissive\nSELINUXTYPE=targeted\n").as_deref(),
            Some("targeted")
        );
        assert_eq!(parse_selinux_type("SELINUX=disabled\nSELINUXTYPE=targeted\n"), None);
        assert_eq!(parse_selinux_type("SELINUX=enforcing\nSELINUXTYPE=../x\n"), None);
    }
}
