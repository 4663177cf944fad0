//! The calls the sandbox knows, by path.

/// A call of WeChat's server API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    Code2Session,
}

impl Api {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        match path {
            "/sns/jscode2session" => Some(Self::Code2Session),
            _ => None,
        }
    }
}
