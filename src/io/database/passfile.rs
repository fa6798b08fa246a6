//! PostgreSQL's password file, `~/.pgpass`: the way to keep a password out of command lines.

use std::path::PathBuf;

/// Whom a password is for.
pub(super) struct Asked<'a> {
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
}

/// The password in `$PGPASSFILE` or `~/.pgpass`, where there is one. As libpq does, a file that others may read
/// is not used.
pub(super) fn password(asked: &Asked<'_>) -> Option<String> {
    let path = match std::env::var_os("PGPASSFILE") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".pgpass"),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).ok()?.permissions().mode();
        if mode & 0o077 != 0 {
            return None;
        }
    }
    find(&std::fs::read_to_string(path).ok()?, asked)
}

/// The first line `host:port:database:user:password` that fits; `*` fits everything, `\` escapes.
fn find(text: &str, asked: &Asked<'_>) -> Option<String> {
    let port = asked.port.to_string();
    // A socket is called localhost in this file.
    let host = if asked.host.starts_with('/') {
        "localhost"
    } else {
        asked.host
    };
    let wanted = [host, port.as_str(), asked.database, asked.user];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let fields = fields(line);
            let fits = fields.len() >= 5 && fields.iter().zip(wanted).all(|(f, w)| f == "*" || f == w);
            fits.then(|| fields.get(4).cloned()).flatten()
        })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => {
                if let (Some(field), Some(c)) = (fields.last_mut(), chars.next()) {
                    field.push(c);
                }
            }
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# comment\nother:*:*:*:no\nlocalhost:5433:tune:me:a\\:b:c\n*:*:*:me:any\n";
        let ask = |host, port| Asked {
            host,
            port,
            database: "tune",
            user: "me",
        };
        assert_eq!(find(file, &ask("/run/pg", 5433)).as_deref(), Some("a:b:c"));
        assert_eq!(find(file, &ask("db", 5432)).as_deref(), Some("any"));
        let other = Asked {
            user: "you",
            ..ask("db", 5432)
        };
        assert_eq!(find(file, &other), None);
    }
}
