//! `ks-lint` finds what is wrong in a kickstart before a disk is touched.
//!
//! A kickstart is checked as `ks-lint FILE` does: with the configuration beside it, the files it includes, and the policy
//! that it asks for.
//!
//! ```
//! use ks_lint::lint::{self, settings::{Given, SettingsSource}};
//! use std::path::Path;
//!
//! let settings = SettingsSource::new(Given { syntax: Some("RHEL9".to_owned()), ..Given::default() })?;
//! let linted = lint::path(Path::new("kickstart-examples/wrong.ks"), &settings)?;
//!
//! let codes: Vec<&str> = linted.report.findings.iter().map(|finding| finding.code.id).collect();
//! assert_eq!(codes, ["SEC001", "NODE011", "NODE003", "NODE024"]);
//! assert!(linted.fails(), "NODE011 and NODE003 are errors");
//! assert_eq!(linted.report.policy.value, "ovirt-node");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`lint`](mod@lint) checks paths and texts, boot configurations among them, and plans the storage.
//! - [`report`] writes findings in each output format.
//! - [`catalogue`] lists every kind of finding, with its documentation.
//! - [`directives`] reads what a kickstart says to this project: the add-on's section and waivers.
//! - [`lsp`] serves editors.
//! - [`boot`] reads kernel command lines and the configurations that carry them; [`host`] reads the disks of this machine.

pub mod boot; // kernel command lines and boot configurations
pub mod catalogue; // every kind of finding
pub mod cli; // the command line
pub mod directives; // what a kickstart says to this project: version, add-on section, waivers
pub mod fix; // fixes applied to files
pub mod format; // the layout of a kickstart's text
pub mod generate; // kickstarts from a few answers
pub mod host; // facts of the machine it runs on
mod kind; // what kind of text a file is: a template, another language
pub mod lint; // one file through readers and rules
pub mod lsp; // the language server
pub mod report; // one output format, one file
mod rules; // one rule, one file
