//! `ks-lint new`: a kickstart from a few answers, checked and planned before it is written.

use crate::fix;
use crate::generate::{self, Answers, Disk, Network, Static, word};
use crate::lint::plan;
use crate::lint::{self, Settings};
use anaconda_plan::Verdict;
use anaconda_plan::machine::{DiskSpec, Firmware, Machine, Release, check_names};
use anyhow::{Context, bail};
use kickstart::Version;
use node_base::console;
use node_base::diagnostic::{Finding, Severity};
use node_base::policy::PolicyChoice;
use node_base::source::{STDIN, Sources};
use node_base::units::Bytes;
use std::io::{BufRead, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "On a terminal it asks for what is not given. What only you know, such as the password of root, is a \
                        marked placeholder unless it is given.\n\
                        Exit status: 0 written, 1 it would not install on these disks, 2 an option cannot be used.\n\
                        Example: ks-lint new --policy ovirt-node --disk sda=200GiB --network 192.0.2.10/24 -o host.ks"
)]
pub(super) struct Args {
    /// The release that is installed [default: RHEL9]
    #[arg(long, value_name = "VERSION")]
    release: Option<String>,
    /// Layout policy of a node, or none for a plain host [default: ovirt-node]
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// A disk that is used whole, with its size the layout is planned on it: sda, sda=200GiB; once for each [default: sda]
    #[arg(long = "disk", value_name = "NAME[=SIZE]", value_delimiter = ',')]
    disks: Vec<String>,
    /// dhcp, or the host's address with the length of the prefix: 192.0.2.10/24 [default: dhcp]
    #[arg(long, value_name = "ADDRESS")]
    network: Option<String>,
    /// The gateway of a given address [default: the first address of its network]
    #[arg(long, value_name = "ADDRESS")]
    gateway: Option<Ipv4Addr>,
    /// Name servers of a given address [default: the gateway]
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    nameserver: Vec<IpAddr>,
    /// The interface: its name, its MAC address, or link for the first one with a cable
    #[arg(long, value_name = "NAME", default_value = "link", value_parser = plain)]
    device: String,
    /// The host's name
    #[arg(long, value_name = "NAME", value_parser = plain)]
    hostname: Option<String>,
    /// URL of the node's image, or of the packages of a plain host
    #[arg(long, value_name = "URL", value_parser = plain)]
    source: Option<String>,
    /// SHA-256 of the image
    #[arg(long, value_name = "HEX", value_parser = sha256)]
    checksum: Option<String>,
    /// Hash of root's password, as 'openssl passwd -6' prints it
    #[arg(long, value_name = "HASH", value_parser = plain)]
    root_hash: Option<String>,
    /// A public key with which root can log in; without --root-hash, root's password is locked
    #[arg(long, value_name = "KEY", value_parser = key)]
    ssh_key: Option<String>,
    /// Locale
    #[arg(long, value_name = "LOCALE", default_value = "en_US.UTF-8", value_parser = plain)]
    lang: String,
    /// Keymap
    #[arg(long, value_name = "KEYMAP", default_value = "us", value_parser = plain)]
    keyboard: String,
    /// Time zone
    #[arg(long, value_name = "ZONE", default_value = "Etc/UTC", value_parser = plain)]
    timezone: String,
    /// Write it to this file, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn plain(text: &str) -> Result<String, String> {
    word(text).map_err(|error| error.to_string())
}

fn sha256(text: &str) -> Result<String, &'static str> {
    let is_right = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_right {
        Ok(text.to_owned())
    } else {
        Err("expected 64 hexadecimal digits, as sha256sum prints them")
    }
}

fn key(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"'\\`$".contains(c) || c == ' ';
    let is_key = text.split_whitespace().count() >= 2 && text.chars().all(is_plain);
    if is_key {
        Ok(text.to_owned())
    } else {
        Err("expected one line as in a .pub file: ssh-ed25519 AAAA… name")
    }
}

