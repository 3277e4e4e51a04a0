"""A small GitLab with a state: projects, groups, CI/CD variables, tokens, audit events, as its REST API (version 4) documents them.

Usage: gitlab_fake.py serve PORT      (the server; POST /__control and GET /__log are the tests' own)
       gitlab_fake.py drive ENDPOINT  (python-gitlab, an independent client: reads calls from standard input, one JSON object a line,
                                       and answers each with a line: {"ok": ...} or {"error": ...})

What an answer has is what GitLab's manual shows for it ("Project-level CI/CD variables API" and so on): FIELDS below; no entity leaves
without exactly its fields. Rights, paging and errors follow the same pages.
"""

import base64
import datetime
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What is imported from this folder leaves nothing in it.
sys.dont_write_bytecode = True
from gitlab_issues import Issues

FIELDS = {
    # docs: Project-level CI/CD variables API, Group-level variables API
    "variable": "variable_type key value protected masked hidden raw environment_scope description",
    # docs: Instance-level CI/CD variables API
    "instance_variable": "key variable_type value protected masked raw description",
    # docs: Project access tokens API, Group access tokens API
    "resource_token": "user_id scopes name description expires_at id active created_at revoked last_used_at access_level",
    # docs: Personal access tokens API
    "personal_token": "id name revoked created_at description scopes user_id last_used_at active expires_at",
    # docs: Deploy tokens API
    "deploy_token": "id name username expires_at revoked expired scopes",
    # docs: Deploy keys API
    "deploy_key": "id title key fingerprint fingerprint_sha256 created_at expires_at can_push",
    # docs: Pipeline trigger tokens API
    "trigger": "id description created_at last_used token updated_at owner expires_at",
    # docs: Audit events API
    "audit_event": "id author_id entity_id entity_type details created_at",
    # docs: Users API (as an administrator, or of oneself)
    "user": "id username name state web_url is_admin bot",
    # docs: Users API, to others
    "other_user": "id username name state web_url bot",
    # docs: Projects API, simple
    "project": "id description name name_with_namespace path path_with_namespace created_at web_url",
    # docs: Groups API
    "group": "id name path full_name full_path parent_id visibility web_url",
    # docs: Namespaces API
    "namespace": "id name path kind full_path parent_id web_url",
}


def show(kind, entity, **more):
    entity = {**entity, **more}
    return {name: entity[name] for name in FIELDS[kind].split()}


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class State:
    def __init__(self):
        self.lock = threading.RLock()
        self.last = 0
        self.users, self.spaces, self.tokens = {}, {}, {}
        self.variables = {}  # place -> list; places are "project:1", "group:2", "instance"
        self.deploy_tokens, self.deploy_keys, self.triggers, self.events = {}, {}, {}, {}
        self.members = {}  # (user id, space id) -> level
        self.premium, self.clock, self.latency, self.under_way = True, None, 0.0, 0
        self.faults, self.log = [], []
        root = self.new_user("root", True)
        self.new_token(root["id"], "root", ["api", "sudo"], value="glpat-root-of-the-fake-0000")
        self.jobs = {}
        self.issues = Issues(self, Refused)

    def id(self):
        self.last += 1
        return self.last

    def now(self):
        at = self.clock or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return at

    def new_user(self, username, admin=False, bot=False):
        number = self.id()
        self.users[number] = {
            "id": number, "username": username, "name": username, "state": "active", "is_admin": admin, "bot": bot,
            "web_url": "http://gitlab.test/" + username,
        }
        self.new_space("user", username, None)
        return self.users[number]

    def new_space(self, kind, path, parent):
        number = self.id()
        full = f"{parent['full_path']}/{path}" if parent else path
        self.spaces[number] = {
            "id": number, "kind": kind, "name": path, "path": path, "full_path": full, "full_name": full,
            "parent_id": parent["id"] if parent else None, "visibility": "private", "description": None,
            "name_with_namespace": full, "path_with_namespace": full, "created_at": self.now(),
            "web_url": "http://gitlab.test/" + full,
        }
        return self.spaces[number]

    def new_token(self, user, name, scopes, expires_at=None, value=None, place=None, level=None, description=None):
        number = self.id()
        self.tokens[number] = {
            "id": number, "user_id": user, "name": name, "scopes": scopes, "expires_at": expires_at, "revoked": False,
            "created_at": self.now(), "last_used_at": None, "description": description, "place": place,
            "access_level": level, "value": value or f"glpat-{number:020d}",
        }
        return self.tokens[number]

    def active(self, token):
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        return not token["revoked"] and (token["expires_at"] is None or token["expires_at"] > today)

    def space(self, kind, name):
        for space in self.spaces.values():
            if (space["kind"] == kind or kind is None) and name in (str(space["id"]), space["full_path"]):
                return space
        raise Refused(404, f"404 {(kind or 'namespace').capitalize()} Not Found")

    def level(self, user, space):
        if user["is_admin"]:
            return 60
        best = 0
        while space:
            best = max(best, self.members.get((user["id"], space["id"]), 0))
            space = self.spaces.get(space["parent_id"])
        return best

    def event(self, place, space, variable, message, user):
        kinds = {"project": "Project", "group": "Group"}
        if not self.premium or space is None:
            return
        self.events.setdefault(place, []).append({
            "id": self.id(), "author_id": user["id"], "entity_id": space["id"], "entity_type": kinds[space["kind"]],
            "created_at": self.now(),
            "details": {
                "custom_message": message, "author_name": user["name"], "author_email": "x@example.com",
                "author_class": "User", "target_id": 1, "target_details": variable["key"], "ip_address": "127.0.0.1",
                "target_type": "Ci::Variable" if space["kind"] == "project" else "Ci::GroupVariable",
                "entity_path": space["full_path"],
            },
        })


