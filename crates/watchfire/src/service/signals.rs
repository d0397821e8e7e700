//! What the operating system tells a service: stop (SIGTERM, or control-C at a terminal) and reload (SIGHUP).

#[cfg(unix)]
mod listened {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(crate) struct Signals {
        terminate: Signal,
        interrupt: Signal,
        hang_up: Signal,
    }

    impl Signals {
        pub(crate) fn listen() -> std::io::Result<Signals> {
            Ok(Signals {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        pub(crate) async fn next(&mut self) -> super::Told {
            tokio::select! {
                _ = self.terminate.recv() => super::Told::Stop,
                _ = self.interrupt.recv() => super::Told::Stop,
                _ = self.hang_up.recv() => super::Told::Reload,
            }
        }
    }
}

#[cfg(not(unix))]
mod listened {
    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> std::io::Result<Signals> {
            Ok(Signals)
        }

        pub(crate) async fn next(&mut self) -> super::Told {
            match tokio::signal::ctrl_c().await {
                Ok(()) => super::Told::Stop,
                Err(_) => std::future::pending().await,
            }
        }
    }
}

pub(super) use listened::Signals;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Stop,
    Reload,
}
