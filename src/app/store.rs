//! What the page holds: the design as edited and as shown, one signal per record, the latest frame.
//! Nothing of the simulation lives in a signal but the few figures that people read.

use leptos::prelude::*;

use crate::base::geometry::Camera;
use crate::base::table::Table;
use crate::base::time::Nanos;
use crate::document::edit::Item;
use crate::document::{FaultRecord, Id, NoteRecord, ZoneRecord};
use crate::editor::place::Place;
use crate::session::protocol::{
    Branch, Cast, Chart, Claim, Figures, Flight, Hit, LensPicture, Look, Pick, Place as Picked,
    Stamped, Story, Theory, Toll, Trace, Which,
};

use super::banner::Banner;
use super::bridge::Bridge;
use super::desk::Desk;
use super::frame_loop::Pulse;
use super::mirror::Mirror;
use super::rooms::Rooms;
use super::theme::{Palette, Theme};

/// Name, zones, notes, script.
pub type FrameOf = (String, Table<ZoneRecord>, Table<NoteRecord>, Table<FaultRecord>);

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// A component.
    Node(Id),
    /// A wire.
    Wire(Id),
    /// A zone.
    Zone(Id),
    /// A note.
    Note(Id),
    /// More than one thing.
    Several(Vec<Item>),
}

impl Selected {
    /// Whether a component is chosen.
    pub fn has_node(&self, id: &str) -> bool {
        match self {
            Self::Node(it) => it == id,
            Self::Several(all) => {
                all.iter().any(|it| matches!(it, Item::Component(it) if it == id))
            }
            _ => false,
        }
    }

    /// Whether a wire is chosen.
    pub fn has_wire(&self, id: &str) -> bool {
        match self {
            Self::Wire(it) => it == id,
            Self::Several(all) => all.iter().any(|it| matches!(it, Item::Wire(it) if it == id)),
            _ => false,
        }
    }
}

/// Tabs of the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Parameters.
    Settings,
    /// Who is there: to follow one.
    Requests,
    /// The lens.
    Inside,
    /// What theory predicts.
    Theory,
    /// What is modelled.
    About,
}

/// Time as people read it; published a few times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clock {
    /// The cursor.
    pub now: Nanos,
    /// Whether what is shown is a moment shortly before that, until the cursor's own is found.
    pub near: bool,
    /// Shown as 0.
    pub zero: Nanos,
    /// The newest moment known.
    pub latest: Nanos,
    /// Simulated seconds per second on screen as measured; 0 if not measured.
    pub pace: f64,
    /// Whether marks are rates (flow) and not single messages (dots).
    pub flow: bool,
    /// In flow: requests per second that one mark stands for. In dots: one in so many is shown.
    pub per_mark: f64,
}

impl Clock {
    /// Whether the cursor is in the past.
    pub fn is_past(self) -> bool {
        self.now < self.latest
    }
}

/// The latest of everything the worker sent.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    /// Which run, branch and event.
    pub place: (u32, u32, u64),
    /// Whether the run has refused an edit, or to begin, and has taken nothing since: it knows another
    /// design than the page.
    pub refused: bool,
    /// The moment shown.
    pub now: Nanos,
    /// The moment sought, while one before it is shown.
    pub sought: Option<Nanos>,
    /// Shown as 0.
    pub zero: Nanos,
    /// The newest moment known.
    pub latest: Nanos,
    /// Names by slot.
    pub cast: Cast,
    /// Figures.
    pub figures: Figures,
    /// Messages under way.
    pub messages: Vec<Flight>,
    /// Of so many requests, the messages of one are there.
    pub one_in: u32,
    /// The chart.
    pub chart: Chart,
    /// What stores cost, while there are two futures.
    pub tolls: Vec<Toll>,
    /// Incremented whenever the cursor was moved rather than played.
    pub jumps: u32,
    /// Incremented whenever something drawn has moved or come or gone.
    pub geometry: u32,
}

