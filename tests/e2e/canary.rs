//! Two whole brands on one server and with one factory, every text of each carrying its mark. Random valid operations
//! of everyone in one of them, with ids and cursors of both, never show a mark, a phone number or an id of the other,
//! and change nothing there. A failure prints the operation and how it came about; `CANARY_SEED=7` makes others.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, FromQueryResult, JsonValue, Statement};
use serde_json::{Value, json};
use tests::Person;
use tests::schema::{Argument, Field, Kind, Schema};
use tests::world::World;

use super::*;

/// Operations of each person.
const QUERIES: usize = 60;
const MUTATIONS: usize = 25;
/// Of whoever has a session.
const SUBSCRIPTIONS: usize = 12;

/// The interface of all that has an id.
const NODE: &str = "Node";
/// What has an id and is no `Node`.
const NO_NODES: [&str; 2] = ["eventId", "differenceId"];
/// What a batch is of, which its factory may know.
const OF_BATCHES: [&str; 8] =
    ["batchId", "claimedBatchId", "rejectedBatchId", "brandId", "designId", "factoryId", "pictureId", "skuId"];

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

/// What all seeds are counted from; the same each time unless whoever runs the tests says otherwise.
#[allow(clippy::disallowed_methods)] // told by whoever runs the tests
fn base_seed() -> u64 {
    std::env::var("CANARY_SEED").map_or(0, |text| text.parse().expect("CANARY_SEED is a whole number"))
}

/// Cursors by the root field whose list they are of.
type Cursors = BTreeMap<String, Vec<String>>;

