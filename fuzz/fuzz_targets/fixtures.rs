#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sectigo_emulator::fuzzing::fixtures(input));
