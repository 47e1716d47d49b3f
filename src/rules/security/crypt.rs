//! Forms of password hashes (crypt(5) of libxcrypt 4.4; GRUB's `password_pbkdf2`), and the releases that know them.

use kickstart::{Family, Version};

/// The reader of a hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// `/etc/shadow`.
    Login,
    /// The boot loader.
    Grub,
}

/// What is wrong with a value where a hash is expected, as the end of a sentence; `None` for a hash or a locked account.
pub(super) fn problem(value: &str, reader: Reader) -> Option<String> {
    match reader {
        Reader::Grub => grub_problem(value),
        Reader::Login => login_problem(value),
    }
}

/// Which hash this is, as the end of a sentence, if crypt(3) of a release refuses its method: no password matches it.
pub(super) fn refused(value: &str, version: Version, in_fips_mode: bool) -> Option<String> {
    let method = value.strip_prefix('$').map(|rest| rest.split('$').next().unwrap_or_default());
    let is_since = |rhel, fedora| match version.family {
        Family::Rhel => version.release >= rhel,
        Family::Fedora => version.release >= fedora,
    };
    let is_known = match method {
        Some("5" | "6") => is_since(5, 8),
        // libxcrypt took the place of glibc's own crypt(3), and learned the last ones with version 4.2.
        Some("2a" | "2b" | "2x" | "2y" | "sha1" | "md5") => is_since(8, 28),
        Some("y" | "gy" | "7") => is_since(9, 28),
        _ => true,
    };
    let name = method.map_or("DES", method_name);
    if !is_known {
        return Some(format!("{} {name} hash, which {version} does not know", article(name)));
    }
    let is_weak = method == Some("1") || is_des(value);
    let checks_fips = version == Version::rhel(7);
    (is_weak && checks_fips && in_fips_mode)
        .then(|| format!("{} {name} hash, which {version} refuses in FIPS mode", article(name)))
}

/// The indefinite article before the name of a method.
fn article(name: &str) -> &'static str {
    // As they are spoken: an S-H-A, an M-D-5.
    if name.starts_with(['S', 'M', 's']) && !name.starts_with("Sun") && name != "scrypt" { "an" } else { "a" }
}

fn grub_problem(value: &str) -> Option<String> {
    if value.starts_with("grub.pbkdf2.sha512.") {
        return None;
    }
    let what = if value.starts_with('$') { "a hash for /etc/shadow, not one" } else { "not a hash" };
    Some(format!("{what} that grub2-mkpasswd-pbkdf2 prints"))
}

/// Words in values that are written because no password matches them: the usual way of images to lock root
/// (`thereisnopasswordanditslocked` in those of CentOS and Rocky Linux).
const LOCKED: [&str; 8] = ["lock", "nopass", "nothing", "nope", "none", "disabled", "invalid", "unusable"];

fn says_that_it_is_none(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    LOCKED.iter().any(|word| lower.contains(word))
}

fn login_problem(value: &str) -> Option<String> {
    // passwd -l and useradd write these to disable logins with a password.
    if value.starts_with(['!', '*']) {
        return None;
    }
    let Some(rest) = value.strip_prefix('$') else {
        return (!is_des(value) && !says_that_it_is_none(value)).then(|| "not a hash".to_owned());
    };
    let mut fields = rest.split('$');
    let method = fields.next().unwrap_or_default();
    let fields: Vec<&str> = fields.collect();
    let wanted = match method {
        "1" => 22,
        "5" => 43,
        "6" => 86,
        "2a" | "2b" | "2x" | "2y" => {
            let right = matches!(fields[..], [cost, rest]
                if cost.len() == 2 && rest.len() == 53 && rest.bytes().all(is_crypt_digit));
            return (!right).then(|| cut_off(method));
        }
        // yescrypt, scrypt, gost-yescrypt, sha1crypt, SunMD5: parameters of their own.
        "y" | "7" | "gy" | "sha1" | "md5" => {
            let right = fields.len() >= 2 && fields.last().is_some_and(|hash| hash.len() >= 20);
            return (!right).then(|| cut_off(method));
        }
        _ => return Some("not a hash of a method that /etc/shadow supports".to_owned()),
    };
    let (salt, hash) = match fields[..] {
        [rounds, salt, hash] if rounds.starts_with("rounds=") && method != "1" => (salt, hash),
        [salt, hash] => (salt, hash),
        _ => return Some(cut_off(method)),
    };
    let longest_salt = if method == "1" { 8 } else { 16 };
    if salt.len() > longest_salt || hash.len() != wanted || !hash.bytes().all(is_crypt_digit) {
        return Some(cut_off(method));
    }
    None
}

