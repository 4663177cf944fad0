//! A bound on the requests under way: one more is refused at once instead of late.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::error::ApiError;
use super::error_code::ErrorCode;

/// The places for requests under way. (Nobody waits for one, so a counter does.)
pub(super) struct Places {
    free: AtomicU32,
}

/// A place that is taken, until it is dropped.
struct Place(web::Data<Places>);

impl Places {
    pub(super) fn new(count: u32) -> Self {
        Self {
            free: AtomicU32::new(count),
        }
    }
}

impl Place {
    fn take(places: &web::Data<Places>) -> Option<Self> {
        let less = |free: u32| free.checked_sub(1);
        let taken = places
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok().then(|| Self(places.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}

/// Middleware: takes a place for the time of the request, or refuses it.
pub(super) async fn shed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let place = request
        .app_data::<web::Data<Places>>()
        .and_then(Place::take);
    let Some(_place) = place else {
        return Ok(request.error_response(ApiError::later(
            ErrorCode::Overloaded,
            Duration::from_secs(1),
        )));
    };
    Ok(next.call(request).await?.map_into_boxed_body())
}
