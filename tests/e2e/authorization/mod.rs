//! Who may do and see what: every root field and every field of every object, asked by everyone, held
//! against a committed file. A new field without a row fails; `SMALLBATCH_BLESS=1` writes the file anew,
//! and the difference is what a reviewer reads.

mod mutations;
mod objects;
mod queries;
mod subscriptions;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use tests::schema::Schema;
use tests::world::World;
use tests::{Answer, Person};

use super::*;

/// The columns of the file.
const PERSONAS: [&str; 14] = [
    "anonymous",
    "ended",
    "foreign-member",
    "foreign-owner",
    "foreign-factory",
    "member",
    "buyer",
    "koc",
    "designer",
    "merchandiser",
    "support",
    "finance",
    "owner",
    "factory",
];

/// A brand, and everyone who might want something of it.
pub struct Stage<'a> {
    app: &'a TestApp,
    world: World<'a>,
    schema: Schema,
    /// In the order of [`PERSONAS`].
    people: Vec<Person<'a>>,
}

impl<'a> Stage<'a> {
    async fn set(app: &'a TestApp) -> Stage<'a> {
        let (factory, stranger) = (app.factory("One").await, app.factory("Two").await);
        let world = app.world("canary-mint", 1, &factory).await;
        let foreign = app.brand("canary-plum").await;
        let leaver = world.brand.member("canary-mint-leaver").await;
        end_session(app, &leaver).await;
        let people = vec![
            app.caller(None),
            leaver,
            foreign.member("canary-plum-member").await,
            foreign.owner.clone(),
            stranger,
            world.bystander.clone(),
            world.buyer.clone(),
            world.koc.clone(),
            world.designer.clone(),
            world.merchandiser.clone(),
            world.support.clone(),
            world.finance.clone(),
            world.brand.owner.clone(),
            factory,
        ];
        Stage { app, world, schema: Schema::printed(), people }
    }
}

/// The member's access token has reached its end; as time does it, without moving everyone's clock.
pub async fn end_session(app: &TestApp, member: &Person<'_>) {
    use entity::session::{Column, Entity};
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let ended = Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(app.now()))
        .filter(Column::MemberId.eq(tests::Brand::member_uuid(member)))
        .exec(app.app.db.read())
        .await
        .expect("a session");
    assert_eq!(ended.rows_affected, 1);
}

/// What a caller learned of one root field.
fn outcome(answer: &Answer, root: &str) -> &'static str {
    match answer.body["errors"][0]["extensions"]["code"].as_str() {
        Some("UNAUTHENTICATED") => "sign-in",
        Some("FORBIDDEN") => "no",
        Some("NOT_FOUND") => "hidden",
        Some(code) if answer.body["data"][root].is_null() => panic!("{root} failed with {code}: {:#}", answer.body),
        _ if answer.body["data"][root].is_null() => "null",
        _ => "yes",
    }
}

/// Rows of one section: a field, and an outcome per persona.
type Rows = BTreeMap<String, Vec<&'static str>>;

fn print(sections: &[(&str, Rows)]) -> String {
    let mut text = String::from(
        "# Who may do and see what, as tried on a brand in which everything was used once. Written by the tests.\n\
         # sign-in: must sign in; no: not for this role; hidden: as if it were not there; null: nothing to show;\n\
         # empty: a list without entries; yes: entered (a mutation may still refuse); x: a value was seen, .: never.\n",
    );
    for (name, rows) in sections {
        let width = rows.keys().map(String::len).max().unwrap_or_default().max(name.len() + 2);
        let _ = write!(text, "\n{:width$}", format!("[{name}]"));
        for persona in PERSONAS {
            let _ = write!(text, " {persona}");
        }
        text.push('\n');
        for (row, outcomes) in rows {
            let _ = write!(text, "{row:width$}");
            for (persona, outcome) in PERSONAS.iter().zip(outcomes) {
                let _ = write!(text, " {outcome:width$}", width = persona.len());
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    text
}

#[allow(clippy::disallowed_methods)] // told by whoever runs the tests
fn is_blessing() -> bool {
    std::env::var("SMALLBATCH_BLESS").is_ok()
}

e2e! {
    async fn everyone_may_do_and_see_what_the_file_says(app) {
        let stage = Stage::set(app).await;
        let sections = [
            ("queries", queries::ask(&stage).await),
            ("subscriptions", subscriptions::ask(&stage).await),
            ("objects", objects::ask(&stage).await),
            ("mutations", mutations::ask(&stage).await),
        ];
        let found = print(&sections);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("authorization.txt");
        if is_blessing() {
            std::fs::write(&path, &found).expect("the file is written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (kept, found) = (lines(&kept), lines(&found));
        let gone: Vec<_> = kept.iter().filter(|line| !found.contains(line)).map(|line| format!("- {line}")).collect();
        let new: Vec<_> = found.iter().filter(|line| !kept.contains(line)).map(|line| format!("+ {line}")).collect();
        assert!(
            gone.is_empty() && new.is_empty(),
            "tests/authorization.txt says otherwise; if the change is meant, run with SMALLBATCH_BLESS=1 and read the \
             difference:\n{}\n{}",
            gone.join("\n"),
            new.join("\n")
        );
        // What WeChat refused for want of money goes through now.
        app.advance(chrono::Duration::hours(1)).await;
    }
}
