//! Values of parameters of an old node, read and checked.

use super::parameters::ParameterForm;
use crate::boot::value::{self, ValueIssue};
use crate::boot::{iscsi, links};
use node_base::units::MiB;
use std::net::IpAddr;

/// A disk as `storage_init` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskName {
    /// The first disk that the installer finds.
    First,
    /// `/dev/sda`, without `/dev/`.
    Device(String),
    /// The disk with this serial number, on this bus (empty when none is named).
    Serial {
        /// `ata`, `scsi`, `usb`, `cciss`.
        bus: String,
        /// udev's `ID_SERIAL`.
        serial: String,
    },
    /// All disks of this bus.
    All(String),
}

/// Disks of HostVG, and of AppVG.
pub type Disks = (Vec<DiskName>, Vec<DiskName>);

/// Reads `storage_init`.
///
/// # Errors
/// What makes the value useless.
pub fn disks(text: &str) -> Result<Disks, ValueIssue> {
    let mut groups = text.split(';');
    let host = groups.next().unwrap_or_default().split(',').map(disk).collect::<Result<Vec<_>, _>>()?;
    let app = match groups.next() {
        Some(list) => list.split(',').map(disk).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    if groups.next().is_some() {
        return Err(ValueIssue::error("more than one ';'")
            .help("the form is DISK,DISK;DISK: those of HostVG, then those of AppVG"));
    }
    Ok((host, app))
}

fn disk(text: &str) -> Result<DiskName, ValueIssue> {
    let plain = |t: &str| {
        !t.is_empty()
            && t.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | ':' | '+'))
    };
    if let Some(device) = text.strip_prefix("/dev/") {
        return if plain(device) && !device.contains("..") {
            Ok(DiskName::Device(device.to_owned()))
        } else {
            Err(ValueIssue::error(format!("'{text}' is not a disk")))
        };
    }
    let (bus, serial) = text.split_once(':').unwrap_or((text, ""));
    match (bus, serial) {
        ("", "") => Ok(DiskName::First),
        ("ata" | "scsi" | "usb" | "cciss", "") => Ok(DiskName::First),
        ("ata" | "scsi" | "usb" | "cciss", "ALL") => Ok(DiskName::All(bus.to_owned())),
        ("ata" | "scsi" | "usb" | "cciss" | "", serial) if plain(serial) => {
            Ok(DiskName::Serial { bus: bus.to_owned(), serial: serial.to_owned() })
        }
        _ => Err(ValueIssue::error(format!("'{text}' names no disk"))
            .help("the form is ata, scsi, usb or cciss, then :SERIAL or :ALL, or /dev/NAME")),
    }
}

/// Sizes that `storage_vol` gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    /// In the order of [`NAMES`]; `None` for a size that is not given.
    pub sizes: [Option<Size>; 9],
}

/// The size of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This size.
    Fixed(MiB),
    /// The rest of the volume group.
    Rest,
}

/// Names of the volumes; the first eight in the order of the positional form.
pub const NAMES: [&str; 9] = ["Boot", "Swap", "Root", "Config", "Logging", "Data", "Swap2", "Data2", "EFI"];

impl Volumes {
    /// The size of a volume.
    pub fn get(&self, name: &str) -> Option<Size> {
        let at = NAMES.iter().position(|n| *n == name)?;
        self.sizes.get(at).copied().flatten()
    }
}

/// Reads `storage_vol`.
///
/// # Errors
/// What makes the value useless.
pub fn volumes(text: &str) -> Result<Volumes, ValueIssue> {
    let mut volumes = Volumes::default();
    let named = text.contains(',');
    let fields: Vec<&str> = text.split(':').collect();
    if !named && fields.len() > 8 {
        return Err(ValueIssue::error(format!("{} sizes are given for eight volumes", fields.len()))
            .help("the form is BOOT:SWAP:ROOT:CONFIG:LOGGING:DATA:SWAP2:DATA2, in MB"));
    }
    for (n, field) in fields.iter().enumerate() {
        if field.is_empty() {
            continue;
        }
        let (size, at) = if named {
            let Some((size, name)) = field.split_once(',') else {
                return Err(ValueIssue::error(format!("'{field}' does not name its volume"))
                    .help(format!("the form is SIZE,NAME; names are {}", NAMES.join(", "))));
            };
            match NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
                Some(at) => (size, at),
                None => {
                    return Err(ValueIssue::error(format!("'{name}' is not a volume of the old node"))
                        .help(format!("names are {}", NAMES.join(", "))));
                }
            }
        } else {
            (*field, n)
        };
        let rest_allowed = matches!(NAMES[at], "Data" | "Data2");
        volumes.sizes[at] = Some(match size.parse::<i64>() {
            Ok(-1) if rest_allowed => Size::Rest,
            // No disk is larger than 16 EiB.
            Ok(mib @ 0..=0xff_ffff_ffff) => Size::Fixed(MiB(mib.unsigned_abs())),
            _ if size == "-1" => {
                return Err(ValueIssue::error(format!(
                    "{} cannot use the rest of the disk: only Data and Data2 can",
                    NAMES[at]
                )));
            }
            _ => return Err(ValueIssue::error(format!("'{size}' is not a size in MB"))),
        });
    }
    Ok(volumes)
}

