//! Whether a URL can be trusted to bring the right file.

/// Whether an attacker on the network can replace the file: plain `http` and `ftp`, except from this machine.
pub(super) fn is_unauthenticated(url: &str) -> bool {
    // Nearly always.
    if url.starts_with("https://") {
        return false;
    }
    let url = url.trim();
    let begins = |start: &&&str| url.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start));
    let Some(start) = ["http://", "ftp://"].iter().find(begins) else { return false };
    let rest = &url[start.len()..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_port = authority.rsplit('@').next().unwrap_or_default();
    let host = match host_port.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((address, _)) => address,
        None => host_port.split(':').next().unwrap_or_default(),
    };
    let is_loopback = host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    !is_loopback && !host.eq_ignore_ascii_case("localhost")
}

/// Whether this is an `https` URL.
pub(super) fn is_https(url: &str) -> bool {
    url.trim().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// The scheme, for a sentence: `http`.
pub(super) fn scheme(url: &str) -> &str {
    url.trim().split_once("://").map_or("", |(scheme, _)| scheme)
}

/// Whether a URL has a password in it: `https://user:password@host/`.
pub(in crate::rules) fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    user.is_some_and(|(_, password)| !password.is_empty() && !crate::kind::filled_in::is_secret(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_transport_over_a_network_counts() {
        for url in ["http://mirror/os", "HTTP://mirror/os", "ftp://mirror:21/os", "http://user@127.example/x"]
        {
            assert!(is_unauthenticated(url), "{url} comes over a network without encryption");
        }
        for url in [
            "https://m/os",
            "file:///run/x",
            "http://localhost:8080/x",
            "http://[::1]/x",
            "http://127.0.0.1",
            "/x",
            "",
        ] {
            assert!(!is_unauthenticated(url), "{url} does not come over a network without encryption");
        }
    }

    #[test]
    fn a_password_in_a_url_is_seen() {
        assert!(has_password("https://user:pw@host/path"));
        for url in
            ["https://host:443/a@b:c", "https://user@host/", "https://user:@host/", "https://u:{{pw}}@host"]
        {
            assert!(!has_password(url), "{url} has no password");
        }
    }
}
