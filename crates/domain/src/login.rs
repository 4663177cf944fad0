//! Use case: a login.
