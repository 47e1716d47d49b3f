//! Options that say what a kickstart is checked against.

use crate::lint::include::Follow;
use crate::lint::settings::Given;
use std::path::PathBuf;

/// Options of every verb that reads a kickstart.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SettingsArgs {
    /// Syntax version: RHEL9, RHEL9.4, F46, …; auto uses the #version header, the configuration, else RHEL9
    #[arg(long, default_value = "auto", value_name = "VERSION")]
    pub(super) syntax: String,
    /// Layout policy: auto, none, a built-in name, or a TOML file; auto is ovirt-node for a kickstart that makes a node
    #[arg(long, default_value = "auto", value_name = "POLICY")]
    pub(super) policy: String,
}

impl SettingsArgs {
    /// The options as settings.
    pub(super) fn given(&self) -> Given {
        Given { syntax: Some(self.syntax.clone()), policy: Some(self.policy.clone()), ..Given::default() }
    }
}

/// Options of the verbs that follow includes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct IncludeArgs {
    /// Read the files that %include names, too, and report findings in them
    #[arg(long)]
    pub(super) follow_includes: bool,
    /// Directory below which absolute paths of includes are looked for: what %pre scripts would write
    #[arg(long, value_name = "DIR", requires = "follow_includes")]
    pub(super) root: Option<PathBuf>,
    /// Fetch includes that are URLs (http, https, ftp; with curl); without it the network is not used
    #[arg(long, requires = "follow_includes")]
    pub(super) allow_network: bool,
}

impl IncludeArgs {
    /// Which includes are followed; `None` leaves it to the environment.
    pub(super) fn follow(&self) -> Option<Follow> {
        self.follow_includes.then(|| Follow::All { root: self.root.clone(), network: self.allow_network })
    }
}
