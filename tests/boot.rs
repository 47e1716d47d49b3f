//! Kernel command lines and boot configurations.
#![allow(clippy::expect_used, clippy::panic)] // a test that cannot be set up has failed

#[path = "boot/configurations.rs"]
mod configurations;
#[path = "boot/ip_forms.rs"]
mod ip_forms;
#[path = "boot/legacy.rs"]
mod legacy;
#[path = "boot/options.rs"]
mod options;
#[path = "boot/served.rs"]
mod served;
#[path = "boot/table.rs"]
mod table;
#[path = "boot/unattended.rs"]
mod unattended;
