//! Something to scrape, that can go away and come back under its address.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\nConnection: close\r\n\r\nanswers 42\n";
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Target {
    address: SocketAddr,
    serving: Option<Serving>,
}

#[derive(Debug)]
struct Serving {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Target {
    pub(super) fn new() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Target { address, serving: Some(Serving::on(listener)) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nobody listens there any more when this returns.
    pub(super) fn stop(&mut self) {
        let Some(serving) = self.serving.take() else { return };
        serving.ends.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
        serving.thread.join().unwrap();
    }

    pub(super) fn start(&mut self) {
        self.serving = Some(Serving::on(TcpListener::bind(self.address).unwrap()));
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Serving {
    fn on(listener: TcpListener) -> Serving {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            for scraped in listener.incoming() {
                if ended.load(Ordering::Acquire) {
                    return;
                }
                // A scrape that fails here is one that Prometheus sees fail.
                scraped.and_then(|stream| answer(&stream)).ok();
            }
        });
        Serving { ends, thread }
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SCRAPE_TIMEOUT))?;
    let mut request = BufReader::new(stream);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    stream.write_all(ANSWER)
}
