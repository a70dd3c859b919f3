//! The app's parts in a real browser, by wasm-pack and headless Chrome.
#![cfg(target_arch = "wasm32")]

use leptos::prelude::*;
use ringside::app::canvas::flow::{Flow, Kind};
use ringside::app::canvas::node::Node;
use ringside::app::chart::plot::{self, Plot};
use ringside::app::figures::Face;
use ringside::app::inspector::settings::Settings;
use ringside::app::inspector::values::nudged;
use ringside::app::mirror::Heat;
use ringside::app::store::App;
use ringside::app::theme::{Palette, Theme};
use ringside::base::english::{Text, TextId};
use ringside::base::param::Field;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::document::file;
use ringside::session::protocol::{
    Chart, ChartPoint, ComponentFigures, Line, LineRole, MemberFigures, Unit, WireFigures,
};
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlCanvasElement, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A fresh place in the document.
fn host() -> HtmlElement {
    let element = document().create_element("div").expect("an element");
    document().body().expect("a body").append_child(&element).expect("appended");
    element.unchecked_into()
}

/// Effects run on a later tick, and what they set on one after that.
async fn settle() {
    for _ in 0..4 {
        leptos::task::tick().await;
    }
}

fn one(host: &HtmlElement, selector: &str) -> Element {
    host.query_selector(selector).expect("a selector").expect(selector)
}

fn text(host: &HtmlElement, selector: &str) -> String {
    one(host, selector).text_content().unwrap_or_default()
}

fn bookstore() -> ringside::document::Design {
    let (file, notices) =
        file::read(include_str!("../static/designs/bookstore.json")).expect("reads");
    assert!(notices.is_empty());
    file.design
}

fn figures(up: bool) -> ComponentFigures {
    let member = MemberFigures { up, slow: 1.0, ..MemberFigures::default() };
    ComponentFigures {
        offered: 1204.0,
        busy: 0.5,
        occupied: 0.5,
        ratios: vec![0.864],
        gauges: vec![4096.0],
        members: vec![member],
        ..ComponentFigures::default()
    }
}

#[wasm_bindgen_test]
async fn a_node_shows_what_matters_of_its_kind_and_says_it() {
    let host = host();
    let app = StoredValue::new_local(None);
    let mounted = mount_to(host.clone(), move || {
        let it = App::blank();
        provide_context(it);
        it.open(bookstore());
        app.set_value(Some(it));
        view! { <Node id="cache".to_owned()/> }
    });
    let app = app.get_value().expect("mounted");
    let node = app.node("cache").expect("there is a cache");
    let show = |up| {
        let face = node.record.with_untracked(|it| Face::new(&it.spec, &figures(up)));
        node.face.set(face);
    };
    show(true);
    settle().await;
    assert_eq!(text(&host, ".node-name"), "Book cache");
    assert_eq!(text(&host, ".node-figures"), "hits86.4%4\u{202f}096keys");
    let label = text(&host, ".node .hidden");
    assert!(label.starts_with("Book cache, Cache: hits 86.4 %"), "{label}");
    assert_eq!(one(&host, ".node").get_attribute("tabindex").as_deref(), Some("0"));
    assert!(host.query_selector(".m.down").expect("a selector").is_none());

    show(false);
    settle().await;
    assert!(one(&host, ".node").class_list().contains("down"));
    one(&host, ".m.down");
    assert_eq!(text(&host, ".node-figures"), "hits0%0keys");
    let label = text(&host, ".node .hidden");
    assert!(label.contains("1 of 1 down"), "{label}");

    app.select(Some(ringside::app::store::Selected::Node("cache".into())));
    settle().await;
    assert!(one(&host, ".node").class_list().contains("sel"));
    drop(mounted);
}

#[wasm_bindgen_test]
async fn a_setting_is_set_when_it_is_right_and_explained_when_it_is_not() {
    let host = host();
    let spec = RwSignal::new(bookstore().components["cache"].spec.clone());
    let mounted = mount_to(host.clone(), move || {
        let fields = Memo::new(move |_| spec.with(Spec::fields));
        let set = Callback::new(move |(name, value): (String, Value)| {
            let mut after = spec.get_untracked();
            match after.set(&name, &value) {
                Ok(()) => {
                    spec.set(after);
                    None
                }
                Err(error) => Some(error.problem),
            }
        });
        view! { <Settings fields set/> }
    });
    let input: HtmlInputElement = one(&host, "#field-capacity").unchecked_into();
    settle().await;
    assert_eq!(input.value(), "4096");
    let type_in = |text: &str| {
        input.set_value(text);
        let event = web_sys::Event::new("change").expect("an event");
        input.dispatch_event(&event).expect("dispatched");
    };
    type_in("100");
    settle().await;
    let capacity = |spec: Spec| spec.fields().into_iter().find(|it| it.name == "capacity");
    assert_eq!(capacity(spec.get_untracked()).map(|it| it.value), Some(Value::from(100)));

    type_in("none");
    settle().await;
    let problem = text(&host, ".wrong .problem");
    assert!(problem.contains("a whole number from 1 to"), "{problem}");
    assert_eq!(capacity(spec.get_untracked()).map(|it| it.value), Some(Value::from(100)));
    drop(mounted);
}

