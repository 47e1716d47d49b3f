//! Line and column of places, at little cost when they are asked for in order.

use super::{FileId, Position, Sources};

/// Counts columns on from the last place asked for in the same line, so that many findings on one very long line
/// cost one pass over it.
#[derive(Debug)]
pub struct Places<'s> {
    sources: &'s Sources,
    /// By the number of the file.
    last: Vec<Option<Position>>,
}

impl<'s> Places<'s> {
    /// For the files of `sources`.
    pub fn new(sources: &'s Sources) -> Self {
        Places { sources, last: Vec::new() }
    }

    /// Line and column of a byte of a file.
    pub fn at(&mut self, file: FileId, offset: u32) -> Position {
        let source = self.sources.get(file);
        let line = source.lines().line(offset as usize).max(1);
        let number = file.0 as usize;
        if self.last.len() <= number {
            self.last.resize(number + 1, None);
        }
        let position = match self.last[number] {
            Some(last) if last.line == line && last.offset <= offset => {
                let between = &source.text()[last.offset as usize..offset as usize];
                Position { line, column: last.column + between.chars().count() as u32, offset }
            }
            _ => source.lines().position(source.text(), offset as usize),
        };
        self.last[number] = Some(position);
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_on_gives_the_same_place_as_counting_anew() {
        let text = "lang C\npart /\u{e9}t\u{e9} --size=1\n\nüü";
        let mut sources = Sources::new();
        let file = sources.add("x.ks", text.to_owned()).unwrap();
        let mut places = Places::new(&sources);
        let index = sources.get(file).lines();
        for (offset, _) in text.char_indices().chain(text.char_indices().rev()) {
            assert_eq!(places.at(file, offset as u32), index.position(text, offset), "at byte {offset}");
        }
    }
}