/// Whether a password is hashed: `$1$…`, `$5$…`, `$6$…`, `$y$…`, `$2b$…`, or 13 characters of the old kind.
pub fn is_hash(text: &str) -> bool {
    let plain = |t: &str| {
        t.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '$' | '=' | ',' | '-' | '_' | '+'))
    };
    match text.strip_prefix('$') {
        Some(rest) => plain(rest) && rest.split('$').count() >= 3 && text.len() >= 20,
        None => text.len() == 13 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/')),
    }
}

/// The address configuration that `ip` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// An address from DHCP.
    Dhcp,
    /// No address.
    Off,
    /// Static; gateway and netmask may be parameters of their own.
    Static {
        /// Address of the host.
        address: IpAddr,
        /// Address of the gateway; `None` if `gateway=` gives it.
        gateway: Option<IpAddr>,
        /// Netmask as written; `None` if `netmask=` gives it.
        netmask: Option<String>,
    },
}

/// Reads `ip`.
///
/// # Errors
/// What makes the value useless.
pub fn ip(text: &str) -> Result<Addressing, ValueIssue> {
    match text {
        "dhcp" => return Ok(Addressing::Dhcp),
        "off" | "none" => return Ok(Addressing::Off),
        _ => {}
    }
    let fields: Vec<&str> = text.split(':').collect();
    if fields.len() > 4 {
        return Err(ValueIssue::error(format!("'{text}' has {} fields", fields.len()))
            .help("the form is ADDRESS:SERVER:GATEWAY:NETMASK"));
    }
    let address = |t: &str, what: &str| {
        t.parse::<IpAddr>().map_err(|_| ValueIssue::error(format!("'{t}' is not {what}")))
    };
    let own = address(fields[0], "an address: expected dhcp, off or ADDRESS:SERVER:GATEWAY:NETMASK")?;
    let gateway = match fields.get(2).filter(|t| !t.is_empty()) {
        Some(t) => Some(address(t, "the address of a gateway")?),
        None => None,
    };
    let netmask = match fields.get(3).filter(|t| !t.is_empty()) {
        Some(t) if value::prefix_length(t, 32).is_some() => Some((*t).to_owned()),
        Some(t) => return Err(ValueIssue::error(format!("'{t}' is not a netmask"))),
        None => None,
    };
    Ok(Addressing::Static { address: own, gateway, netmask })
}

/// Reads `vlan`: number and interface.
///
/// # Errors
/// What makes the value useless.
pub fn vlan(text: &str) -> Result<(u16, String), ValueIssue> {
    let form = "the form is ID:INTERFACE, such as 12:eth0";
    let Some((id, nic)) = text.split_once(':') else {
        return Err(ValueIssue::error(format!("'{text}' names no interface")).help(form));
    };
    match id.parse::<u16>() {
        Ok(id @ 1..=4094) if value::is_interface(nic) => Ok((id, nic.to_owned())),
        Ok(1..=4094) => {
            Err(ValueIssue::error(format!("'{nic}' is not the name of a network interface")).help(form))
        }
        _ => Err(ValueIssue::error(format!("'{id}' is not a VLAN: expected 1 to 4094")).help(form)),
    }
}

/// Reads `BOOTIF`: `link`, an interface, or a MAC address with colons.
///
/// # Errors
/// What makes the value useless.
pub fn bootif(text: &str) -> Result<String, ValueIssue> {
    if text == "link" {
        return Ok(text.to_owned());
    }
    links::bootif(text).or_else(|_| {
        let interface = value::is_interface(text) && text.starts_with(|c: char| c.is_ascii_alphabetic());
        if interface {
            Ok(text.to_owned())
        } else {
            Err(ValueIssue::error(format!("'{text}' is not an interface"))
                .help("expected link, an interface such as eth0, or 01-MAC"))
        }
    })
}

