//! One who reads certificates and has openssl judge them.

use crate::harness::{Answer, Client, Control, Form, OpenSsl, REPLACE, REVOKE, SUCCESS, Server, in_sandbox};

/// A reader of a sandbox's certificates. `root.pem` is the root of its openssl.
pub(super) struct Desk {
    pub(super) openssl: OpenSsl,
    pub(super) control: Control,
    pub(super) client: Client,
    sandbox: String,
}

impl Desk {
    #[track_caller]
    pub(super) fn of(server: &Server) -> Self {
        Self::at(server, "default")
    }

    /// For the sandbox of that name, made for it.
    #[track_caller]
    pub(super) fn of_new_sandbox(server: &Server, name: &str) -> Self {
        Control::of_new_sandbox(server, name);
        Self::at(server, name)
    }

    /// For the sandbox of that name.
    #[track_caller]
    pub(super) fn at(server: &Server, sandbox: &str) -> Self {
        let mut control = Control::at(server.control(), sandbox);
        let openssl = OpenSsl::new();
        let cas = control.get("/ca");
        assert_eq!(cas["certificates"][0]["issuer"], "root");
        openssl.write("root.pem", cas["certificates"][0]["pem"].as_str().unwrap());
        Self {
            openssl,
            control,
            client: server.client(),
            sandbox: sandbox.to_owned(),
        }
    }

    #[track_caller]
    pub(super) fn replace(&mut self, form: &Form) -> Answer {
        self.client.post(&in_sandbox(&self.sandbox, REPLACE), &form.encode())
    }

    #[track_caller]
    pub(super) fn revoke(&mut self, form: &Form) {
        let answer = self.client.post(&in_sandbox(&self.sandbox, REVOKE), &form.encode());
        answer.assert_text(SUCCESS);
    }

    /// Makes an order from JSON, and says its number.
    #[track_caller]
    pub(super) fn order(&mut self, json: &str) -> u64 {
        self.control.ask(("POST", "/orders", json), 201)["orderNumber"]
            .as_u64()
            .unwrap()
    }

    #[track_caller]
    pub(super) fn patch(&mut self, number: u64, json: &str) {
        self.control
            .expect(("PATCH", &format!("/orders/{number}"), json), 200, &[]);
    }

    #[track_caller]
    pub(super) fn advance(&mut self, by: &str) {
        let by = format!(r#"{{"by":"{by}"}}"#);
        self.control.expect(("POST", "/clock/advance", &by), 200, &[]);
    }

    /// The sandbox's clock, in seconds.
    #[track_caller]
    pub(super) fn now(&mut self) -> u64 {
        seconds(self.control.get("/clock")["now"].as_str().unwrap())
    }

    /// The status of a look at an order's certificate.
    #[track_caller]
    pub(super) fn certificate_status(&mut self, number: u64) -> u16 {
        self.control.read(&format!("/orders/{number}/certificate"), "").status
    }

    /// Reads an order's certificate into `NUMBER.pem`, and those above it into `NUMBER-chain.pem`.
    #[track_caller]
    pub(super) fn collect(&mut self, number: u64) -> String {
        for (path, file) in [
            ("certificate", format!("{number}.pem")),
            ("chain", format!("{number}-chain.pem")),
        ] {
            let answer = self.control.read(&format!("/orders/{number}/{path}"), "");
            assert_eq!(answer.status, 200, "{answer:?}");
            self.openssl.write(&file, answer.text());
        }
        self.openssl.read(&format!("{number}.pem"))
    }

    /// What openssl says of `NUMBER.pem` when it is asked with these options.
    #[track_caller]
    pub(super) fn x509(&self, number: u64, options: &str) -> String {
        self.openssl.expect(&format!("x509 -in {number}.pem -noout {options}"))
    }

    /// Whether the collected certificate of an order hangs under the root, by the sandbox's clock.
    #[track_caller]
    pub(super) fn verify(&mut self, number: u64, options: &str) -> (bool, String) {
        let now = self.now();
        self.openssl.run(&format!(
            "verify -x509_strict -attime {now} {options}-CAfile root.pem -untrusted {number}-chain.pem {number}.pem"
        ))
    }

    /// Fetches the CRL that the collected certificate of an order names, into `crl.pem`. What openssl says of it.
    #[track_caller]
    pub(super) fn crl(&mut self, number: u64) -> String {
        let url = uri(&self.x509(number, "-ext crlDistributionPoints"));
        let answer = self.client.get(&path_of(&url));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/pkix-crl")),
            "{url}"
        );
        self.openssl.write("crl.der", answer.bytes());
        self.openssl.expect("crl -inform DER -in crl.der -out crl.pem");
        self.openssl.expect("crl -in crl.pem -noout -text")
    }

    /// The number of that CRL.
    #[track_caller]
    pub(super) fn crl_number(&mut self, number: u64) -> u64 {
        self.crl(number);
        let printed = self.openssl.expect("crl -in crl.pem -noout -crlnumber");
        let hex = printed.trim().strip_prefix("crlNumber=0x").expect("a number");
        u64::from_str_radix(hex, 16).unwrap()
    }