/// Makes operations out of the schema.
struct Maker<'w> {
    schema: &'w Schema,
    mine: &'w World<'w>,
    theirs: &'w World<'w>,
    /// Of lists of the other brand.
    cursors: &'w Cursors,
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

    fn subscription(&mut self) -> String {
        let roots = self.schema.fields("Subscription");
        let field = &roots[self.random.below(roots.len())];
        format!("subscription {{ {} }}", self.field(field, 4))
    }

    fn field(&mut self, field: &Field, depth: usize) -> String {
        if field.of == NODE && ["node", "nodes"].contains(&field.name.as_str()) {
            return self.node(&field.name, depth);
        }
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

    /// `node` or `nodes` for things of both brands, and what their kinds have.
    fn node(&mut self, name: &str, depth: usize) -> String {
        let count = if name == "node" { 1 } else { 2 + self.random.below(3) };
        let mut ids = BTreeSet::new();
        for _ in 0..count {
            let world = if self.random.chance(50) { self.theirs } else { self.mine };
            let known: Vec<_> = world.ids.iter().filter(|(name, _)| !NO_NODES.contains(name)).collect();
            ids.insert(known[self.random.below(known.len())].1.as_str());
        }
        // A kind of which one of them is, more often than not.
        let prefix = ids.first().and_then(|id| id.split_once('_')).map_or("", |(prefix, _)| prefix);
        let kinds = self.schema.implementers(NODE);
        let of: Vec<_> = kinds.iter().filter(|kind| kind.to_lowercase().ends_with(prefix)).collect();
        let kind = match of.is_empty() || self.random.chance(10) {
            true => &kinds[self.random.below(kinds.len())],
            false => of[self.random.below(of.len())],
        };
        let listed: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let argument =
            if name == "node" { format!("id: {}", listed[0]) } else { format!("ids: [{}]", listed.join(", ")) };
        let below = self.selection(kind, depth.saturating_sub(1));
        format!("{name}({argument}) {{ __typename id ... on {kind}{below} }}")
    }

    fn selection(&mut self, of: &str, depth: usize) -> String {
        let schema = self.schema;
        let mut inner = vec!["__typename".to_owned()];
        let kinds = schema.implementers(of);
        if !kinds.is_empty() {
            // One only: fields of one name that mean different things in two kinds are no valid operation.
            let kind = &kinds[self.random.below(kinds.len())];
            inner.push(format!("... on {kind}{}", self.selection(kind, depth)));
            return format!(" {{ {} }}", inner.join(" "));
        }
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
            ("after" | "before", _) => return self.cursor(of),
            ("inviteCode" | "code" | "nickname", _) => return "null".to_owned(),
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

impl Maker<'_> {
    /// None, or a place in the other brand's list.
    fn cursor(&mut self, of: &str) -> String {
        let known = self.cursors.get(of).map_or(&[][..], Vec::as_slice);
        if known.is_empty() || self.random.chance(40) {
            return "null".to_owned();
        }
        format!("\"{}\"", known[self.random.below(known.len())])
    }
}

/// Cursors of all lists of a brand, as those who see most of it get them.
async fn cursors(schema: &Schema, world: &World<'_>) -> Cursors {
    let mut cursors = Cursors::new();
    let is_list = |field: &&Field| schema.fields(&field.of).iter().any(|of| of.name == "edges");
    for field in schema.fields("Query").iter().filter(is_list) {
        let arguments = field.arguments.iter().filter(|argument| argument.required);
        let arguments: Vec<_> = arguments
            .map(|argument| format!("{}: {}", argument.name, world.literal(schema, &field.name, argument)))
            .collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        for person in [&world.brand.owner, &world.buyer, &world.koc] {
            let query = format!("{{ {}{arguments} {{ edges {{ cursor }} }} }}", field.name);
            let answer = person.gql(&query, json!({})).await;
            let edges = answer.at(&format!("{}.edges", field.name)).as_array().cloned().unwrap_or_default();
            let found = edges.iter().filter_map(|edge| edge["cursor"].as_str().map(str::to_owned));
            cursors.entry(field.name.clone()).or_default().extend(found);
        }
    }
    let full = cursors.values().filter(|of| !of.is_empty()).count();
    assert!(full > 20, "only {full} lists of a brand in which everything was used have an entry");
    cursors
}

/// What must not be seen of a world: its mark, its phone number, and all its ids.
fn secrets(world: &World<'_>) -> Vec<String> {
    let shared = &world.factory.id;
    let ids = world.ids.values().filter(|id| *id != shared).cloned();
    ids.chain([world.mark().to_owned(), world.phone.clone()]).collect()
}

/// What even those who make a brand's batches must not see of it: its people, and what they did and bought.
fn buyers(world: &World<'_>) -> Vec<String> {
    let ids = world.ids.iter().filter(|(name, _)| !OF_BATCHES.contains(name)).map(|(_, id)| id.clone());
    ids.chain([world.phone.clone()]).collect()
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

async fn try_person(maker: &mut Maker<'_>, name: &str, person: &Person<'_>, secrets: &[String]) -> usize {
    let mut answered = 0;
    let seed = format!("CANARY_SEED={} (seed {})", base_seed(), maker.random.0);
    for n in 0..QUERIES + MUTATIONS {
        let operation = if n < QUERIES { maker.query() } else { maker.mutation() };
        let answer = person.gql(&operation, json!({})).await;
        answered += usize::from(is_answered(&format!("{seed}, {name}"), &operation, &answer.body, secrets));
    }
    answered
}

/// The first message of each subscription, which tells how things are.
async fn try_socket(maker: &mut Maker<'_>, name: &str, person: &Person<'_>, secrets: &[String]) -> usize {
    let mut answered = 0;
    let seed = format!("CANARY_SEED={} (seed {})", base_seed(), maker.random.0);
    let mut socket = person.socket().await;
    for n in 0..SUBSCRIPTIONS {
        let (operation, id) = (maker.subscription(), n.to_string());
        socket.subscribe(&id, &operation, json!({})).await;
        let message = loop {
            let message = socket.next().await;
            if message["id"] == id.as_str() {
                break message;
            }
        };
        let body = match message["type"] == "error" {
            true => json!({ "errors": message["payload"] }),
            false => message["payload"].clone(),
        };
        answered += usize::from(is_answered(&format!("{seed}, {name}"), &operation, &body, secrets));
        socket.send(json!({ "id": id, "type": "complete" })).await;
    }
    answered
}

/// Whether it was done; panics when it shows what it must not, or was no valid operation.
fn is_answered(who: &str, operation: &str, body: &Value, secrets: &[String]) -> bool {
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
    assert!(code != "BAD_QUERY" && code != "INTERNAL", "{who}: {operation}\n{body:#}");
    let text = body.to_string();
    for secret in secrets {
        let leaked = text.contains(secret.as_str()) && !operation.contains(secret.as_str());
        assert!(!leaked, "{who} saw {secret}: {operation}\n{body:#}");
    }
    code.is_empty()
}

e2e! {
    async fn no_operation_shows_or_changes_anything_of_another_brand(app) {
        let (factory, other_factory) = (app.factory("One").await, app.factory("Two").await);
        let mint = app.world("canary-mint", 1, &factory).await;
        let plum = app.world("canary-plum", 2, &factory).await;
        // Has work, but none of these two.
        app.world("canary-pear", 3, &other_factory).await;
        let schema = Schema::printed();
        let (cursors_of_mint, cursors_of_plum) = (cursors(&schema, &mint).await, cursors(&schema, &plum).await);
        let base = base_seed();
        let (mut answered, mut pushed) = (0, 0);
        let rounds = [(&mint, &plum, &cursors_of_plum), (&plum, &mint, &cursors_of_mint)];
        for (round, (mine, theirs, cursors)) in rounds.into_iter().enumerate() {
            let ended = mine.brand.member(&format!("{}-leaver", mine.mark())).await;
            super::authorization::end_session(app, &ended).await;
            let before = everything(app, theirs).await;
            let theirs_alone = secrets(theirs);
            let of_both = [secrets(mine), secrets(theirs)].concat();
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
                ("ended session", ended),
                ("other factory", other_factory.clone()),
            ];
            let maker = |n: usize| {
                let random = Random(base.wrapping_add((round * 100 + n) as u64));
                Maker { schema: &schema, mine, theirs, cursors, random }
            };
            for (n, (name, person)) in people.iter().enumerate() {
                let secrets = if *name == "other factory" { &of_both } else { &theirs_alone };
                // First, since a mutation may sign her out.
                if person.token.is_some() && *name != "ended session" {
                    pushed += try_socket(&mut maker(2 * people.len() + n), name, person, secrets).await;
                }
                let done = try_person(&mut maker(n), name, person, secrets).await;
                assert!(*name != "ended session" || done == 0, "CANARY_SEED={base}: {done} answers after the end");
                answered += done;
                app.settle().await;
            }
            let after = everything(app, theirs).await;
            let changed: Vec<_> = before.symmetric_difference(&after).collect();
            assert!(changed.is_empty(), "CANARY_SEED={base}: {} was changed from outside: {changed:#?}", theirs.mark());
            // Works for both, and so may change something of both; but knows the buyers of none.
            let buyers = [buyers(mine), buyers(theirs)].concat();
            pushed += try_socket(&mut maker(3 * people.len()), "factory", &factory, &buyers).await;
            answered += try_person(&mut maker(people.len()), "factory", &factory, &buyers).await;
            app.settle().await;
        }
        assert!(answered > 300, "only {answered} operations had an answer: the canary sang to nobody");
        assert!(pushed > 40, "only {pushed} subscriptions pushed something");
        // What WeChat refused for want of money goes through now.
        app.advance(chrono::Duration::hours(1)).await;
    }
}
