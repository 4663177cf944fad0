//! The apps and users that exist.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{AppConfig, ComponentConfig, UserConfig};

pub(crate) struct Directory {
    apps: HashMap<Arc<str>, Arc<App>>,
    /// In the order they were added: the first is the default.
    app_order: Vec<Arc<str>>,
    components: HashMap<Arc<str>, Arc<Component>>,
    users: HashMap<Arc<str>, Arc<User>>,
}

/// An app as it stands now.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: Arc<str>,
    pub(crate) config: AppConfig,
}

/// A third-party platform as it stands now.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) id: Arc<str>,
    pub(crate) config: ComponentConfig,
}

/// A user as they stand now.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: Arc<str>,
    pub(crate) config: UserConfig,
}

impl Directory {
    pub(crate) fn new(
        apps: Vec<AppConfig>,
        components: Vec<ComponentConfig>,
        users: Vec<UserConfig>,
    ) -> Self {
        let mut directory = Self {
            apps: HashMap::new(),
            app_order: Vec::new(),
            components: HashMap::new(),
            users: HashMap::new(),
        };
        for app in apps {
            directory.put_app(app);
        }
        for component in components {
            directory.put_component(component);
        }
        for user in users {
            directory.put_user(user);
        }
        directory
    }

    pub(crate) fn app(&self, id: &str) -> Option<Arc<App>> {
        self.apps.get(id).cloned()
    }

    pub(crate) fn first_app(&self) -> Option<Arc<App>> {
        self.apps().next()
    }

    /// All apps, the first added first.
    pub(crate) fn apps(&self) -> impl Iterator<Item = Arc<App>> {
        self.app_order.iter().filter_map(|id| self.app(id))
    }

    pub(crate) fn component(&self, id: &str) -> Option<Arc<Component>> {
        self.components.get(id).cloned()
    }

    pub(crate) fn user(&self, name: &str) -> Option<Arc<User>> {
        self.users.get(name).cloned()
    }

    /// All users by name.
    pub(crate) fn users(&self) -> Vec<Arc<User>> {
        let mut users: Vec<_> = self.users.values().cloned().collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users
    }

    /// Adds or replaces.
    pub(crate) fn put_app(&mut self, config: AppConfig) {
        let id: Arc<str> = config.app_id.as_str().into();
        let app = Arc::new(App {
            id: Arc::clone(&id),
            config,
        });
        if self.apps.insert(Arc::clone(&id), app).is_none() {
            self.app_order.push(id);
        }
    }

    /// Adds or replaces.
    pub(crate) fn put_component(&mut self, config: ComponentConfig) {
        let id: Arc<str> = config.component_app_id.as_str().into();
        let component = Component {
            id: Arc::clone(&id),
            config,
        };
        self.components.insert(id, Arc::new(component));
    }

    /// Adds or replaces.
    pub(crate) fn put_user(&mut self, config: UserConfig) -> Arc<User> {
        let name: Arc<str> = config.name.as_str().into();
        let user = Arc::new(User {
            name: Arc::clone(&name),
            config,
        });
        self.users.insert(name, Arc::clone(&user));
        user
    }
}

impl Component {
    pub(crate) fn may_act_for(&self, app_id: &str) -> bool {
        self.config.authorized.iter().any(|id| id == app_id)
    }
}
