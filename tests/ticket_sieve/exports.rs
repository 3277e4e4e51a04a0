//! Exports made of pieces that the sieve must understand, at random and always the same for a seed: every place of an issue holds anything
//! now and then. What is asked of them stands in the parent module.

use serde_json::{Value, json};

use crate::support::stream::Dice;

/// So many tickets stand in one export.
pub(crate) const TOGETHER: usize = 16;

/// Some of the pieces, one behind the other.
fn pieces(dice: &mut Dice, most: usize) -> String {
    (0..dice.below(most + 1)).map(|_| dice.one(PIECES)).collect()
}

fn somebody(dice: &mut Dice) -> &'static str {
    dice.one(&["grace", "bob", "carol", "lena@globex.test"])
}

fn moment(dice: &mut Dice) -> String {
    format!("2026-05-{:02}T{:02}:12:00.000+0200", 1 + dice.below(28), dice.below(24))
}

/// A text as a string, as a document, or as one with marks.
fn rich(dice: &mut Dice, text: &str) -> Value {
    if dice.below(6) > 0 {
        return json!(text);
    }
    let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (front, back) = text.split_at(middle);
    let node = |text: &str, mark: &str| json!({"type": "text", "text": format!("{text}x"), "marks": [{"type": mark}]});
    let kind = dice.one(&["paragraph", "heading", "codeBlock"]);
    json!({"type": "doc", "content": [
        {"type": kind, "attrs": {"level": 2}, "content": [node(front, "strong"), node(back, dice.one(&["code", "strike", "em"]))]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [node(back, "em")]}]}]},
    ]})
}

const LABELS: &[&str] = &[
    "web",
    "bug",
    "Access request",
    "off-boarding",
    "approved",
    "Freigegeben",
    "Key rotation",
    "exit",
    "Weg damit!",
    "docs",
];
const STATUSES: &[(&str, &str)] =
    &[("To Do", "new"), ("In Progress", "indeterminate"), ("Done", "done"), ("Closed", "done"), ("Rejected", "done")];

/// An issue of Jira's with anything in any of its places.
fn jira_issue(number: usize, dice: &mut Dice) -> Value {
    let (status, category) = STATUSES[dice.below(STATUSES.len())];
    let body = pieces(dice, 24);
    let mut fields = json!({
        "summary": pieces(dice, 7), "description": rich(dice, &body), "project": {"key": "A"}, "issuetype": {"name": "Task"},
        "status": {"name": status, "statusCategory": {"key": category}}, "created": moment(dice), "updated": moment(dice),
        "reporter": {"name": somebody(dice)}, "assignee": {"name": somebody(dice)},
    });
    if dice.below(4) == 0 {
        fields["labels"] = json!([dice.one(LABELS)]);
    }
    if dice.below(8) == 0 {
        fields["issuetype"] = json!({"name": dice.one(LABELS)});
    }
    if dice.below(3) == 0 {
        fields["resolution"] =
            json!({"name": dice.one(&["Done", "Won't Do", "Duplicate", "Fixed", "Cannot Reproduce"])});
        fields["resolutiondate"] = json!(moment(dice));
    }
    if dice.below(2) == 0 {
        let comments: Vec<Value> = (0..1 + dice.below(2))
            .map(|_| json!({"author": {"name": somebody(dice)}, "body": pieces(dice, 8), "created": moment(dice)}))
            .collect();
        fields["comment"] = json!({"total": comments.len(), "comments": comments});
    }
    if dice.below(12) == 0 {
        let other = format!("A-{}", dice.below(2 * TOGETHER));
        let word = dice.one(&["duplicates", "relates to"]);
        fields["issuelinks"] = json!([{"type": {"outward": word}, "outwardIssue": {"key": other}}]);
    }
    if dice.below(12) == 0 {
        fields["approvals"] =
            json!([{"approvers": [{"approver": {"name": somebody(dice)}, "approverDecision": "approved"}]}]);
    }
    if dice.below(10) == 0 {
        fields[dice.one(&["cf1", "cf2", "cf3"])] =
            json!(dice.one(&["approved", "Freigegeben", "SMTP_PASSWORD", "Leaver", "read", "AKIALOADER77GLOBEXST"]));
    }
    let mut issue = json!({"key": format!("A-{number}"), "fields": fields});
    if dice.below(5) == 0 {
        let histories: Vec<Value> = (0..1 + dice.below(2))
            .map(|_| {
                let field = dice.one(&["summary", "description", "status", "resolution", "labels", "issuetype", "cf1"]);
                let (from, to) = match field {
                    "status" => {
                        (dice.one(&["Open", "Done"]).to_owned(), dice.one(&["Done", "Reopened", "Rejected"]).to_owned())
                    }
                    "resolution" => (dice.one(&["", "Done"]).to_owned(), dice.one(&["Done", "Won't Do"]).to_owned()),
                    "labels" | "issuetype" => (dice.one(LABELS).to_owned(), dice.one(LABELS).to_owned()),
                    _ => (pieces(dice, 7), pieces(dice, 7)),
                };
                json!({"author": {"name": somebody(dice)}, "created": moment(dice),
                    "items": [{"field": field, "fromString": from, "toString": to}]})
            })
            .collect();
        issue["changelog"] = json!({"histories": histories});
    }
    issue
}

