//! A value for each API.

use crate::api::Api;

/// One for each API, made once.
pub(super) struct PerApi<T>([T; Api::ALL.len()]);

impl<T> PerApi<T> {
    pub(super) fn new(make: impl FnMut(Api) -> T) -> Self {
        Self(Api::ALL.map(make))
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there are as many as APIs, and a test counts them"
    )]
    pub(super) const fn of(&self, api: Api) -> &T {
        &self.0[api as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_api_has_its_own() {
        let apis = PerApi::new(|api| api);
        for (nth, api) in Api::ALL.into_iter().enumerate() {
            assert_eq!(*apis.of(api), api);
            assert!(std::ptr::eq(apis.of(api), &raw const apis.0[nth]));
        }
    }
}
