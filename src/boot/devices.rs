//! Values that name devices of a host: volumes, LUKS and RAID identifiers, channel devices of IBM Z, controllers of storage
//! networks (dracut.cmdline(7) and the scripts of `modules.d`; nm-initrd-generator(8); systemd-cryptsetup-generator(8)).
//!
//! Only text that no program can read is refused: identifiers may be abbreviated, and several programs read some of them.

use super::value::{self, ValueIssue};

/// The form of such a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `rd.lvm.lv=VG/LV`
    LogicalVolume,
    /// `rd.lvm.vg=VG`
    VolumeGroup,
    /// `[keysource:][luks-]UUID`, or its beginning
    Luks,
    /// `UUID=NAME`
    LuksName,
    /// `/PATH[:KEYDEVICE[:LUKSDEVICE]]`, or `UUID=/PATH` as systemd reads it
    LuksKey,
    /// UUID of an array, with colons or dashes
    Array,
    /// `a,b`: names of kernel modules
    Modules,
    /// `0.0.0180,0.0.0800-0.0.0810`
    Channels,
    /// `0.0.4000[,0xWWPN,0xLUN]`
    Zfcp,
    /// `TYPE,SUBCHANNEL,SUBCHANNEL[,SUBCHANNEL][,OPTION=VALUE…]`
    Znet,
    /// `INTERFACE:SUBCHANNEL,SUBCHANNEL[,SUBCHANNEL]`
    ZnetName,
    /// `edd|INTERFACE|MAC:dcb|nodcb[:fabric|vn2vn]`
    Fcoe,
    /// `rdma|fc|tcp,ADDRESS[,HOST ADDRESS[,SERVICE]]`
    NvmeController,
    /// `nqn.…`
    NvmeName,
    /// A UUID
    Uuid,
    /// `NAME=VALUE`
    Setting,
    /// `INTERFACE.PKEY`
    InfinibandPartition,
    /// `INTERFACE[:on|off[:SPEED]]`
    LinkSpeed,
    /// `INTERFACE:aa-bb-…` or `INTERFACE:@TEXT`
    ClientId,
    /// An address, or `dns+udp://…`, `dns+tls://…`
    NameServer,
}

