//! What can be set of a client.

use crate::algorithm::traffic::recording::Recording;
use crate::base::spread::Shape;
use crate::base::time::Nanos;
use crate::base::unit::{Rate, Share};

crate::choices! {
    /// What makes requests come.
    pub enum Load {
        /// They come at a rate, whatever becomes of the earlier ones (an open loop).
        Open = "open",
        /// A number of users, each with one request at a time, who think in between (a closed loop).
        Closed = "closed",
        /// They come as they were recorded.
        Recorded = "recorded",
    }
}

crate::choices! {
    /// When requests come.
    pub enum Arrivals {
        /// Independently of each other: gaps are exponential.
        Poisson = "poisson",
        /// In equal gaps.
        Constant = "constant",
        /// Independently of each other, in bursts with less between them.
        Bursty = "bursty",
    }
}

crate::choices! {
    /// How the rate changes with time.
    pub enum Course {
        /// Not at all.
        Steady = "steady",
        /// Evenly from one rate to another.
        Ramp = "ramp",
        /// Another rate for a while, or for good.
        Step = "step",
        /// By day and night.
        Daily = "daily",
    }
}

crate::choices! {
    /// Which keys are asked for.
    pub enum Popularity {
        /// Few very often, many seldom.
        Zipf = "zipf",
        /// All alike.
        Uniform = "uniform",
        /// A set of hot keys gets most requests.
        HotSet = "hot-set",
        /// A set of hot keys, and others from time to time.
        MovingHotSet = "moving-hot-set",
        /// One after the other.
        Sequential = "sequential",
        /// The newest keys, those with the highest numbers, get most requests.
        Newest = "newest",
    }
}

crate::choices! {
    /// What a class of requests does.
    pub enum Does {
        /// It reads its key.
        Read = "read",
        /// It changes its key.
        Write = "write",
    }
}

crate::choices! {
    /// Methods of HTTP (RFC 9110).
    pub enum Method {
        /// Fetch.
        Get = "GET",
        /// Send for processing.
        Post = "POST",
        /// Replace.
        Put = "PUT",
        /// Change a part (RFC 5789).
        Patch = "PATCH",
        /// Remove.
        Delete = "DELETE",
    }
}

crate::params! {
    /// One class of requests.
    pub struct Class {
        /// Name; wires choose the classes they carry by it.
        name: String = String::from("browse");
        /// How often it comes, relative to the others.
        weight: u32 = 1, in 0..=1_000_000;
        /// Whether it reads or changes its key.
        does: Does = Does::Read;
        /// From 0, the least important, to 7: goes first in lines by priority, and is shed last. If
        /// clients differ on a class, the highest counts.
        priority: u32 = 4, in 0..=7;
        /// Method of the HTTP request.
        method: Method = Method::Get;
        /// Path of the HTTP request; {key} stands for its key.
        path: String = String::from("/");
        /// Mean size of the request.
        request_size: u32 = 500, in 0..=1_000_000_000, "bytes";
        /// Mean size of the answer.
        answer_size: u32 = 4_000, in 0..=1_000_000_000, "bytes";
        /// How both sizes are distributed.
        size_shape: Shape = Shape::Constant;
    }
}

const fn open(it: &ClientParams) -> bool {
    matches!(it.load, Load::Open)
}

const fn closed(it: &ClientParams) -> bool {
    matches!(it.load, Load::Closed)
}

const fn recorded(it: &ClientParams) -> bool {
    matches!(it.load, Load::Recorded)
}

const fn bursty(it: &ClientParams) -> bool {
    open(it) && matches!(it.arrivals, Arrivals::Bursty)
}

const fn ramp_or_step(it: &ClientParams) -> bool {
    open(it) && matches!(it.course, Course::Ramp | Course::Step)
}

const fn daily(it: &ClientParams) -> bool {
    open(it) && matches!(it.course, Course::Daily)
}

const fn hot(it: &ClientParams) -> bool {
    matches!(it.popularity, Popularity::HotSet | Popularity::MovingHotSet | Popularity::Newest)
}

