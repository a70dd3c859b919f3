//! Compressing and expanding, by the browser (raw deflate), with a bound on what comes out.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, ReadableWritablePair};

#[wasm_bindgen]
extern "C" {
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

const FORMAT: &str = "deflate-raw";

/// Why nothing came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The browser cannot.
    Missing,
    /// These bytes are not what they should be.
    Broken,
    /// More comes out than was bargained for.
    Large,
}

/// Makes bytes fewer.
pub async fn squeeze(bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
    let stream = CompressionStream::new(FORMAT).map_err(|_| Trouble::Missing)?;
    through(bytes, stream.unchecked_ref(), usize::MAX).await
}

/// Makes them what they were: at most `most` bytes, counted while they come.
pub async fn expand(bytes: &[u8], most: usize) -> Result<Vec<u8>, Trouble> {
    let stream = DecompressionStream::new(FORMAT).map_err(|_| Trouble::Missing)?;
    through(bytes, stream.unchecked_ref(), most).await
}

async fn through(
    bytes: &[u8],
    stream: &ReadableWritablePair,
    most: usize,
) -> Result<Vec<u8>, Trouble> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence(&parts).map_err(|_| Trouble::Missing)?;
    let out = blob.stream().pipe_through(stream);
    let reader = ReadableStreamDefaultReader::new(&out).map_err(|_| Trouble::Missing)?;
    let mut all = Vec::new();
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(|_| Trouble::Broken)?;
        let Ok(value) = Reflect::get(&piece, &"value".into()) else { return Ok(all) };
        let Ok(value) = value.dyn_into::<Uint8Array>() else { return Ok(all) };
        if all.len() + value.length() as usize > most {
            // Nothing more is expanded once nobody reads.
            _ = reader.cancel();
            return Err(Trouble::Large);
        }
        all.extend(value.to_vec());
    }
}
