//! Compares an emulator with a server: decides which assumptions make it answer as the server did, and what is left then.

use crate::api::protocol::assumption::Assumptions;
use crate::api::protocol::code::{NOT_PERMITTED, PLACEHOLDER};
use crate::check::answer::Answer;
use crate::check::findings::{Asked, Findings, Row, Verdict, Wording};
use crate::check::list::WHOLE_CALL;
use crate::check::local::{Local, LocalError};
use crate::check::probe::{Class, Subject};
use crate::check::search::{Search, changes};
use crate::model::{Product, State};

/// Compares an emulator with what a server answered.
///
/// # Errors
/// The emulator does not answer.
pub(crate) async fn compare(local: &mut Local, asked: Vec<Asked>) -> Result<Findings, LocalError> {
    let denied = settle_permissions(local, &asked).await?;
    let states = settle_states(local, &asked).await?;
    let start = local.start_assumptions();
    let mut search = Search::new(local, &asked, &start).await?;
    let found = search.find(start).await?;
    let open = search.open(&found).await?;
    let alternatives = search.alternatives(&start, &found, &open).await?;
    let mut rows = Vec::with_capacity(asked.len());
    let mut templates = Vec::new();
    for (place, asked) in asked.iter().enumerate() {
        let (emulated, verdict, by) = search.judge(place, &start, &found).await?;
        if verdict == Verdict::Wording {
            let under_found = search.answer(&found, place).await?;
            templates.extend(wording(asked, &under_found));
        }
        rows.push((emulated, verdict, by));
    }
    let rows = asked
        .into_iter()
        .zip(rows)
        .map(|(Asked { probe, served }, (emulated, verdict, by))| Row {
            probe,
            emulated,
            served,
            verdict,
            by,
        })
        .collect();
    Ok(Findings {
        rows,
        assumptions: changes(&start, &found),
        settings: changes(&Assumptions::default(), &found),
        messages: most_frequent(templates),
        alternatives,
        open,
        states,
        denied,
    })
}

/// Takes from the emulator's account the endpoints that the server says the user's may not use (-91).
async fn settle_permissions(local: &mut Local, asked: &[Asked]) -> Result<Vec<&'static str>, LocalError> {
    let is_denied = |asked: &&Asked| {
        let is_whole = asked.probe.id().ends_with(WHOLE_CALL) && asked.probe.request().has_credentials();
        is_whole && asked.served.code() == Some(NOT_PERMITTED.number)
    };
    let denied: Vec<_> = asked
        .iter()
        .filter(is_denied)
        .map(|asked| asked.probe.endpoint().name)
        .collect();
    local.permit_all_but(&denied).await?;
    Ok(denied)
}

/// Puts the user's orders into states in which the emulator answers with the server's codes.
async fn settle_states(local: &mut Local, asked: &[Asked]) -> Result<Vec<(&'static str, State)>, LocalError> {
    let mut states = Vec::new();
    let start = local.start_assumptions();
    for (product, subject, option) in [
        (Product::Smime, Subject::Smime, "--smime-order"),
        (Product::CodeSigning, Subject::CodeSigning, "--code-signing-order"),
    ] {
        let about: Vec<_> = asked
            .iter()
            .filter(|asked| asked.probe.subject() == Some(subject) && asked.probe.class() != Class::Inert)
            .collect();
        if about.is_empty() {
            continue;
        }
        let mut best = (0, State::Issued);
        // The first of those that are equally good is taken, and most orders are issued.
        for state in [State::Issued].into_iter().chain(State::ALL) {
            local.put(product, state).await?;
            let mut equal = 0;
            for asked in &about {
                let emulated = local.ask(&start, &asked.probe).await?;
                equal += usize::from(emulated.code().is_some() && emulated.code() == asked.served.code());
            }
            if equal > best.0 {
                best = (equal, state);
            }
        }
        local.put(product, best.1).await?;
        states.push((option, best.1));
    }
    Ok(states)
}

/// The server's wording of the code that it answered, as a template.
fn wording(asked: &Asked, emulated: &Answer) -> Option<Wording> {
    let endpoint = asked.probe.endpoint();
    let number = asked.served.code()?;
    let code = endpoint.code(number)?;
    let message = emulated.message()?;
    let sent = asked.probe.request().arguments().iter().map(|(name, _)| &**name);
    let rows = endpoint.arguments.iter().map(|argument| argument.name);
    let named = sent
        .chain(rows)
        .chain([endpoint.name])
        .filter(|name| code.message.contains(PLACEHOLDER) && message.contains(name))
        .max_by_key(|name| name.len());
    Some(Wording {
        endpoint: endpoint.name,
        code: number,
        message: asked.served.template(named)?,
    })
}

/// For each endpoint and code, the wording that was seen most often.
fn most_frequent(wordings: Vec<Wording>) -> Vec<Wording> {
    let mut counted: Vec<(Wording, usize)> = Vec::new();
    for wording in wordings {
        match counted.iter_mut().find(|(known, _)| *known == wording) {
            Some((_, count)) => *count += 1,
            None => counted.push((wording, 1)),
        }
    }
    // Of those that are seen equally often, the first one.
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut chosen: Vec<Wording> = Vec::new();
    for (wording, _) in counted {
        let is_known = |known: &Wording| (known.endpoint, known.code) == (wording.endpoint, wording.code);
        if !chosen.iter().any(is_known) {
            chosen.push(wording);
        }
    }
    chosen.sort_by_key(|wording| (wording.endpoint, std::cmp::Reverse(wording.code)));
    chosen
}
