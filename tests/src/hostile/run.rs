//! Sends the whole corpus to a server and judges every answer.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::corpus;
use super::expand::{self, Conversation, Request, World};
use super::judge::{Budget, problems, without_ids};
use super::meter::Taken;
use super::report::Report;
use super::send::{self, Answer};
use super::server::Server;
use super::socket;
use super::talk;
use crate::Backend;

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    WebSocket,
}

/// Runs what is named like one of `filters`, all when there are none. `program` is the program `hostile`.
pub async fn run(program: &Path, backend: Backend, budget: Budget, filters: &[String]) -> Report {
    let mut server = Server::start(program, backend).await;
    let world = std::mem::take(&mut server.ready.world);
    let host = server.ready.url.trim_start_matches("http://").to_owned();
    let mut report = Report::default();
    let is_meant = |named: &str| filters.is_empty() || filters.iter().any(|filter| named.contains(filter));
    let mut alike: BTreeMap<String, (String, String)> = BTreeMap::new();
    let corpus = corpus::read();
    for request in all(&corpus.request, &world) {
        let named = format!("{} {}", request.family, request.name);
        if !is_meant(&named) {
            continue;
        }
        let mut judge = |transport, answer: &Answer, taken: &Taken| {
            let mut wrong = problems(&request, answer, taken, budget);
            if let Some(group) = &request.expect.alike {
                let shown = without_ids(answer);
                let group = format!("{group} {transport:?}");
                let (first, by) = alike.entry(group).or_insert_with(|| (shown.clone(), named.clone()));
                if *first != shown {
                    wrong.push(format!("{shown} tells it from “{by}”: {first}"));
                }
            }
            wrong
        };
        server.taken().await;
        let answer = send::http(&host, &request, &world).await;
        let taken = server.taken().await;
        let mut wrong = judge(Transport::Http, &answer, &taken);
        if !is_normal(&host, &world).await {
            wrong.push("the next request is not answered normally".to_owned());
        }
        report.add(&request.family, &named, Transport::Http, &answer, &taken, wrong);
        let Some(payload) = socket::payload(&request) else { continue };
        server.taken().await;
        let (answer, taken, wrong) = match socket::enter(&host, &request, &world).await {
            Err(answer) => {
                let taken = server.taken().await;
                let wrong = judge(Transport::WebSocket, &answer, &taken);
                (answer, taken, wrong)
            }
            Ok(mut socket) => {
                // Letting it in was paid for once; what counts is what each message takes.
                server.taken().await;
                let answer = socket::ask(&mut socket, payload).await;
                let taken = server.taken().await;
                let mut wrong = judge(Transport::WebSocket, &answer, &taken);
                if !socket::goes_on(socket, &answer).await {
                    wrong.push("the next operation of the socket is not answered normally".to_owned());
                }
                (answer, taken, wrong)
            }
        };
        report.add(&request.family, &named, Transport::WebSocket, &answer, &taken, wrong);
    }
    for conversation in all_talks(&corpus.talk, &world) {
        let family = &conversation.talk.family;
        let named = format!("{family} {}", conversation.name);
        if !is_meant(&named) {
            continue;
        }
        let (answer, taken, mut wrong) = talk::hold(&mut server, &host, &conversation, &world, budget).await;
        if !is_normal(&host, &world).await {
            wrong.push("the next request is not answered normally".to_owned());
        }
        report.add(family, &named, Transport::WebSocket, &answer, &taken, wrong);
    }
    report.problems.extend(server.finish().await);
    report
}

/// Every request of the corpus, each with a name and a substance of its own.
fn all(templates: &[corpus::Template], world: &World) -> Vec<Request> {
    let requests: Vec<_> = templates.iter().flat_map(|template| expand::requests(template, world)).collect();
    let (mut names, mut contents) = (HashSet::new(), HashSet::new());
    for request in &requests {
        assert!(names.insert((&request.family, &request.name)), "two requests are called {}", request.name);
        let content = (&request.persona, &request.sends);
        assert!(contents.insert(content), "{} is another one again", request.name);
    }
    requests
}

/// The same of the conversations.
fn all_talks(talks: &[corpus::Talk], world: &World) -> Vec<Conversation> {
    let talks: Vec<_> = talks.iter().flat_map(|talk| expand::conversations(talk, world)).collect();
    let (mut names, mut contents) = (HashSet::new(), HashSet::new());
    for Conversation { name, persona, says, talk } in &talks {
        assert!(names.insert((&talk.family, name)), "two conversations are called {name}");
        let content = (persona, says, &talk.protocol, talk.enters, talk.others, talk.hangs_up, talk.reads);
        assert!(contents.insert(content), "{name} is another one again");
    }
    talks
}

/// A stranger asks who they are.
async fn is_normal(host: &str, world: &World) -> bool {
    let template = toml::from_str("family = ''\nname = 'normal'\nquery = '{ viewer { kind } }'\nexpect = {}");
    let normal = expand::requests(&template.expect("a template"), world).remove(0);
    let answer = send::http(host, &normal, world).await;
    answer.status == 200 && answer.json()["data"]["viewer"]["kind"] == "ANONYMOUS"
}
