//! What an authenticator app scans.

use std::fmt::Write as _;

use png::{BitDepth, ColorType, Compression, Encoder};
use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

use super::error::IamError;
use super::secret::Secret;

/// Dots for each module of the code: the pages show the picture as it is, since a scaled one is hard to read.
const SCALE: usize = 4;
/// Modules of white around it (ISO/IEC 18004 asks for four).
const MARGIN: usize = 4;

/// The address in AWS's QR code: `otpauth://totp/Amazon%20Web%20Services:NAME@ACCOUNT?secret=…&issuer=…`.
pub(super) fn uri(name: &str, account: u64, seed: &Secret) -> Secret {
    let mut label = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => label.push(char::from(byte)),
            byte => _ = write!(label, "%{byte:02X}"),
        }
    }
    let seed = seed.expose();
    Secret::new(format!(
        "otpauth://totp/Amazon%20Web%20Services:{label}@{account:012}?secret={seed}&issuer=Amazon%20Web%20Services"
    ))
}

/// A QR code as a PNG file, in black and white.
pub(super) fn png(text: &Secret) -> Result<Zeroizing<Vec<u8>>, IamError> {
    let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).map_err(|e| IamError::failure(&e))?;
    let width = (code.width() + 2 * MARGIN) * SCALE;
    let inside = |at: usize| (at / SCALE).checked_sub(MARGIN).filter(|at| *at < code.width());
    let is_dark = |x, y| match (inside(x), inside(y)) {
        (Some(x), Some(y)) => code[(x, y)] == Color::Dark,
        _ => false,
    };
    let mut dots = Zeroizing::new(Vec::with_capacity(width * width));
    for y in 0..width {
        dots.extend((0..width).map(|x| if is_dark(x, y) { 0 } else { u8::MAX }));
    }
    let side = u32::try_from(width).map_err(|e| IamError::failure(&e))?;
    let mut file = Zeroizing::new(Vec::new());
    let mut encoder = Encoder::new(&mut *file, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().map_err(|e| IamError::failure(&e))?;
    writer.write_image_data(&dots).map_err(|e| IamError::failure(&e))?;
    writer.finish().map_err(|e| IamError::failure(&e))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rqrr::PreparedImage;

    use super::*;

    #[test]
    fn the_picture_is_read_as_the_address() {
        let uri = uri("a+b=c,d.e@f-g_h", 123_456_789_012, &Secret::new("A".repeat(64)));
        assert!(
            uri.expose()
                .starts_with("otpauth://totp/Amazon%20Web%20Services:a%2Bb%3Dc%2Cd.e%40f-g_h@123456789012?secret=AAAA")
        );
        let file = png(&uri).unwrap();
        let mut reader = png::Decoder::new(Cursor::new(&file[..])).read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        let side = usize::try_from(reader.next_frame(&mut dots).unwrap().width).unwrap();
        let mut picture = PreparedImage::prepare_from_greyscale(side, side, |x, y| dots[y * side + x]);
        let grids = picture.detect_grids();
        assert_eq!(grids[0].decode().unwrap().1, uri.expose());
    }
}
