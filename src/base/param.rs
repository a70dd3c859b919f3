//! Parameters that describe themselves: one declaration gives the struct, its defaults, its file
//! form, the inspector's form, the command line's help and its part of the state hash.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::Nanos;
use super::unit::{Rate, Share, Weights};

/// How a form edits one parameter, with the bounds it keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// On or off.
    Toggle,
    /// A number with a unit (which may be empty).
    Number {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
        /// What is counted.
        unit: &'static str,
        /// Whether only whole numbers are allowed.
        whole: bool,
    },
    /// A duration such as `250ms`.
    Duration {
        /// Shortest allowed.
        min: Nanos,
        /// Longest allowed.
        max: Nanos,
    },
    /// A rate such as `200/s`.
    Rate {
        /// Lowest allowed, per second.
        min: f64,
        /// Highest allowed, per second.
        max: f64,
    },
    /// A share such as `30%`.
    Share,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Free text of limited length.
    Text,
    /// Text of many lines, such as a table: typed, pasted or read from a file.
    Lines {
        /// Longest allowed, in bytes.
        max: usize,
    },
    /// A table; the fields describe a fresh row.
    Rows(Vec<Field>),
}

/// One parameter as forms, help and documents see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name in files, snake case.
    pub name: &'static str,
    /// What it means and what it affects.
    pub help: &'static str,
    /// Editor and bounds.
    pub control: Control,
    /// Value in file form.
    pub value: Value,
    /// Default in file form.
    pub default: Value,
    /// Whether it has an effect beside the other parameters as they are: forms show only these.
    pub applies: bool,
}

impl Field {
    /// The name as a label: `hit_ratio` becomes `Hit ratio`.
    pub fn label(&self) -> String {
        let text = self.name.replace('_', " ").replace("ttl", "TTL").replace("tls", "TLS");
        let mut letters = text.chars();
        letters.next().map(|it| it.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// Why a parameter was not set. `Display` names the field and says what would be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamError {
    /// Which field.
    pub field: String,
    /// What is wrong and what is allowed, as a clause.
    pub problem: String,
}

impl std::fmt::Display for ParamError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// A type that can be a parameter.
pub trait Param: Sized + Clone {
    /// What bounds the type: a range for quantities, nothing for the rest.
    type Limits;
    /// Its editor.
    fn control(limits: &Self::Limits, unit: &'static str) -> Control;
    /// Its file form.
    fn to_value(&self) -> Value;
    /// Reads the file form; an error says what would be right.
    fn from_value(value: &Value, limits: &Self::Limits) -> Result<Self, String>;
}

/// Upper bound of list parameters, so that no file can ask for unbounded work.
const ROWS_MAX: usize = 64;
/// Upper bound of text parameters, in characters.
const TEXT_MAX: usize = 200;

macro_rules! whole {
    ($($ty:ty),*) => { $(
        impl Param for $ty {
            type Limits = std::ops::RangeInclusive<$ty>;
            fn control(limits: &Self::Limits, unit: &'static str) -> Control {
                let (min, max) = (*limits.start() as f64, *limits.end() as f64);
                Control::Number { min, max, unit, whole: true }
            }
            fn to_value(&self) -> Value {
                Value::from(*self)
            }
            fn from_value(value: &Value, limits: &Self::Limits) -> Result<Self, String> {
                value
                    .as_u64()
                    .and_then(|it| <$ty>::try_from(it).ok())
                    .filter(|it| limits.contains(it))
                    .ok_or_else(|| {
                        format!("a whole number from {} to {}", limits.start(), limits.end())
                    })
            }
        }
    )* };
}
whole!(u32, u64);

impl Param for f64 {
    type Limits = std::ops::RangeInclusive<f64>;
    fn control(limits: &Self::Limits, unit: &'static str) -> Control {
        Control::Number { min: *limits.start(), max: *limits.end(), unit, whole: false }
    }
    fn to_value(&self) -> Value {
        Value::from(*self)
    }
    fn from_value(value: &Value, limits: &Self::Limits) -> Result<Self, String> {
        value
            .as_f64()
            .filter(|it| limits.contains(it))
            .ok_or_else(|| format!("a number from {} to {}", limits.start(), limits.end()))
    }
}

impl Param for bool {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Toggle
    }
    fn to_value(&self) -> Value {
        Value::from(*self)
    }
    fn from_value(value: &Value, _: &()) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false".into())
    }
}

impl Param for String {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Text
    }
    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
    fn from_value(value: &Value, _: &()) -> Result<Self, String> {
        value
            .as_str()
            .filter(|it| it.chars().count() <= TEXT_MAX)
            .map(str::to_owned)
            .ok_or_else(|| format!("a text of at most {TEXT_MAX} characters"))
    }
}

