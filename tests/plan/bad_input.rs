//! Absurd disks and kickstarts: a clear message, never a panic.

use super::{machine, plan, says};
use anaconda_plan::Verdict;
use anaconda_plan::machine::{Firmware, Machine};
use node_base::units::Bytes;

const SIMPLE: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\npart pv.01 --size=1 --grow\n\
    volgroup vg0 pv.01\nlogvol / --vgname=vg0 --name=root --size=8000 --grow\n";

fn on(text: &str, disks: &[&str]) -> anaconda_plan::Plan {
    let all = ["RHEL8", "RHEL9", "RHEL10", "F46"];
    let mut plans = all.map(|release| plan(text, release, "none", &machine(Firmware::Uefi, disks)));
    plans.swap(0, 1);
    let [nine, ..] = plans;
    nine
}

#[test]
fn huge_disks_and_large_sectors_are_planned() {
    assert_eq!(on(SIMPLE, &["sda=1PiB"]).verdict, Verdict::Proceeds);
    assert_eq!(on(SIMPLE, &["sda=100GiB,sector=4096"]).verdict, Verdict::Proceeds);
}

#[test]
fn tiny_disks_are_refused() {
    assert!(
        says(&on(SIMPLE, &["sda=1B"])).contains("Not enough free space"),
        "{}",
        says(&on(SIMPLE, &["sda=1B"]))
    );
    assert_eq!(on(SIMPLE, &["sda=10MiB"]).verdict, Verdict::Stops);
}

#[test]
fn absurd_sizes_are_refused() {
    for size in ["1000000000000000000000000000000", "9223372036854775807", "17592186044416"] {
        let text = SIMPLE.replace("--size=8000 --grow", &format!("--size={size}"));
        assert_eq!(on(&text, &["sda=100GiB"]).verdict, Verdict::Stops, "--size={size}");
        let text = SIMPLE.replace("part pv.01 --size=1 --grow", &format!("part pv.01 --size={size}"));
        assert_eq!(on(&text, &["sda=100GiB"]).verdict, Verdict::Stops, "part --size={size}");
    }
    let text = SIMPLE.replace("--size=8000", "--size=-8000");
    assert_eq!(on(&text, &["sda=100GiB"]).verdict, Verdict::Stops, "a negative size");
    let text = SIMPLE.replace("--grow", "--grow --maxsize=99999999999999999999999");
    assert_eq!(on(&text, &["sda=100GiB"]).verdict, Verdict::Proceeds, "an absurd --maxsize limits nothing");
}

#[test]
fn members_that_name_each_other_are_refused() {
    let text = "clearpart --all\nzerombr\npart raid.01 --size=100\nraid pv.01 --device=a --level=1 raid.01 b\n\
        raid pv.02 --device=b --level=1 raid.01 a\nvolgroup vg0 pv.01 pv.02\n\
        logvol / --vgname=vg0 --name=root --size=100\n";
    assert!(says(&on(text, &["sda=100GiB"])).contains("undefined partition \"b\""));
}

#[test]
fn mixed_sector_sizes_make_no_volume_group() {
    let text = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\npart pv.01 --size=1 --grow --ondisk=sda\n\
        part pv.02 --size=1 --grow --ondisk=sdb\nvolgroup vg0 pv.01 pv.02\n\
        logvol / --vgname=vg0 --name=root --size=8000\n";
    let plan = on(text, &["sda=100GiB", "sdb=100GiB,sector=4096"]);
    assert!(says(&plan).contains("inconsistent sector size"), "{}", says(&plan));
}

#[test]
fn a_machine_without_disks_has_none_to_use() {
    let machine = Machine { disks: Vec::new(), firmware: Firmware::Bios, memory: Bytes(0) };
    assert_eq!(says(&plan(SIMPLE, "RHEL9", "none", &machine)), "No usable disks.");
}

