//! The reference's own face: `ks-lint ksvalidator`, and a link of that name.

use super::run::{COMPLETE, Place};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

struct Answer {
    status: i32,
    stdout: String,
    stderr: String,
}

fn answer(command: &mut Command) -> Answer {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    Answer {
        status: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// As the verb, and as a link of the validator's name: both must answer the same.
fn ksvalidator(place: &Place, arguments: &[&str]) -> Answer {
    let verb = answer(place.command().arg("ksvalidator").args(arguments));
    let link = place.path().join("bin-link/ksvalidator");
    if !link.exists() {
        std::fs::create_dir_all(link.parent().expect("it is in a directory")).expect("it can be made");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ks-lint"), &link).expect("a link can be made");
    }
    let linked = answer(Command::new(&link).current_dir(place.path()).args(arguments));
    assert_eq!(
        (linked.status, &linked.stdout, &linked.stderr),
        (verb.status, &verb.stdout, &verb.stderr),
        "{arguments:?}"
    );
    verb
}

#[test]
fn the_status_is_the_number_of_errors_over_all_files() {
    let place = Place::new();
    place.file("right.ks", COMPLETE);
    place.file("a.ks", "foo\nlang C\npart / --size=1 --nonsense --other\n");
    place.file("b.ks", "bar\n%post\n");
    let found = ksvalidator(&place, &["-v", "RHEL9", "right.ks", "a.ks", "b.ks"]);
    // Two lines of a.ks; the open section of b.ks, which ends its reading.
    assert_eq!(found.status, 3);
    assert_eq!(
        found.stdout,
        "\nChecking kickstart file right.ks\n\n\nChecking kickstart file a.ks\n\n\nChecking kickstart file b.ks\n\n\
         The following problem occurred on line 2 of the kickstart file:\n\n\
         '%post' is not closed with %end at the end of the file\n\n"
    );
    assert!(found.stderr.starts_with(
        "The following problem occurred on line 1 of the kickstart file:\n\nunknown command 'foo' in RHEL9"
    ));
    assert_eq!(found.stderr.matches("The following problem occurred on line").count(), 3);
    assert_eq!(ksvalidator(&place, &["-v", "RHEL9", "right.ks"]).status, 0);
}

#[test]
fn warnings_are_errors_and_e_stops_at_the_first() {
    let place = Place::new();
    place.file("a.ks", "user --name=a\nuser --name=a\nbtrfs x\nfoo\n");
    let all = ksvalidator(&place, &["-v", "RHEL8", "a.ks"]);
    assert_eq!(all.status, 3);
    assert!(all.stderr.contains("Ignoring deprecated words on line 3: "), "{}", all.stderr);
    let first = ksvalidator(&place, &["-e", "-v", "RHEL8", "a.ks"]);
    assert_eq!((first.status, first.stderr.as_str()), (1, ""));
    assert!(first.stdout.contains("General error in input file:  a.ks:2: "), "{}", first.stdout);
}

/// What the reference finds first of a line that has several faults decides whether it names the line.
#[test]
fn the_fault_that_the_reference_finds_first_is_reported() {
    let place = Place::new();
    let volume = "logvol / --vgname=vg --name=root --size=1\n";
    for (text, version, names_line) in [
        // A duplicate before what later versions of the command added ...
        ("network --device=a\nnetwork --device=a --bridgeopts=x\n".to_owned(), "RHEL9", false),
        (format!("{volume}logvol / --vgname=vg --name=root\n"), "RHEL9", false),
        ("volgroup vg pv.1\nvolgroup vg pv.1 --reserved-percent=512\n".to_owned(), "RHEL9", false),
        // ... but behind what its first version has.
        ("volgroup vg pv.1\nvolgroup vg --reserved-percent=512\n".to_owned(), "RHEL9", true),
        (format!("{volume}logvol / --vgname=vg --name=root --nonsense\n"), "RHEL9", true),
        // Quotes before a section that is not closed.
        ("%anaconda\n%post 'x\n%end\n".to_owned(), "RHEL8", false),
        ("%anaconda\n%post\n%end\n".to_owned(), "RHEL8", true),
        ("%packages\n-\n%end\n".to_owned(), "RHEL9", false),
    ] {
        place.file("a.ks", &text);
        let found = ksvalidator(&place, &["-e", "-v", version, "a.ks"]);
        assert_eq!(found.status, 1, "{text}");
        let named = found.stdout.contains("occurred on line 2 of");
        assert_eq!(named, names_line, "{text}{}", found.stdout);
        assert_eq!(
            !named,
            found.stdout.contains("General error in input file:  a.ks:2: "),
            "{text}{}",
            found.stdout
        );
    }
}

#[test]
fn includes_are_read_with_i_only() {
    let place = Place::new();
    place.file("a.ks", "%include inc.ks\n");
    place.file("inc.ks", "foo\nbar\n");
    assert_eq!(ksvalidator(&place, &["a.ks"]).status, 0);
    assert_eq!(ksvalidator(&place, &["-i", "a.ks"]).status, 2);
    std::fs::remove_file(place.path().join("inc.ks")).expect("it is there");
    let missing = ksvalidator(&place, &["-i", "a.ks"]);
    assert_eq!(missing.status, 1);
    assert!(missing.stdout.contains("General kickstart error in input file"), "{}", missing.stdout);
}

#[test]
fn lists_help_and_mistakes() {
    let place = Place::new();
    let versions = ksvalidator(&place, &["-l"]);
    assert_eq!(versions.status, 0);
    assert!(versions.stdout.starts_with("DEVEL\nF10\nF11\n"), "{}", versions.stdout);
    assert!(versions.stdout.contains("\nRHEL9\n"));
    let help = ksvalidator(&place, &["--help"]);
    assert_eq!(help.status, 0);
    assert!(help.stdout.starts_with("usage: ksvalidator "), "{}", help.stdout);
    assert_eq!(ksvalidator(&place, &[]).status, 1);
    assert_eq!(ksvalidator(&place, &["missing.ks"]).stdout, "No files match the patterns.\n");
    assert_eq!(ksvalidator(&place, &["--nonsense"]).status, 2);
    assert_eq!(ksvalidator(&place, &["--", "-h"]).stdout, "No files match the patterns.\n");
    place.file("a.ks", COMPLETE);
    let unknown = ksvalidator(&place, &["-v", "RHEL99", "a.ks"]);
    assert_eq!(unknown.status, 1);
    assert!(unknown.stdout.ends_with("The version RHEL99 is not supported by pykickstart\n"));
}

#[test]
fn urls_are_files() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client connects");
            let mut request = [0; 1024];
            let length = stream.read(&mut request).expect("it asks");
            let found = request[..length].starts_with(b"GET /a.ks ");
            let (status, body) = if found { ("200 OK", "foo\n") } else { ("404 Not Found", "lang C\n") };
            let head = format!("HTTP/1.0 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + body).as_bytes()).expect("it listens");
        }
    });
    let place = Place::new();
    let found = ksvalidator(&place, &[&format!("http://{address}/a.ks")]);
    assert_eq!(found.status, 1, "{}", found.stdout);
    assert!(found.stderr.contains("on line 1 of"), "{}", found.stderr);
    let missing = ksvalidator(&place, &[&format!("http://{address}/b.ks")]);
    // One for the file, one because nothing can be checked.
    assert_eq!(missing.status, 2, "{}", missing.stdout);
    assert!(missing.stdout.contains(&format!("Error reading http://{address}/b.ks:\n")));
}
