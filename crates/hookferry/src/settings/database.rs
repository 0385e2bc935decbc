//! The database URL: which database, and where an SQLite file stands.

use std::path::{Path, PathBuf};

/// Where PostgreSQL listens unless its URL says otherwise.
const POSTGRES_PORT: u16 = 5432;

/// Which database, as far as the binary must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// One process, one file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// Any number of nodes.
    Postgres {
        /// The URL, password included.
        url: String,
    },
}

impl Database {
    /// The file in the data directory.
    pub fn in_data_dir(data_dir: &Path) -> Self {
        Self::Sqlite { path: data_dir.join("hookferry.db") }
    }

    /// Reads a database URL.
    pub fn parse(text: &str) -> Result<Self, String> {
        let accepts = "it accepts sqlite:PATH and postgres://USER:PASSWORD@HOST:PORT/NAME";
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            if path.is_empty() || path.contains(":memory:") {
                return Err(format!(
                    "names no file, and memory loses what was taken in; {accepts}"
                ));
            }
            return Ok(Self::Sqlite { path: PathBuf::from(path) });
        }
        let url = url::Url::parse(text).map_err(|_| format!("is not a URL; {accepts}"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(format!("is of no database that is known; {accepts}"));
        }
        Ok(Self::Postgres { url: text.to_owned() })
    }

    /// Host and port of a PostgreSQL server; `None` where the URL names neither, and on SQLite.
    pub fn server(&self) -> Option<String> {
        let Self::Postgres { url } = self else { return None };
        let url = url::Url::parse(url).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        Some(format!("{host}:{}", url.port().unwrap_or(POSTGRES_PORT)))
    }

    /// The URL that the store opens.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { path } => format!("sqlite:{}", path.display()),
            Self::Postgres { url } => url.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_are_known() {
        for (text, path) in [
            ("sqlite:x.db", "x.db"),
            ("sqlite:///var/lib/x.db", "/var/lib/x.db"),
            ("sqlite://data/x.db?mode=rwc", "data/x.db"),
        ] {
            assert_eq!(Database::parse(text), Ok(Database::Sqlite { path: path.into() }), "{text}");
        }
        let url = "postgres://hookferry:secret@db:5432/hookferry?sslmode=require";
        assert_eq!(Database::parse(url), Ok(Database::Postgres { url: url.to_owned() }));
        let server = |url| Database::parse(url).unwrap().server();
        assert_eq!(server("postgres://u:p@db/x").as_deref(), Some("db:5432"));
        assert_eq!(server("postgresql://[::1]:6432/x").as_deref(), Some("[::1]:6432"));
        assert_eq!(server("sqlite:x.db"), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "x.db", "sqlite://?mode=ro"] {
            assert!(
                Database::parse(text).unwrap_err().contains("it accepts sqlite:PATH"),
                "{text}"
            );
        }
    }
}
