//! A PostgreSQL server.

use std::error::Error as _;
use std::path::Path;

use postgres::config::SslMode;
use postgres::error::{Error as PgError, SqlState};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::passfile::{self, Asked};
use super::tls::{self, Check};
use super::{CONNECT, Cell, Connection, DatabaseError, Dialect, EachRow, STATEMENT, Url, Work, ended};

/// Seconds from the Unix epoch to 2000-01-01, where PostgreSQL counts from.
const EPOCH_2000: f64 = 946_684_800.0;

/// A server and, between two transactions, the connection to it.
pub struct Postgres {
    url: Url,
    client: Option<Client>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Postgres({})", self.url)
    }
}

type Error = Box<dyn std::error::Error + Sync + Send>;

impl Postgres {
    pub(super) fn new(url: &Url) -> Self {
        Self {
            url: url.clone(),
            client: None,
        }
    }

    /// One transaction; a connection that was lost since the last one is made anew first.
    pub(super) fn transaction(&mut self, work: &mut Work<'_>, is_read: bool) -> Result<(), DatabaseError> {
        let mut client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.connect()?,
        };
        let begin = if is_read {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        } else {
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        };
        if let Err(error) = client.batch_execute(begin) {
            // It may have been closed while it was idle: that is no reason to fail.
            tracing::debug!(
                "connecting again: {}",
                self.url.without_password(&error.to_string())
            );
            client = self.connect()?;
            client.batch_execute(begin).map_err(|e| said(&self.url, &e))?;
        }
        let mut inside = Inside {
            url: &self.url,
            client: &mut client,
        };
        let outcome = work(&mut inside);
        let url = &self.url;
        let (outcome, is_usable) = ended(outcome, |word| {
            client.batch_execute(word).map_err(|e| said(url, &e))
        });
        self.client = Some(client).filter(|_| is_usable);
        outcome
    }

    fn connect(&self) -> Result<Client, DatabaseError> {
        let mode = self.url.option("sslmode").unwrap_or("prefer");
        let roots = self.url.option("sslrootcert").map(Path::new);
        let check = match mode {
            "verify-full" => Check::Host,
            "verify-ca" => Check::Authority,
            // As libpq: where there are root certificates, `require` checks them.
            "require" if roots.is_some() || tls::default_roots().exists() => Check::Authority,
            _ => Check::Nothing,
        };
        let mut config = self.config();
        let is_local = self.url.hosts.iter().all(|(h, _)| h.starts_with('/'));
        let client = if mode == "disable" || is_local {
            config.ssl_mode(SslMode::Disable).connect(NoTls)
        } else {
            let is_optional = matches!(mode, "prefer" | "allow");
            config.ssl_mode(if is_optional {
                SslMode::Prefer
            } else {
                SslMode::Require
            });
            let tls = tls::config(check, roots).map_err(|reason| DatabaseError::Unreachable {
                place: self.url.to_string(),
                reason,
            })?;
            let client = config.connect(MakeRustlsConnect::new(tls));
            match client {
                // A server whose TLS is too old or broken: as libpq, without.
                Err(error) if is_optional && error.as_db_error().is_none() => config
                    .ssl_mode(SslMode::Disable)
                    .connect(NoTls)
                    .map_err(|_| error),
                client => client,
            }
        };
        let mut client = client.map_err(|error| DatabaseError::Unreachable {
            place: self.url.to_string(),
            reason: self.url.without_password(&whole(&error)),
        })?;
        let milliseconds = STATEMENT.as_millis();
        client
            .batch_execute(&format!(
                "SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; \
                 SET idle_in_transaction_session_timeout = {milliseconds}; SET extra_float_digits = 3"
            ))
            .map_err(|e| said(&self.url, &e))?;
        Ok(client)
    }

    fn config(&self) -> Config {
        let url = &self.url;
        let mut config = Config::new();
        let environment = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let user = url
            .user
            .clone()
            .or_else(|| environment("PGUSER"))
            .or_else(|| environment("USER"))
            .unwrap_or_else(|| "postgres".to_owned());
        let database = match url.database.as_str() {
            "" => environment("PGDATABASE").unwrap_or_else(|| user.clone()),
            name => name.to_owned(),
        };
        let mut hosts = url.hosts.clone();
        if hosts.is_empty() {
            // libpq as Debian builds it looks in the first, its own default is the second.
            let socket = |folder: &&str| Path::new(folder).join(".s.PGSQL.5432").exists();
            let local = ["/var/run/postgresql", "/tmp"].into_iter().find(socket);
            hosts.push((
                environment("PGHOST").unwrap_or_else(|| local.unwrap_or("localhost").to_owned()),
                None,
            ));
        }
        let port = environment("PGPORT").and_then(|p| p.parse().ok()).unwrap_or(5432);
        for (host, own) in &hosts {
            config.host(host).port(own.unwrap_or(port));
        }
        let first = hosts
            .first()
            .map_or(("localhost", port), |(h, p)| (h.as_str(), p.unwrap_or(port)));
        let password = url
            .password
            .as_ref()
            .map(|p| p.reveal().to_owned())
            .or_else(|| environment("PGPASSWORD"))
            .or_else(|| {
                passfile::password(&Asked {
                    host: first.0,
                    port: first.1,
                    database: &database,
                    user: &user,
                })
            });
        if let Some(password) = password {
            config.password(password);
        }
        if let Some(options) = url.option("options") {
            config.options(options);
        }
        config
            .user(&user)
            .dbname(&database)
            .application_name("tunescope")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(STATEMENT);
        config
    }
}

