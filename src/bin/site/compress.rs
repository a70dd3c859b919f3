//! Compressed siblings of the site's files, and what the first visit costs.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::Result;
use crate::assets::Output;

/// Brotli's best, at its widest window that every browser accepts.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// One file, compressed both ways.
pub struct Siblings {
    /// Contents of the `.br` file.
    pub brotli: Vec<u8>,
    /// Contents of the `.gz` file.
    pub gzip: Vec<u8>,
}

/// The siblings of each file; none for fonts, which are compressed as they are.
pub fn all(outputs: &[Output]) -> Vec<Option<Siblings>> {
    std::thread::scope(|scope| {
        let jobs: Vec<_> = outputs
            .iter()
            .map(|output| (!is_font(output)).then(|| scope.spawn(|| siblings(&output.bytes))))
            .collect();
        jobs.into_iter()
            .map(|job| job.map(|job| job.join().expect("compressing cannot fail")))
            .collect()
    })
}

/// The contents of `first-load.json`: files in falling order of weight, and their sums.
pub fn first_load(outputs: &[Output], compressed: &[Option<Siblings>]) -> Result<Vec<u8>> {
    let mut files = Vec::new();
    for (output, siblings) in outputs.iter().zip(compressed).filter(|(output, _)| output.first) {
        let brotli = siblings.as_ref().map_or(output.bytes.len(), |both| both.brotli.len());
        files.push((brotli, output));
    }
    files.sort_by_key(|(brotli, output)| (std::cmp::Reverse(*brotli), &output.name));
    let sum = |with_fonts: bool| -> usize {
        let counted = files.iter().filter(|(_, output)| with_fonts || !is_font(output));
        counted.map(|(brotli, _)| brotli).sum()
    };
    let (total, without_fonts) = (sum(true), sum(false));
    println!("First load: {total} bytes with brotli, {without_fonts} without fonts.");
    let files: Vec<_> = files
        .iter()
        .map(|(brotli, output)| {
            json!({ "path": output.name, "bytes": output.bytes.len(), "brotli_bytes": brotli })
        })
        .collect();
    let listing = json!({
        "brotli_bytes": total,
        "brotli_bytes_without_fonts": without_fonts,
        "files": files,
    });
    let mut text = serde_json::to_vec_pretty(&listing)?;
    text.push(b'\n');
    Ok(text)
}

fn is_font(output: &Output) -> bool {
    output.name.ends_with(".woff2")
}

fn siblings(bytes: &[u8]) -> Siblings {
    let mut brotli =
        brotli::CompressorWriter::new(Vec::new(), 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
    brotli.write_all(bytes).expect("memory takes all bytes");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("memory takes all bytes");
    Siblings { brotli: brotli.into_inner(), gzip: gzip.finish().expect("memory takes all bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_what_the_first_visit_needs() {
        let file = |name: &str, first| Output { name: name.into(), bytes: vec![7; 1000], first };
        let outputs = [file("a.js", true), file("b.woff2", true), file("later.json", false)];
        let listing = first_load(&outputs, &all(&outputs)).expect("listing");
        let listing: serde_json::Value = serde_json::from_slice(&listing).expect("JSON");
        let code = &listing["files"][1];
        assert_eq!((&code["path"], &code["bytes"]), (&json!("a.js"), &json!(1000)));
        assert_eq!(listing["brotli_bytes_without_fonts"], code["brotli_bytes"]);
        let total = code["brotli_bytes"].as_u64().expect("number") + 1000;
        assert_eq!(listing["brotli_bytes"].as_u64(), Some(total));
    }
}
