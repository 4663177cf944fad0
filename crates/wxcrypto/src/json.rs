//! The outermost level of a JSON object, its values still text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON object of which only the names have been read, so that no value of any form
/// can keep the others from being read. Of equal names the last one counts.
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads `text`. `None` if it is not a JSON object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The JSON text of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let mut fields = self.fields.iter().rev();
        let field = fields.find(|(known, _)| known == name);
        field.map(|(_, value)| value.get())
    }

    /// Whether one of the fields is there.
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        self.fields.iter().any(|(name, _)| names.contains(&&**name))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        // The profile of a user has nine.
        let mut fields = Vec::with_capacity(12);
        while let Some((Name(name), value)) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Object { fields })
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
