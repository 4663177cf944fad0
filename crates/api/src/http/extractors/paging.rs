//! Lists in pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::Page;
use serde::Serialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Parameters;
use crate::http::replies::{ApiError, Items, Success};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which page of a list is asked for, by `cursor` and `limit`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// nextCursor of the page before.
    #[param(rename = "cursor", value_type = Option<String>)]
    after: Option<Uuid>,
    /// Items on a page; 50 unless told otherwise.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: u32,
}

impl Paging {
    pub(crate) fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        Self::with_default(parameters, DEFAULT_LIMIT)
    }

    /// A page of `default` items unless `limit` says otherwise.
    pub(crate) fn with_default(parameters: &Parameters, default: u32) -> Result<Self, ApiError> {
        let after = parameters.get("cursor").map(|cursor| {
            read_cursor(cursor)
                .ok_or_else(|| ApiError::invalid("参数 cursor 无效，请使用上一页返回的 nextCursor"))
        });
        let limit = parameters.get("limit").map(|limit| {
            let limit = limit.parse().ok();
            limit
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| {
                    ApiError::invalid(format!("参数 limit 应为 1 到 {MAX_LIMIT} 的整数"))
                })
        });
        Ok(Self {
            after: after.transpose()?,
            limit: limit.transpose()?.unwrap_or(default),
        })
    }

    /// What to ask the store for: one item more than wanted, which tells whether more follow.
    pub(crate) fn page<T>(&self, id: impl FnOnce(Uuid) -> T) -> Page<T> {
        Page {
            after: self.after.map(id),
            limit: self.limit + 1,
        }
    }

    /// The answer with what was found, cut to what was wanted, and the cursor of the next page if there is one.
    pub(crate) fn answer<T, R: Serialize>(
        &self,
        mut found: Vec<T>,
        id: impl FnOnce(&T) -> Uuid,
        reply: impl FnMut(T) -> R,
    ) -> Success<Items<R>> {
        let next_cursor = self.cut(&mut found, id);
        let items = found.into_iter().map(reply).collect();
        Success::new("ok", Items { items, next_cursor })
    }

    fn cut<T>(&self, found: &mut Vec<T>, id: impl FnOnce(&T) -> Uuid) -> Option<String> {
        let limit = self.limit as usize;
        let more_follow = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more_follow);
        last.map(|last| URL_SAFE_NO_PAD.encode(id(last)))
    }
}

extractor!(Paging, |request| Self::of(&Parameters::of_query(request)));

fn read_cursor(cursor: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    Uuid::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, ApiError> {
        Paging::of(&Parameters::parse(query.as_bytes()))
    }

    #[test]
    fn a_full_last_page_has_no_cursor_and_a_page_before_it_has_one() {
        let paging = paging("limit=2").unwrap();
        let ids = |count: u128| (1..=count).map(Uuid::from_u128).collect::<Vec<_>>();
        let (mut all, mut more) = (ids(2), ids(3));
        assert_eq!(paging.cut(&mut all, |id| *id), None);
        let cursor = paging.cut(&mut more, |id| *id);
        assert_eq!((&all, &more), (&ids(2), &ids(2)));
        assert_eq!(read_cursor(&cursor.unwrap()), Some(Uuid::from_u128(2)));
    }

    #[test]
    fn a_limit_out_of_bounds_and_a_foreign_cursor_are_refused() {
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=x",
            "limit=1e1",
            "limit=99999999999",
            "cursor=x",
            "cursor=AAAA",
            "cursor=00000000-0000-0000-0000-000000000000",
        ] {
            assert!(paging(query).is_err(), "{query}");
        }
        assert_eq!(paging("limit=200").unwrap().limit, 200);
        assert_eq!(paging("limit=&cursor=").unwrap().limit, DEFAULT_LIMIT);
    }
}