impl Param for Nanos {
    type Limits = std::ops::RangeInclusive<Nanos>;
    fn control(limits: &Self::Limits, _: &'static str) -> Control {
        Control::Duration { min: *limits.start(), max: *limits.end() }
    }
    fn to_value(&self) -> Value {
        Value::from(self.to_string())
    }
    fn from_value(value: &Value, limits: &Self::Limits) -> Result<Self, String> {
        value.as_str().and_then(Self::parse).filter(|it| limits.contains(it)).ok_or_else(|| {
            format!("a duration from \"{}\" to \"{}\"", limits.start(), limits.end())
        })
    }
}

impl Param for Rate {
    type Limits = std::ops::RangeInclusive<f64>;
    fn control(limits: &Self::Limits, _: &'static str) -> Control {
        Control::Rate { min: *limits.start(), max: *limits.end() }
    }
    fn to_value(&self) -> Value {
        Value::from(self.to_string())
    }
    fn from_value(value: &Value, limits: &Self::Limits) -> Result<Self, String> {
        value.as_str().and_then(Self::parse).filter(|it| limits.contains(&it.0)).ok_or_else(|| {
            format!("a rate from \"{}/s\" to \"{}/s\"", limits.start(), limits.end())
        })
    }
}

impl Param for Share {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Share
    }
    fn to_value(&self) -> Value {
        Value::from(self.to_string())
    }
    fn from_value(value: &Value, _: &()) -> Result<Self, String> {
        let share = value.as_str().and_then(Self::parse);
        share.ok_or_else(|| "a share from \"0%\" to \"100%\"".into())
    }
}

impl Param for Weights {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Text
    }
    fn to_value(&self) -> Value {
        Value::from(self.to_string())
    }
    fn from_value(value: &Value, _: &()) -> Result<Self, String> {
        let weights = value.as_str().and_then(Self::parse);
        weights.ok_or_else(|| "at most 64 whole numbers from 0 to 1000, such as \"5, 1, 1\"".into())
    }
}

/// A set of parameters: what `params!` implements.
pub trait Params: Sized + Clone + Default {
    /// Every parameter with its present value, in the order of declaration.
    fn fields(&self) -> Vec<Field>;
    /// Sets one parameter from its file form; nothing changes on an error.
    fn set(&mut self, name: &str, value: &Value) -> Result<(), ParamError>;

    /// Takes what it knows out of `map`; what is left is unknown. Bad values keep the default and
    /// are told.
    fn load(map: &mut Map<String, Value>) -> (Self, Vec<ParamError>) {
        let (mut it, mut errors) = (Self::default(), Vec::new());
        for field in it.fields() {
            if let Some(value) = map.remove(field.name)
                && let Err(error) = it.set(field.name, &value)
            {
                errors.push(error);
            }
        }
        (it, errors)
    }

    /// The file form: only what differs from the default.
    fn save(&self) -> Map<String, Value> {
        let changed = self.fields().into_iter().filter(|it| it.value != it.default);
        changed.map(|it| (it.name.to_owned(), it.value)).collect()
    }
}

/// Lists of parameter sets are tables.
impl<P: Params> Param for Vec<P> {
    type Limits = ();
    fn control(_: &(), _: &'static str) -> Control {
        Control::Rows(P::default().fields())
    }
    fn to_value(&self) -> Value {
        // The first column tells rows apart; of the others, what differs from the default.
        let row = |it: &P| {
            let fields = it.fields().into_iter().enumerate();
            let told = fields.filter(|(at, it)| *at == 0 || it.value != it.default);
            Value::Object(told.map(|(_, it)| (it.name.to_owned(), it.value)).collect())
        };
        Value::Array(self.iter().map(row).collect())
    }
    fn from_value(value: &Value, _: &()) -> Result<Self, String> {
        let rows = value.as_array().filter(|it| it.len() <= ROWS_MAX);
        let rows = rows.ok_or_else(|| format!("a list of at most {ROWS_MAX} rows"))?;
        let row = |(index, row): (usize, &Value)| {
            let mut map = row.as_object().cloned().ok_or(format!("row {}: a record", index + 1))?;
            let (it, errors) = P::load(&mut map);
            match (errors.first(), map.keys().next()) {
                (Some(error), _) => Err(format!("row {}: {error}", index + 1)),
                (_, Some(name)) => Err(format!("row {}: there is no field {name}", index + 1)),
                _ => Ok(it),
            }
        };
        rows.iter().enumerate().map(row).collect()
    }
}

/// Whether a parameter applies, by what its declaration says of the whole set.
pub fn applies<T>(set: &T, when: impl Fn(&T) -> bool) -> bool {
    when(set)
}

