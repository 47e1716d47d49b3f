//! Forms of password hashes (crypt(5) of libxcrypt 4.4; GRUB's `password_pbkdf2`).

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
        // The traditional DES form has no mark, only a length.
        let is_des = value.len() == 13 && value.bytes().all(is_crypt_digit);
        return (!is_des && !says_that_it_is_none(value)).then(|| "not a hash".to_owned());
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
            return (!right).then(|| cut_off("bcrypt"));
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
    let name = match method {
        "1" => "MD5",
        "5" => "SHA-256",
        "6" => "SHA-512",
        "y" => "yescrypt",
        "gy" => "gost-yescrypt",
        "7" => "scrypt",
        other => other,
    };
    format!("not a complete {name} hash")
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
