//! A trace that somebody brings to a cache: a file dropped on its lens, or chosen. It is read and tried
//! in a worker of its own; the design and the run know nothing of it.

use std::cell::RefCell;

use js_sys::{Object, Reflect, Uint8Array};
use leptos::{ev, prelude::*};
use wasm_bindgen::prelude::*;
use web_sys::{
    DragEvent, Element, ErrorEvent, File, HtmlElement, MessageEvent, Worker, WorkerOptions,
    WorkerType,
};

use crate::algorithm::eviction::survey::Point;
use crate::app::keep::files::choose;
use crate::app::store::{App, Selected};
use crate::base::text;
use crate::component::Spec;
use crate::document::Id;
use crate::lens::cache::trace::Present;
use crate::session::bring::{Asked, BYTES_MAX, Curves, Key, SIZES, Told};

/// Narrowest and widest picture, in pixels.
const WIDTH: (f32, f32) = (264.0, 720.0);

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Nothing,
    Reading(f64),
    Which {
        first: Vec<String>,
        named: bool,
    },
    Wrong(String),
    Known(Curves),
}

/// What listens to the worker: to what it tells, to its death.
type Ears = (Closure<dyn FnMut(MessageEvent)>, Closure<dyn FnMut(ErrorEvent)>);

/// The trace that was brought last: any cache can be looked at with it.
#[derive(Default)]
struct Brought {
    file: Option<File>,
    worker: Option<(Worker, Ears)>,
    asked: Option<Asked>,
}

thread_local! {
    static BROUGHT: RefCell<Brought> = RefCell::default();
    static STAGE: ArcRwSignal<Stage> = ArcRwSignal::new(Stage::Nothing);
}

fn stage() -> ArcRwSignal<Stage> {
    STAGE.with(Clone::clone)
}

/// Where the worker's code is: the looks say so, which come with this.
fn address() -> Option<String> {
    let root = document().document_element()?;
    let looks = window().get_computed_style(&root).ok()??;
    let value = looks.get_property_value("--trace-worker").ok()?;
    let address = value.trim().strip_prefix("url(")?.strip_suffix(')')?;
    Some(address.trim_matches(['"', '\'']).to_owned())
}

/// Ends what is under way.
fn stop() {
    let worker = BROUGHT.with_borrow_mut(|it| it.worker.take());
    if let Some((worker, ears)) = worker {
        worker.set_onmessage(None);
        worker.set_onerror(None);
        worker.terminate();
        // The listener may be on the stack of this very call.
        set_timeout(move || drop(ears), std::time::Duration::ZERO);
    }
}

/// Begins with the file that is there.
fn begin(key: Key, present: Present) {
    stop();
    let Some(file) = BROUGHT.with_borrow(|it| it.file.clone()) else { return };
    let asked = Asked { bytes: file.size() as u64, key, present };
    turn(Stage::Reading(0.0));
    if start(&file, asked).is_none() {
        turn(Stage::Wrong("this browser does not let the page begin a worker.".into()));
    }
}

