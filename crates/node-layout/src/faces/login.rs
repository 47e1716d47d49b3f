//! What is shown at a login: `nodectl motd`, `imgbase motd`, `nodectl generate-banner`.

use super::Overall;
use crate::machine::Command;
use serde::Serialize;

/// The message of the day.
#[derive(Debug, Serialize)]
pub(crate) struct Motd {
    node_status: &'static str,
    additional_info: String,
    #[serde(skip)]
    label: &'static str,
    #[serde(skip)]
    program: &'static str,
}

impl Motd {
    /// The message of `program`. `sentences` are about the trial of an image.
    pub(crate) fn new(program: &'static str, overall: Overall, sentences: &[String]) -> Motd {
        let advice = format!("`{program} check` says more");
        let lines: Vec<&str> = sentences.iter().map(String::as_str).chain([advice.as_str()]).collect();
        Motd {
            node_status: overall.word(),
            additional_info: lines.join("\n"),
            label: if overall == Overall::Ok { "OK" } else { "DEGRADED" },
            program,
        }
    }

    /// The message for people: a block of lines.
    pub(crate) fn text(&self) -> String {
        let subject = if self.program == "nodectl" { "node" } else { self.program };
        let mut text = format!("\n  {subject} status: {}\n", self.label);
        self.additional_info.lines().for_each(|line| text += &format!("  {line}\n"));
        text + "\n"
    }
}

/// The command that shows the addresses of this host.
pub(crate) fn addresses_command() -> Command {
    Command::new("ip", ["-oneline", "address", "show", "scope", "global"])
}

/// The addresses in its output, without those of libvirt's own bridges.
pub(crate) fn addresses(output: &str) -> Vec<String> {
    let address = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let interface = words.get(1)?;
        let at = words.iter().position(|w| matches!(*w, "inet" | "inet6"))?;
        let address = words.get(at + 1)?.split('/').next()?;
        (!interface.starts_with("virbr")).then(|| address.to_owned())
    };
    output.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_host() {
        let output = "2: ens3    inet 192.0.2.7/24 brd 192.0.2.255 scope global dynamic ens3\\       valid_lft 80sec\n\
            3: virbr0    inet 192.168.122.1/24 brd 192.168.122.255 scope global virbr0\n\
            2: ens3    inet6 2001:db8::7/64 scope global\n\
            4: ppp0    inet 198.51.100.1 peer 198.51.100.2/32 scope global ppp0\nnonsense\n";
        assert_eq!(addresses(output), ["192.0.2.7", "2001:db8::7", "198.51.100.1"]);
    }

    #[test]
    fn a_login_sees_the_trial_before_the_advice() {
        let motd = Motd::new("nodectl", Overall::Warn, &["image n-1-2 did not start".to_owned()]);
        assert_eq!(
            motd.text(),
            "\n  node status: DEGRADED\n  image n-1-2 did not start\n  `nodectl check` says more\n\n"
        );
    }
}
