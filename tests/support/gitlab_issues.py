"""Issues of the fake of GitLab: made, changed, closed and commented on through GitLab's own calls; changes leave the system notes and
state events that GitLab's would. Used by gitlab_fake.py alone.
"""

import datetime

FIELDS = {
    # docs: Issues API, List project issues
    "issue": "id iid project_id title description state created_at updated_at closed_at closed_by labels milestone assignees author "
    "type assignee user_notes_count merge_requests_count upvotes downvotes due_date confidential discussion_locked issue_type web_url "
    "time_stats task_completion_status weight blocking_issues_count has_tasks _links references severity moved_to_id imported "
    "imported_from service_desk_reply_to",
    # docs: Notes API, issues
    "note": "id body author created_at updated_at system noteable_id noteable_type noteable_iid project_id resolvable confidential "
    "internal imported imported_from",
    # docs: Resource state events API
    "state_event": "id user created_at resource_type resource_id source_commit source_merge_request state",
    # docs: Users API, as a part of others
    "person": "id username name state avatar_url web_url",
}


def show(kind, entity):
    return {name: entity[name] for name in FIELDS[kind].split()}


class Issues:
    """All issues, by project."""

    def __init__(self, state, refused):
        self.state, self.refused, self.projects = state, refused, {}

    def person(self, user):
        return show("person", {**user, "avatar_url": None})

    def answer(self, api, kind, space, rest):
        """`rest` begins with `issues` or `issues_statistics`."""
        if kind == "project":
            below = [space]
        else:
            inside = lambda of: of["full_path"].startswith(space["full_path"] + "/")
            below = [of for of in self.state.spaces.values() if of["kind"] == "project" and inside(of)]
        if rest == ["issues_statistics"]:
            counts = {state: len(self.found(below, {**api.query, "state": state})) for state in ("all", "closed", "opened")}
            return 200, {"statistics": {"counts": counts}}
        if rest == ["issues"] and api.method == "GET":
            return 200, ("page", "offset", [self.shown(one) for one in self.found(below, api.query)])
        if kind != "project" or rest[0] != "issues":
            raise self.refused(404, "404 Not Found")
        known = self.projects.setdefault(space["id"], [])
        if len(rest) == 1:
            return 201, self.shown(self.made(space, known, api.body, api.user))
        one = next((one for one in known if str(one["iid"]) == rest[1]), None)
        if one is None:
            raise self.refused(404, "404 Issue Not Found")
        return self.of(api, one, rest[2:], known)

    def of(self, api, one, rest, known):
        if not rest and api.method == "PUT":
            self.changed(one, api.body, api.user)
            return 200, self.shown(one)
        if not rest and api.method == "DELETE":
            known.remove(one)
            return 204, None
        if not rest:
            return 200, self.shown(one)
        if rest == ["notes"] and api.method == "POST":
            return 201, self.note(one, api.body["body"], api.user, False)
        if rest == ["notes"]:
            notes = one["notes"] if api.query.get("sort") == "asc" else one["notes"][::-1]
            return 200, ("page", "offset", notes)
        if rest == ["resource_state_events"]:
            return 200, ("page", "offset", one["events"])
        raise self.refused(404, "404 Not Found")

    def found(self, below, query):
        all_of = [one for space in below for one in self.projects.get(space["id"], [])]
        labels = {label for label in query.get("labels", "").split(",") if label}
        after = query.get("updated_after", "")[:19]
        state = query.get("state", "all")
        of = [one for one in all_of if state in ("all", one["state"]) and labels <= set(one["labels"])]
        of = [one for one in of if one["updated_at"][:19] >= after]
        of.sort(key=lambda one: one["id"], reverse=query.get("sort", "desc") == "desc")
        return of

    def made(self, space, known, body, user):
        at = self.state.now()
        number = self.state.id()
        iid = max((one["iid"] for one in known), default=0) + 1
        labels = body.get("labels") or []
        labels = labels.split(",") if isinstance(labels, str) else labels
        assignees = [self.person(self.state.users[int(number)]) for number in body.get("assignee_ids") or []]
        base = f"http://gitlab.test/api/v4/projects/{space['id']}"
        one = {name: None for name in FIELDS["issue"].split()}
        one.update({
            "id": number, "iid": iid, "project_id": space["id"], "title": body["title"], "description": body.get("description"),
            "state": "opened", "created_at": at, "updated_at": at, "labels": labels, "assignees": assignees,
            "assignee": assignees[0] if assignees else None, "author": self.person(user), "type": "ISSUE", "issue_type": "issue",
            "user_notes_count": 0, "due_date": body.get("due_date"), "confidential": False, "imported": False, "imported_from": "none",
            "web_url": f"{space['web_url']}/-/issues/{iid}", "severity": "UNKNOWN", "upvotes": 0, "downvotes": 0,
            "references": {"short": f"#{iid}", "relative": f"#{iid}", "full": f"{space['full_path']}#{iid}"},
            "_links": {"self": f"{base}/issues/{iid}", "notes": f"{base}/issues/{iid}/notes", "project": base,
                       "award_emoji": f"{base}/issues/{iid}/award_emoji", "closed_as_duplicate_of": None},
            "notes": [], "events": [], "hidden": 0,
        })
        known.append(one)
        return one

    def shown(self, one):
        return show("issue", {**one, "user_notes_count": one["user_notes_count"] + one["hidden"]})

    def note(self, one, body, user, system):
        at = self.state.now()
        made = {name: None for name in FIELDS["note"].split()}
        made.update({
            "id": self.state.id(), "body": body, "author": self.person(user), "created_at": at, "updated_at": at, "system": system,
            "noteable_id": one["id"], "noteable_type": "Issue", "noteable_iid": one["iid"], "project_id": one["project_id"],
            "resolvable": False, "confidential": False, "internal": False, "imported": False, "imported_from": "none",
        })
        one["notes"].append(made)
        one["updated_at"] = at
        one["user_notes_count"] += not system
        return made

    def changed(self, one, body, user):
        at = self.state.now()
        one["updated_at"] = at
        new = body.get("title", one["title"])
        if new != one["title"]:
            self.note(one, f"changed title from **{{-{one['title']}-}}** to **{{+{new}+}}**", user, True)
            one["title"] = new
        if "due_date" in body and body["due_date"] != one["due_date"]:
            one["due_date"] = body["due_date"]
            day = datetime.date.fromisoformat(body["due_date"])
            self.note(one, f"changed due date to {day.strftime('%b')} {day.day}, {day.year}", user, True)
        if "description" in body and body["description"] != one["description"]:
            one["description"] = body["description"]
            self.note(one, "changed the description", user, True)
        change = body.get("state_event")
        if change in ("close", "reopen"):
            state = "closed" if change == "close" else "reopened"
            one["state"] = "closed" if change == "close" else "opened"
            one["closed_at"] = at if change == "close" else None
            one["closed_by"] = self.person(user) if change == "close" else None
            one["events"].append({
                "id": self.state.id(), "user": self.person(user), "created_at": at, "resource_type": "Issue", "resource_id": one["id"],
                "source_commit": None, "source_merge_request": None, "state": state,
            })
