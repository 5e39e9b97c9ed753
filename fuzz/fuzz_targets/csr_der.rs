#![no_main]

use openssl::x509::X509Req;

// What the emulator accepts, OpenSSL verifies, as `openssl req -verify -inform DER` does.
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for csr in sectigo_emulator::fuzzing::csr_der(input) {
        let verified = X509Req::from_der(csr.der()).and_then(|request| request.verify(&*request.public_key()?));
        assert!(matches!(verified, Ok(true)), "{csr:?}: OpenSSL says {verified:?}");
    }
});
