//! A ZIP archive of a few small files (APPNOTE.TXT 6.3.10), which are stored as they are and not compressed.

/// Packs files of names in ASCII. All of them are dated 1 January 1980, where the time of a ZIP archive begins.
pub(crate) fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in files {
        let offset = little(out.len());
        let shared = shared_header(name, content);
        out.extend([&LOCAL_HEADER[..], &shared, name.as_bytes(), content].concat());
        // No comment, on the first disk, no attributes.
        directory.extend([&CENTRAL_HEADER[..], &shared, &[0; 10], &offset, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).expect("a few files").to_le_bytes();
    let (size, start) = (little(directory.len()), little(out.len()));
    out.extend(directory);
    out.extend([&END[..], &[0; 4], &count, &count, &size, &start, &[0; 2]].concat());
    out
}

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
/// With the version that made it.
const CENTRAL_HEADER: [u8; 6] = *b"PK\x01\x02\x0a\x00";
const END: [u8; 4] = *b"PK\x05\x06";

/// What a file's header and its entry in the directory have in common, from the version that is needed to the length of
/// the extra field.
fn shared_header(name: &str, content: &[u8]) -> Vec<u8> {
    const VERSION_FLAGS_AND_METHOD: [u8; 6] = [10, 0, 0, 0, 0, 0];
    const MIDNIGHT: [u8; 2] = [0, 0];
    const FIRST_OF_JANUARY_1980: [u8; 2] = [0x21, 0];
    const NO_EXTRA_FIELD: [u8; 2] = [0, 0];
    let name_length = u16::try_from(name.len()).expect("a short name").to_le_bytes();
    let size = little(content.len());
    [
        &VERSION_FLAGS_AND_METHOD[..],
        &MIDNIGHT,
        &FIRST_OF_JANUARY_1980,
        &crc32(content).to_le_bytes(),
        &size,
        &size,
        &name_length,
        &NO_EXTRA_FIELD,
    ]
    .concat()
}

fn little(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("a small archive").to_le_bytes()
}

/// The CRC-32 of ISO 3309, bit by bit: the files are small.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_crc() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn an_empty_archive_is_its_end() {
        assert_eq!(archive(&[]), [&END[..], &[0; 18]].concat());
    }
}