class Api:
    """One request."""

    def __init__(self, state, method, path, query, body, token, job):
        self.state, self.method, self.path, self.query, self.body = state, method, path, query, body
        self.user, self.scopes = None, []
        if job is not None:
            self.job(job)
        else:
            found = [known for known in state.tokens.values() if known["value"] == token]
            if not found or not state.active(found[0]):
                raise Refused(401, "401 Unauthorized")
            self.token = found[0]
            self.user, self.scopes = state.users[self.token["user_id"]], self.token["scopes"]
            self.token["last_used_at"] = state.now()

    def job(self, token):
        if self.path != ["job"] or token not in self.state.jobs:
            raise Refused(401, "401 Unauthorized")
        self.user = self.state.users[self.state.jobs[token]]

    def need(self, level, space, refusal=403):
        held = self.state.level(self.user, space)
        if held == 0:
            raise Refused(404, f"404 {space['kind'].capitalize()} Not Found")
        if held < level:
            raise Refused(refusal, f"{refusal} {'Forbidden' if refusal == 403 else 'Unauthorized'}")

    def answer(self):
        """Status, and an entity or ("page", kind of list, entities)."""
        state, path, get = self.state, self.path, self.method == "GET"
        if path == ["job"]:
            return 200, {"id": 1, "name": "gate", "user": show("other_user", self.user)}
        own = path == ["personal_access_tokens", "self"] or path == ["user"]
        if not own and "api" not in self.scopes and not (get and "read_api" in self.scopes):
            raise Refused(403, "insufficient_scope")
        if path == ["user"]:
            return 200, show("user", self.user)
        if path[0] == "personal_access_tokens":
            return self.personal(path[1:])
        if path[0] == "users":
            return self.users(path[1:])
        if path == ["admin", "ci", "variables"] or path[:3] == ["admin", "ci", "variables"]:
            if not self.user["is_admin"]:
                raise Refused(403, "403 Forbidden")
            return self.variables("instance", None, path[3:])
        if path[0] == "namespaces":
            return 200, show("namespace", state.space(None, path[1]))
        if path[0] in ("projects", "groups"):
            return self.place(path[0][:-1], path[1:])
        raise Refused(404, "404 Not Found")

    def personal(self, rest):
        state = self.state
        token = lambda known: show("personal_token", known, active=state.active(known))
        if rest == ["self"] and self.method == "GET":
            return 200, token(self.token)
        if not rest:
            of = [known for known in state.tokens.values() if self.user["is_admin"] or known["user_id"] == self.user["id"]]
            if "user_id" in self.query:
                wanted = int(self.query["user_id"])
                if not self.user["is_admin"] and wanted != self.user["id"]:
                    raise Refused(401, "401 Unauthorized")
                of = [known for known in of if known["user_id"] == wanted]
            return 200, ("page", "offset", [token(known) for known in of])
        known = state.tokens.get(int(rest[0]))
        if known is None:
            raise Refused(404 if self.user["is_admin"] else 401, "404 Not Found" if self.user["is_admin"] else "401 Unauthorized")
        if not self.user["is_admin"] and known["user_id"] != self.user["id"]:
            raise Refused(401, "401 Unauthorized")
        if self.method == "DELETE":
            known["revoked"] = True
            return 204, None
        return 200, token(known)

    def users(self, rest):
        state = self.state
        if not rest and self.method == "POST" and self.user["is_admin"]:
            return 201, show("user", state.new_user(self.body["username"], bool(self.body.get("admin"))))
        user = state.users.get(int(rest[0])) if rest else None
        if user is None:
            raise Refused(404, "404 User Not Found")
        if rest[1:] == ["personal_access_tokens"] and self.method == "POST" and self.user["is_admin"]:
            made = state.new_token(user["id"], self.body["name"], self.body["scopes"], self.body.get("expires_at"))
            return 201, {**show("personal_token", made, active=True), "token": made["value"]}
        return 200, show("user" if self.user["is_admin"] else "other_user", user)

    def place(self, kind, rest):
        state = self.state
        if not rest and self.method == "POST":
            body = self.body
            parent = body.get("namespace_id") if kind == "project" else body.get("parent_id")
            parent = state.spaces[int(parent)] if parent else None
            return 201, show(kind, state.new_space(kind, body["path"], parent))
        space = state.space(kind, rest[0])
        place, rest = f"{kind}:{space['id']}", rest[1:]
        if not rest:
            self.need(10, space)
            return 200, show(kind, space)
        if rest[0] in ("issues", "issues_statistics"):
            self.need(20, space)
            return state.issues.answer(self, kind, space, rest)
        if rest[0] == "variables":
            self.need(40 if kind == "project" else 50, space)
            return self.variables(place, space, rest[1:])
        if rest[0] == "access_tokens":
            self.need(40 if kind == "project" else 50, space, 401)
            return self.access_tokens(kind, space, place, rest[1:])
        if rest[0] == "deploy_tokens":
            self.need(40, space)
            return self.deploy_tokens(place, rest[1:])
        if rest[0] == "deploy_keys" and kind == "project":
            self.need(40, space)
            return self.deploy_keys(place, rest[1:])
        if rest[0] == "triggers" and kind == "project":
            self.need(40, space)
            return self.triggers(place, rest[1:])
        if rest[0] == "members" and self.method == "POST":
            state.members[(int(self.body["user_id"]), space["id"])] = int(self.body["access_level"])
            return 201, {"id": int(self.body["user_id"]), "access_level": int(self.body["access_level"])}
        if rest[0] == "audit_events":
            self.need(40 if kind == "project" else 50, space)
            if not state.premium:
                raise Refused(403, "403 Forbidden")
            events = sorted(state.events.get(place, []), key=lambda event: -event["id"])
            return 200, ("page", "keyset", [show("audit_event", event) for event in events])
        below = lambda of: of["full_path"].startswith(space["full_path"] + "/")
        if kind == "group" and rest[0] == "projects":
            self.need(10, space)
            of = [s for s in state.spaces.values() if s["kind"] == "project" and below(s)]
            if self.query.get("include_subgroups") != "true":
                of = [s for s in of if s["parent_id"] == space["id"]]
            return 200, ("page", "keyset", [show("project", s) for s in of])
        if kind == "group" and rest[0] == "descendant_groups":
            self.need(10, space)
            of = [s for s in state.spaces.values() if s["kind"] == "group" and below(s)]
            return 200, ("page", "offset", [show("group", s) for s in of])
        if kind == "group" and rest == ["manage", "personal_access_tokens"]:
            self.need(50, space)
            if not state.premium or space["parent_id"]:
                raise Refused(404, "404 Not Found")
            managed = [u for u in state.users.values() if u.get("enterprise") == space["id"]]
            of = [t for t in state.tokens.values() if any(t["user_id"] == u["id"] for u in managed)]
            return 200, ("page", "offset", [show("personal_token", t, active=state.active(t)) for t in of])
        raise Refused(404, "404 Not Found")

    def variables(self, place, space, rest):
        state, kind = self.state, "instance_variable" if place == "instance" else "variable"
        known = state.variables.setdefault(place, [])
        group = "ci group variable" if place.startswith("group") else "ci variable"
        shown = lambda of: show(kind, of, value=None if of["hidden"] else of["value"])
        if not rest and self.method == "GET":
            return 200, ("page", "offset", [shown(variable) for variable in known])
        if not rest and self.method == "POST":
            body = self.body
            hidden = bool(body.get("masked_and_hidden"))
            made = {
                "variable_type": body.get("variable_type", "env_var"), "key": body["key"], "value": body["value"],
                "protected": bool(body.get("protected")), "masked": hidden or bool(body.get("masked")), "hidden": hidden,
                "raw": bool(body.get("raw")), "environment_scope": body.get("environment_scope", "*"),
                "description": body.get("description"),
            }
            same = lambda of: (of["key"], of["environment_scope"]) == (made["key"], made["environment_scope"])
            if any(same(of) for of in known):
                raise Refused(400, {"key": ["(" + made["key"] + ") has already been taken"]})
            known.append(made)
            state.event(place, space, made, f"Added {group}", self.user)
            return 201, shown(made)
        of = [variable for variable in known if variable["key"] == rest[0]]
        scope = self.query.get("filter[environment_scope]") or (self.body.get("filter") or {}).get("environment_scope")
        of = [variable for variable in of if scope in (None, variable["environment_scope"])]
        if not of:
            raise Refused(404, "404 Variable Not Found")
        if len(of) > 1:
            raise Refused(409, "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'")
        variable = of[0]
        if self.method == "DELETE":
            known.remove(variable)
            state.event(place, space, variable, f"Removed {group}", self.user)
            return 204, None
        if self.method == "PUT":
            # A new value is told of masked variables alone.
            before = dict(variable)
            for name in ("value", "protected", "masked", "environment_scope", "description"):
                if name in self.body:
                    variable[name] = self.body[name]
            for name, words in (("protected", "variable protection"), ("masked", "variable masking")):
                if before[name] != variable[name]:
                    change = f"Changed {words} from {str(before[name]).lower()} to {str(variable[name]).lower()}"
                    state.event(place, space, variable, change, self.user)
            if before["value"] != variable["value"] and before["masked"] and variable["masked"]:
                state.event(place, space, variable, "Changed value(hidden)", self.user)
        return 200, shown(variable)

    def access_tokens(self, kind, space, place, rest):
        state = self.state
        show_it = lambda token: show("resource_token", token, active=state.active(token))
        own = [token for token in state.tokens.values() if token["place"] == place]
        if not rest and self.method == "POST":
            body = self.body
            bot = state.new_user(f"{kind}_{space['id']}_bot_{state.id():x}", bot=True)
            level = int(body.get("access_level", 40))
            state.members[(bot["id"], space["id"])] = level
            made = state.new_token(
                bot["id"], body["name"], body["scopes"], body.get("expires_at"), place=place, level=level,
                description=body.get("description"),
            )
            return 201, {**show_it(made), "token": made["value"]}
        if not rest:
            if "state" in self.query:
                own = [token for token in own if state.active(token) == (self.query["state"] == "active")]
            return 200, ("page", "offset", [show_it(token) for token in own])
        token = next((token for token in own if str(token["id"]) == rest[0]), None)
        if token is None:
            raise Refused(404, f"404 {kind} Access Token Not Found")
        if self.method == "DELETE":
            token["revoked"] = True
            return 204, None
        return 200, show_it(token)

    def simple(self, table, kind, place, rest, make):
        """List, create, show and delete of what has no more to it."""
        known = table.setdefault(place, [])
        if not rest and self.method == "POST":
            known.append({"id": self.state.id(), "created_at": self.state.now(), **make(self.body)})
            return 201, show(kind, known[-1])
        if not rest:
            return 200, ("page", "offset", [show(kind, of) for of in known])
        of = next((of for of in known if str(of["id"]) == rest[0]), None)
        if of is None:
            raise Refused(404, "404 Not Found")
        if self.method == "DELETE":
            known.remove(of)
            return 204, None
        return 200, show(kind, of)

    def deploy_tokens(self, place, rest):
        make = lambda body: {
            "name": body["name"], "username": body.get("username") or f"gitlab+deploy-token-{self.state.last}",
            "expires_at": body.get("expires_at"), "revoked": False, "expired": False, "scopes": body["scopes"],
        }
        status, answer = self.simple(self.state.deploy_tokens, "deploy_token", place, rest, make)
        return status, {**answer, "token": "gldt-canary-deploy-token"} if status == 201 else answer

    def deploy_keys(self, place, rest):
        make = lambda body: {
            "title": body["title"], "key": body["key"], "can_push": bool(body.get("can_push")), "expires_at": body.get("expires_at"),
            "fingerprint": "4a:9d:64:15:ed:3a:e6:07:6e:89:36:b3:3b:03:05:d9",
            "fingerprint_sha256": "SHA256:Jrs3LD1Ji30xNLtTVf9NDCj7kkBgPBb2pjvTZ3HfIgU",
        }
        return self.simple(self.state.deploy_keys, "deploy_key", place, rest, make)

    def triggers(self, place, rest):
        make = lambda body: {
            "description": body["description"], "token": "glptt-canary-trigger-token", "last_used": None, "expires_at": None,
            "updated_at": self.state.now(), "owner": show("other_user", self.user),
        }
        return self.simple(self.state.triggers, "trigger", place, rest, make)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        with self.state.lock:
            self.state.under_way += 1
        try:
            self.serve()
        finally:
            with self.state.lock:
                self.state.under_way -= 1

    do_POST = do_PUT = do_DELETE = do_GET

    def serve(self):
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        state = self.state
        if url.path == "/__control":
            with state.lock:
                return self.send(200, json.dumps(self.control(json.loads(raw))), {})
        if url.path == "/__log":
            with state.lock:
                return self.send(200, json.dumps(state.log), {})
        if state.latency:
            time.sleep(state.latency)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        with state.lock:
            private, job = self.headers.get("private-token"), self.headers.get("job-token")
            kind = "private" if private else "job" if job else "none"
            state.log.append({"method": self.command, "path": url.path, "query": url.query, "kind": kind, "at_once": state.under_way})
            fault = next((f for f in state.faults if f["match"] in self.path and f.get("times", 1) != 0), None)
            if fault is not None:
                fault["times"] = fault.get("times", 1) - 1
        if fault is not None and "delay" in fault:
            time.sleep(fault["delay"])
        with state.lock:
            if fault is not None:
                if "status" in fault:
                    return self.send(fault["status"], fault.get("body", ""), fault.get("headers", {}))
            try:
                if not url.path.startswith("/api/v4/"):
                    raise Refused(404, "404 Not Found")
                path = [urllib.parse.unquote(part) for part in url.path[len("/api/v4/"):].split("/")]
                body = self.decode(raw)
                status, answer = Api(state, self.command, path, query, body, private, job).answer()
                headers = {}
                if isinstance(answer, tuple):
                    answer, headers = self.page(url, query, *answer[1:])
            except Refused as refused:
                status, headers = refused.status, {}
                answer = {"message": refused.message}
                if refused.message == "insufficient_scope":
                    answer = {"error": "insufficient_scope", "error_description": "more is needed", "scope": "api read_api"}
            if fault is not None:
                headers.update(fault.get("headers", {}))
                headers = {name: value for name, value in headers.items() if value is not None}
        self.send(status, "" if answer is None else json.dumps(answer), headers)

    def decode(self, raw):
        if not raw:
            return {}
        if "json" in (self.headers.get("content-type") or ""):
            return json.loads(raw)
        return dict(urllib.parse.parse_qsl(raw.decode()))

    def page(self, url, query, kind, items):
        """docs: REST API, Pagination."""
        size = min(int(query.get("per_page", 20)), 100)
        here = f"http://{self.headers['host']}{url.path}"
        link = lambda more: f"{here}?{urllib.parse.urlencode({**query, **more})}"
        if query.get("pagination") == "keyset":
            if kind != "keyset":
                raise Refused(405, "Keyset pagination is not yet available for this type of request")
            after = int(base64.b64decode(query["cursor"])) if "cursor" in query else 0
            rest = items[after:]
            headers = {}
            if len(rest) > size:
                cursor = base64.b64encode(str(after + size).encode()).decode()
                headers["link"] = f'<{link({"cursor": cursor})}>; rel="next"'
            return rest[:size], headers
        number = int(query.get("page", 1))
        pages = max(1, -(-len(items) // size))
        headers = {
            "x-total": str(len(items)), "x-total-pages": str(pages), "x-per-page": str(size), "x-page": str(number),
            "x-next-page": str(number + 1) if number < pages else "", "x-prev-page": str(number - 1) if number > 1 else "",
        }
        links = [("first", 1), ("last", pages)] + ([("next", number + 1)] if number < pages else [])
        headers["link"] = ", ".join(f'<{link({"page": page})}>; rel="{rel}"' for rel, page in links)
        return items[(number - 1) * size : number * size], headers

    def control(self, asked):
        state = self.state
        for name in ("premium", "clock", "latency", "faults"):
            if name in asked:
                setattr(state, name, asked[name])
        if asked.get("forget"):
            state.log.clear()
        if "job" in asked:
            state.jobs[asked["job"]["token"]] = asked["job"]["user_id"]
        if "hide" in asked:  # a comment of an issue that is counted and not shown
            project, iid = asked["hide"]
            known = state.issues.projects[state.space("project", project)["id"]]
            next(one for one in known if one["iid"] == iid)["hidden"] = 1
        if "enterprise" in asked:
            state.users[asked["enterprise"]["user_id"]]["enterprise"] = asked["enterprise"]["group_id"]
        if "thousand" in asked:
            space = state.space("project", asked["thousand"])
            known = state.variables.setdefault(f"project:{space['id']}", [])
            for number in range(1000):
                known.append({
                    "variable_type": "env_var", "key": f"N{number:04d}", "value": f"canary-of-{number}", "protected": False,
                    "masked": False, "hidden": False, "raw": False, "environment_scope": "*", "description": None,
                })
        if "bulk" in asked:  # variables by the thousand, and projects by the hundred
            bulk = asked["bulk"]
            group = state.space("group", bulk["group"])
            for number in range(bulk.get("projects", 0)):
                made = state.new_space("project", f"p{number}", group)
                variable = {
                    "variable_type": "env_var", "key": f"K{number}", "value": f"canary-value-{number}", "protected": False,
                    "masked": True, "hidden": False, "raw": False, "environment_scope": "*", "description": None,
                }
                state.variables[f"project:{made['id']}"] = [variable]
        return {}

    def send(self, status, body, headers):
        data = body.encode()
        self.send_response(status)
        names = {name.lower() for name in headers}
        if "content-type" not in names:
            self.send_header("content-type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in names and status != 204:
            self.send_header("content-length", str(len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)


def serve(port):
    Handler.state = State()
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.daemon_threads = True
    server.serve_forever()


def drive(endpoint):
    import gitlab

    clients = {}
    plain = lambda answer: [plain(one) for one in answer] if isinstance(answer, list) else (
        answer.asdict() if hasattr(answer, "asdict") else answer
    )
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            token = asked["token"]
            if token not in clients:
                clients[token] = gitlab.Gitlab(endpoint, private_token=token, keep_base_url=True, timeout=30)
            answer = clients[token]
            for step in asked["steps"]:
                answer = getattr(answer, step["name"])
                if "arguments" in step:
                    answer = answer(*step["arguments"], **step.get("options", {}))
            said = {"ok": plain(answer)}
        except (gitlab.exceptions.GitlabError, AttributeError, TypeError) as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    {"serve": serve, "drive": drive}[sys.argv[1]](*sys.argv[2:])
