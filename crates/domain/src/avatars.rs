//! Use case: the picture that users upload, and what becomes of the old one.

use std::sync::Arc;

use crate::ports::{
    AccountRepository, AvatarError, AvatarStore, Cause, Clock, ReplacedAvatars, RepositoryError,
};
use crate::profile::{Edit, ProfileEdit};
use crate::session::SessionAccount;
use crate::time::{Duration, after};
use crate::user::User;

/// After this time an upload has changed the account or failed: the store and the database have deadlines of
/// seconds.
const UPLOADED_BY: Duration = Duration::from_mins(10);

/// How many pictures one sweep removes.
const SWEEP: u32 = 100;

pub struct AvatarService {
    pub store: Arc<dyn AvatarStore>,
    pub replaced: Arc<dyn ReplacedAvatars>,
    pub accounts: Arc<dyn AccountRepository>,
    pub clock: Arc<dyn Clock>,
}

type Result<T, E = UploadError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Avatar(#[from] AvatarError),
    #[error("the account is gone")]
    Gone,
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl AvatarService {
    /// Stores a picture as the user's avatar, and gives the user as they are then.
    ///
    /// It is announced first, so that its file is deleted if the process or the request ends before a
    /// user has it.
    pub async fn upload(&self, who: &SessionAccount, uploaded: Vec<u8>) -> Result<User> {
        let picture = self.store.clean(uploaded).await?;
        let url = picture.url.clone();
        let due_at = after(self.clock.now(), UPLOADED_BY);
        self.replaced.announce(&url, due_at).await?;
        self.store.store(picture).await?;
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
            // Whether the change was written is not known. If it was not, the file goes when it is due.
            Err(error) => Err(error.into()),
        }
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
        let replaced = self.replaced.due(self.clock.now(), SWEEP).await?;
        for avatar in &replaced {
            self.store.remove(&avatar.url).await?;
            self.replaced.forget(avatar.id).await?;
        }
        Ok(replaced.len())
    }
}
