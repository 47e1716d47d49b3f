//! The content of two files: which bytes of one must be written into the other, and where it gets holes.

use super::metadata::Metadata;
use rustix::fs::{FallocateFlags, SeekFrom, fallocate, seek};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// The unit of comparing and writing, in bytes: the block size of ext4 and XFS.
pub(super) const BLOCK: u64 = 4 << 10;
/// The most chunks of a pool that a file which is written anew can have.
const MOST_CHUNKS: u64 = 16;
/// How much is read at once, in bytes.
pub(super) const WINDOW: usize = 256 << 10;
static ZEROS: [u8; WINDOW] = [0; WINDOW];

/// What has to be written into a file so that it has the content of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Patch {
    /// Bytes to be copied, in order.
    pub(super) writes: Vec<Range<u64>>,
    /// Bytes that become holes, in order.
    pub(super) holes: Vec<Range<u64>>,
    /// Whether the size changes.
    pub(super) resize: bool,
}

impl Patch {
    /// Whether the content is the same already.
    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.holes.is_empty() && !self.resize
    }

    /// Whether the whole content takes less of a pool with these chunks, in bytes, when it is written to a new place, where it
    /// follows that of other files. In place each write takes a chunk more than its own bytes on the average, if nothing beside it
    /// is different. Large files stay where they are: there the difference is small, and the old place may not become free.
    pub(super) fn is_better_whole(&self, source: &Metadata, chunk: u64) -> bool {
        let more = chunk.saturating_sub(BLOCK);
        let size = source.allocated.min(source.size).next_multiple_of(BLOCK);
        let write = |r: &Range<u64>| (r.end - r.start).next_multiple_of(BLOCK) + more;
        let in_place = self.writes.iter().map(write).sum::<u64>().min(size + more);
        !self.writes.is_empty() && size <= MOST_CHUNKS * chunk && size + chunk / 2 <= in_place
    }
}

/// Two buffers for reading.
pub(super) struct Buffers(Vec<u8>, Vec<u8>);

impl Default for Buffers {
    fn default() -> Buffers {
        Buffers(vec![0; WINDOW], vec![0; WINDOW])
    }
}

/// A file that is read.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) file: &'a File,
    pub(super) metadata: &'a Metadata,
}

/// Compares the content of `source` with that of `target`. Only blocks that differ are to be written; what is a hole in the
/// source becomes one in the target. (Reading holes costs nothing but the question where they are.)
///
/// # Errors
/// The kernel's.
pub(super) fn compare(source: Side<'_>, target: Side<'_>, buffers: &mut Buffers) -> io::Result<Patch> {
    let mut patch = Patch { resize: source.metadata.size != target.metadata.size, ..Patch::default() };
    let mut of_source = Extents::new(source);
    let mut of_target = Extents::new(target);
    let end = source.metadata.size;
    let mut at = 0;
    while at < end {
        let (source_has_data, source_until) = of_source.at(at)?;
        let (target_has_data, target_until) = of_target.at(at)?;
        let until = source_until.min(target_until).min(end);
        if !source_has_data {
            if target_has_data {
                extend(&mut patch.holes, at..until.min(target.metadata.size));
            }
            at = until;
            continue;
        }
        let until = until.min(at + WINDOW as u64);
        let Ok(length) = usize::try_from(until - at) else { return Err(io::ErrorKind::FileTooLarge.into()) };
        let wanted = &mut buffers.0[..length];
        source.file.read_exact_at(wanted, at)?;
        let present = if target_has_data {
            let present = &mut buffers.1[..length];
            let read = read_up_to(target.file, present, at)?;
            // Beyond its end the file gets zeros when it becomes larger.
            present[read..].fill(0);
            &*present
        } else {
            &ZEROS[..length]
        };
        if wanted != present {
            differing_blocks(wanted, present, at, source.metadata.is_sparse(), &mut patch);
        }
        at = until;
    }
    Ok(patch)
}

/// Adds the blocks that differ. In a sparse file a block of zeros becomes a hole: squashfs knows how much of a file is holes, and
/// does not say where.
fn differing_blocks(wanted: &[u8], present: &[u8], at: u64, sparse: bool, patch: &mut Patch) {
    let mut start = at;
    let block = usize::try_from(BLOCK).unwrap_or(WINDOW);
    for (wanted, present) in wanted.chunks(block).zip(present.chunks(block)) {
        let end = start + wanted.len() as u64;
        if wanted != present {
            let hole = sparse && wanted == &ZEROS[..wanted.len()];
            extend(if hole { &mut patch.holes } else { &mut patch.writes }, start..end);
        }
        start = end;
    }
}

