//! `env`: prints the variables with which a client finds a running emulator and trusts its CA.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf, absolute};

use clap::{Arg, Args, ValueEnum};
use serde_json::{Map, Value};

use crate::ca::truststore::{self, TruststoreError};
use crate::cli::connect::{ControlArgs, SandboxArgs, TokenArgs};
use crate::files::{self, FileError, Readers};

// The options of `env`.
#[derive(Args, Clone, Debug)]
#[command(mut_args(of_env))]
pub(crate) struct EnvArgs {
    #[command(flatten)]
    control: ControlArgs,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
    /// How the variables are printed: for a shell's eval, for a .env file, as one object, or for the file $GITHUB_ENV.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ENV_FORMAT",
        value_name = "sh|dotenv|json|github",
        default_value = "sh"
    )]
    format: EnvFormat,
    /// Where the files are written that the variables name: ca.pem, a truststore for Java, a setting for PHP.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_ENV_DIR",
        value_name = "DIR",
        default_value = ".sectigo-emulator"
    )]
    dir: PathBuf,
    /// The URL at which clients reach the API, without a sandbox's path [default: where the emulator listens; the host
    /// of --control, if it listens on every interface].
    #[arg(long, env = "SECTIGO_EMULATOR_BASE_URL", value_name = "URL", value_parser = read_base_url)]
    base_url: Option<String>,
    #[command(flatten)]
    pub(super) token: TokenArgs,
}

/// Says what an option that other commands have as well means to `env`.
fn of_env(option: Arg) -> Arg {
    match option.get_id().as_str() {
        SandboxArgs::ID => option.help("The sandbox whose base URL is printed"),
        _ => option,
    }
}

/// How the variables are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum EnvFormat {
    /// `export NAME='value'`, for eval in a shell.
    Sh,
    /// `NAME="value"`, for a .env file.
    Dotenv,
    /// One object, for programs.
    Json,
    /// `NAME=value`, for the file $GITHUB_ENV of a workflow.
    Github,
}

/// A variable and its value.
type Variable = (&'static str, String);

/// Writes the files, and returns the variables in the format that was asked for.
///
/// # Errors
/// The emulator does not answer, has no such sandbox, or serves no HTTPS; or a file cannot be written.
pub(super) async fn run(args: &EnvArgs) -> Result<String, Box<dyn Error>> {
    let control = args.token.connect(&args.control.address, &args.sandbox.name)?;
    // An error, if there is no such sandbox.
    control.info().await?;
    let base_url = match (&args.base_url, control.about().await?.https) {
        (Some(url), _) => url.clone(),
        (None, Some(url)) => url,
        (None, None) => return Err("the emulator serves no HTTPS (--https off): give --base-url".into()),
    };
    let dir = absolute(&args.dir)?;
    if dir
        .to_string_lossy()
        .contains(|letter: char| letter.is_control() || letter == '"')
    {
        return Err("the path of --dir has a quotation mark or a control character: give another".into());
    }
    write_files(&dir, &control.ca_pem().await?)?;
    let mut variables = variables(&dir, format!("{base_url}{}", control.path()));
    // Not by the names of the program's own variables: another `serve` would read them.
    variables.push(("SECTIGO_CONTROL_URL", format!("http://{}", args.control.address)));
    Ok(printed(&variables, args.format))
}

/// Writes what the variables name into the directory. Version control should ignore one that has nothing else.
fn write_files(dir: &Path, ca_pem: &str) -> Result<(), Box<dyn Error>> {
    let ca = dir.join("ca.pem");
    let truststore = truststore::of_pem(ca_pem).map_err(|error| match error {
        TruststoreError::Pem(problem) => FileError::new(&ca, problem).to_string(),
        TruststoreError::Salt => error.to_string(),
    })?;
    let php = format!("openssl.cafile=\"{0}\"\ncurl.cainfo=\"{0}\"\n", ca.display());
    let ignored = has_nothing(dir)?.then_some((dir.join(".gitignore"), &b"*\n"[..]));
    let named = [
        (ca, ca_pem.as_bytes()),
        (dir.join("truststore.p12"), &truststore),
        (dir.join("php/sectigo-emulator.ini"), php.as_bytes()),
    ];
    for (path, content) in ignored.into_iter().chain(named) {
        files::write(&path, Readers::All, |file| file.write_all(content))?;
    }
    Ok(())
}

/// Whether the directory is still to be made, or is empty.
fn has_nothing(dir: &Path) -> Result<bool, FileError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(FileError::new(dir, format!("cannot read the directory: {error}"))),
    }
}

