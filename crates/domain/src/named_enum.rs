//! Enums whose variants have names outside the program.

/// Declares the variants of an enum and their names together. A name is read with `as_str`, or with the
/// method that stands behind `as`.
#[macro_export]
macro_rules! named_enum {
    ($(#[$meta:meta])* $enum:ident { $($variants:tt)* }) => {
        $crate::named_enum! { $(#[$meta])* $enum as as_str { $($variants)* } }
    };
    ($(#[$meta:meta])* $enum:ident as $as_str:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $enum {
            /// All of them, in the order of their declaration.
            pub const ALL: [Self; [$($name,)*].len()] = [$(Self::$variant,)*];

            pub const fn $as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.$as_str() == name)
            }
        }

        impl ::std::fmt::Display for $enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.$as_str())
            }
        }
    };
}

pub(crate) use named_enum;
