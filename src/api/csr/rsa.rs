//! RSA verification for the schemes that the cryptographic library does not offer: PKCS#1 v1.5 with MD5 and SHA-224, and
//! RSASSA-PSS with SHA-1 and SHA-224 (RFC 8017).
//!
//! All values are public, so nothing needs to run in constant time. The key was checked before: the modulus is odd and
//! has at most 8192 bits, the exponent at most 33.

use aws_lc_rs::digest::{self, Algorithm};
use num_bigint::BigUint;

use super::{BadSignature, key::rsa_numbers};
use crate::der::tag::{NULL, OCTET_STRING};
use crate::der::write::{oid, sequence, tlv};

/// RSASSA-PKCS1-v1_5 (sections 8.2.2 and 9.2) of the digest of a message by the hash of that object identifier.
pub(super) fn verify_pkcs1(hash: &[u8], digest: &[u8], key: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
    let (modulus, encoded) = recover(key, signature)?;
    let algorithm = sequence(&[&oid(hash), &[NULL, 0]]);
    let info = sequence(&[&algorithm, &tlv(OCTET_STRING, &[digest])]);
    let mut expected = vec![0xff; modulus.len()];
    let (padding, tail) = expected.split_at_mut(modulus.len() - info.len());
    tail.copy_from_slice(&info);
    padding[0] = 0;
    padding[1] = 1;
    padding[padding.len() - 1] = 0;
    if encoded == expected { Ok(()) } else { Err(BadSignature) }
}

/// RSASSA-PSS with MGF1 on the same hash (sections 8.1.2 and 9.1.2).
pub(super) fn verify_pss(
    hash: &'static Algorithm,
    salt_length: usize,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let (modulus, mut encoded) = recover(key, signature)?;
    // The encoded message has one bit less than the modulus; if the first byte of the modulus has one bit, it has a
    // byte less.
    let unused_bits = modulus[0].leading_zeros() + 1;
    let encoded = match unused_bits {
        8 if encoded[0] != 0 => return Err(BadSignature),
        8 => &mut encoded[1..],
        _ => &mut encoded[..],
    };
    let first_mask = 0xff_u8.unbounded_shr(unused_bits % 8);

    let hash_length = hash.output_len();
    let [block @ .., 0xbc] = encoded else {
        return Err(BadSignature);
    };
    let masked_length = block.len().checked_sub(hash_length).ok_or(BadSignature)?;
    let (masked, expected) = block.split_at_mut(masked_length);
    let zeros = masked_length.checked_sub(salt_length + 1).ok_or(BadSignature)?;
    if masked[0] & !first_mask != 0 {
        return Err(BadSignature);
    }
    unmask(hash, expected, masked);
    masked[0] &= first_mask;
    if masked[..zeros].iter().any(|byte| *byte != 0) || masked[zeros] != 1 {
        return Err(BadSignature);
    }

    let mut context = digest::Context::new(hash);
    context.update(&[0; 8]);
    context.update(digest::digest(hash, message).as_ref());
    context.update(&masked[zeros + 1..]);
    if context.finish().as_ref() == expected {
        Ok(())
    } else {
        Err(BadSignature)
    }
}

/// The modulus, and the encoded message in as many bytes (RSAVP1).
fn recover<'a>(key: &'a [u8], signature: &[u8]) -> Result<(&'a [u8], Vec<u8>), BadSignature> {
    let (modulus, exponent) = rsa_numbers(key).map_err(|_| BadSignature)?;
    let number = BigUint::from_bytes_be(modulus);
    let representative = BigUint::from_bytes_be(signature);
    if signature.len() != modulus.len() || representative >= number {
        return Err(BadSignature);
    }
    let recovered = representative
        .modpow(&BigUint::from_bytes_be(exponent), &number)
        .to_bytes_be();
    let mut encoded = vec![0; modulus.len() - recovered.len()];
    encoded.extend(recovered);
    Ok((modulus, encoded))
}

/// Removes the mask of MGF1 (appendix B.2.1).
fn unmask(hash: &'static Algorithm, seed: &[u8], masked: &mut [u8]) {
    for (counter, block) in (0_u32..).zip(masked.chunks_mut(hash.output_len())) {
        let mut context = digest::Context::new(hash);
        context.update(seed);
        context.update(&counter.to_be_bytes());
        for (byte, mask) in block.iter_mut().zip(context.finish().as_ref()) {
            *byte ^= mask;
        }
    }
}
