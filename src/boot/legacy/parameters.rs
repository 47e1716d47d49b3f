//! The table of parameters: names, values, replacements.

/// The form of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterForm {
    /// Nothing, `0`/`1`, `no`/`yes`, `false`/`true`.
    Flag,
    /// Any value that is not empty.
    Text,
    /// Disks: `[ata|scsi|usb|cciss][:serial|:ALL]` or `/dev/…`, `,` between disks, `;` before those of AppVG.
    Disks,
    /// `BOOT:SWAP:ROOT:CONFIG:LOGGING:DATA:SWAP2:DATA2`, or `SIZE,NAME:…`, in MB.
    Volumes,
    /// `Swap[,CIPHER];Swap2[,CIPHER]`
    SwapEncryption,
    /// A ratio such as `0.5`.
    Ratio,
    /// `link`, an interface, or `01-MAC`.
    BootIf,
    /// `dhcp`, `off`, an address, or `ADDRESS:SERVER:GATEWAY:NETMASK`.
    Ip,
    /// A netmask, or a prefix length.
    Netmask,
    /// An address.
    Address,
    /// `dhcp`, `auto`, `off` or an address.
    Ipv6,
    /// Hosts separated by commas.
    Hosts,
    /// `ID:INTERFACE`
    Vlan,
    /// `NAME:INTERFACES:OPTIONS`
    Bond,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A hashed password.
    Hash,
    /// `HOST` or `HOST:PORT`.
    HostPort,
    /// A port.
    Port,
    /// An iSCSI name.
    IscsiName,
    /// `HOST:/PATH`
    NfsPath,
    /// `USER@HOST`
    SshTarget,
    /// A URL.
    Url,
    /// A whole number.
    Number,
}

/// A parameter of an old node.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its newest name.
    pub name: &'static str,
    /// Names in earlier releases.
    pub aliases: &'static [&'static str],
    /// The form of its value.
    pub takes: ParameterForm,
    /// Its replacement, as the end of "now …".
    pub now: &'static str,
    /// Whether only an old node knows the word.
    pub telling: bool,
}

const fn telling(name: &'static str, takes: ParameterForm, now: &'static str) -> Parameter {
    Parameter { name, aliases: &[], takes, now, telling: true }
}

const fn common(name: &'static str, takes: ParameterForm, now: &'static str) -> Parameter {
    Parameter { name, aliases: &[], takes, now, telling: false }
}

const fn also(mut parameter: Parameter, aliases: &'static [&'static str]) -> Parameter {
    parameter.aliases = aliases;
    parameter
}

const UPDATE: &str = "node-layout update, on the running host";
const NONE: &str = "nothing";

