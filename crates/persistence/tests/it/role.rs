//! A role of PostgreSQL for one test, which is no superuser.

use testpg::TestDatabase;

use crate::store::Place;

/// A role that may log in and owns the schema. The server keeps it, as it is of no harm.
pub(crate) struct Role {
    name: String,
    url: String,
}

impl Role {
    /// `options` as for `CREATE ROLE`.
    pub(crate) fn create(place: &TestDatabase, options: &str) -> Self {
        let url = place.url();
        let database = url.rsplit('/').next().unwrap();
        let name = format!("role_{database}");
        place
            .run(&format!(
                "CREATE ROLE {name} LOGIN {options}; GRANT CREATE ON SCHEMA public TO {name}"
            ))
            .unwrap();
        let url = url.replacen("://postgres@", &format!("://{name}@"), 1);
        Self { name, url }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Takes the role away, with what it owns.
    pub(crate) fn drop(self, place: &Place) {
        place.execute(&format!("DROP OWNED BY {}", self.name));
        place.execute(&format!("DROP ROLE {}", self.name));
    }
}