fn start(file: &File, asked: Asked) -> Option<()> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&address()?, &options).ok()?;
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| hear(&event.data()));
    let failed = Closure::<dyn FnMut(ErrorEvent)>::new(|event: ErrorEvent| {
        event.prevent_default();
        died();
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
    let message = Object::new();
    let bytes = Uint8Array::from(asked.encode().as_slice());
    Reflect::set(&message, &"file".into(), file).ok()?;
    Reflect::set(&message, &"asked".into(), &bytes).ok()?;
    worker.post_message(&message).ok()?;
    BROUGHT.with_borrow_mut(|it| {
        it.worker = Some((worker, (heard, failed)));
        it.asked = Some(asked);
    });
    Some(())
}

fn died() {
    stop();
    turn(Stage::Wrong(
        "the part of Ringside that reads it did not come, or has failed. Check the connection, and \
         bring it again."
            .into(),
    ));
}

fn hear(data: &JsValue) {
    let told = data.dyn_ref::<Uint8Array>().and_then(|it| Told::decode(&it.to_vec()));
    let next = match told {
        None => return died(),
        Some(Told::Reading(part)) => Stage::Reading(part),
        Some(Told::Which { first, named }) => Stage::Which { first, named },
        Some(Told::Wrong(words)) => Stage::Wrong(words),
        Some(Told::Curves(it)) => Stage::Known(it),
    };
    if matches!(next, Stage::Which { .. } | Stage::Wrong(_)) {
        stop();
    }
    let began = matches!(stage().get_untracked(), Stage::Reading(_));
    let shows = began && !matches!(next, Stage::Reading(_));
    turn(next);
    if shows {
        request_animation_frame(reveal);
    }
}

/// Goes on to another stage. It takes the place of the one before, with what had the focus in it: that
/// goes to the first thing that can be done then.
fn turn(next: Stage) {
    let focus = document().active_element();
    let held = focus.is_some_and(|it| it.closest(".bring").ok().flatten().is_some());
    stage().set(next);
    if held {
        request_animation_frame(hold);
    }
}

fn hold() {
    if document().active_element().is_some_and(|it| it.tag_name() != "BODY") {
        return;
    }
    let first = document().query_selector(".bring :is(select, button, input)").ok().flatten();
    if let Some(first) = first.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = first.focus();
    }
}

/// It lies below the lens, and is what somebody waits for.
fn reveal() {
    if let Ok(Some(bring)) = document().query_selector(".bring") {
        bring.scroll_into_view();
        // What it lies in scrolls, the page does not.
        let page = [document().document_element(), document().body().map(Element::from)];
        page.into_iter().flatten().for_each(|it| it.set_scroll_top(0));
    }
}

/// Takes a file that is dropped on a cache's lens; false if it was dropped elsewhere.
pub fn takes(app: App, event: &DragEvent, file: &File) -> bool {
    let on = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    let on = on.and_then(|it| it.closest(".inspector:has(.bring)").ok().flatten());
    let design = file.name().ends_with(".json");
    let present = match app.selected.get_untracked() {
        Some(Selected::Node(id)) => present(app, &id),
        _ => None,
    };
    let (Some(_), Some(present), false) = (on, present, design) else { return false };
    take(file.clone(), present);
    true
}

fn take(file: File, present: Present) {
    BROUGHT.with_borrow_mut(|it| it.file = Some(file));
    begin(Key::Find, present);
}

/// The cache that is looked at, and the room for its picture.
fn present(app: App, id: &Id) -> Option<Present> {
    let params = app.node(id)?.record.with_untracked(|it| match &it.spec {
        Spec::Cache(it) if it.max_memory > 0 => Some((it.policy, u64::MAX)),
        Spec::Cache(it) => Some((it.policy, it.capacity.into())),
        _ => None,
    });
    let (policy, capacity) = params?;
    let room = document().query_selector(".bring").ok().flatten().map(|it| it.client_width());
    let width = room.map_or(WIDTH.0, |it| it as f32).clamp(WIDTH.0, WIDTH.1);
    let width = width / app.theme.get_untracked().growth() as f32;
    Some(Present { policy, capacity, width })
}

/// Looks at what is known with the cache as it is now.
fn look(app: App, id: &Id) {
    let Some(present) = present(app, id) else { return };
    BROUGHT.with_borrow_mut(|it| {
        let (Some(asked), Some((worker, _))) = (&mut it.asked, &it.worker) else { return };
        if asked.present != present {
            asked.present = present;
            _ = worker.post_message(&Uint8Array::from(asked.encode().as_slice()));
        }
    });
}

