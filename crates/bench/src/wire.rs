//! HTTP/1.1 as the load and the receiver speak it: what they need of it, at the least cost, because
//! they share the cores with what they measure.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::time::Instant;

use anyhow::{Context, bail};
use httparse::{EMPTY_HEADER, Header, Request as RawRequest, Response as RawResponse, Status};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Headers of one message; more is not ours.
const HEADERS_MAX: usize = 64;
/// What is read at once; a larger message makes the buffer grow to its size.
const BUFFER_BYTES: usize = 16 * 1_024;
/// No message of ours is larger.
const MESSAGE_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// What stands at the beginning of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<T> {
    Whole(T),
    /// Not before the buffer holds so many bytes.
    Partial {
        bytes_min: usize,
    },
}

/// Where a body lies in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Whole(Range<usize>),
    Chunks(Vec<Range<usize>>),
}

impl Body {
    pub(crate) fn bytes<'a>(&self, buffer: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Self::Whole(range) => Cow::Borrowed(&buffer[range.clone()]),
            Self::Chunks(ranges) => {
                ranges.iter().flat_map(|range| buffer[range.clone()].iter().copied()).collect()
            }
        }
    }
}

/// What requests and answers have in common.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) body: Body,
    /// How much of the buffer it takes.
    pub(crate) length: usize,
    /// Whether the connection ends with it.
    pub(crate) closes: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) message: Message,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Whether it says when to come again.
    pub(crate) retry_after: bool,
    pub(crate) message: Message,
}

/// The request at the beginning of a buffer.
pub(crate) fn request(buffer: &[u8]) -> anyhow::Result<Parsed<Request<'_>>> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut raw = RawRequest::new(&mut []);
    let head = raw.parse_with_uninit_headers(buffer, &mut headers).context("no request")?;
    let Status::Complete(head) = head else { return Ok(partial(buffer)) };
    let path = raw.path.context("a request has a path")?;
    let parsed = message(buffer, head, framing(raw.headers)?, closes(raw.headers))?;
    Ok(parsed.map(|message| Request { path, message }))
}

/// The answer at the beginning of a buffer.
pub(crate) fn response(buffer: &[u8]) -> anyhow::Result<Parsed<Response>> {
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut raw = RawResponse::new(&mut []);
    let head = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut raw, buffer, &mut headers)
        .context("no answer")?;
    let Status::Complete(head) = head else { return Ok(partial(buffer)) };
    let status = raw.code.context("an answer has a status")?;
    let framing = match status {
        100..200 | 204 | 304 => Framing::Length(0),
        _ => framing(raw.headers)?,
    };
    let retry_after = header(raw.headers, "retry-after").is_some();
    let parsed = message(buffer, head, framing, closes(raw.headers))?;
    Ok(parsed.map(|message| Response { status, retry_after, message }))
}

impl<T> Parsed<T> {
    fn map<U>(self, with: impl FnOnce(T) -> U) -> Parsed<U> {
        match self {
            Self::Whole(whole) => Parsed::Whole(with(whole)),
            Self::Partial { bytes_min } => Parsed::Partial { bytes_min },
        }
    }
}

fn partial<T>(buffer: &[u8]) -> Parsed<T> {
    Parsed::Partial { bytes_min: buffer.len() + 1 }
}

fn header<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    found.filter(|header| **header != EMPTY_HEADER).map(|header| header.value)
}

fn closes(headers: &[Header<'_>]) -> bool {
    header(headers, "connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"))
}

enum Framing {
    Length(usize),
    Chunked,
}

