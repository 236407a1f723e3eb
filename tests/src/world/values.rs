//! What a client would send for an argument, as a GraphQL literal.

use super::World;
use crate::schema::{Argument, Kind, Schema};

impl World<'_> {
    /// A literal for `argument` of the field `of` (or of an input below it), with this world's ids.
    pub fn literal(&self, schema: &Schema, of: &str, argument: &Argument) -> String {
        let one = match schema.kind(&argument.of) {
            Kind::Input(members) => {
                let members = members.iter().filter(|member| member.required);
                let members: Vec<_> =
                    members.map(|member| format!("{}: {}", member.name, self.literal(schema, of, member))).collect();
                format!("{{ {} }}", members.join(", "))
            }
            Kind::Enum(values) => values[0].clone(),
            Kind::Fields(_) | Kind::Leaf => self.scalar(of, argument),
        };
        if argument.is_list { format!("[{one}]") } else { one }
    }

    fn scalar(&self, of: &str, argument: &Argument) -> String {
        match argument.of.as_str() {
            "ID" => format!("\"{}\"", self.id_for(of, &argument.name)),
            "Int" | "Long" => "1".to_owned(),
            "Boolean" => "false".to_owned(),
            "DateTime" => format!("\"{}\"", self.brand.app.at(chrono::Duration::days(3))),
            "NaiveDate" if argument.name == "from" => "\"2026-03-01\"".to_owned(),
            // A day whose bills are there.
            "NaiveDate" if of == "reconcileDay" => "\"2026-02-26\"".to_owned(),
            "NaiveDate" => "\"2026-03-14\"".to_owned(),
            _ => match argument.name.as_str() {
                "idempotencyKey" => format!("\"{}\"", self.brand.app.app.ids.next()),
                "brand" => format!("\"{}\"", self.mark()),
                "phone" => "\"13800000000\"".to_owned(),
                _ => "\"nothing known\"".to_owned(),
            },
        }
    }

    /// `round(id:)` takes a `roundId`, `designIds` takes several `designId`.
    pub fn id_for(&self, of: &str, argument: &str) -> &str {
        let name = match (argument, of) {
            ("id", "node") | ("ids", "nodes") => "orderId".to_owned(),
            ("id", "batch") => "batchId".to_owned(),
            ("id", of) => format!("{of}Id"),
            ("ids", _) => "messageId".to_owned(),
            ("koc", _) => "kocId".to_owned(),
            ("lineId", _) => "orderLineId".to_owned(),
            (name, _) => name.strip_suffix('s').filter(|name| name.ends_with("Id")).unwrap_or(name).to_owned(),
        };
        self.id(&name)
    }
}
