//! Where pictures are kept.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{AvatarError, AvatarStore, CleanAvatar, StoredAvatar};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientConfigKey, Error, ObjectStore, ObjectStoreExt, PutOptions,
    RetryConfig,
};
use tokio::sync::Semaphore;

use crate::clean::{PictureFormat, UnusablePicture, clean};

/// How many pictures are decoded at a time: each may take 64 MB.
const DECODED_AT_ONCE: usize = 2;

/// A picture never changes under its name, so caches may keep it for a year.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// How long one attempt at a request to S3 may take. A JPEG of 1024 pixels has some 300 kB, which is 3 s at
/// 0.8 Mbit/s.
const ATTEMPT: &str = "3s";

/// How often a request to S3 is repeated. All attempts and the waits between them take at most 9.3 s, less
/// than the 15 s after which `@wxlogin/miniprogram` gives up.
const REPEATS: usize = 2;

/// [`AvatarStore`] in a folder or an S3-compatible store.
#[derive(Debug)]
pub struct ObjectAvatarStore {
    place: Place,
    folder: Path,
    public_url: String,
    decoding: Semaphore,
}

#[derive(Debug)]
enum Place {
    /// A folder of this machine, which is made when it is needed.
    Folder(PathBuf),
    /// A bucket, which keeps a media type with an object.
    Bucket(Arc<dyn ObjectStore>),
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no kind that is known.
    #[error("expected file://FOLDER or s3://BUCKET/PREFIX")]
    UnknownKind,
    /// The store does not take the configuration, such as the `AWS_…` variables.
    #[error("the store cannot be opened")]
    Store(#[source] Error),
}

impl ObjectAvatarStore {
    /// Opens the store at `url`, whose pictures others read below `public_url`. Nothing is sent
    /// anywhere yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(url: &str, public_url: &str) -> Result<Self, OpenError> {
        let (place, folder) = if let Some(folder) = url.strip_prefix("file://")
            && !folder.is_empty()
        {
            (Place::Folder(folder.into()), Path::default())
        } else if let Some(bucket) = url.strip_prefix("s3://") {
            let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
            (Place::Bucket(s3(bucket)?), Path::from(prefix))
        } else {
            return Err(OpenError::UnknownKind);
        };
        Ok(Self {
            place,
            folder,
            public_url: public_url.trim_end_matches('/').to_owned(),
            decoding: Semaphore::new(DECODED_AT_ONCE),
        })
    }

    fn objects(&self) -> Result<Arc<dyn ObjectStore>, AvatarError> {
        match &self.place {
            Place::Folder(folder) => local(folder),
            Place::Bucket(objects) => Ok(Arc::clone(objects)),
        }
    }

    fn path(&self, name: &str) -> Path {
        self.folder.clone().join(name)
    }

    async fn write(
        &self,
        name: &str,
        bytes: Vec<u8>,
        format: PictureFormat,
    ) -> Result<(), AvatarError> {
        let mut options = PutOptions::default();
        if matches!(self.place, Place::Bucket(_)) {
            options.attributes = Attributes::from_iter([
                (Attribute::ContentType, format.content_type()),
                (Attribute::CacheControl, CACHE_CONTROL),
            ]);
        }
        let (objects, path) = (self.objects()?, self.path(name));
        let written = objects.put_opts(&path, bytes.into(), options).await;
        written.map(drop).map_err(unavailable)
    }
}

fn local(folder: &FilePath) -> Result<Arc<dyn ObjectStore>, AvatarError> {
    std::fs::create_dir_all(folder).map_err(unavailable)?;
    let files = LocalFileSystem::new_with_prefix(folder).map_err(unavailable)?;
    Ok(Arc::new(files.with_fsync(true)))
}

/// Credentials, region and endpoint come from `AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`
/// and their kin.
fn s3(bucket: &str) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let is_plain = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .any(|url| url.starts_with("http://"));
    bounded(
        AmazonS3Builder::from_env().with_allow_http(is_plain),
        bucket,
    )
}

/// By default a request to an S3 that is away is repeated ten times, for up to 180 s.
fn bounded(s3: AmazonS3Builder, bucket: &str) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let retry = RetryConfig {
        max_retries: REPEATS,
        ..RetryConfig::default()
    };
    let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
    let store = s3
        .with_bucket_name(bucket)
        .with_config(timeout, ATTEMPT)
        .with_retry(retry)
        .build()
        .map_err(OpenError::Store)?;
    Ok(Arc::new(store))
}

