//! Secrets of the simulated console, which shows them on request.

use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;

/// Writes a secret out. The control API is the console, and its secrets open nothing but the
/// sandbox.
pub(crate) fn expose<S: Serializer>(secret: &SecretString, into: S) -> Result<S::Ok, S::Error> {
    into.serialize_str(secret.expose_secret())
}
