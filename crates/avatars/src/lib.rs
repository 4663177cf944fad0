//! Users' pictures: cleaned by [`clean`], kept by [`ObjectAvatarStore`].

mod clean;
mod store;

pub use clean::{Picture, PictureFormat, UnusablePicture, clean};
pub use store::{ObjectAvatarStore, OpenError};
