"""A small stateful GitHub: what the REST API of version 2022-11-28 says of secrets, deploy keys, tokens, Apps and environments.

Usage: github_fake.py PORT SLIM.json

Its answers are GitHub's own examples (from SLIM.json, github_slim.py) with our names in them; prism holds them against GitHub's
description. Issues are in
github_issues.py. `PUT /_state` sets what there is, `PUT /_issues` the clock of issues and what no call of GitHub's can make, `GET /_log` tells the requests, the peak of those under way and how many count against
GitHub's limit, `GET /_key` gives the App's private key. Everything else is GitHub's.
"""

import asyncio
import base64
import copy
import hashlib
import json
import re
import sys
import time
from urllib.parse import parse_qsl, unquote, urlencode

# What is imported from this folder leaves nothing in it.
sys.dont_write_bytecode = True
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from github_issues import Issues

APP_ID = 7
INSTALLATION = 77
with open(sys.argv[2], encoding="utf-8") as description:
    SLIM = json.load(description)
EXAMPLES = {name: example["value"] for name, example in SLIM["components"]["examples"].items()}
REPOSITORY = EXAMPLES["minimal-repository-items"][0]
FULL = EXAMPLES["full-repository-default-response"]
USER = EXAMPLES["private-user-response-with-public-profile-information"]
GRANT = EXAMPLES["org-pat-grant-paginated"][0]
APP = EXAMPLES["installation-paginated"]["installations"][0]
ENVIRONMENT = EXAMPLES["environments"]["environments"][0]
KEY = EXAMPLES["deploy-key-items"][0]
TOKEN = EXAMPLES["installation-token"]
SSO = EXAMPLES["credential-authorization-items"][0]
WHEN = "2026-01-01T00:00:00Z"


class State:
    def __init__(self):
        self.private = None
        self.issues = Issues(EXAMPLES)
        self.set({})

    def set(self, new):
        self.data = {"owner": "acme", "type": "Organization", "repositories": {}, "shared": {}, "organization": {}, "tokens": {},
                     "pats": [], "apps": [], "sso": None, "latency": 0, "faults": [], "public": None, **new}
        for index in range(new.get("generate", 0)):
            secrets = [{"name": f"SECRET_{n}", "updated_at": WHEN} for n in range(new.get("each", 3))]
            environments = {"production": {"secrets": secrets[:1]}} if index % 4 == 0 else {}
            self.data["repositories"][f"{self.data['owner']}/r{index:04}"] = {"actions": secrets, "environments": environments}
        if not new.get("keep_issues"):
            self.issues.reset()
        self.reset()

    def reset(self):
        self.log, self.under_way, self.peak = [], 0, 0

    def key(self):
        if self.private is None:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self.private


STATE = State()
# The installation's tokens that were handed out.
ISSUED = set()


def secret(one, more=None):
    out = {"name": one["name"], "created_at": WHEN, "updated_at": one.get("updated_at", WHEN)}
    if "visibility" in one:
        out["visibility"] = one["visibility"]
        if one["visibility"] == "selected":
            out["selected_repositories_url"] = f"https://api.github.com/x/{one['name']}"
    return {**out, **(more or {})}


def repository(name, base=REPOSITORY):
    out = copy.copy(base)
    owner, short = name.split("/")
    out.update({"full_name": name, "name": short, "owner": {**base["owner"], "login": owner, "type": STATE.data["type"]}})
    return out


def environment(name, one):
    rules = []
    if one.get("wait"):
        rules.append({"id": 1, "node_id": "a", "type": "wait_timer", "wait_timer": one["wait"]})
    if one.get("reviewers"):
        people = [{"type": "User", "reviewer": {**GRANT["owner"], "login": login}} for login in one["reviewers"]]
        rules.append({"id": 2, "node_id": "b", "prevent_self_review": False, "type": "required_reviewers", "reviewers": people})
    policy = {"protected_branches": True, "custom_branch_policies": False} if one.get("protected") else None
    return {**ENVIRONMENT, "name": name, "protection_rules": rules, "deployment_branch_policy": policy}


