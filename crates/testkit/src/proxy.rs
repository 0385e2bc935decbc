//! A TCP proxy that can be cut and stalled: a database or a network that is gone.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Whole,
    /// Open ones are closed, new ones closed at once.
    Cut,
    /// Open ones stay and carry nothing, new ones too.
    Stalled,
}

/// The proxy, on a thread of its own; gone on drop.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<watch::Sender<Line>>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Proxy {
    /// Listens on 127.0.0.1 and carries everything to `target`.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let address = listener.local_addr().expect("it is bound");
        let line = Arc::new(watch::Sender::new(Line::Whole));
        let stop = CancellationToken::new();
        let (its_line, its_stop) = (line.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made");
            runtime.block_on(serve(listener, target, its_line, its_stop));
        });
        Self { address, line, stop, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection, and each new one at once.
    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// Carries nothing any more, and closes nothing.
    pub fn stall(&self) {
        self.line.send_replace(Line::Stalled);
    }

    /// Carries again.
    pub fn heal(&self) {
        self.line.send_replace(Line::Whole);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed.
            let _ = thread.join();
        }
    }
}

async fn serve(
    listener: TcpListener,
    target: SocketAddr,
    line: Arc<watch::Sender<Line>>,
    stop: CancellationToken,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        if let Ok((near, _)) = accepted {
            let (line, stop) = (line.subscribe(), stop.clone());
            connections.spawn(async move {
                tokio::select! { () = stop.cancelled() => {}, () = carry(near, target, line) => {} }
            });
        }
    }
}

async fn carry(mut near: TcpStream, target: SocketAddr, mut line: watch::Receiver<Line>) {
    let mut far: Option<TcpStream> = None;
    loop {
        let state = *line.borrow_and_update();
        let still = match (state, &mut far) {
            (Line::Cut, _) => return,
            (Line::Stalled, _) => line.changed().await,
            (Line::Whole, None) => match TcpStream::connect(target).await {
                Ok(stream) => {
                    far = Some(stream);
                    Ok(())
                }
                Err(_) => return,
            },
            (Line::Whole, Some(far)) => tokio::select! {
                _ = copy_bidirectional(&mut near, far) => return,
                changed = line.changed() => changed,
            },
        };
        if still.is_err() {
            return;
        }
    }
}
