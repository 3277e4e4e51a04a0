"""One thing that somebody does in a Jira, done with the independent `jira` client; printed is the ticket's key.

Usage: jira_act.py ENDPOINT create TITLE TEXT
       jira_act.py ENDPOINT move KEY STATUS [RESOLUTION]
"""

import json
import sys

import jira

endpoint, what, *rest = sys.argv[1:]
client = jira.JIRA(endpoint, options={"rest_api_version": "2"}, token_auth="pat", get_server_info=False)
if what == "create":
    title, text = rest
    issue = client.create_issue(project={"key": "SEC"}, summary=title, description=text, issuetype={"name": "Task"})
else:
    key, status, *resolution = rest
    issue = client.issue(key)
    ids = {transition["to"]["name"]: transition["id"] for transition in client.transitions(issue)}
    fields = {"resolution": {"name": resolution[0]}} if resolution else None
    client.transition_issue(issue, ids[status], fields=fields)
print(json.dumps(issue.key))
