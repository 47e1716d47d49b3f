//! The image that `liveimg` writes to the disk.

use super::url;
use crate::kind::filled_in;
use crate::rules::{Context, Rule, mend};
use kickstart::Command;
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// The image to install comes over a network, and nothing verifies it.
    ///
    /// ## Why
    /// The image *is* the host's operating system. Over plain `http` or `ftp`, or over `https` with `--noverifyssl`, an
    /// attacker on the network can replace it, and a damaged download is not noticed. With `--checksum` the transport
    /// does not matter.
    ///
    /// ## Example
    /// ```text
    /// liveimg --url=http://images.example.com/node.squashfs.img
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// liveimg --url=http://images.example.com/node.squashfs.img --checksum=<sha256sum of the image>
    /// ```
    static IMAGE_UNVERIFIED = "SEC006", "image-unverified", Security, Warning;

    /// The checksum of `liveimg` cannot match any image.
    ///
    /// ## Why
    /// Anaconda compares it with the SHA-256 sum of the image, which is 64 hexadecimal digits. With anything else
    /// the installation fails after the download.
    ///
    /// ## Example
    /// ```text
    /// liveimg --url=https://images.example.com/node.img --checksum=d41d8cd98f00b204e9800998ecf8427e
    /// ```
    ///
    /// ## Write instead
    /// The first word that `sha256sum node.img` prints.
    ///
    /// ## Source
    /// Anaconda 33.16 to 45.21, payloads module, "Check the image checksum".
    static CHECKSUM_MALFORMED = "SEC008", "checksum-malformed", Security, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&IMAGE_UNVERIFIED, &CHECKSUM_MALFORMED], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    for command in context.kickstart.all("liveimg") {
        let checksum = command.value("--checksum").filter(|c| !c.text.trim().is_empty());
        match checksum {
            Some(checksum) => {
                let text = checksum.text.trim();
                let is_sha256 = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                if !is_sha256 && !filled_in::is_secret(text) && !filled_in::is_variable(text) {
                    findings.push(
                        Finding::new(&CHECKSUM_MALFORMED, malformed(text))
                            .at(checksum.span)
                            .help("write the first word that sha256sum prints for the image"),
                    );
                }
            }
            None => findings.extend(unverified(command)),
        }
    }
}

fn malformed(text: &str) -> String {
    let kind = match (text.len(), text.bytes().all(|b| b.is_ascii_hexdigit())) {
        (32, true) => "an MD5 sum",
        (40, true) => "a SHA-1 sum",
        (96, true) => "a SHA-384 sum",
        (128, true) => "a SHA-512 sum",
        (n, true) => return format!("the checksum has {n} digits; a SHA-256 sum has 64"),
        (_, false) => return "the checksum is not a SHA-256 sum, which has 64 hexadecimal digits".to_owned(),
    };
    format!("the checksum looks like {kind}; Anaconda compares it with the SHA-256 sum of the image")
}

fn unverified(command: &Command<'_>) -> Option<Finding> {
    let address = command.value("--url")?;
    let message = if url::is_unauthenticated(&address.text) {
        format!("the image comes over plain {} and has no checksum", url::scheme(&address.text))
    } else if url::is_https(&address.text) && command.has("--noverifyssl") {
        "the image's server is not verified (--noverifyssl) and the image has no checksum".to_owned()
    } else {
        return None;
    };
    let help = "add --checksum=SHA256, the SHA-256 sum of the image (sha256sum FILE), or use https";
    let fix = mend::add_option(command, "--checksum=SHA256", Applicability::Placeholder);
    Some(Finding::new(&IMAGE_UNVERIFIED, message).at(address.span).help(help).fix(fix))
}
