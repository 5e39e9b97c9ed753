//! What would be sent, as commands that a person can read, and run.

use std::fmt::Write as _;
use std::time::Duration;

use crate::api::http_url::HttpUrl;
use crate::check::credentials::Credentials;
use crate::check::probe::{Class, Probe, Request, Value};
use crate::check::wire::AGENT;
use crate::cli::check::args::CheckArgs;
use crate::model::when::Span;

/// How many calls there are, of which class, and how long they take.
pub(super) fn summary(probes: &[Probe], server: &str, pause: Duration) -> String {
    let count = |class| probes.iter().filter(|probe| probe.class() == class).count();
    let classes: Vec<_> = Class::ALL
        .iter()
        .map(|class| format!("{} {class}", count(*class)))
        .collect();
    let calls = u32::try_from(probes.len()).unwrap_or(u32::MAX);
    format!(
        "{} calls to {server}: {}. With a pause of {} they take {} or more.",
        probes.len(),
        classes.join(", "),
        Span(pause),
        Span(pause.saturating_mul(calls.saturating_sub(1)))
    )
}

/// What is to be agreed to: the summary, what the calls of each class are, and the files that would be written.
pub(super) fn overview(probes: &[Probe], https: &HttpUrl, args: &CheckArgs) -> String {
    let mut text = format!("{}\n", summary(probes, https.as_str(), args.pause));
    for class in Class::ALL {
        if probes.iter().any(|probe| probe.class() == class) {
            let _ = writeln!(text, "  {class}: {}", about(class));
        }
    }
    let files = [
        (&args.write, "fixtures that make the emulator answer as the server"),
        (&args.record, "what the server answered"),
        (&args.junit, "the result as JUnit's XML"),
    ];
    for (path, what) in files {
        if let Some(path) = path {
            let _ = writeln!(text, "{} would be written: {what}.", path.display());
        }
    }
    text.push_str("With --dry-run the same command prints each call.\n");
    text
}

/// The whole plan, each call as a curl command with `$LOGIN` and `$PASSWORD` in place of the credentials.
pub(super) fn text(probes: &[Probe], https: &HttpUrl, http: Option<&HttpUrl>, pause: Duration) -> String {
    let mut text = format!("# {}\n", summary(probes, https.as_str(), pause));
    for class in Class::ALL {
        let of_class: Vec<_> = probes.iter().filter(|probe| probe.class() == class).collect();
        if of_class.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n# {class}: {}", about(class));
        for probe in of_class {
            let base = match probe.request().is_over_https() {
                true => https,
                false => http.unwrap_or(https),
            };
            let _ = writeln!(text, "# {}\n{}", probe.id(), curl(probe.request(), base));
        }
    }
    text
}

fn about(class: Class) -> &'static str {
    match class {
        Class::Inert => "refused before any order is looked at; without credentials, or about an order that cannot be",
        Class::Test => "test=Y, which checks everything and changes nothing, for the order that you named",
        Class::Read => "reads the status of the orders that you named",
    }
}

/// A request as a curl command.
fn curl(request: &Request, base: &HttpUrl) -> String {
    let places = Credentials {
        login_name: Credentials::LOGIN_PLACE.to_owned(),
        login_password: Credentials::PASSWORD_PLACE.to_owned(),
    };
    let url = format!("{}{}", base.as_str().trim_end_matches('/'), request.target(&places));
    let mut command = format!("curl --silent --include --user-agent {}", quoted(AGENT));
    if request.method() != "POST" {
        let _ = write!(command, " --request {}", request.method());
    } else if request.body(&places).is_empty() {
        command.push_str(" --data ''");
    }
    if !request.body(&places).is_empty() {
        for (name, value) in request.arguments() {
            let argument = match value {
                Value::Text(text) => format!("--data-urlencode {}", quoted(&format!("{name}={text}"))),
                Value::Raw(text) => format!("--data-raw {}", quoted(&format!("{name}={text}"))),
                Value::LoginName => format!("--data-urlencode \"{name}={}\"", Credentials::LOGIN_PLACE),
                Value::LoginPassword => format!("--data-urlencode \"{name}={}\"", Credentials::PASSWORD_PLACE),
            };
            let _ = write!(command, " {argument}");
        }
    }
    format!("{command} {}", quoted(&url))
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
