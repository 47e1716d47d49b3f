//! Where the installer fetches something from: `http://…`, `nfs:…`, `hd:…`, `cdrom` (`dracut/parse-anaconda-repo.sh`,
//! `parse-anaconda-kickstart.sh`, `parse-anaconda-dd.sh`, `kickstart-genrules.sh`; `docs/boot-options.rst`).

use super::options::Fetches;
use super::value::{self, ValueIssue};
use node_base::cmdline::CommandLine;

/// A location that can be understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Location {
    /// `http`, `https`, `ftp`, `nfs`, `nfs4`, `hd`, `cdrom`, `file`, `hmc`.
    pub scheme: &'static str,
    /// The server, for what comes over the network.
    pub host: Option<String>,
    /// Path on the server or the device.
    pub path: String,
}

impl Location {
    /// Whether it is fetched over the network.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self.scheme, "http" | "https" | "ftp" | "nfs" | "nfs4")
    }
}

/// The location in the last word of this name; `None` without such a word, or if it cannot be read.
pub(crate) fn location_of(line: &CommandLine<'_>, name: &str, fetches: Fetches) -> Option<Location> {
    parse(line.last(name)?.known_value()?, fetches, &mut Vec::new()).ok()
}

/// The schemes, with what they may fetch.
fn scheme(name: &str) -> Option<&'static str> {
    Some(match name {
        "http" => "http",
        "https" => "https",
        "ftp" => "ftp",
        "nfs" => "nfs",
        "nfs4" => "nfs4",
        "hd" => "hd",
        "cdrom" | "cd" => "cdrom",
        "file" | "path" => "file",
        "hmc" => "hmc",
        _ => return None,
    })
}

/// Reads a location. What is wrong but works all the same goes to `wrong`.
///
/// # Errors
/// What makes it useless.
pub(crate) fn parse(
    text: &str,
    fetches: Fetches,
    wrong: &mut Vec<ValueIssue>,
) -> Result<Location, ValueIssue> {
    if fetches == Fetches::NamedTree {
        let Some((name, url)) = text.split_once(',') else {
            return Err(ValueIssue::error(format!("'{text}' has no name in front of the URL"))
                .help(format!("write NAME,URL: inst.addrepo=extras,{text}")));
        };
        if name.is_empty() {
            return Err(
                ValueIssue::error("the repository's name is empty").help("write inst.addrepo=NAME,URL")
            );
        }
        // Behind the name NFS has the form of a URL here, and only here.
        if let Some(rest) = url.strip_prefix("nfs://") {
            return nfs("nfs", rest);
        }
        let before = wrong.len();
        let named =
            |issue: &mut ValueIssue| issue.meant = issue.meant.take().map(|url| format!("{name},{url}"));
        let result = parse(url, Fetches::Tree, wrong);
        wrong[before..].iter_mut().for_each(named);
        return result.map_err(|mut issue| {
            named(&mut issue);
            issue
        });
    }
    if fetches == Fetches::Drivers && (text == "inst.dd" || text.starts_with('/')) {
        return Ok(Location { scheme: "hd", host: None, path: text.to_owned() });
    }
    let (name, rest) = match text.split_once(':') {
        Some((name, rest)) => (name, rest),
        None if matches!(text, "cdrom" | "hmc" | "hd") => (text, ""),
        None => return Err(no_scheme(text, fetches)),
    };
    let Some(scheme) = scheme(name) else {
        return Err(match name.to_ascii_lowercase().as_str() {
            lower if self::scheme(lower).is_some() => {
                ValueIssue::error(format!("'{name}:' must be in lower case")).write(format!("{lower}:{rest}"))
            }
            _ if name.starts_with("/dev/") || name.starts_with("LABEL=") || name.starts_with("UUID=") => {
                ValueIssue::error(format!("'{text}' does not say that it is a disk"))
                    .write(format!("hd:{text}"))
            }
            "nfsiso" => ValueIssue::error("'nfsiso:' was removed").write(format!("nfs:{rest}")),
            "floppy" => {
                ValueIssue::error("floppy disks are not supported any more").help("write hd:DEVICE:/PATH")
            }
            "tftp" => ValueIssue::error("the installer fetches nothing over TFTP")
                .help("serve it over http, https, ftp or nfs"),
            _ => no_scheme(text, fetches),
        }
        .part(0..name.len()));
    };
    match scheme {
        "http" | "https" | "ftp" => url(scheme, rest),
        "nfs" if rest.is_empty() || rest == "auto" => {
            Ok(Location { scheme, host: None, path: String::new() })
        }
        "nfs" | "nfs4" if rest.starts_with("//") => {
            let form = rest.trim_start_matches('/');
            let (host, path) = form.split_once('/').unwrap_or((form, ""));
            Err(ValueIssue::error("a location over NFS is not a URL")
                .write(format!("{scheme}:{}:/{path}", host.trim_end_matches(':'))))
        }
        "nfs" | "nfs4" => nfs(scheme, rest),
        "hd" => disk(rest, fetches, wrong),
        "file" if matches!(fetches, Fetches::Tree | Fetches::Stage2) => Err(ValueIssue::error(format!(
            "'{name}:' names a file in the initramfs; {} cannot be there",
            thing(fetches)
        ))
        .help("expected http, https, ftp, nfs, hd or cdrom")),
        "file" => {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if name == "path" {
                wrong.push(ValueIssue::warning("'path:' is deprecated").write(format!("file:{path}")));
            }
            if !path.starts_with('/') {
                return Err(ValueIssue::error(format!("'{path}' is not an absolute path")));
            }
            Ok(Location { scheme, host: None, path: path.to_owned() })
        }
        _ => Ok(Location { scheme, host: None, path: rest.to_owned() }),
    }
}