crate::params! {
    /// Parameters of a client.
    pub struct ClientParams {
        /// What makes requests come: a rate, whatever becomes of earlier requests (open loop); users
        /// who wait for their answers and think in between (closed loop); or a recording.
        load: Load = Load::Open;
        /// Requests begun per second, all classes together; where it changes with time, at first,
        /// or on average over a day.
        rate: Rate = Rate(100.0), in 0.0..=1_000_000.0, when open;
        /// Whether requests come independently of each other (as from many people), in equal gaps,
        /// or in bursts.
        arrivals: Arrivals = Arrivals::Poisson, when open;
        /// How many times its mean the rate is in a burst. Between bursts it is lower, so that the
        /// mean stays; at most as much as leaves nothing between bursts.
        burst_factor: f64 = 4.0, in 1.0..=1_000.0, "times", when bursty;
        /// Mean length of a burst; each has its own, from an exponential distribution.
        burst_length: Nanos = Nanos::seconds(2), in Nanos::millis(10)..=Nanos::seconds(3600), when bursty;
        /// Mean time between two bursts; likewise.
        burst_pause: Nanos = Nanos::seconds(8), in Nanos::millis(10)..=Nanos::seconds(3600), when bursty;
        /// How the rate changes with time.
        course: Course = Course::Steady, when open;
        /// The rate that a ramp goes to, or that a step has.
        course_rate: Rate = Rate(300.0), in 0.0..=1_000_000.0, when ramp_or_step;
        /// When the rate begins to change, from the start of the run.
        course_start: Nanos = Nanos::seconds(20), in Nanos::ZERO..=Nanos::seconds(86_400), when ramp_or_step;
        /// How long a ramp takes, or a step lasts; a step of 0 s lasts for good.
        course_length: Nanos = Nanos::seconds(20), in Nanos::ZERO..=Nanos::seconds(86_400), when ramp_or_step;
        /// Length of a day: the run begins at its quietest moment, and half a day later is its
        /// busiest.
        day: Nanos = Nanos::seconds(120), in Nanos::seconds(1)..=Nanos::seconds(7 * 86_400), when daily;
        /// How far the rate goes above and below its mean over a day.
        swing: Share = Share(0.6), when daily;
        /// How many users there are. Each has one request at a time.
        users: u32 = 100, in 0..=100_000, "users", when closed;
        /// Mean time from an answer, or a failure, to the same user's next request.
        think: Nanos = Nanos::seconds(1), in Nanos::ZERO..=Nanos::seconds(3600), when closed;
        /// How that time is distributed.
        think_shape: Shape = Shape::Exponential, when closed;
        /// One request a line: time in seconds, key, class, size in bytes; what is left empty is
        /// drawn. A first line may name the columns. The size is that of the answer, or of the
        /// request if it writes. Keys with names are numbered as they come.
        recording: Recording = Recording::default(), when recorded;
        /// How many times as fast as recorded.
        recording_speed: f64 = 1.0, in 0.01..=100.0, "times", when recorded;
        /// Whether it begins again when it is over.
        recording_repeats: bool = true, when recorded;
        /// Kinds of request and how often each comes.
        classes: Vec<Class> = vec![Class::default()];
        /// Number of different keys asked for, such as books in the shop.
        keys: u32 = 10_000, in 1..=1_000_000, "keys";
        /// What one of these is called: `book` makes keys read `book:77`.
        key_name: String = String::from("key");
        /// Which keys are asked for: few very often and many seldom (Zipf), all alike, a hot set
        /// that may move or be the newest ones, or one after the other.
        popularity: Popularity = Popularity::Zipf;
        /// How much more often popular keys are asked for: key k comes with weight 1/k^s. 0 makes
        /// all keys alike, 1 is typical of shops and news.
        zipf: f64 = 1.0, in 0.0..=3.0, "exponent", when |it| it.popularity == Popularity::Zipf;
        /// The part of all keys that is hot.
        hot_keys: Share = Share(0.1), when hot;
        /// The part of all requests that goes to hot keys.
        hot_share: Share = Share(0.9), when hot;
        /// How long the same keys are hot; then the next ones are.
        hot_stays: Nanos = Nanos::seconds(30), in Nanos::millis(100)..=Nanos::seconds(86_400),
            when |it| it.popularity == Popularity::MovingHotSet;
        /// How long a user waits for one attempt before giving up on it.
        timeout: Nanos = Nanos::seconds(2), in Nanos::millis(1)..=Nanos::seconds(3600);
        /// How often a user tries again after a failure.
        retries: u32 = 0, in 0..=10, "tries";
        /// Pause before trying again.
        backoff: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(60);
    }
}
