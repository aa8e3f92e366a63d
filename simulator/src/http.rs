//! The few HTTP requests that the simulator makes of the controller: GET, POST of JSON with Basic authentication, and
//! what a camera pushes.
//!
//! One connection a request, HTTP/1.1; no redirects, no TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The whole exchange takes no longer; a password is hashed within it.
const WITHIN: Duration = Duration::from_secs(10);
/// Largest answer read: the metrics of a large site.
const ANSWER_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The connection failed.
    #[error("no answer from http://{address}{path}: {source}")]
    Io {
        /// Whom.
        address: SocketAddr,
        /// What.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What came is no HTTP.
    #[error("the answer of http://{address}{path} is no HTTP/1.1")]
    Malformed {
        /// Whom.
        address: SocketAddr,
        /// What.
        path: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The officer.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Gets `path`.
///
/// # Errors
/// When there is no answer in time.
pub async fn get(address: SocketAddr, path: &str) -> Result<Answer, HttpError> {
    exchange(address, path, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")).await
}

/// Posts `json` to `path` as `who`.
///
/// # Errors
/// When there is no answer in time.
pub async fn post(address: SocketAddr, path: &str, who: &Credentials, json: &str) -> Result<Answer, HttpError> {
    push(address, path, Some(who), "application/json", json.as_bytes()).await
}

/// Posts a body of any type to `path`, as a device that pushes; one that signs in does so by Basic.
///
/// # Errors
/// When there is no answer in time.
pub async fn push(
    address: SocketAddr,
    path: &str,
    who: Option<&Credentials>,
    content_type: &str,
    body: &[u8],
) -> Result<Answer, HttpError> {
    let basic = |who: &Credentials| STANDARD.encode(format!("{}:{}", who.name, who.password));
    let signed = who.map(|who| format!("Authorization: Basic {}\r\n", basic(who))).unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{signed}Content-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(address, path, [head.as_bytes(), body].concat()).await
}

async fn exchange(address: SocketAddr, path: &str, request: impl Into<Vec<u8>>) -> Result<Answer, HttpError> {
    let failed = |source| HttpError::Io { address, path: path.to_owned(), source };
    let request = request.into();
    let talk = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&request).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_MAX_BYTES).read_to_end(&mut answer).await?;
        Ok(answer)
    };
    let bytes = match tokio::time::timeout(WITHIN, talk).await {
        Ok(bytes) => bytes.map_err(failed)?,
        Err(_) => return Err(failed(io::ErrorKind::TimedOut.into())),
    };
    parse(&bytes).ok_or_else(|| HttpError::Malformed { address, path: path.to_owned() })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    let chunked = head.lines().any(|line| line.eq_ignore_ascii_case("transfer-encoding: chunked"));
    let body = if chunked { unchunk(body)? } else { body.to_owned() };
    Some(Answer { status, body })
}

fn unchunk(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole_and_in_chunks() {
        for answer in [
            "HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\nnever",
            "HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nne\r\n3;x=1\r\nver\r\n0\r\n\r\n",
        ] {
            assert_eq!(parse(answer.as_bytes()), Some(Answer { status: 409, body: "never".to_owned() }), "{answer}");
        }
    }

    #[test]
    fn what_is_no_http_is_no_answer() {
        for answer in ["", "SSH-2.0\r\n\r\n", "HTTP/1.1 many\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
            assert_eq!(parse(answer.as_bytes()), None, "{answer:?}");
        }
    }
}
