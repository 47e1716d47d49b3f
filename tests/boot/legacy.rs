//! Parameters of old nodes, and the kickstarts that replace them: `fixtures/boot/legacy.table`.

use super::table::rows;
use anaconda_plan::Verdict;
use anaconda_plan::machine::{DiskSpec, Firmware, Machine};
use kickstart::Version;
use ks_lint::boot::config::ConfigFormat;
use ks_lint::boot::legacy::values::{self, DiskName};
use ks_lint::boot::legacy::{PARAMETERS, Translation};
use ks_lint::lint::boot::{lint, lint_with_kickstart, to_kickstart};
use ks_lint::lint::plan::plan as plan_read;
use ks_lint::lint::{Chosen, Settings};
use node_base::diagnostic::{Category, Finding, Severity};
use node_base::source::Sources;
use node_base::units::Bytes;
use std::path::Path;

fn sources(line: &str) -> (Sources, node_base::source::FileId) {
    let mut sources = Sources::new();
    let file = sources.add("cmdline", line.to_owned()).expect("a row is not that long");
    (sources, file)
}

fn above_info(findings: &[Finding]) -> String {
    let mut seen: Vec<String> = findings
        .iter()
        .filter(|f| f.severity > Severity::Info)
        .map(|f| format!("{} {}", f.severity, f.code.id))
        .collect();
    seen.sort();
    seen.dedup();
    if seen.is_empty() { "-".to_owned() } else { seen.join(", ") }
}

#[test]
fn every_parameter_is_recognised_and_its_value_checked() {
    let mut differ = Vec::new();
    for row in rows("legacy.table", 2) {
        let (sources, file) = sources(&row.columns[0]);
        let report = lint(
            sources,
            file,
            Some(ConfigFormat::Cmdline),
            Some(Chosen::new(Version::rhel(9), "the row says so")),
        );
        let seen = above_info(&report.findings);
        if seen != row.columns[1] {
            differ.push(format!(
                "legacy.table:{}: {}\n  expected: {}\n  found:    {seen}",
                row.line, row.columns[0], row.columns[1]
            ));
        }
    }
    assert!(differ.is_empty(), "other findings than the table says:\n{}", differ.join("\n"));
}

#[test]
fn every_parameter_has_a_right_and_a_wrong_use() {
    let all = rows("legacy.table", 2);
    for parameter in PARAMETERS {
        for name in std::iter::once(&parameter.name).chain(parameter.aliases) {
            let uses = |line: &str| line.split_whitespace().any(|w| w.split('=').next() == Some(name));
            assert!(
                all.iter().any(|r| uses(&r.columns[0]) && r.columns[1] == "-"),
                "no row shows a right use of {name}"
            );
            assert!(
                all.iter().any(|r| uses(&r.columns[0]) && r.columns[1] != "-"),
                "no row shows a wrong use of {name}"
            );
        }
    }
}