    /// What openssl is told over OCSP of the collected certificate of an order, at the URL that stands in it.
    #[track_caller]
    pub(super) fn ocsp(&mut self, number: u64) -> String {
        let now = self.now();
        let url = self.x509(number, "-ocsp_uri");
        let url = url.trim_end();
        let (_, printed) = self.openssl.run(&format!(
            "ocsp -issuer {number}-chain.pem -cert {number}.pem -url {url} -CAfile root.pem -attime {now} \
             {ANY_CLOCK}"
        ));
        printed
    }

    /// What the world is told of the collected certificate of an order: `good`, `revoked`, `revoked: REASON` or
    /// `unauthorized`; `, expired` behind it. OCSP, the CRL and the verification must agree.
    #[track_caller]
    pub(super) fn told(&mut self, number: u64) -> String {
        let ocsp = self.ocsp(number);
        let crl = self.crl(number);
        let (_, verification) = self.verify(number, "-crl_check -CRLfile crl.pem ");
        let entry = self.crl_entry(number, &crl);
        let expired = match verification.contains("certificate has expired") {
            true => ", expired",
            false => "",
        };
        let is_revoked = verification.contains("certificate revoked");
        if ocsp.contains("unauthorized (6)") {
            assert_eq!(entry, None, "{ocsp}");
            return format!("unauthorized{expired}");
        }
        assert!(
            ocsp.contains("Response verify OK\n") && !ocsp.contains("WARNING: no nonce"),
            "{ocsp}"
        );
        if ocsp.contains(&format!("{number}.pem: good\n")) {
            assert_eq!((entry, is_revoked), (None, false), "{ocsp} {verification}");
            let is_fine = verification == format!("{number}.pem: OK\n");
            assert_eq!(is_fine, expired.is_empty(), "{verification}");
            return format!("good{expired}");
        }
        assert!(ocsp.contains(&format!("{number}.pem: revoked\n")), "{ocsp}");
        assert!(is_revoked, "{verification}");
        let entry = entry.unwrap_or_else(|| panic!("{number} is not in {crl}"));
        let time = line(&ocsp, "Revocation Time: ").expect("a time");
        assert_eq!(line(&entry, "Revocation Date: "), Some(time), "{ocsp} {entry}");
        let reason = line(&ocsp, "Reason: ");
        let in_crl = entry
            .split_once("Reason Code: \n")
            .map(|(_, rest)| rest.trim().replace(' ', ""));
        assert_eq!(
            in_crl.map(|reason| reason.to_lowercase()),
            reason.map(str::to_lowercase),
            "{ocsp} {entry}"
        );
        match reason {
            Some(reason) => format!("revoked: {reason}{expired}"),
            None => format!("revoked{expired}"),
        }
    }

    /// What a CRL says of the collected certificate of an order.
    #[track_caller]
    pub(super) fn crl_entry(&self, number: u64, crl: &str) -> Option<String> {
        let serial = self.serial(number);
        let (_, entry) = crl.split_once(&format!("Serial Number: {serial}\n"))?;
        let end = ["Serial Number:", "Signature Algorithm:"]
            .iter()
            .filter_map(|word| entry.find(word))
            .min();
        Some(entry[..end.expect("a signature")].trim_end().to_owned())
    }

    /// The serial number of the collected certificate of an order.
    #[track_caller]
    pub(super) fn serial(&self, number: u64) -> String {
        let serial = self.x509(number, "-serial");
        serial.trim().strip_prefix("serial=").unwrap().to_owned()
    }
}

/// openssl has an answer's times judged by the real clock alone, which a sandbox's may be years away from.
pub(super) const ANY_CLOCK: &str = "-validity_period 1000000000";

/// The rest of the line that begins so.
pub(super) fn line<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.trim().strip_prefix(start))
}

/// The first URI in an extension that openssl printed.
#[track_caller]
pub(super) fn uri(printed: &str) -> String {
    let (_, rest) = printed
        .split_once("URI:")
        .unwrap_or_else(|| panic!("no URI in {printed}"));
    rest.lines().next().unwrap().to_owned()
}

/// What comes behind the server in a URL.
#[track_caller]
pub(super) fn path_of(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url}"));
    rest[rest.find('/').unwrap()..].to_owned()
}

/// A time of the control API, as seconds since 1970.
#[track_caller]
pub(super) fn seconds(text: &str) -> u64 {
    let time = humantime::parse_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Seconds since 1970 of a time as openssl prints it: `Nov 22 18:24:30 2026 GMT`.
#[track_caller]
pub(super) fn asn1_seconds(text: &str) -> u64 {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<_> = text.split_whitespace().collect();
    let [month, day, time, year, "GMT"] = words[..] else {
        panic!("{text}");
    };
    let month = MONTHS.find(month).unwrap() / 3 + 1;
    seconds(&format!("{year}-{month:02}-{day:0>2}T{time}Z"))
}
