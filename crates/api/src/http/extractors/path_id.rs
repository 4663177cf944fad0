//! The id in a path.

use uuid::Uuid;

use crate::http::replies::{ApiError, ErrorCode};

/// `{id}` of the path. Where no UUID stands, nothing can be found.
pub(crate) struct PathId(pub(crate) Uuid);

extractor!(PathId, |request| {
    let id = request.match_info().get("id");
    let id = id.and_then(|id| Uuid::try_parse(id).ok());
    id.map(Self)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound))
});