#[async_trait]
impl AvatarStore for ObjectAvatarStore {
    async fn clean(&self, uploaded: Vec<u8>) -> Result<CleanAvatar, AvatarError> {
        // The semaphore is never closed.
        let permit = self.decoding.acquire().await.map_err(unavailable)?;
        let cleaned = tokio::task::spawn_blocking(move || clean(&uploaded)).await;
        drop(permit);
        let picture = cleaned
            .map_err(unavailable)?
            .map_err(|unusable| match unusable {
                UnusablePicture::NotAPicture => AvatarError::NotAPicture,
                UnusablePicture::TooManyPixels => AvatarError::TooManyPixels,
            })?;
        let random: [u8; 16] = rand::random();
        let name = format!("{}.{}", hex::encode(random), picture.format.extension());
        Ok(CleanAvatar {
            url: format!("{}/{name}", self.public_url),
            bytes: picture.bytes,
        })
    }

    async fn store(&self, picture: CleanAvatar) -> Result<(), AvatarError> {
        let name = self.name_in(&picture.url);
        let (name, format) = name
            .and_then(|name| Some((name, format_of(name)?)))
            .ok_or_else(|| unavailable("the picture was cleaned by another store"))?;
        self.write(name, picture.bytes, format).await
    }

    async fn remove(&self, url: &str) -> Result<(), AvatarError> {
        let Some(name) = self.name_in(url) else {
            return Ok(());
        };
        match self.objects()?.delete(&self.path(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn owns(&self, url: &str) -> Result<bool, AvatarError> {
        let Some(name) = self.name_in(url) else {
            return Ok(false);
        };
        if self.below_public_url(url).is_some() {
            return Ok(true);
        }
        // Other services call their pictures so too.
        match self.objects()?.head(&self.path(name)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn read(&self, name: &str) -> Result<Option<StoredAvatar>, AvatarError> {
        let Some(format) = format_of(name) else {
            return Ok(None);
        };
        let found = match self.objects()?.get(&self.path(name)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let bytes = found.bytes().await.map_err(unavailable)?;
        Ok(Some(StoredAvatar {
            bytes: bytes.into(),
            content_type: format.content_type(),
            cache_control: CACHE_CONTROL,
        }))
    }
}

impl ObjectAvatarStore {
    /// The name in a URL of this store: below its public URL, or below `/avatars` of any host, where the
    /// service itself shows them. The public URL may have been another when the picture was stored, and
    /// replicas that have none differ in their addresses.
    fn name_in<'a>(&self, url: &'a str) -> Option<&'a str> {
        let name = self.below_public_url(url).or_else(|| {
            let (_, address) = url.split_once("://")?;
            let (_, path) = address.split_once('/')?;
            path.strip_prefix("avatars/")
        })?;
        format_of(name).map(|_| name)
    }

    fn below_public_url<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix(&self.public_url)?.strip_prefix('/')
    }
}

/// The format of a name that this store has given; `None` for all other names.
fn format_of(name: &str) -> Option<PictureFormat> {
    let (stem, extension) = name.split_once('.')?;
    let is_ours = stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    let formats = [PictureFormat::Jpeg, PictureFormat::Png];
    let format = formats
        .into_iter()
        .find(|format| format.extension() == extension)?;
    is_ours.then_some(format)
}

fn unavailable(error: impl Into<domain::ports::Cause>) -> AvatarError {
    AvatarError::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn put(store: &ObjectAvatarStore, uploaded: Vec<u8>) -> Result<String, AvatarError> {
        let picture = store.clean(uploaded).await?;
        let url = picture.url.clone();
        store.store(picture).await?;
        Ok(url)
    }

    fn picture() -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::new(4, 4)
            .write_to(
                &mut std::io::Cursor::new(&mut bytes),
                image::ImageFormat::Png,
            )
            .unwrap();
        bytes
    }

    #[tokio::test]
    async fn a_picture_can_be_read_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}/made/avatars", folder.path().display());
        let store = ObjectAvatarStore::open(&url, "https://cdn.example.com/a/").unwrap();
        let stored = put(&store, picture()).await.unwrap();
        let name = stored.strip_prefix("https://cdn.example.com/a/").unwrap();
        let read = store.read(name).await.unwrap().unwrap();
        assert_eq!(read.content_type, "image/png");
        assert_eq!(&read.bytes[1..4], b"PNG");
        for _ in 0..2 {
            store.remove(&stored).await.unwrap();
            assert!(store.read(name).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_picture_is_known_and_removed_after_the_public_url_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().display());
        let open = |public_url| ObjectAvatarStore::open(&url, public_url).unwrap();
        let before = open("http://127.0.0.1:5000/avatars");
        let store = open("https://cdn.example.com/pictures");
        let stored = put(&before, picture()).await.unwrap();
        let (_, name) = stored.rsplit_once('/').unwrap();
        let elsewhere = format!("https://other.example/pictures/{name}");
        for (of_url, is_owned) in [(&stored, true), (&elsewhere, false)] {
            assert_eq!(store.owns(of_url).await.unwrap(), is_owned, "{of_url}");
        }
        store.remove(&elsewhere).await.unwrap();
        assert!(store.read(name).await.unwrap().is_some());
        store.remove(&stored).await.unwrap();
        assert!(store.read(name).await.unwrap().is_none());
        // Another service's picture, whose name has the form of ours.
        assert!(!store.owns(&stored).await.unwrap());
    }

    #[tokio::test]
    async fn names_and_urls_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.png"), "x").unwrap();
        let url = format!("file://{}/avatars", folder.path().display());
        let store = ObjectAvatarStore::open(&url, "https://cdn.example.com").unwrap();
        for name in ["../secret.png", "secret.png", "", "%2e%2e/secret.png"] {
            assert!(store.read(name).await.unwrap().is_none(), "{name}");
            store
                .remove(&format!("https://cdn.example.com/{name}"))
                .await
                .unwrap();
        }
        store.remove("https://thirdwx.qlogo.cn/132").await.unwrap();
        assert!(folder.path().join("secret.png").exists());
    }

