//! A MySQL or MariaDB server.

use std::borrow::Cow;
use std::path::Path;

use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Error as MyError, Opts, OptsBuilder, Params, SslOpts, Value};

use super::{CONNECT, Cell, Connection, DatabaseError, Dialect, EachRow, STATEMENT, Url, Work, ended};

/// A server and, between two transactions, the connection to it.
pub struct Mysql {
    url: Url,
    conn: Option<Conn>,
}

impl std::fmt::Debug for Mysql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mysql({})", self.url)
    }
}

impl Mysql {
    pub(super) fn new(url: &Url) -> Self {
        Self {
            url: url.clone(),
            conn: None,
        }
    }

    /// One transaction; a connection that was lost since the last one is made anew first.
    pub(super) fn transaction(&mut self, work: &mut Work<'_>, is_read: bool) -> Result<(), DatabaseError> {
        let known = self
            .conn
            .take()
            .and_then(|mut conn| conn.ping().is_ok().then_some(conn));
        let mut conn = match known {
            Some(conn) => conn,
            None => self.connect()?,
        };
        let url = &self.url;
        let begin = if is_read {
            [
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION READ ONLY",
            ]
        } else {
            [
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
                "START TRANSACTION",
            ]
        };
        for statement in begin {
            conn.query_drop(statement).map_err(|e| said(url, &e))?;
        }
        let mut inside = Inside { url, conn: &mut conn };
        let outcome = work(&mut inside);
        let (outcome, is_usable) = ended(outcome, |word| conn.query_drop(word).map_err(|e| said(url, &e)));
        self.conn = Some(conn).filter(|_| is_usable);
        outcome
    }

    fn connect(&self) -> Result<Conn, DatabaseError> {
        let unreachable = |e: MyError| DatabaseError::Unreachable {
            place: self.url.to_string(),
            reason: self.url.without_password(&words(&e)),
        };
        let mut conn = Conn::new(self.options()).map_err(unreachable)?;
        let seconds = STATEMENT.as_secs();
        conn.query_drop(format!("SET innodb_lock_wait_timeout = {seconds}"))
            .map_err(|e| said(&self.url, &e))?;
        Ok(conn)
    }

    fn options(&self) -> Opts {
        let url = &self.url;
        let (host, port) = url
            .hosts
            .first()
            .cloned()
            .unwrap_or_else(|| ("localhost".to_owned(), None));
        let user = url.user.clone().or_else(|| std::env::var("USER").ok());
        let password = url
            .password
            .as_ref()
            .map(|p| p.reveal().to_owned())
            .or_else(|| std::env::var("MYSQL_PWD").ok());
        let mut options = OptsBuilder::new()
            .user(user)
            .pass(password)
            .db_name(Some(url.database.clone()))
            .prefer_socket(false)
            .tcp_connect_timeout(Some(CONNECT))
            .read_timeout(Some(STATEMENT))
            .write_timeout(Some(STATEMENT))
            // Rows that an UPDATE finds count, also where it changes nothing in them.
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .ssl_opts(self.ssl());
        options = if host.starts_with('/') {
            options.socket(Some(host))
        } else {
            options.ip_or_hostname(Some(host)).tcp_port(port.unwrap_or(3306))
        };
        options.into()
    }

    /// The names of `PyMySQL`, `mysqlclient` and `mysql-connector`. Without any of them the line is plain, as theirs.
    fn ssl(&self) -> Option<SslOpts> {
        let option = |names: &[&str]| names.iter().find_map(|n| self.url.option(n));
        let is_true = |text: &str| matches!(text, "1" | "true" | "True" | "yes");
        let roots = option(&["ssl_ca", "ssl-ca"]);
        let mode = option(&["ssl_mode", "ssl-mode"]).map(str::to_ascii_uppercase);
        let is_asked = option(&["ssl"]).is_some_and(is_true)
            || mode
                .as_deref()
                .is_some_and(|m| m != "DISABLED" && m != "PREFERRED");
        if roots.is_none() && !is_asked {
            return None;
        }
        let checks_host = option(&["ssl_verify_identity", "ssl_check_hostname"]).is_some_and(is_true)
            || mode.as_deref() == Some("VERIFY_IDENTITY");
        Some(
            SslOpts::default()
                .with_root_cert_path(roots.map(|p| Cow::Owned(Path::new(p).to_owned())))
                .with_danger_skip_domain_validation(!checks_host)
                .with_danger_accept_invalid_certs(roots.is_none()),
        )
    }
}

