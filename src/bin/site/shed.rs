//! Takes exports out of a module that nobody calls, so that wasm-opt can drop what only they need.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use crate::Result;

/// Streams between JavaScript and Rust: Leptos brings them for its server functions, and
/// wasm-bindgen exports their classes, which the page has no use for.
pub fn is_idle(export: &str) -> bool {
    export.contains("intounderlying")
}

/// The module without the exports of which `idle` says so.
pub fn shed(module: &[u8], idle: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
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
        } else if let Some((id, range)) = payload.as_section() {
            let data = &module[usize::try_from(range.start)?..usize::try_from(range.end)?];
            out.section(&RawSection { id, data });
        }
    }
    Ok(out.finish())
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
        let after = shed(&before, is_idle).expect("is a module");
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
        assert_eq!(shed(&before, |_| false).expect("is a module"), before);
    }
}
