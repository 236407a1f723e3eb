//! A brand that floods, and what its neighbour notices: beside the flood, and beside one that asks as much of another
//! server. The latter is what the machine does to anybody on it, the loader included; what goes beyond it comes of
//! sharing a server. How little is left of a crowd says nothing: at a seventh of its rate the neighbour noticed as much
//! here, and as much of that on another server.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use load::client::{self, Member};
use load::closed_loop::{self, Done};
use load::plan;
use load::server::{Launch, Server, own};
use tokio::sync::Mutex;

use crate::Shared;
use crate::beside::{Noticed, Turns, beside, plan_of};
use crate::place::Place;

#[derive(clap::Args, Clone, Copy)]
pub struct Args {
    /// Connections on which the noisy brand asks as fast as it is answered.
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// What the noisy brand asks for: a read that is kept, one that is run each time, or writes.
    #[arg(long, value_enum, default_value_t = Noise::Feed)]
    noise: Noise,
    /// Members of the noisy brand who take part.
    #[arg(long, default_value_t = 1_000)]
    members: u64,
    /// Reads a second of the neighbour brand: what its own limit lets through for as long as it likes.
    #[arg(long, default_value_t = 100.0)]
    neighbour: f64,
    /// Keep the server's own rate limits instead of lifting them.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    limits: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Noise {
    Feed,
    Orders,
    Picks,
}

impl Noise {
    /// The n-th request of the flood.
    fn request(self, n: u64, members: u64) -> Vec<u8> {
        let who = Member { brand: 0, index: 1 + n % members };
        match self {
            Noise::Feed => client::feed(who),
            Noise::Orders => client::order_list(who),
            Noise::Picks => client::pick(who, n / members % plan::SLATE, &format!("noise-{n}")),
        }
    }
}

/// The flood on one of the two servers.
struct Flood {
    address: SocketAddr,
    /// Where it goes on the next time.
    next: u64,
}

impl Flood {
    fn on(server: &Server) -> Self {
        Flood { address: server.address, next: 0 }
    }

    /// `time` includes its warm-up.
    async fn run(&mut self, args: Args, time: Duration, apart: Duration) -> Done {
        let request = |n| Some(args.noise.request(n, args.members));
        closed_loop::paced(self.address, args.connections, time * 5 / 6, apart, &mut self.next, request).await
    }
}

pub async fn run(shared: &Shared, args: &Args) -> Result<()> {
    ensure!(shared.seconds > 1, "--seconds must be 2 at least");
    let turns = Turns { seconds: shared.seconds as usize, times: shared.rounds, crowds: 2 };
    // The last second is for those who wait for their answers: they are not to be noticed in the next turn.
    let time = turns.time() - Duration::from_secs(1);
    let pace = turns.pace(args.neighbour);
    let plan = plan_of(args.members, pace);
    let place = Place::seeded(shared, "noisy", &plan).await?;
    let other_place = place.copy(shared, "elsewhere").await?;
    let (server, other) = (serve(shared, args, &place).await?, serve(shared, args, &other_place).await?);
    let (address, args) = (server.address, *args);
    let floods = Mutex::new((Flood::on(&server), Flood::on(&other), Duration::ZERO));
    let crowd = async move |which: usize| {
        let (here, elsewhere, apart) = &mut *floods.lock().await;
        if which == 1 {
            return elsewhere.run(args, time, *apart).await;
        }
        let done = here.run(args, time, Duration::ZERO).await;
        *apart = done.apart;
        done
    };
    let (record, floods) = beside(address, pace, turns, crowd).await?;
    println!("noisy brand: {} members on {} connections, {:?}", args.members, args.connections, args.noise);
    for (which, flood) in ["beside", "elsewhere"].iter().cycle().zip(&floods) {
        println!("  {which}: {:.0} a second done", flood.rate);
        flood.errors.iter().chain(&flood.refused).for_each(|(what, times)| println!("    {what} × {times}"));
    }
    let alone = Noticed::alone(&record, turns);
    let [beside, elsewhere] = [0, 1].map(|which| Noticed::beside(&record, turns, which, time));
    println!(
        "  neighbour's p99: {:.1} ms alone, {:.1} ms beside it, {:.1} ms with as much elsewhere; {} errors\n  \
         beside over alone: {} (target +20 %)\n  elsewhere over alone: {}\n  beside over elsewhere: {}",
        alone.p99(),
        beside.p99(),
        elsewhere.p99(),
        record.errors(),
        beside.over(&alone),
        elsewhere.over(&alone),
        beside.over(&elsewhere)
    );
    let said = serde_json::json!({
        "noise_rate": floods.iter().map(|flood| flood.rate).collect::<Vec<_>>(),
        "noise_errors": floods.iter().map(|flood| &flood.errors).collect::<Vec<_>>(),
        "neighbour": { "alone": alone.report(), "beside": beside.report(), "elsewhere": elsewhere.report() },
    });
    std::fs::write(shared.out.join("noisy.json"), serde_json::to_vec_pretty(&said)?)?;
    server.stop()?;
    other.stop()?;
    place.drop().await?;
    other_place.drop().await
}

async fn serve(shared: &Shared, args: &Args, place: &Place) -> Result<Server> {
    let mut launch = place.launch(shared)?;
    if args.limits {
        keep_limits(&mut launch);
    }
    Server::start(&launch).await
}

/// Puts the server's own limits before the settings of the command line.
fn keep_limits(launch: &mut Launch) {
    let names = ["rate_per_second", "rate_burst", "brand_rate_per_second", "brand_rate_burst"];
    let limits = names.map(|name| own(name).map(|value| (name.to_owned(), value)));
    let given = std::mem::take(&mut launch.set);
    launch.set = limits.into_iter().flatten().chain(given).collect();
}
