//! The picture of a plan: no two texts overlap, none leaves the picture, disks are on one scale, and a plan that stops shows
//! what does not fit. Widths are those of DejaVu Sans, the widest of the fonts that are common.

use super::machine;
use anaconda_plan::machine::Firmware;
use ks_lint::report::plan_svg;

/// One text of a picture.
#[derive(Debug)]
#[allow(dead_code)] // the words are shown when a text is wrong
struct Text {
    words: String,
    left: f64,
    right: f64,
    /// The line that the letters stand on.
    base: f64,
    size: f64,
}

/// The value of an attribute of the first element in `text`.
fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

fn number(text: &str, name: &str) -> f64 {
    attribute(text, name).and_then(|v| v.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// Width of words, by the mean widths of letters in DejaVu Sans.
fn width(words: &str, size: f64, is_bold: bool) -> f64 {
    let one = |c: char| match c {
        'i' | 'l' | 'j' | ' ' | '.' | ',' | ':' | '\'' => 0.32,
        'f' | 't' | 'r' | '/' | '-' | '(' | ')' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' => 0.95,
        c if c.is_ascii_uppercase() => 0.7,
        c if c.is_ascii() => 0.61,
        _ => 1.0,
    };
    words.chars().map(one).sum::<f64>() * size * if is_bold { 1.1 } else { 1.0 }
}

fn texts(svg: &str) -> Vec<Text> {
    let elements = svg.split("<text ").skip(1).map(|rest| rest.split("</text>").next().unwrap_or_default());
    elements
        .map(|element| {
            let element = format!(" {element}");
            let (tag, inside) = element.split_once('>').expect("a tag ends");
            let (class, size) = (
                attribute(tag, "class").unwrap_or_default(),
                if tag.contains("title") { 16.0 } else { 13.0 },
            );
            let (mut words, mut length) = (String::new(), 0.0);
            let spans: Vec<&str> = inside.split("<tspan").collect();
            for span in spans.iter().filter(|span| !span.is_empty()) {
                let (open, text) =
                    if spans.len() > 1 { span.split_once('>').expect("a tag ends") } else { ("", *span) };
                let text = text.trim_end_matches("</tspan>").replace("&amp;", "&").replace("&lt;", "<");
                length += attribute(open, "dx").and_then(|dx| dx.parse::<f64>().ok()).unwrap_or(0.0);
                let is_bold = class.contains("name") || class == "title" || open.contains("name");
                length += width(&text, size, is_bold);
                words.push_str(&text);
            }
            let x = number(tag, "x");
            let (left, right) =
                if tag.contains("text-anchor=\"end\"") { (x - length, x) } else { (x, x + length) };
            Text { words, left, right, base: number(tag, "y"), size }
        })
        .collect()
}

/// States what holds for every picture.
fn holds(name: &str, svg: &str) {
    let view = attribute(svg, "viewBox").expect("a picture has a viewBox");
    let sizes: Vec<f64> = view.split(' ').map(|n| n.parse().expect("a number")).collect();
    let (wide, high) = (sizes[2], sizes[3]);
    assert!(
        svg.contains(" width=\"100%\"") && !svg.split('>').next().expect("a tag").contains(" height=\""),
        "{name}"
    );
    let texts = texts(svg);
    assert!(texts.len() > 5, "{name}: {} texts", texts.len());
    for text in &texts {
        let is_inside =
            text.left >= 0.0 && text.right <= wide && text.base - text.size >= 0.0 && text.base + 4.0 <= high;
        assert!(is_inside, "{name}: {text:?} leaves the picture of {wide} x {high}");
    }
    for (n, a) in texts.iter().enumerate() {
        for b in &texts[n + 1..] {
            let beside = a.right <= b.left || b.right <= a.left;
            let apart = (a.base - b.base).abs() >= a.size.max(b.size) * 0.95;
            assert!(beside || apart, "{name}: {a:?} overlaps {b:?}");
        }
    }
    // No line in the margin crosses a text.
    let margin = texts.iter().map(|t| t.left).fold(wide, f64::min).max(14.0);
    for lead in svg.split("class=\"lead\" d=\"M").skip(1) {
        let x: f64 = lead.split(' ').next().and_then(|x| x.parse().ok()).expect("a place");
        assert!(x < margin + 60.0, "{name}: a line at {x}");
    }
}

fn picture(text: &str, version: &str, policy: &str, firmware: Firmware, disks: &[&str]) -> String {
    let plan = super::plan(text, version, policy, &machine(firmware, disks));
    plan_svg::plan("a.ks", &plan, None)
}

const HEAD: &str = "zerombr\nclearpart --all --initlabel\nreqpart --add-boot\n";

#[test]
fn the_texts_of_pictures_do_not_overlap_and_stay_inside() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("kickstart-examples");
    for entry in std::fs::read_dir(root).expect("the examples can be listed") {
        let path = entry.expect("an example").path();
        if path.extension().is_none_or(|e| e != "ks") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an example can be read");
        let name = path.display().to_string();
        for disks in
            [&["sda=100GiB", "sdb=500GiB"][..], &["sda=2TiB", "sdb=16GiB"], &["sda=12GiB", "sdb=9GiB"]]
        {
            for firmware in [Firmware::Bios, Firmware::Uefi] {
                let plan = super::plan(&text, "RHEL9", "ovirt-node", &machine(firmware, disks));
                if plan.tree.is_some() || plan.attempt.is_some() {
                    holds(&format!("{name} on {disks:?}"), &plan_svg::plan(&name, &plan, None));
                }
            }
        }
    }
}

#[test]
fn many_disks_names_of_any_length_and_odd_letters_fit() {
    let disks: Vec<String> = (b'a'..=b'h').map(|c| format!("sd{}={}GiB", c as char, 16 << (c % 6))).collect();
    let disks: Vec<&str> = disks.iter().map(String::as_str).collect();
    let members: String =
        (1..=4).map(|n| format!("part raid.{n} --size=9000 --ondisk=sd{}\n", (b'a' + n) as char)).collect();
    let text = format!(
        "{HEAD}{members}raid pv.9 --level=10 --device=md0 raid.1 raid.2 raid.3 raid.4\n\
         part pv.1 --size=9000 --ondisk=sda\npart /a/very/long/mount/point/that/is/wider/than/the/whole/picture/is/drawn --size=500\n\
         part /ünïcödé/日本語 --size=600\n\
         volgroup a_volume_group_with_a_name_of_sixty_letters_or_even_some_more pv.1 pv.9\n\
         logvol / --vgname=a_volume_group_with_a_name_of_sixty_letters_or_even_some_more --name=root --size=6000\n"
    );
    holds("eight disks", &picture(&text, "RHEL9", "none", Firmware::Uefi, &disks));
    let btrfs = format!(
        "{HEAD}part btrfs.1 --size=9000 --ondisk=sda\npart btrfs.2 --size=9000 --ondisk=sdb\n\
         btrfs none --label=f --data=1 btrfs.1 btrfs.2\nbtrfs / --subvol --name=root f\nbtrfs /home --subvol --name=home f\n"
    );
    let svg = picture(&btrfs, "F43", "none", Firmware::Uefi, &["sda=40GiB", "sdb=30GiB"]);
    holds("btrfs", &svg);
    assert_eq!(svg.matches(">shared<").count(), 2, "subvolumes have no size of their own: {svg}");
}

/// Widths of the bars of these disks.
fn bars(svg: &str, disks: &[&str]) -> Vec<f64> {
    disks
        .iter()
        .map(|disk| {
            let (_, rest) =
                svg.split_once(&format!(">{disk}</tspan>")).unwrap_or_else(|| panic!("no {disk}: {svg}"));
            let bar = rest.split("height=\"10\"").next().expect("the bar is before the first swatch");
            let boxes = bar.split("<rect ").skip(1).filter(|r| r.contains("height=\"26\""));
            boxes.map(|r| number(&format!(" {r}"), "width")).sum()
        })
        .collect()
}

#[test]
fn disks_are_on_one_scale_and_lines_lead_to_what_is_made_of_them() {
    let text = format!(
        "{HEAD}part pv.1 --size=1 --grow --ondisk=sda\npart pv.2 --size=1 --grow --ondisk=sdb\nvolgroup v pv.1 pv.2\nlogvol / --vgname=v --name=root --size=6000\n"
    );
    let svg = picture(&text, "RHEL9", "none", Firmware::Uefi, &["sda=100GiB", "sdb=25GiB"]);
    let widths = bars(&svg, &["sda", "sdb"]);
    assert!((widths[0] / widths[1] - 4.0).abs() < 0.05, "{widths:?}");
    // One line to the group, from two physical volumes.
    let leads: Vec<&str> =
        svg.split("class=\"lead\" d=\"").skip(1).map(|d| d.split('"').next().unwrap_or_default()).collect();
    assert_eq!(leads.len(), 1, "{leads:?}");
    assert_eq!(leads[0].matches('M').count(), 3, "{leads:?}");
}

#[test]
fn a_plan_that_stops_shows_what_does_not_fit() {
    let partitions = format!("{HEAD}part / --size=60000\npart /srv --size=4000\n");
    let svg = picture(&partitions, "RHEL9", "none", Firmware::Uefi, &["sda=30GiB"]);
    holds("partitions", &svg);
    assert!(
        svg.contains("Anaconda stops") && svg.contains("58.59 GiB") && svg.contains("are free on the disks"),
        "{svg}"
    );
    assert!(svg.contains("class=\"box over\""), "{svg}");
    let group = format!(
        "{HEAD}part pv.1 --size=20000\nvolgroup v pv.1\nlogvol / --vgname=v --name=root --size=15000\nlogvol /var --vgname=v --name=var --size=10000\n"
    );
    let svg = picture(&group, "RHEL9", "none", Firmware::Uefi, &["sda=100GiB"]);
    holds("group", &svg);
    assert!(svg.contains("v has no more than 19.53 GiB; 24.41 GiB are asked of it"), "{svg}");
    assert_eq!(svg.matches("class=\"box over\"").count(), 2, "the box and its swatch: {svg}");
}

#[test]
fn the_picture_is_one_well_formed_file_without_references() {
    let text = "zerombr\nclearpart --all --initlabel\nautopart --type=thinp\n";
    let plan = super::plan(text, "RHEL9", "ovirt-node", &machine(Firmware::Uefi, &["sda=200GiB"]));
    let svg = ks_lint::report::plan_svg::plan("a<b&c.ks", &plan, None);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("a&lt;b&amp;c.ks") && !svg.contains("href"), "{svg}");
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    for name in ["sda", "onn", "pool00", "/var/log/audit", "70 %"] {
        assert!(svg.contains(name), "{name} is not in the picture");
    }
}
