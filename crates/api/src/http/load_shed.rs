//! A bound on the requests under way: one more is refused at once instead of late.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tokio::sync::Semaphore;

use super::error::ApiError;
use super::error_code::ErrorCode;

/// The places for requests under way.
pub(super) struct Places(Arc<Semaphore>);

impl Places {
    pub(super) fn new(count: u32) -> Self {
        Self(Arc::new(Semaphore::new(count as usize)))
    }
}

/// Middleware: takes a place for the time of the request, or refuses it.
pub(super) async fn shed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let places = request
        .app_data::<web::Data<Places>>()
        .map(|places| Arc::clone(&places.0));
    let place = places.map(Semaphore::try_acquire_owned).transpose();
    let Ok(_place) = place else {
        return Ok(request.error_response(ApiError::later(
            ErrorCode::Overloaded,
            Duration::from_secs(1),
        )));
    };
    Ok(next.call(request).await?.map_into_boxed_body())
}