/// What is wrong with a value, if anything is.
pub fn wrong(takes: ParameterForm, text: &str) -> Option<ValueIssue> {
    if text.is_empty() {
        return match takes {
            ParameterForm::Flag | ParameterForm::Disks => None,
            _ => Some(ValueIssue::error("it needs a value")),
        };
    }
    match takes {
        ParameterForm::Flag => {
            let known = ["0", "1", "yes", "no", "true", "false"];
            (!known.contains(&text)).then(|| ValueIssue::warning(format!("'{text}' is neither yes nor no")))
        }
        ParameterForm::Text => None,
        ParameterForm::Disks => disks(text).err(),
        ParameterForm::Volumes => volumes(text).err(),
        ParameterForm::SwapEncryption => {
            let bad =
                text.split(';').find(|part| !matches!(part.split(',').next(), Some("Swap" | "Swap2")))?;
            Some(ValueIssue::error(format!("'{bad}' is none of Swap and Swap2")))
        }
        ParameterForm::Ratio => match text.parse::<f64>() {
            Ok(ratio) if ratio.is_finite() && (0.0..=100.0).contains(&ratio) => None,
            _ => Some(ValueIssue::error(format!("'{text}' is not a ratio: expected a number such as 0.5"))),
        },
        ParameterForm::BootIf => bootif(text).err(),
        ParameterForm::Ip => ip(text).err(),
        ParameterForm::Netmask => value::prefix_length(text, 32)
            .is_none()
            .then(|| ValueIssue::error(format!("'{text}' is not a netmask"))),
        ParameterForm::Address => {
            text.parse::<IpAddr>().is_err().then(|| ValueIssue::error(format!("'{text}' is not an address")))
        }
        ParameterForm::Ipv6 => {
            let address = text.split('/').next().unwrap_or_default().trim_matches(['[', ']']);
            let known = matches!(text, "dhcp" | "auto" | "off" | "no")
                || address.parse::<std::net::Ipv6Addr>().is_ok();
            (!known).then(|| {
                ValueIssue::error(format!("'{text}' is none of dhcp, auto, off and an IPv6 address"))
            })
        }
        ParameterForm::Hosts => {
            let bad =
                text.split(',').find(|host| !value::is_host(host) && host.parse::<IpAddr>().is_err())?;
            Some(ValueIssue::error(format!("'{bad}' is not a host")))
        }
        ParameterForm::Vlan => vlan(text).err(),
        ParameterForm::Bond => {
            let mut more = Vec::new();
            links::bond(text, &mut more).err().or_else(|| more.into_iter().next())
        }
        ParameterForm::Choice(words) => (!words.contains(&text))
            .then(|| ValueIssue::error(format!("'{text}' is none of {}", words.join(", ")))),
        ParameterForm::Hash => (!is_hash(text)).then(|| {
            ValueIssue::error(
                "the password is not hashed: it can be read in /proc/cmdline, and would not work",
            )
            .help("hash it with openssl passwd -6")
        }),
        ParameterForm::HostPort => value::host_port(text).err(),
        ParameterForm::Port => match text.parse::<u16>() {
            Ok(port) if port > 0 => None,
            _ => Some(ValueIssue::error(format!("'{text}' is not a port"))),
        },
        ParameterForm::IscsiName => (!iscsi::is_name(text)).then(|| iscsi::wrong_name(text)),
        ParameterForm::NfsPath => {
            let good = text.split_once(":/").is_some_and(|(host, _)| value::is_host(host));
            (!good).then(|| ValueIssue::error(format!("'{text}' is not HOST:/PATH")))
        }
        ParameterForm::SshTarget => {
            let good =
                text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && value::is_host(host));
            (!good).then(|| ValueIssue::error(format!("'{text}' is not USER@HOST")))
        }
        ParameterForm::Url => {
            let good = text.split_once("://").is_some_and(|(_, rest)| !rest.is_empty());
            (!good).then(|| ValueIssue::error(format!("'{text}' is not a URL")))
        }
        ParameterForm::Number => {
            text.parse::<u32>().is_err().then(|| ValueIssue::error(format!("'{text}' is not a number")))
        }
    }
}
