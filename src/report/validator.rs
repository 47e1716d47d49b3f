//! The lines that the reference's validator prints (`ksvalidator`, pykickstart 3.78): the frames are its own, because programs look
//! for them; the messages in them are ours.

use crate::lint::validator::{Kind, Outcome, Problem};
use node_base::harmless::{harmless, harmless_line};

/// What it says before a file, on standard output.
pub fn checking(name: &str) -> String {
    format!("\nChecking kickstart file {}\n\n", harmless_line(name))
}

/// What it says in the end of a file that cannot be read, on standard output.
pub fn unreadable(name: &str, why: &str) -> String {
    format!("Error reading {}:\n{}\n", harmless_line(name), harmless(why))
}

/// A refused line, on standard error.
pub fn refused(problem: &Problem) -> String {
    match problem.kind {
        Kind::Deprecated { names_line: true } => format!("{}\n", deprecated(problem)),
        Kind::Line | Kind::LineOnly => line(problem),
        _ => format!("{}\n", elsewhere(problem)),
    }
}

/// The problem that ended the reading of a file, on standard output in the end.
pub fn fatal(outcome: &Outcome) -> Option<String> {
    let problem = outcome.fatal.as_ref()?;
    Some(match problem.kind {
        Kind::Line | Kind::LineOnly => line(problem),
        Kind::NoLine => format!("{}\n", elsewhere(problem)),
        Kind::Deprecated { .. } => {
            format!("File uses a deprecated option or command.\n{}\n", deprecated(problem))
        }
        Kind::Other => format!("General error in input file:  {}\n", elsewhere(problem)),
        Kind::File => format!("General kickstart error in input file\n{}\n", elsewhere(problem)),
    })
}

fn line(problem: &Problem) -> String {
    let number = problem.place.as_ref().map_or(0, |(_, line)| *line);
    if problem.kind == Kind::LineOnly {
        return format!("There was a problem reading from line {number} of the kickstart file\n");
    }
    format!(
        "The following problem occurred on line {number} of the kickstart file:\n\n{}\n\n",
        harmless(&problem.message)
    )
}

fn deprecated(problem: &Problem) -> String {
    match (problem.kind, &problem.place) {
        (Kind::Deprecated { names_line: true }, Some((_, line))) => {
            format!("Ignoring deprecated words on line {line}: {}", harmless(&problem.message))
        }
        _ => elsewhere(problem),
    }
}

/// The message with its place in front, in a form that the programs do not look for: the reference names no line.
fn elsewhere(problem: &Problem) -> String {
    match &problem.place {
        Some((path, line)) if !path.as_os_str().is_empty() => {
            format!("{}:{line}: {}", harmless_line(&path.to_string_lossy()), harmless(&problem.message))
        }
        _ => harmless(&problem.message).into_owned(),
    }
}
