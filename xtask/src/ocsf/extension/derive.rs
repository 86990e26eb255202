//! New classes and objects: what they say laid on what they extend.

use anyhow::{Context as _, Result, bail};

use super::super::json::{Object, members, whole_or_none};
use super::super::shared;
use super::files::Definition;
use super::patch;

/// Makes the new items of a section. Those that are only there to be derived from are left out:
/// classes without a number, objects whose name begins with `_`.
pub(super) fn all<'a>(
    schema: &Object,
    section: &str,
    new: &[&'a Definition],
    notes: &mut Vec<String>,
) -> Result<Vec<(&'a Definition, Object)>> {
    let mut family = Family {
        new,
        items: members(schema, section)?,
        dictionary: members(schema, "dictionary")?,
        notes,
    };
    let mut out = Vec::new();
    for definition in new {
        let of = || definition.file.display().to_string();
        let item = family.item(definition, &mut Vec::new()).with_context(of)?;
        let is_listed = match section {
            "classes" => item.contains_key("uid"),
            _ => !definition.name.starts_with('_'),
        };
        if is_listed {
            out.push((*definition, item));
        }
    }
    Ok(out)
}

/// Where parents are found.
struct Family<'a, 'b> {
    new: &'b [&'a Definition],
    items: &'b Object,
    dictionary: &'b Object,
    notes: &'b mut Vec<String>,
}

impl<'a> Family<'a, '_> {
    /// The item with all that it inherits; `trail` has the names of those derived from it.
    fn item(&mut self, definition: &'a Definition, trail: &mut Vec<&'a str>) -> Result<Object> {
        if trail.contains(&definition.name.as_str()) {
            bail!("`extends`: `{}` is derived from itself", definition.name);
        }
        trail.push(&definition.name);
        let mut item = match &definition.extends {
            None => Object::new(),
            Some(parent) => self.parent(&definition.name, parent, trail)?,
        };
        patch::overlay(&mut item, &definition.item, self.dictionary)?;
        item.insert("name".to_owned(), definition.name.as_str().into());
        if let Some(parent) = &definition.extends {
            item.insert("extends".to_owned(), parent.as_str().into());
        }
        if !item.contains_key("caption") {
            bail!("no text `caption`");
        }
        Ok(item)
    }

    fn parent(&mut self, child: &str, name: &'a str, trail: &mut Vec<&'a str>) -> Result<Object> {
        if let Some(parent) = self.new.iter().find(|one| one.name == name) {
            return self.item(parent, trail);
        }
        if self.items.contains_key(name) {
            let mut parent = members(self.items, name)?.clone();
            // Within its category; Base Event has none.
            let uid = whole_or_none(&parent, "uid")?.map_or(0, |uid| uid % 1_000);
            parent.remove("uid");
            if uid != 0 {
                parent.insert("uid".to_owned(), uid.into());
            }
            return Ok(parent);
        }
        let found = shared::of_children(self.items, name).context("`extends`")?;
        let parent = found.with_context(|| format!("`extends`: there is no `{name}`"))?;
        let note = format!(
            "`{child}` extends `{name}`, which the schema does not list: it gets what is common \
             to the others that extend it"
        );
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        Ok(parent)
    }
}
