//! What is reported about the values of `network` lines, and what the checks of one line and of several share.

use node_base::declare_code;

declare_code! {
    /// The installer cannot make a connection of this `network` line.
    ///
    /// ## Why
    /// A static configuration needs an address and a netmask that are written as the installer reads them: the address
    /// without a prefix length, the netmask as `255.255.255.0`. With a value that it cannot read, the installer stops, or
    /// the host has no network.
    ///
    /// ## Example
    /// ```text
    /// network --device=eno1 --bootproto=static --ip=192.0.2.30/24 --gateway=192.0.2.1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// network --device=eno1 --bootproto=static --ip=192.0.2.30 --netmask=255.255.255.0 --gateway=192.0.2.1
    /// ```
    ///
    /// ## Source
    /// Anaconda, `update_connection_ip_settings_from_ksdata` in `pyanaconda/modules/network/nm_client.py`: a netmask that it
    /// does not know becomes the prefix length 33, which NetworkManager refuses; `dracut/parse-kickstart`.
    pub(super) static VALUE = "UNA020", "wrong-network-value", Unattended, Error;

    /// The values of a `network` line, or of several, do not fit together.
    ///
    /// ## Why
    /// The installer takes the line, but not all of it has the effect that it seems to have: a gateway outside the network
    /// is never used, an option of a bond that does not exist is left out, an address without `--bootproto=static` is
    /// ignored, one address on two interfaces reaches neither of them reliably.
    ///
    /// ## Example
    /// ```text
    /// network --device=eno1 --ip=192.0.2.30 --netmask=255.255.255.0 --gateway=198.51.100.1
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// network --device=eno1 --bootproto=static --ip=192.0.2.30 --netmask=255.255.255.0 --gateway=192.0.2.1
    /// ```
    ///
    /// ## Source
    /// Anaconda, `pyanaconda/modules/network/nm_client.py`; NetworkManager, `nm_setting_bond_validate_option`.
    pub(super) static MISFIT = "UNA021", "network-values-misfit", Unattended, Warning;
}

/// Names of `--device` that are not those of interfaces.
pub(super) const NO_INTERFACES: [&str; 3] = ["link", "bootif", "ibft"];
