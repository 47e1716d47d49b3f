//! Turns `grammar/versions.toml`, `grammar/commands/*.toml` and `grammar/sections/*.toml` into Rust tables, so that
//! nothing is parsed when the program starts. A set of versions becomes the bits of a `u64`, a set of one command's
//! options and arguments the bits of another.

#![allow(clippy::panic, reason = "a wrong table stops the build, and says where it is wrong")]

#[path = "src/dialect/perfect_hash.rs"]
mod perfect_hash;
#[path = "build/shape.rs"]
mod shape;

use shape::{Opt, Table, Versions, Word};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

impl Versions {
    fn bit(&self, name: &str) -> usize {
        let all = self.fedora.iter().chain(&self.rhel);
        all.into_iter().position(|v| v == name).unwrap_or_else(|| panic!("{name} is not a syntax version"))
    }

    /// `F20..F23, RHEL7..` as bits.
    fn mask(&self, ranges: &str) -> u64 {
        if ranges == "all" {
            return (1 << (self.fedora.len() + self.rhel.len())) - 1;
        }
        let mut mask = 0u64;
        for range in ranges.split(',').map(str::trim).filter(|r| !r.is_empty()) {
            let (from, to) = range.split_once("..").unwrap_or((range, range));
            let from = self.bit(from);
            let family_end = if from < self.fedora.len() {
                self.fedora.len()
            } else {
                self.fedora.len() + self.rhel.len()
            };
            let to = if to.is_empty() { family_end - 1 } else { self.bit(to) };
            assert!(from <= to && to < family_end, "{range}: not a range of one family");
            for bit in from..=to {
                mask |= 1 << bit;
            }
        }
        mask
    }
}

/// Numbers the options and arguments of one table.
struct Names(Vec<String>);

impl Names {
    fn of(table: &Table) -> Names {
        let mut names: Vec<String> = Vec::new();
        for option in &table.option {
            if !names.contains(&option.names[0]) {
                names.push(option.names[0].clone());
            }
        }
        for argument in &table.argument {
            if !names.contains(&argument.name) {
                names.push(argument.name.clone());
            }
        }
        assert!(names.len() <= 64, "more than 64 options and arguments do not fit the bits of a set");
        Names(names)
    }

    fn id(&self, name: &str) -> usize {
        self.0
            .iter()
            .position(|n| n == name)
            .unwrap_or_else(|| panic!("{name} is not an option or argument here"))
    }

    fn set(&self, names: &[String]) -> u64 {
        names.iter().fold(0, |set, name| set | 1 << self.id(name))
    }
}

/// The place of each of these names, as a `Lookup`.
fn lookup(names: &[&str]) -> String {
    // Marks a slot that no name has.
    const NOBODY: u8 = u8::MAX;
    assert!(names.len() < usize::from(NOBODY), "more names than a slot can tell apart");
    // Large enough that one of a few hundred seeds separates the names.
    let room = (names.len() * names.len() / 8).next_power_of_two().max(8);
    let slots = |seed: u32| {
        let mut slots = vec![NOBODY; room];
        for (index, name) in names.iter().enumerate() {
            let slot = &mut slots[perfect_hash::slot(name, seed, room)];
            if *slot != NOBODY {
                return None;
            }
            *slot = index as u8;
        }
        Some(slots)
    };
    let found = (1..1_000_000u32).find_map(|n| slots(n).map(|slots| (n, slots)));
    let (seed, slots) = found.unwrap_or_else(|| panic!("no seed tells all of {names:?} apart"));
    format!("Lookup {{ seed: {seed}, slots: &{slots:?} }}")
}

fn takes(name: &str) -> &'static str {
    match name {
        "flag" => "Takes::Flag",
        "string" => "Takes::Text",
        "int" => "Takes::Integer",
        "boolean" => "Takes::Boolean",
        "list" => "Takes::List",
        "word" => "Takes::Word",
        other => panic!("{other} is no type of value"),
    }
}

fn read(path: &Path) -> Table {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn tables(folder: &str) -> Vec<(String, Table)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap_or_else(|e| panic!("{folder}: {e}")).path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), read(path)))
        .collect()
}

