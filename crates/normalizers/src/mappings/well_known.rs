//! What many sources have in common: product, accounts, files, addresses, severities.

use headwater_pipeline::mapping::Mapper;

/// Vendor and name of the product that wrote the record.
pub(super) fn product(mapper: &mut Mapper<'_>, vendor: &str, name: &str) {
    mapper.set("metadata.product.vendor_name", vendor);
    mapper.set("metadata.product.name", name);
}

/// A file: path, name and kind of `to` (`process.file`) from a path.
pub(super) fn file(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    if !mapper.copy(from, (to, "path")) {
        return false;
    }
    let path = mapper.written((to, "path")).map(std::borrow::Cow::into_owned);
    let name = path.as_deref().map_or("", last_segment);
    if !name.is_empty() {
        mapper.set((to, "name"), name);
    }
    mapper.set((to, "type_id"), 1_i64);
    true
}

/// The last part of a path, of Windows or Unix.
pub(super) fn last_segment(path: &str) -> &str {
    path.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Status by whether it worked: 1 Success, 2 Failure.
pub(super) fn status(mapper: &mut Mapper<'_>, is_success: bool) {
    mapper.set("status_id", if is_success { 1_i64 } else { 2 });
}

/// How many elements the list at a path has.
pub(super) fn length(mapper: &Mapper<'_>, path: &str) -> usize {
    let source = mapper.source();
    source.find(path).map_or(0, |list| source.elements(list).len())
}

/// [`Mapper::table`] of fields below a prefix (`detail.`).
pub(super) fn table_below(mapper: &mut Mapper<'_>, prefix: &str, pairs: &[(&str, &str)]) {
    if prefix.is_empty() {
        mapper.table(pairs);
        return;
    }
    for (from, to) in pairs {
        let from = format!("{prefix}{from}");
        mapper.table(&[(from.as_str(), to)]);
    }
}

/// [`Mapper::table`] with attributes below a prefix (`evidences.`).
pub(super) fn table_into(mapper: &mut Mapper<'_>, prefix: &str, pairs: &[(&str, &str)]) {
    for (from, to) in pairs {
        mapper.table(&[(from, &format!("{prefix}{to}"))]);
    }
}