/// Asks, writes, checks and plans.
///
/// # Errors
/// Answers that cannot be used, or an output that cannot be written to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let (answers, disks) = answers(args, asks)?;
    let text = generate::kickstart(&answers);
    let problems = problems(&text, disks.as_deref())?;
    for finding in &problems {
        let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
        let what = format!("{} {}: {}{help}", finding.severity, finding.code.id, finding.message);
        console::note_line("ks-lint", &what);
    }
    if problems.iter().any(|finding| finding.severity == Severity::Error) {
        console::error_line("ks-lint", "the kickstart would not install like this, and is not written");
        return Ok(ExitCode::FAILURE);
    }
    match &args.output {
        None => console::print(&text)?,
        Some(path) => {
            if path.symlink_metadata().is_ok() {
                bail!("{}: exists already; name another file", path.display());
            }
            fix::write(path, text.as_bytes()).with_context(|| path.display().to_string())?;
            console::note_line("ks-lint", &format!("{}: written", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The answers, and the disks to plan on if all sizes are known.
fn answers(args: &Args, asks: bool) -> anyhow::Result<(Answers, Option<Vec<DiskSpec>>)> {
    let ask = |given: Option<&str>, question: &str, otherwise: &str| match given {
        Some(given) => Ok(given.to_owned()),
        None if asks => question_on_terminal(question, otherwise),
        None => Ok(otherwise.to_owned()),
    };
    let release = ask(args.release.as_deref(), "Release", "RHEL9")?;
    let release = Version::from_name(&release)?;
    Release::of(release).with_context(|| "write one of RHEL8, RHEL9, RHEL10, or a Fedora from F42 on")?;
    let policy = ask(args.policy.as_deref(), "Policy of a node, or none", "ovirt-node")?;
    let policy = match PolicyChoice::parse(&policy, Path::new(""))? {
        PolicyChoice::None => None,
        PolicyChoice::Auto => {
            bail!("the policy is the name of one, or none: 'auto' reads it from a kickstart")
        }
        PolicyChoice::Named(name) => Some(Arc::new(name.load()?)),
    };
    let disks = match args.disks.as_slice() {
        [] => ask(None, "Disks, with their sizes (sda=200GiB,sdb)", "sda")?,
        given => given.join(","),
    };
    let (disks, specs) = parse_disks(&disks)?;
    let network = match ask(args.network.as_deref(), "Address (192.0.2.10/24), or dhcp", "dhcp")?.as_str() {
        "dhcp" => {
            if args.gateway.is_some() || !args.nameserver.is_empty() {
                bail!("--gateway and --nameserver belong to an address: write --network ADDRESS/PREFIX");
            }
            Network::Dhcp
        }
        address => Network::Static(Static::parse(address.trim(), args.gateway, args.nameserver.clone())?),
    };
    let what = if policy.is_some() { "URL of the node's image" } else { "URL of the packages" };
    let source = match ask(args.source.as_deref(), what, "")? {
        none if none.is_empty() => None,
        url => Some(word(&url).with_context(|| what.to_owned())?),
    };
    if args.checksum.is_some() && policy.is_none() {
        bail!("--checksum is of a node's image: packages have none");
    }
    let answers = Answers {
        release,
        policy,
        disks,
        device: args.device.clone(),
        network,
        hostname: args.hostname.clone(),
        source,
        checksum: args.checksum.clone(),
        root_hash: args.root_hash.clone(),
        ssh_key: args.ssh_key.clone(),
        language: args.lang.clone(),
        keyboard: args.keyboard.clone(),
        time_zone: args.timezone.clone(),
    };
    Ok((answers, specs))
}

/// Disks as a list with commas, and their descriptions if all have sizes.
fn parse_disks(list: &str) -> anyhow::Result<(Vec<Disk>, Option<Vec<DiskSpec>>)> {
    let mut disks = Vec::new();
    let mut specs = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        if entry.contains('=') {
            let spec: DiskSpec = entry.parse().map_err(|error| anyhow::anyhow!("disk '{entry}': {error}"))?;
            disks.push(Disk { name: spec.name.clone(), size: Some(spec.size.mib_floor()) });
            specs.push(spec);
        } else {
            let name = entry.strip_prefix("/dev/").unwrap_or(entry);
            disks.push(Disk { name: word(name).with_context(|| format!("disk '{entry}'"))?, size: None });
        }
    }
    if disks.is_empty() {
        bail!("name at least one disk, such as sda=200GiB");
    }
    check_names(&specs)?;
    let mut names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        bail!("a disk is named twice: {list}");
    }
    let all = specs.len() == disks.len();
    Ok((disks, all.then_some(specs)))
}

/// What this program finds in the kickstart, on these disks for both kinds of firmware.
fn problems(text: &str, disks: Option<&[DiskSpec]>) -> anyhow::Result<Vec<Finding>> {
    let machine =
        |firmware| disks.map(|disks| Machine { disks: disks.to_vec(), firmware, memory: Bytes(16 << 30) });
    let mut problems = Vec::new();
    for firmware in [Firmware::Uefi, Firmware::Bios] {
        let mut sources = Sources::new();
        let file = sources.add(STDIN, text.to_owned())?;
        let machine = machine(firmware);
        if let Some(machine) = &machine {
            let read = lint::read(&sources, file, &Settings::default());
            let planned = plan::plan(&read, machine);
            if planned.verdict != Verdict::Proceeds {
                problems.extend(plan::findings(&read, &planned));
            }
        }
        let settings = Settings { machine: machine.map(Arc::new), ..Settings::default() };
        problems.extend(lint::lint(sources, file, &settings).findings);
    }
    let mut seen = Vec::new();
    problems.retain(|finding: &Finding| {
        let is_new = !seen.contains(&(finding.code.id, finding.message.clone()));
        seen.push((finding.code.id, finding.message.clone()));
        is_new
    });
    Ok(problems)
}

/// Asks on the terminal; an empty line is the default.
fn question_on_terminal(question: &str, otherwise: &str) -> anyhow::Result<String> {
    let shown = if otherwise.is_empty() { String::new() } else { format!(" [{otherwise}]") };
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{question}{shown}: ")?;
    terminal.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    Ok(if line.is_empty() { otherwise.to_owned() } else { line.to_owned() })
}