/// Adds a range behind the others; one that continues the last becomes a part of it.
fn extend(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    if range.is_empty() {
        return;
    }
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// Reads until the buffer is full or the file ends.
fn read_up_to(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read_at(&mut buffer[n..], at + n as u64) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

/// Where a file has data and where it has holes.
struct Extents<'a> {
    side: Side<'a>,
    /// The last answer: data or hole, from where, to where.
    last: (bool, Range<u64>),
}

impl<'a> Extents<'a> {
    fn new(side: Side<'a>) -> Extents<'a> {
        Extents { side, last: (false, 0..0) }
    }

    /// Whether the file has data at `at`, and up to where the answer holds: a multiple of [`BLOCK`], or more than the file's
    /// size. `at` is a multiple of [`BLOCK`], too. Nothing follows the file's end.
    fn at(&mut self, at: u64) -> io::Result<(bool, u64)> {
        let size = self.side.metadata.size;
        if at >= size {
            return Ok((false, u64::MAX));
        }
        if !self.side.metadata.is_sparse() {
            return Ok((true, size.next_multiple_of(BLOCK)));
        }
        if !self.last.1.contains(&at) {
            self.last = self.look(at)?;
        }
        Ok((self.last.0, self.last.1.end))
    }

    fn look(&self, at: u64) -> io::Result<(bool, Range<u64>)> {
        let size = self.side.metadata.size;
        let data = match seek(self.side.file, SeekFrom::Data(at)) {
            Ok(data) => data,
            // A hole up to the end.
            Err(rustix::io::Errno::NXIO) => return Ok((false, at..u64::MAX)),
            // The file system does not know.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => {
                return Ok((true, at..size.next_multiple_of(BLOCK)));
            }
            Err(error) => return Err(error.into()),
        };
        let first = data - data % BLOCK;
        if first > at {
            return Ok((false, at..first));
        }
        let hole = seek(self.side.file, SeekFrom::Hole(data.max(at)))?;
        Ok((true, at..hole.max(at + 1).next_multiple_of(BLOCK)))
    }
}

/// Copies the content of `source` into the new, empty file `target`; holes stay holes. `written` is told of every part.
///
/// # Errors
/// The kernel's, or that of `written`.
pub(super) fn fill<E: From<io::Error>>(
    source: Side<'_>,
    target: &File,
    buffers: &mut Buffers,
    written: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    let size = source.metadata.size;
    rustix::fs::ftruncate(target, size).map_err(io::Error::from)?;
    let mut extents = Extents::new(source);
    let mut at = 0;
    while at < size {
        let (has_data, until) = extents.at(at)?;
        let until = until.min(size);
        if has_data {
            copy_range(source, target, at..until, source.metadata.is_sparse(), buffers, written)?;
        }
        at = until;
    }
    Ok(())
}

/// Writes what a patch says.
///
/// # Errors
/// The kernel's, or that of `written`.
pub(super) fn patch<E: From<io::Error>>(
    source: Side<'_>,
    target: &File,
    patch: &Patch,
    buffers: &mut Buffers,
    written: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    if patch.resize {
        rustix::fs::ftruncate(target, source.metadata.size).map_err(io::Error::from)?;
    }
    for hole in &patch.holes {
        let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        // Only whole blocks become free; behind the end of the file is nothing.
        match fallocate(target, punch, hole.start, hole.end.next_multiple_of(BLOCK) - hole.start) {
            // The file system has no holes.
            Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOSYS) => {
                copy_range(source, target, hole.clone(), false, buffers, written)?;
            }
            punched => punched.map_err(io::Error::from)?,
        }
    }
    for range in &patch.writes {
        copy_range(source, target, range.clone(), false, buffers, written)?;
    }
    Ok(())
}

/// Copies a range of bytes. With `skip_zeros` blocks of zeros are left out.
fn copy_range<E: From<io::Error>>(
    source: Side<'_>,
    target: &File,
    range: Range<u64>,
    skip_zeros: bool,
    buffers: &mut Buffers,
    written: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    let mut at = range.start;
    while at < range.end {
        let length = usize::try_from(range.end - at).unwrap_or(WINDOW).min(WINDOW);
        let bytes = &mut buffers.0[..length];
        source.file.read_exact_at(bytes, at)?;
        let mut parts = Vec::new();
        if skip_zeros {
            parts = data_parts(bytes);
        } else {
            parts.push(0..length);
        }
        for part in parts {
            target.write_all_at(&bytes[part.clone()], at + part.start as u64)?;
            written(part.len() as u64)?;
        }
        at += length as u64;
    }
    Ok(())
}

/// The parts of a window that are not blocks of zeros.
fn data_parts(bytes: &[u8]) -> Vec<Range<usize>> {
    let block = usize::try_from(BLOCK).unwrap_or(WINDOW);
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (number, part) in bytes.chunks(block).enumerate() {
        if part == &ZEROS[..part.len()] {
            continue;
        }
        let start = number * block;
        match parts.last_mut() {
            Some(last) if last.end == start => last.end = start + part.len(),
            _ => parts.push(start..start + part.len()),
        }
    }
    parts
}
