//! Every form of `ip=` in dracut's manual page, and what people write instead: `fixtures/boot/ip.table`.

use super::table::rows;
use kickstart::Version;
use ks_lint::boot::ip::{self, Ip};

fn shown(ip: &Ip) -> String {
    let mut words = vec![format!("method={}", ip.method)];
    words.extend(ip.interface.iter().map(|i| format!("interface={i}")));
    words.extend(ip.address.iter().map(|a| match ip.prefix {
        Some(prefix) => format!("address={a}/{prefix}"),
        None => format!("address={a}"),
    }));
    words.extend(ip.gateway.iter().map(|g| format!("gateway={g}")));
    words.extend(ip.peer.iter().map(|p| format!("peer={p}")));
    words.extend(ip.hostname.iter().map(|h| format!("hostname={h}")));
    words.extend(ip.mtu.iter().map(|m| format!("mtu={m}")));
    words.extend(ip.mac.iter().map(|m| format!("mac={m}")));
    words.extend(ip.dns.iter().map(|d| format!("dns={d}")));
    words.join(" ")
}

#[test]
fn every_form_is_read_as_dracut_reads_it() {
    let mut differ = Vec::new();
    for row in rows("ip.table", 3) {
        let [value, release, expected] = row.columns.as_slice() else { continue };
        let version = Version::from_name(release).expect("a row names a release");
        let mut wrong = Vec::new();
        let read = ip::parse(value, version, &mut wrong);
        let seen = match (&read, wrong.first()) {
            (Err(found), _) | (Ok(_), Some(found)) => format!("{} {}", found.severity, found.message),
            (Ok(ip), None) => format!("ok {}", shown(ip)),
        };
        let same =
            if expected.starts_with("ok") { seen == *expected } else { seen.starts_with(expected.as_str()) };
        if !same {
            differ.push(format!(
                "ip.table:{}: ip={value}\n  expected: {expected}\n  seen:     {seen}",
                row.line
            ));
        }
    }
    assert!(differ.is_empty(), "read otherwise than the table says:\n{}", differ.join("\n"));
}
