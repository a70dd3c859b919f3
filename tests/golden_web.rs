//! The golden runs, in a browser: the same bits as natively.

#![cfg(target_arch = "wasm32")]

use ringside::session::golden;
use ringside::session::prove::{self, Way};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn hashes_are_golden_in_the_browser() {
    for golden in golden::ALL {
        for way in Way::ALL {
            let hash = prove::hash(golden, way).expect("it compiles");
            assert_eq!(hash, golden.hash, "{} {}", golden.name, way.label());
        }
    }
}
