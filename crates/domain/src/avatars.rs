//! Use case: the picture that users upload, and what becomes of the old one.

use std::sync::Arc;

use crate::ports::{
    AccountRepository, AvatarError, AvatarStore, Cause, ReplacedAvatars, RepositoryError,
    StoredAvatar,
};
use crate::profile::{Edit, ProfileEdit};
use crate::session::SessionAccount;
use crate::user::User;

/// How many pictures one sweep removes.
const SWEEP: u32 = 100;

/// Stores uploaded pictures and removes unused ones.
pub struct AvatarService {
    store: Arc<dyn AvatarStore>,
    replaced: Arc<dyn ReplacedAvatars>,
    accounts: Arc<dyn AccountRepository>,
}

/// Why a picture was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The picture cannot be used, or the store cannot.
    #[error(transparent)]
    Avatar(#[from] AvatarError),
    /// The account was deleted a moment ago.
    #[error("the account is gone")]
    Gone,
    /// The database did not answer.
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl AvatarService {
    /// Puts the service together.
    #[must_use]
    pub fn new(
        store: Arc<dyn AvatarStore>,
        replaced: Arc<dyn ReplacedAvatars>,
        accounts: Arc<dyn AccountRepository>,
    ) -> Self {
        Self {
            store,
            replaced,
            accounts,
        }
    }

    /// Stores a picture as the user's avatar, and gives the user as they are then.
    pub async fn upload(
        &self,
        who: &SessionAccount,
        uploaded: Vec<u8>,
    ) -> Result<User, UploadError> {
        let url = self.store.store(uploaded).await?;
        let edit = ProfileEdit {
            avatar_url: Edit::Set(url.clone()),
            ..ProfileEdit::default()
        };
        match self.accounts.edit_profile(who.user.id, edit).await {
            Ok(Some(user)) => {
                self.sweep_now().await;
                Ok(user)
            }
            Ok(None) => {
                self.store.remove(&url).await?;
                Err(UploadError::Gone)
            }
            // Whether the change was written is not known, so the file stays.
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a URL is of an uploaded picture. A user must not set another user's picture as their own,
    /// because its file goes when they replace it.
    #[must_use]
    pub fn is_uploaded(&self, url: &str) -> bool {
        self.store.owns(url)
    }

    /// The picture of this name.
    ///
    /// # Errors
    /// [`AvatarError::Unavailable`].
    pub async fn read(&self, name: &str) -> Result<Option<StoredAvatar>, AvatarError> {
        self.store.read(name).await
    }

    /// Removes what a change has left behind. A file that cannot be removed now is removed by a later
    /// [`sweep`](Self::sweep), whose caller learns why.
    pub(crate) async fn sweep_now(&self) {
        drop(self.sweep().await);
    }

    /// Removes the files of unused pictures, and returns how many entries were
    /// worked off. To be called now and then.
    ///
    /// # Errors
    /// The cause. What was not removed stays on the list.
    pub async fn sweep(&self) -> Result<usize, Cause> {
        let replaced = self.replaced.oldest(SWEEP).await?;
        for avatar in &replaced {
            self.store.remove(&avatar.url).await?;
            self.replaced.forget(avatar.id).await?;
        }
        Ok(replaced.len())
    }
}
