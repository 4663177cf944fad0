//! A bound on the requests under way: one more is refused at once instead of late. A request is under
//! way when its body is there.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{BodyReader, ReadBody};
use super::names::Names;
use crate::http::replies::{ApiError, ErrorCode};

/// The places for requests in progress. No request waits for one.
pub(crate) struct Places(Arc<Semaphore>);

/// A place that is taken, until it is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    pub(crate) fn new(count: u32) -> Self {
        Self(Arc::new(Semaphore::new(count as usize)))
    }

    fn take(&self) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

/// The place of `request`, for work that goes on when its caller has hung up.
pub(crate) fn place_of(request: &HttpRequest) -> Option<Place> {
    let mut extensions = request.extensions_mut();
    extensions.get_mut::<Names>()?.place.take()
}

/// Middleware: reads the body, then takes a place for the time of the request, or refuses it.
pub(crate) async fn shed(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let body = match request.take_payload() {
        Payload::None => None,
        payload => match read_body(&request, payload).await {
            Ok(body) => Some(body),
            Err(refusal) => return Ok(request.error_response(refusal)),
        },
    };
    let places = request.app_data::<web::Data<Places>>();
    let Some(place) = places.and_then(|places| places.take()) else {
        return Ok(request.error_response(ApiError::soon(ErrorCode::Overloaded)));
    };
    if let Some(names) = request.extensions_mut().get_mut::<Names>() {
        names.body = body;
        names.place = Some(place);
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn read_body(request: &ServiceRequest, payload: Payload) -> Result<ReadBody, ApiError> {
    let reader = request.app_data::<web::Data<BodyReader>>();
    let reader = reader.ok_or_else(|| ApiError::new(ErrorCode::Internal))?;
    reader.read(request, payload).await
}
