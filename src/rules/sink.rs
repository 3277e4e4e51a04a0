//! What rules report to: findings with evidence, facts that they lacked, and proofs. What becomes of them is `policy`'s.

use jiff::Timestamp;

use crate::model::Id;
use crate::model::report::{Evidence, Subject};

use super::Rule;

/// A finding before scope and waivers. It cannot be made without evidence.
#[derive(Clone)]
pub struct Draft {
    /// The rule.
    pub rule: &'static Rule,
    /// What it is about.
    pub subject: Subject,
    /// What the tickets promised.
    pub expected: Option<String>,
    /// What the catalogue records.
    pub recorded: Option<String>,
    /// What is true.
    pub actual: Option<String>,
    /// Since when it drifts.
    pub since: Option<Timestamp>,
    /// The tickets.
    pub tickets: Vec<String>,
    /// The facts; never empty.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remediation: String,
    /// What else it is about: a finding about a slot speaks of the credential in it.
    pub about: Vec<Id>,
    /// Stable locators beyond rule and subject, where one subject can have several such findings.
    pub key: Vec<String>,
}

impl Draft {
    /// A finding about a subject, resting on a fact.
    #[must_use]
    pub fn new(rule: &'static Rule, subject: Subject, fact: Evidence, remediation: impl Into<String>) -> Self {
        Self {
            rule,
            subject,
            expected: None,
            recorded: None,
            actual: None,
            since: None,
            tickets: Vec::new(),
            evidence: vec![fact],
            remediation: remediation.into(),
            about: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Adds facts; the same one is kept once.
    #[must_use]
    pub fn because(mut self, facts: impl IntoIterator<Item = Evidence>) -> Self {
        for fact in facts {
            if !self.evidence.contains(&fact) {
                self.evidence.push(fact);
            }
        }
        self
    }

    /// What else it is about.
    #[must_use]
    pub fn about<'a>(mut self, ids: impl IntoIterator<Item = &'a Id>) -> Self {
        self.about.extend(ids.into_iter().cloned());
        self
    }

    /// What the tickets promised.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    /// What is true.
    #[must_use]
    pub fn actual(mut self, text: impl Into<String>) -> Self {
        self.actual = Some(text.into());
        self
    }

    /// What the catalogue records.
    #[must_use]
    pub fn recorded(mut self, text: impl Into<String>) -> Self {
        self.recorded = Some(text.into());
        self
    }

    /// Since when.
    #[must_use]
    pub fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    /// The tickets.
    #[must_use]
    pub fn tickets<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        for id in ids {
            if !self.tickets.iter().any(|known| known == id) {
                self.tickets.push(id.to_owned());
            }
        }
        self
    }
}

/// A fact that a rule needed and did not have. It decides only where its subject is reachable in scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The rule's id.
    pub rule: &'static str,
    /// For what.
    pub subject: Id,
    /// Which fact: `liveness`, `change-time`, `grants`.
    pub lacks: &'static str,
    /// Why it is not there.
    pub reason: String,
}

/// A promise that was kept: expected dead, and dead; rotated, and newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The credential or slot.
    pub subject: Subject,
    /// What was promised.
    pub expected: String,
    /// What is true.
    pub actual: String,
    /// The tickets.
    pub tickets: Vec<String>,
    /// The facts.
    pub evidence: Vec<Evidence>,
}

/// Where one rule reports to.
pub struct Sink<'s> {
    /// The rule that reports.
    pub rule: &'static Rule,
    drafts: &'s mut Vec<Draft>,
    needs: &'s mut Vec<Need>,
    proofs: &'s mut Vec<Proof>,
}

impl<'s> Sink<'s> {
    pub(super) fn new(
        rule: &'static Rule,
        drafts: &'s mut Vec<Draft>,
        needs: &'s mut Vec<Need>,
        proofs: &'s mut Vec<Proof>,
    ) -> Self {
        Self { rule, drafts, needs, proofs }
    }

    /// Reports a finding.
    pub fn fire(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Reports that a fact is missing: the rule's silence is incomplete.
    pub fn need(&mut self, subject: &Id, lacks: &'static str, reason: impl Into<String>) {
        let need = Need { rule: self.rule.id, subject: subject.clone(), lacks, reason: reason.into() };
        if !self.needs.contains(&need) {
            self.needs.push(need);
        }
    }

    /// Reports a kept promise.
    pub fn prove(&mut self, proof: Proof) {
        self.proofs.push(proof);
    }
}
