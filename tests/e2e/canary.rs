//! Two whole brands on one server, every text of each carrying its mark. Random valid operations of
//! everyone in one of them, with ids of both, never show a mark, a phone number or an id of the other,
//! and change nothing there. A failure prints the seed and the operation.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult, JsonValue, Statement};
use serde_json::json;
use tests::Person;
use tests::schema::{Argument, Field, Kind, Schema};
use tests::world::World;

use super::*;

/// Operations of each person.
const QUERIES: usize = 60;
const MUTATIONS: usize = 25;

/// SplitMix64 (Steele, Lea and Flood 2014): all the randomness that is needed, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).expect("a small number")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Makes operations out of the schema.
struct Maker<'w> {
    schema: &'w Schema,
    mine: &'w World<'w>,
    theirs: &'w World<'w>,
    random: Random,
}

impl Maker<'_> {
    fn query(&mut self) -> String {
        let roots = self.schema.fields("Query");
        let picked: Vec<_> = (0..1 + self.random.below(2)).map(|_| &roots[self.random.below(roots.len())]).collect();
        let fields: Vec<_> =
            picked.into_iter().enumerate().map(|(n, field)| format!("r{n}: {}", self.field(field, 4))).collect();
        format!("{{ {} }}", fields.join(" "))
    }

    fn mutation(&mut self) -> String {
        let roots = self.schema.fields("Mutation");
        let field = &roots[self.random.below(roots.len())];
        format!("mutation {{ {} }}", self.field(field, 3))
    }

    fn field(&mut self, field: &Field, depth: usize) -> String {
        let mut arguments = Vec::new();
        for argument in &field.arguments {
            if argument.required || self.random.chance(30) {
                arguments.push(format!("{}: {}", argument.name, self.value(&field.name, argument)));
            }
        }
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let below = if self.schema.is_object(&field.of) { self.selection(&field.of, depth) } else { String::new() };
        format!("{}{arguments}{below}", field.name)
    }

    fn selection(&mut self, of: &str, depth: usize) -> String {
        let schema = self.schema;
        let mut inner = vec!["__typename".to_owned()];
        // A type's plain fields show most; of its objects a few are enough.
        for field in schema.fields(of) {
            let is_object = schema.is_object(&field.of);
            let wanted = if is_object { depth > 0 && self.random.chance(45) } else { self.random.chance(75) };
            if wanted {
                inner.push(self.field(field, depth.saturating_sub(1)));
            }
        }
        format!(" {{ {} }}", inner.join(" "))
    }

    fn value(&mut self, of: &str, argument: &Argument) -> String {
        // Of two ids one is of the other brand; sizes of pages and texts that a cursor cannot be stay out.
        match (argument.name.as_str(), self.schema.kind(&argument.of)) {
            ("first" | "last", _) => return (1 + self.random.below(20)).to_string(),
            ("after" | "before" | "inviteCode" | "code" | "nickname", _) => return "null".to_owned(),
            (_, Kind::Enum(values)) => {
                let value = values[self.random.below(values.len())].clone();
                return if argument.is_list { format!("[{value}]") } else { value };
            }
            _ => {}
        }
        let world = if self.random.chance(50) { self.theirs } else { self.mine };
        world.literal(self.schema, of, argument)
    }
}

/// What must not be seen of a world: its mark, its phone number, and all its ids.
fn secrets(world: &World<'_>) -> Vec<String> {
    let shared = &world.factory.id;
    let ids = world.ids.values().filter(|id| *id != shared).cloned();
    ids.chain([world.mark().to_owned(), world.phone.clone()]).collect()
}

/// Everything the database holds of a brand, but for what its own sessions and limits note.
async fn everything(app: &TestApp, world: &World<'_>) -> BTreeSet<String> {
    let db = app.app.db.read();
    let backend = db.get_database_backend();
    let tables = match backend {
        sea_orm::DbBackend::Sqlite => "select name as name from sqlite_master where type = 'table'",
        _ => "select table_name as name from information_schema.tables where table_schema = 'public'",
    };
    let mut rows = BTreeSet::new();
    for table in db.query_all_raw(Statement::from_string(backend, tables)).await.expect("the tables") {
        let table: String = table.try_get("", "name").expect("a name");
        let text = format!("select * from \"{table}\" where brand_id = $1");
        let statement = Statement::from_sql_and_values(backend, text, [world.brand.id.into()]);
        // Tables of no brand have no such column.
        if let Ok(found) = JsonValue::find_by_statement(statement).all(db).await {
            rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
        }
    }
    assert!(rows.len() > 100, "a brand in which everything was used once has more than {} rows", rows.len());
    rows
}

async fn try_person(maker: &mut Maker<'_>, name: &str, person: &Person<'_>, secrets: &[String], seed: u64) -> usize {
    let mut answered = 0;
    for n in 0..QUERIES + MUTATIONS {
        let operation = if n < QUERIES { maker.query() } else { maker.mutation() };
        let answer = person.gql(&operation, json!({})).await;
        let code = answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
        assert!(code != "BAD_QUERY" && code != "INTERNAL", "seed {seed}, {name}: {operation}\n{:#}", answer.body);
        answered += usize::from(code.is_empty());
        let text = answer.body.to_string();
        for secret in secrets {
            let leaked = text.contains(secret.as_str()) && !operation.contains(secret.as_str());
            assert!(!leaked, "seed {seed}, {name} saw {secret}: {operation}\n{:#}", answer.body);
        }
    }
    answered
}

e2e! {
    async fn no_operation_shows_or_changes_anything_of_another_brand(app) {
        let factory = app.factory("One").await;
        let mint = app.world("canary-mint", 1, &factory).await;
        let plum = app.world("canary-plum", 2, &factory).await;
        let schema = Schema::printed();
        let mut answered = 0;
        for (round, (mine, theirs)) in [(&mint, &plum), (&plum, &mint)].into_iter().enumerate() {
            let before = everything(app, theirs).await;
            let secrets = secrets(theirs);
            let owner = mine.brand.owner.clone();
            let people = [
                ("anonymous", app.caller(None)),
                ("bystander", mine.bystander.clone()),
                ("buyer", mine.buyer.clone()),
                ("koc", mine.koc.clone()),
                ("designer", mine.designer.clone()),
                ("support", mine.support.clone()),
                ("finance", mine.finance.clone()),
                ("merchandiser", mine.merchandiser.clone()),
                ("owner", owner),
            ];
            for (n, (name, person)) in people.iter().enumerate() {
                let seed = (round * 100 + n) as u64;
                let mut maker = Maker { schema: &schema, mine, theirs, random: Random(seed) };
                answered += try_person(&mut maker, name, person, &secrets, seed).await;
                app.settle().await;
            }
            let after = everything(app, theirs).await;
            let changed: Vec<_> = before.symmetric_difference(&after).collect();
            assert!(changed.is_empty(), "{} was changed from outside: {changed:#?}", theirs.mark());
        }
        assert!(answered > 300, "only {answered} operations had an answer: the canary sang to nobody");
    }
}