/// What is brought to a cache, below its lens.
#[component]
pub fn Bring(
    /// Which cache.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let at = RwSignal::new(None::<usize>);
    let over = RwSignal::new(false);
    let drag = window_event_listener(ev::dragover, move |event| {
        let on = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let here = on.is_some_and(|it| it.closest(".inspector").ok().flatten().is_some());
        over.set(here);
    });
    let left = window_event_listener(ev::dragleave, move |_| over.set(false));
    let dropped = window_event_listener(ev::drop, move |_| over.set(false));
    on_cleanup(move || [drag, left, dropped].into_iter().for_each(|it| it.remove()));
    let stage = RwSignal::from(stage());
    let (resized, of) = (id.clone(), id.clone());
    Effect::new(move |_| {
        app.large.track();
        app.theme.track();
        if let Some(node) = app.node(&resized) {
            node.record.track();
        }
        let id = resized.clone();
        request_animation_frame(move || look(app, &id));
    });
    let pick = Callback::new(move |()| {
        let id = of.clone();
        choose(".txt,.csv,.tsv,.trace,.log,text/*", move |file| {
            if let Some(present) = present(app, &id) {
                take(file, present);
            }
        });
    });
    let away = move |_| {
        stop();
        BROUGHT.take();
        turn(Stage::Nothing);
    };
    let kind = Memo::new(move |_| stage.with(std::mem::discriminant));
    let body = move || {
        _ = kind.get();
        match stage.get_untracked() {
            Stage::Nothing => view! {
                <p class="summary">{format!("Drop a file here, or choose one: one key a line, or a table \
                    (CSV) with a key column, up to {} MB. It stays on this machine, and the design as \
                    it is.", BYTES_MAX >> 20)}</p>
                <button class="o" on:click=move |_| pick.run(())>"Choose a file…"</button>
            }
            .into_any(),
            Stage::Reading(_) => view! {
                <Progress stage/>
                <button class="o" on:click=away>"Cancel"</button>
            }
            .into_any(),
            Stage::Which { first, named } => view! { <Which app id=id.clone() first named/> }.into_any(),
            Stage::Wrong(words) => view! {
                <p role="alert">{format!("“{}” was not used: {words} The design is as it was.", name())}</p>
                <button class="o" on:click=move |_| pick.run(())>"Choose a file…"</button>
            }
            .into_any(),
            Stage::Known(_) => view! {
                <Known app id=id.clone() stage at/>
                <div class="doing">
                    <button class="o" on:click=move |_| pick.run(())>"Another file…"</button>
                    <button class="o" on:click=away>{move || match part(stage) {
                        part if part < 1.0 => "Cancel",
                        _ => "Put away",
                    }}</button>
                </div>
            }
            .into_any(),
        }
    };
    view! {
        <section class="bring" class:over=move || over.get() aria-label="Your own trace">
            <h3>"Your own trace"</h3>
            {body}
        </section>
    }
}

fn name() -> String {
    BROUGHT.with_borrow(|it| it.file.as_ref().map(File::name)).unwrap_or_default()
}

/// The part of the work that is done.
fn part(stage: RwSignal<Stage>) -> f64 {
    stage.with(|it| match it {
        Stage::Reading(part) => *part,
        Stage::Known(it) => it.part,
        _ => 0.0,
    })
}

/// How far it is: in words, which change seldom, and as a bar.
#[component]
fn Progress(stage: RwSignal<Stage>) -> impl IntoView {
    let words = Memo::new(move |_| {
        let is_exact = |it: &Curves| it.rules.iter().flat_map(|it| &it.2).all(|it| it.error == 0.0);
        stage.with(|it| match it {
            Stage::Reading(_) => format!("Reading “{}”…", name()),
            Stage::Known(it) if it.part >= 1.0 => {
                "Every request simulated at every size; LRU by stack distance.".to_owned()
            }
            Stage::Known(it) if is_exact(it) => "Simulating…".to_owned(),
            Stage::Known(_) => "Estimated from samples of the keys, and refined…".to_owned(),
            _ => String::new(),
        })
    });
    let busy = Memo::new(move |_| part(stage) < 1.0);
    view! {
        <p class="summary" role="status">{words}</p>
        {move || busy.get().then(|| view! {
            <progress aria-label="Done" max="1" prop:value=move || part(stage)></progress>
        })}
    }
}