/// An issue of GitHub's or GitLab's.
fn forge_issue(kind: &str, number: usize, dice: &mut Dice) -> Value {
    let closed = dice.below(2) == 0;
    let (person, body) = if kind == "github" { ("login", "body") } else { ("username", "description") };
    let state = if closed { "closed" } else { dice.one(&["open", "opened"]) };
    let comments: Vec<Value> = (0..dice.below(3))
        .map(|_| {
            let text = match dice.below(4) {
                0 => format!("changed title from **{{-{}-}}** to **{{+x+}}**", pieces(dice, 4)),
                1 => format!("marked this issue as a duplicate of #{}", dice.below(2 * TOGETHER)),
                _ => pieces(dice, 8),
            };
            let by = json!({person: somebody(dice)});
            json!({"user": by, "author": by, "body": text, "created_at": moment(dice), "system": dice.below(2) == 0})
        })
        .collect();
    let mut issue = json!({
        "number": number, "iid": number, "references": {"full": format!("acme/shop#{number}")},
        "repository_url": "https://api.github.com/repos/acme/shop", "title": pieces(dice, 7), "state": state, body: pieces(dice, 24),
        "created_at": moment(dice), "updated_at": moment(dice), "user": {person: somebody(dice)}, "author": {person: somebody(dice)},
        "assignees": [{person: somebody(dice)}], "labels": [], "comments": comments.len(), "_comments": comments,
    });
    if closed {
        issue["closed_at"] = json!(moment(dice));
        issue["closed_by"] = json!({person: somebody(dice)});
        issue["state_reason"] = json!(dice.one(&["completed", "not_planned", "duplicate"]));
    }
    if dice.below(4) == 0 {
        issue["labels"] = json!([{"name": dice.one(LABELS)}]);
    }
    if dice.below(8) == 0 {
        issue["type"] = json!({"name": dice.one(LABELS)});
    }
    if dice.below(4) == 0 {
        let event = |dice: &mut Dice| {
            let what = dice.one(&["renamed", "labeled", "unlabeled", "closed", "reopened"]);
            let (from, to) = (pieces(dice, 5), pieces(dice, 5));
            json!({"event": what, "state": what, "actor": {person: somebody(dice)}, "created_at": moment(dice),
                "label": {"name": dice.one(LABELS)}, "rename": {"from": from, "to": to}})
        };
        issue["_events"] = (0..1 + dice.below(3)).map(|_| event(dice)).collect();
    }
    issue
}

/// An export of a tracker.
pub(crate) fn export(kind: &str, seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    let one = |number: usize, dice: &mut Dice| match kind {
        "jira" => jira_issue(number, dice),
        _ => forge_issue(kind, number, dice),
    };
    json!((1..=TOGETHER).map(|number| one(number, &mut dice)).collect::<Vec<_>>())
}

