//! The contract of the repositories, on both databases.

mod on_sqlite {
    domain::repository_contract!(crate::store::sqlite);
}

mod on_postgres {
    domain::repository_contract!(crate::store::postgres);
}
