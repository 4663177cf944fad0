//! The pool of connections, used from asynchronous code.

use std::time::Duration;

use tracing::Span;

use crate::connection::{AnyConnection, Connector, Purpose};
use crate::error::{DatabaseError, FailureKind};

/// Connections that are made when they are needed and kept for the next one.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: r2d2::Pool<Connector>,
    connector: Connector,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: u32) -> Self {
        let connections = r2d2::Pool::builder()
            .max_size(size.max(1))
            .min_idle(Some(0))
            // Would cost a round trip each time; a broken connection is noticed when it is used.
            .test_on_check_out(false)
            .connection_timeout(connector.acquire_timeout)
            // Whoever needs the connection is told, and logs it.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(connector.clone());
        Self {
            connections,
            connector,
        }
    }

    /// Runs `work` on a connection, on a thread that may block. If the connection turns out to
    /// be broken, once more on another: `work` must do no harm when it is done twice.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConnection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let pool = self.clone();
        blocking(move || pool.run_blocking(work)).await
    }

    /// Runs `work` again and again, until it says that nothing is left, on a thread that may
    /// block. Nobody waits for it.
    pub(crate) fn repeat_in_background<F>(&self, work: F)
    where
        F: Fn(&mut AnyConnection) -> Result<bool, DatabaseError> + Send + 'static,
    {
        let pool = self.clone();
        tokio::task::spawn_blocking(move || {
            loop {
                match pool.run_blocking(&work) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(%error, "work in the background was given up");
                        return;
                    }
                }
            }
        });
    }

    /// How long an operation waits for a connection.
    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.connector.acquire_timeout
    }

    /// Runs `work` on a connection of its own, which is closed afterwards.
    pub(crate) async fn run_apart<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let Self { connector, .. } = self.clone();
        blocking(move || work(&mut connector.connect_patiently(Purpose::Any)?)).await
    }

    fn run_blocking<T>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        // After a restart of the database every kept connection is gone.
        let mut attempts_left = self.connections.max_size();
        loop {
            let pooled = self.connections.get();
            let mut pooled = pooled.map_err(|error| DatabaseError::pool(&error))?;
            let result = pooled.run(&work);
            let Err(error) = &result else {
                return result;
            };
            if error.kind != FailureKind::Disconnected || attempts_left == 0 {
                return result;
            }
            attempts_left -= 1;
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DatabaseError> + Send + 'static,
) -> Result<T, DatabaseError> {
    let span = Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(DatabaseError::new(
                FailureKind::Unavailable,
                "the runtime is shutting down",
            )),
        },
    }
}
