//! `careline schema`: JSON Schema (2020-12) of every kind of file, so that an editor completes and checks.
//!
//! It is made of the same tables from which the readers take the words they know
//! ([`crate::flow::vocabulary`], [`crate::config::vocabulary`]), and of the languages whose files stand beside the flows.
//! A schema sees the form of a file alone; whether
//! a key leads anywhere is `careline check`'s.

use crate::cli::check::Paths;
use crate::cli::pieces;
use crate::config::vocabulary::CONFIG;
use crate::flow::vocabulary::{self, Field, Names, Need, Object, Value as Words};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// clinic.yaml
    Clinic,
    /// One file for each flow
    Flow,
    /// prompts.yaml
    Prompts,
    /// hours.yaml
    Hours,
    /// NAME.test.yaml
    Tests,
    /// careline.yaml
    Config,
}

/// What the command may be told.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// The kind of file; without one, all of them in one document
    #[arg(value_enum)]
    pub kind: Option<Kind>,
    /// Write NAME.schema.json for each kind into this directory
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] =
        [Kind::Clinic, Kind::Flow, Kind::Prompts, Kind::Hours, Kind::Tests, Kind::Config];

    /// Its name, as the command takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Clinic => "clinic",
            Kind::Flow => "flow",
            Kind::Prompts => "prompts",
            Kind::Hours => "hours",
            Kind::Tests => "tests",
            Kind::Config => "config",
        }
    }
}

/// The command.
pub fn run(paths: &Paths, arguments: &Arguments) -> ExitCode {
    // Where no flows can be read, the languages that are built in are the ones there are.
    let (languages, _) = pieces::languages(paths).unwrap_or_default();
    let known: Vec<&str> = languages.names().collect();
    let schemas = Schemas { languages: &known };
    let kinds: Vec<Kind> = arguments.kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
    let Some(directory) = &arguments.write else {
        match arguments.kind {
            Some(kind) => println!("{:#}", schemas.of(kind)),
            None => println!("{:#}", schemas.all()),
        }
        return ExitCode::SUCCESS;
    };
    match schemas.write(directory, &kinds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// The schemas of a clinic that may speak these languages.
#[derive(Clone, Copy, Debug)]
struct Schemas<'a> {
    languages: &'a [&'a str],
}

impl Schemas<'_> {
    fn write(self, directory: &Path, kinds: &[Kind]) -> Result<(), String> {
        let cannot = |cause| format!("the schemas cannot be written to `{}`: {cause}", directory.display());
        fs::create_dir_all(directory).map_err(cannot)?;
        for kind in kinds {
            let path = directory.join(format!("{}.schema.json", kind.name()));
            fs::write(&path, format!("{:#}\n", self.of(*kind))).map_err(cannot)?;
            println!("{}", path.display());
        }
        Ok(())
    }

    /// All kinds, by their names.
    fn all(self) -> Value {
        let named = Kind::ALL.map(|kind| (kind.name().to_owned(), self.of(kind)));
        Value::Object(Map::from_iter(named))
    }

    /// The schema of a kind of file.
    fn of(self, kind: Kind) -> Value {
        let (title, mut body) = match kind {
            Kind::Clinic => ("clinic.yaml of Careline", self.object(&vocabulary::CLINIC)),
            Kind::Flow => ("A flow of Careline", self.object(&vocabulary::FLOW)),
            Kind::Prompts => ("prompts.yaml of Careline", self.value(&vocabulary::PROMPTS)),
            Kind::Hours => ("hours.yaml of Careline", self.value(&vocabulary::HOURS_FILE)),
            Kind::Tests => ("Tests of a flow of Careline", self.value(&vocabulary::TESTS)),
            Kind::Config => ("careline.yaml", self.object(&CONFIG)),
        };
        body["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        body["title"] = json!(title);
        body
    }

    fn object(self, of: &Object) -> Value {
        let property = |field: &Field| {
            let mut schema = self.value(&field.value);
            schema["description"] = json!(field.about);
            (field.name.to_owned(), schema)
        };
        let required = of.fields.iter().filter(|field| field.need == Need::Required).map(|field| field.name);
        let required: Vec<&str> = required.collect();
        json!({
            "type": "object",
            "description": of.about,
            "properties": Map::from_iter(of.fields.iter().map(property)),
            "required": required,
            "additionalProperties": false,
        })
    }

    /// A value. Where Careline takes words as they are written, other readers of YAML see numbers and booleans.
    fn value(self, of: &Words) -> Value {
        match of {
            Words::Name => json!({"type": ["string", "number"], "pattern": "^[a-z0-9][a-z0-9_.-]*$"}),
            Words::Text => json!({"type": ["string", "number", "boolean"], "pattern": "\\S"}),
            Words::Number(from, to) => json!({"type": "integer", "minimum": from, "maximum": to}),
            Words::Time(from, to) => json!({
                "type": "string",
                "pattern": "^[0-9]+ *(s|min)$",
                "examples": [format!("{from} s"), format!("{to} s")],
            }),
            Words::Promise => json!({"type": "string", "pattern": "^0*([1-9]|10) *working days?$"}),
            Words::Choice(["true", "false"]) => json!({"type": "boolean"}),
            // Keys of a telephone are words here and numbers for other readers.
            Words::Choice(words) if words.iter().any(|word| word.parse::<u8>().is_ok()) => {
                let either = words.iter().flat_map(|word| [json!(word.parse::<u8>().ok()), json!(word)]);
                json!({"enum": either.filter(|one| !one.is_null()).collect::<Vec<_>>()})
            }
            Words::Choice(words) => json!({"type": "string", "enum": words}),
            Words::Language => json!({"type": "string", "enum": self.languages}),
            Words::List(of) => json!({"type": "array", "items": self.value(of)}),
            Words::OneOrMore(of) => {
                json!({"anyOf": [self.value(of), {"type": "array", "items": self.value(of)}]})
            }
            Words::Table(names, of) => self.table(*names, self.value(of)),
            Words::Object(of) => self.object(of),
            Words::TextOr(of) => json!({"anyOf": [self.value(&Words::Text), self.object(of)]}),
            Words::Either(of) => {
                json!({"anyOf": of.iter().map(|one| self.object(one)).collect::<Vec<_>>()})
            }
        }
    }

    fn table(self, names: Names, of: Value) -> Value {
        let pattern = match names {
            Names::Any => "^[a-z0-9][a-z0-9_.-]*$",
            Names::Keys => "^0*[1-8]$",
            Names::Free => "\\S",
            Names::Numbers => "^[ .()+_*#A-Za-z0-9-]+$",
            Names::Languages => {
                let draft = json!({"anyOf": [
                    {"type": "boolean"},
                    self.value(&Words::Language),
                    self.value(&Words::List(&Words::Language)),
                ]});
                let each = self.languages.iter().map(|language| ((*language).to_owned(), of.clone()));
                let each = each.chain([("draft".to_owned(), draft)]);
                return json!({
                    "type": "object",
                    "properties": Map::from_iter(each),
                    "additionalProperties": false,
                });
            }
        };
        json!({"type": "object", "patternProperties": {pattern: of}, "additionalProperties": false})
    }
}

#[cfg(test)]
mod tests;
