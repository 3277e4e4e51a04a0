"""A small Jira Cloud with a state: the search, issues, comments, changelog and approvals of its REST API (version 3), as its reference
shows them. How issues are found stands in jira_cloud_index.py.

Usage: jira_cloud_fake.py PORT

Tests load issues and faults with POST /__control and read what was asked with GET /__log. Who is let in: alice@example.com with the token
`cloud-token`. As at Jira, a search by nobody answers 200 with an empty list, a wrong token 401.

Control: {"issues": [...]} replaces all, {"put": issue} one, {"delete": key}; {"faults": [{"path": "search/jql", "skip": 1, "times": 1,
"status": 429, "headers": {...}, "body": "..."}]} answers so in place of Jira; {"set": {"page": 100, "counted_more": 0, "stuck": false}}.
"""

import base64
import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jira_cloud_index import Index, Unreadable, search

ME = {
    "accountId": "5b10a2844c20165700ede21g",
    "accountType": "atlassian",
    "emailAddress": "alice@example.com",
    "displayName": "Alice",
    "active": True,
    "timeZone": "Pacific/Kiritimati",
    "locale": "en_US",
}
# "Search issues" gives at most so many changes and comments of an issue; their own lists give all.
MOST_HISTORIES = 40
MOST_COMMENTS = 20

state = {"issues": {}, "faults": [], "log": [], "set": {"page": 100, "counted_more": 0, "stuck": False}}
lock = threading.RLock()
index = Index()


def shown(issue, fields, expand):
    out = {"expand": "", "id": issue["id"], "self": issue["self"], "key": issue["key"]}
    wanted = set(fields)
    if wanted - {"id"}:
        every = "*all" in wanted or "*navigable" in wanted
        out["fields"] = {name: value for name, value in issue["fields"].items() if every or name in wanted}
        comments = out["fields"].get("comment")
        if comments:
            all_of = comments["comments"]
            out["fields"]["comment"] = {
                "comments": all_of[:MOST_COMMENTS],
                "self": "",
                "maxResults": MOST_COMMENTS,
                "total": len(all_of),
                "startAt": 0,
            }
    if "changelog" in (expand or ""):
        histories = list(reversed(issue["changelog"]["histories"]))[:MOST_HISTORIES]
        out["changelog"] = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
    return out


class Fake(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, content in dict(headers).items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, message):
        self.answer(status, {"errorMessages": [message], "errors": {}})

    def who(self):
        """None: nobody; False: a wrong login."""
        given = self.headers.get("Authorization")
        if not given:
            return None
        right = "Basic " + base64.b64encode(b"alice@example.com:cloud-token").decode()
        return ME if given == right else False

    def body(self):
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length) or b"{}") if length else {}

    def do_GET(self):
        self.serve(None)

    def do_POST(self):
        self.serve(self.body())

    def serve(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        with lock:
            if url.path == "/__control":
                return self.control(body)
            if url.path == "/__log":
                return self.answer(200, state["log"])
            state["log"].append({"method": self.command, "path": url.path, "query": query, "body": body})
            for fault in state["faults"]:
                if fault["path"] in url.path and fault.setdefault("times", 1) > 0:
                    if fault.get("skip", 0) > 0:
                        fault["skip"] -= 1
                        continue
                    fault["times"] -= 1
                    return self.answer(fault["status"], fault.get("body", "{}"), fault.get("headers", {}))
            who = self.who()
            if who is False:
                return self.answer(401, "Client must be authenticated", {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
            try:
                self.api(url.path, query, body, who)
            except Unreadable as error:
                self.refuse(400, f"Error in the JQL Query: {error}")

    def control(self, body):
        if "issues" in body:
            state["issues"] = {issue["key"]: issue for issue in body["issues"]}
        if "put" in body:
            state["issues"][body["put"]["key"]] = body["put"]
        if "delete" in body:
            del state["issues"][body["delete"]]
        if "faults" in body:
            state["faults"] = body["faults"]
        state["set"].update(body.get("set", {}))
        state["log"].clear()
        index.known.clear()
        self.answer(200, {})

    def api(self, path, query, body, who):
        parts = path.strip("/").split("/")
        one = {name: values[-1] for name, values in query.items()}
        if parts[:2] == ["rest", "servicedeskapi"]:
            return self.approvals(parts[2:], one, who)
        if parts[:2] != ["rest", "api"] or parts[2] not in ("2", "3"):
            return self.refuse(404, "dead link")
        rest = parts[3:]
        if rest == ["serverInfo"]:
            return self.answer(200, {"baseUrl": "", "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud"})
        if parts[2] == "2":
            return self.refuse(410, "use version 3")
        if rest == ["myself"]:
            return self.answer(200, ME) if who else self.refuse(401, "Client must be authenticated to access this resource.")
        if rest == ["field"]:
            return self.answer(200, [])
        if rest == ["search", "jql"]:
            asked = body if body is not None else {**one, "fields": [f for some in query.get("fields", []) for f in some.split(",")]}
            return self.search(asked, who)
        if rest == ["search", "approximate-count"] and body is not None:
            found = search(state["issues"], body["jql"], index) if who else []
            return self.answer(200, {"count": len(found) + state["set"]["counted_more"]})
        if rest[:1] == ["issue"] and len(rest) > 1:
            issue = state["issues"].get(rest[1]) if who else None
            if issue is None:
                return self.refuse(404, "Issue does not exist or you do not have permission to see it.")
            if rest[2:] == ["comment"]:
                return self.page(issue["fields"]["comment"]["comments"], "comments", one)
            if rest[2:] == ["changelog"]:
                return self.page(issue["changelog"]["histories"], "values", one, last="isLast")
            if len(rest) == 2:
                return self.answer(200, shown(issue, one.get("fields", "*all").split(","), one.get("expand")))
        self.refuse(404, "dead link")

    def page(self, items, name, asked, last=None):
        start, most = int(asked.get("startAt", 0)), min(int(asked.get("maxResults", 100)), 100)
        some = items[start : start + most]
        out = {"startAt": start, "maxResults": most, "total": len(items), name: some}
        if last:
            out[last] = start + len(some) >= len(items)
        self.answer(200, out)

    def approvals(self, parts, asked, who):
        issue = state["issues"].get(parts[1]) if who and parts[0] == "request" else None
        if issue is None or "approvals" not in issue:
            return self.refuse(404, "This request does not exist.")
        start, most = int(asked.get("start", 0)), min(int(asked.get("limit", 50)), 50)
        some = issue["approvals"][start : start + most]
        last = start + len(some) >= len(issue["approvals"])
        self.answer(200, {"size": len(some), "start": start, "limit": most, "isLastPage": last, "values": some})

    def search(self, asked, who):
        if not who:
            return self.answer(200, {"issues": [], "isLast": True})
        found = search(state["issues"], asked["jql"], index)
        start = 0
        if asked.get("nextPageToken"):
            start = int(base64.b64decode(asked["nextPageToken"]).decode())
        size = min(int(asked.get("maxResults", 50)), state["set"]["page"])
        some = found[start : start + size]
        out = {"issues": [shown(state["issues"][key], asked.get("fields") or ["id"], asked.get("expand")) for key in some]}
        end = start + len(some)
        out["isLast"] = end >= len(found)
        if not out["isLast"]:
            next_ = start if state["set"]["stuck"] else end
            out["nextPageToken"] = base64.b64encode(str(next_).encode()).decode()
        self.answer(200, out)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Fake).serve_forever()
