//! A connection on which nothing is answered for long is over, whatever its other end says meanwhile.
//!
//! The server bounds the head of a connection's first request in time, and how long a connection rests between two
//! requests; but one that begins its second request with a single byte does not rest, and could stay for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection that ends when nothing has been written to it for `silence_max`.
#[derive(Debug)]
pub struct Answering<S = TcpStream> {
    stream: S,
    silence_max: Duration,
    /// When something was written last; at first, when it was made.
    wrote_at: Instant,
    /// Looks at that from time to time.
    look: Pin<Box<Sleep>>,
}

impl<S> Answering<S> {
    /// A connection that was accepted a moment ago.
    pub fn new(stream: S, silence_max: Duration) -> Self {
        let now = Instant::now();
        Self { stream, silence_max, wrote_at: now, look: Box::pin(sleep_until(now + silence_max)) }
    }

    fn note(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.wrote_at = Instant::now();
        }
        written
    }

    /// Whether it has been silent for too long; else the task is woken when it may be.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        while self.look.as_mut().poll(cx).is_ready() {
            let until = self.wrote_at + self.silence_max;
            if until <= Instant::now() {
                return true;
            }
            self.look.as_mut().reset(until);
        }
        false
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Answering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        if read.is_pending() && self.is_over(cx) {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Answering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn pair(silence_max: Duration) -> (Answering<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(64);
        (Answering::new(ours, silence_max), theirs)
    }

    #[tokio::test]
    async fn whoever_drips_is_cut_when_nothing_was_answered_for_long() {
        const MAX: Duration = Duration::from_millis(100);
        let (mut ours, mut theirs) = pair(MAX);
        let begun = Instant::now();
        let dripping = async {
            while theirs.write_all(b"G").await.is_ok() {
                tokio::time::sleep(MAX / 20).await;
            }
        };
        let reading = async {
            loop {
                if let Err(error) = ours.read_u8().await {
                    return error.kind();
                }
            }
        };
        let kind = tokio::select! {
            kind = reading => kind,
            () = dripping => panic!("it was closed from the other side"),
        };
        assert_eq!(kind, io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= MAX);
    }

    #[tokio::test]
    async fn an_answer_begins_it_anew() {
        let (mut ours, _theirs) = pair(LONG);
        let begun = Instant::now();
        ours.wrote_at = begun - LONG;
        ours.write_all(b"an answer").await.unwrap();
        assert!(ours.wrote_at >= begun);
        // It is looked at now, and then not before it may be over.
        ours.look = Box::pin(sleep_until(begun));
        let read = tokio::time::timeout(Duration::from_millis(20), ours.read_u8()).await;
        assert!(read.is_err(), "{read:?}");
        assert_eq!(ours.look.deadline(), ours.wrote_at + LONG);
        ours.wrote_at = begun - LONG;
        ours.look = Box::pin(sleep_until(begun));
        assert_eq!(ours.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_is_sent_is_read_however_long_nothing_was_answered() {
        let (mut ours, mut theirs) = pair(LONG);
        ours.wrote_at = Instant::now() - LONG;
        theirs.write_all(b"a").await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), b'a');
    }
}