/// What the driver or the server said, without the name of the type that it came in.
fn words(error: &MyError) -> String {
    match error {
        MyError::MySqlError(server) => server.message.clone(),
        MyError::DriverError(DriverError::CouldNotConnect(Some((_, said, _)))) => said.clone(),
        MyError::DriverError(error) => error.to_string(),
        MyError::IoError(error) => error.to_string(),
        MyError::CodecError(error) => error.to_string(),
        MyError::UrlError(error) => error.to_string(),
        other => {
            // `TlsError { … }`
            let text = other.to_string();
            let inner = text
                .split_once(" { ")
                .and_then(|(_, inner)| inner.strip_suffix(" }"));
            inner.map_or_else(|| text.clone(), str::to_owned)
        }
    }
}

fn said(url: &Url, error: &MyError) -> DatabaseError {
    let place = url.to_string();
    match error {
        MyError::MySqlError(server) => {
            let reason = url.without_password(&server.message);
            match server.code {
                // Deadlock.
                1213 => DatabaseError::Conflict { place, reason },
                // Lock wait timeout, statement timeout.
                1205 | 1969 | 3024 => DatabaseError::Busy {
                    place,
                    seconds: STATEMENT.as_secs(),
                },
                // Shutdown, connection killed, idle for too long.
                1053 | 1927 | 4031 => DatabaseError::Lost { place, reason },
                _ => DatabaseError::Refused { place, reason },
            }
        }
        other => DatabaseError::Lost {
            place,
            reason: url.without_password(&words(other)),
        },
    }
}

/// An open transaction.
struct Inside<'a> {
    url: &'a Url,
    conn: &'a mut Conn,
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::NULL,
        Cell::Int(i) => Value::Int(*i),
        Cell::Real(x) => Value::Double(*x),
        Cell::Text(text) => Value::Bytes(text.as_bytes().to_vec()),
        Cell::Moment(t) => Value::Bytes(crate::io::time::naive_text(*t).into_bytes()),
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::NULL => Cell::Null,
        Value::Int(i) => Cell::Int(*i),
        Value::UInt(i) => i64::try_from(*i).map_or(Cell::Null, Cell::Int),
        // The shortest decimal of the f32 is what was meant, not its binary expansion.
        Value::Float(x) => x.to_string().parse().map_or(Cell::Null, Cell::Real),
        Value::Double(x) => Cell::Real(*x),
        Value::Bytes(bytes) => Cell::Text(String::from_utf8_lossy(bytes)),
        Value::Date(year, month, day, hour, minute, second, micro) => {
            let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micro:06}");
            crate::io::time::parse_naive(&text).map_or(Cell::Null, Cell::Moment)
        }
        Value::Time(..) => Cell::Null,
    }
}

fn parameters(arguments: &[Cell<'_>]) -> Params {
    if arguments.is_empty() {
        Params::Empty
    } else {
        Params::Positional(arguments.iter().map(value).collect())
    }
}

impl Connection for Inside<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn each(
        &mut self,
        sql: &str,
        arguments: &[Cell<'_>],
        row: &mut EachRow<'_>,
    ) -> Result<(), DatabaseError> {
        let said = |e: MyError| said(self.url, &e);
        let rows = self.conn.exec_iter(sql, parameters(arguments)).map_err(said)?;
        for found in rows {
            let values = found.map_err(said)?.unwrap();
            let cells: Vec<Cell<'_>> = values.iter().map(cell).collect();
            row(&cells);
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, arguments: &[Cell<'_>]) -> Result<u64, DatabaseError> {
        let answer = self
            .conn
            .exec_iter(sql, parameters(arguments))
            .map_err(|e| said(self.url, &e))?;
        Ok(answer.affected_rows())
    }

    fn insert(&mut self, sql: &str, _key: &str, arguments: &[Cell<'_>]) -> Result<i64, DatabaseError> {
        self.execute(sql, arguments)?;
        Ok(i64::try_from(self.conn.last_insert_id()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_is_words_and_no_type() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let address = (
            "db:3306".to_owned(),
            "Connection refused (os error 111)".to_owned(),
            refused.kind(),
        );
        let url = Url::parse("mysql://me:tiger@db/study").unwrap();
        for error in [
            MyError::IoError(refused),
            MyError::DriverError(DriverError::CouldNotConnect(Some(address))),
            MyError::DriverError(DriverError::ConnectTimeout),
        ] {
            let text = said(&url, &error).to_string();
            assert!(!text.contains(['{', '}']) && !text.contains("os error"), "{text}");
            assert!(text.to_lowercase().contains("connect"), "{text}");
        }
    }
}