/// Everything a part of the page may want; handed around by value.
#[derive(Clone, Copy)]
pub struct App {
    /// Which of two futures this is of.
    pub branch: Branch,
    /// The document.
    pub desk: StoredValue<Desk, LocalStorage>,
    /// Signals per record.
    pub mirror: StoredValue<Mirror, LocalStorage>,
    /// The latest frame.
    pub latest: StoredValue<Latest, LocalStorage>,
    /// The worker.
    pub bridge: StoredValue<Bridge, LocalStorage>,
    /// What paints this future, and when what was last shown.
    pub pulse: StoredValue<Pulse, LocalStorage>,
    /// The frame loop: of the page, for both futures.
    pub heart: StoredValue<Pulse, LocalStorage>,
    /// The other future, once there has been one.
    pub other: StoredValue<Option<Self>, LocalStorage>,
    /// Whether another future has been asked for and not yet been seen.
    pub forking: StoredValue<bool>,
    /// Since when there are two futures; none while there is one.
    pub parted: RwSignal<Option<Nanos>>,
    /// The future that the inspector and the keyboard are for.
    pub focus: RwSignal<Branch>,
    /// Whether two futures are shown side by side, rather than one at a time.
    pub both: RwSignal<bool>,
    /// What is waited for, in words, while it is looked for.
    pub awaited: RwSignal<Option<String>>,
    /// Where the run has stopped, and at what.
    pub hit: RwSignal<Option<(String, Hit)>>,
    /// Whether an event is shown in slow motion.
    pub slowly: RwSignal<bool>,
    /// Whether the form that asks what to run until is open.
    pub asks: RwSignal<bool>,
    /// When claims were violated.
    pub sights: RwSignal<Vec<(Nanos, Claim)>>,
    /// Where futures have parted.
    pub forks: RwSignal<Vec<Nanos>>,
    /// Whether the script is open.
    pub scripting: RwSignal<bool>,
    /// The moment for which faults go into the script, while one is set.
    pub planned: RwSignal<Option<Nanos>>,
    /// How much of the script has come.
    pub come: RwSignal<usize>,
    /// What theory says of the chosen component.
    pub theory: RwSignal<Option<Theory>>,
    /// Colours of what is painted.
    pub palette: StoredValue<Palette, LocalStorage>,
    /// What newcomers see, packed.
    pub opening: StoredValue<Vec<u8>>,
    /// Whether the canvas waits for what was kept, or for what a link holds.
    pub waits: StoredValue<bool>,
    /// Simulated time before the run's zero.
    pub warmup: StoredValue<Nanos>,
    /// Components, in order.
    pub nodes: RwSignal<Vec<Id>>,
    /// Wires, in order.
    pub wires: RwSignal<Vec<Id>>,
    /// Name, zones, notes, script: what else of the design is drawn.
    pub frame_of: RwSignal<FrameOf>,
    /// What part of the document is on screen.
    pub camera: RwSignal<Camera>,
    /// Width and height of the canvas on screen.
    pub stage: RwSignal<(f64, f64)>,
    /// Whether the camera still follows the design: until the person moves it.
    pub follows: RwSignal<bool>,
    /// Where nodes are put.
    pub place: RwSignal<Place>,
    /// What is chosen.
    pub selected: RwSignal<Option<Selected>>,
    /// The inspector's tab.
    pub tab: RwSignal<Tab>,
    /// Whether time runs.
    pub playing: RwSignal<bool>,
    /// Simulated seconds per second asked for.
    pub speed: RwSignal<f64>,
    /// The seed.
    pub seed: RwSignal<u64>,
    /// Time.
    pub clock: RwSignal<Clock>,
    /// Which signs are on the canvas, by bits.
    pub seen: RwSignal<u8>,
    /// Where the scrubber ends, in seconds from zero.
    pub span: RwSignal<u64>,
    /// Everything done to the run.
    pub inputs: RwSignal<Vec<Stamped>>,
    /// What happened.
    pub stories: RwSignal<Vec<Story>>,
    /// The open lens.
    pub lens: RwSignal<Option<LensPicture>>,
    /// What somebody looks for in it.
    pub look: RwSignal<Look>,
    /// Whether the lens is spread over the canvas.
    pub large: RwSignal<bool>,
    /// Incremented when the chart has new points.
    pub charted: RwSignal<u32>,
    /// What is charted; none for what comes first.
    pub charting: RwSignal<Option<(Id, Which)>>,
    /// Where requests are picked, if not at what is chosen: at a point of the chart.
    pub pick: RwSignal<Option<Picked>>,
    /// Who is there.
    pub picks: RwSignal<Vec<Pick>>,
    /// The request that is followed, and a moment at which it was under way.
    pub following: RwSignal<Option<(u64, Nanos)>>,
    /// What is known of it.
    pub trace: RwSignal<Option<Trace>>,
    /// Whether the speed is chosen by what there is to see.
    pub auto_speed: RwSignal<bool>,
    /// Whether it is slow at present, to see single messages.
    pub slowed: RwSignal<bool>,
    /// Whether the chart is open.
    pub chart_open: RwSignal<bool>,
    /// Whether something can be undone, and redone.
    pub history: RwSignal<(bool, bool)>,
    /// What has gone wrong with the program itself.
    pub banner: RwSignal<Option<Banner>>,
    /// Why the run does not go on, while it is stopped.
    pub halt: RwSignal<Option<Banner>>,
    /// The look.
    pub theme: RwSignal<Theme>,
    /// The parts that come later, once they are there.
    pub rooms: RwSignal<Option<Rooms>>,
    /// Whether the person asked for less motion.
    pub still: RwSignal<bool>,
}