/// What is wrong with a value that is not what was wanted; long values are cut.
pub fn refusal(value: &Value, wanted: &str) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… is not {wanted}", &text[..end]),
        None => format!("{text} is not {wanted}"),
    }
}

/// Reads the next field of a set of parameters in its binary form.
#[inline(never)]
pub fn next<'de, T: serde::Deserialize<'de>, A: serde::de::SeqAccess<'de>>(
    seq: &mut A,
    place: &mut T,
) -> Result<(), A::Error> {
    *place = seq.next_element()?.ok_or_else(|| serde::de::Error::custom("cut short"))?;
    Ok(())
}

/// Declares a set of parameters. Doc comments become the help text. `when |it| …` at the end of a
/// line says beside which values of the others the parameter has an effect; without it, always.
#[macro_export]
macro_rules! params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[doc = $help:literal])+
                $field:ident : $ty:ty = $default:expr
                    $(, in $limits:expr)? $(, $unit:literal)? $(, when $when:expr)? ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name { $( $(#[doc = $help])+ pub $field: $ty, )* }

        // One field after the other, each by a call that all fields of its type share: derived, this was
        // the largest function of the page's first module.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                        f.write_str(stringify!($name))
                    }

                    #[allow(unused_mut, unused_variables, reason = "a set may be empty")]
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self, mut seq: A,
                    ) -> Result<$name, A::Error> {
                        let mut it = $name::default();
                        $( $crate::base::param::next(&mut seq, &mut it.$field)?; )*
                        Ok(it)
                    }
                }
                const NAMES: &[&str] = &[$( stringify!($field) ),*];
                from.deserialize_struct(stringify!($name), NAMES, Fields)
            }
        }

        impl Default for $name {
            fn default() -> Self { Self { $( $field: $default, )* } }
        }

        $crate::stable! { $name { $($field),* } }

        impl $crate::base::param::Params for $name {
            #[allow(unused_mut, unused_variables, reason = "a set may be empty")]
            fn fields(&self) -> Vec<$crate::base::param::Field> {
                let default = Self::default();
                vec![$( $crate::base::param::Field {
                    name: stringify!($field),
                    help: concat!($($help),+).trim_ascii(),
                    control: <$ty as $crate::base::param::Param>::control(
                        &$crate::params!(@limits $($limits)?), $crate::params!(@unit $($unit)?)),
                    value: $crate::base::param::Param::to_value(&self.$field),
                    default: $crate::base::param::Param::to_value(&default.$field),
                    applies: $crate::params!(@when self $(, $when)?),
                }, )*]
            }

            #[allow(unused_variables, reason = "a set may be empty")]
            fn set(
                &mut self, name: &str, value: &serde_json::Value,
            ) -> Result<(), $crate::base::param::ParamError> {
                $( if name == stringify!($field) {
                    let limits = $crate::params!(@limits $($limits)?);
                    match <$ty as $crate::base::param::Param>::from_value(value, &limits) {
                        Ok(it) => self.$field = it,
                        Err(wanted) => return Err($crate::base::param::ParamError {
                            field: name.to_owned(),
                            problem: $crate::base::param::refusal(value, &wanted),
                        }),
                    }
                    return Ok(());
                } )*
                let known: Vec<&str> = vec![$( stringify!($field) ),*];
                Err($crate::base::param::ParamError {
                    field: name.to_owned(),
                    problem: format!("there is no such parameter; known: {}", known.join(", ")),
                })
            }
        }
    };
    (@limits) => { () };
    (@limits $limits:expr) => { $limits };
    (@when $of:ident) => { true };
    (@when $of:ident, $when:expr) => { $crate::base::param::applies($of, $when) };
    (@unit) => { "" };
    (@unit $unit:literal) => { $unit };
}

/// Declares an enum whose values are words in files and forms.
#[macro_export]
macro_rules! choices {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$of:meta])* $value:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize
        )]
        pub enum $name { $( $(#[$of])* $value, )+ }

        $crate::stable! { enum $name }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];
            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The word for it in files and forms.
            pub fn word(self) -> &'static str { match self { $( Self::$value => $word, )+ } }
        }

        impl $crate::base::param::Param for $name {
            type Limits = ();
            fn control(_: &(), _: &'static str) -> $crate::base::param::Control {
                $crate::base::param::Control::Choice(Self::WORDS)
            }
            fn to_value(&self) -> serde_json::Value { self.word().into() }
            fn from_value(value: &serde_json::Value, _: &()) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|it| value.as_str() == Some(it.word()))
                    .ok_or_else(|| format!("one of {}", Self::WORDS.join(", ")))
            }
        }
    };
}