/// All parameters, a group for each area.
pub static PARAMETERS: &[Parameter] = &[
    // Storage.
    also(
        telling("storage_init", ParameterForm::Disks, "ignoredisk --only-use and clearpart --drives"),
        &["ovirt_init"],
    ),
    also(telling("storage_vol", ParameterForm::Volumes, "logvol"), &["ovirt_vol"]),
    also(
        telling("swap_encrypt", ParameterForm::SwapEncryption, "/etc/crypttab, with a new key at each boot"),
        &["ovirt_swap_encrypt"],
    ),
    also(telling("mem_overcommit", ParameterForm::Ratio, "the size of logvol swap"), &["ovirt_overcommit"]),
    telling("wipe_fakeraid", ParameterForm::Flag, "wipefs in %pre"),
    // What happens at the boot.
    also(common("upgrade", ParameterForm::Flag, UPDATE), &["ovirt_upgrade"]),
    also(telling("local_boot", ParameterForm::Flag, UPDATE), &["ovirt_local_boot"]),
    common("install", ParameterForm::Flag, "clearpart --all and zerombr"),
    telling("reinstall", ParameterForm::Flag, "clearpart --all and zerombr"),
    also(common("firstboot", ParameterForm::Flag, "clearpart --all and zerombr"), &["ovirt_firstboot"]),
    also(telling("uninstall", ParameterForm::Flag, "clearpart --all"), &["ovirt_uninstall"]),
    also(telling("stateless", ParameterForm::Flag, NONE), &["ovirt_stateless"]),
    also(common("standalone", ParameterForm::Flag, NONE), &["ovirt_standalone"]),
    also(telling("runtime_mode", ParameterForm::Text, NONE), &["ovirt_runtime_mode"]),
    common("rescue", ParameterForm::Flag, "inst.rescue"),
    telling("node.break", ParameterForm::Text, "rd.break"),
    telling(
        "node.log_level",
        ParameterForm::Choice(&["debug", "info", "warning", "error", "critical"]),
        "inst.debug",
    ),
    telling("local_boot_trigger", ParameterForm::Url, "a request in %post"),
    telling("reboot_delay", ParameterForm::Number, NONE),
    telling("ovirt_early", ParameterForm::Text, NONE),
    common("console", ParameterForm::Text, "console="),
    // Network.
    common("BOOTIF", ParameterForm::BootIf, "BOOTIF= and network --device"),
    common("ip", ParameterForm::Ip, "ip= and network --bootproto"),
    common("netmask", ParameterForm::Netmask, "the fourth field of ip= and network --netmask"),
    common("gateway", ParameterForm::Address, "the third field of ip= and network --gateway"),
    common("ipv6", ParameterForm::Ipv6, "network --ipv6"),
    common("dns", ParameterForm::Hosts, "nameserver= and network --nameserver"),
    common("ntp", ParameterForm::Hosts, "timesource --ntp-server"),
    common("hostname", ParameterForm::Text, "network --hostname"),
    common("vlan", ParameterForm::Vlan, "vlan= and network --vlanid"),
    telling("bond_setup", ParameterForm::Bond, "bond= and network --bondslaves --bondopts"),
    common("bond", ParameterForm::Bond, "bond= and network --bondslaves --bondopts"),
    telling(
        "network_layout",
        ParameterForm::Choice(&["bridged", "direct"]),
        "network --bridgeslaves, unless the host is added to an engine, which makes the bridge itself",
    ),
    // Accounts.
    telling("adminpw", ParameterForm::Hash, "user --name=admin --iscrypted"),
    common("rootpw", ParameterForm::Hash, "rootpw --iscrypted"),
    telling("rhevm_admin_password", ParameterForm::Hash, "rootpw --iscrypted --allow-ssh"),
    telling("engine_admin_password", ParameterForm::Hash, "rootpw --iscrypted --allow-ssh"),
    telling(
        "ssh_pwauth",
        ParameterForm::Choice(&["0", "1", "true", "false"]),
        "a file in /etc/ssh/sshd_config.d",
    ),
    // Management.
    telling("management_server", ParameterForm::HostPort, "adding the host in the engine"),
    also(
        telling("management_port", ParameterForm::Port, "adding the host in the engine"),
        &["management_server_port"],
    ),
    telling("management_server_fingerprint", ParameterForm::Text, "adding the host in the engine"),
    telling("ovirt_vdsm_disable", ParameterForm::Flag, "systemctl disable in %post"),
    // Storage network.
    telling("iscsi_name", ParameterForm::IscsiName, "iscsiname"),
    telling("iscsi_init", ParameterForm::Text, "iscsiname and iscsi"),
    telling("iscsi_server", ParameterForm::HostPort, "iscsi --ipaddr --port"),
    telling("iscsi_target_name", ParameterForm::IscsiName, "iscsi --target"),
    telling("iscsi_install", ParameterForm::Flag, "iscsi, and the disk's name in ignoredisk --only-use"),
    // Crash dumps.
    telling("kdump_nfs", ParameterForm::NfsPath, "%addon com_redhat_kdump and /etc/kdump.conf"),
    telling("kdump_ssh", ParameterForm::SshTarget, "%addon com_redhat_kdump and /etc/kdump.conf"),
    telling("kdump_ssh_key", ParameterForm::Url, "a key in /root/.ssh and /etc/kdump.conf"),
    telling("disable_kdump", ParameterForm::Flag, "%addon com_redhat_kdump --disable"),
    common("crashkernel", ParameterForm::Text, "bootloader --append"),
    // Logs and monitoring.
    common("syslog", ParameterForm::HostPort, "a file in /etc/rsyslog.d"),
    telling("netconsole", ParameterForm::HostPort, "the netconsole service"),
    telling("collectd", ParameterForm::HostPort, "collectd of the engine"),
    telling("snmp_password", ParameterForm::Text, "snmpd, set up by hand"),
    telling("cim_passwd", ParameterForm::Text, NONE),
    telling("cim_enabled", ParameterForm::Flag, NONE),
    telling(
        "logrotate_interval",
        ParameterForm::Choice(&["daily", "weekly", "monthly"]),
        "/etc/logrotate.conf",
    ),
    telling("logrotate_max_size", ParameterForm::Number, "/etc/logrotate.conf"),
    // Subscription.
    telling("rhn_type", ParameterForm::Choice(&["rhn", "classic", "rhsm", "sam", "satellite"]), "rhsm"),
    telling("rhn_url", ParameterForm::Text, "rhsm --server-hostname"),
    telling("rhn_ca_cert", ParameterForm::Text, "%certificate"),
    telling("rhn_username", ParameterForm::Text, "rhsm --organization --activation-key"),
    telling("rhn_password", ParameterForm::Text, "rhsm --organization --activation-key"),
    telling("rhn_profile", ParameterForm::Text, NONE),
    telling("rhn_activationkey", ParameterForm::Text, "rhsm --activation-key"),
    telling("rhn_org", ParameterForm::Text, "rhsm --organization"),
    telling("rhn_proxy", ParameterForm::Text, "rhsm --proxy"),
    telling("rhn_proxyuser", ParameterForm::Text, "rhsm --proxy"),
    telling("rhn_proxypassword", ParameterForm::Text, "rhsm --proxy"),
    // The rest.
    common("keyboard", ParameterForm::Text, "keyboard"),
    telling("tuned", ParameterForm::Text, "/etc/tuned/active_profile"),
    telling("nfsv4_domain", ParameterForm::Text, "/etc/idmapd.conf"),
    telling("use_strong_rng", ParameterForm::Flag, NONE),
    telling("disable_aes_ni", ParameterForm::Flag, NONE),
];
