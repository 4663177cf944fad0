//! The repositories of wxlogin in Diesel, on PostgreSQL and SQLite
