//! A command line for what is chosen, where members take commands: what is typed is done to the run as faults
//! are, now or in the script. A command that no Redis knows is told here, and not sent.

use leptos::{html, prelude::*};
use web_sys::HtmlInputElement;

use crate::algorithm::redis::Keyspace;
use crate::app::figures::{Face, Health};
use crate::app::form;
use crate::app::store::App;
use crate::document::Id;
use crate::document::faults;
use crate::engine::fault::{Fault, Target};

/// What the lens notes the server under whose keys it shows, and the view that shows them.
const SERVER: &str = "data";
const VIEW: [&str; 2] = ["view", "data"];

/// Notes something for the lens, and asks for a new picture.
fn note(app: App, name: &str, value: &str) {
    if app.look.with_untracked(|it| it.noted.iter().any(|it| it.0 == name && it.1 == value)) {
        return;
    }
    app.look.update(|it| it.note(name, value));
    app.bridge.update_value(|it| it.look());
    app.wake();
}

/// The servers, by name.
fn servers(app: App, id: &Id) -> Vec<String> {
    app.desk.with_value(|it| {
        let spec = it.shown().components.get(id).map(|it| it.spec.clone());
        spec.map_or_else(Vec::new, |it| {
            let count = it.members().saturating_sub(u32::from(it.watchers()));
            (0..count as u16).map(|at| it.member_name(at)).collect()
        })
    })
}

/// Whether nobody answers there.
fn is_down(app: App, id: &Id, member: usize) -> bool {
    let down = |it: &Face| it.members.get(member).is_some_and(|it| it.health == Health::Down);
    app.node(id).is_some_and(|it| it.face.with_untracked(down))
}

/// What is wrong with a command as it is typed.
fn problem(words: &str) -> Option<String> {
    let check = faults::command(words).and_then(|()| Keyspace::check(words));
    let words = check.err()?;
    Some(words.strip_prefix("ERR ").unwrap_or(&words).trim_end().to_owned())
}

/// The command line.
#[component]
pub fn CommandLine(
    /// Of which component.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let (of, leading) = (id.clone(), id.clone());
    let names = Memo::new(move |_| {
        app.nodes.track();
        if let Some(it) = app.node(&of) {
            it.record.track();
        }
        servers(app, &of)
    });
    // The one whose keys are shown: one that was chosen, or else the primary.
    let member = Memo::new(move |_| {
        let noted = app.look.with(|it| {
            let found = it.noted.iter().find(|it| it.0 == SERVER);
            found.and_then(|it| it.1.parse::<usize>().ok())
        });
        let leads = || {
            let node = app.node(&leading)?;
            node.face.with(|it| it.members.iter().rposition(|it| it.leads))
        };
        noted.or_else(leads).filter(|it| *it < names.with(Vec::len)).unwrap_or(0)
    });
    let wrong = RwSignal::new(None::<String>);
    let sent = RwSignal::new(None::<String>);
    let field = NodeRef::<html::Input>::new();
    let send = move |input: HtmlInputElement| {
        let words = input.value().trim().to_owned();
        wrong.set(problem(&words));
        if wrong.with_untracked(Option::is_some) {
            return sent.set(None);
        }
        let at = member.get_untracked();
        let name = names.with_untracked(|it| it.get(at).cloned()).unwrap_or_default();
        let planned = app.planned.with_untracked(Option::is_some);
        if !planned && is_down(app, &id, at) {
            return wrong.set(Some(format!("Could not connect: {name} is down.")));
        }
        note(app, SERVER, &at.to_string());
        note(app, VIEW[0], VIEW[1]);
        let whither = if planned { "In the script, for" } else { "Typed at" };
        sent.set(Some(format!("{whither} {name}: {words}")));
        app.fault(Fault::Command { target: Target::member(&id, at as u16), words });
        input.set_value("");
    };
    let entered = form::entered(send.clone());
    let press = move |_| {
        if let Some(input) = field.get_untracked() {
            send(input);
        }
    };
    let choose = move |event: leptos::ev::Event| note(app, SERVER, &event_target_value(&event));
    let options = move || {
        let option = |(at, name): (usize, String)| {
            view! { <option value=at.to_string() selected=move || member.get() == at>{name}</option> }
        };
        names.get().into_iter().enumerate().map(option).collect_view()
    };
    view! {
        <section class="command" aria-label="Commands">
            <div class="line">
                <select aria-label="At which server" title="At which server it is typed" on:change=choose>{options}</select>
                <input class="num" type="text" aria-label="Command" placeholder="LPUSH jobs a b" maxlength="200"
                    autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="send"
                    title="A Redis command; Enter types it at the server" node_ref=field
                    aria-invalid=move || wrong.with(Option::is_some).to_string() aria-describedby="command-said"
                    on:keydown=entered on:input=move |_| wrong.set(None)/>
                <button class="o" on:click=press>"Run"</button>
            </div>
            <p id="command-said" class:problem=move || wrong.with(Option::is_some)
                role="status">{move || wrong.get().or_else(|| sent.get()).unwrap_or_default()}</p>
        </section>
    }
}
