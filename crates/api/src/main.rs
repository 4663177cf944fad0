//! The `wxlogin` program.
fn main() {}
