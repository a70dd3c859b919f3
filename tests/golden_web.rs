//! The golden runs, in a browser: the same bits as natively.

#![cfg(target_arch = "wasm32")]

use ringside::base::time::Nanos;
use ringside::session::golden;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn hashes_are_golden_in_the_browser() {
    for golden in golden::ALL {
        let run = golden.run(Nanos::MAX).expect("it compiles");
        assert_eq!(run.head.world.state_hash(), golden.hash, "{}", golden.name);
    }
}