def listed(path, query, who):
    """The entries at a path, with the name of the list where it is wrapped; None where there is no such place."""
    data = STATE.data
    org = re.fullmatch(r"/orgs/([^/]+)(/.*)", path)
    if org and unquote(org[1]).lower() == data["owner"].lower() and data["type"] == "Organization":
        rest = org[2]
        if rest == "/repos":
            return None, [repository(name) for name in sorted(data["repositories"])]
        if rest == "/personal-access-tokens":
            owners = lambda one: {"owner": {**GRANT["owner"], "login": one.get("owner", "octocat")}}
            keep = lambda one: {key: value for key, value in one.items() if key not in ("owner", "repositories")}
            return None, [{**GRANT, **keep(one), **owners(one)} for one in data["pats"]]
        of = re.fullmatch(r"/personal-access-tokens/(\d+)/repositories", rest)
        if of:
            found = [one for one in data["pats"] if one["id"] == int(of[1])]
            return (None, [repository(name) for name in found[0].get("repositories", [])]) if found else None
        if rest == "/installations":
            return "installations", [{**APP, **one} for one in data["apps"]]
        if rest == "/credential-authorizations":
            return None if data["sso"] is None else (None, [{**SSO, **one} for one in data["sso"]])
        of = re.fullmatch(r"/(actions|dependabot|codespaces)/secrets", rest)
        if of:
            return "secrets", [secret(one) for one in data["organization"].get(of[1], [])]
        of = re.fullmatch(r"/(actions|dependabot|codespaces)/secrets/([^/]+)/repositories", rest)
        if of:
            found = [one for one in data["organization"].get(of[1], []) if one["name"] == unquote(of[2])]
            return ("repositories", [repository(name) for name in found[0].get("selected", [])]) if found else None
        return None
    user = re.fullmatch(r"/users/([^/]+)/repos", path)
    own = path == "/user/repos"
    if own or user and data["type"] == "User" and unquote(user[1]).lower() == data["owner"].lower():
        base = EXAMPLES["repository-items-default-response"][0] if own else REPOSITORY
        shown = [name for name, one in sorted(data["repositories"].items()) if own or not one.get("private")]
        return None, [repository(name, base) for name in shown]
    repo = re.fullmatch(r"/repos/([^/]+)/([^/]+)/(.*)", path)
    if not repo:
        return None
    name = f"{unquote(repo[1])}/{unquote(repo[2])}"
    one = data["repositories"].get(name)
    if one is None:
        one = next((one for known, one in data["repositories"].items() if known.lower() == name.lower()), None)
    if one is None:
        return None
    rest = repo[3]
    of = re.fullmatch(r"(actions|dependabot|codespaces)/secrets", rest)
    if of:
        more = {"visibility": "all"} if of[1] == "codespaces" else None
        return "secrets", [secret(each, more) for each in one.get(of[1], [])]
    if rest == "actions/organization-secrets":
        seen = lambda each: each["visibility"] != "selected" or name in each.get("selected", [])
        return "secrets", [{**secret(each)} for each in data["organization"].get("actions", []) if seen(each)]
    if rest == "environments":
        return "environments", [environment(*each) for each in one.get("environments", {}).items()]
    of = re.fullmatch(r"environments/([^/]+)/secrets", rest)
    if of:
        wanted = unquote(of[1]).lower()
        found = next((each for known, each in one.get("environments", {}).items() if known.lower() == wanted), None)
        return None if found is None else ("secrets", [secret(each) for each in found.get("secrets", [])])
    if rest == "keys":
        return None, [{**KEY, **each} for each in one.get("keys", [])]
    if rest.startswith("issues"):
        issues = STATE.issues.listed(name, rest, query)
        return None if issues is None else (None, issues)
    return None


def claims(token):
    """The App's id of a valid JWT."""
    head, body, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    signed = token.rsplit(".", 1)[0].encode()
    STATE.key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(head)["alg"] == "RS256"
    body = json.loads(body)
    now = time.time()
    assert body["iat"] <= now < body["exp"] <= now + 601
    return int(body["iss"])


