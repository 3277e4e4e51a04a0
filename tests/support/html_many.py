"""Writes a checkout that is judged with many findings: keys that tickets revoked and that live on (critical), others whose
revocation is overdue (high), a part of them in the pipelines.

    python3 html_many.py FOLDER NUMBER
"""

import json
import pathlib
import sys

NOW = "2026-06-01T12:00:00Z"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# A workflow may have no more jobs than a forge takes, and a job no more secrets than anybody would read.
SECRETS_A_JOB = 25
JOBS = 40


def key(number: int) -> str:
    tail = ""
    for _ in range(6):
        number, digit = divmod(number, len(LETTERS))
        tail = LETTERS[digit] + tail
    return f"AKIAZ5VQ7RTLM2{tail}"


def ticket(number: int) -> dict:
    done = number % 5 < 3
    return {
        "key": f"SEC-{number}",
        "self": f"https://jira.example.com/rest/api/3/issue/{number}",
        "fields": {
            "summary": f"Revoke {key(number)} of service {number}",
            "description": f"The access key {key(number)} is no longer needed. Please revoke it.",
            "project": {"key": "SEC"},
            "status": {"name": "Done" if done else "To Do", "statusCategory": {"key": "done" if done else "new"}},
            "resolution": {"name": "Done"} if done else None,
            "created": f"2026-05-{1 + number % 9:02}T10:12:00.000+0000",
            "resolutiondate": f"2026-05-{11 + number % 9:02}T10:12:00.000+0000" if done else None,
            "updated": "2026-05-20T10:12:00.000+0000",
            "assignee": {"emailAddress": "alice@example.com"},
            "comment": {"total": 0, "comments": []},
        },
    }


def main() -> None:
    folder, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    slots = [
        {"id": f"github:actions-secret:acme/shop:KEY_{n}", "name": f"KEY_{n}", "holds": f"aws:access-key:{key(n)}",
         "updated_at": "2026-01-01T00:00:00Z"}
        for n in range(number)
    ]
    credentials = [
        {"id": f"aws:access-key:{key(n)}", "name": f"svc-{n} key", "owner": f"svc-{n}", "status": "active", "last_used_at": NOW,
         "liveness": {"state": "live", "method": "iam ListAccessKeys", "at": NOW}}
        for n in range(number)
    ]
    inventory = {"schema": "driftgate/inventory/v1", "exported_at": NOW, "slots": slots, "credentials": credentials}
    (folder / ".github/workflows").mkdir(parents=True)
    jobs = []
    for job in range(min(JOBS, number // SECRETS_A_JOB)):
        own = range(job * SECRETS_A_JOB, (job + 1) * SECRETS_A_JOB)
        lines = [f"          KEY_{n}: ${{{{ secrets.KEY_{n} }}}}" for n in own]
        jobs.append(f"  deploy{job}:\n    runs-on: x\n    steps:\n      - run: ./deploy\n        env:\n" + "\n".join(lines))
    workflow = "name: deploy\non: push\njobs:\n" + "\n".join(jobs) + "\n"
    config = {
        "version": 1,
        "repository": "acme/shop",
        "sources": [{"kind": "file", "path": "inventory.json"}, {"kind": "jira", "export": "jira.json"}],
    }
    (folder / ".github/workflows/deploy.yml").write_text(workflow, encoding="utf-8")
    (folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    issues = {"issues": [ticket(n) for n in range(number)], "isLast": True}
    (folder / "jira.json").write_text(json.dumps(issues), encoding="utf-8")
    (folder / ".driftgate.yaml").write_text(json.dumps(config), encoding="utf-8")


main()
