//! Handlers run on the threads of the server, and what they open belongs to the main runtime.

use std::future::poll_fn;
use std::pin::pin;

use tokio::runtime::Handle;

/// Polls `future` here, with `main` as the runtime that sockets, timers and tasks of its belong to. Each
/// thread of the server has a runtime of its own, which ends with the server: a connection to PostgreSQL that
/// a handler opens goes to the pool, and whoever else finds it there, a moment after the server has ended,
/// would find it dead.
pub async fn on_main<F: Future>(main: &Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _entered = main.enter();
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was opened under the main runtime works on after the thread that opened it has lost its own.
    #[test]
    fn what_a_handler_opens_outlives_the_runtime_of_its_thread() {
        let main = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = main.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let handle = main.handle().clone();
        let opened = std::thread::spawn(move || {
            let own = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            own.block_on(on_main(&handle, tokio::net::TcpStream::connect(address))).unwrap()
        });
        let opened = opened.join().unwrap();
        main.block_on(async {
            let (accepted, _) = listener.accept().await.unwrap();
            accepted.writable().await.unwrap();
            accepted.try_write(b"x").unwrap();
            opened.readable().await.unwrap();
        });
    }
}