#[wasm_bindgen_test]
fn steps_go_through_round_numbers_and_stop_at_the_bounds() {
    let field = |id: &str, name: &str| -> Field {
        let spec = bookstore().components[id].spec.clone();
        spec.fields().into_iter().find(|it| it.name == name).expect("a field")
    };
    let step = |field: &Field, value: Value, up| nudged(&field.control, &value, up);
    let rate = field("readers", "rate");
    assert_eq!(step(&rate, "1200/s".into(), true), Some("1500/s".into()));
    assert_eq!(step(&rate, "1500/s".into(), false), Some("1000/s".into()));
    let instances = field("books", "instances");
    assert_eq!(step(&instances, 4.into(), true), Some(5.into()));
    assert_eq!(step(&instances, 1.into(), false), Some(1.into()));
    let work = field("books", "work");
    assert_eq!(step(&work, "18ms".into(), true), Some("20ms".into()));
}

#[wasm_bindgen_test]
fn a_theme_is_shown_and_remembered() {
    for theme in Theme::ALL {
        theme.choose();
        assert_eq!(Theme::current(), theme);
        let storage = window().local_storage().expect("storage").expect("storage");
        assert_eq!(
            storage.get_item("ringside.theme").expect("read").as_deref(),
            Some(theme.word())
        );
    }
    Theme::Light.choose();
}

#[wasm_bindgen_test]
fn the_chart_draws_its_lines() {
    let canvas = || -> HtmlCanvasElement {
        let it: HtmlCanvasElement =
            document().create_element("canvas").expect("an element").unchecked_into();
        it.set_width(480);
        it.set_height(160);
        it
    };
    let palette = Palette {
        read: "#0072b2".into(),
        ink: "#000".into(),
        surface: "#ffffff".into(),
        num: "monospace".into(),
        type_1: 12.0,
        ..Palette::default()
    };
    let point =
        |second: u64| ChartPoint { at: Nanos::seconds(second), values: vec![20e6, 50e6, 80e6] };
    let line = |(id, role)| Line { name: Text::new(id, Vec::new()), unit: Unit::Nanos, role };
    let lines = [
        (TextId::LineP50, LineRole::P50),
        (TextId::LineP95, LineRole::P95),
        (TextId::LineP99, LineRole::P99),
    ];
    let picture = |points: Vec<ChartPoint>| {
        let lines = lines.map(line).into();
        let chart = Chart { lines, points, ..Chart::default() };
        let plot = Plot { chart, window: (0.0, 30.0), ratio: 1.0, ..Plot::default() };
        let canvas = canvas();
        plot::draw(canvas.clone(), &plot, &palette).expect("it draws");
        canvas.to_data_url().expect("a picture")
    };
    let (empty, full) = (picture(Vec::new()), picture((1..20).map(point).collect()));
    assert_ne!(empty, full);
    assert_eq!(full, picture((1..20).map(point).collect()), "the same points, the same picture");
}

/// Marks per second are the measured rate over what one mark stands for; shapes are the mix.
#[wasm_bindgen_test]
fn flow_has_the_measured_density_and_mix() {
    let wire = WireFigures {
        reads: 900.0,
        writes: 100.0,
        answers: 1000.0,
        misses: 200.0,
        ..Default::default()
    };
    let slow = WireFigures { reads: 200.0, answers: 200.0, ..Default::default() };
    let (wires, lengths) = ([wire, slow], [9_600.0, 9_600.0]);
    let mut flow = Flow::default();
    flow.jump(100.0, &wires, &lengths);
    let count = |flow: &Flow, wire: usize, kind: Kind| {
        let mut found = 0;
        flow.marks(wire, lengths[wire], |it| found += usize::from(it.kind == kind));
        found as f64
    };
    // The wire takes 100 s to cross.
    let expected = |rate: f64| rate / flow.per_mark * 100.0;
    for (at, kind, rate) in [
        (0, Kind::Read, 900.0),
        (0, Kind::Write, 100.0),
        (0, Kind::Miss, 200.0),
        (1, Kind::Read, 200.0),
    ] {
        let (found, expected) = (count(&flow, at, kind), expected(rate));
        assert!((found / expected - 1.0).abs() < 0.05, "{kind:?}: {found}, not {expected}");
    }
    let mut again = Flow::default();
    again.jump(100.0, &wires, &lengths);
    assert_eq!(format!("{again:?}"), format!("{flow:?}"));
}

#[wasm_bindgen_test]
fn heat_is_told_once_it_lasts_and_for_a_while_after() {
    let heat = Heat::default().see(true, 0.0, false);
    assert!(!heat.told);
    let heat = heat.see(true, 2_100.0, false);
    assert!(heat.told);
    let heat = heat.see(false, 2_200.0, false).see(false, 4_000.0, false);
    assert!(heat.told);
    assert!(!heat.see(false, 7_300.0, false).told);
    assert!(Heat::default().see(true, 0.0, true).told, "at once where time stands still");
}
