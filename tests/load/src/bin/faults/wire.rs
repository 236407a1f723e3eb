//! A TCP relay that can be cut and slowed: between the clients and the server, and between the server and
//! its database and Redis.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Cheap to clone; all clones are one relay.
#[derive(Clone)]
pub struct Relay {
    pub address: SocketAddr,
    /// Cuts so far: a connection of an earlier cut ends.
    cuts: watch::Sender<u64>,
    /// Milliseconds that every chunk waits.
    delay: Arc<AtomicU64>,
}

impl Relay {
    /// Listens on a free port and connects on to `to`, now and after `to` was away.
    pub async fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let relay =
            Relay { address: listener.local_addr()?, cuts: watch::channel(0).0, delay: Arc::new(AtomicU64::new(0)) };
        let shared = relay.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(shared.clone().carry(near, to));
            }
        });
        Ok(relay)
    }

    /// Every connection that is open now ends, wherever its bytes are.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// From now on every chunk in either direction waits this long.
    pub fn slow(&self, by: Duration) {
        self.delay.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    async fn carry(self, near: TcpStream, to: SocketAddr) {
        let mut cut = self.cuts.subscribe();
        cut.borrow_and_update();
        // The far end is away: the near end learns it by the closed connection.
        let Ok(far) = TcpStream::connect(to).await else { return };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
        let delay = &self.delay;
        tokio::select! {
            _ = pump(&mut near_in, &mut far_out, delay) => {}
            _ = pump(&mut far_in, &mut near_out, delay) => {}
            _ = cut.changed() => {}
        }
    }
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    delay: &AtomicU64,
) -> std::io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        let wait = delay.load(Ordering::Relaxed);
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        to.write_all(&chunk[..read]).await?;
    }
}
