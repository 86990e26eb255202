//! The status and text with which plain HTTP says that a request is not taken.

use axum::http::StatusCode;

use super::BodyFault;
use crate::intake::Refusal;

/// Status and text of an error.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Busy(_) | Refusal::Closing => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, refusal.to_string())
    }
}

impl From<BodyFault> for Refused {
    fn from(fault: BodyFault) -> Self {
        let text = fault.to_string();
        let status = match fault {
            BodyFault::Refused(refusal) => return refusal.into(),
            BodyFault::Damaged(_) | BodyFault::Broken(_) => StatusCode::BAD_REQUEST,
            BodyFault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            BodyFault::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BodyFault::Slow(_) => StatusCode::REQUEST_TIMEOUT,
        };
        Self(status, text)
    }
}