    #[tokio::test]
    async fn what_is_no_picture_is_told_apart_from_a_store_that_is_away() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}/avatars", folder.path().display());
        let store = ObjectAvatarStore::open(&url, "https://cdn.example.com").unwrap();
        let refused = put(&store, b"hello".to_vec()).await.unwrap_err();
        assert!(matches!(refused, AvatarError::NotAPicture), "{refused}");
        std::fs::write(folder.path().join("avatars"), "in the way").unwrap();
        let refused = put(&store, picture()).await.unwrap_err();
        assert!(matches!(refused, AvatarError::Unavailable(_)), "{refused}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_never_answers_is_given_up_within_ten_seconds() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                kept.lock().unwrap().push(connection);
            }
        });
        let s3 = AmazonS3Builder::new()
            .with_endpoint(format!("http://{address}"))
            .with_access_key_id("id")
            .with_secret_access_key("secret")
            .with_allow_http(true);
        let store = ObjectAvatarStore {
            place: Place::Bucket(bounded(s3, "bucket").unwrap()),
            folder: Path::default(),
            public_url: "https://cdn.example.com".to_owned(),
            decoding: Semaphore::new(DECODED_AT_ONCE),
        };
        let name = format!("{}.png", "0".repeat(32));
        let url = format!("https://cdn.example.com/{name}");
        let start = tokio::time::Instant::now();
        // More at once than are decoded at once.
        let (one, two, three, removed, read) = tokio::join!(
            put(&store, picture()),
            put(&store, picture()),
            put(&store, picture()),
            store.remove(&url),
            store.read(&name),
        );
        let refused = [one.err(), two.err(), three.err(), removed.err(), read.err()];
        for error in refused {
            assert!(
                matches!(error, Some(AvatarError::Unavailable(_))),
                "{error:?}"
            );
        }
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(connections.lock().unwrap().len() > 5, "is repeated");
    }

    #[test]
    fn other_kinds_of_stores_are_refused() {
        for url in ["data/avatars", "file://", "gs://bucket", ""] {
            let refused = ObjectAvatarStore::open(url, "https://cdn.example.com").unwrap_err();
            assert!(matches!(refused, OpenError::UnknownKind), "{url}");
        }
    }
}