/// A driver's message is short and its sources say the rest.
fn whole(error: &PgError) -> String {
    if let Some(database) = error.as_db_error() {
        return database.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

fn said(url: &Url, error: &PgError) -> DatabaseError {
    let place = url.to_string();
    let reason = url.without_password(&whole(error));
    let Some(code) = error.code() else {
        return DatabaseError::Lost { place, reason };
    };
    match *code {
        SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE => {
            DatabaseError::Conflict { place, reason }
        }
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => DatabaseError::Busy {
            place,
            seconds: STATEMENT.as_secs(),
        },
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            DatabaseError::Lost { place, reason }
        }
        _ => DatabaseError::Refused { place, reason },
    }
}

/// An open transaction.
struct Inside<'a> {
    url: &'a Url,
    client: &'a mut Client,
}

/// `?` becomes `$1`, `$2`, …; our SQL has no other question marks.
fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 8);
    let mut count = 0;
    for c in sql.chars() {
        if c == '?' {
            count += 1;
            out.push_str(&format!("${count}"));
        } else {
            out.push(c);
        }
    }
    out
}

impl Connection for Inside<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn each(
        &mut self,
        sql: &str,
        arguments: &[Cell<'_>],
        row: &mut EachRow<'_>,
    ) -> Result<(), DatabaseError> {
        let said = |e: PgError| said(self.url, &e);
        let arguments = arguments.iter().map(|a| a as &(dyn ToSql + Sync));
        let mut rows = self.client.query_raw(&numbered(sql), arguments).map_err(said)?;
        while let Some(found) = rows.next().map_err(said)? {
            let cells: Vec<Cell<'_>> = (0..found.len())
                .map(|at| {
                    found
                        .try_get::<_, Option<Cell<'_>>>(at)
                        .ok()
                        .flatten()
                        .unwrap_or(Cell::Null)
                })
                .collect();
            row(&cells);
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, arguments: &[Cell<'_>]) -> Result<u64, DatabaseError> {
        let arguments: Vec<&(dyn ToSql + Sync)> =
            arguments.iter().map(|a| a as &(dyn ToSql + Sync)).collect();
        self.client
            .execute(&numbered(sql), &arguments)
            .map_err(|e| said(self.url, &e))
    }

    fn insert(&mut self, sql: &str, key: &str, arguments: &[Cell<'_>]) -> Result<i64, DatabaseError> {
        let sql = format!("{sql} RETURNING {key}");
        super::first(self, &sql, arguments, |row| row.first()?.as_i64())?.ok_or_else(|| {
            DatabaseError::Refused {
                place: self.url.to_string(),
                reason: "it gave no key for a new row".to_owned(),
            }
        })
    }
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Error> {
        let text = || Ok(Cell::text(std::str::from_utf8(raw)?));
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of this century fit in 2^53"
        )]
        Ok(match *kind {
            Type::BOOL => Cell::Int(i64::from(bool::from_sql(kind, raw)?)),
            Type::INT2 => Cell::Int(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Cell::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Cell::Int(i64::from_sql(kind, raw)?),
            Type::FLOAT4 => Cell::Real(f32::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(kind, raw)?),
            Type::TIMESTAMP | Type::TIMESTAMPTZ => {
                let bytes: [u8; 8] = raw.try_into()?;
                Cell::Moment(i64::from_be_bytes(bytes) as f64 * 1e-6 + EPOCH_2000)
            }
            _ => return text(),
        })
    }

    fn accepts(kind: &Type) -> bool {
        matches!(kind.kind(), Kind::Simple | Kind::Enum(_) | Kind::Domain(_))
    }
}

impl ToSql for Cell<'_> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "microseconds of a time that somebody wrote"
    )]
    fn to_sql(&self, kind: &Type, out: &mut postgres::types::private::BytesMut) -> Result<IsNull, Error> {
        match self {
            Cell::Null => return Ok(IsNull::Yes),
            Cell::Int(i) => match *kind {
                Type::INT2 => i16::try_from(*i)?.to_sql(kind, out)?,
                Type::INT4 => i32::try_from(*i)?.to_sql(kind, out)?,
                _ => i.to_sql(kind, out)?,
            },
            Cell::Real(x) => x.to_sql(kind, out)?,
            Cell::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
            Cell::Moment(t) => {
                let microseconds = ((t - EPOCH_2000) * 1e6).round() as i64;
                out.extend_from_slice(&microseconds.to_be_bytes());
                IsNull::No
            }
        };
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_marks_are_numbered() {
        assert_eq!(numbered("a = ? AND b > ?"), "a = $1 AND b > $2");
    }
}
