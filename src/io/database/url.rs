//! Database URLs as SQLAlchemy, and so Optuna, writes them: `postgresql+psycopg2://user:word@host:5432/name`.

use std::fmt;
use std::path::{Path, PathBuf};

use super::DatabaseError;
use crate::study::label::{scrub, without_code};

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

impl Dialect {
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }
}

/// A word that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(word: String) -> Self {
        Self(word)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// One database. `Display` is the URL without its password and options: safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub dialect: Dialect,
    pub user: Option<String>,
    pub(super) password: Option<Secret>,
    /// Host and port; none: the local socket.
    pub hosts: Vec<(String, Option<u16>)>,
    /// The name of the database; for SQLite the path of the file.
    pub database: String,
    pub(super) query: Vec<(String, String)>,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.dialect {
            Dialect::Sqlite => return write!(f, "sqlite:///{}", scrub(&self.database)),
            Dialect::Postgres => "postgresql",
            Dialect::Mysql => "mysql",
        };
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{}", scrub(user))?;
            if self.password.is_some() {
                write!(f, ":***")?;
            }
            write!(f, "@")?;
        }
        for (i, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let host = scrub(host);
            if host.contains(':') {
                write!(f, "{comma}[{host}]")?;
            } else {
                write!(f, "{comma}{host}")?;
            }
            if let Some(port) = port {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", scrub(&self.database))
    }
}

impl Url {
    /// The URL that a source on the command line is; `None` for a path.
    #[must_use]
    pub fn of(source: &Path) -> Option<Result<Self, DatabaseError>> {
        let text = source.to_str()?;
        is_url(text).then(|| Self::parse(text))
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// The scheme is none that can be read, or there is no database in it. The message holds no password.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        let bad = |reason: &str| DatabaseError::BadUrl {
            place: hide(text),
            reason: reason.to_owned(),
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("is no URL"))?;
        let dialect = dialect_of(scheme).ok_or_else(|| {
            bad("databases are read from sqlite:///FILE, postgresql://… and mysql://… (also as SQLAlchemy writes \
                 them, postgresql+psycopg2://…)")
        })?;
        if dialect == Dialect::Sqlite {
            return sqlite(rest).ok_or_else(|| {
                bad("has no file in it; write sqlite:///relative.db or sqlite:////absolute/path.db")
            });
        }
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = before.split_once('/').unwrap_or((before, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let (user, password) = match login.map(|l| l.split_once(':').unwrap_or((l, ""))) {
            Some((user, word)) => (
                Some(decoded(user)).filter(|u| !u.is_empty()),
                Some(decoded(word)).filter(|w| !w.is_empty()),
            ),
            None => (None, None),
        };
        let mut url = Self {
            dialect,
            user,
            password: password.map(Secret::new),
            hosts: hosts
                .split(',')
                .filter(|h| !h.is_empty())
                .map(host_of)
                .collect::<Option<_>>()
                .ok_or_else(|| bad("has a port that is no number"))?,
            database: decoded(database),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(k, v)| (k.to_owned(), decoded(v)))
                .collect(),
        };
        url.take_query();
        if url.database.is_empty() && dialect == Dialect::Mysql {
            return Err(bad("has no database in it; write mysql://user@host/DATABASE"));
        }
        Ok(url)
    }

    /// What libpq and the MySQL drivers also take from the query: host, user, password, database.
    fn take_query(&mut self) {
        let take = |url: &mut Self, names: &[&str]| {
            let at = url.query.iter().position(|(k, _)| names.contains(&k.as_str()))?;
            Some(url.query.remove(at).1)
        };
        if let Some(host) = take(self, &["host", "unix_socket"]) {
            let port = take(self, &["port"]).and_then(|p| p.parse().ok());
            let known = self.hosts.first().and_then(|(_, port)| *port);
            self.hosts = vec![(host, port.or(known))];
        }
        if let Some(user) = take(self, &["user"]) {
            self.user.get_or_insert(user);
        }
        if let Some(word) = take(self, &["password", "passwd"]) {
            self.password.get_or_insert(Secret::new(word));
        }
        if let Some(name) = take(self, &["dbname"])
            && self.database.is_empty()
        {
            self.database = name;
        }
    }

    /// The value of an option of the query.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.as_str())
    }

    /// What a driver said, without the password should it be in there.
    pub(super) fn without_password(&self, text: &str) -> String {
        let text = match &self.password {
            Some(word) if word.reveal().len() > 2 => text.replace(word.reveal(), "***"),
            _ => text.to_owned(),
        };
        scrub(&without_code(&text))
    }
}

/// Whether a source on the command line is a URL rather than a path.
#[must_use]
pub fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// Whether a URL has the scheme of a database that can be read.
#[must_use]
pub fn is_database(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| dialect_of(scheme).is_some())
}

/// How a source is named to people: a path as it is, a URL without its password.
#[must_use]
pub fn shown(source: &Path) -> String {
    match Url::of(source) {
        Some(Ok(url)) => url.to_string(),
        Some(Err(_)) => hide(&source.to_string_lossy()),
        None => source.to_string_lossy().into_owned(),
    }
}

