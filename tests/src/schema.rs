//! The printed schema as a map, for tests that ask everything of everyone.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};

/// The types by name.
pub struct Schema {
    types: BTreeMap<String, Kind>,
    /// By interface: the objects that are one.
    implementers: BTreeMap<String, Vec<String>>,
}

pub enum Kind {
    /// An object or an interface.
    Fields(Vec<Field>),
    Input(Vec<Argument>),
    Enum(Vec<String>),
    Leaf,
}

pub struct Field {
    pub name: String,
    pub arguments: Vec<Argument>,
    /// Without its lists and exclamation marks.
    pub of: String,
}

pub struct Argument {
    pub name: String,
    pub of: String,
    pub is_list: bool,
    /// Not nullable and without a default.
    pub required: bool,
}

impl Schema {
    pub fn printed() -> Self {
        let document = parse_schema(smallbatch::schema::sdl()).expect("our own SDL parses");
        let (mut types, mut implementers) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let kind = match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        let name = definition.node.name.node.to_string();
                        implementers.entry(interface.node.to_string()).or_default().push(name);
                    }
                    Kind::Fields(object.fields.iter().map(|field| self::field(&field.node)).collect())
                }
                TypeKind::Interface(object) => {
                    Kind::Fields(object.fields.iter().map(|field| self::field(&field.node)).collect())
                }
                TypeKind::InputObject(input) => {
                    Kind::Input(input.fields.iter().map(|field| argument(&field.node)).collect())
                }
                TypeKind::Enum(values) => {
                    Kind::Enum(values.values.iter().map(|value| value.node.value.node.to_string()).collect())
                }
                TypeKind::Scalar | TypeKind::Union(_) => Kind::Leaf,
            };
            types.insert(definition.node.name.node.to_string(), kind);
        }
        Schema { types, implementers }
    }

    /// The fields of an object or interface; none of anything else.
    pub fn fields(&self, of: &str) -> &[Field] {
        match self.types.get(of) {
            Some(Kind::Fields(fields)) => fields,
            _ => &[],
        }
    }

    pub fn kind(&self, of: &str) -> &Kind {
        self.types.get(of).unwrap_or(&Kind::Leaf)
    }

    /// The objects that are an interface, in the order of the schema; none of anything else.
    pub fn implementers(&self, interface: &str) -> &[String] {
        self.implementers.get(interface).map_or(&[], Vec::as_slice)
    }

    pub fn is_object(&self, of: &str) -> bool {
        matches!(self.kind(of), Kind::Fields(_))
    }
}

fn field(field: &FieldDefinition) -> Field {
    Field {
        name: field.name.node.to_string(),
        arguments: field.arguments.iter().map(|one| argument(&one.node)).collect(),
        of: name(&field.ty.node).to_owned(),
    }
}

fn argument(value: &InputValueDefinition) -> Argument {
    Argument {
        name: value.name.node.to_string(),
        of: name(&value.ty.node).to_owned(),
        is_list: matches!(value.ty.node.base, BaseType::List(_)),
        required: !value.ty.node.nullable && value.default_value.is_none(),
    }
}

fn name(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => name(inner),
    }
}