/// Asks which column is the key's.
#[component]
fn Which(app: App, id: Id, first: Vec<String>, named: bool) -> impl IntoView {
    let (column, named) = (RwSignal::new(0_usize), RwSignal::new(named));
    let option = |(at, word): (usize, &String)| {
        let word: String = word.chars().take(40).collect();
        view! { <option value=at.to_string()>{format!("{}: {word}", at + 1)}</option> }
    };
    let options = first.iter().enumerate().map(option).collect_view();
    let count = first.len();
    let read = move |_| {
        let (at, named) = (column.get_untracked(), named.get_untracked());
        let key = if at < count { Key::Column { at, named } } else { Key::Line };
        if let Some(present) = present(app, &id) {
            begin(key, present);
        }
    };
    view! {
        <p role="alert">{format!("“{}” has {count} columns. Which one is the key?", name())}</p>
        <label class="choice">"Key"
            <select on:change=move |event| column.set(event_target_value(&event).parse().unwrap_or(0))>
                {options}
                <option value=count.to_string()>"The whole line"</option>
            </select>
        </label>
        <label class="choice">
            <input type="checkbox" prop:checked=named
                on:change=move |event| named.set(event_target_checked(&event))/>
            "The first line names the columns"
        </label>
        <button class="o" on:click=read>"Read it"</button>
    }
}

/// What is known: the picture, and the figures at one size.
#[component]
fn Known(app: App, id: Id, stage: RwSignal<Stage>, at: RwSignal<Option<usize>>) -> impl IntoView {
    let picture = move || {
        stage.with(|it| match it {
            Stage::Known(it) => it.svg.clone(),
            _ => String::new(),
        })
    };
    let of = move || {
        stage.with(|it| match it {
            Stage::Known(it) => format!(
                "{}: {} requests for {} keys.",
                name(),
                text::count(it.requests),
                text::count(it.keys)
            ),
            _ => String::new(),
        })
    };
    let sizes = Memo::new(move |_| {
        stage.with(|it| match it {
            Stage::Known(it) => it.sizes.clone(),
            _ => Vec::new(),
        })
    });
    // At first the one that is nearest to the cache's own.
    let near = move |sizes: &[u64]| {
        let own = present(app, &id).map_or(0, |it| it.capacity);
        let near = sizes.iter().enumerate().min_by_key(|it| it.1.abs_diff(own));
        near.map_or(0, |it| it.0)
    };
    let chosen = Memo::new(move |_| {
        sizes.with(|it| at.get().unwrap_or_else(|| near(it)).min(it.len().saturating_sub(1)))
    });
    let size = Memo::new(move |_| sizes.with(|it| it.get(chosen.get()).copied().unwrap_or(0)));
    let rows = move || {
        stage.with(|it| match it {
            Stage::Known(it) => it.rules.iter().map(|it| row(it, size.get())).collect_view(),
            _ => Vec::new(),
        })
    };
    view! {
        <Progress stage/>
        <p class="summary">{of}</p>
        <div class="lens" inner_html=picture></div>
        <label class="choice">"Size"
            <input type="range" min="0" max=move || sizes.with(|it| it.len().saturating_sub(1))
                prop:value=move || chosen.get().to_string()
                aria-valuetext=move || format!("{} entries", text::count(size.get()))
                on:input=move |event| at.set(event_target_value(&event).parse().ok())/>
        </label>
        <table class="num">
            <caption>{move || format!("With {} entries", text::count(size.get()))}</caption>
            <thead><tr><th scope="col">"Policy"</th><th scope="col">"Hits"</th><th scope="col">"±"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
        <p class="help">{format!("The same from the command line: ringside cache --policy lru --curve {SIZES} FILE. \
            ± is twice the standard error between samples; exact where every request was simulated.")}</p>
    }
}

fn row((label, id, points): &(String, String, Vec<Point>), size: u64) -> impl IntoView + use<> {
    let point = points.iter().find(|it| it.size == size).copied();
    let hits = point.map_or("…".into(), |it| text::percent(it.hit_ratio));
    let error = match point {
        Some(it) if it.hits.is_some() => "exact".into(),
        Some(it) => format!("{} points", text::number(it.error * 100.0)),
        None => String::new(),
    };
    view! { <tr data-rule=id.clone()><th scope="row">{label.clone()}</th><td>{hits}</td><td>{error}</td></tr> }
}
