//! A real PostgreSQL for tests: one server, a fresh database each
