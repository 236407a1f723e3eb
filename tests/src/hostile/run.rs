//! Sends the whole corpus to a server and judges every answer.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::corpus;
use super::expand::{self, Request, World};
use super::judge::{Budget, problems, without_ids};
use super::report::Report;
use super::send::{self, Answer};
use super::server::Server;
use crate::Backend;

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
}

impl Transport {
    const ALL: [Transport; 1] = [Transport::Http];

    fn takes(self, _: &Request) -> bool {
        match self {
            Transport::Http => true,
        }
    }

    async fn send(self, host: &str, request: &Request, world: &World) -> Answer {
        match self {
            Transport::Http => send::http(host, request, world).await,
        }
    }
}

/// Runs what is named like one of `filters`, all when there are none. `program` is the program `hostile`.
pub async fn run(program: &Path, backend: Backend, budget: Budget, filters: &[String]) -> Report {
    let mut server = Server::start(program, backend).await;
    let world = std::mem::take(&mut server.ready.world);
    let host = server.ready.url.trim_start_matches("http://").to_owned();
    let mut report = Report::default();
    let mut alike: BTreeMap<String, (String, String)> = BTreeMap::new();
    for request in all(&world) {
        let named = format!("{} {}", request.family, request.name);
        if !filters.is_empty() && !filters.iter().any(|filter| named.contains(filter)) {
            continue;
        }
        for transport in Transport::ALL.into_iter().filter(|transport| transport.takes(&request)) {
            server.taken().await;
            let answer = transport.send(&host, &request, &world).await;
            let taken = server.taken().await;
            let mut wrong = problems(&request, &answer, &taken, budget);
            if let Some(group) = &request.expect.alike {
                let shown = without_ids(&answer);
                let (first, by) = alike.entry(group.clone()).or_insert_with(|| (shown.clone(), named.clone()));
                if *first != shown {
                    wrong.push(format!("{shown} tells it from “{by}”: {first}"));
                }
            }
            if !is_normal(&host, &world).await {
                wrong.push("the next request is not answered normally".to_owned());
            }
            report.add(&request.family, &named, transport, &answer, &taken, wrong);
        }
    }
    report.problems.extend(server.finish().await);
    report
}

/// Every request of the corpus, each with a name and a substance of its own.
fn all(world: &World) -> Vec<Request> {
    let requests: Vec<_> = corpus::read().iter().flat_map(|template| expand::requests(template, world)).collect();
    let (mut names, mut contents) = (HashSet::new(), HashSet::new());
    for request in &requests {
        assert!(names.insert((&request.family, &request.name)), "two requests are called {}", request.name);
        let content = (&request.persona, &request.sends);
        assert!(contents.insert(content), "{} is another one again", request.name);
    }
    requests
}

/// A stranger asks who they are.
async fn is_normal(host: &str, world: &World) -> bool {
    let template = toml::from_str("family = ''\nname = 'normal'\nquery = '{ viewer { kind } }'\nexpect = {}");
    let normal = expand::requests(&template.expect("a template"), world).remove(0);
    let answer = send::http(host, &normal, world).await;
    answer.status == 200 && answer.json()["data"]["viewer"]["kind"] == "ANONYMOUS"
}
