//! Commands over several paths and directories: `plan`, `boot`.

use super::run::{COMPLETE, Place};

const PXELINUX: &str = "LABEL linux\n  KERNEL vmlinuz\n  APPEND initrd=initrd.img inst.stage2=http://a.example/os inst.ks=http://a.example/x.ks ip=dhcp\n";

fn place() -> Place {
    let place = Place::new();
    place.file("hosts/a.ks", COMPLETE);
    place.file("hosts/b.ks", COMPLETE.replace("autopart", "part / --size=900000"));
    place.file("hosts/c.ks.j2", COMPLETE);
    place
}

#[test]
fn each_plan_has_its_name_and_the_worst_one_is_the_status() {
    let place = place();
    let output = place.run(["plan", "hosts/b.ks", "hosts/a.ks", "--disk=sda=100GiB"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    let headings: Vec<_> = output.stdout.lines().filter(|line| line.contains(": Anaconda ")).collect();
    assert_eq!(headings.len(), 2, "{}", output.stdout);
    assert!(headings[0].starts_with("hosts/b.ks: Anaconda stops"), "{headings:?}");
    assert!(headings[1].starts_with("hosts/a.ks: Anaconda proceeds"), "{headings:?}");
    let alone = place.run(["plan", "hosts/a.ks", "--disk=sda=100GiB"]).stdout;
    assert!(output.stdout.ends_with(&format!("\n\n{alone}")), "{}", output.stdout);

    place.file("old.ks", format!("#version=RHEL6\n{COMPLETE}"));
    assert_eq!(place.run(["plan", "old.ks", "hosts/b.ks", "--disk=sda=100GiB"]).status, 2);
    let output = place.run(["plan", "hosts/a.ks", "missing.ks", "--disk=sda=100GiB"]);
    assert_eq!(output.status, 2);
    assert!(output.stdout.contains("hosts/a.ks: Anaconda proceeds"), "the others are planned");
    assert_eq!(
        output.stderr,
        "ks-lint: error: missing.ks: cannot be read: No such file or directory (os error 2)\n"
    );
}

#[test]
fn plans_of_a_directory_are_one_object() {
    let place = place();
    place.file("hosts/a.ks", format!("{COMPLETE}%include part.ks\n"));
    place.file("hosts/part.ks", "firewall --enabled\n");
    let output = place.run(["plan", "hosts", "--disk=sda=100GiB", "--format=json"]);
    let json = output.json();
    let plans: Vec<_> = json["plans"].as_array().into_iter().flatten().collect();
    let of = |key: &str| plans.iter().filter_map(|plan| plan[key].as_str()).collect::<Vec<_>>();
    assert_eq!(of("path"), ["hosts/a.ks", "hosts/b.ks"]);
    assert_eq!(of("verdict"), ["proceeds", "stops"]);
    assert!(
        output.stderr.contains("hosts/part.ks: not planned: another file includes it"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("1 template is skipped (hosts/c.ks.j2)"), "{}", output.stderr);
    // A single file stays the object that it is.
    let alone = place.run(["plan", "hosts/a.ks", "--disk=sda=100GiB", "--format=json"]).json();
    assert_eq!((&alone["path"], &alone["verdict"]), (&serde_json::Value::Null, &"proceeds".into()));
    let mut named = alone.clone();
    named["path"] = "hosts/a.ks".into();
    assert_eq!(plans[0], &named);
    // A part that is named is planned.
    let output = place.run(["plan", "hosts/a.ks", "hosts/part.ks", "--disk=sda=100GiB"]);
    assert!(output.stdout.contains("hosts/part.ks: Anaconda"), "{}", output.stdout);
}

#[test]
fn the_smallest_disks_of_several() {
    let place = place();
    let output = place.run(["plan", "hosts", "--minimum", "--format=json"]);
    let json = output.json();
    assert_eq!(json["plans"][0]["path"], "hosts/a.ks");
    assert!(json["plans"][0]["minimum"]["installs"].is_u64(), "{json}");
    // hosts/b.ks has no EFI system partition, and installs on no disk.
    assert_eq!((output.status, &json["plans"][1]["minimum"]["installs"]), (1, &serde_json::Value::Null));
    let output = place.run(["plan", "hosts", "--minimum", "--format=svg"]);
    assert_eq!(output.status, 2);
    assert!(place.run(["plan", "hosts", "--disk=sda=1TiB", "--format=svg"]).stderr.contains("one plan"));
}

#[test]
fn a_directory_is_searched_for_boot_configurations() {
    let place = Place::new();
    place.file("tftp/pxelinux.cfg/default", PXELINUX);
    place.file("tftp/pxelinux.cfg/01-52-54-00-12-34-56", PXELINUX.replace("inst.ks=http:", "inst.ks=htp:"));
    place.file("tftp/pxelinux.cfg/more.j2", PXELINUX);
    place.file("tftp/loader/entries/a.conf", "title a\nlinux /vmlinuz\ninitrd /initrd\noptions ip=dhcp\n");
    place.file("tftp/ansible.cfg", "[defaults]\ninventory = hosts\n");
    place.file("tftp/ks.cfg", COMPLETE);
    place.file("tftp/vmlinuz", "\x7fELF\0");
    place.file("tftp/README", "linux is what the kernel is called\n");
    let output = place.run(["boot", "tftp", "--format=json"]);
    let json = output.json();
    let paths: Vec<_> =
        json["files"].as_array().into_iter().flatten().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(
        paths,
        ["tftp/loader/entries/a.conf", "tftp/pxelinux.cfg/01-52-54-00-12-34-56", "tftp/pxelinux.cfg/default"]
    );
    assert_eq!(output.status, 1, "{}", output.stdout);
    assert!(output.codes().contains(&"BOOT006".to_owned()), "{}", output.stdout);
    assert!(output.stderr.contains("tftp/pxelinux.cfg/more.j2"), "{}", output.stderr);
    // Excluded files are left out.
    place.file(".ks-lint.toml", "exclude = [\"01-*\"]\n");
    assert_eq!(place.run(["boot", "tftp"]).status, 0);
    // What is named is checked, whatever its name.
    place.file("entry", PXELINUX);
    assert_eq!(place.run(["boot", "entry"]).status, 0);
    place.file("empty/README", "");
    let output = place.run(["boot", "empty"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("empty: no boot configuration in this directory"), "{}", output.stderr);
}

#[test]
fn boot_configurations_are_fixed() {
    let place = Place::new();
    let old = "LABEL linux\r\n  KERNEL vmlinuz\r\n  APPEND initrd=i.img inst.stage2=https://a.example/os inst.ks=https://a.example/x.ks inst.zram ip=dhcp\r\n";
    let new = old.replace(" inst.zram", "");
    let path = place.file("tftp/pxelinux.cfg/default", old);
    let read = || std::fs::read_to_string(&path).expect("it is there");
    let output = place.run(["boot", "--syntax=RHEL9", "--diff", "tftp"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    assert!(output.stdout.contains("--- tftp/pxelinux.cfg/default"), "{}", output.stdout);
    assert_eq!(read(), old);
    let output = place.run(["boot", "--syntax=RHEL9", "--fix", "--show-fixes", "tftp"]);
    assert_eq!((output.status, read()), (0, new.clone()));
    assert!(output.stderr.contains("tftp/pxelinux.cfg/default:3: BOOT"), "{}", output.stderr);
    assert!(output.stderr.contains("fixed 1 finding in 1 file"), "{}", output.stderr);
    let output = place.run_with_input(&["boot", "--syntax=RHEL9", "--fix", "-"], old.as_bytes());
    assert_eq!(output.stdout, new);
    // A name that is only similar is a guess.
    place.file("guess.cfg", old.replace("inst.zram", "inst.sykslog=a:514"));
    assert_eq!(place.run(["boot", "--syntax=RHEL9", "--diff", "guess.cfg"]).status, 0);
    let output = place.run(["boot", "--syntax=RHEL9", "--diff", "--unsafe-fixes", "guess.cfg"]);
    assert!(output.stdout.contains("inst.syslog=a:514"), "{}", output.stdout);
    assert_eq!(place.run(["boot", "--fix", "--cmdline=quiet"]).status, 2);
}

#[test]
fn the_section_is_read_without_an_option_too() {
    let place = Place::new();
    place.file("a.ks", "%addon org_ovirt_node\nkeep-images 3\n%end\n");
    let output = place.run(["addon", "a.ks", "--format=json"]);
    assert_eq!((output.status, &output.json()["keep_images"]), (0, &3.into()));
    assert_eq!(output.stdout, place.run(["addon", "--kickstart", "a.ks", "--format=json"]).stdout);
    assert_eq!(place.run(["addon"]).status, 2);
    assert_eq!(place.run(["addon", "a.ks", "--kickstart", "a.ks"]).status, 2);
}