fn write_table(
    out: &mut String,
    versions: &Versions,
    name: &str,
    table: &Table,
    index_of: &BTreeMap<String, usize>,
) -> std::fmt::Result {
    let names = Names::of(table);
    writeln!(out, "Table {{ name: {name:?}, names: &{:?},", names.0)?;
    write!(out, "  conflicts: &[")?;
    for c in &table.conflict {
        let set = c.with.iter().filter_map(|w| index_of.get(w)).fold(0u128, |set, i| set | 1 << i);
        write!(out, "Conflict {{ with: {set:#x}, versions: {:#x} }},", versions.mask(&c.versions))?;
    }
    write!(out, "],\n  arguments: &[")?;
    let mut arguments: Vec<_> = table.argument.iter().collect();
    arguments.sort_by_key(|a| a.position);
    for a in arguments {
        // Positional arguments are words unchanged; a mount point is normalised where it is compared.
        assert!(matches!(a.takes.as_str(), "string" | "mountpoint"), "{name}: {} is a new type", a.takes);
        let count = match a.count.as_str() {
            "1" => "Count::One",
            "0-1" => "Count::AtMostOne",
            "any" => "Count::Any",
            other => panic!("{name}: {other} is no count"),
        };
        write!(
            out,
            "Argument {{ id: {}, name: {:?}, count: {count}, choices: &{:?}, versions: {:#x}, required: {:#x} }},",
            names.id(&a.name),
            a.name,
            a.choices,
            versions.mask(&a.versions),
            versions.mask(&a.required)
        )?;
    }
    write!(out, "],\n  options: &[")?;
    for o in &table.option {
        write!(
            out,
            "\n    Opt {{ id: {}, names: &{:?}, takes: {}, choices: &{:?}, ignore_case: {}, value_optional: {}, adds_up: {}, versions: {:#x}, deprecated: {:#x}, required: {:#x} }},",
            names.id(&o.names[0]),
            o.names,
            takes(&o.takes),
            o.choices,
            o.ignore_case,
            o.value_optional,
            o.repeats == "add up",
            versions.mask(&o.versions),
            versions.mask(&o.deprecated),
            versions.mask(&o.required)
        )?;
    }
    let mut shapes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, o) in table.option.iter().enumerate() {
        o.names.iter().for_each(|name| shapes.entry(name).or_default().push(index));
    }
    let option_names: Vec<&str> = shapes.keys().copied().collect();
    write!(out, "],\n  option_places: {},\n  option_names: &[", lookup(&option_names))?;
    for (name, shapes) in &shapes {
        write!(out, "OptionName {{ text: {name:?}, shapes: &{shapes:?} }},")?;
    }
    let required = table.option.iter().map(|o| versions.mask(&o.required));
    let required = table.argument.iter().map(|a| versions.mask(&a.required)).chain(required);
    let required_options: Vec<usize> =
        (0..table.option.len()).filter(|&i| versions.mask(&table.option[i].required) != 0).collect();
    let in_any = required.fold(0, |set, versions| set | versions);
    write!(out, "],\n  required: {in_any:#x},\n  required_options: &{required_options:?},\n  modes: &[")?;
    for m in &table.arguments {
        let mode = match m.mode.as_str() {
            "strict" => "Mode::Strict",
            "extras" => "Mode::Extras",
            "anything" => "Mode::Anything",
            "ignored" => "Mode::Ignored",
            "none" => "Mode::None",
            "line" => "Mode::Line",
            "outdated" => "Mode::Outdated",
            "broken" => "Mode::Broken",
            other => panic!("{name}: {other} is no mode"),
        };
        write!(
            out,
            "Arguments {{ mode: {mode}, min: {}, max: {}, names: {:?}, versions: {:#x} }},",
            m.min,
            m.max.unwrap_or(usize::MAX),
            m.names,
            versions.mask(&m.versions)
        )?;
    }
    write!(out, "],\n  checks: &[")?;
    for c in &table.check {
        let option =
            if c.option.is_empty() { "None".to_owned() } else { format!("Some({})", names.id(&c.option)) };
        write!(
            out,
            "\n    Check {{ versions: {:#x}, word: {:?}, when: {:#x}, equal: {:?}, requires: {:#x}, refuses: {:#x}, not_together: {:#x}, any_of: {:#x}, one_of: {:#x}, option: {option}, not_value: &{:?}, values: &{:?}, starts_with: &{:?}, without: {:?}, min: {:?}, max: {:?}, given: {}, sticky: {:#x}, any_argument: {}, because: {:?}, help: {:?} }},",
            versions.mask(&c.versions),
            c.word,
            names.set(&c.when),
            c.equal,
            names.set(&c.requires),
            names.set(&c.refuses),
            names.set(&c.not_together),
            names.set(&c.any_of),
            names.set(&c.one_of),
            c.not_value.clone().unwrap_or_default(),
            c.values,
            c.starts_with,
            c.without,
            c.min,
            c.max,
            c.given,
            names.set(&c.sticky),
            c.any_argument,
            c.because,
            c.help
        )?;
    }
    write!(out, "],\n  duplicates: &[")?;
    for d in &table.duplicate {
        write!(out, "Duplicate {{ what: {:?}, versions: {:#x}, key: &[", d.what, versions.mask(&d.versions))?;
        for part in &d.key {
            match part.strip_prefix('#') {
                Some(n) => write!(out, "Key::Positional({n}),")?,
                None => {
                    let last_component = part == &d.last_component;
                    let is = |which: fn(&Opt) -> bool| {
                        table.option.iter().any(|o| &o.names[0] == part && which(o))
                    };
                    let list = is(|o| o.takes == "list");
                    let adds_up = is(|o| o.repeats == "add up");
                    write!(
                        out,
                        "Key::Option {{ name: {part:?}, last_component: {last_component}, list: {list}, \
                         adds_up: {adds_up} }},"
                    )?;
                }
            }
        }
        write!(out, "], mount_point: {}, unless: {:?} }},", d.mountpoint, d.unless)?;
    }
    write!(out, "],\n  outdated: &[")?;
    for o in &table.outdated {
        let option =
            if o.option.is_empty() { "None".to_owned() } else { format!("Some({})", names.id(&o.option)) };
        write!(
            out,
            "Outdated {{ versions: {:#x}, option: {option}, as_written: {}, instead: {:?} }},",
            versions.mask(&o.versions),
            o.as_written,
            o.instead
        )?;
    }
    write!(out, "],\n  instead: &[")?;
    for i in &table.instead {
        write!(out, "Instead {{ word: {:?}, option: {:?}, text: {:?} }},", i.word, i.option, i.text)?;
    }
    writeln!(out, "] }},")
}

