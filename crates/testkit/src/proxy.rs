//! A proxy before an HTTP server that fails on demand: some requests, or all of them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Answer to a request that is made to fail.
const FAILURE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A running proxy; its threads end with the process.
#[derive(Debug, Clone)]
pub struct FailingProxy {
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    target: String,
    /// Requests of a thousand that fail.
    failing: AtomicU32,
    /// Pause before each request, in milliseconds.
    slow_ms: AtomicU32,
    failed: AtomicU64,
    seed: AtomicU64,
}

impl FailingProxy {
    /// A proxy before the server at an endpoint (`http://HOST:PORT`) that fails nothing yet.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State {
            target: endpoint.trim_start_matches("http://").to_owned(),
            failing: AtomicU32::new(0),
            slow_ms: AtomicU32::new(0),
            failed: AtomicU64::new(0),
            seed: AtomicU64::new(0x5EED),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || state.serve(stream));
            }
        });
        Self { endpoint: format!("http://{address}"), state }
    }

    /// From now on so many of a thousand requests fail, and each one waits.
    pub fn fail(&self, of_thousand: u32, wait: Duration) {
        let wait = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        self.state.slow_ms.store(wait, Ordering::Relaxed);
        self.state.failing.store(of_thousand, Ordering::Relaxed);
    }

    /// Requests that were made to fail.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.state.failed.load(Ordering::Relaxed)
    }
}

impl State {
    /// One connection: what comes from the client after a pause is a new request.
    fn serve(&self, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(&self.target) else { return };
        let (Ok(mut from_server), Ok(mut to_client)) = (server.try_clone(), client.try_clone())
        else {
            return;
        };
        let answers = thread::spawn(move || {
            // Either side may close at any time.
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length) = client.read(&mut buffer)
            && length > 0
        {
            if is_request(&buffer[..length]) {
                thread::sleep(Duration::from_millis(self.slow_ms.load(Ordering::Relaxed).into()));
                if self.chance() < self.failing.load(Ordering::Relaxed) {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    let _ = client.write_all(FAILURE);
                    break;
                }
            }
            if server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
        let _ = client.shutdown(Shutdown::Both);
        let _ = answers.join();
    }

    /// A number below 1,000.
    fn chance(&self) -> u32 {
        let step = |seed: u64| {
            Some(
                seed.wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        };
        let seed = self.seed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        u32::try_from((seed.unwrap_or_default() >> 33) % 1_000).unwrap_or_default()
    }
}

fn is_request(bytes: &[u8]) -> bool {
    ["GET ", "PUT ", "POST ", "HEAD ", "DELETE "]
        .iter()
        .any(|method| bytes.starts_with(method.as_bytes()))
}
