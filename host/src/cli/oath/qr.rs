//! A QR code in a picture: what the website shows, as a screenshot.

use std::fs::File;
use std::io::{self, Cursor, Read as _};
use std::path::Path;

use png::{BitDepth, ColorType, Transformations};
use rqrr::PreparedImage;
use zeroize::Zeroizing;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::cli::failure::Failure;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// The widest and highest picture, in dots.
const WIDEST: usize = 10_000;
/// The most dots of a picture that is enlarged: a screenshot of the largest screens.
const ENLARGED: usize = 16_000_000;
/// How every PNG file begins.
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1A\n";

/// A picture in grey. It is the secret.
struct Picture {
    width: usize,
    height: usize,
    grey: Zeroizing<Vec<u8>>,
}

/// The text of the only QR code in a PNG or JPEG file; of several the one with an account.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let shown = path.display().to_string();
    let failed = |source| Failure::System {
        what: format!("cannot read {shown}"),
        source,
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let mut file = File::open(path).map_err(failed)?.take(LARGEST + 1);
    file.read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(failed(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it has more than 32 MiB",
        )));
    }
    let is_png = bytes.starts_with(&PNG);
    let picture = if is_png { of_png(&bytes) } else { of_jpeg(&bytes) };
    let wrong = |why: String| failed(io::Error::new(io::ErrorKind::InvalidData, why));
    let mut picture = picture.map_err(wrong)?;
    let mut texts = picture.codes();
    if texts.is_empty() {
        // White on black, as a dark desktop shows it.
        picture.grey.iter_mut().for_each(|dot| *dot = !*dot);
        texts = picture.codes();
    }
    let is_account =
        |text: &Zeroizing<String>| text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("otpauth"));
    let accounts = texts.iter().filter(|text| is_account(text)).count();
    match (texts.len(), accounts) {
        (0, _) => Err(Failure::usage(
            format!("there is no QR code in {shown} that can be read"),
            "take the screenshot anew, with all of the code and a margin around it",
        )),
        (_, 0) => Err(Failure::usage(
            format!("the QR code in {shown} is of something else: it has no otpauth:// address"),
            "use the code that the website shows for an authenticator app",
        )),
        (_, 1) => Ok(texts.into_iter().find(is_account).unwrap_or_default()),
        _ => Err(Failure::usage(
            format!("there are {accounts} QR codes of accounts in {shown}"),
            "cut the picture down to one",
        )),
    }
}

/// A PNG file; what is transparent is white.
fn of_png(bytes: &[u8]) -> Result<Picture, String> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    // Before any memory is taken for its dots.
    let (width, height) = decoder.read_header_info().map_err(|error| error.to_string())?.size();
    let (width, height) = fitting(width, height)?;
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let length = reader.output_buffer_size().ok_or_else(too_large)?;
    let mut dots = Zeroizing::new(vec![0; length]);
    reader.next_frame(&mut dots).map_err(|error| error.to_string())?;
    let (color, depth) = reader.output_color_type();
    let grey = match (color, depth) {
        (ColorType::Grayscale, BitDepth::Eight) => dots,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => each(&dots, |&[grey, alpha]| on_white(grey, alpha)),
        (ColorType::Rgb, BitDepth::Eight) => each(&dots, |&[r, g, b]| grey_of(r, g, b)),
        (ColorType::Rgba, BitDepth::Eight) => each(&dots, |&[r, g, b, alpha]| on_white(grey_of(r, g, b), alpha)),
        _ => return Err("its colours are of another kind".to_owned()),
    };
    Ok(Picture { width, height, grey })
}

fn of_jpeg(bytes: &[u8]) -> Result<Picture, String> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::Luma)
        .set_max_width(WIDEST)
        .set_max_height(WIDEST);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let not_read = |_| "it is neither a PNG nor a JPEG file that can be read".to_owned();
    let grey = Zeroizing::new(decoder.decode().map_err(not_read)?);
    let info = decoder.info().ok_or_else(too_large)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    match grey.len() == width * height {
        true => Ok(Picture { width, height, grey }),
        false => Err("its colours are of another kind".to_owned()),
    }
}

fn too_large() -> String {
    format!("it is more than {WIDEST} dots wide or high")
}