impl App {
    /// A page with nothing on it.
    pub fn blank() -> Self {
        let theme = Theme::current();
        let pulse = StoredValue::new_local(Pulse::default());
        Self {
            branch: Branch::Main,
            desk: StoredValue::new_local(Desk::default()),
            mirror: StoredValue::new_local(Mirror::default()),
            latest: StoredValue::new_local(Latest::default()),
            bridge: StoredValue::new_local(Bridge::default()),
            pulse,
            heart: pulse,
            other: StoredValue::new_local(None),
            forking: StoredValue::new(false),
            parted: RwSignal::new(None),
            focus: RwSignal::new(Branch::Main),
            both: RwSignal::new(false),
            awaited: RwSignal::new(None),
            hit: RwSignal::new(None),
            slowly: RwSignal::new(false),
            asks: RwSignal::new(false),
            sights: RwSignal::new(Vec::new()),
            forks: RwSignal::new(Vec::new()),
            scripting: RwSignal::new(false),
            planned: RwSignal::new(None),
            come: RwSignal::new(0),
            theory: RwSignal::new(None),
            palette: StoredValue::new_local(Palette::read()),
            opening: StoredValue::default(),
            waits: StoredValue::new(false),
            warmup: StoredValue::new(Nanos::seconds(20)),
            nodes: RwSignal::new(Vec::new()),
            wires: RwSignal::new(Vec::new()),
            frame_of: RwSignal::new(Default::default()),
            camera: RwSignal::new(Camera::default()),
            stage: RwSignal::new((0.0, 0.0)),
            follows: RwSignal::new(true),
            place: RwSignal::new(Place::new(theme.growth())),
            selected: RwSignal::new(None),
            tab: RwSignal::new(Tab::Settings),
            playing: RwSignal::new(true),
            speed: RwSignal::new(1.0),
            seed: RwSignal::new(7),
            clock: RwSignal::new(Clock { flow: true, ..Clock::default() }),
            seen: RwSignal::new(0),
            span: RwSignal::new(30),
            inputs: RwSignal::new(Vec::new()),
            stories: RwSignal::new(Vec::new()),
            lens: RwSignal::new(None),
            look: RwSignal::new(Look::default()),
            large: RwSignal::new(false),
            charted: RwSignal::new(0),
            charting: RwSignal::new(None),
            pick: RwSignal::new(None),
            picks: RwSignal::new(Vec::new()),
            following: RwSignal::new(None),
            trace: RwSignal::new(None),
            auto_speed: RwSignal::new(true),
            slowed: RwSignal::new(false),
            chart_open: RwSignal::new(true),
            history: RwSignal::new((false, false)),
            banner: RwSignal::new(None),
            halt: RwSignal::new(None),
            theme: RwSignal::new(theme),
            rooms: RwSignal::new(None),
            still: RwSignal::new(false),
        }
    }

    /// The page's state, for a component.
    pub fn here() -> Self {
        expect_context()
    }
}
