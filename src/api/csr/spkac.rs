//! SPKAC, the `SignedPublicKeyAndChallenge` of Netscape: a public key and a challenge, signed by that key. Browsers made it
//! for `<keygen>`, and `openssl spkac` still does.
//!
//! It is judged as a PKCS#10 request is: the same readings of Base64, the same keys, the same table of signatures, and RSA with
//! MD5 besides: the only signature that HTML 5 knew for `<keygen>`, and that of `openssl spkac` unless `-digest` names another
//! hash.
//!
//! A challenge is meant to be a text that the CA chose. Sectigo's documents name none, so its value cannot be checked: any
//! `IA5String` is taken (assumed), an empty one as well, which is what browsers and OpenSSL put in where none is given.

use std::fmt;
use std::ops::Range;

#[cfg(any(test, feature = "doors"))]
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::parse::{SelfSigned, check_outer, proof, public_key};
use super::{Csr, CsrError, Hash, Key, Spaces, decode, narrow, verify};
use crate::der::read::{Malformed, Reader};
use crate::der::tag::{IA5_STRING, SEQUENCE};

/// What stands before the Base64 in the text that `openssl spkac` prints.
pub(super) const PREFIX: &str = "SPKAC=";

/// What it is called where its structure is not right.
const SPKAC: &str = "SPKAC";

/// A SPKAC that was judged: its key is of a kind that is taken, and signed it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Spkac {
    der: Box<[u8]>,
    public_key_info: Range<u32>,
    challenge: Range<u32>,
    key: Key,
    signature_hash: Hash,
}

impl Spkac {
    /// Judges a SPKAC: Base64, with or without `SPKAC=` before it.
    ///
    /// # Errors
    /// The first thing that is wrong with it, in the order in which a PKCS#10 request is judged.
    pub(crate) fn parse(text: &str, spaces: Spaces) -> Result<Self, CsrError> {
        let text = text.trim_ascii_start();
        let der = decode::decode(text.strip_prefix(PREFIX).unwrap_or(text), SPKAC, spaces)?;
        let Parts { self_signed, challenge } = Parts::read(&der)?;
        let key = Key::classify(&self_signed.public_key)?;
        let signature_hash = verify::verify(key, &self_signed, verify::Md5::Taken)?;
        Ok(Self {
            public_key_info: narrow(&self_signed.public_key_info),
            challenge: narrow(&challenge),
            der: der.into_boxed_slice(),
            key,
            signature_hash,
        })
    }
}

/// What the tests and the fuzz targets ask of it.
#[cfg(any(test, feature = "doors"))]
impl Spkac {
    /// The whole of it.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// What kind of key it asks a certificate for.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// The `SubjectPublicKeyInfo`, byte for byte.
    pub(crate) fn subject_public_key_info(&self) -> &[u8] {
        self.part(&self.public_key_info)
    }

    /// The challenge.
    pub(crate) fn challenge(&self) -> &str {
        std::str::from_utf8(self.part(&self.challenge)).expect("it was checked to be ASCII")
    }

    /// The hash under its signature.
    pub(crate) fn signature_hash(&self) -> Hash {
        self.signature_hash
    }

    /// The line that `openssl spkac` prints and reads.
    pub(crate) fn to_text(&self) -> String {
        format!("{PREFIX}{}\n", STANDARD.encode(&self.der))
    }

    fn part(&self, range: &Range<u32>) -> &[u8] {
        &self.der[range.start as usize..range.end as usize]
    }
}

impl From<Spkac> for Csr {
    fn from(spkac: Spkac) -> Self {
        Self {
            der: spkac.der,
            templates: Box::default(),
            public_key_info: spkac.public_key_info,
            key: spkac.key,
            signature_hash: spkac.signature_hash,
            is_spkac: true,
        }
    }
}

impl fmt::Debug for Spkac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Spkac({}, {}, {} bytes)",
            self.key,
            self.signature_hash,
            self.der.len()
        )
    }
}

/// A SPKAC, taken apart but not yet judged.
struct Parts<'a> {
    self_signed: SelfSigned<'a>,
    /// Where the text of the challenge stands.
    challenge: Range<usize>,
}

impl<'a> Parts<'a> {
    /// Takes it apart. Nothing may be left over at any level.
    fn read(der: &'a [u8]) -> Result<Self, CsrError> {
        check_outer(der, SPKAC)?;
        let in_structure = |error| CsrError::malformed("SPKAC structure", error);
        let mut outer = Reader::new(der).read(SEQUENCE).map_err(in_structure)?;
        let signed = outer.expect(SEQUENCE).map_err(in_structure)?;
        let (signature_algorithm, signature) = proof(&mut outer)?;
        outer.finish().map_err(in_structure)?;

        let mut content = signed.content;
        let (public_key_info, public_key) = public_key(&mut content)?;
        let challenge = challenge(&mut content).map_err(|error| CsrError::malformed("challenge", error))?;
        content.finish().map_err(in_structure)?;

        Ok(Self {
            self_signed: SelfSigned {
                signed: signed.raw(),
                public_key_info,
                public_key,
                signature_algorithm,
                signature,
            },
            challenge,
        })
    }
}

