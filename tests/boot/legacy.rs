//! Parameters of old nodes, and the kickstarts that replace them: `fixtures/boot/legacy.table`.

use super::table::rows;
use ks_lint::boot::config::Format;
use ks_lint::boot::legacy::{PARAMETERS, Translation};
use ks_lint::boot::lint::{lint, lint_with_kickstart, to_kickstart};
use ks_lint::diagnostic::{Finding, Severity};
use ks_lint::dialect::Version;
use ks_lint::lint::{Chosen, Settings};
use ks_lint::source::Sources;
use std::path::Path;

fn sources(line: &str) -> (Sources, ks_lint::source::FileId) {
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
        let report =
            lint(sources, file, Some(Format::Cmdline), Chosen::new(Version::rhel(9), "the row says so"));
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
    to_kickstart(&sources, file, Some(Format::Cmdline)).unwrap_or_else(|e| panic!("{line}: {e}"))
}

#[test]
fn what_is_written_from_them_has_no_findings() {
    let mut wrong = Vec::new();
    for row in rows("legacy.table", 2).iter().filter(|r| r.columns[1] == "-") {
        let line = &row.columns[0];
        let written = translated(line);
        let (ks, file) = sources(&written.kickstart);
        let report = ks_lint::lint::lint(ks, file, &Settings::default());
        let (cmdline, file) = sources(&written.command_line);
        let together = lint_with_kickstart(
            cmdline,
            file,
            Some(Format::Cmdline),
            (Path::new("node.ks"), written.kickstart.clone()),
            &Settings::default(),
            None,
        )
        .expect("a kickstart is not that large");
        for finding in
            report.findings.iter().chain(&together.findings).filter(|f| f.severity > Severity::Info)
        {
            wrong.push(format!(
                "legacy.table:{}: {line}\n  {}: {}",
                row.line, finding.code.id, finding.message
            ));
        }
    }
    assert!(wrong.is_empty(), "findings in what was written:\n{}", wrong.join("\n"));
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
                "swap_encrypt",
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
                "swap_encrypt",
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
