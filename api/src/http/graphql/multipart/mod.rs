//! Files in a GraphQL request: the multipart request specification (`operations`, `map`, then the files).
//!
//! A browser sends such a body across origins without asking, so a header that makes it ask is needed.
//! Then, before a byte of a file is read: who it is, whether they may upload, what it costs. The parts may
//! come in any order; with `operations` first, as clients send them, the query guard decides before a file
//! is read as well, and in any order before one is kept.

mod parts;

use actix_multipart::Multipart;
use actix_web::guard::{Guard, fn_guard};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer::{self, NotSpoken};
use super::envelope::Problem;
use super::execute::{self, Caller, Stopped, Who, bucket};
use super::{Wants, bearer, header, is_of_type};
use crate::app::App;
use crate::error::{Error, Fault};
use crate::http::client_ip;
use crate::http::media::upload::{COST, PATIENCE, RECEIVING};
use crate::people::actor::Actor;
use crate::schema::ApiSchema;

use parts::Reading;

const MULTIPART: &str = "multipart/form-data";

/// Headers that a browser sends to another origin only after that has agreed.
const NOT_SIMPLE: [&str; 3] = ["authorization", "graphql-require-preflight", "apollo-require-preflight"];

/// Lets only multipart bodies in.
pub fn guard() -> impl Guard {
    fn_guard(|request| request.head().headers().get(CONTENT_TYPE).is_some_and(|value| is_of_type(value, MULTIPART)))
}

pub async fn post(
    request: HttpRequest,
    body: Multipart,
    app: web::Data<App>,
    schema: web::Data<ApiSchema>,
) -> HttpResponse {
    let wants = match Wants::of(&request) {
        Ok(wants) => wants,
        Err(NotSpoken) => return answer::not_acceptable(),
    };
    if !NOT_SIMPLE.iter().any(|name| header(&request, name).is_some_and(|value| !value.trim().is_empty())) {
        return wants.problem(&Problem::Malformed(
            "A multipart request needs a header that other sites cannot send unasked: Authorization, or GraphQL-Require-Preflight: 1.",
            "multipart 请求需要带 Authorization 或 GraphQL-Require-Preflight: 1 请求头。",
        ));
    }
    let ip = client_ip::of(&request, &app.config.trusted_proxies);
    let received = async {
        let actor = execute::enter(&app, bearer(&request), ip).await?;
        actor.brand_id().map_err(Stopped::Fault)?;
        let payer = bucket(&actor, ip);
        app.limiter.pay(&payer, actor.brand(), COST).await.map_err(Stopped::TooMany)?;
        let receive = async {
            let place = RECEIVING.acquire().await.expect("never closed");
            Ok::<_, Failed>((Reading::new(&app, &payer, actor.brand()).read(body).await?, place))
        };
        let slow = |_| Failed::from(Fault::BadRequest("the files took too long to arrive".into()));
        let ((envelope, checked), place) = tokio::time::timeout(PATIENCE, receive).await.map_err(slow)??;
        Ok::<_, Failed>((actor, envelope, checked, place))
    };
    let (actor, envelope, checked, _place): (Actor, _, _, _) = match received.await {
        Ok(received) => received,
        Err(Failed::Problem(problem)) => return wants.problem(&problem),
        Err(Failed::Stopped(stopped)) => return wants.stopped(&stopped).await,
    };
    let caller = Caller { who: Who::Known(actor), ip, lang: wants.lang };
    match execute::run(&app, &schema, caller, envelope, checked).await {
        Ok(response) => wants.answer.executed(&response),
        Err(stopped) => wants.stopped(&stopped).await,
    }
}

/// For the fuzz targets: a body of somebody who may upload and can pay.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) async fn read_anything(
    app: &App,
    body: Multipart,
) -> Option<(super::envelope::Envelope, crate::http::guard::Checked)> {
    Reading::new(app, "anybody", None).read(body).await.ok()
}

/// Why the body is not executed.
enum Failed {
    Problem(Problem),
    Stopped(Stopped),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Failed::Problem(problem)
    }
}

impl From<Stopped> for Failed {
    fn from(stopped: Stopped) -> Self {
        Failed::Stopped(stopped)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Failed::Stopped(Stopped::Fault(Error::Fault(fault)))
    }
}
