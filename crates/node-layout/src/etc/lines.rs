//! Merging sequences that have a common ancestor, as `git merge-file` does.

use imara_diff::{Algorithm, Diff, Interner, NoSliderHeuristic, Token};
use std::hash::Hash;
use std::ops::Range;

/// A part of a merge. The parts are in the order of the sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// All three have it; the range is that of ours.
    Same(Range<usize>),
    /// Only ours has changed it, or both have changed it alike; the range is that of ours.
    Ours(Range<usize>),
    /// Only theirs has changed it; the range is that of theirs.
    Theirs(Range<usize>),
    /// Both have changed it in different ways.
    Conflict {
        /// The range of the ancestor.
        base: Range<usize>,
        /// The range of ours.
        ours: Range<usize>,
        /// The range of theirs.
        theirs: Range<usize>,
    },
}

/// What a merge of two texts has become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// The text. A conflict has all three versions between marks.
    pub(crate) text: Vec<u8>,
    /// Number of conflicts.
    pub(crate) conflicts: usize,
}

/// A change of one side: what is replaced in the ancestor, and by what.
pub(super) type Hunk = (Range<usize>, Range<usize>);

/// Compares three sequences. Two different changes are a conflict if they touch, that is, if not one element between them is kept
/// by both sides.
pub(super) fn diff3<T: Eq + Hash>(base: &[T], ours: &[T], theirs: &[T]) -> Vec<Region> {
    let mut interner: Interner<&T> = Interner::new(base.len());
    let [of_base, of_ours, of_theirs] =
        [base, ours, theirs].map(|all| all.iter().map(|e| interner.intern(e)).collect::<Vec<Token>>());
    let tokens = interner.num_tokens();
    let (by_ours, by_theirs) = (hunks(&of_base, &of_ours, tokens), hunks(&of_base, &of_theirs, tokens));
    let (mut by_ours, mut by_theirs) = (by_ours.into_iter().peekable(), by_theirs.into_iter().peekable());
    let mut regions = Vec::new();
    // Where the next element that all have is, in each of the three.
    let (mut at, mut at_ours, mut at_theirs) = (0, 0, 0);
    loop {
        let starts = [&mut by_ours, &mut by_theirs].map(|hunks| hunks.peek().map(|(before, _)| before.start));
        let Some(start) = starts.into_iter().flatten().min() else { break };
        if start > at {
            let length = start - at;
            regions.push(Region::Same(at_ours..at_ours + length));
            (at_ours, at_theirs) = (at_ours + length, at_theirs + length);
        }
        // Everything that touches.
        let mut end = start;
        let mut counts = [0, 0];
        // By how much each side is longer than the ancestor here.
        let mut added = [0, 0];
        let mut removed = [0, 0];
        loop {
            let mut more = false;
            for (side, hunks) in [&mut by_ours, &mut by_theirs].into_iter().enumerate() {
                while let Some((before, after)) = hunks.next_if(|(before, _)| before.start <= end) {
                    end = end.max(before.end);
                    counts[side] += 1;
                    added[side] += after.len();
                    removed[side] += before.len();
                    more = true;
                }
            }
            if !more {
                break;
            }
        }
        let length = |side: usize| end - start + added[side] - removed[side];
        let base_range = start..end;
        let ours_range = at_ours..at_ours + length(0);
        let theirs_range = at_theirs..at_theirs + length(1);
        (at, at_ours, at_theirs) = (end, ours_range.end, theirs_range.end);
        regions.push(match counts {
            [_, 0] => Region::Ours(ours_range),
            [0, _] => Region::Theirs(theirs_range),
            _ if ours[ours_range.clone()] == theirs[theirs_range.clone()] => Region::Ours(ours_range),
            _ => Region::Conflict { base: base_range, ours: ours_range, theirs: theirs_range },
        });
    }
    if at_ours < ours.len() {
        regions.push(Region::Same(at_ours..ours.len()));
    }
    regions
}

/// What has changed from one sequence to another.
fn hunks(before: &[Token], after: &[Token], tokens: u32) -> Vec<Hunk> {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, tokens);
    diff.postprocess_with(before, after, NoSliderHeuristic);
    let range = |r: Range<u32>| r.start as usize..r.end as usize;
    diff.hunks().map(|hunk| (range(hunk.before), range(hunk.after))).collect()
}

/// What has changed from one sequence to another.
pub(super) fn diff<T: Eq + Hash>(before: &[T], after: &[T]) -> Vec<Hunk> {
    let mut interner: Interner<&T> = Interner::new(before.len());
    let [before, after] =
        [before, after].map(|all| all.iter().map(|e| interner.intern(e)).collect::<Vec<Token>>());
    hunks(&before, &after, interner.num_tokens())
}

/// The lines of a text, each with its line end.
pub(super) fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Merges two texts line by line.
pub(super) fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merged {
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let mut merged = Merged::default();
    for region in diff3(&base, &ours, &theirs) {
        match region {
            Region::Same(range) | Region::Ours(range) => merged.add(&ours[range]),
            Region::Theirs(range) => merged.add(&theirs[range]),
            Region::Conflict { base: b, ours: o, theirs: t } => {
                merged.conflict(&base[b], &ours[o], &theirs[t]);
            }
        }
    }
    merged
}

/// Merges two texts line by line; `None` if there is a conflict.
pub(crate) fn merge_lines(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let merged = merge(base, ours, theirs);
    (merged.conflicts == 0).then_some(merged.text)
}

/// Whether a text still has a mark of a conflict.
pub(crate) fn has_marks(text: &[u8]) -> bool {
    lines(text).iter().any(|line| MARKS.iter().any(|mark| line.trim_ascii_end() == mark.trim_ascii_end()))
}

/// The marks around the versions of a conflict.
const MARKS: [&[u8]; 4] =
    [b"<<<<<<< this host\n", b"||||||| old image\n", b"=======\n", b">>>>>>> new image\n"];

impl Merged {
    /// Adds lines. The one before them gets a line end if it has none.
    pub(super) fn add<L: AsRef<[u8]>>(&mut self, lines: &[L]) {
        for line in lines.iter().map(AsRef::as_ref).filter(|line| !line.is_empty()) {
            if self.text.last().is_some_and(|last| *last != b'\n') {
                self.text.push(b'\n');
            }
            self.text.extend(line);
        }
    }

    /// Adds a conflict with its marks.
    pub(super) fn conflict<L: AsRef<[u8]>>(&mut self, base: &[L], ours: &[L], theirs: &[L]) {
        self.conflicts += 1;
        let [begin, of_base, of_theirs, end] = MARKS;
        self.add(&[begin]);
        self.add(ours);
        self.add(&[of_base]);
        self.add(base);
        self.add(&[of_theirs]);
        self.add(theirs);
        self.add(&[end]);
    }
}