def answer(method, path, query, headers, body):
    data = STATE.data
    for fault in data["faults"]:
        if re.fullmatch(fault["path"], path) and fault.get("times", 1) > 0:
            if "times" in fault:
                fault["times"] -= 1
            return fault["status"], fault.get("headers", {}), fault.get("body", {"message": "A fault", "documentation_url": "x"})
    bad = 401, {}, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
    gone = 404, {}, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}
    token = headers.get("authorization", "").removeprefix("Bearer ")
    if token.count(".") == 2:
        try:
            app = claims(token)
        except (InvalidSignature, AssertionError, ValueError, KeyError):
            return bad
        if app != APP_ID:
            return bad
        if method == "POST" and path == f"/app/installations/{INSTALLATION}/access_tokens":
            made = f"ghs_installation{len(ISSUED)}{int(time.time())}"
            ISSUED.add(made)
            until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
            return 201, {}, {**{key: TOKEN[key] for key in ("permissions", "repository_selection") if key in TOKEN},
                             "token": made, "expires_at": until}
        place = re.fullmatch(r"/(?:repos/([^/]+)/[^/]+|orgs/([^/]+)|users/([^/]+))/installation", path)
        kind = data["type"] == ("User" if place and place[3] else "Organization") or place and place[1]
        if place and kind and (place[1] or place[2] or place[3]).lower() == data["owner"].lower():
            return 200, {}, {**APP, "id": INSTALLATION, "app_id": APP_ID, "app_slug": "auditor"}
        return gone
    who = {"login": "auditor[bot]"} if token in ISSUED else data["tokens"].get(token)
    if who is None:
        return bad
    for pattern, permission in who.get("deny", {}).items():
        if re.fullmatch(pattern, path):
            return 403, {"x-accepted-github-permissions": permission}, {"message": "Resource not accessible by personal access token"}
    if path == "/user":
        if token.startswith("ghs_"):
            return 403, {}, {"message": "Resource not accessible by integration"}
        return 200, {}, {**USER, "login": who["login"]}
    moved = re.fullmatch(r"/repos/([^/]+/[^/]+)((?:/.*)?)", path)
    target = moved and data["repositories"].get(unquote(moved[1]), {}).get("renamed")
    if target:
        more = f"?{urlencode(query)}" if query else ""
        return 301, {"location": f"{data['public']}/repos/{target}{moved[2]}{more}"}, {"message": "Moved Permanently"}
    if moved and not moved[2]:
        return (200, {}, repository(moved[1], FULL)) if moved[1] in data["repositories"] else gone
    issues = moved and moved[2].startswith("/issues")
    if issues and data["repositories"].get(unquote(moved[1]), {}).get("issues_off"):
        return 410, {}, {"message": "Issues are disabled for this repo", "documentation_url": "https://docs.github.com/v3/issues/"}
    if issues and method in ("POST", "PATCH"):
        done = STATE.issues.wrote(unquote(moved[1]), method, moved[2][1:], json.loads(body), who["login"])
        return gone if done is None else (done[0], {}, done[1])
    single = issues and re.fullmatch(r"/issues/(\d+)", moved[2])
    if single:
        name = unquote(moved[1])
        one = STATE.issues.repositories.get(name, {}).get(int(single[1]))
        return gone if one is None else (200, {}, STATE.issues.shown(name, one))
    found = listed(path, query, who)
    if found is None:
        return gone
    field, items = found
    settings = dict(query)
    page, size = int(settings.get("page", 1)), min(int(settings.get("per_page", 30)), 100)
    part = items[(page - 1) * size : page * size]
    more = {}
    if page * size < len(items):
        base = data.get("next") or data["public"] or f"http://{headers['host']}"
        link = lambda number: f"<{base}{path}?{urlencode({**settings, 'page': number})}>"
        more["link"] = f'{link(page + 1)}; rel="next", {link(-(-len(items) // size))}; rel="last"'
    return 200, more, part if field is None else {"total_count": len(items) + data.get("missing", 0), field: part}


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ")
            headers = {}
            for each in lines:
                name, mark, value = each.partition(":")
                if mark:
                    headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if headers.get("transfer-encoding", "").lower() == "chunked":
                while True:
                    size = int((await reader.readline()).split(b";")[0], 16)
                    body += (await reader.readexactly(size + 2))[:-2]
                    if size == 0:
                        break
            path, _, query = target.partition("?")
            status, more, out = await respond(method, path, query, headers, body)
            text = b"" if status == 304 else out if isinstance(out, bytes) else json.dumps(out).encode()
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
            more = {"date": date, "content-type": "application/json; charset=utf-8", "content-length": str(len(text)), **more}
            told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n".encode() + text)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def change_issues(asked):
    """`clock`: seconds, or null for the real time. `pull`: a pull request among the issues. `hide`: a comment that is announced only.
    `delete`: an issue. `calls`: GitHub's own calls, many at once; gives their answers."""
    issues = STATE.issues
    known = lambda name: issues.repositories.setdefault(name, {})
    if "clock" in asked:
        issues.clock = asked["clock"]
    if "pull" in asked:
        of = known(asked["pull"])
        one = issues.made(max(of, default=0) + 1, {"title": "Revoke nothing"}, "octocat")
        of[one["number"]] = {**one, "pull": True}
    if "hide" in asked:
        known(asked["hide"][0])[asked["hide"][1]]["hidden"] = 1
    if "delete" in asked:
        del known(asked["delete"][0])[asked["delete"][1]]
    done = []
    for method, name, rest, body in asked.get("calls", []):
        if method == "PULL":
            change_issues({"pull": name})
        else:
            done.append(issues.wrote(name, method, rest, body, asked["login"])[1])
    return done


async def respond(method, path, query, headers, body):
    if path.startswith("/_"):
        if path == "/_state":
            STATE.set(json.loads(body))
        elif path == "/_issues":
            return 200, {}, change_issues(json.loads(body))
        elif path == "/_reset":
            STATE.reset()
        elif path == "/_key":
            pem = STATE.key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                                            serialization.NoEncryption())
            return 200, {}, {"id": APP_ID, "key": pem.decode()}
        elif path == "/_log":
            return 200, {}, {"requests": STATE.log, "peak": STATE.peak}
        return 200, {}, {"fake": "github"}
    STATE.under_way += 1
    STATE.peak = max(STATE.peak, STATE.under_way)
    try:
        if STATE.data["latency"]:
            await asyncio.sleep(STATE.data["latency"] / 1000)
        status, more, out = answer(method, path, parse_qsl(query), headers, body)
    finally:
        STATE.under_way -= 1
    if status == 200 and isinstance(out, (dict, list)):
        out = json.dumps(out).encode()
        etag = '"' + hashlib.sha256(out).hexdigest()[:32] + '"'
        more = {**more, "etag": etag}
        if headers.get("if-none-match") == etag:
            status = 304
    STATE.log.append({"method": method, "path": path, "query": query, "status": status})
    more = {"x-ratelimit-remaining": str(5000 - len(STATE.log)), **more}
    return status, more, out


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=1 << 20, backlog=512)
    async with server:
        await server.serve_forever()


asyncio.run(main())