#[test]
fn two_hundred_disks_and_two_thousand_volumes_take_less_than_a_second() {
    let disks: Vec<String> = (0..200).map(|n| format!("d{n}=100GiB")).collect();
    let disks: Vec<&str> = disks.iter().map(String::as_str).collect();
    let mut text = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n".to_owned();
    for n in 0..200 {
        text += &format!("part pv.{n} --size=1 --grow --ondisk=d{n}\n");
    }
    let members: Vec<String> = (0..200).map(|n| format!("pv.{n}")).collect();
    text += &format!(
        "volgroup vg0 {}\nlogvol none --vgname=vg0 --name=p --thinpool --size=1 --grow\n",
        members.join(" ")
    );
    text += "logvol / --vgname=vg0 --name=root --thin --poolname=p --size=9000\n";
    for n in 0..2000 {
        let kind = if n % 2 == 0 { "--thin --poolname=p" } else { "--grow" };
        text += &format!("logvol /srv/{n} --vgname=vg0 --name=v{n} --size=500 {kind}\n");
    }
    let start = std::time::Instant::now();
    let plan = plan(&text, "RHEL9", "none", &machine(Firmware::Uefi, &disks));
    let took = start.elapsed();
    assert_eq!(plan.verdict, Verdict::Proceeds, "{}", says(&plan));
    // The limit is for a release build; an unoptimised one is about twenty times slower.
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(took.as_secs() < limit, "the plan took {took:?}");
}

/// What this thread has taken of a processor, whatever else is running (proc_pid_schedstat: nanoseconds).
fn processor_time() -> std::time::Duration {
    let text =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel counts processor time");
    let first = text.split_whitespace().next().and_then(|n| n.parse().ok());
    std::time::Duration::from_nanos(first.expect("it begins with a number"))
}

#[test]
fn twenty_thousand_names_of_disks_take_less_than_a_second() {
    let names: Vec<String> = (0..20_000).map(|n| format!("sd{n}")).collect();
    let names = names.join(",");
    let text = format!(
        "#version=RHEL9\nignoredisk --only-use={names}\nclearpart --all --drives={names}\n\
        bootloader --driveorder={names}\npart / --size=9000\n"
    );
    let arrays: String =
        (0..20_000).map(|n| format!("raid /m{n} --level=0 --device={n} raid.x{n}\n")).collect();
    let patterns: Vec<String> = (0..20_000).map(|n| format!("sd{n}*")).collect();
    let patterns = format!("clearpart --all --drives={}\npart / --size=9000\n", patterns.join(","));
    for text in [text, arrays, patterns] {
        let start = processor_time();
        let mut sources = node_base::source::Sources::new();
        let file = sources.add("node.ks", text).expect("a text is not that large");
        ks_lint::lint::lint(sources, file, &ks_lint::lint::Settings::default());
        let took = processor_time() - start;
        let limit = if cfg!(debug_assertions) { 20 } else { 1 };
        assert!(took.as_secs() < limit, "the check took {took:?}");
    }
}

#[test]
fn how_far_a_kept_file_system_shrinks_is_not_guessed() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), "part /home --onpart=sda1 --noformat --resize --size=20000\n")
        .expect("it can be written");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ks-lint"))
        .arg("plan")
        .arg(file.path())
        .args(["--syntax", "RHEL9", "--disk", "sda=100GiB,label=gpt,part=40GiB:ext4"])
        .output()
        .expect("ks-lint can be started");
    let says = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "a plan without the resize is a guess: {says}");
    assert!(says.contains("'--resize --noformat'"), "{says} does not name the option");
}

#[test]
fn a_line_that_the_language_rejects_stops_the_installer_before_the_disks() {
    let text = format!("{SIMPLE}part /srv --size=10GB\n");
    let plan = on(&text, &["sda=100GiB"]);
    assert_eq!(plan.verdict, Verdict::Stops);
    let codes: Vec<_> = plan.messages.iter().map(|m| ks_lint::lint::plan::code(m.cause).id).collect();
    assert_eq!(codes, ["STO035"], "{}", says(&plan));
    assert!(says(&plan).contains("'10GB'"), "the value is named: {}", says(&plan));
}