impl Form {
    /// As one writes it.
    fn shape(self) -> &'static str {
        match self {
            Form::LogicalVolume => "GROUP/VOLUME, such as onn/root",
            Form::VolumeGroup => "the name of a volume group",
            Form::Luks => "the UUID of a LUKS device, or its beginning",
            Form::LuksName => "UUID=NAME",
            Form::LuksKey => "/PATH, /PATH:UUID=… or UUID=/PATH",
            Form::Array => "the array's UUID, such as 3fe0b6dd:1bbd4a2b:9b0a2b9d:1c2b3d4e",
            Form::Modules => "names of kernel modules with commas between them",
            Form::Channels => "device numbers such as 0.0.0180,0.0.0800-0.0.0810",
            Form::Zfcp => "0.0.4000, or 0.0.4000,0xWWPN,0xLUN",
            Form::Znet => "TYPE,SUBCHANNELS,OPTIONS, such as qeth,0.0.0600,0.0.0601,0.0.0602,layer2=1",
            Form::ZnetName => "INTERFACE:SUBCHANNELS",
            Form::Fcoe => {
                "INTERFACE:dcb or INTERFACE:nodcb; edd or a MAC address in lower case for the interface"
            }
            Form::NvmeController => "tcp,ADDRESS,,PORT or fc,auto",
            Form::NvmeName => "nqn.YEAR-MONTH.DOMAIN:NAME",
            Form::Uuid => "a UUID",
            Form::Setting => "NAME=VALUE",
            Form::InfinibandPartition => "INTERFACE.PKEY, such as ib0.8004",
            Form::LinkSpeed => "INTERFACE:on or INTERFACE:off:SPEED",
            Form::ClientId => "INTERFACE:01-02-03-04 or INTERFACE:@TEXT",
            Form::NameServer => "an address, dns+udp://ADDRESS or dns+tls://ADDRESS",
        }
    }

    fn fits(self, text: &str) -> bool {
        match self {
            Form::LogicalVolume => {
                // A device's path is not what lvm.sh compares with.
                matches!(text.split('/').collect::<Vec<_>>().as_slice(), [group, volume]
                    if is_lvm_name(group) && is_lvm_name(volume))
            }
            Form::VolumeGroup => is_lvm_name(text),
            Form::Luks => is_luks(text.strip_prefix("keysource:").unwrap_or(text)),
            Form::LuksName => {
                text.split_once('=').is_some_and(|(uuid, name)| is_luks(uuid) && !name.is_empty())
            }
            Form::LuksKey => text.starts_with('/') || text.contains("=/"),
            Form::Array => {
                text.bytes().any(|b| b.is_ascii_hexdigit())
                    && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'-' | b'.'))
            }
            Form::Modules => text.split(',').all(|name| {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            }),
            Form::Channels => text.split(',').all(|part| {
                let numbers = part.split('(').next().unwrap_or_default().trim_start_matches('!');
                // Attributes of a DASD may follow: 0.0.0200,readonly=1.
                numbers.split('-').all(is_channel) || is_channel_word(numbers) || part.contains('=')
            }),
            Form::Zfcp => {
                let parts: Vec<&str> = text.split(',').collect();
                let number = |t: &str| t.strip_prefix("0x").is_some_and(|h| is_hex(h, 16));
                matches!(parts.as_slice(), [device] if is_channel(device))
                    || matches!(parts.as_slice(), [device, wwpn, lun]
                        if is_channel(device) && number(wwpn) && number(lun))
            }
            Form::Znet => {
                let parts: Vec<&str> = text.split(',').collect();
                matches!(parts.as_slice(), ["qeth" | "lcs" | "ctc", first, second, ..]
                    if is_channel(first) && is_channel(second))
            }
            Form::ZnetName => text.split_once(':').is_some_and(|(name, channels)| {
                value::is_interface(name) && channels.split(',').all(is_channel)
            }),
            Form::Fcoe => is_fcoe(text),
            Form::NvmeController => {
                let parts: Vec<&str> = text.split(',').collect();
                matches!(parts.as_slice(), ["rdma" | "fc" | "tcp", address, ..] if !address.is_empty())
                    && parts.len() <= 4
            }
            Form::NvmeName => text.strip_prefix("nqn.").is_some_and(|rest| !rest.is_empty()),
            Form::Uuid => {
                let lengths: Vec<usize> = text.split('-').map(str::len).collect();
                lengths == [8, 4, 4, 4, 12] && text.split('-').all(|p| is_hex(p, p.len()))
            }
            Form::Setting => text.split_once('=').is_some_and(|(name, _)| !name.is_empty()),
            Form::InfinibandPartition => {
                let name = text.split(':').next().unwrap_or_default();
                name.split_once('.').is_some_and(|(parent, key)| {
                    let key = key.strip_prefix("0x").unwrap_or(key);
                    value::is_interface(parent) && u16::from_str_radix(key, 16).is_ok()
                })
            }
            Form::LinkSpeed => {
                let parts: Vec<&str> = text.split(':').collect();
                let autoneg =
                    |t: &&str| matches!(*t, "" | "on" | "off" | "yes" | "no" | "true" | "false" | "1" | "0");
                parts.len() <= 3
                    && value::is_interface(parts[0])
                    && parts.get(1).is_none_or(autoneg)
                    && parts.get(2).is_none_or(|speed| speed.is_empty() || speed.parse::<u32>().is_ok())
            }
            Form::ClientId => text.split_once(':').is_some_and(|(interface, id)| {
                let bytes = || id.split('-').all(|b| is_hex(b, 2)) && id.contains('-');
                value::is_interface(interface) && (id.len() > 1 && id.starts_with('@') || bytes())
            }),
            Form::NameServer => {
                let address = text
                    .strip_prefix("dns+udp://")
                    .or_else(|| text.strip_prefix("dns+tls://"))
                    .unwrap_or(text);
                let address = address.split('#').next().unwrap_or_default();
                let bare = address.parse::<std::net::IpAddr>().is_ok();
                bare || value::host_port(address)
                    .is_ok_and(|(host, _)| host.parse::<std::net::IpAddr>().is_ok())
            }
        }
    }
}

