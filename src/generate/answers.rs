//! What is asked for, as types that can be written into a kickstart without quotes.

use kickstart::Version;
use node_base::policy::Policy;
use node_base::units::MiB;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;

/// The answers that a kickstart is made of.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The release that is installed.
    pub release: Version,
    /// The layout policy of a node; `None` for a plain host.
    pub policy: Option<Arc<Policy>>,
    /// The disks that are used; all data on them is lost. At least one.
    pub disks: Vec<Disk>,
    /// The network interface: `link` for the first one with a cable, a name, a MAC address.
    pub device: String,
    /// Its addresses.
    pub network: Network,
    /// The host's name.
    pub hostname: Option<String>,
    /// URL of the node's image, or of the packages; `None` for one that must be replaced.
    pub source: Option<String>,
    /// SHA-256 of the image; `None` for one that must be replaced.
    pub checksum: Option<String>,
    /// What `openssl passwd -6` prints.
    pub root_hash: Option<String>,
    /// A public key of root.
    pub ssh_key: Option<String>,
    /// A locale.
    pub language: String,
    /// A keymap.
    pub keyboard: String,
    /// A time zone.
    pub time_zone: String,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Kernel name without `/dev/`.
    pub name: String,
    /// Its size, if it is known.
    pub size: Option<MiB>,
}

/// How the host gets its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// From a server.
    Dhcp,
    /// It is given.
    Static(Static),
}

/// A given address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static {
    /// The host's.
    pub address: Ipv4Addr,
    /// Its network's.
    pub netmask: Ipv4Addr,
    /// The way out.
    pub gateway: Ipv4Addr,
    /// Name servers, at least one.
    pub nameservers: Vec<IpAddr>,
}

/// An answer that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAnswer(pub String);

/// A word that needs no quotes in a kickstart.
///
/// # Errors
/// Blanks, quotes, and characters that mean something to a kickstart.
pub fn word(text: &str) -> Result<String, InvalidAnswer> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@,=+-~%?&$".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) || text.starts_with('-') {
        let message = "expected one word of letters, digits and ._:/@,=+-~%?&$";
        return Err(InvalidAnswer(message.to_owned()));
    }
    Ok(text.to_owned())
}

impl Static {
    /// An address with the length of its network's prefix, such as `192.0.2.10/24`. The gateway is given or the first address
    /// of the network; the name servers are given or the gateway.
    ///
    /// # Errors
    /// What is not such an address, and a host's address that is that of its network.
    pub fn parse(
        text: &str,
        gateway: Option<Ipv4Addr>,
        nameservers: Vec<IpAddr>,
    ) -> Result<Static, InvalidAnswer> {
        let wrong =
            || InvalidAnswer(format!("'{text}' is not dhcp, and not an address such as 192.0.2.10/24"));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address = Ipv4Addr::from_str(address).map_err(|_| wrong())?;
        let prefix: u32 = prefix.parse().ok().filter(|p| (1..=30).contains(p)).ok_or_else(wrong)?;
        let mask = u32::MAX << (32 - prefix);
        let network = u32::from(address) & mask;
        let gateway = gateway.unwrap_or_else(|| Ipv4Addr::from(network + 1));
        let host = u32::from(address);
        if host == network || host == network | !mask {
            return Err(InvalidAnswer(format!(
                "{address} is the address of its network, or of all its hosts"
            )));
        }
        if gateway == address || u32::from(gateway) & mask != network {
            let message = format!("the gateway {gateway} is not another host of the network of {text}");
            return Err(InvalidAnswer(message));
        }
        let nameservers = if nameservers.is_empty() { vec![gateway.into()] } else { nameservers };
        Ok(Static { address, netmask: Ipv4Addr::from(mask), gateway, nameservers })
    }
}