fn fitting(width: u32, height: u32) -> Result<(usize, usize), String> {
    let fit = |side: u32| usize::try_from(side).ok().filter(|side| *side <= WIDEST);
    fit(width).zip(fit(height)).ok_or_else(too_large)
}

/// What becomes of each dot of `N` bytes.
fn each<const N: usize>(dots: &[u8], grey: impl Fn(&[u8; N]) -> u8) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(dots.as_chunks().0.iter().map(grey).collect())
}

fn grey_of(r: u8, g: u8, b: u8) -> u8 {
    let sum = u16::from(r) + 2 * u16::from(g) + u16::from(b);
    u8::try_from(sum / 4).unwrap_or(u8::MAX)
}

fn on_white(grey: u8, alpha: u8) -> u8 {
    let (grey, alpha) = (u16::from(grey), u16::from(alpha));
    u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

impl Picture {
    /// The texts of all codes that can be read. A code with few dots for each module is found in the picture, but only
    /// read after it was enlarged: a browser that zooms makes some modules wider than others.
    fn codes(&self) -> Vec<Zeroizing<String>> {
        let texts = self.codes_enlarged(1);
        match texts.is_empty() && self.grey.len() <= ENLARGED {
            true => self.codes_enlarged(2),
            false => texts,
        }
    }

    fn codes_enlarged(&self, times: usize) -> Vec<Zeroizing<String>> {
        let dot = |x: usize, y: usize| {
            let at = y / times * self.width + x / times;
            self.grey.get(at).copied().unwrap_or(u8::MAX)
        };
        let mut prepared = PreparedImage::prepare_from_greyscale(self.width * times, self.height * times, dot);
        let grids = prepared.detect_grids();
        let texts = grids.iter().filter_map(|grid| grid.decode().ok());
        texts.map(|(_, text)| Zeroizing::new(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "otpauth://totp/AWS:alice@123456789012?secret=JBSWY3DPEHPK3PXP&issuer=AWS";

    fn read_bytes(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("picture");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn a_screenshot_is_read_whatever_its_format_and_colours() {
        for picture in [
            &include_bytes!("testing/account.png")[..],
            include_bytes!("testing/transparent.png"),
            include_bytes!("testing/inverted.jpg"),
        ] {
            assert_eq!(read_bytes(picture).unwrap().as_str(), ACCOUNT);
        }
    }

    #[test]
    fn a_small_code_in_a_browser_that_zooms_is_read() {
        let text = read_bytes(include_bytes!("testing/small.png")).unwrap();
        assert!(
            text.starts_with("otpauth://totp/Amazon%20Web%20Services:my-codes@814028187344?secret="),
            "another text"
        );
    }

    #[test]
    fn what_is_no_code_of_an_account_is_told_apart() {
        let other = read_bytes(include_bytes!("testing/other.png")).unwrap_err();
        assert!(other.to_string().contains("something else"), "{other}");
        let mut blank = Vec::new();
        let mut writer = png::Encoder::new(&mut blank, 50, 50).write_header().unwrap();
        writer.write_image_data(&[7; 50 * 50]).unwrap();
        drop(writer);
        let none = read_bytes(&blank).unwrap_err();
        assert!(none.to_string().contains("no QR code"), "{none}");
        for broken in [
            &b""[..],
            b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP",
            &PNG,
            b"\xFF\xD8\xFF\xE0",
        ] {
            let failure = read_bytes(broken).unwrap_err();
            assert!(matches!(failure, Failure::System { .. }), "{failure}");
            assert!(!failure.to_string().contains("JBSW"));
        }
        let missing = read(Path::new("/no/such/file.png")).unwrap_err();
        assert_eq!((missing.exit_code(), missing.hint().as_str()), (1, "check the path"));
    }

    #[test]
    fn a_picture_that_is_too_large_is_not_decoded() {
        assert!(fitting(10_000, 10_000).is_ok());
        assert_eq!(fitting(10_001, 1), Err(too_large()));
        let mut large = Vec::new();
        png::Encoder::new(&mut large, 20_000, 20_000).write_header().unwrap();
        let failure = read_bytes(&large).unwrap_err();
        assert!(failure.to_string().contains("10000 dots"), "{failure}");
    }
}