/// Whether a value has a form.
///
/// # Errors
/// What was expected.
pub(crate) fn read(form: Form, text: &str) -> Result<(), ValueIssue> {
    if form.fits(text) {
        return Ok(());
    }
    let wrong = ValueIssue::error(format!("'{text}' is not of the form {}", form.shape()));
    Err(match (form, text.strip_prefix("/dev/")) {
        (Form::LogicalVolume, Some(name)) if form.fits(name) => wrong.help(format!("write {name}")),
        (Form::VolumeGroup, Some(name)) if form.fits(name) => wrong.help(format!("write {name}")),
        _ => wrong,
    })
}

/// Characters that LVM allows in names (lvm(8)).
fn is_lvm_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-'))
}

/// The beginning of a UUID, or a name that crypttab gives.
fn is_luks(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// `0.0.0180`, `180`
fn is_channel(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts.len(), 1 | 3) && parts.iter().all(|p| !p.is_empty() && is_hex(p, p.len()) && p.len() <= 4)
}

/// Words of `rd.cio_accept` and `rd.dasd`.
fn is_channel_word(text: &str) -> bool {
    matches!(text, "all" | "autodetect" | "probeonly" | "nopav" | "nofcx")
}

fn is_hex(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A MAC address has colons of its own.
fn is_fcoe(text: &str) -> bool {
    let mut device: Vec<&str> = text.split(':').collect();
    let Some(at) = device.iter().position(|p| matches!(*p, "dcb" | "nodcb")) else { return false };
    let tail = device.split_off(at);
    let device = device.join(":");
    let mac = value::mac(&device).is_some() && !device.bytes().any(|b| b.is_ascii_uppercase());
    let named = value::is_interface(&device);
    (mac || named) && matches!(tail.as_slice(), [_] | [_, "fabric" | "vn2vn"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_own_examples_fit() {
        for (form, text) in [
            (Form::LogicalVolume, "onn/ovirt-node-ng-4.5.6-0.20261121.0+1"),
            (Form::Luks, "keysource:aaaa"),
            (Form::Luks, "luks-3f5ad593-4546-4a94-a374-bcfb68aa11f7"),
            (Form::LuksName, "cccc=mykeys"),
            (Form::LuksKey, "/foo/bar.key"),
            (Form::LuksKey, "/keyfile:UUID=CCCC"),
            (Form::Channels, "0.0.0180,0.0.0800,0.0.0801"),
            (Form::Channels, "0.0.0150-0.0.0157(ro)"),
            (Form::Zfcp, "0.0.4000,0x5005076300C213e9,0x5022000000000000"),
            (Form::Zfcp, "0.0.4000"),
            (Form::Znet, "qeth,0.0.0600,0.0.0601,0.0.0602,layer2=1,portname=foo"),
            (Form::Znet, "ctc,0.0.0600,0.0.0601,protocol=bar"),
            (Form::ZnetName, "zeth0:0.0.0800,0.0.0801,0.0.0802"),
            (Form::Fcoe, "edd:nodcb"),
            (Form::Fcoe, "00:1b:21:aa:bb:cc:dcb:vn2vn"),
            (Form::NvmeController, "tcp,192.168.10.10,,4420"),
            (Form::NvmeController, "fc,auto"),
            (Form::Setting, "node.session.timeo.replacement_timeout=30"),
            (Form::InfinibandPartition, "ib0.8004"),
            (Form::LinkSpeed, "eth0:off:100"),
            (Form::ClientId, "eth0:00-01-02-03-04-05-06"),
            (Form::NameServer, "dns+tls://[fd01::1]:35#name"),
        ] {
            assert_eq!(read(form, text), Ok(()), "{form:?} must accept '{text}'");
        }
    }

    #[test]
    fn a_path_is_no_volume_and_the_help_says_the_name() {
        let wrong = read(Form::LogicalVolume, "/dev/onn/root").unwrap_err();
        assert_eq!(wrong.help.as_deref(), Some("write onn/root"));
    }
}
