//! iSCSI on the command line: dracut's `netroot=` (`parse_iscsi_root` of `iscsiroot.sh`, RFC 4173) and iSCSI names
//! (RFC 3720, 3.2.6).

use super::value::{self, ValueIssue};

/// A target named by `netroot=iscsi:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Target {
    /// Address or name of the portal; empty when DHCP or the firmware gives it.
    pub server: String,
    /// Port; 3260 unless given.
    pub port: Option<u16>,
    /// Name of the target.
    pub name: String,
    /// Whether the value contains user and password.
    pub secret: bool,
}

/// Whether this is the name of an initiator or a target.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |t: &str| {
        !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '_' | '/'))
    };
    match text.split_once('.') {
        Some(("iqn", rest)) => {
            let date: Vec<&str> = rest.splitn(2, '.').collect();
            let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
            matches!(date.as_slice(), [date, rest] if date.len() == 7
                && date.as_bytes()[4] == b'-' && digits(&date[..4]) && digits(&date[5..]) && plain(rest))
        }
        Some(("eui", rest)) => rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()),
        Some(("naa", rest)) => matches!(rest.len(), 16 | 32) && rest.bytes().all(|b| b.is_ascii_hexdigit()),
        _ => false,
    }
}

/// What is wrong with the name of an initiator or a target.
pub(crate) fn wrong_name(text: &str) -> ValueIssue {
    ValueIssue::error(format!("'{text}' is not an iSCSI name"))
        .help("the form is iqn.YEAR-MONTH.DOMAIN:NAME, such as iqn.2009-06.com.example:disk1")
}

/// Reads `iscsi:[USER:PASSWORD[:USER:PASSWORD]@][SERVER]:[PROTOCOL]:[PORT][:[IFACE]:[NETDEV]]:[LUN]:TARGET`. Nothing
/// for other kinds of `netroot=` and for `iscsi` alone, which reads everything from `rd.iscsi.*` or the firmware.
///
/// # Errors
/// What makes the value useless.
pub(crate) fn netroot(text: &str) -> Result<Option<Target>, ValueIssue> {
    let Some((kind, rest)) = text.split_once(':') else {
        return match text {
            "iscsi" | "dhcp" | "dhcp6" | "nbd" | "fcoe" | "nfs" => Ok(None),
            _ => Err(ValueIssue::error(format!("'{text}' is not a root over the network"))
                .help("expected iscsi:…, nfs:…, nfs4:…, nbd:…, fcoe:… or dhcp")),
        };
    };
    if kind != "iscsi" {
        let known =
            ["nfs", "nfs4", "nbd", "fcoe", "cifs", "http", "https", "ftp", "livenet", "dhcp", "anaconda-net"];
        return if known.contains(&kind) {
            Ok(None)
        } else {
            Err(ValueIssue::error(format!("'{kind}:' is not a root over the network"))
                .help("expected iscsi:…, nfs:…, nfs4:…, nbd:…, fcoe:… or dhcp")
                .part(0..kind.len()))
        };
    }
    if rest.is_empty() {
        return Ok(None);
    }
    // The target's name has colons of its own; it starts at the last field that begins an iSCSI name.
    let (secret, rest) = match rest.split_once('@') {
        Some((login, rest)) => (login.contains(':'), rest),
        None => (false, rest),
    };
    let start =
        ["iqn.", "eui.", "naa."].iter().filter_map(|p| rest.find(&format!(":{p}")).map(|at| at + 1)).min();
    let Some(start) = start else {
        return Err(ValueIssue::error("no name of a target at the end")
            .help("the form is netroot=iscsi:SERVER::PORT:LUN:iqn.2009-06.com.example:disk1"));
    };
    let name = &rest[start..];
    if !is_name(name) {
        let at = text.len() - name.len();
        return Err(wrong_name(name).part(at..text.len()));
    }
    let fields = value::fields(&rest[..start - 1], ':');
    if fields.len() != 4 && fields.len() != 6 {
        return Err(ValueIssue::error(format!(
            "{} fields come before the target's name: expected SERVER:PROTOCOL:PORT:LUN, empty ones with their colon",
            fields.len()
        ))
        .help(format!("write netroot=iscsi:{}::::{name}", fields[0].text)));
    }
    let server = &fields[0];
    let good = server.text.is_empty()
        || if server.bracketed { value::address(server).is_some() } else { value::is_host(server.text) };
    if !good {
        return Err(ValueIssue::error(format!("'{}' is not a server", server.text))
            .help("put an IPv6 address in square brackets"));
    }
    let port = match fields[2].text {
        "" => None,
        text => match text.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(ValueIssue::error(format!("'{text}' is not a port: expected 1 to 65535"))),
        },
    };
    if !matches!(fields[1].text, "" | "6" | "tcp") {
        return Err(ValueIssue::error(format!(
            "'{}' is not a protocol: expected 6 (TCP) or nothing",
            fields[1].text
        )));
    }
    Ok(Some(Target { server: server.text.to_owned(), port, name: name.to_owned(), secret }))
}
