//! From the start of the process to the first answer.

use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, Stream};

use crate::Settings;
use crate::figures::{Spread, milliseconds, print_table};
use crate::input::{REPLACE, write_request};
use crate::load::read_answer;
use crate::server::{self, Process};

const REFUSED: &str = "-1\nRequest was not made over HTTPS!\n";
const MISSING: &str = "-3\nThe 'loginName' argument is missing!\n";
const AIM: &str = "2.00";

/// Prints the time to the first answer over plain HTTP and over HTTPS, beside a bare server's over plain HTTP.
pub(crate) fn run(settings: &Settings) {
    println!(
        "startup: from starting the process to its first answer; {} starts each, in turn",
        settings.starts
    );
    let mut ports = Ports(21_000 + (std::process::id() % 64) as u16 * 128);
    let tls = Arc::new(client_config());
    let mut times = [const { Vec::new() }; 3];
    for start in 0..=settings.starts {
        let [http, https, control] = std::array::from_fn(|_| ports.next());
        let emulator = || {
            server::emulator(
                [http, https, control]
                    .map(|address| address.to_string())
                    .each_ref()
                    .map(String::as_str),
            )
        };
        let mut bare = server::bare(&http.to_string());
        bare.args([REPLACE, REFUSED]);
        let round = [
            first_answer(settings, bare, http, |mut stream| ask(&mut stream, REFUSED)),
            first_answer(settings, emulator(), http, |mut stream| ask(&mut stream, REFUSED)),
            first_answer(settings, emulator(), https, |mut stream| {
                let name = ServerName::try_from("localhost").expect("it is a name");
                let mut connection =
                    ClientConnection::new(Arc::clone(&tls), name).expect("the configuration is complete");
                ask(&mut Stream::new(&mut connection, &mut stream), MISSING)
            }),
        ];
        // The first start reads the executables from the disk.
        if start > 0 {
            for (times, time) in times.iter_mut().zip(round) {
                times.push(milliseconds(time));
            }
        }
    }
    let names = [
        "bare axum, plain HTTP",
        "emulator, plain HTTP (-1)",
        "emulator, HTTPS (-3)",
    ];
    let bare = Spread::of(times[0].iter().copied()).median;
    let rows: Vec<_> = names
        .iter()
        .zip(&times)
        .map(|(name, times)| {
            let spread = Spread::of(times.iter().copied());
            let milliseconds = [spread.median, spread.lowest, spread.highest].map(|time| format!("{time:.2}"));
            let [median, lowest, highest] = milliseconds;
            [
                (*name).to_owned(),
                median,
                lowest,
                highest,
                format!("{:.2}", spread.median / bare),
                AIM.to_owned(),
            ]
        })
        .collect();
    print_table(
        ["first answer", "median ms", "lowest", "highest", "ratio", "aim"],
        &rows,
    );
}

/// Starts a server, and connects again and again until it was asked successfully.
fn first_answer(
    settings: &Settings,
    mut command: Command,
    address: SocketAddr,
    ask: impl Fn(TcpStream) -> Result<()>,
) -> Duration {
    command
        .stdout(Stdio::null())
        .stderr(server::log(settings.directory.path()));
    let started = Instant::now();
    let mut process = Process::start(&mut command);
    loop {
        if let Ok(stream) = TcpStream::connect(address)
            && ask(stream).is_ok()
        {
            return started.elapsed();
        }
        let alive = started.elapsed() < Duration::from_secs(10) && !process.has_ended();
        assert!(alive, "{command:?} does not answer on {address}");
    }
}

/// Sends one call without arguments.
fn ask(stream: &mut (impl Read + Write), expected: &str) -> Result<()> {
    let mut request = Vec::new();
    write_request(&mut request, REPLACE, "");
    stream.write_all(&request)?;
    let mut buffer = [0; 4096];
    let body = read_answer(stream, &mut buffer)?;
    assert!(
        body == expected.as_bytes(),
        "{expected:?} expected, not {:?}",
        body.escape_ascii().to_string()
    );
    Ok(())
}

/// Free ports of the loopback address, one after the other.
///
/// They lie below the ports that the system gives to clients: connecting to one of those on which nothing listens yet
/// can connect to itself, and would take the port from the server.
struct Ports(u16);

impl Ports {
    fn next(&mut self) -> SocketAddr {
        loop {
            self.0 = if self.0 < 31_000 { self.0 + 1 } else { 21_000 };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.0));
            if TcpListener::bind(address).is_ok() {
                return address;
            }
        }
    }
}

/// A client that does not care whom it speaks to: the emulator's CA is made at its start.
fn client_config() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for them")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth()
}

#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
