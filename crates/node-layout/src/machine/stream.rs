//! A program whose output is read while it runs.

use super::tools::ToolError;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command as Process, Stdio};

/// The output of a program that reads a file. At its end the program must have succeeded. Dropped earlier, it is killed.
pub(super) struct Stream {
    command: String,
    child: Child,
    output: ChildStdout,
    ended: bool,
}

impl Stream {
    /// Starts the program.
    pub(super) fn start(
        mut process: Process,
        program: &'static str,
        command: String,
        input: File,
    ) -> Result<Stream, ToolError> {
        // Its messages would fill a pipe that nobody reads.
        process.stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => ToolError::Missing(program),
            _ => ToolError::Start { program, error },
        };
        let mut child = process.spawn().map_err(failed)?;
        let Some(output) = child.stdout.take() else {
            return Err(ToolError::Start { program, error: io::Error::other("it has no standard output") });
        };
        Ok(Stream { command, child, output, ended: false })
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.output.read(buffer)?;
        if n == 0 && !buffer.is_empty() && !self.ended {
            let status = self.child.wait()?;
            self.ended = true;
            if !status.success() {
                let why = format!(
                    "`{}` failed ({status}): its input is damaged, or of a kind that it does not read",
                    self.command
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        Ok(n)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