fn thing(fetches: Fetches) -> &'static str {
    match fetches {
        Fetches::Tree | Fetches::NamedTree => "an installation tree",
        Fetches::Stage2 => "the installer's image",
        Fetches::Kickstart => "a kickstart",
        Fetches::Updates => "an updates image",
        Fetches::Drivers => "drivers",
    }
}

fn no_scheme(text: &str, fetches: Fetches) -> ValueIssue {
    let found = ValueIssue::error(format!(
        "'{text}' does not say how {} is fetched: expected http://, https://, ftp://, nfs:, hd: or cdrom",
        thing(fetches)
    ));
    match text.split('/').next() {
        _ if text.starts_with('/') && fetches == Fetches::Kickstart => {
            found.help(format!("write file:{text} for a file in the initramfs")).meant(format!("file:{text}"))
        }
        Some(host) if host.contains('.') && value::is_host(host) => found.write(format!("http://{text}")),
        _ => found,
    }
}

fn url(scheme: &'static str, rest: &str) -> Result<Location, ValueIssue> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(ValueIssue::error(format!("'{scheme}:' must be followed by two slashes"))
            .write(format!("{scheme}://{}", rest.trim_start_matches('/'))));
    };
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() {
        return Err(ValueIssue::error(format!("'{scheme}://{rest}' names no server")));
    }
    let (host, _) = value::host_port(host).map_err(|w| ValueIssue {
        message: format!("in '{scheme}://{rest}': {}", w.message),
        part: None,
        ..w
    })?;
    Ok(Location { scheme, host: Some(host.to_owned()), path: path.to_owned() })
}

/// `[OPTIONS:]HOST:/PATH`
fn nfs(scheme: &'static str, rest: &str) -> Result<Location, ValueIssue> {
    let fields = value::fields(rest, ':');
    let form = || format!("write {scheme}:SERVER:/PATH or {scheme}:OPTIONS:SERVER:/PATH");
    let at = match fields.iter().position(|f| f.text.starts_with('/')) {
        Some(0) => return Err(ValueIssue::error(format!("'{scheme}:{rest}' names no server")).help(form())),
        Some(at) => at,
        None => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            return Err(ValueIssue::error(format!("'{scheme}:{rest}' has no path behind a colon"))
                .write(format!("{scheme}:{host}:/{path}")));
        }
    };
    let host = &fields[at - 1];
    let good = if host.bracketed { value::address(host).is_some() } else { value::is_host(host.text) };
    if !good {
        return Err(ValueIssue::error(format!("'{}' is not the name of a server", host.text)).help(form()));
    }
    if at > 2 {
        return Err(
            ValueIssue::error(format!("too many fields before the path in '{scheme}:{rest}'")).help(form())
        );
    }
    Ok(Location { scheme, host: Some(host.text.to_owned()), path: rest[fields[at].at.start..].to_owned() })
}

/// `DEVICE[:/PATH]`
fn disk(rest: &str, fetches: Fetches, wrong: &mut Vec<ValueIssue>) -> Result<Location, ValueIssue> {
    let (device, path) = rest.split_once(':').unwrap_or((rest, ""));
    if device.is_empty() {
        return Err(ValueIssue::error("'hd:' names no device")
            .help("write hd:LABEL=NAME:/PATH or hd:/dev/sda1:/PATH"));
    }
    if device.starts_with('/') && !device.starts_with("/dev/") {
        return Err(ValueIssue::error(format!(
            "'{device}' is not a device: the device comes before the path"
        ))
        .help(format!("write hd:LABEL=NAME:{device}")));
    }
    if let Some(label) = device.strip_prefix("LABEL=").or_else(|| device.strip_prefix("CDLABEL="))
        && label.contains(' ')
    {
        return Err(ValueIssue::error(format!("blanks in the label '{label}' must be written as \\x20"))
            .write(format!("hd:LABEL={}:{path}", label.replace(' ', "\\x20"))));
    }
    if !path.is_empty() && !path.starts_with('/') {
        return Err(ValueIssue::error(format!("'{path}' is not an absolute path"))
            .write(format!("hd:{device}:/{path}")));
    }
    let kernel_name = device.strip_prefix("/dev/").unwrap_or(device);
    if kernel_name.starts_with("sd") && kernel_name.len() <= 6 {
        wrong.push(
            ValueIssue {
                severity: node_base::diagnostic::Severity::Info,
                ..ValueIssue::warning(format!("{device} can be another disk at the next boot"))
            }
            .help("name the disk by LABEL= or UUID="),
        );
    }
    // An installable tree on a disk is not supported: only an ISO image (docs/boot-options.rst, inst.repo).
    if fetches == Fetches::Tree && !path.is_empty() && !path.ends_with(".iso") && !path.ends_with('/') {
        wrong.push(
            ValueIssue::warning(format!("'{path}' on a disk must be an ISO image, not an unpacked tree"))
                .help("name the .iso file, or serve the tree over http"),
        );
    }
    Ok(Location { scheme: "hd", host: None, path: path.to_owned() })
}
