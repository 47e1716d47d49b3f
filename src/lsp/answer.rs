//! What a handler gives back, as the answer to a request.

use lsp_server::{ErrorCode, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a request gets no result.
pub(super) struct Failure {
    pub(super) code: i32,
    pub(super) message: String,
}

impl Failure {
    /// The parameters are wrong, in words for a person.
    pub(super) fn params(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::InvalidParams as i32, message: message.into() }
    }

    /// It cannot be done with this text, in words for a person.
    pub(super) fn request(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::RequestFailed as i32, message: message.into() }
    }
}

/// What a handler gives: a value, or a refusal.
pub(super) trait Answer {
    fn answer(self) -> Result<Value, Failure>;
}

impl<T: Serialize> Answer for Option<T> {
    fn answer(self) -> Result<Value, Failure> {
        value(self)
    }
}

impl<T: Serialize> Answer for Vec<T> {
    fn answer(self) -> Result<Value, Failure> {
        value(self)
    }
}

impl<T: Serialize> Answer for Result<T, Failure> {
    fn answer(self) -> Result<Value, Failure> {
        value(self?)
    }
}

pub(super) fn value(value: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value)
        .map_err(|error| Failure { code: ErrorCode::InternalError as i32, message: error.to_string() })
}

pub(super) fn params<T: DeserializeOwned>(request: Request) -> Result<T, Failure> {
    serde_json::from_value(request.params)
        .map_err(|error| Failure::params(format!("{}: {error}", request.method)))
}
