//! One thing that is done, and the operations it consists of. What is printed and what is run come from the same values.

use crate::disks::content::Reading;
use crate::disks::pool::{PoolDevice, Removal};
use crate::etc::{Choices, IdMap, Merge, Trees};
use crate::files::{Change, flush_commands, journal_commands};
use crate::machine::Command;
use crate::sync::Difference;
use crate::var;
use node_base::units::Bytes;
use std::path::{Path, PathBuf};

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Runs a program.
    Run(Command),
    /// Creates a snapshot. A thin device that an interrupted creation has left in the pool and that LVM does not know is
    /// deleted first, if it stops the command.
    CreateSnapshot {
        /// The command that creates it.
        command: Command,
        /// The pool.
        pool: PoolDevice,
    },
    /// Removes a volume. If an interrupted creation has left its device only in the pool, and that stops the command, the device
    /// is deleted first.
    RemoveVolume(Removal),
    /// Reads a base and records the checksum of its content as a tag.
    RecordContent(Box<Reading>),
    /// Changes files.
    Change(Vec<Change>),
    /// Flushes the file systems of these paths.
    Flush(Vec<PathBuf>),
    /// Flushes the file system of boot files with its journal. Blocks that other programs have freed may be reused by the next
    /// file while a boot loader, which ignores the journal, still reads the old file there.
    FlushJournal(PathBuf),
    /// Copies kernel and initramfs: from, to.
    Copy(Vec<(PathBuf, PathBuf)>),
    /// Removes a directory of kept files that no boot entry names.
    RemoveDirectory(PathBuf),
    /// Makes one tree of files equal to another.
    Synchronise(Box<Synchronisation>),
    /// Merges /etc into a new layer.
    MergeEtc(Box<EtcMerge>),
    /// Puts back what the programs of packages have changed in a merged /etc.
    RestoreEtc(Box<EtcMerge>),
    /// Gives the files of a new layer, without /etc, the owners that they have there.
    Renumber {
        /// Root of the layer.
        root: PathBuf,
        /// The numbers that are different.
        ids: IdMap,
    },
    /// Writes down what an image adds to /var when it is confirmed.
    RecordVar(Box<VarRecord>),
    /// Adds to /var what was written down.
    AddToVar(Box<VarAddition>),
    /// Puts a kept version of a file in its place in /etc; without one there, the file is removed.
    PlaceVersion {
        /// The directory with the version.
        from: PathBuf,
        /// The file's path below it, and below /etc.
        path: PathBuf,
        /// /etc.
        to: PathBuf,
    },
    /// Keeps an old device name valid until the reboot.
    Link {
        /// The old name.
        path: PathBuf,
        /// The kernel's name of the device, relative to it.
        to: PathBuf,
    },
}

/// A merge of /etc.
#[derive(Clone, Debug, PartialEq)]
pub struct EtcMerge {
    /// What is merged.
    pub(crate) trees: Trees,
    /// How.
    pub(crate) choices: Choices,
    /// /etc of the new layer.
    pub(crate) to: PathBuf,
    /// Where all versions of a conflict are kept.
    pub(crate) kept: PathBuf,
    /// Whether a conflict stops the work.
    pub(crate) stops: bool,
    /// The merge that was decided. The work decides again: /etc is in use, and other programs write there.
    pub(crate) planned: Merge,
}

/// What an image adds to /var, to be written down.
#[derive(Clone, Debug, PartialEq)]
pub struct VarRecord {
    /// What is compared: the /var of the new layer with that of this host.
    pub(crate) trees: var::VarTrees,
    /// The file that it is written to.
    pub(crate) to: PathBuf,
    /// What was found in the image. The work compares again: /var is in use, and packages add to that of the layer.
    pub(crate) planned: var::Additions,
}

/// What is added to /var.
#[derive(Clone, Debug, PartialEq)]
pub struct VarAddition {
    /// The command that shows the layer's own /var, which the live one covers.
    pub(crate) mount: Command,
    /// Where that /var is then.
    pub(crate) from: PathBuf,
    /// The live /var.
    pub(crate) to: PathBuf,
    /// The paths below it.
    pub(crate) paths: Vec<PathBuf>,
    /// The command that ends it.
    pub(crate) unmount: Command,
}

/// Two trees of files, the second of which becomes equal to the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Synchronisation {
    /// Root of the first.
    pub(crate) from: PathBuf,
    /// Root of the second.
    pub(crate) to: PathBuf,
    /// What is different.
    pub(crate) difference: Difference,
    /// The pool that the second is in: the work stops before it is full.
    pub(crate) pool: PoolDevice,
}

