//! A picture as it is uploaded becomes one that can be shown to others.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

/// The longest side of what is stored, pixels. WeChat's own avatars have 132 to 1080.
const LONGEST_SIDE: u32 = 1024;

/// The longest side of what is read, pixels: more than a phone's camera gives.
const LONGEST_SIDE_READ: u32 = 8192;

/// What a decoded picture may take, bytes: 12 megapixels with transparency are 48 MB. A decoder's tables
/// and metadata come on top: at most 192 MB in all were measured.
const MEMORY: u64 = 64 << 20;

/// Quality of JPEG, of 100. At 85 no difference is seen at the size of an avatar.
const QUALITY: u8 = 85;

/// A picture without metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The encoded picture.
    pub bytes: Vec<u8>,
    /// How it is encoded.
    pub format: PictureFormat,
}

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
}

impl PictureFormat {
    /// The ending of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// Why a picture cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusablePicture {
    /// It is no PNG, JPEG or WebP, or it is damaged.
    #[error("not a whole PNG, JPEG or WebP picture")]
    NotAPicture,
    /// It has more pixels than are read.
    #[error("the picture has more pixels than are accepted")]
    TooManyPixels,
}

/// Decodes `bytes` and encodes the picture anew, without metadata and at most 1024 pixels wide and
/// high. JPEG stays JPEG and PNG stays PNG; WebP becomes PNG if it can be transparent, else JPEG. Of
/// an animation the first picture is kept.
///
/// # Errors
/// [`UnusablePicture`].
pub fn clean(bytes: &[u8]) -> Result<Picture, UnusablePicture> {
    let (picture, read_as) = decode(bytes)?;
    let picture = if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Lanczos3)
    } else {
        picture
    };
    let is_png = match read_as {
        ImageFormat::Png => true,
        ImageFormat::WebP => picture.color().has_alpha(),
        _ => false,
    };
    encode(&picture, is_png).map_err(|_| UnusablePicture::NotAPicture)
}

fn decode(bytes: &[u8]) -> Result<(DynamicImage, ImageFormat), UnusablePicture> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| UnusablePicture::NotAPicture)?;
    let Some(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) = reader.format()
    else {
        return Err(UnusablePicture::NotAPicture);
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE_READ);
    limits.max_image_height = Some(LONGEST_SIDE_READ);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| unusable(&error))?;
    // The decoder's own bound covers what it needs, not the picture that comes out.
    if decoder.total_bytes() > MEMORY {
        return Err(UnusablePicture::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(|error| unusable(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| unusable(&error))?;
    picture.apply_orientation(orientation);
    Ok((picture, format))
}

fn encode(picture: &DynamicImage, is_png: bool) -> Result<Picture, ImageError> {
    let mut bytes = Vec::new();
    if is_png {
        let plain: DynamicImage = if picture.color().has_alpha() {
            picture.to_rgba8().into()
        } else {
            picture.to_rgb8().into()
        };
        plain.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture.to_rgb8())?;
    }
    let format = if is_png {
        PictureFormat::Png
    } else {
        PictureFormat::Jpeg
    };
    Ok(Picture { bytes, format })
}

fn unusable(error: &ImageError) -> UnusablePicture {
    match error {
        ImageError::Limits(_) => UnusablePicture::TooManyPixels,
        _ => UnusablePicture::NotAPicture,
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    fn red(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).into()
    }

    fn size(picture: &Picture) -> (u32, u32) {
        let read = image::load_from_memory(&picture.bytes).unwrap();
        (read.width(), read.height())
    }

    #[test]
    fn each_format_is_recognised_by_its_content() {
        let clear: DynamicImage = RgbaImage::from_pixel(8, 6, Rgba([1, 2, 3, 0])).into();
        for (picture, read_as, written_as) in [
            (red(8, 6), ImageFormat::Jpeg, PictureFormat::Jpeg),
            (red(8, 6), ImageFormat::Png, PictureFormat::Png),
            (red(8, 6), ImageFormat::WebP, PictureFormat::Jpeg),
            (clear, ImageFormat::WebP, PictureFormat::Png),
        ] {
            let cleaned = clean(&encoded(&picture, read_as)).unwrap();
            assert_eq!(cleaned.format, written_as, "{read_as:?}");
            assert_eq!(size(&cleaned), (8, 6));
        }
    }

    #[test]
    fn a_big_picture_is_made_smaller_and_keeps_its_shape() {
        let cleaned = clean(&encoded(&red(3000, 1500), ImageFormat::Jpeg)).unwrap();
        assert_eq!(size(&cleaned), (1024, 512));
    }

    /// A JPEG with an EXIF block: turned by 90 degrees, and with a text in it.
    fn turned(jpeg: &[u8]) -> Vec<u8> {
        let mut exif =
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"where the user lives");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend_from_slice(&[0xff, 0xe1]);
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&exif);
        bytes.extend_from_slice(&jpeg[2..]);
        bytes
    }

    #[test]
    fn the_orientation_is_applied_and_the_metadata_left_out() {
        let uploaded = turned(&encoded(&red(40, 20), ImageFormat::Jpeg));
        let cleaned = clean(&uploaded).unwrap();
        assert_eq!(size(&cleaned), (20, 40));
        let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(has(&uploaded, b"where the user lives"));
        assert!(!has(&cleaned.bytes, b"where the user lives"));
        assert!(!has(&cleaned.bytes, b"Exif"));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let png = encoded(&red(8, 6), ImageFormat::Png);
        let gif = b"GIF89a\x01\0\x01\0\0\0\0;".as_slice();
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice();
        for bytes in [b"".as_slice(), b"hello", gif, svg, &png[..png.len() / 2]] {
            assert_eq!(clean(bytes), Err(UnusablePicture::NotAPicture));
        }
    }

    #[test]
    fn a_picture_that_says_it_is_huge_is_refused_before_it_costs_memory() {
        let mut png = encoded(&red(8, 6), ImageFormat::Png);
        // Width and height of the header, and the checksum over it.
        png[16..24].copy_from_slice(&[0, 0, 0x7f, 0, 0, 0, 0x7f, 0]);
        let checksum = crc32fast::hash(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&checksum);
        assert_eq!(clean(&png), Err(UnusablePicture::TooManyPixels));
    }
}
