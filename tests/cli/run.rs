//! A directory with files in it, and the program run there.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A kickstart that installs without a question, and in which nothing is to be found.
pub(crate) const COMPLETE: &str = "\
lang en_US.UTF-8
keyboard us
timezone UTC --utc
network --bootproto=dhcp --device=link --activate
rootpw --iscrypted $6$saltsalt$vrcbNHDGRQCfx1R6UDIcx.2xH34ujrddo4KEuKkZ9VPRm.SUkmGxplkjQHmFNuyMOA0TXzvCV9vQxT7UUi/wl1
url --url=https://mirror.example/os/
zerombr
ignoredisk --only-use=sda
clearpart --all --initlabel
autopart
reboot
%packages
@^minimal-environment
%end
";

/// What came out.
pub(crate) struct Output {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| {
            panic!("standard output is not JSON ({e}):\n{}\n{}", self.stdout, self.stderr)
        })
    }

    /// The codes found in all files, in order.
    pub(crate) fn codes(&self) -> Vec<String> {
        let json = self.json();
        let files = json["files"].as_array().expect("files is a list");
        let found = files.iter().flat_map(|f| f["diagnostics"].as_array().expect("diagnostics is a list"));
        found.map(|d| d["code"].as_str().expect("a code is text").to_owned()).collect()
    }
}

/// A directory that is removed in the end.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { directory: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file, with the directories it is in.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a directory"))
            .expect("directories can be made");
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// The program, to be run in this directory, with nothing of the caller's environment that it looks at.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks-lint"));
        command.current_dir(self.path()).stdin(Stdio::null());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("FORCE_COLOR");
        command.env_remove("KS_LINT_CONFIG").env_remove("KS_LINT_FORMAT");
        // What is found does not depend on the programs of this machine.
        command.env("KS_LINT_SHELLCHECK", "never");
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        finish(self.command().args(arguments))
    }

    /// Runs the program with a text on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child.stdin.take().expect("there is a pipe").write_all(input).expect("the program reads its input");
        to_output(child.wait_with_output().expect("the program ends"))
    }
}

/// Runs a command to its end. A panic of the program fails the test.
pub(crate) fn finish(command: &mut Command) -> Output {
    to_output(command.output().expect("the program starts"))
}

fn to_output(output: std::process::Output) -> Output {
    let output = Output {
        status: output.status.code().expect("the program ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    };
    assert!(!output.stderr.contains("panicked"), "the program panicked:\n{}", output.stderr);
    assert!([0, 1, 2].contains(&output.status), "exit status {}:\n{}", output.status, output.stderr);
    output
}