fn generate() -> Result<String, std::fmt::Error> {
    let text = std::fs::read_to_string("grammar/versions.toml")
        .unwrap_or_else(|e| panic!("grammar/versions.toml: {e}"));
    let versions: Versions = toml::from_str(&text).unwrap_or_else(|e| panic!("grammar/versions.toml: {e}"));
    let number = |name: &String| name.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let family = |names: &[String]| {
        let numbers: Vec<u8> =
            names.iter().map(|n| number(n).parse().unwrap_or_else(|_| panic!("{n}"))).collect();
        assert!(numbers.windows(2).all(|w| w[0] + 1 == w[1]), "a family has a gap");
        (numbers[0], numbers[numbers.len() - 1])
    };
    let mut out = String::new();
    writeln!(
        out,
        "/// What the tables were gathered from.\npub(crate) const REFERENCE: &str = {:?};",
        versions.reference
    )?;
    writeln!(
        out,
        "/// Oldest and newest Fedora.\npub(crate) const FEDORA: (u8, u8) = {:?};",
        family(&versions.fedora)
    )?;
    writeln!(
        out,
        "/// Oldest and newest RHEL.\npub(crate) const RHEL: (u8, u8) = {:?};",
        family(&versions.rhel)
    )?;
    let order: Vec<usize> = versions
        .fedora
        .iter()
        .chain(&versions.rhel)
        .map(|v| versions.order.iter().position(|o| o == v).unwrap_or_else(|| panic!("{v} has no order")))
        .collect();
    writeln!(
        out,
        "/// Place of each version, by its bit, in the order in which the syntax developed.\npub(crate) static ORDER: &[u8] = &{order:?};"
    )?;

    let commands = tables("grammar/commands");
    assert!(commands.len() <= 128, "more than 128 commands do not fit the bits of a set");
    let mut words: Vec<(&String, &Word, usize)> = Vec::new();
    for (index, (_, table)) in commands.iter().enumerate() {
        words.extend(table.words.iter().map(|(word, facts)| (word, facts, index)));
    }
    words.sort_by(|a, b| a.0.cmp(b.0));
    let index_of: BTreeMap<String, usize> = words.iter().map(|(w, _, i)| ((*w).clone(), *i)).collect();
    writeln!(out, "/// All command words, sorted.\npub(crate) static WORDS: &[Word] = &[")?;
    for (word, facts, index) in &words {
        let means = facts.means.as_ref().unwrap_or(word);
        let canonical = words.iter().position(|(word, ..)| *word == means);
        writeln!(
            out,
            "Word {{ text: {word:?}, means: {means:?}, canonical: {}, table: {index}, active: {:#x}, deprecated: {:#x}, removed: {:#x} }},",
            canonical.unwrap_or_else(|| panic!("{word} means {means}, which is not a word")),
            versions.mask(&facts.active),
            versions.mask(&facts.deprecated),
            versions.mask(&facts.removed)
        )?;
    }
    assert!(words.len() <= 128, "more than 128 words do not fit the bits of a set");
    let texts: Vec<&str> = words.iter().map(|(word, ..)| word.as_str()).collect();
    writeln!(out, "];\n/// The place of each word in [`WORDS`].")?;
    writeln!(out, "pub(crate) static WORD_PLACES: Lookup = {};", lookup(&texts))?;
    writeln!(out, "/// One table for each command.\npub(crate) static COMMANDS: &[Table] = &[")?;
    for (name, table) in &commands {
        write_table(&mut out, &versions, name, table, &index_of)?;
    }
    writeln!(out, "];")?;
    writeln!(
        out,
        "/// Numbers of the tables that have checks of their own in Rust.\n#[allow(dead_code)]\npub(crate) mod number {{"
    )?;
    for (index, (name, _)) in commands.iter().enumerate() {
        writeln!(out, "pub(crate) const {}: u16 = {index};", name.to_uppercase())?;
    }
    writeln!(out, "}}")?;
    writeln!(out, "/// Sections whose headers have options.\npub(crate) static SECTIONS: &[Table] = &[")?;
    for (name, table) in &tables("grammar/sections") {
        write_table(&mut out, &versions, name, table, &index_of)?;
    }
    writeln!(out, "];")?;
    Ok(out)
}

fn main() {
    println!("cargo::rerun-if-changed=grammar");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let out = Path::new(&std::env::var("OUT_DIR").unwrap_or_default()).join("tables.rs");
    let tables = generate().unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(&out, tables).unwrap_or_else(|e| panic!("{}: {e}", out.display()));
}
