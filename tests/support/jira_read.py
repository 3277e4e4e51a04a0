"""What the independent `jira` client reads of a Cloud: every issue of a query, and an independent count.

Usage: jira_read.py ENDPOINT JQL
"""

import json
import sys

import jira

client = jira.JIRA(
    sys.argv[1], options={"rest_api_version": "3"}, basic_auth=("alice@example.com", "cloud-token"), max_retries=0
)
issues = client.enhanced_search_issues(sys.argv[2], maxResults=0, fields="summary,status,comment", expand="changelog")
print(
    json.dumps(
        {
            "count": client.approximate_issue_count(sys.argv[2]),
            "who": client.myself()["emailAddress"],
            "issues": [
                {
                    "key": issue.key,
                    "title": issue.fields.summary,
                    "status": issue.fields.status.name,
                    "comments": len(client.comments(issue.key)),
                }
                for issue in issues
            ],
        }
    )
)