/// One operation of an action: a program that is run, or something that `node-layout` does itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation<'a> {
    /// Runs a program.
    Run(Command),
    /// Reads a device from beginning to end.
    Read(&'a Path),
    /// Writes or removes a file.
    Change(&'a Change),
    /// Flushes a file system, as `sync -f` does.
    Sync(&'a Path),
    /// Copies a file; the directory of the copy is made.
    Copy(&'a Path, &'a Path),
    /// Removes a directory with everything in it.
    RemoveDirectory(&'a Path),
    /// Makes a symbolic link: its path, and its target.
    Link(&'a Path, &'a Path),
    /// Merges /etc.
    MergeEtc(&'a EtcMerge),
    /// Puts back what was changed in a merged /etc since.
    RestoreEtc(&'a EtcMerge),
    /// Changes owners below a directory.
    Renumber(&'a Path, &'a IdMap),
    /// Writes down what an image adds to /var.
    RecordVar(&'a VarRecord),
    /// Copies what is missing: from, to, the paths below them.
    Add(&'a Path, &'a Path, &'a [PathBuf]),
    /// Puts a kept version of a file in its place: the directory with the version, the path below it, the directory where it is put.
    PlaceVersion(&'a Path, &'a Path, &'a Path),
    /// Makes a tree of files equal to another: from, to, and how much is different.
    Synchronise(&'a Path, &'a Path, Amount),
}

/// How much is different between two trees of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Files that are made.
    pub made: usize,
    /// Files that are changed.
    pub changed: usize,
    /// Files that are removed; a directory with everything in it counts once.
    pub removed: usize,
    /// Bytes of content that are written.
    pub bytes: Bytes,
}

impl Action {
    /// What the action consists of, in order. This is what a plan prints.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let run = |command: &Command| Operation::Run(command.clone());
        match self {
            Action::Run(command) | Action::CreateSnapshot { command, .. } => vec![run(command)],
            Action::RemoveVolume(removal) => removal.commands().map(run).collect(),
            Action::RecordContent(reading) => reading
                .before()
                .map(run)
                .chain([Operation::Read(reading.device())])
                .chain(reading.after().map(run))
                // The number is known only when the base was read.
                .chain([Operation::Run(reading.record_command("CHECKSUM"))])
                .collect(),
            Action::Change(changes) => {
                let flushes = flush_commands(changes).into_iter().map(Operation::Run);
                changes.iter().map(Operation::Change).chain(flushes).collect()
            }
            Action::Flush(paths) => paths.iter().map(|p| Operation::Sync(p)).collect(),
            Action::FlushJournal(path) => match journal_commands(path) {
                Some(commands) => commands.into_iter().map(Operation::Run).collect(),
                None => vec![Operation::Sync(path)],
            },
            Action::Copy(copies) => copies.iter().map(|(from, to)| Operation::Copy(from, to)).collect(),
            Action::RemoveDirectory(path) => vec![Operation::RemoveDirectory(path)],
            Action::Synchronise(trees) => {
                let [made, changed, removed] = trees.difference.counts();
                let amount = Amount { made, changed, removed, bytes: trees.difference.need.content() };
                // The pool is also asked while much is written.
                vec![
                    Operation::Synchronise(&trees.from, &trees.to, amount),
                    Operation::Run(trees.pool.status_command()),
                ]
            }
            Action::MergeEtc(merge) => vec![Operation::MergeEtc(merge)],
            Action::RestoreEtc(merge) => vec![Operation::RestoreEtc(merge)],
            Action::Renumber { root, ids } => vec![Operation::Renumber(root, ids)],
            Action::RecordVar(record) => vec![Operation::RecordVar(record)],
            Action::AddToVar(it) => {
                vec![run(&it.mount), Operation::Add(&it.from, &it.to, &it.paths), run(&it.unmount)]
            }
            Action::PlaceVersion { from, path, to } => vec![Operation::PlaceVersion(from, path, to)],
            Action::Link { path, to } => vec![Operation::Link(path, to)],
        }
    }

    /// The programs among its operations, in the order in which a run starts them.
    pub fn commands(&self) -> Vec<Command> {
        let command = |operation| match operation {
            Operation::Run(command) => Some(command),
            _ => None,
        };
        self.operations().into_iter().filter_map(command).collect()
    }
}
