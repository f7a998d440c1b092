//! The JSON Schema of the file, for editors: from the same types that read it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::node::Node;
use crate::section::{SECTIONS, Section, Words};
use crate::source::Mark;
use crate::walk::PARTS;
use crate::yaml::Tree;
use crate::{preset, resolved};

/// The JSON Schema of the file, as a text. Editors complete and check a file by it that begins with
/// `# yaml-language-server: $schema=resil.schema.json`. With feature `schema`.
///
/// It covers the patterns that are compiled in. That of all of them is in the repository, as `crates/resil-config/schema/resil.schema.json`.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(&resil_config::schema())?;
/// assert_eq!(schema["properties"]["resilience"]["$ref"], "#/$defs/resilience");
/// # Ok::<_, serde_json::Error>(())
/// ```
pub fn schema() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut definitions = Map::new();
    let mut sections = Map::new();
    for section in &SECTIONS {
        let Some(words) = &section.words else { continue };
        let settings = settings(words, &mut generator);
        sections.insert(section.name.into(), or_nothing(&reference(section.name)));
        if section.has_instances {
            definitions.insert(section.name.into(), with_instances(section, settings.clone()));
            definitions.insert(settings_of(section.name), settings);
        } else {
            definitions.insert(section.name.into(), settings);
        }
    }
    if cfg!(feature = "pipeline") {
        definitions.insert("pipeline".into(), pipeline(&mut generator));
        sections
            .insert("pipelines".into(), map_of(&reference("pipeline"), "Patterns around one call, by name."));
    }
    definitions.insert("resilience".into(), resilience(sections));
    for (name, definition) in generator.take_definitions(true) {
        definitions.entry(name).or_insert(definition);
    }
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "resil",
        "description": "Settings of fault tolerance. Other keys than `resilience` are passed over.",
        "type": "object",
        "properties": { "resilience": reference("resilience") },
        "$defs": definitions,
    });
    without_nulls(&mut schema["$defs"]);
    format!("{schema:#}\n")
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn settings_of(section: &str) -> String {
    format!("{section}_settings")
}

/// A block, or the mere name of it, which says nothing. The word that stands for null is kept apart from what is taken out below.
fn or_nothing(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "const": null }] })
}

fn map_of(schema: &Value, description: &str) -> Value {
    json!({ "type": "object", "description": description, "additionalProperties": or_nothing(schema) })
}

fn resilience(sections: Map<String, Value>) -> Value {
    let mut properties = sections;
    properties.insert(
        "preset".into(),
        json!({ "enum": preset::NAMES, "description": "What holds where nothing else is said." }),
    );
    properties.insert(
        "limits".into(),
        json!({ "enum": ["kstlib"], "description": "Narrower ranges than the patterns' own." }),
    );
    properties.insert(
        "include".into(),
        json!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
            "description": "Other files, relative to this one, which wins over them; a later one wins over an earlier one.",
        }),
    );
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// What may be said of a pattern, also in other words.
fn settings(words: &Words, generator: &mut SchemaGenerator) -> Value {
    let mut schema = (words.schema)(generator).to_value();
    schema["additionalProperties"] = json!(false);
    let Some(properties) = schema["properties"].as_object_mut() else { return schema };
    for word in (words.known)() {
        if properties.contains_key(*word) {
            continue;
        }
        let Some(canonical) = canonical(words, word) else { continue };
        let Some(mut same) = properties.get(&canonical).cloned() else { continue };
        same["description"] = json!(format!("Another word for `{canonical}`."));
        properties.insert((*word).into(), same);
    }
    schema
}

/// The word that another one stands for: the one that is said when the other is read, with a value that fits.
fn canonical(words: &Words, word: &str) -> Option<String> {
    let samples = [Tree::Unsigned(1), Tree::Text("1s".into()), Tree::Text("fixed".into()), Tree::Bool(true)];
    samples.into_iter().find_map(|sample| {
        let said = (words.read)(word, &Node::of(sample, Mark::default())).ok()?;
        said.into_iter().next().map(|(canonical, _)| canonical)
    })
}

fn with_instances(section: &Section, mut settings: Value) -> Value {
    settings["properties"]["instances"] = map_of(
        &reference(&settings_of(section.name)),
        "Those of a name, each of which is as the section but for what it says.",
    );
    settings["properties"]["instances"]["propertyNames"] = json!({ "not": { "const": resolved::DEFAULT } });
    settings
}

fn pipeline(generator: &mut SchemaGenerator) -> Value {
    let mut properties = Map::new();
    let duration = generator.subschema_for::<resil_core::duration::Text>().to_value();
    properties.insert("deadline".into(), duration.clone());
    properties["deadline"]["description"] = json!("How long the whole call may take.");
    for part in PARTS {
        let Some(section) = SECTIONS.iter().find(|section| section.name == part && section.words.is_some())
        else {
            continue;
        };
        let mut forms = vec![json!({ "type": "string" }), reference(&settings_of(section.name))];
        if part == "timeout" {
            forms.push(duration.clone());
        }
        let description =
            "The name of an instance, or settings in place, which are as the section but for what they say.";
        properties.insert(part.into(), json!({ "anyOf": forms, "description": description }));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A setting is said or left out, but it is never null.
fn without_nulls(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Array(types)) = entries.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    entries.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(forms)) = entries.get_mut("anyOf") {
                forms.retain(|form| form.get("type").is_none_or(|kind| kind != "null"));
            }
            if entries.get("default").is_some_and(Value::is_null) {
                entries.remove("default");
            }
            entries.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// The schema of a type, with those that it names among the generator's definitions.
pub(crate) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    T::json_schema(generator)
}