fn framing(headers: &[Header<'_>]) -> anyhow::Result<Framing> {
    if header(headers, "transfer-encoding").is_some() {
        return Ok(Framing::Chunked);
    }
    let Some(length) = header(headers, "content-length") else { return Ok(Framing::Length(0)) };
    let length = std::str::from_utf8(length).ok().and_then(|length| length.trim().parse().ok());
    match length {
        Some(length) if length <= MESSAGE_BYTES_MAX => Ok(Framing::Length(length)),
        Some(_) | None => bail!("a body of no length that we know"),
    }
}

fn message(
    buffer: &[u8],
    head: usize,
    framing: Framing,
    closes: bool,
) -> anyhow::Result<Parsed<Message>> {
    match framing {
        Framing::Length(length) if buffer.len() < head + length => {
            Ok(Parsed::Partial { bytes_min: head + length })
        }
        Framing::Length(length) => {
            let body = Body::Whole(head..head + length);
            Ok(Parsed::Whole(Message { body, length: head + length, closes }))
        }
        Framing::Chunked => chunks(buffer, head, closes),
    }
}

fn chunks(buffer: &[u8], head: usize, closes: bool) -> anyhow::Result<Parsed<Message>> {
    let (mut chunks, mut at) = (Vec::new(), head);
    loop {
        let size = httparse::parse_chunk_size(&buffer[at..]).ok().context("no chunk")?;
        let Status::Complete((line, size)) = size else { return Ok(partial(buffer)) };
        let size = usize::try_from(size).ok().filter(|size| *size <= MESSAGE_BYTES_MAX);
        let (start, size) = (at + line, size.context("a chunk too large")?);
        if size == 0 {
            let mut trailers = [EMPTY_HEADER; HEADERS_MAX];
            let end = httparse::parse_headers(&buffer[start..], &mut trailers).context("no end")?;
            let Status::Complete((end, _)) = end else { return Ok(partial(buffer)) };
            let body = Body::Chunks(chunks);
            return Ok(Parsed::Whole(Message { body, length: start + end, closes }));
        }
        at = start + size + 2;
        if buffer.len() < at {
            return Ok(Parsed::Partial { bytes_min: at });
        }
        if &buffer[start + size..at] != b"\r\n" {
            bail!("a chunk without its end");
        }
        chunks.push(start..start + size);
    }
}

/// What has come in over a connection and was not used yet.
#[derive(Debug)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
    /// When the first byte of what is here came.
    began: Instant,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; BUFFER_BYTES], from: 0, to: 0, began: Instant::now() }
    }

    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.from..self.to]
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn consume(&mut self, length: usize) {
        self.from += length;
    }

    pub(crate) fn clear(&mut self) {
        (self.from, self.to) = (0, 0);
    }

    /// Reads on, with room for so many bytes in all. Says whether anything came.
    pub(crate) async fn fill(
        &mut self,
        stream: &mut TcpStream,
        bytes_min: usize,
    ) -> anyhow::Result<bool> {
        if self.from == self.to {
            self.clear();
        }
        let empty = self.to == 0;
        if self.from + bytes_min > self.bytes.len() || self.to == self.bytes.len() {
            self.bytes.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            // Twice the need, so that one of unknown size is not read byte by byte.
            let wanted = (2 * bytes_min.max(self.to)).max(self.bytes.len());
            anyhow::ensure!(wanted <= 4 * MESSAGE_BYTES_MAX, "a message too large");
            self.bytes.resize(wanted, 0);
        }
        let read = stream.read(&mut self.bytes[self.to..]).await?;
        self.to += read;
        if empty {
            self.began = Instant::now();
        }
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole<T>(parsed: anyhow::Result<Parsed<T>>) -> T {
        match parsed.unwrap() {
            Parsed::Whole(whole) => whole,
            Parsed::Partial { bytes_min } => panic!("{bytes_min} bytes are wanted"),
        }
    }

    /// Every prefix of a message asks for more, for no more than there is, and never fails.
    fn prefixes_are_partial(whole: &[u8], parse: impl Fn(&[u8]) -> anyhow::Result<Parsed<()>>) {
        for length in 0..whole.len() {
            match parse(&whole[..length]).unwrap() {
                Parsed::Partial { bytes_min } => {
                    assert!(bytes_min > length && bytes_min <= whole.len(), "{length}");
                }
                Parsed::Whole(()) => panic!("{length} bytes of {} are enough", whole.len()),
            }
        }
        assert_eq!(parse(whole).unwrap(), Parsed::Whole(()));
    }

    #[test]
    fn a_request_is_read_with_the_next_behind_it() {
        let bytes = b"POST /7/3 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n{\"\"}POST /";
        let request = whole(request(bytes));
        assert_eq!(request.path, "/7/3");
        assert_eq!(&*request.message.body.bytes(bytes), b"{\"\"}");
        assert_eq!(&bytes[request.message.length..], b"POST /");
        prefixes_are_partial(&bytes[..request.message.length], |bytes| {
            Ok(super::request(bytes)?.map(drop))
        });
    }

    #[test]
    fn an_answer_says_whether_to_come_again_and_whether_it_is_the_last() {
        let bytes = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nRetry-After: 1\r\n\
            Connection: close\r\n\r\nno";
        let answer = whole(response(bytes));
        assert_eq!((answer.status, answer.retry_after, answer.message.closes), (503, true, true));
        assert_eq!(&*answer.message.body.bytes(bytes), b"no");
        prefixes_are_partial(bytes, |bytes| Ok(response(bytes)?.map(drop)));
        let bytes = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(whole(response(bytes)).message.length, bytes.len());
    }

    #[test]
    fn chunks_are_joined() {
        let bytes = b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n\
            4\r\n{\"a\"\r\nb\r\n:1234567890\r\n0\r\nx-trailer: 1\r\n\r\n";
        let answer = whole(response(bytes));
        assert_eq!(&*answer.message.body.bytes(bytes), b"{\"a\":1234567890");
        assert_eq!(answer.message.length, bytes.len());
        prefixes_are_partial(bytes, |bytes| Ok(response(bytes)?.map(drop)));
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        assert!(response(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
        assert!(request(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n").is_err());
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc";
        assert!(response(bytes).is_err());
    }
}
