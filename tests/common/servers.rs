//! Real database servers, for one test program: in a folder of their own, on a free port of the loopback, as a user
//! that is not root. Where a server or its Python driver is not installed the tests say so and pass, except with
//! `TUNESCOPE_REQUIRE_PEERS=1`, where they fail.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::peer::python;
use super::peer::skip::skipped;

/// The password that nobody may ever see.
pub const SECRET: &str = "open-sesame";
/// Everybody's user of last resort.
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(90);

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    _folder: tempfile::TempDir,
    /// With the password, as Optuna takes it.
    pub url: String,
    /// As it may be shown.
    pub shown: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has_module(name: &str) -> bool {
    python()
        .args(["-c", &format!("import optuna, {name}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// A program by its name, also where distributions hide it.
fn program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(versions.map(|v| v.path().join("bin")));
    folders.extend(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.into_iter().map(|f| f.join(name)).find(|p| p.exists())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A command as somebody who is not root: database servers refuse to run as root.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < until, "{what} does not come up");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A PostgreSQL server with an empty database.
pub fn postgres() -> Option<Server> {
    let (Some(initdb), Some(server)) = (program("initdb"), program("postgres")) else {
        skipped("there is no PostgreSQL server (Debian: apt-get install postgresql)");
        return None;
    };
    if !has_module("psycopg2") {
        skipped("the Python has no psycopg2 (pip install psycopg2-binary; set TUNESCOPE_PYTHON)");
        return None;
    }
    let folder = folder();
    let data = folder.path().join("data");
    let word = folder.path().join("word");
    fs::write(&word, SECRET).unwrap();
    let made = unprivileged(&initdb, folder.path())
        .args([
            "--username=tuner",
            "--auth=scram-sha-256",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .arg(format!("--pwfile={}", word.display()))
        .arg(format!("--pgdata={}", data.display()))
        .status();
    assert!(made.unwrap().success(), "initdb failed");
    let port = free_port();
    let child = unprivileged(&server, folder.path())
        .arg("-D")
        .arg(&data)
        .args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ])
        .arg("-k")
        .arg(folder.path())
        .spawn()
        .unwrap();
    let login = format!("tuner:{SECRET}@127.0.0.1:{port}/postgres");
    let started = Server {
        child,
        _folder: folder,
        url: format!("postgresql+psycopg2://{login}"),
        shown: format!("postgresql://tuner:***@127.0.0.1:{port}/postgres"),
    };
    let url = format!("postgresql://{login}");
    wait_for("PostgreSQL", || {
        postgres::Client::connect(&url, postgres::NoTls).is_ok()
    });
    Some(started)
}

/// A MariaDB (or MySQL) server with an empty database.
pub fn mysql() -> Option<Server> {
    let (Some(install), Some(server)) = (program("mariadb-install-db"), program("mariadbd")) else {
        skipped("there is no MariaDB server (Debian: apt-get install mariadb-server)");
        return None;
    };
    if !has_module("pymysql") {
        skipped("the Python has no PyMySQL (pip install pymysql; set TUNESCOPE_PYTHON)");
        return None;
    }
    let folder = folder();
    let data = folder.path().join("data");
    let made = unprivileged(&install, folder.path())
        .args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ])
        .arg(format!("--datadir={}", data.display()))
        .status();
    assert!(made.unwrap().success(), "mariadb-install-db failed");
    let port = free_port();
    let socket = folder.path().join("m.sock");
    let child = unprivileged(&server, folder.path())
        .args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
        ])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--port={port}"))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", folder.path().join("m.pid").display()))
        .spawn()
        .unwrap();
    let started = Server {
        child,
        _folder: folder,
        url: format!("mysql+pymysql://tuner:{SECRET}@127.0.0.1:{port}/tune"),
        shown: format!("mysql://tuner:***@127.0.0.1:{port}/tune"),
    };
    let root = || {
        let options = mysql::OptsBuilder::new()
            .user(Some("root"))
            .socket(socket.to_str());
        mysql::Conn::new(options).ok()
    };
    let mut conn = None;
    wait_for("MariaDB", || {
        conn = root();
        conn.is_some()
    });
    let mut conn = conn.unwrap();
    for statement in [
        "CREATE DATABASE tune".to_owned(),
        format!("CREATE USER 'tuner'@'%' IDENTIFIED BY '{SECRET}'"),
        "GRANT ALL ON tune.* TO 'tuner'@'%'".to_owned(),
    ] {
        mysql::prelude::Queryable::query_drop(&mut conn, statement).unwrap();
    }
    Some(started)
}
