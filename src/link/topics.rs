//! What tickets are about that ask for no change of access: texts, occasions, equipment. Whether a ticket is about one is decided in `talk`.

use super::nouns::{access_noun, credential_noun};
use super::tokens::Word;

/// A text that somebody writes.
pub(super) fn text_noun(word: &str) -> bool {
    matches!(
        word,
        "page"
            | "pages"
            | "wiki"
            | "readme"
            | "runbook"
            | "playbook"
            | "handbook"
            | "sop"
            | "guide"
            | "article"
            | "chapter"
            | "paragraph"
            | "docs"
            | "doc"
            | "documentation"
            | "how-to"
            | "howto"
            | "faq"
            | "confluence"
            | "changelog"
            | "slides"
            | "post-mortem"
            | "postmortem"
            | "write-up"
            | "wiki-seite"
            | "handbuch"
            | "anleitung"
            | "doku"
            | "dokumentation"
    )
}

/// What has its name from a text, a plan or a test, and is none.
pub(super) fn carries(word: &str) -> bool {
    let stem = word.strip_suffix('s').unwrap_or(word);
    matches!(
        stem,
        "job"
            | "service"
            | "server"
            | "account"
            | "user"
            | "bot"
            | "app"
            | "pipeline"
            | "deployment"
            | "deploy"
            | "environment"
            | "env"
            | "workflow"
            | "runner"
            | "cluster"
            | "host"
            | "system"
            | "stage"
            | "token"
            | "key"
            | "secret"
            | "password"
            | "credential"
            | "role"
            | "bucket"
            | "site"
            | "repo"
            | "repository"
            | "export"
            | "exporter"
            | "collector"
            | "uploader"
            | "phone"
            | "device"
            | "laptop"
            | "tablet"
            | "bench"
            | "rig"
            | "finding"
            | "mirror"
            | "relay"
            | "mailer"
            | "feed"
            | "importer"
            | "printer"
            | "scanner"
            | "portal"
            | "database"
            | "db"
            | "queue"
            | "connector"
            | "gateway"
            | "agent"
            | "worker"
            | "stack"
            | "script"
            | "tool"
            | "backend"
            | "project"
            | "vendor"
            | "team"
            | "squad"
            | "group"
    )
}

/// Talk that is the occasion of an order, not the thing that is ordered.
pub(super) fn occasion(word: &str) -> bool {
    matches!(
        word,
        "review"
            | "test"
            | "drill"
            | "exercise"
            | "survey"
            | "list"
            | "plan"
            | "policy"
            | "retro"
            | "retrospective"
            | "upgrade"
            | "question"
            | "handover"
            | "hand-over"
            | "handoff"
            | "observation"
            | "naming"
            | "alert"
            | "alerts"
            | "newsletter"
            | "minutes"
            | "distribute"
            | "circulate"
    )
}

/// "Add X to the list in CONTRIBUTING.md": what a name is added to, or mentioned in, is a text.
pub(super) fn goes_into_a_text(all: &[Word]) -> bool {
    let word = |at: usize| all.get(at).map(|w| w.text.as_str()).unwrap_or_default();
    let text = |at: usize| (text_noun(word(at)) && !carries(word(at + 1))) || matches!(word(at), "md" | "rst" | "adoc");
    matches!(word(0), "add" | "put" | "list" | "mention" | "include" | "document" | "describe")
        && (1..all.len()).any(|at| matches!(word(at), "to" | "in" | "into") && (at + 1..at + 7).any(text))
}

/// Laptops, badges, interviews: what a leaver's or a joiner's other tasks are about.
pub(super) fn hardware(title: &[Word]) -> bool {
    // "Visible in a screen share"
    if title.windows(2).any(|pair| {
        pair[0].text == "screen" && matches!(pair[1].text.as_str(), "share" | "sharing" | "shot" | "recording")
    }) {
        return false;
    }
    let has = |test: &dyn Fn(&str) -> bool| title.iter().any(|w| test(&w.text));
    has(&|w| {
        matches!(
            w,
            "laptop"
                | "laptops"
                | "lunch"
                | "envelope"
                | "safe"
                | "projector"
                | "catering"
                | "notebook"
                | "badge"
                | "badges"
                | "equipment"
                | "hardware"
                | "phone"
                | "headset"
                | "toner"
                | "cartridge"
                | "monitor"
                | "monitors"
                | "screen"
                | "chair"
                | "chairs"
                | "parking"
                | "payroll"
                | "interview"
                | "farewell"
                | "furniture"
                | "locker"
                | "lockers"
                | "cabinet"
                | "cabinets"
                | "poster"
                | "posters"
                | "door"
                | "doors"
                | "cupboard"
                | "wardrobe"
                | "garderobe"
                | "zylinder"
                | "cylinder"
                | "chamber"
                | "locksmith"
                | "spind"
                | "t\u{fc}r"
                | "dienstwagen"
                | "ausweis"
                | "ordinateur"
                | "matériel"
                | "portátil"
                | "ordenador"
        )
    }) && !has(&|w| access_noun(w) || (credential_noun(w) && !matches!(w, "key" | "keys" | "schl\u{fc}ssel")))
}

/// "Yearly: database password": what is done to credentials again and again.
pub(super) fn periodic(title: &[Word]) -> bool {
    let how_often = |w: &Word| {
        matches!(
            w.text.as_str(),
            "yearly"
                | "annual"
                | "annually"
                | "quarterly"
                | "monthly"
                | "half-yearly"
                | "biannual"
                | "periodic"
                | "periodical"
                | "twice-yearly"
                | "regular"
                | "jährlich"
                | "jährliche"
                | "jährlicher"
                | "quartalsweise"
                | "monatlich"
                | "annuel"
                | "annuelle"
                | "anual"
                | "trimestral"
        )
    };
    let other = |w: &Word| {
        matches!(
            w.text.as_str(),
            "review"
                | "audit"
                | "check"
                | "report"
                | "test"
                | "training"
                | "survey"
                | "access"
                | "recertification"
                | "certification"
                | "list"
                | "drill"
                | "meeting"
        )
    };
    title.iter().any(how_often)
        && title.iter().any(|w| credential_noun(&w.text) || w.text == "pin")
        && !title.iter().any(other)
}

/// A catalogue item for buildings and things: "Facilities", "Print job", "Geb\u{e4}ude".
pub(super) fn premises(kind: &str) -> bool {
    let lower = kind.to_lowercase();
    [
        "facilit",
        "building",
        "geb\u{e4}ude",
        "print job",
        "printing",
        "catering",
        "parking",
        "furniture",
        "hausdienst",
        "office supplies",
        "room booking",
        "housekeeping order",
    ]
    .iter()
    .any(|word| lower.contains(word))
}
