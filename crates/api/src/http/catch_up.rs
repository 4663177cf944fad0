//! Who changes an account finds it changed at once, on this replica.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::session_memory::SessionMemory;

/// Middleware: before a request that may have changed an account is answered, this replica
/// forgets what has changed.
pub(super) async fn after_changes(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let reads_only = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.call(request).await?;
    // A request that was refused has changed nothing, and must not cost a look at the database.
    if !reads_only && response.status().is_success() {
        let memory = response.request().app_data::<Data<SessionMemory>>();
        if let Some(memory) = memory.cloned() {
            memory.catch_up().await;
        }
    }
    Ok(response)
}
