//! The list behind a family of algorithms: one line per member gives the choice a person makes.

/// Declares the modules of a family and the enum a person chooses from.
///
/// The choice is what designs store, so its written form is the member's id and never its position.
macro_rules! choice {
    (
        $(#[$about:meta])*
        $choice:ident: $(
            $module:ident :: $member:ident, $id:literal, $label:literal, $help:literal;
        )*
    ) => {
        $( pub mod $module; )*

        $(#[$about])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $choice {
            $(
                #[doc = $help]
                #[serde(rename = $id)]
                $member,
            )*
        }

        impl $choice {
            /// Every member, in the order in which people are offered them.
            pub const ALL: &'static [$choice] = &[ $( $choice::$member, )* ];

            /// The stable name used in files and on the command line.
            pub fn id(self) -> &'static str {
                match self { $( $choice::$member => $id, )* }
            }

            /// The name people see.
            pub fn label(self) -> &'static str {
                match self { $( $choice::$member => $label, )* }
            }

            /// One sentence on the rule, for people.
            pub fn help(self) -> &'static str {
                match self { $( $choice::$member => $help, )* }
            }

            /// The member of this id.
            pub fn find(id: &str) -> Option<$choice> {
                Self::ALL.iter().copied().find(|member| member.id() == id)
            }

            const IDS: &'static [&'static str] = &[ $( $id, )* ];
        }

        $crate::stable! { enum $choice }

        impl $crate::base::param::Param for $choice {
            type Limits = ();
            fn control(_: &(), _: &'static str) -> $crate::base::param::Control {
                $crate::base::param::Control::Choice(Self::IDS)
            }
            fn to_value(&self) -> serde_json::Value {
                self.id().into()
            }
            fn from_value(value: &serde_json::Value, _: &()) -> Result<Self, String> {
                let found = value.as_str().and_then(Self::find);
                found.ok_or_else(|| format!("one of {}", Self::IDS.join(", ")))
            }
        }
    };
}
