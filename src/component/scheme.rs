//! Placement schemes as parameters of kinds: each kind offers some of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::algorithm::placement::Scheme;
use crate::base::param::{Control, Param};
use crate::base::stable::{StableHash, StableHasher};

/// A parameter that is one of some schemes.
macro_rules! some_schemes {
    ($(#[$about:meta])* $name:ident: $ids:expr) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Scheme);

        impl $name {
            /// The ids of the schemes it may be.
            pub const IDS: &'static [&'static str] = $ids;
        }

        impl Param for $name {
            type Limits = ();
            fn control(_: &(), _: &'static str) -> Control {
                Control::Choice(Self::IDS)
            }
            fn to_value(&self) -> Value {
                self.0.to_value()
            }
            fn from_value(value: &Value, _: &()) -> Result<Self, String> {
                let found = Scheme::from_value(value, &()).ok();
                let found = found.filter(|it| Self::IDS.contains(&it.id()));
                found.map(Self).ok_or_else(|| format!("one of {}", Self::IDS.join(", ")))
            }
        }

        impl StableHash for $name {
            fn stable_hash(&self, h: &mut StableHasher) {
                self.0.stable_hash(h);
            }
        }
    };
}

some_schemes! {
    /// A scheme that needs no table which says whose keys are whose.
    ByHash: Scheme::BY_HASH
}

some_schemes! {
    /// How a database's rows are dealt out.
    Sharding: &["range", "modulo", "ring", "rendezvous", "jump", "directory", "list", "geographic"]
}
