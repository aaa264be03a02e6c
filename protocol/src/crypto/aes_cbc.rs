//! AES-256 in CBC mode without padding (NIST SP 800-38A §6.2), in place; and one block of AES-128 in that mode.

use aes::{Aes128, Aes256};
use cbc::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};

/// The size of a block and of an initialization vector.
pub const BLOCK: usize = 16;

/// The data does not end with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWholeBlocks;

/// Encrypts whole blocks.
///
/// # Errors
/// [`NotWholeBlocks`]; nothing was encrypted.
pub fn encrypt(key: &[u8; 32], iv: &[u8; BLOCK], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    let (blocks, []) = Array::slice_as_chunks_mut(data) else {
        return Err(NotWholeBlocks);
    };
    Encryptor::<Aes256>::new(key.into(), iv.into()).encrypt_blocks(blocks);
    Ok(())
}

/// Encrypts one block with AES-128.
pub fn encrypt_block_128(key: &[u8; 16], iv: &[u8; BLOCK], block: &mut [u8; BLOCK]) {
    Encryptor::<Aes128>::new(key.into(), iv.into()).encrypt_block(block.into());
}

/// Decrypts whole blocks.
///
/// # Errors
/// [`NotWholeBlocks`]; nothing was decrypted.
pub fn decrypt(key: &[u8; 32], iv: &[u8; BLOCK], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    let (blocks, []) = Array::slice_as_chunks_mut(data) else {
        return Err(NotWholeBlocks);
    };
    Decryptor::<Aes256>::new(key.into(), iv.into()).decrypt_blocks(blocks);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// NIST SP 800-38A appendix F.2.5, the first two blocks.
    #[test]
    fn sp_800_38a_vector() {
        let key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let iv = hex("000102030405060708090a0b0c0d0e0f");
        let plaintext: [u8; 32] = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let mut data = plaintext;
        encrypt(&key, &iv, &mut data).unwrap();
        assert_eq!(
            data,
            hex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")
        );
        decrypt(&key, &iv, &mut data).unwrap();
        assert_eq!(data, plaintext);
    }

    /// NIST SP 800-38A appendix F.2.1, the first block.
    #[test]
    fn sp_800_38a_vector_of_one_block() {
        let mut block = hex("6bc1bee22e409f96e93d7e117393172a");
        encrypt_block_128(
            &hex("2b7e151628aed2a6abf7158809cf4f3c"),
            &hex("000102030405060708090a0b0c0d0e0f"),
            &mut block,
        );
        assert_eq!(block, hex("7649abac8119b246cee98e9b12e9197d"));
    }

    #[test]
    fn a_part_of_a_block_is_refused() {
        for length in [1, 15, 17, 31] {
            let mut data = [7; 32];
            let data = &mut data[..length];
            assert_eq!(encrypt(&[0; 32], &[0; 16], data), Err(NotWholeBlocks));
            assert_eq!(decrypt(&[0; 32], &[0; 16], data), Err(NotWholeBlocks));
            assert!(data.iter().all(|&byte| byte == 7));
        }
    }
}
