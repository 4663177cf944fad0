//! Properties of a PostgreSQL server, and whether the service can use it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::error::{DatabaseError, DbResult, FailureKind};
use crate::privileges;

/// The command by which an operator makes a server's messages English for us.
const ENGLISH: &str = "SET lc_messages = 'C'";

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Bool)]
    has_parameter_privileges: bool,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
}

/// What an operator does about a proxy that sends some statements to a standby.
pub(crate) const SPLITS: &str = "a proxy sends some statements to the primary and others to a standby, \
     so a session would be unknown just after its login. Switch that off (pgpool: load_balance_mode = \
     off) or connect to the primary";

/// Makes a new connection ready for our statements: its database must keep text in UTF-8, and its
/// messages are to be English, if the role may ask for that, because they tell what went wrong
/// where Diesel does not.
pub(crate) fn settle(connection: &mut PgConnection) -> DbResult<()> {
    let server = look(connection)?;
    if server.encoding != "UTF8" {
        let text = format!(
            "the database's encoding is {}, which does not hold every name: create it with \
             `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`",
            server.encoding
        );
        return Err(DatabaseError::new(FailureKind::Unfit, text));
    }
    if server.is_standby && is_primary_for_writes(connection)? {
        return Err(DatabaseError::new(FailureKind::Unfit, SPLITS.to_owned()));
    }
    if !is_english(&server.language) {
        // From PostgreSQL 15 on, others than superusers may be given the right.
        let privilege = if server.has_parameter_privileges {
            "OR has_parameter_privilege(current_user, 'lc_messages', 'SET')"
        } else {
            ""
        };
        diesel::sql_query(format!(
            "SELECT set_config('lc_messages', 'C', false) \
             WHERE current_setting('is_superuser') = 'on' {privilege}"
        ))
        .execute(connection)?;
    }
    Ok(())
}

/// What is wrong with the language of the messages on a connection that is settled, and what to
/// do about it.
pub(crate) fn language_fault(connection: &mut PgConnection) -> DbResult<Option<String>> {
    let Server { language, .. } = look(connection)?;
    if is_english(&language) {
        return Ok(None);
    }
    let role = privileges::role(connection)?;
    Ok(Some(format!(
        "the server's messages are in the language {language}, so that some failures cannot be \
         told apart: as a superuser, run `ALTER ROLE {role} {ENGLISH}`"
    )))
}

fn look(connection: &mut PgConnection) -> DbResult<Server> {
    let server = diesel::sql_query(
        "SELECT current_setting('server_encoding') AS encoding, \
         current_setting('lc_messages') AS language, \
         current_setting('in_hot_standby') = 'on' AS is_standby, \
         to_regprocedure('has_parameter_privilege(text,text)') IS NOT NULL \
         AS has_parameter_privileges",
    );
    Ok(server.get_result(connection)?)
}

/// Whether a statement with a volatile function, which may write, gets to a primary. Pgpool-II sends each
/// such statement there, so `pg_is_in_recovery` alone does not show that others go to a standby.
fn is_primary_for_writes(connection: &mut PgConnection) -> QueryResult<bool> {
    sql::<Bool>("SELECT NOT pg_is_in_recovery()").get_result(connection)
}

fn is_english(language: &str) -> bool {
    let name = language.split(['.', '_', '@', '-']).next();
    let name = name.unwrap_or_default().to_ascii_lowercase();
    matches!(name.as_str(), "c" | "posix" | "en" | "english")
}

#[cfg(test)]
mod tests {
    use super::is_english;

    #[test]
    fn english_is_known_by_its_locales() {
        for language in [
            "C",
            "C.UTF-8",
            "POSIX",
            "en_US.UTF-8",
            "en_GB",
            "English_United States.1252",
        ] {
            assert!(is_english(language), "{language}");
        }
        for language in [
            "",
            "zh_CN.UTF-8",
            "zh_CN.utf8",
            "ca_ES",
            "Chinese (Simplified)_China.936",
        ] {
            assert!(!is_english(language), "{language}");
        }
    }
}
