//! Makes Cargo notice a new migration, which `embed_migrations!` alone does not.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