/// What a client needs: where the API is, and by which variable each language trusts the CA.
fn variables(dir: &Path, base_url: String) -> Vec<Variable> {
    let path = |name: &str| dir.join(name).display().to_string();
    let ca = path("ca.pem");
    let mut variables = vec![("SECTIGO_BASE_URL", base_url)];
    for name in [
        "SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ] {
        variables.push((name, ca.clone()));
    }
    // Java splits it at spaces that are not between quotation marks.
    let java = format!(
        "\"-Djavax.net.ssl.trustStore={}\" -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword={}",
        path("truststore.p12"),
        truststore::PASSWORD,
    );
    variables.push(("JAVA_TOOL_OPTIONS", java));
    // What stands before the colon is empty: PHP's own directory is read as well.
    variables.push(("PHP_INI_SCAN_DIR", format!(":{}", path("php"))));
    variables
}

fn printed(variables: &[Variable], format: EnvFormat) -> String {
    let lines = |line: fn(&Variable) -> String| variables.iter().map(line).collect();
    match format {
        EnvFormat::Sh => lines(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''"))),
        EnvFormat::Dotenv => lines(|(name, value)| format!("{name}={}\n", dotenv(value))),
        EnvFormat::Github => lines(|(name, value)| format!("{name}={value}\n")),
        EnvFormat::Json => {
            let object = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().into()));
            format!("{:#}\n", Value::Object(object.collect::<Map<_, _>>()))
        }
    }
}

/// A value of a .env file: in single quotation marks nothing has a meaning, but they cannot hold one.
fn dotenv(value: &str) -> String {
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut quoted = String::from('"');
    for letter in value.chars() {
        if matches!(letter, '\\' | '"' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted + "\""
}

/// Reads the URL of the API, and drops a slash at its end.
fn read_base_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_one = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.contains(|letter: char| {
                letter.is_control() || letter.is_whitespace() || matches!(letter, '@' | '?' | '#' | '"' | '\'')
            })
    });
    match is_one {
        true => Ok(url.to_owned()),
        false => Err("give https://HOST:PORT".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_for_their_readers() {
        let variables = [("A", "/it's \"$x\"".to_owned()), ("B", "/a b".to_owned())];
        for (format, expected) in [
            (EnvFormat::Sh, "export A='/it'\\''s \"$x\"'\nexport B='/a b'\n"),
            (EnvFormat::Dotenv, "A=\"/it's \\\"\\$x\\\"\"\nB='/a b'\n"),
            (EnvFormat::Github, "A=/it's \"$x\"\nB=/a b\n"),
            (
                EnvFormat::Json,
                "{\n  \"A\": \"/it's \\\"$x\\\"\",\n  \"B\": \"/a b\"\n}\n",
            ),
        ] {
            assert_eq!(printed(&variables, format), expected, "{format:?}");
        }
    }

    #[test]
    fn a_base_url_has_a_scheme_and_a_host() {
        assert_eq!(
            read_base_url("https://emulator:443/").as_deref(),
            Ok("https://emulator:443")
        );
        for text in ["emulator:443", "https://", "https://a@b", "https://a b", "https://a?b"] {
            assert!(read_base_url(text).is_err(), "{text}");
        }
    }
}
