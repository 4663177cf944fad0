//! Pictures in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use uuid::Uuid;

use crate::ports::{AvatarError, AvatarStore, CleanAvatar, StoredAvatar};

const PLACE: &str = "https://pictures.example/";

/// An [`AvatarStore`] that takes anything for a picture but empty files.
#[derive(Default)]
pub struct InMemoryAvatars(Mutex<HashMap<String, Vec<u8>>>);

impl InMemoryAvatars {
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl AvatarStore for InMemoryAvatars {
    async fn clean(&self, uploaded: Vec<u8>) -> Result<CleanAvatar, AvatarError> {
        if uploaded.is_empty() {
            return Err(AvatarError::NotAPicture);
        }
        Ok(CleanAvatar {
            url: format!("{PLACE}{}", Uuid::now_v7()),
            bytes: uploaded,
        })
    }

    async fn store(&self, picture: CleanAvatar) -> Result<(), AvatarError> {
        self.0.lock().unwrap().insert(picture.url, picture.bytes);
        Ok(())
    }

    async fn remove(&self, url: &str) -> Result<(), AvatarError> {
        self.0.lock().unwrap().remove(url);
        Ok(())
    }

    async fn owns(&self, url: &str) -> Result<bool, AvatarError> {
        Ok(url.starts_with(PLACE))
    }

    async fn read(&self, name: &str) -> Result<Option<StoredAvatar>, AvatarError> {
        let pictures = self.0.lock().unwrap();
        let bytes = pictures.get(&format!("{PLACE}{name}"));
        Ok(bytes.map(|bytes| StoredAvatar {
            bytes: bytes.clone(),
            content_type: "image/png",
            cache_control: "no-store",
        }))
    }
}