fn cut_off(method: &str) -> String {
    format!("not a complete {} hash", method_name(method))
}

/// The name of a method by its mark in a hash.
fn method_name(method: &str) -> &str {
    match method {
        "1" => "MD5",
        "5" => "SHA-256",
        "6" => "SHA-512",
        "2a" | "2b" | "2x" | "2y" => "bcrypt",
        "y" => "yescrypt",
        "gy" => "gost-yescrypt",
        "7" => "scrypt",
        "sha1" => "SHA-1",
        "md5" => "SunMD5",
        other => other,
    }
}

/// Whether this is the traditional form, which has no mark, only a length.
fn is_des(value: &str) -> bool {
    value.len() == 13 && value.bytes().all(is_crypt_digit)
}

/// The alphabet of crypt(5).
fn is_crypt_digit(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'.' || b == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of "x", made with crypt(3) of libxcrypt 4.4.
    #[test]
    fn hashes_of_every_method_are_accepted() {
        for hash in [
            "$6$Zl5gQ8kXwLxzGf1b$y4JtAdycNGH/ffxVeIG9ZL/SsfYxGVzxA10jAvD3LpvYxzaDdnegK0YdHaiWzi5v7WiQitpnQzIquDGif7ODL/",
            "$6$rounds=5000$saltsalt$8RWsOfwR6M6PpnoeQiEiWzNTPo1f0HjVYjDnLZhGx16aBFRkeqiHAzfXP/LgrOWMBMXqiU2pLrXsSOHNUyUm91",
            "$5$saltsalt$hcyDOxdIg0p3xyqtpHh/v8Ph.am06tQaovp1KpEklb7",
            "$1$saltsalt$4px9i58NU2Z2/vZOUlGjq.",
            "$2b$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e",
            "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$6foLM1JhGupouWKMU70wxK61Kw9ZnecbACjJwRadqM2",
            "abiQ6Ep3EYTHc",
            "!!",
            "*",
            "!locked",
        ] {
            assert_eq!(problem(hash, Reader::Login), None, "{hash}");
        }
        assert_eq!(problem("grub.pbkdf2.sha512.10000.AB.CD", Reader::Grub), None);
    }

    #[test]
    fn a_release_refuses_the_methods_that_its_library_does_not_have() {
        let refused =
            |method: &str, version| super::refused(&format!("{method}salt$hash"), version, false).is_some();
        for (method, first_rhel) in [
            ("$1$", 3),
            ("$5$", 5),
            ("$6$", 5),
            ("$2b$", 8),
            ("$sha1$", 8),
            ("$y$", 9),
            ("$gy$", 9),
            ("$7$", 9),
        ] {
            for release in 3..=10 {
                assert_eq!(
                    refused(method, Version::rhel(release)),
                    release < first_rhel,
                    "{method} {release}"
                );
            }
        }
        assert!(refused("$y$", Version::fedora(27)) && !refused("$y$", Version::fedora(28)));
        let of_fips = |hash: &str, release| super::refused(hash, Version::rhel(release), true);
        assert_eq!(of_fips("$1$salt$hash", 7).unwrap(), "an MD5 hash, which RHEL7 refuses in FIPS mode");
        assert_eq!(of_fips("abiQ6Ep3EYTHc", 7).unwrap(), "a DES hash, which RHEL7 refuses in FIPS mode");
        assert_eq!((of_fips("$6$salt$hash", 7), of_fips("$1$salt$hash", 9)), (None, None));
    }

    #[test]
    fn a_value_that_is_not_a_hash_is_told_from_a_damaged_hash() {
        assert_eq!(problem("redhat", Reader::Login).unwrap(), "not a hash");
        assert_eq!(problem("$6$saltsalt$tooshort", Reader::Login).unwrap(), "not a complete SHA-512 hash");
        assert_eq!(problem("$6", Reader::Login).unwrap(), "not a complete SHA-512 hash");
        assert_eq!(
            problem("$apr1$saltsalt$x", Reader::Login).unwrap(),
            "not a hash of a method that /etc/shadow supports"
        );
        assert!(problem("$6$a$b", Reader::Grub).unwrap().starts_with("a hash for /etc/shadow"));
    }
}
