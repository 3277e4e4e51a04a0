"""Issues of the fake of GitHub: made, changed, commented on through GitHub's own calls; every change leaves the event that GitHub's
would ("Issues", "Issue comments", "Issue events" of its REST API). Used by github_fake.py alone.
"""

import copy
import re
import time


class Issues:
    """All issues, by repository and number."""

    def __init__(self, examples):
        self.issue = examples["issue-items"][0]
        self.comment = examples["issue-comment-items"][0]
        self.event = examples["issue-event-items"][0]
        self.of_issue = {**examples["issue-event-for-issue-items"][0]}
        self.of_issue.pop("label", None)
        self.reset()

    def reset(self):
        self.repositories, self.last, self.clock = {}, 0, None

    def number(self):
        self.last += 1
        return self.last

    def now(self):
        """The clock that the test has set, which goes on by a second with each change; else the real one."""
        if self.clock is None:
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.clock += 1
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock))

    def user(self, login):
        return {**self.issue["user"], "login": login, "url": f"https://api.github.com/users/{login}"}

    # What is there.

    def listed(self, repository, rest, query):
        """The entries of a list; None where there is none of that name."""
        known = self.repositories.get(repository, {})
        if rest == "issues":
            settings = dict(query)
            state, labels = settings.get("state", "open"), settings.get("labels", "")
            wanted = {label for label in labels.split(",") if label}
            of = [one for one in known.values() if state in ("all", one["state"])]
            of = [one for one in of if wanted <= {label["name"] for label in one["labels"]}]
            of = [one for one in of if one["updated_at"] >= settings.get("since", "")]
            assert settings.get("sort", "created") == "created"
            of.sort(key=lambda one: one["number"], reverse=settings.get("direction", "desc") == "desc")
            return [self.shown(repository, one) for one in of]
        if rest == "issues/comments":
            after = dict(query).get("since", "")
            return [self.said(repository, one, said) for one in known.values() for said in one["said"] if said["updated_at"] >= after]
        if rest == "issues/events":
            newest = sorted((event["id"], event, one) for one in known.values() for event in one["events"])[::-1]
            # GitHub's description of this list has no reason.
            plain = lambda event: {key: value for key, value in event.items() if key != "state_reason"}
            return [{**self.event, **plain(event), "issue": self.shown(repository, one)} for _, event, one in newest]
        of = re.fullmatch(r"issues/(\d+)/(comments|events)", rest)
        one = of and known.get(int(of[1]))
        if not one:
            return None
        if of[2] == "comments":
            return [self.said(repository, one, said) for said in one["said"]]
        return [{**self.of_issue, **event} for event in one["events"]]

    def shown(self, repository, one):
        out = copy.copy(self.issue)
        inner = ("said", "events", "pull", "hidden")
        out.update({key: value for key, value in one.items() if key not in inner})
        base = f"https://api.github.com/repos/{repository}"
        out.update({
            "url": f"{base}/issues/{one['number']}", "repository_url": base, "comments": len(one["said"]) + one.get("hidden", 0),
            "html_url": f"https://github.com/{repository}/{'pull' if one['pull'] else 'issues'}/{one['number']}",
        })
        out.pop("pull_request", None)
        if one["pull"]:
            out["pull_request"] = {name: f"{base}/pulls/{one['number']}" for name in ("url", "html_url", "diff_url", "patch_url")}
        return out

    def said(self, repository, one, said):
        kind = "pull" if one["pull"] else "issues"
        return {
            **self.comment, **said, "issue_url": f"https://api.github.com/repos/{repository}/issues/{one['number']}",
            "html_url": f"https://github.com/{repository}/{kind}/{one['number']}#issuecomment-{said['id']}",
        }

    # What is done.

    def wrote(self, repository, method, rest, body, login):
        """Status and entity; None where there is no such place."""
        known = self.repositories.setdefault(repository, {})
        if method == "POST" and rest == "issues":
            one = self.made(max(known, default=0) + 1, body, login)
            known[one["number"]] = one
            return 201, self.shown(repository, one)
        edited = re.fullmatch(r"issues/comments/(\d+)", rest)
        for one in known.values() if edited and method == "PATCH" else ():
            for said in (said for said in one["said"] if said["id"] == int(edited[1])):
                said.update({"body": body["body"], "updated_at": self.now()})
                return 200, self.said(repository, one, said)
        of = re.fullmatch(r"issues/(\d+)(/comments)?", rest)
        one = of and known.get(int(of[1]))
        if not one:
            return None
        if method == "POST" and of[2]:
            at = self.now()
            said = {"id": self.number(), "body": body["body"], "user": self.user(login), "created_at": at, "updated_at": at}
            one["said"].append(said)
            one["updated_at"] = at
            return 201, self.said(repository, one, said)
        if method == "PATCH" and not of[2]:
            self.changed(one, body, login)
            return 200, self.shown(repository, one)
        return None

    def made(self, number, body, login):
        at = self.now()
        people = [self.user(name) for name in body.get("assignees", [])]
        return {
            "id": self.number(), "number": number, "title": body["title"], "body": body.get("body"), "user": self.user(login),
            "labels": [{**self.issue["labels"][0], "name": name} for name in body.get("labels", [])],
            "assignee": people[0] if people else None, "assignees": people, "milestone": None, "state": "open",
            "state_reason": None, "created_at": at, "updated_at": at, "closed_at": None, "closed_by": None, "said": [],
            "events": [], "pull": False,
        }

    def changed(self, one, body, login):
        at = one["updated_at"] = self.now()
        if "body" in body:
            one["body"] = body["body"]
        if body.get("title", one["title"]) != one["title"]:
            self.happened(one, "renamed", login, at, {"rename": {"from": one["title"], "to": body["title"]}})
            one["title"] = body["title"]
        if body.get("state") == "closed":
            reason = body.get("state_reason", "completed")
            if (one["state"], one["state_reason"]) != ("closed", reason):
                told = None if reason == "completed" else reason
                self.happened(one, "closed", login, at, {"state_reason": told})
            one.update({"state": "closed", "state_reason": reason, "closed_at": at, "closed_by": self.user(login)})
        if body.get("state") == "open" and one["state"] == "closed":
            self.happened(one, "reopened", login, at, {})
            one.update({"state": "open", "state_reason": "reopened", "closed_at": None, "closed_by": None})

    def happened(self, one, name, login, at, more):
        event = {"id": self.number(), "event": name, "actor": self.user(login), "created_at": at, "commit_id": None, "commit_url": None}
        one["events"].append({**event, **more})
