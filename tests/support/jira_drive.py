"""What people do in a Jira in some weeks, done with the independent `jira` client: 300 tickets made, moved, reopened, commented on, linked,
some withdrawn. Printed is what was done, a line of JSON: what each ticket then is, by the client's own reading of it.

Usage: jira_drive.py ENDPOINT
"""

import json
import sys

import jira

client = jira.JIRA(sys.argv[1], options={"rest_api_version": "2"}, token_auth="pat", get_server_info=False)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def key_id(number):
    """A key id of its own for each ticket."""
    out, left = "", number * 2654435761 + 12345
    for _ in range(15):
        out += LETTERS[left % 32]
        left //= 32
    return f"AKIA{out}Q"


def made(title, text, **more):
    issue_type = {"name": "Task"}
    return client.create_issue(project={"key": "SEC"}, summary=title, description=text, issuetype=issue_type, **more)


def move(issue, status, resolution=None):
    ids = {t["to"]["name"]: t["id"] for t in client.transitions(issue)}
    fields = {"resolution": {"name": resolution}} if resolution else None
    client.transition_issue(issue, ids[status], fields=fields)


done, before = [], None
for number in range(300):
    kind, id_ = number % 10, key_id(number)
    expected = {"intent": "revoke", "state": "open", "links": [f"aws:access-key:{id_}"], "comments": 0}
    if kind == 4:
        issue = made(f"Rotate {{{{SECRET_{number}}}}}", f"The secret *SECRET_{number}* of acme/shop needs a new value.")
        expected.update(intent="rotate", state="done", links=[f"github:actions-secret:acme/shop:SECRET_{number}"])
        move(issue, "In Progress")
        move(issue, "Done")
    elif kind == 5:
        issue = made(f"Weekly report {number}", "h2. Numbers\n\n* nothing to do here")
        expected.update(intent="none", state="done", links=[])
        move(issue, "Done")
    elif kind == 6:
        issue = made("Revoke the leaked access key", "See below for which one.", duedate="2027-01-31")
        client.add_comment(issue, f"Please revoke {{{{{id_}}}}}.")
        client.add_comment(issue, "On it.")
        expected["comments"] = 2
        expected["due"] = "2027-01-31"
    elif kind == 9:
        issue = made(f"Offboarding: user{number}@example.com", "Last day was Friday. Please remove all access.")
        expected.update(intent="offboard", state="done")
        move(issue, "Done")
    else:
        issue = made(f"Revoke access key {id_}", f"{{code}}aws iam delete-access-key --access-key-id {id_}{{code}}")
        if kind == 0:
            move(issue, "Done")
            expected["state"] = "done"
        elif kind == 2:
            move(issue, "Done")
            client.add_comment(issue, "It still works; reopening.")
            move(issue, "Reopened")
            expected["comments"] = 1
        elif kind == 3:
            move(issue, "Done", "Won't Do")
            expected["state"] = "withdrawn"
        elif kind == 7:
            client.create_issue_link("Duplicate", issue.key, before)
            move(issue, "Done", "Duplicate")
            expected["state"] = "withdrawn"
        elif kind == 8:
            move(issue, "Done")
            move(issue, "Reopened")
            move(issue, "Done")
            expected["state"] = "done"
    now = client.issue(issue.key, fields="resolutiondate,issuelinks")
    expected.update(id=issue.key, closed=now.fields.resolutiondate, relations=len(now.fields.issuelinks))
    done.append({**expected, "key": id_, "number": number})
    before = issue.key
# A link is seen from both of its ends.
for entry in done:
    entry["relations"] = len(client.issue(entry["id"], fields="issuelinks").fields.issuelinks)
print(json.dumps(done))
