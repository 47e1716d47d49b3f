//! `multipath`: a device belongs to one path only.

use super::super::problems::{Fail, refused};
use super::line::Line;

/// Devices that earlier lines use.
pub(in super::super) type Devices = Vec<String>;

pub(super) fn check(line: &Line<'_, '_>, devices: &mut Devices) -> Result<(), Fail> {
    let device = line.text("--device");
    if devices.iter().any(|d| d == device) {
        let message = format!("the device '{device}' already is a path of a multipath device");
        return Err(refused(line.value_span("--device"), message, None));
    }
    devices.push(device.to_owned());
    Ok(())
}
