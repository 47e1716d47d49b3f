//! `network`: options of bridges, names of interfaces.

use super::super::problems::{Fail, refused};
use super::super::python::python_int;
use super::super::version::Version;
use super::line::Line;

pub(super) fn check(line: &Line<'_, '_>) -> Result<(), Fail> {
    // Only RHEL7 looks at interface names.
    if line.place.version == Version::rhel(7)
        && let Some(message) = interface_name(line.text("--interfacename"))
    {
        return Err(refused(line.value_span("--interfacename"), message, None));
    }
    let options = line.text("--bridgeopts");
    if !options.is_empty() {
        for option in options.split(',') {
            let value = option.split_once('=').map_or("", |(_, value)| value);
            if value.is_empty() || value.contains('=') {
                let message =
                    format!("--bridgeopts of 'network' must be key=value pairs with commas, not '{option}'");
                let help = "write --bridgeopts=stp=yes,forward-delay=15".to_owned();
                return Err(refused(line.value_span("--bridgeopts"), message, Some(help)));
            }
        }
    }
    if line.text("--bindto") == "mac" && line.is_set("--vlanid") && !line.is_set("--bondopts") {
        let message = "--bindto=mac of 'network' cannot be used for a VLAN".to_owned();
        return Err(refused(line.span("--bindto"), message, None));
    }
    Ok(())
}

/// A VLAN identifier in an interface name: after a dot, or after `vlan` at its start.
fn interface_name(name: &str) -> Option<String> {
    let mut id = None;
    if let Some((prefix, rest)) = name.split_once('.') {
        if prefix == "vlan" {
            return Some(format!("--interfacename of 'network' must not be 'vlan.…' as in '{name}'"));
        }
        id = python_int(rest);
        if id.is_none() {
            return Some(format!(
                "--interfacename of 'network' needs a VLAN identifier after the dot, not '{rest}'"
            ));
        }
    }
    if let Some(rest) = name.strip_prefix("vlan") {
        id = python_int(rest);
        if id.is_none() {
            return Some(format!(
                "--interfacename of 'network' needs a VLAN identifier after 'vlan', not '{rest}'"
            ));
        }
    }
    match id {
        Some(id) if !(0..=4095).contains(&id) => {
            Some(format!("the VLAN identifier {id} of '{name}' must be between 0 and 4095"))
        }
        _ => None,
    }
}