fn translated(line: &str) -> Translation {
    let (sources, file) = sources(line);
    to_kickstart(&sources, file, Some(ConfigFormat::Cmdline)).unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// What is wrong with the kickstart and the command line that are written from old parameters: findings, and a plan
/// that does not proceed on the disks that were asked for, or touches another one.
fn wrong_with(line: &str) -> Vec<String> {
    let written = translated(line);
    let (ks, file) = sources(&written.kickstart);
    let report = ks_lint::lint::lint(ks, file, &Settings::default());
    let (cmdline, file) = sources(&written.command_line);
    let together = lint_with_kickstart(
        cmdline,
        file,
        Some(ConfigFormat::Cmdline),
        (Path::new("node.ks"), written.kickstart.clone()),
        &Settings::default(),
        None,
    )
    .expect("a kickstart is not that large");
    let found = report.findings.iter().chain(&together.findings).filter(|f| f.severity > Severity::Info);
    let mut wrong: Vec<String> = found.map(|f| format!("{}: {}", f.code.id, f.message)).collect();
    let chosen: Vec<&str> = written
        .kickstart
        .lines()
        .find_map(|l| l.strip_prefix("ignoredisk --only-use="))
        .expect("disks are chosen")
        .split(',')
        .collect();
    for asked in asked_for(line) {
        if !chosen.contains(&asked.as_str()) {
            wrong.push(format!("{asked} is asked for, and {} are used", chosen.join(", ")));
        }
    }
    let (ks, file) = sources(&written.kickstart);
    let read = ks_lint::lint::read(&ks, file, &Settings::default());
    let disk =
        |name: &str| format!("{name}=4TiB").parse::<DiskSpec>().unwrap_or_else(|e| panic!("{name}: {e}"));
    for firmware in [Firmware::Bios, Firmware::Uefi] {
        let mut disks: Vec<DiskSpec> = chosen.iter().map(|name| disk(name)).collect();
        disks.push(disk("stranger"));
        let machine = Machine { disks, firmware, memory: Bytes(16 << 30) };
        let plan = plan_read(&read, &machine);
        if plan.verdict != Verdict::Proceeds {
            let says: Vec<&str> = plan.messages.iter().map(|m| m.says.as_str()).collect();
            wrong.push(format!("{firmware:?}: the installer stops: {}", says.join(" ")));
        }
        let touched = plan.tree.as_ref().is_some_and(|t| t.by_name("stranger1").is_some());
        if touched {
            wrong.push(format!("{firmware:?}: a disk is used that was not asked for"));
        }
    }
    wrong
}

/// The disks that the last `storage_init` names outright.
fn asked_for(line: &str) -> Vec<String> {
    let given = line.split_whitespace().rev().find_map(|w| {
        let (name, value) = w.split_once('=')?;
        matches!(name, "storage_init" | "ovirt_init").then(|| value.to_owned())
    });
    let (host, app) = values::disks(&given.unwrap_or_default()).unwrap_or_default();
    let name = |disk: DiskName| match disk {
        DiskName::Device(name) => Some(name),
        DiskName::Serial { bus, serial } if !bus.is_empty() => Some(format!("disk/by-id/{bus}-{serial}")),
        _ => None,
    };
    host.into_iter().chain(app).filter_map(name).collect()
}

#[test]
fn what_is_written_from_them_is_clean_and_installs_on_the_disks_asked_for() {
    let mut wrong = Vec::new();
    for row in rows("legacy.table", 2).iter().filter(|r| r.columns[1] == "-") {
        for sentence in wrong_with(&row.columns[0]) {
            wrong.push(format!("legacy.table:{}: {}\n  {sentence}", row.line, row.columns[0]));
        }
    }
    assert!(wrong.is_empty(), "wrong in what was written:\n{}", wrong.join("\n"));
}

/// Parameters of the network make sense only with each other.
const NETWORK: &[&str] =
    &["ip", "netmask", "gateway", "dns", "ipv6", "vlan", "bond", "bond_setup", "BOOTIF", "network_layout"];

/// The parameters of several rows on one command line.
fn together(rows: &[&str]) -> String {
    let mut words: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        let name = |word: &str| {
            let given = word.split('=').next().unwrap_or_default().to_owned();
            ks_lint::boot::legacy::find(&given).map_or(given, |p| p.name.to_owned())
        };
        let of_network = row.split_whitespace().any(|w| NETWORK.contains(&name(w).as_str()));
        let here: Vec<String> = row.split_whitespace().map(name).collect();
        words.retain(|(_, word)| {
            let other = name(word);
            !(here.contains(&other) || of_network && NETWORK.contains(&other.as_str()))
        });
        words.extend(row.split_whitespace().map(|w| (*row, w)));
    }
    words.iter().map(|(_, w)| *w).collect::<Vec<_>>().join(" ")
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn any_parameters_together_come_to_a_clean_kickstart(picked in proptest::collection::vec(0usize..10_000, 2..9)) {
        let all = rows("legacy.table", 2);
        let right: Vec<&str> = all.iter().filter(|r| r.columns[1] == "-").map(|r| r.columns[0].as_str()).collect();
        let chosen: Vec<&str> = picked.iter().map(|n| right[n % right.len()]).collect();
        let line = together(&chosen);
        let wrong = wrong_with(&line);
        proptest::prop_assert!(wrong.is_empty(), "{line}\n{}", wrong.join("\n"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(512))]
    /// Values come from a network: whatever they are, they stay values.
    #[test]
    fn no_value_breaks_out_of_the_kickstart(
        given in proptest::collection::vec((0usize..200, "[ -!#-~\\t%é\u{2028}]{0,24}"), 1..6)
    ) {
        let words = given.iter().map(|(n, value)| {
            let name = PARAMETERS[n % PARAMETERS.len()].name;
            format!("{name}=\"{value}\"")
        });
        let line = std::iter::once("storage_init=/dev/sda".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
        let written = translated(&line);
        let (ks, file) = sources(&written.kickstart);
        let report = ks_lint::lint::lint(ks, file, &Settings::default());
        let refused = report.findings.iter().find(|f| f.code.category == Category::Syntax && f.severity == Severity::Error);
        proptest::prop_assert!(refused.is_none(), "{line}\n{refused:?}\n{}", written.kickstart);
        let sections = written.kickstart.lines().filter(|l| l.starts_with('%') && !l.starts_with("%end")).count();
        proptest::prop_assert!(sections <= 4, "a section more than are written:\n{}", written.kickstart);
        proptest::prop_assert!(!written.command_line.contains('\n'), "a command line is one line");
    }
}

#[test]
fn every_parameter_is_translated_or_named_in_a_comment() {
    let mut lost = Vec::new();
    for row in rows("legacy.table", 2).iter().filter(|r| r.columns[1] == "-") {
        let written = translated(&row.columns[0]);
        for word in row.columns[0].split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            // Of these every value is carried over as it is.
            let kept = ["hostname", "iscsi_name", "iscsi_target_name", "tuned", "keyboard", "rhn_org"]
                .contains(&name)
                && written.kickstart.contains(value);
            let left = [
                "stateless",
                "standalone",
                "netconsole",
                "collectd",
                "snmp_password",
                "cim_passwd",
                "rescue",
            ]
            .contains(&name)
                && written.kickstart.contains(&format!("#   {name}: "));
            let checked = [
                "hostname",
                "iscsi_name",
                "iscsi_target_name",
                "tuned",
                "keyboard",
                "rhn_org",
                "stateless",
                "standalone",
                "netconsole",
                "collectd",
                "snmp_password",
                "cim_passwd",
                "rescue",
            ]
            .contains(&name);
            if checked && !kept && !left && !written.kickstart.contains(&format!("#   {name}: ")) {
                lost.push(format!("legacy.table:{}: {word}", row.line));
            }
            assert!(
                !value.contains("secret") || !written.kickstart.contains("secret"),
                "a password in plain text is written: {word}"
            );
        }
    }
    assert!(lost.is_empty(), "neither translated nor named:\n{}", lost.join("\n"));
}

#[test]
fn passwords_in_plain_text_are_not_carried_over() {
    let written = translated("storage_init=/dev/sda rootpw=hunter2 adminpw=hunter3 rhn_password=hunter4");
    assert!(
        !written.kickstart.contains("hunter"),
        "a password in plain text is written:\n{}",
        written.kickstart
    );
    assert!(written.kickstart.contains("# rootpw is not hashed"), "the kickstart has to say what is missing");
}

#[test]
fn a_translation_shows_sizes_network_and_what_is_left() {
    let written = translated(
        "storage_init=/dev/sda;/dev/sdb storage_vol=256:4096:4096:5:1024:-1:2048:10240 bond_setup=bond0:eth0,eth1:mode=4 vlan=12:bond0 \
         ip=192.0.2.10::192.0.2.1:255.255.255.0 dns=192.0.2.53 ntp=ntp.example.com hostname=node1.example.com stateless \
         management_server=engine.example.com:443 syslog=log.example.com kdump_nfs=nfs.example.com:/dump ssh_pwauth=1",
    );
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/boot"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("translation", written.kickstart));
}
