//! Whether a resolved schema has all that it refers to, so that its catalogue can be read.

use anyhow::{Context as _, Result, bail};

use super::json::{Object, members, objects, text, texts};

/// Profiles are bits of a number.
const PROFILES_MAX: usize = 64;

/// Finds the first thing that is referred to and not there.
pub(super) fn schema(schema: &Object) -> Result<()> {
    for section in ["categories", "extensions", "observables"] {
        members(schema, section)?;
    }
    if members(schema, "profiles")?.len() > PROFILES_MAX {
        bail!("more than {PROFILES_MAX} `profiles`");
    }
    for section in ["classes", "objects"] {
        for one in objects(members(schema, section)?) {
            let (name, item) = one.with_context(|| format!("`{section}`"))?;
            for one in objects(members(item, "attributes").with_context(|| format!("`{name}`"))?) {
                let (key, definition) = one.with_context(|| format!("`{name}`"))?;
                self::attribute(definition, schema)
                    .with_context(|| format!("attribute `{key}` of `{name}` in `{section}`"))?;
            }
        }
    }
    Ok(())
}

/// Whether the schema has type, object and profiles of an attribute.
pub(super) fn attribute(attribute: &Object, schema: &Object) -> Result<()> {
    let (section, name) = match text(attribute, "type")? {
        "object_t" => ("objects", text(attribute, "object")?),
        name => ("types", name),
    };
    if !members(schema, section)?.contains_key(name) {
        bail!("there is no `{name}` among the `{section}`");
    }
    let known = members(schema, "profiles")?;
    match texts(attribute, "profiles")?.iter().find(|profile| !known.contains_key(*profile)) {
        Some(profile) => bail!("there is no `{profile}` among the `profiles`"),
        None => Ok(()),
    }
}
