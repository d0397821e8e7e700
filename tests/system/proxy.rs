//! A proxy between the service and PostgreSQL, which fails as networks do: it holds everything up, lets nobody in, or cuts
//! a connection while its COMMIT is under way.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// As PostgreSQL is told it: a simple query, its length, its text.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const CHUNK: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: Arc<Way>,
}

#[derive(Debug)]
struct Way {
    to: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stalls: bool,
    refuses: bool,
    /// What becomes of the next COMMIT.
    next_commit: Option<Cut>,
    cuts: usize,
    /// Both ends of every connection there was.
    open: Vec<TcpStream>,
}

/// Where a connection dies around its COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears it, and takes everything back.
    BeforeTheServer,
    /// The server has done it, and the answer is lost.
    BeforeTheAnswer,
}

impl Proxy {
    pub(crate) fn before(to: SocketAddr) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let way = Arc::new(Way { to, state: Mutex::default(), changed: Condvar::new() });
        let leading = Arc::clone(&way);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                leading.lead(client);
            }
        });
        Proxy { address, way }
    }

    /// Nothing gets through, and nobody is told.
    pub(crate) fn stall(&self) {
        self.way.change(|state| state.stalls = true);
    }

    /// Whoever is connected is cut, and nobody gets in.
    pub(crate) fn refuse(&self) {
        self.way.change(|state| {
            state.refuses = true;
            state.cut_all();
        });
    }

    /// As if nothing had been.
    pub(crate) fn let_through(&self) {
        self.way.change(|state| (state.stalls, state.refuses) = (false, false));
    }

    pub(crate) fn cut_next_commit(&self, cut: Cut) {
        self.way.change(|state| state.next_commit = Some(cut));
    }

    /// How many connections were cut around a COMMIT so far.
    pub(crate) fn commits_cut(&self) -> usize {
        self.way.state.lock().unwrap().cuts
    }
}

impl State {
    fn cut_all(&mut self) {
        self.open.drain(..).for_each(|end| drop(end.shutdown(Shutdown::Both)));
    }
}

impl Way {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Takes a connection on, unless nobody is let in.
    fn lead(self: &Arc<Way>, client: TcpStream) {
        if self.state.lock().unwrap().refuses {
            return;
        }
        let Ok(server) = TcpStream::connect(self.to) else { return };
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
        }
        let twin = |end: &TcpStream| end.try_clone().unwrap();
        self.change(|state| state.open.extend([twin(&client), twin(&server)]));
        let answerless = Arc::new(AtomicBool::new(false));
        let pump = |way: &Arc<Way>, from: TcpStream, to: TcpStream, asks: bool| {
            let pump = Pump { way: Arc::clone(way), from, to, answerless: Arc::clone(&answerless) };
            std::thread::spawn(move || pump.run(asks));
        };
        pump(self, twin(&client), twin(&server), true);
        pump(self, server, client, false);
    }

    /// Returns once nothing is held up.
    fn wait_while_stalled(&self) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| state.stalls).unwrap());
    }

    fn take_cut(&self) -> Option<Cut> {
        self.state.lock().unwrap().next_commit.take()
    }
}

/// One direction of a connection.
struct Pump {
    way: Arc<Way>,
    from: TcpStream,
    to: TcpStream,
    /// The next answer is not passed on: the connection ends with it.
    answerless: Arc<AtomicBool>,
}

impl Pump {
    fn run(mut self, asks: bool) {
        let mut chunk = vec![0; CHUNK];
        while let Ok(bytes @ 1..) = self.from.read(&mut chunk) {
            self.way.wait_while_stalled();
            let passed_on = if asks { self.ask(&chunk[..bytes]) } else { self.answer(&chunk[..bytes]) };
            if !passed_on {
                break;
            }
        }
        for end in [&self.from, &self.to] {
            drop(end.shutdown(Shutdown::Both));
        }
    }

    fn ask(&mut self, bytes: &[u8]) -> bool {
        let commits = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
        match commits.then(|| self.way.take_cut()).flatten() {
            None => {}
            Some(Cut::BeforeTheAnswer) => self.answerless.store(true, Ordering::SeqCst),
            Some(Cut::BeforeTheServer) => {
                self.way.change(|state| state.cuts += 1);
                return false;
            }
        }
        self.to.write_all(bytes).is_ok()
    }

    fn answer(&mut self, bytes: &[u8]) -> bool {
        if self.answerless.load(Ordering::SeqCst) {
            self.way.change(|state| state.cuts += 1);
            return false;
        }
        self.to.write_all(bytes).is_ok()
    }
}
