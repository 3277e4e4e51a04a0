//! From what is written to what is meant: durations, times, joins, and the rules that waivers keep (SEMANTICS, Waivers).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Known;
use crate::config::document::Document;
use crate::config::error::{ConfigError, nearest};
use crate::config::positions::Step;
use crate::config::raw::{OnGap, Policy, Root, Waiver as RawWaiver};
use crate::config::{units, words};
use crate::model::Id;
use crate::model::id::SubjectType;
use crate::model::report::Severity;
use crate::model::settings::{self, Settings, Waiver};

/// A path of keys.
pub(super) fn keys(path: &[&str]) -> Vec<Step> {
    path.iter().map(|key| Step::Key((*key).to_owned())).collect()
}

/// All settings but what sources, people and the CI give.
pub(super) fn settings(document: &Document, root: &Root, known: &Known<'_>) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    if let Some(name) = &root.time_zone {
        settings.time_zone = name.clone();
    }
    // A system without a list of time zones, as an image that holds this program alone, has UTC all the same.
    let zone = if settings.time_zone.eq_ignore_ascii_case("UTC") {
        TimeZone::UTC
    } else {
        TimeZone::get(&settings.time_zone).map_err(|_| {
            let next = "write an IANA name, as Europe/Berlin, which the system must know (Debian, Alpine: tzdata)";
            document.error(&keys(&["time_zone"]), "this time zone is not known", next)
        })?
    };
    policy(document, &root.policy, known, &mut settings)?;
    settings.trust = settings::Trust {
        projects: root.trust.projects.clone(),
        approvers: root.trust.approvers.clone(),
        approved: root.trust.approved.clone(),
    };
    if let Some(tracker) = root.trust.approved.keys().find(|tracker| !APPROVED_BY.contains(&tracker.as_str())) {
        let next = format!("trackers are {}", APPROVED_BY.join(", "));
        return Err(document.error(&keys(&["trust", "approved", tracker]), "this is no tracker", &next));
    }
    settings.words = words::words(document, &root.words)?;
    settings.repository = root.repository.clone();
    if let Some(name) = &root.repository
        && !is_repository(name)
    {
        return Err(document.error(&keys(&["repository"]), "this is no repository's name", "write owner/name"));
    }
    for (index, link) in root.links.iter().enumerate() {
        let at = |key: &str| vec![Step::Key("links".into()), Step::Index(index), Step::Key(key.into())];
        let (slot, holds) = (Id::new(&link.slot), Id::new(&link.holds));
        let is_id = |text: &str| text.contains(':') && !text.contains(char::is_whitespace);
        if !is_id(&link.slot) || slot.subject_type() != SubjectType::Slot {
            return Err(document.error(&at("slot"), "this is no slot's id", "`driftgate inventory` prints the ids"));
        }
        if !is_id(&link.holds) || holds.subject_type() != SubjectType::Credential {
            return Err(document.error(
                &at("holds"),
                "this is no credential's id",
                "`driftgate inventory` prints the ids",
            ));
        }
        settings.links.push((slot, holds));
    }
    for (index, waiver) in root.waivers.iter().enumerate() {
        let at = vec![Step::Key("waivers".into()), Step::Index(index)];
        settings.waivers.push(one_waiver(document, &at, waiver, &settings, known, &zone)?);
    }
    Ok(settings)
}

/// `owner/name`, or a path of groups: no address, and nothing left over at its ends.
fn is_repository(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() > 1
        && parts.iter().all(|part| !part.is_empty())
        && !name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '@' | '\\' | '?' | '#'))
        && !name.ends_with(".git")
        && !["github.", "gitlab.com", "bitbucket.", "dev.azure.", "www."]
            .iter()
            .any(|host| parts.len() > 2 && parts[0].starts_with(host))
}

/// The trackers whose approval field or label can be configured.
const APPROVED_BY: [&str; 5] = ["jira", "servicenow", "github", "gitlab", "csv"];

fn policy(document: &Document, policy: &Policy, known: &Known<'_>, settings: &mut Settings) -> Result<(), ConfigError> {
    let set = |target: &mut SignedDuration, text: &Option<String>, path: &[&str]| match text {
        None => Ok(()),
        Some(text) => units::duration(text)
            .map(|duration| *target = duration)
            .map_err(|problem| document.error(&keys(path), problem, "")),
    };
    let limits = &mut settings.limits;
    set(&mut limits.revoke, &policy.limits.revoke, &["policy", "limits", "revoke"])?;
    set(&mut limits.rotate, &policy.limits.rotate, &["policy", "limits", "rotate"])?;
    set(&mut limits.offboard, &policy.limits.offboard, &["policy", "limits", "offboard"])?;
    set(&mut limits.postpone, &policy.limits.postpone, &["policy", "limits", "postpone"])?;
    set(&mut limits.emergency, &policy.limits.emergency, &["policy", "limits", "override"])?;
    set(&mut settings.grace_rotate, &policy.grace.rotate, &["policy", "grace", "rotate"])?;
    set(&mut settings.max_age_snapshot, &policy.max_age.snapshot, &["policy", "max_age", "snapshot"])?;
    set(&mut settings.max_age_export, &policy.max_age.export, &["policy", "max_age", "export"])?;
    set(&mut settings.max_waiver, &policy.max_waiver, &["policy", "max_waiver"])?;
    if let Some(fail_on) = policy.fail_on {
        settings.fail_on = fail_on;
    }
    if let Some(on_gap) = policy.on_gap {
        settings.on_gap = match on_gap {
            OnGap::Block => settings::OnGap::Block,
            OnGap::Warn => settings::OnGap::Warn,
        };
    }
    for (rule, severity) in &policy.severity {
        let at = keys(&["policy", "severity", rule]);
        let default = known.severity(rule).ok_or_else(|| unknown_rule(document, &at, rule, known))?;
        if default == Severity::Critical && *severity < Severity::Critical {
            return Err(document.error(
                &at,
                "a critical rule's severity cannot be lowered",
                "waive single findings instead: `driftgate waive`",
            ));
        }
        settings.severity.insert(rule.clone(), *severity);
    }
    Ok(())
}

