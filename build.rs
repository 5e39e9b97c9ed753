//! Compresses the files of the console, so that the program holds them as it sends them, and lists them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The folder of the console, from the package's root, where cargo runs this. Its files but for those of the program are the
/// page's.
const FOLDER: &str = "src/server/console";

#[expect(clippy::disallowed_methods, reason = "cargo says so where what is made belongs")]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?);
    let folder = Path::new(FOLDER);
    let mut list = "[\n".to_owned();
    for (number, path) in files(folder, "")?.iter().enumerate() {
        let made = format!("console-{number}.gz");
        let mut compressed = GzEncoder::new(File::create(out.join(&made))?, Compression::best());
        compressed.write_all(&fs::read(folder.join(path))?)?;
        compressed.finish()?;
        let _ = writeln!(
            list,
            r#"    File {{ path: {path:?}, gzip: include_bytes!(concat!(env!("OUT_DIR"), "/{made}")) }},"#
        );
    }
    list += "]\n";
    fs::write(out.join("console.rs"), list)
}

/// The files below a folder, by their paths from it, sorted.
fn files(folder: &Path, prefix: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other("a name is not UTF-8"))?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), &format!("{prefix}{name}/"))?);
        } else if !name.ends_with(".rs") {
            found.push(format!("{prefix}{name}"));
        }
    }
    found.sort_unstable();
    Ok(found)
}
