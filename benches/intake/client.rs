//! A client that costs little: bodies made beforehand, one thread and one connection each, the next request once the
//! answer to the last one is there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use benches::times::Times;

/// What a run came to, as the client saw it.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) took: Duration,
    pub(crate) times: Times,
}

/// Posts each body once, over so many connections.
pub(crate) fn post(to: SocketAddr, path: &str, bodies: &[Vec<u8>], connections: usize) -> Sent {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let each = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(|| connection(to, path, bodies, &next))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a connection does not fail")).collect::<Vec<_>>()
    });
    let took = began.elapsed();
    let mut times = Times::default();
    each.into_iter().flatten().for_each(|one| times.add(one));
    Sent { took, times }
}

fn connection(to: SocketAddr, path: &str, bodies: &[Vec<u8>], next: &AtomicUsize) -> Vec<Duration> {
    let mut stream = TcpStream::connect(to).expect("the server listens");
    stream.set_nodelay(true).expect("the socket knows it");
    let mut took = Vec::new();
    let mut answer = Vec::new();
    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
        let began = Instant::now();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        stream.write_all(body).expect("the server reads");
        let status = read_answer(&mut stream, &mut answer);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        took.push(began.elapsed());
    }
    took
}

/// Reads one answer to its end; its status.
fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    let mut part = [0; 16 << 10];
    loop {
        let read = stream.read(&mut part).expect("the server answers");
        assert_ne!(read, 0, "the server closed: {}", String::from_utf8_lossy(answer));
        answer.extend_from_slice(&part[..read]);
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if answer.len() >= head + 4 + length.unwrap_or(0) {
            return text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
        }
    }
}