/// A file name for what belongs to a source: the path itself, or for a server something like `host-database`.
#[must_use]
pub fn file_of(source: &Path) -> PathBuf {
    match Url::of(source) {
        Some(Ok(url)) if url.dialect == Dialect::Sqlite => PathBuf::from(url.database),
        Some(Ok(url)) => {
            let host = url.hosts.first().map_or("localhost", |(h, _)| h.as_str());
            let name: String = format!("{host}-{}", url.database)
                .chars()
                .map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' })
                .collect();
            PathBuf::from(name.trim_matches('-'))
        }
        _ => source.to_owned(),
    }
}

fn dialect_of(scheme: &str) -> Option<Dialect> {
    let name = scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase();
    Some(match name.as_str() {
        "sqlite" => Dialect::Sqlite,
        "postgresql" | "postgres" | "cockroachdb" => Dialect::Postgres,
        "mysql" | "mariadb" => Dialect::Mysql,
        _ => return None,
    })
}

/// After `sqlite://`: `/relative`, `//absolute`, either with options. SQLAlchemy does not decode the path.
fn sqlite(rest: &str) -> Option<Url> {
    let (path, _) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.strip_prefix('/')?;
    // `sqlite:///file:name.db?uri=true`
    let path = path.strip_prefix("file:").unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| Url {
        dialect: Dialect::Sqlite,
        user: None,
        password: None,
        hosts: Vec::new(),
        database: path.to_owned(),
        query: Vec::new(),
    })
}

fn host_of(text: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        return Some((host.to_owned(), port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Some((decoded(host), Some(port.parse().ok()?))),
        None => Some((decoded(text), None)),
    }
}

/// Percent-encoding undone.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (byte, hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text that may hold a password where a URL has one, without it. Also for URLs that are not understood.
#[must_use]
pub fn hide(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return scrub(text);
    };
    let rest = rest.split('?').next().unwrap_or(rest);
    let shown = match rest.rsplit_once('@') {
        Some((login, after)) => match login.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{after}"),
            None => format!("{scheme}://{login}@{after}"),
        },
        None => format!("{scheme}://{rest}"),
    };
    scrub(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_paths_are_those_of_sqlalchemy() {
        for (text, path) in [
            ("sqlite:///a.db", "a.db"),
            ("sqlite:////tmp/a%20b.db", "/tmp/a%20b.db"),
            ("sqlite+pysqlite:///x/y.db?timeout=5", "x/y.db"),
            ("sqlite:///file:x.db?mode=ro&uri=true", "x.db"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.dialect, url.database.as_str()), (Dialect::Sqlite, path));
        }
        assert!(Url::parse("sqlite://").is_err() && Url::parse("sqlite:///:memory:").is_err());
        assert!(Url::of(Path::new("a/b.db")).is_none());
    }

    #[test]
    fn a_server_url_is_taken_apart_and_its_password_is_never_shown() {
        let url = Url::parse("postgresql+psycopg2://me:p%40s:s@[::1]:5433/tune?sslmode=require").unwrap();
        assert_eq!(url.user.as_deref(), Some("me"));
        assert_eq!(url.password.as_ref().unwrap().reveal(), "p@s:s");
        assert_eq!(url.hosts, [("::1".to_owned(), Some(5433))]);
        assert_eq!(url.database, "tune");
        assert_eq!(url.option("sslmode"), Some("require"));
        assert_eq!(url.to_string(), "postgresql://me:***@[::1]:5433/tune");
        assert!(!format!("{url:?}").contains("p@s"));
        assert_eq!(url.without_password("bad word p@s:s here"), "bad word *** here");
    }

    #[test]
    fn sockets_and_logins_may_stand_in_the_query() {
        let url = Url::parse("postgresql:///tune?host=/run/pg&port=5434&user=me&password=secret").unwrap();
        assert_eq!(url.hosts, [("/run/pg".to_owned(), Some(5434))]);
        assert_eq!(url.to_string(), "postgresql://me:***@/run/pg:5434/tune");
        let url = Url::parse("mysql+pymysql://root@localhost/t?unix_socket=/tmp/m.sock").unwrap();
        assert_eq!(url.hosts, [("/tmp/m.sock".to_owned(), None)]);
        assert!(url.password.is_none());
    }

    #[test]
    fn what_is_not_understood_is_refused_without_its_password() {
        for text in [
            "oracle://scott:tiger@db/x",
            "mysql://scott:tiger@db",
            "postgresql://scott:tiger@db:port/x?password=tiger",
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(!error.contains("tiger"), "{error}");
            assert!(error.contains("scott:***@db"), "{error}");
        }
        assert_eq!(hide("postgresql://a:b@c@h/x"), "postgresql://a:***@h/x");
        assert!(!is_url("C://x") && !is_url("a b://x") && is_url("postgresql://x"));
    }
}