/// Words, names, signs and marks.
const PIECES: &[&str] = &[
    "role is too high ",
    "|What|Today|Afterwards|\n|it|can read it|no access|\n",
    "|What|today|from 1 June 2026|\n|x|LakeWriter|read only|\n",
    "\nh3. Wanted\nDeveloper\n",
    "is more than it needs ",
    "is what it needs ",
    "Exit: ",
    "Contract with lookout ends ",
    "Goodbye ",
    "Contractor Lena: switch off access ",
    "As a team lead I want ",
    "Acceptance\n* it is deleted\n",
    "\nSteps: one\nExpected: two\n",
    "from 1830Z, for three hours ",
    "\n- from Saturday 2026-05-16 05:00 UTC\n- to Sunday 2026-05-17 22:00 UTC\n",
    "takes it at 03:10 UTC and keeps it for three hours ",
    "should be changed, to be on the safe side ",
    "can go, right?",
    "The first is a leftover: take it away. The second stays. ",
    "TYPE [ ] joiner [X] leaver\n",
    "cut down to what it needs ",
    "with effect from 1 June 2026 ",
    "on\n1 June 2026 at 04:00 UTC and not a minute earlier ",
    "no longer exists ",
    "Rotation is due ",
    "vernieuwen ",
    "has to write ",
    "Requested: admin\n",
    "bring it down from Developer to Reporter ",
    "For the file: ",
    "put it into ",
    "needs a new value ",
    "too old ",
    "03:10:44 x[8]: revoke ",
    "from 2026-05-14 10:00 UTC to 2026-05-15 10:00 UTC ",
    "on-call swap ",
    "2h from 12:00 UTC ",
    "4h of ",
    "Remove at once. ",
    "please disable from the ",
    "the one in ",
    "the project variable ",
    "r/w on ",
    "RO on ",
    "cannot read ",
    "please grant ",
    "reinstate ",
    "vendor leaving ",
    "contract not renewed ",
    "18-22 May ",
    "by accident ",
    "Rotation done ",
    "feature ",
    "need it for 90 minutes ",
    "please",
    "Key 1 ",
    "fresh values ",
    "only read ",
    "should only read ",
    "the nightly build does not have any use for it now,\nplease ",
    "the old one of the nightly build, which nobody reads,\nof the ",
    "Duration: 3 hours\n",
    "Start: 2026-05-14 10:00 UTC\n",
    "until 2026-05-14 ",
    "for ",
    "value ",
    "has to change ",
    "Maintainer -> Reporter ",
    "[TEMPLATE v4] ",
    "Person: ",
    "Systems: all\n",
    "everything she has ",
    "Action requested: remove\n",
    "policy ",
    "must be ",
    "revoke ",
    "rotate ",
    "remove ",
    "the ",
    "token ",
    "key ",
    "it ",
    "new ",
    "version ",
    "needs ",
    "access ",
    "to ",
    "read ",
    "last day ",
    "of ",
    "SMTP_PASSWORD ",
    "smtp_password",
    "AKIALOADER77GLOBEXST",
    "secret/web/session ",
    "Lookout Scanner",
    " ",
    "\n",
    "- ",
    "| ",
    "~~",
    "**",
    "`",
    "(x) ",
    "( ) ",
    ". ",
    "ends in ",
    "token 41 ",
    "id ",
    "…",
    "..",
    "not ",
    "any ",
    "more ",
    "take ",
    "off ",
    "unused ",
    "clean up ",
    "expires ",
    "replace ",
    "by ",
    "OIDC ",
    "static ",
    "lena@globex.test ",
    "terminate ",
    "vault ",
    "secret/data/x/y ",
    "accessor ",
    "hvsACC0000000000001 ",
    "arn:aws:iam::444455556666:role/x ",
    "github:actions-secret:a/b:C ",
    "décommission ",
    "löschen ",
    "Schlüssel ",
    "approved ",
    "can go ",
    "has to go ",
    "DEPLOY_KEY",
    "_OLD ",
    "=",
    ":",
    "/",
    "@",
    "#",
    "x",
    "é",
    "\u{200b}",
    "don't ",
    "'s ",
    "one ",
    "page ",
    "was ",
    "blank ",
    "update ",
    "change ",
    "switch ",
    "turn ",
    "shut ",
    "down ",
    "close ",
    "set ",
    "mark ",
    "inactive ",
    "away ",
    "out ",
    "bring ",
    "any longer ",
    "svc-loader ",
    "svc-flux. ",
    "@ruth ",
    "/secret/web/session ",
    "https://github.com/globex/api/settings/secrets/actions/SONAR_TOKEN ",
    "renovate token's ",
    "AKIA...GLOBEXST ",
    "xxxx7GLOBEXST ",
    "ends in 7GLOBEXST ",
    "**GLOBEXST** ",
    "KUBE_TOKEN. ",
    "'PYPI_TOKEN' ",
    "it's ",
    "filed afterwards ",
    "retroactive ",
    "ticket ",
    "for the record ",
    "we revoked ",
    "was rotated ",
    "removed ",
    "from read ",
    "to write ",
    "should be read-only ",
    "admin on ",
    "has write ",
    "read is enough ",
    "same access as ",
    "\n### Type of change\n",
    "\nh3. Action\n",
    "Action: ",
    "| action | delete |\n",
    "\n**Request**\n",
    "what do you need: ",
    "{color:red}",
    "{color}",
    "{{",
    "}}",
    "[",
    "|x]",
    " -",
    "- ",
    "<!--",
    "-->",
    "<del>",
    "</del>",
    "approx. ",
    "e.g. ",
    "deletion. ",
    "ausmisten ",
    "weg damit ",
    "huddle ",
    "leaver ",
    "is unused ",
    "leaked ",
    "expired ",
    "instead of ",
    "workload identity ",
    "stop working ",
    "all access ",
    "terminate lena@globex.test ",
    "decommission ",
    "number 41 ",
    "#6101 ",
    "deploy key ",
    "41",
    "vault kv get secret/x/y ",
    "grant ",
    "temporarily ",
    "until Friday ",
    "downgrade ",
    "Level: ",
    "Duration: 2h",
    ", 48 hours",
    "[2h] ",
    "(2h)",
    "make ",
    "available ",
    "reporter ",
    "| X | remove |",
    "| token | Q3 |",
    "a;remove;b\n",
    "a\tremove\tb\n",
    "a,remove,b\n",
    "the latter ",
    "former ",
    ". Thanks",
    "\"",
    "<",
    ">",
    "the password was seen. ",
    "Would you set a new one? ",
    "its page ",
    "minutes ",
    "From: x\nSent: y\n",
    "\n> ",
    "still syncs ",
    "too much ",
    "never used ",
    "can't ",
    ", ",
    "[x] Change [ ] Remove",
    "(x) remove ( ) grant",
    "close his accounts ",
    "in the style of ",
    "| From | To |",
    "everybody ",
    "please ",
    "should not ",
    "?",
];