fn unknown_rule(document: &Document, at: &[Step], rule: &str, known: &Known<'_>) -> ConfigError {
    let next = match nearest(rule, known.rules.iter().map(|(id, _)| *id)) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`driftgate explain --list` lists the rules".to_owned(),
    };
    document.error(at, format!("there is no rule `{rule}`"), next)
}

/// What a waiver's dates may differ by where both are days and a clock change lies between them.
const CLOCK_CHANGE: SignedDuration = SignedDuration::from_hours(1);

fn one_waiver(
    document: &Document,
    at: &[Step],
    raw: &RawWaiver,
    settings: &Settings,
    known: &Known<'_>,
    zone: &TimeZone,
) -> Result<Waiver, ConfigError> {
    let field = |key: &str| {
        let mut path = at.to_vec();
        path.push(Step::Key(key.to_owned()));
        path
    };
    let fail = |key: &str, message: String, next: &str| Err(document.error(&field(key), message, next));
    let Some(default) = known.severity(&raw.rule) else {
        return Err(unknown_rule(document, &field("rule"), &raw.rule, known));
    };
    if let Some(problem) = subject_problem(&raw.subject) {
        return fail("subject", problem.to_owned(), "write one id, as the report prints it under `subject`");
    }
    if raw.reason.trim().is_empty() {
        return fail("reason", "a waiver needs a reason".to_owned(), "say why the finding is accepted");
    }
    let time = |key: &str, text: &str| -> Result<(Timestamp, bool), ConfigError> {
        units::time(text, zone).map_err(|problem| document.error(&field(key), problem, ""))
    };
    let (created, created_is_day) = time("created", &raw.created)?;
    let (expires, expires_is_day) = time("expires", &raw.expires)?;
    if expires <= created {
        return fail("expires", "the waiver ends before it begins".to_owned(), "correct `created` or `expires`");
    }
    let slack = if created_is_day && expires_is_day { CLOCK_CHANGE } else { SignedDuration::ZERO };
    if expires.duration_since(created) > settings.max_waiver + slack {
        return fail(
            "expires",
            format!("the waiver lasts longer than policy.max_waiver ({})", units::duration_text(settings.max_waiver)),
            "choose an earlier date",
        );
    }
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let severity = settings.severity.get(&raw.rule).copied().unwrap_or(default);
    if severity == Severity::Critical {
        for (key, value) in [("approved_by", &raw.approved_by), ("ticket", &raw.ticket)] {
            if blank(value) {
                return fail(key, format!("a waiver of a critical rule needs `{key}`"), "add it");
            }
        }
    }
    let kept = |text: &Option<String>| if blank(text) { None } else { text.clone() };
    Ok(Waiver {
        rule: raw.rule.clone(),
        subject: raw.subject.clone(),
        reason: raw.reason.clone(),
        approved_by: kept(&raw.approved_by),
        ticket: kept(&raw.ticket),
        created,
        expires,
        locator: document.line(at),
        critical: severity == Severity::Critical,
    })
}

/// Why a text cannot be the subject of a waiver.
fn subject_problem(subject: &str) -> Option<&'static str> {
    if !subject.contains(':') || subject.contains(char::is_whitespace) {
        return Some("this is no id");
    }
    // Two kinds of id hold such characters themselves: an environment scope (`K@prod/*`), and the names of files and jobs.
    let id = Id::new(subject);
    let rest = match (id.provider(), id.kind()) {
        ("reference", _) => "",
        ("gitlab", "variable") => subject.rsplit_once('@').map_or(subject, |(name, _)| name),
        _ => subject,
    };
    rest.contains(['*', '?']).then_some("a waiver's subject is taken literally: patterns are not possible")
}

#[cfg(test)]
mod tests {
    use super::subject_problem;

    #[test]
    fn subjects_are_ids_and_no_patterns() {
        for good in ["aws:access-key:AKIA1", "gitlab:variable:acme/shop:K@prod/*", "reference:a.yml#deploy%20*"] {
            assert_eq!(subject_problem(good), None, "{good}");
        }
        for bad in ["*", "AKIA1", "aws:access-key:*", "gitlab:variable:*:K@prod/*", "aws:access-key:AKIA?", "aws: x"] {
            assert!(subject_problem(bad).is_some(), "{bad}");
        }
    }
}
