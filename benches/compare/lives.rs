//! From an order to its certificate: two calls, beside the one signature that cannot be done without.

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use crate::Settings;
use crate::certificates::a_second;
use crate::figures::{Spread, microseconds, print_table};
use crate::input::{Csr, LOGIN, encode, fixtures, write_request};
use crate::load::{Exchange, LANES, Load, Until};
use crate::server::Server;

const APPLY: &str = "/products/!AutoApplyOrder";
const COLLECT: &str = "/products/download/CollectSMIME";

/// About as many bytes as are signed of a certificate.
const SIGNED: usize = 900;

/// Prints how many orders a second are made and collected, and how many signatures a second one core makes.
pub(crate) fn run(settings: &Settings) {
    println!(
        "from an order with a P-256 CSR to its certificate: !AutoApplyOrder, then CollectSMIME, on {LANES} keep-alive \
         connections over plain HTTP; {} rounds of {:?} each, in turn with bare P-256 signatures of aws-lc-rs on one core",
        settings.rounds, settings.round
    );
    let directory = settings.directory.path();
    let fixtures = fixtures(directory);
    let options = [
        "--fixtures",
        fixtures.to_str().expect("the path is text"),
        "--max-orders",
        "10000000",
    ];
    let server = Server::emulator(directory, &options);
    let mut load = Load::new(server.http, LANES, Lives::new(&Csr::p_256()));
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key can be made");
    let (random, bytes) = (SystemRandom::new(), vec![7; SIGNED]);
    let mut sign = || {
        black_box(key.sign(&random, &bytes).expect("the key signs"));
    };
    let (mut lives, mut signatures, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=settings.rounds {
        let (before, collected) = (server.processor(), load.exchange.collected);
        let done = load.run(Until::Elapsed(settings.round));
        let cost = server.processor() - before;
        let collected = (load.exchange.collected - collected) as f64;
        server.truncate_log();
        let signed = a_second(settings.round, &mut sign);
        // The first round warms up.
        if round > 0 {
            lives.push(collected / done.took.as_secs_f64());
            signatures.push(signed);
            costs.push(microseconds(cost) / collected);
        }
    }
    let median = |values: &[f64]| Spread::of(values.iter().copied()).median;
    print_table(
        [
            "",
            "certificates/s",
            "bare signatures/s",
            "ratio",
            "aim",
            "CPU µs a certificate",
        ],
        &[[
            "order to certificate".to_owned(),
            format!("{:.0}", median(&lives)),
            format!("{:.0}", median(&signatures)),
            Spread::of_ratios(&lives, &signatures).ratio(),
            "0.5".to_owned(),
            format!("{:.1}", median(&costs)),
        ]],
    );
}

/// Orders that are made and collected, in turn on each lane.
struct Lives {
    order: Vec<u8>,
    collect: String,
    /// The order that is to be collected next, if one was made.
    made: [Option<u64>; LANES],
    request: Vec<u8>,
    collected: u64,
}

impl Lives {
    fn new(csr: &Csr) -> Self {
        let mut order = Vec::new();
        let form = [
            LOGIN[0],
            LOGIN[1],
            ("product", "794"),
            ("days", "365"),
            ("sanEmailAddress", "jane@example.com"),
            ("csr", &csr.pem),
        ];
        write_request(&mut order, APPLY, &encode(&form));
        Self {
            order,
            collect: encode(&[LOGIN[0], LOGIN[1], ("queryType", "2"), ("orderNumber", "")]),
            made: [None; LANES],
            request: Vec::new(),
            collected: 0,
        }
    }
}

impl Exchange for Lives {
    fn request(&mut self, lane: usize) -> &[u8] {
        let Some(number) = self.made[lane] else {
            return &self.order;
        };
        self.request.clear();
        write_request(&mut self.request, COLLECT, &format!("{}{number}", self.collect));
        &self.request
    }

    fn check(&mut self, lane: usize, body: &[u8]) {
        if self.made[lane].take().is_some() {
            assert!(
                body.starts_with(b"2\n-----BEGIN CERTIFICATE-----\n"),
                "a certificate expected, not {:?}",
                body.escape_ascii().to_string()
            );
            self.collected += 1;
            return;
        }
        let number = std::str::from_utf8(body)
            .ok()
            .and_then(|body| body.strip_prefix("0\n")?.lines().next()?.parse().ok());
        let number =
            number.unwrap_or_else(|| panic!("an order number expected, not {:?}", body.escape_ascii().to_string()));
        self.made[lane] = Some(number);
    }
}
