//! A recording of requests that is dropped on a client: it sends them from then on.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, Element, File};

use super::Keeper;
use super::notice::Notice;
use crate::algorithm::traffic::recording::Recording;
use crate::app::store::{App, Selected};
use crate::base::param::{Control, Param};
use crate::component::Spec;
use crate::component::client::Load;
use leptos::prelude::*;

/// Takes a file that is dropped on a client; false if it was dropped elsewhere, or is a design.
pub fn takes(app: App, keep: Keeper, event: &DragEvent, file: &File) -> bool {
    let on = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    let on = on.and_then(|it| it.closest("[data-node]").ok().flatten());
    let Some((on, id)) = on.and_then(|it| Some((it.clone(), it.get_attribute("data-node")?)))
    else {
        return false;
    };
    // Of two futures, that on whose client it was dropped.
    let of_fork = on.closest(".other").ok().flatten().is_some();
    let app = app.other.get_value().filter(|_| of_fork).unwrap_or(app);
    let client = app.desk.with_value(|it| {
        let record = it.shown().components.get(&id)?;
        matches!(record.spec, Spec::Client(_)).then(|| record.label.clone())
    });
    let (Some(label), false) = (client, file.name().ends_with(".json")) else { return false };
    let (name, file) = (file.name(), file.clone());
    let wrong = move |why: &str| {
        let text = format!("{label} was not given “{name}”: {why}. It sends what it sent before.");
        keep.notice.set(Some(Notice::new(text)));
    };
    let most = match Recording::control(&(), "") {
        Control::Lines { max } => max,
        _ => 0,
    };
    if file.size() > most as f64 {
        wrong(&format!("a recording has at most {} kB", most / 1024));
        return true;
    }
    leptos::task::spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|it| it.as_string());
        let read = text.ok_or("it could not be read".to_owned());
        match read.and_then(|it| Recording::read(&it)) {
            Ok(recording) => {
                keep.notice.set(None);
                app.edit_node(&id, |it| {
                    if let Spec::Client(it) = &mut it.spec {
                        (it.load, it.recording) = (Load::Recorded, recording);
                    }
                });
                app.select(Some(Selected::Node(id)));
            }
            Err(why) => wrong(&why),
        }
    });
    true
}
