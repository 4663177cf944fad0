//! The support desk, for the holder of an API key.

use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::web::Data;
use domain::audit::Caller;
use domain::support::SupportDesk;

use super::{ByKey, Right};
use crate::http::replies::{ApiError, ErrorCode};

/// The support desk, asked by the holder of a key that has the scope of `R`. It stands first among a
/// handler's arguments, as [`ByKey`] does.
pub(crate) struct Desk<R> {
    pub(crate) caller: Caller,
    service: Data<SupportDesk>,
    right: PhantomData<R>,
}

extractor!(Desk<R> where R: Right, |request| {
    let ByKey { caller, .. } = <ByKey<R> as actix_web::FromRequest>::extract(request).into_inner()?;
    let service = request.app_data::<Data<SupportDesk>>();
    Ok(Self {
        caller,
        service: service.ok_or_else(|| ApiError::new(ErrorCode::Internal))?.clone(),
        right: PhantomData,
    })
});

impl<R> Deref for Desk<R> {
    type Target = SupportDesk;

    fn deref(&self) -> &SupportDesk {
        &self.service
    }
}
