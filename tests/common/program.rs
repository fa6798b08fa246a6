//! The program as a process, without the settings of whoever runs the tests.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::ffi::OsStr;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value as Json;

/// `tunescope` with these arguments.
pub fn tunescope<S: AsRef<OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tunescope"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// What stands on standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a call answers that has to succeed.
pub fn text(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The same as JSON.
pub fn json(command: &mut Command) -> Json {
    serde_json::from_str(&text(command)).unwrap()
}
