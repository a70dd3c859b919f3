//! Makes the first module and its glue lighter: exports that nobody calls go, so that wasm-opt can
//! drop what only they need; imports get short names.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportSection, ImportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use crate::Result;

/// Streams between JavaScript and Rust: Leptos brings them for its server functions, and
/// wasm-bindgen exports their classes, which the page has no use for.
pub fn is_idle(export: &str) -> bool {
    export.contains("intounderlying")
}

/// The module without the exports of which `idle` says so, and with other names for the imports
/// that `names` has.
pub fn shed(
    module: &[u8],
    idle: impl Fn(&str) -> bool,
    names: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = payload {
            let mut kept = ExportSection::new();
            for export in exports {
                let export = export?;
                if !idle(export.name) {
                    let kind = RoundtripReencoder.export_kind(export.kind)?;
                    kept.export(export.name, kind, export.index);
                }
            }
            out.section(&kept);
        } else if let Payload::ImportSection(imports) = payload {
            let mut named = ImportSection::new();
            for import in imports.into_imports() {
                let import = import?;
                let name = names.get(import.name).map_or(import.name, String::as_str);
                named.import(import.module, name, RoundtripReencoder.entity_type(import.ty)?);
            }
            out.section(&named);
        } else if let Some((id, range)) = payload.as_section() {
            let data = &module[usize::try_from(range.start)?..usize::try_from(range.end)?];
            out.section(&RawSection { id, data });
        }
    }
    Ok(out.finish())
}

/// Short names for what a module imports under a name with a hash in it, as wasm-bindgen has them.
pub fn short_names(module: &[u8]) -> Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(imports) = payload? else { continue };
        for import in imports.into_imports() {
            let name = import?.name;
            if is_hashed(name) && !names.contains_key(name) {
                names.insert(name.to_owned(), format!("w{}", names.len()));
            }
        }
    }
    Ok(names)
}

fn is_hashed(name: &str) -> bool {
    let hash = name.rsplit('_').next().unwrap_or_default();
    name.starts_with("__wb") && hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit())
}

/// The glue, with those names.
pub fn rename(script: &str, names: &BTreeMap<String, String>) -> String {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '$';
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(at) = rest.find(is_part) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let word = &rest[..rest.find(|it| !is_part(it)).unwrap_or(rest.len())];
        out.push_str(names.get(word).map_or(word, String::as_str));
        rest = &rest[word.len()..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{ExportKind, GlobalSection, GlobalType, ValType};

    #[test]
    fn only_what_is_idle_goes() {
        let mut globals = GlobalSection::new();
        let kind = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(kind, &wasm_encoder::ConstExpr::i32_const(7));
        let mut exports = ExportSection::new();
        exports.export("intounderlyingsink_write", ExportKind::Global, 0);
        exports.export("start_page", ExportKind::Global, 0);
        let mut module = Module::new();
        module.section(&globals).section(&exports);
        let before = module.finish();
        let after = shed(&before, is_idle, &BTreeMap::new()).expect("is a module");
        wasmparser::validate(&after).expect("still one");
        let names = |module: &[u8]| -> Vec<String> {
            let sections = Parser::new(0).parse_all(module).map(|it| it.expect("payload"));
            let exports = sections.filter_map(|it| match it {
                Payload::ExportSection(it) => Some(it),
                _ => None,
            });
            exports.flatten().map(|it| it.expect("export").name.to_owned()).collect()
        };
        assert_eq!(names(&after), ["start_page"]);
        assert_eq!(shed(&before, |_| false, &BTreeMap::new()).expect("is a module"), before);
    }

    #[test]
    fn module_and_glue_agree_on_the_short_names() {
        let long = "__wbg_log_0123456789abcdef";
        let mut types = wasm_encoder::TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("./glue.js", long, wasm_encoder::EntityType::Function(0));
        imports.import("./glue.js", "__wbindgen_init", wasm_encoder::EntityType::Function(0));
        let mut module = Module::new();
        module.section(&types).section(&imports);
        let before = module.finish();
        let names = short_names(&before).expect("is a module");
        assert_eq!(names, BTreeMap::from([(long.to_owned(), "w0".to_owned())]));
        let after = shed(&before, |_| false, &names).expect("is a module");
        wasmparser::validate(&after).expect("still one");
        assert!(short_names(&after).expect("is a module").is_empty());
        let script = format!("{{ {long}: function() {{}}, {long}0: 1, __wbindgen_init: 2 }} ü");
        let told = format!("{{ w0: function() {{}}, {long}0: 1, __wbindgen_init: 2 }} ü");
        assert_eq!(rename(&script, &names), told);
    }
}
