//! A cable between a server and a service, which can be cut and mended.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Cable {
    /// The service's address at this end.
    pub url: String,
    whole: watch::Sender<bool>,
}

impl Cable {
    /// Leads to the service at `url`, such as `redis://127.0.0.1:6379/`.
    pub async fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("an address");
        let (user, rest) = rest.split_once('@').map_or(("", rest), |(user, rest)| (user, rest));
        let (far, path) = rest.split_once('/').unwrap_or((rest, ""));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let near = listener.local_addr().expect("a bound address");
        let whole = watch::Sender::new(true);
        tokio::spawn(carry(listener, far.to_owned(), whole.subscribe()));
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        Cable { url: format!("{scheme}://{user}{near}/{path}"), whole }
    }

    /// Ends what goes through and lets nothing new in.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn carry(listener: TcpListener, far: String, whole: watch::Receiver<bool>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let (far, mut whole) = (far.clone(), whole.clone());
        tokio::spawn(async move {
            if !*whole.borrow_and_update() {
                return;
            }
            let Ok(mut far) = TcpStream::connect(far).await else { return };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = whole.changed() => {}
            }
        });
    }
}