/// Where the text of an `IA5String` stands, which is ASCII.
fn challenge(content: &mut Reader<'_>) -> Result<Range<usize>, Malformed> {
    let challenge = content.expect(IA5_STRING)?;
    let text = challenge.content.bytes();
    if !text.is_ascii() {
        return Err(Malformed::Value);
    }
    let end = challenge.range().end;
    Ok(end - text.len()..end)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use proptest::prelude::*;

    use super::*;
    use crate::api::csr::Csr;
    use crate::der::oid;
    use crate::der::tag::{NULL, OID, UTF8_STRING};
    use crate::der::write::{bit_string, sequence, tlv};

    fn parse(text: &str) -> Result<Spkac, CsrError> {
        Spkac::parse(text, Spaces::MayBePlus)
    }

    fn fixture(file: &str) -> String {
        let path = format!("{}/fixtures/spkac/{file}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[track_caller]
    fn openssl(dir: &Path, args: &str) -> String {
        let output = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(dir)
            .output()
            .expect("cannot run openssl");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {args}: {printed}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A SPKAC with that in place of the challenge, correctly signed.
    fn signed(challenge: &[u8]) -> Vec<u8> {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
        let kind = sequence(&[&tlv(OID, &[oid::EC_PUBLIC_KEY]), &tlv(OID, &[oid::CURVE_P256])]);
        let key = sequence(&[&kind, &bit_string(pair.public_key().as_ref())]);
        let content = sequence(&[&key, challenge]);
        let signature = pair.sign(&random, &content).unwrap();
        let algorithm = sequence(&[&tlv(OID, &[oid::ECDSA_WITH_SHA256])]);
        sequence(&[&content, &algorithm, &bit_string(signature.as_ref())])
    }

    fn judge_der(der: &[u8]) -> Result<Spkac, CsrError> {
        parse(&STANDARD.encode(der))
    }

    #[test]
    fn what_openssl_makes_is_taken() {
        const EC: &str = "EC -pkeyopt ec_paramgen_curve:";
        let dir = tempfile::tempdir().unwrap();
        let long = "c".repeat(4000);
        for (algorithm, key, hashes) in [
            (
                "RSA -pkeyopt rsa_keygen_bits:2048".to_owned(),
                Key::Rsa { bits: 2048 },
                &[Hash::Md5, Hash::Sha1, Hash::Sha256][..],
            ),
            (
                "RSA -pkeyopt rsa_keygen_bits:3072".to_owned(),
                Key::Rsa { bits: 3072 },
                &[Hash::Sha512],
            ),
            (format!("{EC}P-256"), Key::P256, &[Hash::Sha224, Hash::Sha256]),
            (format!("{EC}P-384"), Key::P384, &[Hash::Sha384]),
            (format!("{EC}P-521"), Key::P521, &[Hash::Sha512]),
        ] {
            openssl(dir.path(), &format!("genpkey -algorithm {algorithm} -out key.pem"));
            openssl(dir.path(), "pkey -in key.pem -pubout -outform DER -out public.der");
            let public = fs::read(dir.path().join("public.der")).unwrap();
            for hash in hashes {
                let digest = hash.to_string().to_lowercase().replace('-', "");
                for challenge in ["", "hello", &long] {
                    let challenge_option = match challenge {
                        "" => String::new(),
                        challenge => format!(" -challenge {challenge}"),
                    };
                    let text = openssl(
                        dir.path(),
                        &format!("spkac -key key.pem -digest {digest}{challenge_option}"),
                    );
                    let spkac = parse(&text).unwrap_or_else(|error| panic!("{key} {hash}: {error}"));
                    assert_eq!((spkac.key(), spkac.signature_hash()), (key, *hash));
                    assert_eq!(spkac.challenge(), challenge);
                    assert_eq!(spkac.subject_public_key_info(), public);
                    assert_eq!(spkac.to_text(), text);
                    assert_eq!(parse(text.strip_prefix("SPKAC=").unwrap()), Ok(spkac));
                }
            }
        }
    }

    #[test]
    fn kinds() {
        for (file, expected) in [
            ("p256-sha256.txt", Ok("Spkac(EC P-256, SHA-256, 193 bytes)")),
            ("p256-bare.txt", Ok("Spkac(EC P-256, SHA-256, 193 bytes)")),
            ("lines-and-spaces.txt", Ok("Spkac(EC P-256, SHA-256, 193 bytes)")),
            ("p384-sha384.txt", Ok("Spkac(EC P-384, SHA-384, 255 bytes)")),
            ("p521-sha512.txt", Ok("Spkac(EC P-521, SHA-512, 330 bytes)")),
            ("rsa-2048-sha1.txt", Ok("Spkac(RSA 2048, SHA-1, 589 bytes)")),
            (
                "rsa-2048-sha256-no-challenge.txt",
                Ok("Spkac(RSA 2048, SHA-256, 580 bytes)"),
            ),
            (
                "p256-sha1.txt",
                Err("signature by ECDSA with SHA-1, which is not taken with an EC P-256 key"),
            ),
            ("rsa-2048-md5.txt", Ok("Spkac(RSA 2048, MD5, 589 bytes)")),
            ("rsa-1024.txt", Err("RSA key of 1024 bits; 2048 to 8192 are taken")),
            (
                "secp256k1.txt",
                Err("EC key on secp256k1; P-256, P-384 and P-521 are taken"),
            ),
            (
                "bad-signature.txt",
                Err("the request is not signed by its own key, or was changed since"),
            ),
            (
                "challenge-not-ascii.txt",
                Err("malformed challenge: the content of an element is no value of its type"),
            ),
            ("trailing.txt", Err("1 bytes follow the SPKAC structure")),
            (
                "pkcs10.txt",
                Err("malformed public key: an element has another type than its place asks for"),
            ),
        ] {
            let judged = parse(&fixture(file));
            let found = judged
                .map(|spkac| format!("{spkac:?}"))
                .map_err(|error| error.to_string());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(found, expected, "{file}");
        }
        assert!(matches!(
            Csr::parse(&fixture("p256-bare.txt")),
            Err(CsrError::NotPkcs10(_))
        ));
    }

    #[test]
    fn the_sibling_codes_tell_the_mistakes_apart() {
        let bare = fixture("p256-bare.txt");
        for (text, expected) in [
            ("", "-9"),
            ("SPKAC=", "-9"),
            ("SPKAC=?", "-9"),
            ("SPKAC=SPKAC=AAAA", "-9"),
            ("AAAA", "-10"),
            ("SPKAC=MAA=", "-10"),
            (&fixture("p256-sha1.txt"), "-11"),
            (&fixture("bad-signature.txt"), "-12"),
            (&fixture("rsa-1024.txt"), "-13"),
            (&format!("spkac={bare}"), "-9"),
            (&bare[..100], "-10"),
            (&bare[..101], "-9"),
        ] {
            let code = match parse(text).unwrap_err() {
                CsrError::NotBase64(_) => "-9",
                CsrError::NotPkcs10(_) => "-10",
                CsrError::UnsupportedAlgorithm(_) => "-11",
                CsrError::BadSignature => "-12",
                CsrError::UnsupportedKeySize(_) => "-13",
            };
            assert_eq!(code, expected, "{text}");
        }
    }

    #[test]
    fn a_plus_that_was_not_escaped_is_read() {
        let text = fixture("p256-bare.txt");
        assert!(text.contains('+'));
        assert_eq!(parse(&text.replace('+', " ")), parse(&text));
    }

    #[test]
    fn the_challenge_is_an_ia5_string() {
        let ia5 = |text: &[u8]| tlv(IA5_STRING, &[text]);
        let every = (0..0x80).collect::<Vec<u8>>();
        for text in [&b""[..], b"x", &every, &[b'a'; 20_000]] {
            let spkac = judge_der(&signed(&ia5(text))).unwrap();
            assert_eq!(spkac.challenge().as_bytes(), text);
        }
        for (challenge, expected) in [
            (vec![], "malformed challenge: an element is missing"),
            (
                tlv(UTF8_STRING, &[b"x"]),
                "malformed challenge: an element has another type than its place asks for",
            ),
            (
                tlv(NULL, &[]),
                "malformed challenge: an element has another type than its place asks for",
            ),
            (
                ia5(b"\x80"),
                "malformed challenge: the content of an element is no value of its type",
            ),
            (
                [ia5(b"x"), ia5(b"y")].concat(),
                "malformed SPKAC structure: bytes follow its last element",
            ),
        ] {
            assert_eq!(judge_der(&signed(&challenge)).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_long_text_is_refused_as_a_short_one_is() {
        for text in [
            "A".repeat(1 << 20),
            format!("SPKAC={}", "MIIB".repeat(1 << 18)),
            " ".repeat(1 << 20),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.to_string().len() < 160, "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), base64 in "(SPKAC=)?[A-Za-z0-9+/= \n-]{0,300}") {
            let _ = parse(&text);
            let _ = parse(&base64);
        }

        #[test]
        fn a_changed_one_is_refused(
            file in prop::sample::select(vec!["p256-sha256.txt", "p521-sha512.txt", "rsa-2048-sha1.txt"]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let spkac = parse(&fixture(file)).unwrap();
            let mut der = spkac.der().to_vec();
            for (at, byte) in changes {
                let at = at.index(der.len());
                der[at] = byte;
            }
            let unchanged = der == spkac.der();
            prop_assert_eq!(judge_der(&der).is_ok(), unchanged);
        }
    }
}
