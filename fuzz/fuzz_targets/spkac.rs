#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(sectigo_emulator::fuzzing::spkac(input)));
